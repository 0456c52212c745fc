#!/usr/bin/env bash
#
# metlo-mirror: targets that sources cannot reach.

set -u
cd "$(dirname "$0")" || exit 1
python=/usr/bin/python3
[ -x $python ] || python=python3
exec $python -B -m mirror.test_network "$@"
