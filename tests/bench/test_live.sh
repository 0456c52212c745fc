#!/usr/bin/env bash
#
# Runs the live benchmark at a low rate: all packets must arrive, all transactions
# be found and the counters add up. Speed is not checked.

cd "$(dirname "$0")/../.." || exit 1
exec tests/bench/live.py --small
