#!/usr/bin/env bash
#
# Inner fragments on a real interface: the daemon reports what a replay of the
# same traffic without fragments does, though the ring of a fragment is rarely
# that of its connection.

. "$(dirname "$0")/lib.sh"

need fragments python3 jq

# Method, target, status and body hashes of each line.
digest()
{
	python3 -c '
import json, sys
for line in open(sys.argv[1], "rb"):
    t = json.loads(line)
    q, r, c = t["request"], t["response"], t["capture"]
    print(q["method"], c["target"], r["status"], c["vni"], c["requestBodySha256"],
          c["responseBodySha256"], t["meta"]["sourcePort"], c["flags"])' "$1" |
		LC_ALL=C sort
}

# inject FILE: sends the frames of a little-endian pcap to the collector.
inject()
{
	in_ns "$SERVER" python3 - "$1" \
		"$(ip -n "$COLLECTOR" -br link show "$IFACE" |
			awk '{print $3}')" <<-'END'
		import socket, struct, sys, time
		data = open(sys.argv[1], "rb").read()
		mac = bytes.fromhex(sys.argv[2].replace(":", ""))
		s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		s.bind(("u0", 0))
		at, n = 24, 0
		while at < len(data):
		    size = struct.unpack_from("<I", data, at + 8)[0]
		    s.send(mac + data[at + 22:at + 16 + size])
		    at += 16 + size
		    n += 1
		    if n % 32 == 0:
		        time.sleep(0.002)
		print(n)
	END
}

net_up || { not_ok "network" "cannot set up the network"; finish; }
"$O/tests/gen/mkhttp" --transactions 400 --connections 30 --post 40 --gzip 30 \
	--ipv6 30 --body 1-4000 "$TMP/plain" 2>/dev/null
"$METLO" replay "$TMP/plain" --ports any --body-hash >"$TMP/want" 2>/dev/null
is "replay without fragments" "$(wc -l <"$TMP/want")" 400
"$TOP/tests/corpus/fragments.py" 256 5 <"$TMP/plain" >"$TMP/cut"

attach_up "$TMP/got" --workers 4 --ports any --body-hash \
	--summary "$TMP/sum" || finish
sent=$(inject "$TMP/cut")
check "all transactions arrive" wait_for 20 lines "$TMP/got" 400
stop "$ATTACHED"
is "exit code" "$STOPPED" 0
is "every frame arrived" "$(jq '.packets - .pass_not_vxlan' "$TMP/sum")" "$sent"
tally "$TOP/tests/laws.py" "$TMP/sum" http.paired=400 \
	fragments.overlaps=0 fragments.dropped=0 fragments.limit=0
digest "$TMP/want" >"$TMP/want.digest"
digest "$TMP/got" >"$TMP/got.digest"
check "the same transactions" cmp "$TMP/want.digest" "$TMP/got.digest"
finish
