#!/usr/bin/env bash
#
# metlo-mirror: random histories of an account. METLO_TEST_LONG=1: 200 of them.

set -u
cd "$(dirname "$0")" || exit 1
python=/usr/bin/python3
[ -x $python ] || python=python3
exec $python -B -m mirror.test_histories "$@"
