#!/usr/bin/env bash
#
# Connections of a real TLS stack; see tls.py, tls_late.py for those that begin in
# cleartext, tls_keys.py for what they carry, and tls_updates.py for key updates and early
# data.

set -u
cd "$(dirname "$0")/../.." || exit 1
METLO=${METLO:-${O:-build}/metlo-xdp}
. tests/results.sh

tally tests/e2e/tls.py "$METLO"
tally tests/e2e/tls_late.py "$METLO"
tally tests/e2e/tls_keys.py "$METLO"
tally tests/e2e/tls_updates.py "$METLO"
finish
