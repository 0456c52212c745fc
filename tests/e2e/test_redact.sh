#!/usr/bin/env bash
#
# What is masked for one kind of output is masked there and nowhere else, on its
# way into the spool too.

. "$(dirname "$0")/lib.sh"

tally "$E2E_DIR/redact.py" "$METLO" "$O/tests/gen/mkhttp" "$TMP"
finish
