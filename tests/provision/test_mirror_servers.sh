#!/usr/bin/env bash
#
# metlo-mirror: servers that hang or are not what they should be. METLO_TEST_LONG=1: all.

set -u
cd "$(dirname "$0")" || exit 1
python=/usr/bin/python3
[ -x $python ] || python=python3
exec $python -B -m mirror.test_servers "$@"
