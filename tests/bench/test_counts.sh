#!/usr/bin/env bash
#
# The driver of "make bench" finds all transactions of all variants of its
# traffic in what metlo-xdp writes. Small traffic: no time is judged.

set -u
cd "$(dirname "$0")/../.." || exit 1
exec tests/bench/bench.py --counts --scale 0.02
