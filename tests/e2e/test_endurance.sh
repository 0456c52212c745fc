#!/usr/bin/env bash
#
# Daemons under mixed traffic with reloads, rotation, outages, full disks, clock
# steps, links that flap and restarts, in random order: every counter's law holds,
# and nothing grows. Two hours in "make test-long", else half a minute, which
# shows fast leaks only. ENDURANCE_SECONDS sets the time, ENDURANCE_SEED the order,
# ENDURANCE_DIR a directory that keeps the samples.

. "$(dirname "$0")/lib.sh"

seconds=${ENDURANCE_SECONDS:-${METLO_TEST_LONG:+7200}}
seconds=${seconds:-35}
directory=${ENDURANCE_DIR:-$TMP}

# run_python PROGRAM [ARGUMENT...]: its result lines; ends it with this script.
run_python()
{
	local program=$1
	shift
	python3 "$E2E_DIR/endurance/$program" "$@" >"$TMP/results" 2>&1 &
	E2E_PIDS+=($!)
	wait $!
	code=$?
	tally cat "$TMP/results"
	[ $code -eq 0 ] || grep -q '^not ok' "$TMP/results" ||
		not_ok "$program" "exit code $code"
}

need endurance python3 openssl bpftool
id nobody >/dev/null 2>&1 || { skip "endurance" "there is no user nobody"; finish; }
chmod 755 "$TMP"
[ "$directory" = "$TMP" ] || mkdir -p "$directory"

run_python flat.py
mkdir "$TMP/clock"
run_python clock.py "$O" "$TMP/clock"
run_python run.py "$O" "$directory" --seconds "$seconds" \
	--seed "${ENDURANCE_SEED:-1}"
[ "$N_FAILED" -eq 0 ] || tail -n 40 "$directory/log" | cut -c 1-400 | sed 's/^/# /'
finish
