#!/usr/bin/env bash
#
# --progress-interval: responses that stream for longer have two lines, one when that
# is known and one at their end. In a replay, and of a daemon with a server that
# streams until it is told to end.

. "$(dirname "$0")/lib.sh"

OUT=$TMP/transactions

# reports [FILTER]: id-independent text for each line of $OUT that FILTER selects.
reports()
{
	jq -r "select(${1:-true}) | \"\\(.capture.progress // \"once\") \\(.capture.target)\"" "$OUT" |
		paste -sd ' '
}

# paired: the ids of started lines are those of ended lines, and all others differ.
paired()
{
	jq -es '(map(select(.capture.progress == "started").capture.id) | sort) as $s
		| (map(select(.capture.progress == "ended").capture.id) | sort) as $e
		| $s == $e and (map(select(.capture.progress != "started").capture.id)
			| length == (unique | length))' "$OUT" >/dev/null
}

# laws FILE: the counters add up, and N transactions end.
laws()
{
	"$TOP/tests/laws.py" "$1" "http.transactions=$2" "selection.selected=$2"
}

replay()
{
	rm -f "$OUT"
	"$METLO" replay "$TMP/slow.pcap" --output "ndjson:$OUT" --summary "$TMP/summary" \
		"$@" 2>"$TMP/err"
}

"$E2E_DIR/capture.py" --slow >"$TMP/slow.pcap" || { not_ok "capture" "see above"; finish; }
check "replay" replay
is "by default each transaction has one line" "$(reports)" \
	"once /short once /short once /chunked once /late once /close"
check "replay with an interval" replay --progress-interval 30
is "long responses have two, others one" "$(reports)" \
	"once /short once /short started /chunked started /close ended /chunked once /late ended /close"
check "both lines have one id" paired
tally laws "$TMP/summary" 5
is "a line counts once in its output" "$(jq -c '.output | [.submitted, .written]' "$TMP/summary")" "[5,5]"
is "a start has no bodies, no end and what was seen so far" \
	"$(jq -c 'select(.capture.progress == "started" and .capture.target == "/chunked")
		| [.request.body, .response.body, .capture.requestBodyEncoding,
			.capture.responseBodyEncoding, .capture.responseEndUs, .capture.durationUs,
			.capture.requestBodyBytes, .capture.responseBodyBytes > 0,
			.capture.responseBodyBytes < 180, .response.status]' "$OUT")" \
	'["","","omitted","omitted",null,null,2,true,true,200]'
is "an end has everything" \
	"$(jq -c 'select(.capture.progress == "ended" and .capture.target == "/chunked")
		| [.request.body, (.response.body | length), .capture.responseBodyBytes,
			.capture.durationUs > 200000000]' "$OUT")" \
	'["hi",180,180,true]'
cp "$OUT" "$TMP/first"
replay --progress-interval 30
check "a replay gives the same lines again" cmp "$OUT" "$TMP/first"
replay --progress-interval 30 --exclude /chunked
is "a filter leaves out both lines" "$(reports)" \
	"once /short once /short started /close once /late ended /close"
tally "$TOP/tests/laws.py" "$TMP/summary" selection.selected=4 selection.excluded=1
# The first one uses up the limit for longer than the others take to start, but not
# to end.
replay --progress-interval 30 --rate-limit 1/m
is "a limit leaves out both lines" "$(reports)" "once /short once /late"
tally "$TOP/tests/laws.py" "$TMP/summary" selection.selected=2 selection.rate_limited=3
check "an interval that ends later than all" replay --progress-interval 24h
is "nothing starts" "$(reports)" \
	"once /short once /short once /chunked once /late once /close"

# Metlo gets the ends only, whether or not the masks are the same.
"$E2E_DIR/fake_metlo.py" --port 0 >"$TMP/fake" 2>"$TMP/fake.err" &
E2E_PIDS+=($!)
wait_for 20 test -s "$TMP/fake"
for masks in "" metlo:hi; do
	METLO_API_KEY=key replay --progress-interval 30 --spool "$TMP/spool$masks" \
		--output metlo --metlo-host "http://127.0.0.1:$(cat "$TMP/fake")" \
		${masks:+--redact-field "$masks"}
	is "Metlo gets ends only (${masks:-same masks})" "$(jq -c '[.output.sinks[] | [.submitted, .written]]' \
		"$TMP/summary") $(wc -l <"$OUT")" "[[5,5],[5,5]] 7"
	tally laws "$TMP/summary" 5
done
is "Metlo got each once" "$(curl -sS --noproxy '*' "http://127.0.0.1:$(cat "$TMP/fake")/_state" |
	jq -c '.paths | sort')" \
	'["/chunked","/chunked","/close","/close","/late","/late","/short","/short","/short","/short"]'

[ "$(id -u)" = 0 ] || { skip "daemon" "needs root"; finish; }
need "daemon" curl jq python3
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "daemon" "no tc mirred or no vxlan in this kernel"; finish; }
chmod 711 "$TMP"

# serve: a server, new since the last one has been told to end.
serve()
{
	spawn "$SERVER" "$TMP/server" "$E2E_DIR/slow_server.py" 80
	SERVING=$SPAWNED
	wait_for 20 listening 80
}

get()
{
	in_ns "$CLIENT" curl -sS --max-time 120 -o /dev/null "http://10.77.1.1/$1"
}

daemon()
{
	rm -f "$OUT"
	attach_up "$TMP/log" --output "ndjson:$OUT" --progress-interval 1 --summary "$TMP/daemon.json" \
		--health off --metrics off --user root
}

# has N PROGRESS: $OUT has so many lines of it.
has()
{
	[ "$(grep -c "\"progress\":\"$2\"" "$OUT")" -ge "$1" ]
}

if ! serve || ! daemon; then
	not_ok "server and daemon" "see above"
	finish
fi
clients=()
for path in sse chunked silent; do
	get $path &
	clients+=($!)
done
check "daemon: long responses are visible while they last" wait_for 60 has 3 started
get short
get end
wait "${clients[@]}"
check "daemon: and end" wait_for 60 has 3 ended
is "daemon: these lines" "$(reports | tr ' ' '\n' | paste -d ' ' - - | sort | paste -sd ,)" \
	"ended /chunked,ended /silent,ended /sse,once /end,once /short,started /chunked,started /silent,started /sse"
check "daemon: both lines have one id" paired
stop "$SERVING"

# One is open when the daemon ends; the next daemon sees only its remainder.
serve
get chunked &
waiting=$!
check "daemon: another one is visible" wait_for 60 has 4 started
check "daemon: ends with it open" stop "$ATTACHED" 20
is "daemon: its exit code" "$STOPPED" 0
check "daemon: the line of its end is written" has 4 ended
check "daemon: under the same id" paired
is "daemon: and says why it ended" \
	"$(jq -cs 'map(select(.capture.progress == "ended"))[-1].capture.flags' "$OUT")" '["closed-early"]'
is "daemon: counters count it once" \
	"$(jq -c '[.http.transactions, .selection.selected, .output.written]' "$TMP/daemon.json")" "[6,6,6]"
mv "$OUT" "$TMP/before"
check "daemon: starts again" daemon
get end
wait $waiting
get again
check "daemon: goes on after it" wait_for 60 grep -q '"target":"/again"' "$OUT"
is "daemon: what began before is not reported as begun" "$(reports '.capture.progress != null')" ""
stop "$ATTACHED"
in_ns "$COLLECTOR" "$METLO" detach "$IFACE" 2>/dev/null
finish
