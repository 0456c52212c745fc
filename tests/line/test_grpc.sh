#!/usr/bin/env bash
#
# gRPC and gRPC-Web calls; see grpc_lines.py and grpc_json.py. METLO_TEST_LONG: at
# full size.

set -u
cd "$(dirname "$0")/../.." || exit 1
METLO=${METLO:-${O:-build}/metlo-xdp}
TMP=$(mktemp -d "${TMPDIR:-/tmp}/metlo-grpc.XXXXXX") || exit 1
trap 'rm -rf "$TMP"' EXIT
. tests/results.sh

messages=300
[ -z "${METLO_TEST_LONG:-}" ] || messages=10000
"$METLO" schema >"$TMP/schema"
tally tests/line/grpc_lines.py "$METLO" "$TMP/schema" "$TMP"
if python3 -c 'from google.protobuf import json_format' 2>/dev/null; then
	tally tests/line/grpc_json.py "$METLO" "$TMP" "$messages"
else
	skip "random messages" "python3-protobuf is not installed"
fi
finish
