#!/usr/bin/env bash
#
# Runs one test program, and optionally one case of it, with its output on the
# terminal: tests/one.sh tests/unit/test_x.c [CASE]. Called by "make test-one",
# which builds first. CASE is a name or a pattern with * and ?.
#
# C programs run only the cases that match; "test_" at the start may be left
# out. Scripts whose cases depend on each other run them all, and only those
# that match decide the exit code: 0 passed, 1 failed, 2 no case matches.

set -u

cd "$(dirname "$0")/.." || exit 1
unset MAKEFLAGS MFLAGS MAKELEVEL
O=${O:-build}
export O
source=$1
case=${2:-}

# names PROGRAM: the cases of a C program. They are named like their functions.
names()
{
	nm "$1" | awk '$2 ~ /^[tT]$/ && $3 ~ /^test_/ { sub(/\..*/, "", $3); print "  " $3 }' |
		sort -u
}

run_program()
{
	local program=$O/${source%.c} code log

	# A name without test_ is more convenient to type.
	case $case in
	"" | test_* | \** | \?*) ;;
	*) case=test_$case ;;
	esac
	log=$(mktemp "${TMPDIR:-/tmp}/metlo-one.XXXXXX")
	METLO_TEST_CASE=$case "$program" 2>&1 | tee "$log"
	code=${PIPESTATUS[0]}
	if [ -n "$case" ] && grep -aqE 'Running 0 test|^1\.\.0' "$log"; then
		echo "$source has no case \"$case\". Its cases:" >&2
		names "$program" >&2
		code=2
	fi
	rm -f "$log"
	return "$code"
}

run_fuzzer()
{
	local program=$O/fuzz/${source##*/}

	program=${program%.c}
	tests/fuzz/run.sh "$program" "$program-corpus" ${FUZZ_SECONDS:+"$FUZZ_SECONDS"}
}

run_script()
{
	local arguments=() line name code=0 matched=0 failed=0 any_failed=0

	# These take words of the names of their cases.
	case $source,$case in
	tests/provision/*,*[*?]*) ;;
	tests/provision/*,?*) arguments=("$case") ;;
	esac
	while IFS= read -r line; do
		printf '%s\n' "$line"
		case $line in
		"not ok "*) name=${line#not ok } ;;
		"ok "*) name=${line#ok } ;;
		"skip "*) name=${line#skip } name=${name% \# *} ;;
		*) continue ;;
		esac
		# TAP numbers its results.
		[[ $name =~ ^[0-9]+\ -\ (.*) ]] && name=${BASH_REMATCH[1]}
		[ "$line" = "${line#not ok }" ] || any_failed=1
		# Unquoted: a pattern. A section of a script has matched as a whole.
		# shellcheck disable=SC2053
		if [ -z "$case" ] || [[ $name == $case ]] || [ ${#arguments[@]} -gt 0 ] ||
			[ -n "${SECTION:-}" ]; then
			matched=1
			[ "$line" = "${line#not ok }" ] || failed=1
		fi
	done < <(METLO_TEST_CASE=$case "$source" "${arguments[@]}" 2>&1)
	wait $!
	code=$?
	if [ "$matched" = 0 ]; then
		echo "$source has no case \"$case\"" >&2
		return 2
	fi
	[ $code -eq 0 ] || [ $any_failed = 1 ] || failed=1
	return $failed
}

case $source in
*/fuzz_*.c) run_fuzzer ;;
*.c) run_program ;;
*.sh)
	# Sections: the functions that run_sections of results.sh may run alone.
	if [ -n "$case" ] && grep -qE "^test_$case\(\)" "$source"; then
		SECTION=$case run_script
	else
		run_script
	fi
	;;
*)
	echo "usage: tests/one.sh tests/PART/NAME.c|.sh [CASE]" >&2
	exit 2
	;;
esac
