#!/usr/bin/env bash
#
# verify, sync and policy of metlo-mirror against the fake AWS. METLO_TEST_LONG=1: all cases.

set -u
cd "$(dirname "$0")" || exit 1
python=/usr/bin/python3
[ -x $python ] || python=python3
exec $python -B -m upkeep.all "$@"
