#!/usr/bin/env bash
#
# Compares the instructions per transaction with a budget.
#
#   tests/bench/test_budget.sh            compares with insn_budget.txt
#   tests/bench/test_budget.sh --update   updates insn_budget.txt
#
# valgrind counts them, so other load on the machine does not matter. Only our own
# instructions are compared: those of libraries depend on the CPU and on the
# distribution and are shown for information. Start-up costs cancel out, because
# two runs of different length are subtracted.

set -u
export LC_ALL=C
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
metlo=$O/metlo-xdp
mkhttp=$O/tests/gen/mkhttp
budgets=tests/bench/insn_budget.txt
update=${1:-}
failed=0

# A preset of the generator (http2: of http2_frames.py), and the transactions of the short and long run.
scenarios="standard 2000 12000
small 2000 12000
short 2000 8000
gzip 1000 6000
reorder 2000 12000
noise 2000 8000
large 10 60
http2 2000 12000"

skip()
{
	echo "skip budget # $1"
	exit 0
}

command -v valgrind >/dev/null || skip "valgrind is not installed"
if [ ! -x "$metlo" ] || [ ! -x "$mkhttp" ]; then
	skip "not built: make all test-tools"
fi
if ! grep -q -- '-O2' "$O/.flags" || grep -q -- '-fsanitize=' "$O/.flags"; then
	skip "not a release build (-O2, no sanitizers)"
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/metlo-budget.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT

# The compiler and its major version, as recorded in the program.
compiler()
{
	local text

	text=$(tr -c '[:print:]' '\n' <"$metlo" |
		sed -n 's/^\(GCC: (\).*) \([0-9]*\)\..*/gcc-\2/p
			s/.*clang version \([0-9]*\)\..*/clang-\1/p' | sort -u)
	# The C start-up files are built by gcc even if clang built the rest.
	echo "$text" | grep clang || echo "$text"
}

# The CPU features that our own code dispatches on.
machine()
{
	local cpu=""

	if [ "$(uname -m)" = x86_64 ]; then
		grep -qw ssse3 /proc/cpuinfo && cpu=+ssse3
		grep -qw avx2 /proc/cpuinfo && cpu=+avx2
	fi
	echo "$(uname -m)$cpu"
}

# Sums self cost in callgrind's output. The line after "calls=" has the inclusive
# cost of a callee, which is counted where it arises. Prints our own instructions
# and the total.
sum()
{
	awk '
	function name(text,   id) {
		match(text, /\([0-9]+\)/)
		id = substr(text, RSTART, RLENGTH)
		if (length(text) > RSTART + RLENGTH)
			names[id] = substr(text, RSTART + RLENGTH + 1)
		return names[id]
	}
	/^ob=/ { own = name($0) ~ /\/metlo-xdp$/; next }
	/^cob=/ { name($0); next }
	/^calls=/ { called = 1; next }
	/^[-+*0-9]/ {
		if (!called) {
			all += $NF
			if (own)
				mine += $NF
		}
		called = 0
	}
	END { printf "%d %d\n", mine, all }' "$1"
}

# count PRESET TRANSACTIONS: the same two numbers for one replay; fails unless it
# found all transactions.
count()
{
	local n=$2 found

	if [ "$1" = http2 ]; then
		python3 -B tests/bench/http2_frames.py "$n" "$dir/pcap" || return 1
	else
		"$mkhttp" --preset "$1" --transactions "$n" "$dir/pcap" \
			2>/dev/null || return 1
	fi
	valgrind --tool=callgrind --callgrind-out-file="$dir/callgrind" \
		"$dir/metlo-xdp" replay "$dir/pcap" --output "ndjson:$dir/lines" \
		--summary "$dir/summary" >"$dir/log" 2>&1 || {
		sed 's/^/# /' "$dir/log"
		return 1
	}
	found=$(jq '.http.paired, .output.written' "$dir/summary" |
		sort -u | tr '\n' ' ')
	rm -f "$dir/lines"
	if [ "$found" != "$n " ]; then
		echo "# $n transactions were sent, found: $found"
		return 1
	fi
	sum "$dir/callgrind"
}

# Stripped, because valgrind cannot read the debug information of every compiler
# and none is needed.
strip -o "$dir/metlo-xdp" "$metlo" || skip "strip does not work"
key="$(compiler) $(machine)"
[ "$(echo "$key" | wc -w)" = 2 ] || skip "unknown compiler: \"$key\""
echo "# $key, $(valgrind --version)"
if [ "$update" = --update ]; then
	grep -v "^$key " "$budgets" >"$dir/budgets" 2>/dev/null
elif ! grep -q "^$key " "$budgets"; then
	update=show
fi

# measure PRESET SHORT LONG: our own instructions and the total, per transaction.
measure()
{
	local a b n=$(($3 - $2))

	if ! a=$(count "$1" "$2") || ! b=$(count "$1" "$3"); then
		printf '%s\n%s\n' "$a" "${b:-}"
		return 1
	fi
	echo "$(((${b% *} - ${a% *}) / n)) $(((${b#* } - ${a#* }) / n))"
}

while read -r name short long; do
	allowed=$(sed -n "s/^$key $name //p" "$budgets")
	# The flow table's random seed changes the length of probes from run to
	# run, so fail only if three runs exceed the budget.
	for _ in 1 2 3; do
		if ! counted=$(measure "$name" "$short" "$long"); then
			echo "not ok budget/$name: the replay failed"
			echo "$counted"
			failed=1
			continue 2
		fi
		own=${counted% *}
		all=${counted#* }
		if [ -n "$update" ] || [ -z "$allowed" ] ||
			[ $((own * 100)) -le $((allowed * 105)) ]; then
			break
		fi
	done
	echo "bench insn.$name $own instructions/transaction"
	echo "bench insn.$name.with-libraries $all instructions/transaction"
	case $update in
	--update) echo "$key $name $own" >>"$dir/budgets" ;;
	show) echo "skip budget/$name # no budget for $key: $own instructions" ;;
	*)
		if [ -z "$allowed" ]; then
			echo "not ok budget/$name: $own instructions, no budget"
			failed=1
		elif [ $((own * 100)) -gt $((allowed * 105)) ]; then
			echo "not ok budget/$name: $own instructions," \
				"the budget is $allowed"
			failed=1
		else
			echo "ok budget/$name: $own instructions of $allowed"
			[ $((own * 100)) -ge $((allowed * 95)) ] ||
				echo "# show: budget/$name fell from $allowed to $own:" \
					"run $0 --update"
		fi
		;;
	esac
done <<<"$scenarios"

if [ "$update" = --update ] && [ $failed = 0 ]; then
	grep '^#' "$dir/budgets" >"$budgets"
	grep -v '^#' "$dir/budgets" | sort -s -k1,2 >>"$budgets"
fi
exit $failed
