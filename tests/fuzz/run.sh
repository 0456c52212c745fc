#!/usr/bin/env bash
#
# tests/fuzz/run.sh FUZZER CORPUS [SECONDS]: runs a libFuzzer target for SECONDS,
# or without them for FUZZ_RUNS inputs.
# Inputs it finds are kept in the directory CORPUS, failures in files
# CORPUS-failed-*; seeds come from tests/fuzz/seeds/NAME and seeds_NAME.py. The
# random seed is fixed; use FUZZ_SEED=0 for a random one in long runs.
#
# A number of inputs is what "make test" uses: with an empty CORPUS, and without
# reading it again by the clock, the same inputs are tried on every machine, so
# that a commit that passed passes again.

set -u
fuzzer=$1
corpus=$2
seconds=${3:-}
name=${fuzzer##*/}
# Most need a second for 10,000 inputs.
case $name in
fuzz_fragment) runs=1000 ;;
fuzz_http) runs=3000 ;;
*) runs=10000 ;;
esac
runs=${FUZZ_RUNS:-$runs}
seeds=$(dirname "$0")/seeds/$name

mkdir -p "$corpus"
dirs=("$corpus")
# Generated seeds and a dictionary, if the target has them.
maker=$(dirname "$0")/seeds_$name.py
if [ -x "$maker" ]; then
	"$maker" "$corpus-seeds" && dirs+=("$corpus-seeds")
fi
dict=$(dirname "$0")/$name.dict
[ -d "$seeds" ] && dirs+=("$seeds")
log=$(mktemp "${TMPDIR:-/tmp}/metlo-fuzz.XXXXXX")
trap 'rm -f "$log"' EXIT

options=()
[ -f "$dict" ] && options=("-dict=$dict")
if [ -n "$seconds" ]; then
	options+=("-max_total_time=$seconds")
	amount="$seconds s"
else
	options+=("-runs=$runs" -reload=0)
	amount="$runs runs"
fi
if "$fuzzer" -timeout=30 -rss_limit_mb=2048 \
	"${options[@]}" -seed="${FUZZ_SEED:-1}" \
	-artifact_prefix="$corpus-failed-" -print_final_stats=1 \
	"${dirs[@]}" >"$log" 2>&1; then
	echo "ok fuzz/$name: $amount"
	sed -n 's/^stat::number_of_executed_units: */# show: runs: /p' "$log"
else
	echo "not ok fuzz/$name"
	tail -n 60 "$log" | sed 's/^/#   /'
	exit 1
fi
