#!/usr/bin/env bash
#
# Large bodies cost only their head: once a body exceeds its limit, the kernel
# drops the rest, the transaction is still reported, and the next one on the same
# connection is complete.

. "$(dirname "$0")/lib.sh"

OUT=$TMP/transactions
SIZE=30000000

need shunt nginx curl jq
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "shunt" "no tc mirred or no vxlan in this kernel"; finish; }
# Small windows keep bursts within the queue of the mirror's veth.
for ns in "$CLIENT" "$SERVER"; do
	in_ns "$ns" sh -c \
		"echo 4096 65536 65536 >/proc/sys/net/ipv4/tcp_rmem"
done
mkdir -p "$TMP/www"
head -c $SIZE /dev/zero | tr '\0' x >"$TMP/www/download"
chmod -R a+rX "$TMP"
nginx_up "
	server {
		listen 80;
		root $TMP/www;
		client_max_body_size 100m;
		location /after { return 200 'whole'; }
		location /upload { return 201 'taken'; }
	}" || { not_ok "nginx starts" "see above"; finish; }
attach_up "$OUT" --mode native --summary "$TMP/summary" ||
	{ not_ok "attach"; finish; }

# A modest rate limits how much arrives before the shunt takes effect.
in_ns "$CLIENT" timeout 60 curl -sS --limit-rate 15M \
	-o /dev/null http://10.77.1.1/download \
	-o "$TMP/after" http://10.77.1.1/after
in_ns "$CLIENT" timeout 60 curl -sS --limit-rate 15M -H Expect: \
	-o /dev/null -T "$TMP/www/download" http://10.77.1.1/upload \
	--next -sS -o /dev/null http://10.77.1.1/after
is "the kernel's mirror dropped nothing" "$(mirror_lost)" 0
wait_for 20 lines "$OUT" 4
stop "$ATTACHED" 2

is "transactions" "$(jq -c '[.request.method, .capture.target,
	.response.status, .capture.requestBodyBytes,
	.capture.responseBodyBytes, .capture.flags]' "$OUT")" \
	"[\"GET\",\"/download\",200,0,$SIZE,[\"body-limit\"]]
[\"GET\",\"/after\",200,0,5,[]]
[\"PUT\",\"/upload\",201,$SIZE,5,[\"body-limit\"]]
[\"GET\",\"/after\",200,0,5,[]]"
check "nine tenths of the bodies were dropped in the kernel" \
	jq -e ".shunted_bytes > $SIZE * 2 * 0.9" "$TMP/summary"
echo "# show: $(jq -c '{shunted_bytes, delivered_bytes}' "$TMP/summary")"
tally "$TOP/tests/laws.py" "$TMP/summary" http.transactions=4 http.paired=4 \
	ring_full=0 stream.gaps=0 stream.bytes_discarded=0 http.resyncs=0
finish
