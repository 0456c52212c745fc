#!/usr/bin/env bash
#
# metlo-mirror: every change fails, is lost, late or interrupted. METLO_TEST_LONG=1: all cases.

set -u
cd "$(dirname "$0")" || exit 1
python=/usr/bin/python3
[ -x $python ] || python=python3
exec $python -B -m mirror.test_every_write "$@"
