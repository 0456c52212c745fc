#!/usr/bin/env bash
#
# Runs the driver of "make bench" on small traffic: metlo-xdp must find all
# transactions of every variant. Times are not checked.

set -u
cd "$(dirname "$0")/../.." || exit 1
exec tests/bench/bench.py --counts --scale 0.02
