#!/usr/bin/env bash
#
# What tests/results.sh counts: no failure of a command is lost.

set -u
cd "$(dirname "$0")/../.." || exit 1
TMP=$(mktemp -d "${TMPDIR:-/tmp}/metlo-results.XXXXXX")
trap 'rm -rf "$TMP"' EXIT

. tests/results.sh

# counted COMMAND...: the last line and the exit code of a test that is this.
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

# says CODE LINE...: prints these lines and ends with CODE.
says()
{
	local code=$1
	shift
	printf '%s\n' "$@"
	return "$code"
}

is "what is right" "$(counted is x 1 1)" "1 passed, 0 failed, 0 skipped; 0"
is "what is not" "$(counted is x 1 2)" "0 passed, 1 failed, 0 skipped; 1"
is "a command that fails" "$(counted check x says 3 x)" \
	"0 passed, 1 failed, 0 skipped; 1"
is "what is skipped" "$(counted skip x y)" "0 passed, 0 failed, 1 skipped; 0"
is "lines of a command" "$(counted tally says 0 "ok a" "ok b")" \
	"2 passed, 0 failed, 0 skipped; 0"
is "and its failures" "$(counted tally says 1 "ok a" "not ok b")" \
	"1 passed, 1 failed, 0 skipped; 1"
is "its exit code when no line tells of it" "$(counted tally says 2 "ok a")" \
	"1 passed, 1 failed, 0 skipped; 1"
finish
