#!/usr/bin/env bash
#
# Runs the tests: tests/run.sh [PART...], all parts without arguments. Called
# by "make test" and "make test-PART", which build first.
#
# Each program's output goes to $O/test-logs; here appear one line for each
# program, what failed and how to run it alone, and at the end, alone on a
# line, "N passed, N failed, N skipped".
#
# As many programs run at a time as there are CPUs, or JOBS_MAX.
#
# A program reports its tests by TAP (cmocka does) or by the lines "ok NAME",
# "not ok NAME" and "skip NAME # why". One that ends with another code than 0,
# reports fewer tests than it announced, or none, has failed as well.

set -u

cd "$(dirname "$0")/.." || exit 1
# What a test makes has nothing to do with the make that called.
unset MAKEFLAGS MFLAGS MAKELEVEL
O=${O:-build}
export O
LOGS=$O/test-logs
mkdir -p "$LOGS"

PARTS="build unit bpf sanitize fuzz corpus gen bench e2e provision package"
passed=0
failed=0
skipped=0

# Programs that run, or whose results are not accounted for yet, in the order in
# which they were started, and what they were started by.
names=()
commands=()

# run NAME SECONDS COMMAND...: as many at a time as JOBS says.
run()
{
	local name=$1

	while [ "$(jobs -pr | wc -l)" -ge "$JOBS" ]; do
		wait -n
		account
	done
	rm -f "$(log_of "$name").code"
	execute "$@" &
	names+=("$name")
	shift 2
	commands+=("$*")
}

log_of()
{
	echo "$LOGS/${1//\//-}.log"
}

# execute NAME SECONDS COMMAND...
execute()
{
	local limit=$2 log start code

	log=$(log_of "$1")
	start=$(date +%s)
	shift 2
	CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 10 "$limit" "$@" \
		>"$log" 2>"$log.stderr" </dev/null
	code=$?
	echo "$code $limit $(($(date +%s) - start))" >"$log.new"
	mv "$log.new" "$log.code"
}

# Accounts for what has ended, in the order of the starts.
account()
{
	while [ ${#names[@]} -gt 0 ] && [ -e "$(log_of "${names[0]}").code" ]; do
		result "${names[0]}" "${commands[0]}"
		names=("${names[@]:1}")
		commands=("${commands[@]:1}")
	done
}

# result NAME COMMAND
result()
{
	local name=$1 log p f s plan code limit seconds

	log=$(log_of "$name")
	read -r code limit seconds <"$log.code"
	rm -f "$log.code"

	# cmocka says "not ok 3 # SKIP name", TAP "ok 3 # SKIP name".
	s=$(grep -acE '^skip |^(not )?ok .*# SKIP' "$log")
	p=$(grep -avE '# SKIP' "$log" | grep -cE '^ok( |$)')
	f=$(grep -avE '# SKIP' "$log" | grep -cE '^not ok( |$)')
	plan=$(sed -n 's/^1\.\.\([0-9][0-9]*\).*/\1/p' "$log" |
		awk '{ n += $1 } END { print n + 0 }')
	if [ "$code" -eq 124 ] || [ "$code" -eq 137 ]; then
		f=$((f + 1))
		echo "not ok $name: not finished after $limit s" >>"$log"
	elif [ "$code" -ne 0 ] && [ "$f" -eq 0 ]; then
		f=1
		echo "not ok $name: exit code $code" >>"$log"
	elif [ $((p + f + s)) -lt "$plan" ]; then
		echo "not ok $name: $((p + f + s)) of $plan tests ran" >>"$log"
		f=$((f + 1))
	elif [ $((p + f + s)) -eq 0 ]; then
		echo "not ok $name: reported no test" >>"$log"
		f=1
	fi

	# Results are on stdout; what else was said follows them in the log.
	if [ -s "$log.stderr" ]; then
		printf '\n# --- stderr\n' >>"$log"
		cat "$log.stderr" >>"$log"
	fi
	rm -f "$log.stderr"
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
	printf '%-40s %5d passed %3d failed %3d skipped %4d s\n' \
		"$name" "$p" "$f" "$s" "$seconds"
	# What a part wants to be seen even when all is well.
	sed -n 's/^# show: /    /p' "$log"
	grep -aE '^skip |^(not )?ok .*# SKIP' "$log" | head -n 5 | sed 's/^/    /'
	if [ "$f" -gt 0 ]; then
		grep -aE -A 12 '^not ok( |$)' "$log" |
			grep -avE '^ok( |$)|# SKIP|^--$' | head -n 60 | sed 's/^/    /'
		sed -n '/^# --- stderr/,$p' "$log" | tail -n 12 | sed 's/^/    /'
		echo "    the whole log: $log"
		echo "    to run it alone: $2"
	fi
}

# programs DIRECTORY SECONDS: the built test programs in it.
programs()
{
	local t

	for t in "$1"/test_*; do
		case $t in *.o | *.d | *.sh) continue ;; esac
		[ -x "$t" ] && run "${t#"$O"/}" "$2" "$t"
	done
}

scripts()
{
	local t

	for t in "$1"/test_*.sh; do
		[ -x "$t" ] && run "${t%.sh}" "$2" "$t"
	done
}

part_build()
{
	scripts tests/build 300
}

part_unit()
{
	programs "$O/tests/unit" 120
}

# The cost of the program is printed, so nothing else runs beside it.
part_bpf()
{
	JOBS=1
	programs "$O/tests/bpf" 240
	scripts tests/bpf 240
}

# The unit tests and a replay of every capture under ASan and UBSan.
part_sanitize()
{
	programs "$O/sanitize/tests/unit" 240
	programs "$O/sanitize/tests/provision" 240
	METLO=$O/sanitize/metlo-xdp run sanitize/corpus 300 \
		tests/corpus/run.py --sanitized
}

part_fuzz()
{
	local t seconds=${FUZZ_SECONDS:-20}

	for t in "$O"/fuzz/fuzz_*; do
		case $t in *.d | *-corpus*) continue ;; esac
		[ -f "$t" ] && [ -x "$t" ] && run "${t#"$O"/}" \
			$((seconds + 90)) tests/fuzz/run.sh "$t" "$t-corpus" "$seconds"
	done
}

part_corpus()
{
	run corpus/expected 300 tests/corpus/run.py
	run corpus/invariance 600 tests/corpus/invariance.py
}

part_gen()
{
	scripts tests/gen 300
}

part_provision()
{
	programs "$O/tests/provision" 240
	scripts tests/provision 600
}

# What is installed beside the program, the Debian packages, and both at work
# in a machine of their own, which is one and the same.
part_package()
{
	JOBS=1
	scripts tests/package 600
}

# Counts and instructions: the machine's speed is not judged.
part_bench()
{
	JOBS=1
	scripts tests/bench 300
}

part_e2e()
{
	scripts tests/e2e 300
}

# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $PARTS
for part; do
	case " $PARTS " in
	*" $part "*)
		JOBS=${JOBS_MAX:-$(nproc)}
		"part_$part"
		wait
		account
		;;
	*) echo "$0: no part $part, only: $PARTS" >&2; exit 2 ;;
	esac
done

if [ ${#names[@]} -gt 0 ]; then
	echo "no result of: ${names[*]}" >&2
	failed=$((failed + ${#names[@]}))
fi
if [ $((passed + failed + skipped)) -eq 0 ]; then
	echo "no test ran: build them first, by make test" >&2
	failed=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
