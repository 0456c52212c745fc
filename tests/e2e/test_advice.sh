#!/usr/bin/env bash
#
# Why nothing arrives: one daemon sees no mirrored packets, then those of other ports, then
# TLS, then a transaction. Its log, /healthz, status and doctor say the same.

. "$(dirname "$0")/lib.sh"

need "advice" curl jq nginx python3
net_up || { not_ok "namespaces" "net_up failed"; finish; }
chmod 711 "$TMP"
nginx_up 'server { listen 80; listen 8080; location / { return 200 "hello"; } }' ||
	{ not_ok "nginx" "see above"; finish; }

METLO_LOG=$TMP/log
HEALTH=http://127.0.0.1:4789/healthz

health()
{
	in_ns "$COLLECTOR" curl -sS --max-time 20 -o "$TMP/answer" -w '%{http_code}' "$HEALTH"
}

# degraded REASON: /healthz answers 200 and names it.
degraded()
{
	[ "$(health)" = 200 ] &&
		jq -e --arg r "$1" '.status == "degraded" and any(.reasons[];
			.reason == $r and (.detail | length > 10))' "$TMP/answer"
}

healthy()
{
	[ "$(health)" = 200 ] && jq -e '.status == "healthy" and .reasons == []' "$TMP/answer"
}

logged()
{
	grep -qE "^metlo-xdp: no transaction after [0-9]+ s: .*($1)" "$METLO_LOG.err"
}

get()
{
	in_ns "$CLIENT" curl -sS --max-time 20 -o /dev/null "http://10.77.1.1:$1/"
}

attach_up "$METLO_LOG" --ports 80,8443 --detach-on-exit --metrics off ||
	{ not_ok "attach" "see above"; finish; }
check "nothing is mirrored: the log" wait_for 60 logged 'no packet has arrived|none in VXLAN on UDP port 4789'
# By the daemon's own clock, which starts when it captures.
is "nothing is mirrored: within 15 s" "$(sed -nE 's/^metlo-xdp: no transaction after ([0-9]+) s: .*/\1/p' \
	"$METLO_LOG.err" | awk 'NR == 1 { print ($1 >= 10 && $1 <= 15 ? "yes" : $1 " s") }')" yes
reason=$(health >/dev/null; jq -r '.reasons[0].reason' "$TMP/answer")
check "nothing is mirrored: /healthz" degraded "$reason"
in_ns "$COLLECTOR" "$METLO" status "$IFACE" >"$TMP/status"
is "nothing is mirrored: status" "$(grep -cE '^hint: .*(no packet|none in VXLAN)' "$TMP/status")" 1
in_ns "$COLLECTOR" "$METLO" status --json "$IFACE" >"$TMP/status.json"
is "nothing is mirrored: status --json" "$(jq -r '.interfaces[0].hints[0].hint' "$TMP/status.json")" "$reason"
in_ns "$COLLECTOR" "$METLO" doctor "$IFACE" >"$TMP/doctor" 2>&1
is "nothing is mirrored: doctor" \
	"$(grep -c "^WARN  health port: .*\"degraded\".*\"$reason\"" "$TMP/doctor")" 1

is "nothing is mirrored: doctor has the hint itself" \
	"$(grep -c "^WARN  hint: $reason: " "$TMP/doctor")" 1

# encapsulated PORT HEADER REASON: packets to a port that begin like this; the same hint
# everywhere.
encapsulated()
{
	in_ns "$SERVER" python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(20):
    s.sendto(bytes.fromhex(sys.argv[2]) + bytes(60), ("10.77.2.2", int(sys.argv[1])))' "$1" "$2"
	check "$3: /healthz" wait_for 30 degraded "$3"
	check "$3: the log" wait_for 30 logged "packets have arrived .*UDP port $1"
	in_ns "$COLLECTOR" "$METLO" status "$IFACE" >"$TMP/status"
	is "$3: status" "$(grep -c "^hint: 20 packets have arrived .*UDP port $1" "$TMP/status")" 1
	in_ns "$COLLECTOR" "$METLO" doctor "$IFACE" >"$TMP/doctor" 2>&1
	is "$3: doctor" "$(grep -c "^WARN  hint: $3: 20 packets" "$TMP/doctor")" 1
}

encapsulated 8472 0800000000000700 vxlan_port
encapsulated 6081 0000655800000700 geneve

mirror_up || { skip "mirrored packets" "no tc mirred or no vxlan in this kernel"; finish; }
get 8080
check "a wrong port: the log" wait_for 30 logged 'ports that are not in --ports'
check "a wrong port: /healthz" wait_for 30 degraded wrong_port
in_ns "$COLLECTOR" "$METLO" status "$IFACE" >"$TMP/status"
is "a wrong port: status" "$(grep -c '^hint: .* not in --ports' "$TMP/status")" 1

in_ns "$COLLECTOR" "$METLO" doctor "$IFACE" >"$TMP/doctor" 2>&1
is "a wrong port: doctor" "$(grep -c '^WARN  hint: wrong_port: ' "$TMP/doctor")" 1

# A server that answers a ClientHello with an alert.
spawn "$SERVER" "$TMP/tls" python3 -c '
import socket
s = socket.create_server(("10.77.1.1", 8443))
while True:
    c = s.accept()[0]
    c.recv(4096)
    c.sendall(b"\x15\x03\x03\x00\x02\x02\x28")
    c.close()'
wait_for 20 listening 8443
in_ns "$CLIENT" python3 -c '
import socket, ssl
try:
    ssl._create_unverified_context().wrap_socket(socket.create_connection(("10.77.1.1", 8443), 20))
except ssl.SSLError:
    pass'
check "TLS: the log" wait_for 30 logged 'connections? (is|are) TLS'
check "TLS: /healthz" wait_for 30 degraded encrypted
in_ns "$COLLECTOR" "$METLO" status "$IFACE" >"$TMP/status"
is "TLS: status" "$(grep -cE '^hint: .*connections? (is|are) TLS' "$TMP/status")" 1
is "TLS: status counts connections" "$(awk '/^since the daemon started/ { on = 1 }
	on && $1 == "connections" && $2 > 0' "$TMP/status" | wc -l)" 1
in_ns "$COLLECTOR" "$METLO" doctor "$IFACE" >"$TMP/doctor" 2>&1
is "TLS: doctor" "$(grep -c '^WARN  hint: encrypted: ' "$TMP/doctor")" 1
in_ns "$COLLECTOR" "$METLO" status "$IFACE" --sources >"$TMP/status"
is "status --sources lists the source" \
	"$(awk '$2 == "active" || $2 == "idle"' "$TMP/status" | wc -l)" 1
in_ns "$COLLECTOR" "$METLO" status "$IFACE" --sources --json >"$TMP/status.json"
is "status --sources --json" "$(jq '.interfaces[0].sources | length' "$TMP/status.json")" 1
is "each is logged once" "$(grep -o 'no transaction after.*' "$METLO_LOG.err" |
	sed 's/.* s: //; s/[0-9]* //' | sort | uniq -d)" ""

tc -n "$SERVER" filter del dev b0 egress
get 80
check "one direction: the log" wait_for 30 logged 'requests? but no response'
check "one direction: /healthz" degraded one_direction
in_ns "$COLLECTOR" "$METLO" status "$IFACE" >"$TMP/status"
is "one direction: status" "$(grep -c '^hint: .*is only one direction mirrored' "$TMP/status")" 1
in_ns "$COLLECTOR" "$METLO" doctor "$IFACE" >"$TMP/doctor" 2>&1
is "one direction: doctor" "$(grep -c '^WARN  hint: one_direction: ' "$TMP/doctor")" 1
is "each is logged once, still" "$(grep -o 'no transaction after.*' "$METLO_LOG.err" |
	sed 's/.* s: //; s/[0-9]* //' | sort | uniq -d)" ""
mirror_down
mirror_up

get 80
check "a transaction: healthy" wait_for 60 healthy

# forbidden COMMAND CODE TEXT: without privileges it says at once what to do.
forbidden()
{
	in_ns "$COLLECTOR" setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$METLO" "$1" "$IFACE" >"$TMP/forbidden" 2>&1
	is "no permission: exit code of $1" $? "$2"
	is "no permission: $1" "$(grep -c "$3" "$TMP/forbidden")" 1
}

cp "$METLO" "$TMP/metlo-xdp" && METLO=$TMP/metlo-xdp
forbidden attach 4 "run it as root (sudo metlo-xdp attach $IFACE)"
forbidden status 4 'status needs root: sudo metlo-xdp status'
forbidden doctor 1 '^FAIL  capabilities: missing for attach: .*run it as root'
forbidden dump 4 "dump needs root: sudo metlo-xdp dump $IFACE"
check "the daemon ends" stop "$ATTACHED" 30
finish
