#!/usr/bin/env bash
#
# Runs each recipe of user/packaging/recipes.md on generated transactions, among lines
# of other kinds and starts of transactions.

set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
case $O in /*) ;; *) O=$PWD/$O ;; esac
METLO=${METLO:-$O/metlo-xdp}
TOP=$PWD
TMP=$(mktemp -d "${TMPDIR:-/tmp}/metlo-recipes.XXXXXX") || exit 1
STUB=
trap '[ -z "$STUB" ] || kill "$STUB"; rm -rf "$TMP"' EXIT
. tests/results.sh

# recipe NAME: its text.
recipe()
{
	awk -v name="$1" '/^```$/ { on = 0 } on { print }
		/^```[a-z]+ / && $2 == name { on = 1 }' "$TOP/user/packaging/recipes.md"
}

# run_recipe NAME: what it prints.
run_recipe()
{
	recipe "$1" >"$TMP/recipe"
	[ -s "$TMP/recipe" ] && (cd "$TMP" && bash -eu -o pipefail recipe)
}

# want JQ-EXPRESSION: over all transactions, as an array.
want()
{
	jq -r -s "map(select(.capture.kind == \"http\" and .capture.progress != \"started\")) | $1" \
		"$TMP/transactions.ndjson"
}

# add_lines TYPE [OPTIONS]: appends those of another capture.
add_lines()
{
	tests/e2e/capture.py "$1" >"$TMP/more.pcap" &&
		"$METLO" replay "$TMP/more.pcap" "${@:2}" 2>"$TMP/log" >>"$TMP/transactions.ndjson"
}

# need_program NAME PROGRAM
need_program()
{
	command -v "$2" >/dev/null && return
	skip "$1" "$2 is not installed: make deps"
	return 1
}

if ! [ -x "$O/tests/gen/mkhttp" ] ||
	! "$O/tests/gen/mkhttp" --preset standard --transactions 3000 "$TMP/pcap" 2>/dev/null ||
	! "$METLO" replay "$TMP/pcap" --output "ndjson:$TMP/transactions.ndjson" 2>"$TMP/log"; then
	not_ok "transactions to work with" "$(cat "$TMP/log")"
	finish
fi
"$METLO" schema >"$TMP/schema"
check "the transactions match the schema" tests/line/schema.py "$TMP/schema" "$TMP/transactions.ndjson"
is "every transaction has an id of its own" "$(want '[.[].capture.id] | unique | length')" 3000
is "every id has that of its connection's hash" \
	"$(want 'all(.[].capture; .id[13:26] == .connection[13:])')" true
"$METLO" replay "$TMP/pcap" --output "ndjson:$TMP/again" 2>"$TMP/log"
check "a replay writes the same lines again" cmp "$TMP/again" "$TMP/transactions.ndjson"
"$METLO" replay "$TMP/pcap" --collector x --output "ndjson:$TMP/other" 2>"$TMP/log"
is "ids of another collector are others" \
	"$(cat "$TMP/transactions.ndjson" "$TMP/other" | jq -r .capture.id | sort -u | wc -l)" 6000

check "lines of transactions that go on" add_lines --slow --progress-interval 30
check "lines of other kinds" add_lines --tls
is "are there" "$(jq -r '.capture | "\(.kind) \(.progress)"' "$TMP/transactions.ndjson" | sort -u | paste -sd ,)" \
	"http ended,http null,http started,tls null"

SLOWEST='sort_by(-.capture.durationUs)[:20][].capture.durationUs'
is "jq: the slowest" "$(run_recipe jq-slowest | cut -f 1)" "$(want "$SLOWEST")"
is "jq: flags" "$(run_recipe jq-flags | awk '{ n += $1 } END { print NR, n }')" \
	"$(jq -rs 'map(select(.capture.progress != "started").capture.flags[]) | "\(unique | length) \(length)"' \
		"$TMP/transactions.ndjson")"
is "jq: a connection" "$(run_recipe jq-connection | cut -f 1)" \
	"$(want 'group_by(.capture.connection) | max_by(length)[].capture.id' | sort)"

mkdir "$TMP/bin"
ln -s "$(realpath "$METLO")" "$TMP/bin/metlo-xdp"
PATH=$TMP/bin:$PATH
mv "$TMP/pcap" "$TMP/capture.pcap"
check "HTTP Archive: the slowest" run_recipe har
is "HTTP Archive: their times" \
	"$(jq '.log.entries[].time * 1000 | round' "$TMP/slowest.har")" "$(jq -s "$SLOWEST" "$TMP/again")"

PATHS='group_by(.request.url.path)[] | [.[0].request.url.path, length]'
if need_program "SQLite" sqlite3; then
	is "SQLite: paths" "$(run_recipe sqlite | cut -f 1,2 | LC_ALL=C sort | sha256sum)" \
		"$(want "$PATHS | @tsv" | LC_ALL=C sort | sha256sum)"
fi
if python3 -c 'import chdb' 2>/dev/null; then
	is "ClickHouse: paths" "$(cd "$TMP" && recipe clickhouse >query &&
		python3 -c 'import chdb; print(chdb.query(open("query").read(), "TabSeparated"), end="")' |
		cut -f 1,2 | LC_ALL=C sort | sha256sum)" "$(want "$PATHS | @tsv" | LC_ALL=C sort | sha256sum)"
else
	skip "ClickHouse" "the Python module chdb is not installed"
fi
if need_program "Elasticsearch" curl; then
	python3 tests/line/bulk_stub.py "$TMP/port" "$TMP/documents" &
	STUB=$!
	for _ in $(seq 100); do
		[ ! -s "$TMP/port" ] || break
		sleep 0.1
	done
	ELASTICSEARCH=http://127.0.0.1:$(cat "$TMP/port")
	export ELASTICSEARCH
	check "Elasticsearch: the upload succeeds" run_recipe elasticsearch
	is "Elasticsearch: documents" \
		"$(cut -d ' ' -f 2- "$TMP/documents" | jq -c 'del(."@timestamp")' | sort | sha256sum)" \
		"$(jq -c . "$TMP/transactions.ndjson" | sort | sha256sum)"
	is "Elasticsearch: ids and times" \
		"$(cut -d ' ' -f 2- "$TMP/documents" | jq -r '"\(.capture.id) \(."@timestamp")"' | sort | sha256sum)" \
		"$(jq -r '.capture | "\(.id) \((.requestStartUs // .startUs) / 1000 | floor)"' \
			"$TMP/transactions.ndjson" | sort | sha256sum)"
	is "Elasticsearch: ids are those of the transactions" \
		"$(cut -d ' ' -f 1 "$TMP/documents" | sort | sha256sum)" \
		"$(jq -r .capture.id "$TMP/transactions.ndjson" | sort | sha256sum)"
fi
finish
