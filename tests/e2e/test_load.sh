#!/usr/bin/env bash
#
# 100,000 paced requests over keep-alive connections: each line of nginx's log
# has a transaction with the same fields, nothing is lost, and the counters of
# every stage add up.
#
# LOAD_REQUESTS and LOAD_RATE (per second) override the defaults.

. "$(dirname "$0")/lib.sh"

REQUESTS=${LOAD_REQUESTS:-100000}
RATE=${LOAD_RATE:-4000}
CONNECTIONS=20
OUT=$TMP/transactions

need load nginx h2load python3
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "load" "no tc mirred or no vxlan in this kernel"; finish; }
# shellcheck disable=SC2016
nginx_up "
	keepalive_requests 100000000;
	log_format seen '\$remote_port \$connection_requests \$request_method'
		' \$request_uri \$status \$body_bytes_sent';
	access_log $TMP/seen seen buffer=256k flush=1s;
	server {
		listen 80;
		location / { return 200
			\"\$remote_port \$connection_requests \$request_uri\\n\"; }
		location /missing/ { return 404 \"no \$request_uri\\n\"; }
	}" || { not_ok "nginx starts" "see above"; finish; }
attach_up "$OUT" --mode native --summary "$TMP/summary" ||
	{ not_ok "attach"; finish; }

seq -f 'http://10.77.1.1/n/%g?q=1' 1 97 >"$TMP/urls"
seq -f 'http://10.77.1.1/missing/%g' 1 3 >>"$TMP/urls"

start=$(date +%s)
in_ns "$CLIENT" timeout 240 h2load --h1 -n "$REQUESTS" -c $CONNECTIONS -t 1 \
	--rps $((RATE / CONNECTIONS)) -i "$TMP/urls" >"$TMP/h2load" 2>&1
is "h2load sent all requests" \
	"$(sed -n 's/^requests: .* \([0-9]*\) done, .*/\1/p' "$TMP/h2load")" \
	"$REQUESTS"
echo "# show: $REQUESTS requests in $(($(date +%s) - start)) s"

is "the kernel's mirror dropped nothing" "$(mirror_lost)" 0
wait_for 20 lines "$OUT" "$REQUESTS"
is "one line per request" "$(wc -l <"$OUT")" "$REQUESTS"
check "SIGTERM ends it within 2 s" stop "$ATTACHED" 2
is "exit code" "$STOPPED" 0
stop "$NGINX"
tally "$E2E_DIR/compare_log.py" "$TMP/seen" "$OUT"
tally "$TOP/tests/laws.py" "$TMP/summary" \
	"http.transactions=$REQUESTS" "http.paired=$REQUESTS" \
	"output.written=$REQUESTS" "stream.flows_opened=$CONNECTIONS" \
	ring_full=0 truncated_bytes=0 stream.gaps=0 stream.bytes_discarded=0 \
	http.resyncs=0 http.malformed=0 output.dropped_queue=0
finish
