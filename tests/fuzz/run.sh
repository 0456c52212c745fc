#!/usr/bin/env bash
#
# tests/fuzz/run.sh FUZZER CORPUS SECONDS: runs a libFuzzer target for SECONDS.
# Inputs it finds are kept in the directory CORPUS, failures in files
# CORPUS-failed-*; seeds come from tests/fuzz/seeds/NAME and seeds_NAME.py. The
# random seed is fixed, so that a commit that passed passes again; use FUZZ_SEED=0
# for a random one in long runs.

set -u
fuzzer=$1
corpus=$2
seconds=$3
name=${fuzzer##*/}
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
if "$fuzzer" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=2048 \
	"${options[@]}" -seed="${FUZZ_SEED:-1}" \
	-artifact_prefix="$corpus-failed-" -print_final_stats=1 \
	"${dirs[@]}" >"$log" 2>&1; then
	echo "ok fuzz/$name: $seconds s"
	sed -n 's/^stat::number_of_executed_units: */# show: runs: /p' "$log"
else
	echo "not ok fuzz/$name"
	tail -n 60 "$log" | sed 's/^/#   /'
	exit 1
fi
