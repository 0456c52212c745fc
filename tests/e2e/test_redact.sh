#!/usr/bin/env bash
#
# Masks for one sink apply to that sink only, including its spool.

. "$(dirname "$0")/lib.sh"

tally "$E2E_DIR/redact.py" "$METLO" "$O/tests/gen/mkhttp" "$TMP"
finish
