# shellcheck shell=bash
#
# Results of a test that is a script, in the form tests/run.sh counts: lines "ok
# NAME", "not ok NAME" (details on lines that start with "#") and "skip NAME #
# reason". Sourced by the test, which has a directory $TMP and ends with
# "finish".

N_PASSED=0
N_FAILED=0
N_SKIPPED=0

ok()
{
	N_PASSED=$((N_PASSED + 1))
	echo "ok $1"
}

# not_ok NAME [DETAIL...]
not_ok()
{
	N_FAILED=$((N_FAILED + 1))
	echo "not ok $1"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" | sed 's/^/#   /'
}

# skip NAME REASON
skip()
{
	N_SKIPPED=$((N_SKIPPED + 1))
	echo "skip $1 # $2"
}

# is NAME GOT WANT
is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got:  $2" "want: $3"
	fi
}

# check NAME COMMAND...: passes if the command succeeds.
check()
{
	local name=$1
	shift
	# Not in a subshell, so that the command can set variables.
	if "$@" >"$TMP/check" 2>&1; then
		ok "$name"
	else
		not_ok "$name" "failed: $*" "$(cat "$TMP/check")"
	fi
}

# tally COMMAND...: counts the result lines a command prints. A nonzero exit
# code that none of them explains is a failure of its own.
tally()
{
	local line before=$N_FAILED code

	while IFS= read -r line; do
		case $line in
		"ok "*) N_PASSED=$((N_PASSED + 1)) ;;
		"not ok "*) N_FAILED=$((N_FAILED + 1)) ;;
		esac
		printf '%s\n' "$line"
	done < <("$@" 2>&1)
	wait $!
	code=$?
	[ $code -eq 0 ] || [ "$N_FAILED" -gt "$before" ] ||
		not_ok "${1##*/}" "exit code $code: $*"
}

# run_sections NAME...: calls test_NAME for each name, or only for the one that
# tests/one.sh selects by METLO_TEST_CASE. Sections do not depend on each other.
run_sections()
{
	local section

	case " $* " in
	*" ${METLO_TEST_CASE:-} "*) set -- "$METLO_TEST_CASE" ;;
	esac
	for section; do
		"test_$section"
	done
}

# The last call of a test.
finish()
{
	# What a library checks at the end of each test that uses it.
	! declare -F at_finish >/dev/null || at_finish
	echo "$N_PASSED passed, $N_FAILED failed, $N_SKIPPED skipped"
	[ $N_FAILED -eq 0 ]
	exit
}
