#!/usr/bin/env bash
#
# What metlo-xdp schema prints; see documented.py.

set -u
cd "$(dirname "$0")/../.." || exit 1
METLO=${METLO:-${O:-build}/metlo-xdp}
TMP=$(mktemp -d "${TMPDIR:-/tmp}/metlo-schema.XXXXXX") || exit 1
trap 'rm -rf "$TMP"' EXIT
. tests/results.sh

print_schema()
{
	"$METLO" schema >"$1"
}

full_disk()
{
	! print_schema /dev/full
}

check "schema is printed" print_schema "$TMP/schema"
check "it is the file in user/packaging" cmp "$TMP/schema" user/packaging/line.schema.json
check "a full disk is an error" full_disk
is "its help lists no options, as it has none" "$("$METLO" help schema | grep -c Options)" 0
tally tests/line/documented.py "$TMP/schema"
finish
