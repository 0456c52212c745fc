#!/usr/bin/env bash
#
# Connections of a real TLS stack; see tls.py.

set -u
cd "$(dirname "$0")/../.." || exit 1
METLO=${METLO:-${O:-build}/metlo-xdp}
. tests/results.sh

tally tests/e2e/tls.py "$METLO"
finish
