#!/usr/bin/env bash
#
# Does adversarial input cost at most a constant amount of work per byte? Counts
# the instructions of each scenario of bench_work, at two sizes, with valgrind,
# so other load on the machine does not matter. A scenario fails if
#
#   - ten times the input costs more than 30 times as much, or
#   - a packet costs more than 50 times as much as one of ordinary traffic and a
#     byte more than 10 times as much. All masks are on; a query of many short
#     parameters is the most expensive.

set -u
export LC_ALL=C
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
bench=$(realpath "$O/tests/bench/bench_work")

if ! command -v valgrind >/dev/null; then
	echo "skip work # valgrind is not installed"
	exit 0
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/metlo-work.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT

# Callgrind names the reason of a dump in its file.
if ! valgrind --tool=callgrind --callgrind-out-file="$dir/out" "$bench" \
	>"$dir/runs" 2>"$dir/log"; then
	echo "not ok bench_work"
	sed 's/^/# /' "$dir/log"
	exit 1
fi
grep -l '^desc: Trigger: Client Request:' "$dir"/out.* |
	while read -r file; do
		awk '/^desc: Trigger: Client Request:/ { name = $NF }
			/^totals:/ { print name, $2 }' "$file"
	done | sort >"$dir/counts"
sort "$dir/runs" | join - "$dir/counts" >"$dir/table"

awk '
{
	split($1, part, ".")
	packets[$1] = $2; bytes[$1] = $3; cost[$1] = $4
	if (part[2] == "large")
		names[++n] = part[1]
}
END {
	normal = cost["ordinary.large"] / packets["ordinary.large"]
	normal_byte = cost["ordinary.large"] / bytes["ordinary.large"]
	for (i = 1; i <= n; i++) {
		large = names[i] ".large"; small = names[i] ".small"
		scale = bytes[large] / bytes[small]
		growth = cost[large] / cost[small] / scale
		packet = cost[large] / packets[large] / normal
		byte = cost[large] / bytes[large] / normal_byte
		good = growth <= 3 && (packet <= 50 || byte <= 10)
		printf "%s work/%s: growth %.2f, packet x %.1f, byte x %.1f\n",
			good ? "ok" : "not ok", names[i], growth, packet, byte
	}
	if (!n || !normal) {
		print "not ok work: no counts"
		exit 1
	}
}' "$dir/table" | tee "$dir/results"
! grep -q '^not ok' "$dir/results"
