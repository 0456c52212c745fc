#!/usr/bin/env bash
#
# What a transaction costs in instructions, against what it may cost.
#
#   tests/bench/test_budget.sh            compares with insn_budget.txt
#   tests/bench/test_budget.sh --update   writes what is measured there
#
# valgrind counts them, so that a busy machine gives the same number. What is
# compared are the instructions of our own program: those of the libraries
# depend on the CPU and on the distribution, and are shown beside them. Two
# runs of different length are subtracted, so that starting up does not count.

set -u
export LC_ALL=C
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
metlo=$O/metlo-xdp
mkhttp=$O/tests/gen/mkhttp
budgets=tests/bench/insn_budget.txt
update=${1:-}
failed=0

# A preset of the generator, and the transactions of the short and long run.
scenarios="standard 2000 12000
small 2000 12000
short 2000 8000
gzip 1000 6000
reorder 2000 12000
noise 2000 8000
large 10 60"

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
	skip "this is not the build that is delivered"
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/metlo-budget.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT

# The compiler as the program itself names it, with its major version.
compiler()
{
	local text

	text=$(tr -c '[:print:]' '\n' <"$metlo" |
		sed -n 's/^\(GCC: (\).*) \([0-9]*\)\..*/gcc-\2/p
			s/.*clang version \([0-9]*\)\..*/clang-\1/p' | sort -u)
	# Start-up files are always of gcc.
	echo "$text" | grep clang || echo "$text"
}

# Our own code takes other ways on CPUs with and without these.
machine()
{
	local cpu=""

	if [ "$(uname -m)" = x86_64 ]; then
		grep -qw ssse3 /proc/cpuinfo && cpu=+ssse3
		grep -qw avx2 /proc/cpuinfo && cpu=+avx2
	fi
	echo "$(uname -m)$cpu"
}

# callgrind's output: self cost by object. Lines that follow "calls=" hold the
# cost of what was called, which is counted where it arose. Prints our own
# instructions and all.
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

# count PRESET TRANSACTIONS: the same two numbers of one replay, if it found
# what it had to find.
count()
{
	local n=$2 found

	"$mkhttp" --preset "$1" --transactions "$n" "$dir/pcap" \
		2>/dev/null || return 1
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

# valgrind does not read the debug information of every compiler, and does not
# need any here.
strip -o "$dir/metlo-xdp" "$metlo" || skip "strip does not work"
key="$(compiler) $(machine)"
[ "$(echo "$key" | wc -w)" = 2 ] || skip "which compiler was it? \"$key\""
echo "# $key, $(valgrind --version)"
if [ "$update" = --update ]; then
	grep -v "^$key " "$budgets" >"$dir/budgets" 2>/dev/null
elif ! grep -q "^$key " "$budgets"; then
	update=show
fi

# measure PRESET SHORT LONG: per transaction, our own instructions and all.
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
	# The seed of the flow table is another in each run, and with it how
	# far one has to look: what is too much must be so three times.
	for _ in 1 2 3; do
		if ! counted=$(measure "$name" "$short" "$long"); then
			echo "not ok budget/$name: the replay is wrong"
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
				echo "# show: budget/$name is down to $own from" \
					"$allowed: $0 --update"
		fi
		;;
	esac
done <<<"$scenarios"

if [ "$update" = --update ] && [ $failed = 0 ]; then
	grep '^#' "$dir/budgets" >"$budgets"
	grep -v '^#' "$dir/budgets" | sort -s -k1,2 >>"$budgets"
fi
exit $failed
