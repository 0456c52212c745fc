#!/usr/bin/env bash
#
# Runs the tests: tests/run.sh [PART...]. Without arguments it runs all parts
# but "long". Called by "make test" and "make test-PART", which build first.
#
# The output of each program goes to $O/test-logs. Standard output has one line
# per program, the failures and how to repeat them, and as its last line
# "N passed, N failed, N skipped".
#
# One program per CPU runs at a time; JOBS_MAX sets another limit.
#
# A program reports its tests in TAP (cmocka does) or by the lines "ok NAME",
# "not ok NAME" and "skip NAME # reason". A program also fails if it exits with
# a nonzero code, reports no test, or fewer than its plan announced.
#
# In the parts REPEATED, which depend on real daemons and clocks, a program that
# fails is repeated once, alone. What then passes counts as passed, and the
# program is listed as unstable at the end.

set -u

cd "$(dirname "$0")/.." || exit 1
# A make started by a test must not inherit options or the job server.
unset MAKEFLAGS MFLAGS MAKELEVEL
O=${O:-build}
export O
LOGS=$O/test-logs
mkdir -p "$LOGS"

PARTS="build unit sanitize fuzz corpus gen provision e2e bpf bench package"
# In these, programs run one at a time, and none of another part beside them.
ALONE=" bpf bench package "
REPEATED=" unit bench e2e provision package "
# A unit test program that takes longer belongs, at full size, into part_long.
UNIT_SECONDS=2
passed=0
failed=0
skipped=0

# "SECONDS USER SYSTEM NAME" of each program.
: >"$LOGS/times"

# Programs whose results are not counted yet, in order of start, their parts and
# their commands.
names=()
parts=()
commands=()
limits=()
# Programs to repeat, likewise; what failed for good, and what only at first.
again=()
again_commands=()
again_limits=()
failures=()
unstable=()
repeating=

# run NAME SECONDS COMMAND...: in the background, up to JOBS at a time. The
# command is killed after SECONDS.
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
	parts+=("$part")
	limits+=("$2")
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
	local limit=$2 log code TIMEFORMAT='%R %U %S'

	log=$(log_of "$1")
	shift 2
	{
		time CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 10 "$limit" "$@" \
			>"$log" 2>"$log.stderr" </dev/null
	} 2>"$log.time"
	code=$?
	echo "$code $limit $(tail -n 1 "$log.time")" >"$log.new"
	rm -f "$log.time"
	mv "$log.new" "$log.code"
}

# Reports the programs that have ended, in order of start.
account()
{
	while [ ${#names[@]} -gt 0 ] && [ -e "$(log_of "${names[0]}").code" ]; do
		result "${names[0]}" "${commands[0]}" "${limits[0]}" "${parts[0]}"
		names=("${names[@]:1}")
		parts=("${parts[@]:1}")
		commands=("${commands[@]:1}")
		limits=("${limits[@]:1}")
	done
}

# repeat_failed: runs the programs of this part that failed a second time, alone.
repeat_failed()
{
	local i

	repeating=1
	JOBS=1
	for i in "${!again[@]}"; do
		# shellcheck disable=SC2086
		run "${again[i]}" "${again_limits[i]}" ${again_commands[i]}
	done
	wait
	account
	again=()
	again_commands=()
	again_limits=()
	repeating=
}

# result NAME COMMAND LIMIT PART
result()
{
	local name=$1 log p f s plan code limit seconds user system counted=1

	log=$(log_of "$name")
	read -r code limit seconds user system <"$log.code"
	rm -f "$log.code"

	# cmocka prints "not ok 3 # SKIP name" where TAP has "ok 3 # SKIP name".
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

	# Results are on stdout; the log has stderr after them.
	if [ -s "$log.stderr" ]; then
		printf '\n# --- stderr\n' >>"$log"
		cat "$log.stderr" >>"$log"
	fi
	rm -f "$log.stderr"
	if [ "$f" -eq 0 ]; then
		[ -z "$repeating" ] || unstable+=("$name")
	elif [ -z "$repeating" ] && [[ $REPEATED = *" $4 "* ]]; then
		again+=("$name")
		again_commands+=("$2")
		again_limits+=("$3")
		counted=
		cp "$log" "$log.first"
	else
		failures+=("$name: $(grep -aE '^not ok' "$log" |
			grep -av '# SKIP' | head -n 3 | tr '\n' ';')")
	fi
	if [ -n "$counted" ]; then
		passed=$((passed + p))
		failed=$((failed + f))
		skipped=$((skipped + s))
	fi
	echo "$seconds $user $system $name" >>"$LOGS/times"
	printf '%-40s %5d passed %3d failed %3d skipped %4.0f s\n' \
		"$name" "$p" "$f" "$s" "$seconds"
	too_slow "$name" "$seconds" "$user" "$system"
	# Lines a test wants on the terminal even if it passes.
	sed -n 's/^# show: /    /p' "$log"
	grep -aE '^skip |^(not )?ok .*# SKIP' "$log" | head -n 5 | sed 's/^/    /'
	if [ "$f" -gt 0 ]; then
		grep -aE -A 12 '^not ok( |$)' "$log" |
			grep -avE '^ok( |$)|# SKIP|^--$' | head -n 60 | sed 's/^/    /'
		sed -n '/^# --- stderr/,$p' "$log" | tail -n 12 | sed 's/^/    /'
		echo "    full log: $log"
		echo "    to repeat it: $2"
	fi
}

# too_slow NAME SECONDS USER SYSTEM: reports a unit test program above its limit.
# Not a failure, since a busy machine slows it down too.
too_slow()
{
	case $1 in tests/unit/*) ;; *) return ;; esac
	awk -v limit=$UNIT_SECONDS -v real="$2" -v cpu="$3 $4" 'BEGIN {
		split(cpu, c, " ")
		if (real > limit)
			printf "    slow: %.1f s (CPU time %.1f s); a unit test program should take at most %d s\n",
				real, c[1] + c[2], limit
	}'
}

# programs DIRECTORY SECONDS: runs the test programs built in it.
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

# These tests print what the program costs.
part_bpf()
{
	programs "$O/tests/bpf" 240
	scripts tests/bpf 240
}

# The unit tests, and a replay of every capture, under ASan and UBSan.
part_sanitize()
{
	programs "$O/sanitize/tests/unit" 240
	programs "$O/sanitize/tests/provision" 240
	METLO=$O/sanitize/metlo-xdp run sanitize/corpus 300 \
		tests/corpus/run.py --sanitized
}

part_fuzz()
{
	fuzz "" ${FUZZ_SECONDS:+"$FUZZ_SECONDS"}
}

# fuzz PREFIX [SECONDS]: every target
fuzz()
{
	local t

	for t in "$O"/fuzz/fuzz_*; do
		case $t in *.d | *-corpus*) continue ;; esac
		[ -f "$t" ] && [ -x "$t" ] && run "$1${t#"$O"/}" $((${2:-210} + 90)) \
			tests/fuzz/run.sh "$t" "$t-corpus" ${2:+"$2"}
	done
}

part_corpus()
{
	run corpus/expected 300 tests/corpus/run.py
	run corpus/invariance 600 tests/corpus/invariance.py
	run corpus/times 900 tests/corpus/times.py
}

part_gen()
{
	scripts tests/gen 300
	scripts tests/line 120
}

part_provision()
{
	programs "$O/tests/provision" 240
	scripts tests/provision 600
}

# Installed files and Debian packages, and both at work in a container, of which
# there is only one.
part_package()
{
	scripts tests/package 600
}

# Checks counts and instructions, not the speed of this machine.
part_bench()
{
	scripts tests/bench 300
}

part_e2e()
{
	scripts tests/e2e 300
}

# The tests that have a full size (in unit tests: tests/common/scale.h), at that
# size. The endurance test takes two hours, or ENDURANCE_SECONDS.
part_long()
{
	local t
	local -x METLO_TEST_LONG=1

	FUZZ_SEED=0 fuzz long/ "${FUZZ_SECONDS:-60}"

	for t in "$O"/tests/unit/test_* "$O"/tests/bpf/test_*; do
		case $t in *.o | *.d) continue ;; esac
		[ -x "$t" ] && grep -aq METLO_TEST_LONG "$t" &&
			run "long/${t##*/}" 1200 "$t"
	done
	for t in tests/provision/test_*.sh tests/line/test_*.sh; do
		grep -q METLO_TEST_LONG "$t" &&
			run "long/$(basename "$t" .sh)" 2400 "$t"
	done
	run "long/invariance" 3600 tests/corpus/invariance.py
	run "long/static" 3600 tests/build/deep_static.sh
	run "long/hostile" 1200 env HOSTILE_CONNECTIONS=2000 \
		tests/e2e/test_hostile.sh
	run "long/differential" 1200 env DIFFERENTIAL_CONNECTIONS=20000 \
		tests/e2e/test_differential.sh
	# It needs the CPUs for itself.
	wait
	account
	run "long/live_hostile" 900 tests/bench/live_hostile.sh
	wait
	account
	for t in tests/e2e/test_*.sh; do
		grep -q METLO_TEST_LONG "$t" &&
			run "long/$(basename "$t" .sh)" \
				$((${ENDURANCE_SECONDS:-7200} + 900)) "$t"
	done
}

# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $PARTS
for part; do
	case " $PARTS long " in
	*" $part "*) ;;
	*) echo "$0: no part \"$part\"; parts: $PARTS long" >&2; exit 2 ;;
	esac
done
for part; do
	JOBS=${JOBS_MAX:-$(nproc)}
	case $ALONE in
	*" $part "*)
		wait
		account
		JOBS=1
		;;
	esac
	"part_$part"
	[ "$JOBS" -gt 1 ] || wait
	account
done
wait
account
repeat_failed

if [ ${#names[@]} -gt 0 ]; then
	echo "no result from: ${names[*]}" >&2
	failed=$((failed + ${#names[@]}))
fi
if [ $((passed + failed + skipped)) -eq 0 ]; then
	echo "no test ran: build them first with make test or make test-PART" >&2
	failed=1
fi
for name in "${unstable[@]}"; do
	echo "unstable: $name: failed, and passed when it was repeated alone"
done
for name in "${failures[@]}"; do
	echo "failed: $name"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
