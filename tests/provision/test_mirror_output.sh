#!/usr/bin/env bash
#
# metlo-mirror: what people read.

set -u
cd "$(dirname "$0")" || exit 1
python=/usr/bin/python3
[ -x $python ] || python=python3
exec $python -B -m mirror.test_output "$@"
