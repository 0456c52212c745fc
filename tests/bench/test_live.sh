#!/usr/bin/env bash
#
# The live benchmark at a low rate: all packets come through, all transactions
# are found, the counters add up. No speed is judged.

cd "$(dirname "$0")/../.." || exit 1
exec tests/bench/live.py --small
