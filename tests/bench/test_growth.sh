#!/usr/bin/env bash
#
# What an idle connection takes, which is not a matter of the machine's speed:
# at most 256 bytes of a million, and not much more of 100,000, whose share of
# what is there once is larger. The times are told by "make bench".

set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}

out=$("$O/tests/bench/bench_growth" --connections 1k,100k \
	--transactions 4096) || { echo "not ok bench_growth: exit code $?"; exit 1; }
bytes=$(awk '$1 == "100k" { print $5 }' <<<"$out")
if [ "${bytes:-0}" -gt 0 ] && [ "$bytes" -le 350 ]; then
	echo "ok an idle connection takes $bytes bytes"
else
	echo "not ok an idle connection takes ${bytes:-no} bytes of 350"
	awk '{ print "#   " $0 }' <<<"$out"
	exit 1
fi
