#!/usr/bin/env bash
#
# The fake AWS behaves as AWS does: the official AWS CLI drives it.

set -u
cd "$(dirname "$0")" || exit 1
python=/usr/bin/python3
[ -x $python ] || python=python3
exec $python -B -m fakeaws.tests.all
