#!/usr/bin/env bash
#
# Packets on demand: what dump copies while attach runs, opens in tshark and gives the same
# transactions; the capture is not disturbed, and nothing is left behind.

. "$(dirname "$0")/lib.sh"

need dump curl jq nginx
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "dump" "no tc mirred or no vxlan in this kernel"; finish; }
nginx_up 'server { listen 80; listen 8080; location / { return 200 "hello\n"; } }' ||
	{ not_ok "nginx" "does not start"; finish; }

# get N [PORT]: N requests, each on a connection of its own.
get()
{
	in_ns "$CLIENT" curl -sS -o /dev/null -H 'Connection: close' \
		"http://10.77.1.1:${2:-80}/n?[1-$1]"
}

# lines FILE: its transactions, without what depends on the time of attaching.
lines()
{
	jq -cS '[.request.method, .request.url.path, .request.url.parameters, .response.status,
		.response.body, .meta.sourcePort, .capture.flags]' "$1" | sort
}

# written N: attach has written so many lines.
# shellcheck disable=SC2317
written()
{
	[ "$(wc -l <"$TMP/out")" = "$1" ]
}

# dump_up OPTION...: starts dump and waits until it traces.
dump_up()
{
	rm -f "$TMP/pcapng" "$TMP/again"
	spawn "$COLLECTOR" "$TMP/dump" "$METLO" dump "$IFACE" -w "$TMP/pcapng" "$@"
	DUMP=$SPAWNED
	wait_for 30 test -s "$TMP/pcapng"
}

in_ns "$COLLECTOR" "$METLO" dump "$IFACE" -w "$TMP/none" >/dev/null 2>"$TMP/err"
is "nothing attached: the exit code" $? 3
is "nothing attached: no file" "$(ls "$TMP/none" 2>/dev/null)" ""

attach_up "$TMP/out" --health off --metrics off --summary "$TMP/summary.json" ||
	{ not_ok "attach" "see above"; finish; }
wait_for 30 grep -q 'mode, ports' "$TMP/out.err"
dump_up || { not_ok "dump" "$(cat "$TMP/dump.err")"; finish; }
get 40
check "attach reports the transactions" wait_for 60 written 40
stop "$DUMP" 30
is "dump says how many" "$(grep -cE '^metlo-xdp: [0-9]+ packets, 0 more over --max-rate, 0 lost' \
	"$TMP/dump.err")" 1
"$METLO" replay --raw "$TMP/pcapng" --output "ndjson:$TMP/again" 2>"$TMP/err"
is "replay --raw gives as many" "$(wc -l <"$TMP/again")" 40
lines "$TMP/out" >"$TMP/lines"
lines "$TMP/again" >"$TMP/lines.again"
check "and the same" cmp "$TMP/lines" "$TMP/lines.again"
if command -v tshark >/dev/null; then
	tshark -r "$TMP/pcapng" -T fields -e frame.interface_name -e http.request.uri \
		-Y http.request >"$TMP/tshark" 2>"$TMP/err"
	is "tshark opens it" "$(wc -l <"$TMP/tshark")" 40
	is "interfaces are VNIs" "$(cut -f1 "$TMP/tshark" | sort -u | grep -c "^$IFACE VNI ")" 1
else
	skip "tshark opens it" "tshark is not installed"
fi

# Bounds and filters.
dump_up -c 5
get 5
check "-c ends it" wait_for 60 gone_or_zombie "$DUMP"
is "-c: as many packets" "$(sed -nE 's/.*: ([0-9]+) packets.*/\1/p' "$TMP/dump.err")" 5
# Not only the message: to a pipe or an open file the last batch arrives as well.
spawn "$COLLECTOR" "$TMP/dump" "$METLO" dump "$IFACE" -c 12
DUMP=$SPAWNED
wait_for 30 test -s "$TMP/dump"
get 5
check "-c to standard output ends it" wait_for 60 gone_or_zombie "$DUMP"
"$METLO" replay --raw "$TMP/dump" --output "ndjson:$TMP/again" 2>"$TMP/err"
is "-c to standard output: as many packets" "$(sed -nE 's/.*: ([0-9]+) packets.*/\1/p' "$TMP/err")" 12
dump_up --port 8080 --host 10.77.1.2
get 3
get 2 8080
wait_for 60 written 55
stop "$DUMP" 30
"$METLO" replay --raw "$TMP/pcapng" --output "ndjson:$TMP/again" 2>"$TMP/err"
is "--port and --host" "$(jq -r .meta.destinationPort "$TMP/again" | sort | uniq -c | xargs)" \
	"2 8080"
dump_up --host 10.99.0.1
get 1
wait_for 60 written 56
stop "$DUMP" 30
is "another host: none" "$(sed -nE 's/.*: ([0-9]+) packets.*/\1/p' "$TMP/dump.err")" 0
dump_up --max-rate 1/s
get 20
wait_for 60 written 76
stop "$DUMP" 30
is "--max-rate leaves packets out, and counts them" \
	"$(grep -cE ' [1-9][0-9]* more over --max-rate' "$TMP/dump.err")" 1
dump_up --max-time 1
check "--max-time ends it" wait_for 60 gone_or_zombie "$DUMP"

# A reader that does not read blocks neither the capture nor the end of dump.
mkfifo "$TMP/pipe"
tail -f /dev/null <"$TMP/pipe" &
READER=$!
spawn "$COLLECTOR" "$TMP/dump" "$METLO" dump "$IFACE" -w "$TMP/pipe" --max-rate 0
DUMP=$SPAWNED
get 200
check "a pipe that nobody reads: the capture goes on" \
	wait_for 60 written 276
check "a pipe that nobody reads: dump ends" stop "$DUMP" 30
kill "$READER"

stop "$ATTACHED" 30
is "no record is lost" "$(jq -r '[.ring_full, .stream.gaps] | join(" ")' "$TMP/summary.json")" "0 0"
in_ns "$COLLECTOR" "$METLO" detach "$IFACE" 2>/dev/null
finish
