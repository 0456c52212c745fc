#!/usr/bin/env bash
#
# Checks the memory of an idle connection, which does not depend on the machine's
# speed. The goal is 256 bytes with a million connections; the limit here is
# higher because fixed costs are shared by only 100,000. "make bench" measures
# times.

set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}

out=$("$O/tests/bench/bench_growth" --connections 1k,100k \
	--transactions 4096) || { echo "not ok bench_growth: exit code $?"; exit 1; }
bytes=$(awk '$1 == "100k" { print $5 }' <<<"$out")
if [ "${bytes:-0}" -gt 0 ] && [ "$bytes" -le 380 ]; then
	echo "ok an idle connection takes $bytes bytes"
else
	echo "not ok an idle connection takes ${bytes:-no} bytes, limit 380"
	awk '{ print "#   " $0 }' <<<"$out"
	exit 1
fi
