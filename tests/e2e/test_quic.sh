#!/usr/bin/env bash
#
# A real QUIC client and server (aioquic): each connection is a line that says what
# the client itself says of it, and only Initial packets leave the kernel, however
# much is transferred.

. "$(dirname "$0")/lib.sh"

QUIC=$E2E_DIR/quic.py
OUT=$TMP/connections

need quic jq openssl
python_package aioquic aioquic || {
	skip "quic" "aioquic cannot be installed: $(tail -n 1 "$TMP/pip")"
	finish
}
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "quic" "no tc mirred or no vxlan in this kernel"; finish; }
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=www.example.com -keyout "$TMP/key.pem" -out "$TMP/cert.pem" 2>/dev/null
spawn "$SERVER" "$TMP/server" python3 "$QUIC" server 443 8443 \
	"$TMP/cert.pem" "$TMP/key.pem"
wait_for 60 lines "$TMP/server" 1 || { not_ok "the server starts" "$(cat "$TMP/server.err")"; finish; }
attach_up "$OUT" --mode native --summary "$TMP/summary" ||
	{ not_ok "attach"; finish; }

in_ns "$CLIENT" timeout 300 python3 "$QUIC" client 443 8443 10.77.1.1 fd77:1::1 \
	>"$TMP/truth" 2>"$TMP/client.err"
n=$(grep -c ^ "$TMP/truth")
is "the client gets what it asks for" "$n $(cat "$TMP/client.err")" "12 "
wait_for 60 lines "$OUT" "$n"
stop "$ATTACHED" 2
is "the kernel's mirror dropped nothing" "$(mirror_lost)" 0

is "lines are what the client says" \
	"$(jq -cS '{port: .meta.sourcePort, sni: .quic.sni, version: .quic.version,
		alpnOffered: .quic.alpnOffered, ja4: .quic.ja4, cipher: .quic.cipher,
		tlsVersion: .quic.tlsVersion, retry: .quic.retry,
		flags: .capture.flags}' "$OUT" | sort)" \
	"$(jq -cS . "$TMP/truth" | sort)"
check "kind and server" jq -es 'all(.capture.kind == "quic" and .request == null and
	(.meta.destination == "10.77.1.1" or .meta.destination == "fd77:1::1"))' "$OUT"
# aioquic acknowledges a version that the server chose in a packet that the keys of
# this version do not open.
check "only Initial packets leave the kernel" \
	jq -e "(.udp > 1000 * $n) and .delivered == .quic.datagrams and
		.delivered < 12 * $n and .quic.packets_undecryptable <= 2 and
		.quic.packets == .quic.packets_decrypted + .quic.packets_undecryptable" \
	"$TMP/summary"
echo "# show: $(jq -c '{udp, delivered, quic}' "$TMP/summary")"
tally "$TOP/tests/laws.py" "$TMP/summary" "quic.connections=$n" "quic.reported=$n" \
	quic.retries=2 ring_full=0
finish
