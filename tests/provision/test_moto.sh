#!/usr/bin/env bash
#
# metlo-mirror reads an account of moto (pip install "moto[server]"), an emulator that this
# project did not write.

set -u
cd "$(dirname "$0")" || exit 1
for python in "${MOTO_PYTHON:-python3}" /usr/bin/python3; do
	if "$python" -B -c "import boto3, moto.server" 2>/dev/null; then
		exec "$python" -B -m emulator.test_read "$@"
	fi
done
echo 'skip moto # no Python has moto: pip install "moto[server]" boto3'
