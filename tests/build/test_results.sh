#!/usr/bin/env bash
#
# tests/results.sh counts every result and loses no failure of a command.

set -u
cd "$(dirname "$0")/../.." || exit 1
TMP=$(mktemp -d "${TMPDIR:-/tmp}/metlo-results.XXXXXX")
trap 'rm -rf "$TMP"' EXIT

. tests/results.sh

# counted COMMAND...: prints the last line and the exit code of a test with COMMAND.
counted()
{
	local code

	(
		N_PASSED=0 N_FAILED=0 N_SKIPPED=0
		"$@"
		finish
	) >"$TMP/out" 2>&1
	code=$?
	echo "$(tail -n 1 "$TMP/out"); $code"
}

# prints CODE LINE...: prints these lines and returns CODE.
prints()
{
	local code=$1
	shift
	printf '%s\n' "$@"
	return "$code"
}

is "an equal value" "$(counted is x 1 1)" "1 passed, 0 failed, 0 skipped; 0"
is "a different value" "$(counted is x 1 2)" "0 passed, 1 failed, 0 skipped; 1"
is "a command that fails" "$(counted check x prints 3 x)" \
	"0 passed, 1 failed, 0 skipped; 1"
is "a skipped test" "$(counted skip x y)" "0 passed, 0 failed, 1 skipped; 0"
is "results of a command" "$(counted tally prints 0 "ok a" "ok b")" \
	"2 passed, 0 failed, 0 skipped; 0"
is "and its failures" "$(counted tally prints 1 "ok a" "not ok b")" \
	"1 passed, 1 failed, 0 skipped; 1"
is "an exit code that no result explains" "$(counted tally prints 2 "ok a")" \
	"1 passed, 1 failed, 0 skipped; 1"
finish
