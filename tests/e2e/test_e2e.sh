#!/usr/bin/env bash
#
# From curl and nginx through the kernel's mirror and XDP to a line of JSON: the
# output is compared, field by field, with the requests and responses.

. "$(dirname "$0")/lib.sh"

OUT=$TMP/transactions
SENT=0

# curl_to NAME CURL-ARGUMENT...: one request; its exit code is ignored.
curl_to()
{
	SENT=$((SENT + 1))
	in_ns "$CLIENT" curl -sS -g --max-time 20 "$@" \
		>/dev/null 2>"$TMP/curl.err" || sed 's/^/# /' "$TMP/curl.err"
}

# field NAME TARGET FILTER WANT: applies FILTER (jq) to the transaction with
# TARGET.
field()
{
	is "$1" "$(jq -c --arg t "$2" "select(.capture.target == \$t) | $3" \
		"$OUT" 2>&1)" "$4"
}

# raw TEXT: sends these bytes to port 80 and reads until the server closes.
raw()
{
	# shellcheck disable=SC2016
	in_ns "$CLIENT" timeout 10 bash -c '
		exec 3<>/dev/tcp/10.77.1.1/80
		printf "$1" >&3
		cat <&3' raw "$1" >/dev/null
}

sha()
{
	sha256sum "$1" | cut -d' ' -f1
}

need e2e nginx curl jq python3
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "e2e" "no tc mirred or no vxlan in this kernel"; finish; }

mkdir -p "$TMP/www"
seq 1 400000 >"$TMP/www/large.bin"
seq 1 30000 >"$TMP/www/text.txt"
seq 1 200000 >"$TMP/upload"
printf '{"user":"anna","colour":"gr\303\274n"}' >"$TMP/post"

nginx_up "
	client_max_body_size 64m;
	gzip on;
	gzip_min_length 100;
	gzip_types text/plain;
	types { text/plain txt; application/octet-stream bin; }
	root $TMP/www;
	server {
		listen 80 sndbuf=32k rcvbuf=32k;
		listen [::]:80;
		listen 81;
		add_header X-Conn \$remote_port:\$connection_requests;
		location = /large.bin { }
		location = /text.txt { }
		location /missing { }
		location /t/ { default_type text/plain;
			return 200 \"seen \$request_uri\\n\"; }
		location /empty { return 204; }
	}" || { not_ok "nginx starts" "see above"; finish; }

attach_up "$OUT" --mode native --body-hash --body-limit 64KiB \
	--summary "$TMP/summary" || { not_ok "attach"; finish; }
check "XDP runs native" sh -c \
	"ip -n $COLLECTOR -d link show $IFACE | grep -q ' xdp '"

# --- requests -----------------------------------------------------------
curl_to -A agent/1 -H 'Authorization: Bearer s3cret' \
	'http://10.77.1.1/t/get?a=1&b=x%20y'
curl_to -H 'Content-Type: application/json' --data-binary "@$TMP/post" \
	http://10.77.1.1/t/post
curl_to -I http://10.77.1.1/t/head
curl_to http://10.77.1.1/missing
curl_to http://10.77.1.1/empty
curl_to --compressed http://10.77.1.1/text.txt
curl_to http://10.77.1.1/large.bin
curl_to -H 'Expect:' --data-binary "@$TMP/upload" http://10.77.1.1/t/upload
curl_to -H 'Expect: 100-continue' --data-binary "@$TMP/upload" \
	http://10.77.1.1/t/expect
curl_to -H 'Transfer-Encoding: chunked' -H 'Content-Type: text/plain' \
	--data-binary "@$TMP/post" http://10.77.1.1/t/chunked
curl_to -X PUT -d x=1 http://10.77.1.1/t/put
curl_to 'http://[fd77:1::1]/t/ipv6'
curl_to --http1.0 http://10.77.1.1/t/http10
curl_to http://10.77.1.1/t/keep/1 http://10.77.1.1/t/keep/2 \
	http://10.77.1.1/t/keep/3 http://10.77.1.1/t/keep/4 \
	http://10.77.1.1/t/keep/5
SENT=$((SENT + 4))
curl_to http://10.77.1.1:81/t/other-port
SENT=$((SENT - 1))
raw 'GET /t/pipe/1 HTTP/1.1\r\nHost: p1\r\n\r\nGET /missing/pipe/2 HTTP/1.1\r\nHost: p2\r\n\r\nHEAD /t/pipe/3 HTTP/1.1\r\nHost: p3\r\n\r\nGET /t/pipe/4 HTTP/1.1\r\nHost: p4\r\nConnection: close\r\n\r\n'
SENT=$((SENT + 4))

# From here on, mirrored frames have a VLAN tag.
tag_vlan()
{
	tc -n "$SERVER" qdisc add dev vx0 clsact &&
	tc -n "$SERVER" filter add dev vx0 egress bpf direct-action \
		object-file "$O/tests/e2e/vlan_push.bpf.o" section tc
}

check "tc program on the VXLAN device" tag_vlan
curl_to http://10.77.1.1/t/vlan
curl_to 'http://[fd77:1::1]/t/vlan6'

wait_for 15 lines "$OUT" $SENT
is "the kernel's mirror dropped nothing" "$(mirror_lost)" 0
is "one line per request" "$(wc -l <"$OUT")" $SENT
check "each line is a JSON object" jq -e 'type == "object"' "$OUT"

# --- output ----------------------------------------------------------
field "GET: method, host, path" '/t/get?a=1&b=x%20y' \
	'[.request.method, .request.url.host, .request.url.path]' \
	'["GET","10.77.1.1","/t/get"]'
field "GET: parameters are decoded" '/t/get?a=1&b=x%20y' \
	'[.request.url.parameters[] | .name, .value]' '["a","1","b","x y"]'
field "GET: status, body, flags" '/t/get?a=1&b=x%20y' \
	'[.response.status, .response.body, .capture.responseBodyBytes, .capture.flags]' \
	'[200,"seen /t/get?a=1&b=x%20y\n",24,[]]'
field "GET: request fields" '/t/get?a=1&b=x%20y' \
	'[.request.headers[] | select(.name == "User-Agent") | .value]' \
	'["agent/1"]'
field "GET: a secret is masked" '/t/get?a=1&b=x%20y' \
	'[.request.headers[] | select(.name == "Authorization") | .value | test("s3cret")]' \
	'[false]'
is "no secret anywhere in the output" "$(grep -c s3cret "$OUT")" 0
field "GET: addresses and ports" '/t/get?a=1&b=x%20y' \
	'[.meta.source, .meta.destination, .meta.destinationPort, .capture.vni]' \
	"[\"10.77.1.2\",\"10.77.1.1\",80,$VNI]"
field "GET: the client's port is the one that nginx saw" '/t/get?a=1&b=x%20y' \
	'.meta.sourcePort == (.response.headers[] | select(.name == "X-Conn") | .value | split(":")[0] | tonumber)' \
	true
field "GET: times are now and in order" '/t/get?a=1&b=x%20y' \
	'(.capture | [.requestStartUs, .requestEndUs, .responseStartUs, .responseEndUs] | . == sort) and ((now - .capture.requestStartUs / 1e6) | fabs < 120)' \
	true
field "POST: method and body" /t/post \
	'[.request.method, .request.body, .capture.requestBodyBytes, .capture.requestBodyEncoding]' \
	"[\"POST\",$(jq -Rs . <"$TMP/post"),$(wc -c <"$TMP/post"),\"utf8\"]"
field "POST: the body's hash" /t/post .capture.requestBodySha256 \
	"\"$(sha "$TMP/post")\""
field "HEAD: no body" /t/head \
	'[.request.method, .response.status, .response.body, .capture.responseBodyBytes]' \
	'["HEAD",200,"",0]'
field "404" /missing '.response.status' 404
field "204: no body" /empty '[.response.status, .response.body]' '[204,""]'
field "gzip and chunked: decoded length and hash" /text.txt \
	'[.capture.responseBodyBytes, .capture.responseBodySha256]' \
	"[$(wc -c <"$TMP/www/text.txt"),\"$(sha "$TMP/www/text.txt")\"]"
field "gzip and chunked: it was" /text.txt \
	'[.response.headers[] | select(.name == "Content-Encoding" or .name == "Transfer-Encoding") | .value] | sort' \
	'["chunked","gzip"]'
field "large response: length, hash, cut at the limit" /large.bin \
	'[.capture.responseBodyBytes, .capture.responseBodySha256, (.response.body | length), .capture.flags]' \
	"[$(wc -c <"$TMP/www/large.bin"),\"$(sha "$TMP/www/large.bin")\",65536,[\"body-limit\"]]"
field "large request: length and hash" /t/upload \
	'[.capture.requestBodyBytes, .capture.requestBodySha256, .response.status]' \
	"[$(wc -c <"$TMP/upload"),\"$(sha "$TMP/upload")\",200]"
field "Expect: the interim response and the final one" /t/expect \
	'[[.capture.interim[].status], .response.status, .capture.requestBodySha256]' \
	"[[100],200,\"$(sha "$TMP/upload")\"]"
field "chunked request: decoded" /t/chunked \
	'[.request.body, .capture.requestBodyBytes]' \
	"[$(jq -Rs . <"$TMP/post"),$(wc -c <"$TMP/post")]"
field "PUT" /t/put '[.request.method, .request.body]' '["PUT","x=1"]'
field "IPv6: host and addresses" /t/ipv6 \
	'[.request.url.host, .meta.source, .meta.destination]' \
	'["[fd77:1::1]","fd77:1::2","fd77:1::1"]'
field "HTTP/1.0: ends with the connection" /t/http10 \
	'[.capture.protocol, .response.status, .response.body]' \
	'["HTTP/1.0",200,"seen /t/http10\n"]'
is "keep-alive: five on one connection, in order" \
	"$(jq -c 'select(.capture.target | startswith("/t/keep/")) |
		[.capture.target[-1:], (.response.headers[] |
		 select(.name == "X-Conn") | .value | split(":")[1])]' "$OUT" |
		tr -d '\n')" \
	'["1","1"]["2","2"]["3","3"]["4","4"]["5","5"]'
is "keep-alive: all from the same port" \
	"$(jq 'select(.capture.target | startswith("/t/keep/")) | .meta.sourcePort' \
		"$OUT" | sort -u | wc -l)" 1
is "pipelined: each response with its own request" \
	"$(jq -c 'select(.capture.target | test("/pipe/")) |
		[.request.url.host, .capture.target, .response.status,
		 .capture.responseBodyBytes > 0]' "$OUT" | sort | tr -d '\n')" \
	'["p1","/t/pipe/1",200,true]["p2","/missing/pipe/2",404,true]["p3","/t/pipe/3",200,false]["p4","/t/pipe/4",200,true]'
field "inner VLAN" /t/vlan '[.meta.source, .response.body]' \
	'["10.77.1.2","seen /t/vlan\n"]'
field "inner VLAN, IPv6" /t/vlan6 '[.meta.source, .response.body]' \
	'["fd77:1::2","seen /t/vlan6\n"]'
is "a port that is not configured is not captured" \
	"$(grep -c other-port "$OUT")" 0

# --- exit ----------------------------------------------------------------
check "SIGTERM ends it within 2 s" stop "$ATTACHED" 2
is "exit code" "$STOPPED" 0
is "nothing but what was sent" "$(wc -l <"$OUT")" $SENT
tally "$TOP/tests/laws.py" "$TMP/summary" http.transactions=$SENT \
	http.paired=$SENT ring_full=0 bad_outer=0 bad_vxlan=0 bad_inner=0 \
	stream.gaps=0 stream.flows_midstream=0 stream.overlap_conflicts=0
check "the other port was counted" \
	jq -e '.port_miss > 0' "$TMP/summary"
finish
