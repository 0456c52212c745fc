#!/usr/bin/env bash
#
# tests/fuzz/afl.sh TARGET DIR SECONDS: runs AFL++ on a target that was built with
# afl-clang-fast (make afl). AFL++ finds other inputs than libFuzzer does. State
# and findings are kept in DIR, and a further run resumes there; seeds are those
# of run.sh.

set -u
fuzzer=$1
dir=$2
seconds=$3
name=${fuzzer##*/}
tests=$(dirname "$0")
seeds=$tests/seeds/$name

command -v afl-fuzz >/dev/null || {
	echo "skip afl/$name # afl-fuzz is not installed: apt-get install afl++"
	exit 0
}
mkdir -p "$dir"
maker=$tests/seeds_$name.py
if [ -x "$maker" ]; then
	"$maker" "$dir/seeds" && seeds=$dir/seeds
fi
if [ ! -d "$seeds" ]; then
	seeds=$dir/seeds
	mkdir -p "$seeds"
	echo "GET / HTTP/1.1" >"$seeds/first"
fi
# A run that ended is resumed from what it found.
[ -d "$dir/default/queue" ] && seeds=-
options=()
[ -f "$tests/$name.dict" ] && options=(-x "$tests/$name.dict")

export AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1
export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1
afl-fuzz -V "$seconds" -t 10000 -m none -i "$seeds" -o "$dir" \
	"${options[@]}" -- "$fuzzer" >"$dir/log" 2>&1 || {
	echo "not ok afl/$name"
	tail -n 20 "$dir/log" | sed 's/^/#   /'
	exit 1
}
value()
{
	sed -n "s/^$1 *: *//p" "$dir/default/fuzzer_stats"
}
found=$(find "$dir/default/crashes" "$dir/default/hangs" -name 'id:*')
echo "# afl/$name: $(value execs_done) runs in $(value run_time) s, $(value corpus_count) inputs, coverage $(value bitmap_cvg)"
if [ -n "$found" ]; then
	echo "not ok afl/$name"
	printf '%s\n' "$found" | sed 's/^/#   /'
	exit 1
fi
echo "ok afl/$name: $seconds s"
