#!/usr/bin/env bash
#
# metlo-mirror with faults of the fake AWS. METLO_TEST_LONG=1: each change in each way.

set -u
cd "$(dirname "$0")" || exit 1
python=/usr/bin/python3
[ -x $python ] || python=python3
exec $python -B -m mirror.test_faults "$@"
