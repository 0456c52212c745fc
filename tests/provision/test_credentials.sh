#!/usr/bin/env bash
#
# metlo-mirror and botocore (pip install botocore) must find the same credentials.

set -u
cd "$(dirname "$0")" || exit 1
for python in "${BOTOCORE_PYTHON:-python3}" /usr/bin/python3; do
	if "$python" -B -m credentials.resolver --check 2>/dev/null; then
		exec "$python" -B -m credentials.matrix "$@"
	fi
done
echo "skip credentials # no Python has botocore 1.35 or later: pip install botocore"
