#!/usr/bin/env bash
#
# --output otlp: against a receiver that decodes with PyPI's opentelemetry-proto:
# spans are what the lines of the same replay say; a receiver that is killed, refuses,
# throttles, accepts in part; a restart with a spool. METLO_TEST_LONG: 100,000 spans.

# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

N=3000
[ -z "${METLO_TEST_LONG:-}" ] || N=100000

need otlp jq curl
python_package opentelemetry.proto opentelemetry-proto || {
	skip "otlp" "opentelemetry-proto cannot be installed: $(tail -n 1 "$TMP/pip")"
	finish
}

# receiver NAME PLAN: starts one. Sets PORT and SPANS, its log.
receiver()
{
	SPANS=$TMP/$1.spans
	: >"$SPANS"
	python3 "$E2E_DIR/otlp_receiver.py" "${3:-0}" "$SPANS" "$2" \
		>"$TMP/$1.port" 2>"$TMP/$1.receiver" &
	RECEIVER=$!
	E2E_PIDS+=("$RECEIVER")
	wait_for 30 test -s "$TMP/$1.port" || cat "$TMP/$1.receiver" >&2
	PORT=$(cat "$TMP/$1.port")
	wait_for 30 curl -s -o /dev/null --noproxy '*' "http://127.0.0.1:$PORT/"
}

# replay NAME CODE CAPTURE ARGUMENT...: also writes lines. Sets SUM and ERR.
replay()
{
	local name=$1 code=$2 capture=$3
	SUM=$TMP/$name.sum
	ERR=$TMP/$name.err
	shift 3
	rm -f "$TMP/$name.lines"
	timeout 500 "$METLO" replay "$capture" --output "otlp:http://127.0.0.1:$PORT" \
		--output "ndjson:$TMP/$name.lines" --summary "$SUM" "$@" 2>"$ERR"
	is "$name: exit code" $? "$code"
}

of()
{
	jq -c "$1" "$SUM" 2>&1
}

# What spans and lines have in common, and how they differ.
compare()
{
	"$E2E_DIR/otlp_compare.py" "$TMP/$1.lines" "$SPANS" >"$TMP/$1.compared" ||
		echo '{}' >"$TMP/$1.compared"
}

compared()
{
	jq -c "$2" "$TMP/$1.compared"
}

otlp='.output.sinks[] | select(.name | startswith("otlp:"))'
"$E2E_DIR/capture.py" --traced "$N" >"$TMP/traced.pcap"
"$E2E_DIR/capture.py" --traced 60 >"$TMP/few.pcap"

# --- what spans say ------------------------------------------------------------
receiver plain ok
OTEL_EXPORTER_OTLP_HEADERS='x-key=SECRET' replay plain 0 "$TMP/traced.pcap" \
	--redact-field password --redact-header user-agent
compare plain
is "plain: every span is valid" "$(compared plain '[.faults, .ids]')" '[[],true]'
is "plain: a span per transaction, once" \
	"$(compared plain '[.lines, .spans, .lost, .extra, .twice]')" "[$N,$N,0,0,0]"
is "plain: parents are those of traceparent" "$(compared plain .withParent)" \
	"$(((N * 2 + 2) / 3))"
is "plain: they are what the lines say" "$(compared plain '[.differences, .differ]')" '[0,[]]'
is "plain: masked values are masked" "$(grep -c 'SECRET\|original": "u' "$SPANS")" 0
is "plain: and are attributes all the same" \
	"$(grep -c 'password=\[redacted\].*"user_agent.original": "\[redacted\]"' "$SPANS")" "$N"
is "plain: counters" "$(of "$otlp | [.written, .uncertain, .requests_failed]")" "[$N,0,0]"
check "plain: the laws of the counters" "$E2E_DIR/../laws.py" "$SUM"
kill "$RECEIVER"

# --- a receiver that is killed twice -------------------------------------------------
receiver killed ok,lost,ok,killed
replay killed 0 "$TMP/traced.pcap"
compare killed
is "killed: nothing is lost" "$(compared killed '[.lines, .lost, .extra, .faults]')" "[$N,0,0,[]]"
is "killed: what arrived twice is uncertain" \
	"$(compared killed "[.twice > 0, .twice <= $(of "$otlp | .uncertain")]")" '[true,true]'
is "killed: the rest is known to be written" "$(of "$otlp | .written + .uncertain")" "$N"
echo "# show: killed: $(of "$otlp | {written, uncertain, requests, requests_failed}"), twice: $(compared killed .twice)"
kill "$RECEIVER"

# --- answers -------------------------------------------------------------------------
# How the spans are spread over requests depends on the time.
# answers NAME PLAN CODE: of 60 transactions. Sets GOT, the number of spans that the
# receiver got.
answers()
{
	receiver "$1" "$2"
	replay "$1" "$3" "$TMP/few.pcap" --otlp-compression none
	GOT=$(grep -c ^ "$SPANS")
	kill "$RECEIVER"
	is "$1: the receiver counts as many requests" "$(stat -c %s "$SPANS.plan")" \
		"$(of "$otlp | .requests")"
}

answers throttled 429:1,503:1 0
is "throttled: all is written" "$(of "$otlp | [.written, .requests_failed]") $GOT" '[60,2] 60'
answers gateway 502,504 0
is "gateway: what it had is uncertain" \
	"$(of "$otlp | [.uncertain > 0, .written + .uncertain, .requests_failed]") $GOT" \
	'[true,60,2] 60'
answers taken taken:504 0
is "taken: what is there twice is uncertain" \
	"$(of "$otlp | [.uncertain > 0, .written + .uncertain, .uncertain + 60]")" "[true,60,$GOT]"
answers part partial:2 1
is "part: what is rejected is counted, and not sent again" \
	"$(of "$otlp | [.written, .dropped_refused, .requests_failed]") $GOT" '[58,2,0] 58'
check "part: the reason is logged" \
	grep -q "in part: some are not liked: leaving out 2 transactions" "$ERR"
answers cut "cut*" 0
is "cut: all is uncertain" "$(of "$otlp | [.uncertain, .requests_failed]") $GOT" '[60,0] 60'
# Nothing but 429, 502, 503 and 504 is sent again.
for status in 400 408 413 500; do
	answers "status $status" "$status*" 1
	is "status $status: is not sent again" \
		"$(of "$otlp | [.dropped_refused, .requests_failed]") $GOT" '[60,0] 0'
done

# --- set-up --------------------------------------------------------------------------
# refused NAME CODE TEXT ARGUMENT...
refused()
{
	local name=$1 code=$2 text=$3
	shift 3
	timeout 60 "$METLO" replay "$TMP/few.pcap" "$@" >/dev/null 2>"$TMP/err"
	is "$name: exit code" $? "$code"
	check "$name: message" grep -qF -- "$text" "$TMP/err"
}

refused "no receiver" 1 "cannot connect" --output otlp:http://127.0.0.1:1
refused "no URL" 2 "is not an output" --output otlp:localhost:4318/x?y
refused "twice" 2 "only once" --output otlp:http://127.0.0.1:1 --output otlp:http://127.0.0.1:2
refused "an archive" 2 "use --format har with ndjson" --output otlp:http://127.0.0.1:1 --format har
echo 'Content-Length: 7' >"$TMP/headers"
chmod 600 "$TMP/headers"
refused "a field of the request" 2 "sets itself" --output otlp:http://127.0.0.1:1 \
	--otlp-headers-file "$TMP/headers"

# --- a spool ---------------------------------------------------------------------------
receiver spool ok
kill "$RECEIVER"
wait "$RECEIVER" 2>/dev/null
replay spool 1 "$TMP/few.pcap" --otlp-spool "$TMP/spool"
is "spool: spans wait in it" "$(of "$otlp | .spooled")" 60
check "spool: the log says where" grep -q "start again with --otlp-spool $TMP/spool" "$ERR"
cp "$TMP/spool.lines" "$TMP/first.lines"
receiver spool ok "$PORT"
"$E2E_DIR/capture.py" >"$TMP/small.pcap"
replay spool 0 "$TMP/small.pcap" --otlp-spool "$TMP/spool"
is "spool: they arrive after the next start" "$(of "$otlp | [.recovered, .written]")" '[60,63]'
cat "$TMP/first.lines" >>"$TMP/spool.lines"
compare spool
is "spool: each once, as it was" \
	"$(compared spool '[.spans, .lost, .extra, .twice, .faults, .differences]')" '[63,0,0,0,[],0]'
finish
