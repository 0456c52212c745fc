#!/usr/bin/env bash
#
# Generated traffic with known transactions: all are found, also with a million
# of them and under memory limits; under loss, those found are correct.

set -u
cd "$(dirname "$0")/../.." || exit 1
failed=0

check()
{
	tests/gen/check.py "$@" || failed=1
}

mixed="--post 40 --gzip 30 --chunked 40 --pipelined 20 --ipv6 20"

# shellcheck disable=SC2086
{
check "mixed" --transactions 20000 --connections 200 $mixed --vnis 3
check "large bodies" --transactions 500 --body 100000-300000 $mixed --seed 2
check "tiny segments" --transactions 1000 --mss 7 $mixed --seed 3
check "super-packets" --transactions 2000 --mss 60000 --body 1-60000 \
	$mixed --seed 4
# Not pipelined, so that acknowledgment numbers alone determine the pairing.
check "joined midstream" --transactions 5000 --midstream 100 --seed 5 \
	--post 40 --gzip 30 --chunked 40 --ipv6 20
check "reordered and mirrored twice" --transactions 20000 --reorder 50000 \
	--dup 100000 --seed 6 $mixed
check "lost packets" --loss-like --transactions 50000 --connections 100 \
	--loss 10000 --seed 7 $mixed
check "lost, reordered, twice" --loss-like --transactions 50000 \
	--loss 3000 --reorder 20000 --dup 20000 --seed 8 $mixed
for seed in 9 12; do
	check "many lost, seed $seed" --loss-like --transactions 50000 \
		--loss 20000 --seed $seed $mixed
done
check "most connections hit" --loss-like --transactions 50000 \
	--loss 100000 --seed 6 $mixed
check "midstream and reordered" --loss-like --transactions 50000 \
	--midstream 100 --reorder 50000 --seed 11 $mixed
}
# The limit is a few MiB above what 20,000 transactions need: nothing leaks.
check "a million transactions" --max-rss 64 --transactions 1000000 \
	--connections 1000 --per-connection 100 --body 20-300 --no-acks
# Overflows the flow table a hundredfold; later connections must still work.
check "a million half-open connections" --max-rss 200 --half-open 1000000 \
	--half-open-bytes 200 --transactions 2000 -- --max-flows 10000 \
	--memory 64MiB
exit $failed
