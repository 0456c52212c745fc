# shellcheck shell=bash
#
# Results of a test that is a script, as tests/run.sh counts them: lines "ok
# NAME", "not ok NAME" (details on lines that begin with "#") and "skip NAME #
# why". Sourced; the test has a folder $TMP and ends with "finish".

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

# skip NAME WHY
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

# check NAME COMMAND...: passes when the command does.
check()
{
	local name=$1
	shift
	# Not in a subshell: the command may set variables.
	if "$@" >"$TMP/check" 2>&1; then
		ok "$name"
	else
		not_ok "$name" "failed: $*" "$(cat "$TMP/check")"
	fi
}

# tally COMMAND...: counts the result lines that a command prints. It has failed
# as well when it ends with another code than 0 and no result says why.
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

# The last call of a test.
finish()
{
	echo "$N_PASSED passed, $N_FAILED failed, $N_SKIPPED skipped"
	[ $N_FAILED -eq 0 ]
	exit
}
