#!/usr/bin/env bash
#
# Tests of the fake AWS with the official AWS CLI as its client.

set -u
cd "$(dirname "$0")" || exit 1
python=/usr/bin/python3
[ -x $python ] || python=python3
exec $python -B -m fakeaws.tests.all
