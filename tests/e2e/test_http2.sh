#!/usr/bin/env bash
#
# HTTP/2 without TLS, end to end: nginx and h2load with 20 streams at a time, curl
# with prior knowledge, and the upgrade of HTTP/1.1 with curl, nghttp and nghttpx. Each
# request is reported once, with the response that it had. METLO_TEST_LONG: 100,000
# requests.

. "$(dirname "$0")/lib.sh"

OUT=$TMP/transactions
LOAD=400
[ -z "${METLO_TEST_LONG:-}" ] || LOAD=100000

need http2 nginx h2load nghttp curl jq
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "http2" "no tc mirred or no vxlan in this kernel"; finish; }

mkdir -p "$TMP/www/file"
head -c 20000 /dev/zero | tr '\0' x >"$TMP/www/file/long"
printf 'short\n' >"$TMP/www/file/short"
: >"$TMP/www/file/empty"
head -c 3000 /dev/zero | tr '\0' y >"$TMP/posted"

# Every response says in a field which line of the log it belongs to. What is
# posted goes to a server that reads it first.
# shellcheck disable=SC2016
nginx_up "
	log_format seen '\$remote_port.\$connection_requests \$request_method'
		' \$request_uri \$status \$body_bytes_sent';
	access_log $TMP/seen seen;
	keepalive_requests 1000000;
	server {
		listen 80 http2;
		add_header x-line \$remote_port.\$connection_requests always;
		root $TMP/www;
		location /text/ { return 200 \"text of \$request_uri\\n\"; }
		location /none/ { return 204; }
		location /missing/ { return 404 \"no \$request_uri\\n\"; }
		location /post/ { proxy_pass http://127.0.0.1:81; }
	}
	server {
		listen 127.0.0.1:81;
		access_log off;
		location / { return 201 \"got \$http_content_length\\n\"; }
	}
	server {
		listen 127.0.0.1:83;
		access_log off;
		root $TMP/www;
	}" || { not_ok "nginx starts" "see above"; finish; }
attach_up "$OUT" --ports 80,82 --summary "$TMP/summary" ||
	{ not_ok "attach"; finish; }

# load NAME REQUESTS CONNECTIONS STREAMS [OPTION...]: sends these with h2load.
load()
{
	local name=$1 n=$2 connections=$3 streams=$4

	shift 4
	in_ns "$CLIENT" timeout 600 h2load -n "$n" -c "$connections" \
		-m "$streams" -t 1 "$@" >"$TMP/h2load" 2>&1
	is "h2load: $name" \
		"$(sed -n 's/^requests: .* \([0-9]*\) done, .*/\1/p' "$TMP/h2load")" "$n"
}

# get NAME OPTION...: curl; what it got is added to a file of that name.
get()
{
	local name=$1

	shift
	in_ns "$CLIENT" curl -sS --max-time 60 -o /dev/null -w \
		'%{http_version} %{method} %{url_effective} %{http_code} %{size_download}\n' \
		"$@" >>"$TMP/$name" 2>"$TMP/$name.err" ||
		not_ok "curl: $name" "$(cat "$TMP/$name.err")"
}

{
	seq -f 'http://10.77.1.1/text/%g?q=1' 1 37
	seq -f 'http://10.77.1.1/missing/%g' 1 3
	for path in file/long file/short file/empty none/; do
		echo "http://10.77.1.1/$path"
	done
} >"$TMP/urls"
load "20 streams at a time" $LOAD 4 20 -i "$TMP/urls"
load "one stream at a time" 40 2 1 -i "$TMP/urls"
load "bodies of requests" 60 2 20 -d "$TMP/posted" http://10.77.1.1/post/

for path in text/curl missing/curl file/long file/empty; do
	get known --http2-prior-knowledge "http://10.77.1.1/$path"
done
get known --http2-prior-knowledge --data-binary @"$TMP/posted" \
	http://10.77.1.1/post/curl
SENT=$((LOAD + 105))
CONNECTIONS=13

UPGRADED=0
if command -v nghttpx >/dev/null; then
	spawn "$SERVER" "$TMP/nghttpx" nghttpx --conf=/dev/null \
		--workers=1 --no-ocsp --accesslog-file="$TMP/passed" \
		--frontend='10.77.1.1,82;no-tls' --backend=127.0.0.1,83
	wait_for 10 listening 82 ||
		{ not_ok "nghttpx starts" "$(cat "$TMP/nghttpx.err")"; finish; }
	for path in long short empty; do
		get upgraded --http2 "http://10.77.1.1:82/file/$path"
	done
	# The others follow on the connection that the first one upgraded.
	in_ns "$CLIENT" timeout 60 nghttp --upgrade --null-out \
		http://10.77.1.1:82/file/{short,long,empty} \
		>"$TMP/nghttp" 2>&1 || not_ok "nghttp" "$(tail -n 5 "$TMP/nghttp")"
	UPGRADED=6
	CONNECTIONS=$((CONNECTIONS + 4))
fi

is "the kernel's mirror dropped nothing" "$(mirror_lost)" 0
wait_for 60 lines "$OUT" $((SENT + UPGRADED))
stop "$ATTACHED"
is "exit code" "$STOPPED" 0
stop "$NGINX"

# from80 FILTER: of what is reported for nginx. $line names the line of its log.
from80()
{
	jq -r "select(.meta.destinationPort == 80)
		| (.response.headers | map(select(.name == \"x-line\").value)[0])
			as \$line | $1" "$OUT" 2>&1
}

is "one line per request" "$(wc -l <"$OUT")" $((SENT + UPGRADED))
is "nginx logged them all" "$(wc -l <"$TMP/seen")" $SENT
# shellcheck disable=SC2016
is "each line of nginx's log is reported once" "$(
	from80 '[$line, .request.method, .capture.target, .response.status,
		.capture.responseBodyBytes] | join(" ")' | sort |
		diff <(sort "$TMP/seen") - | head -n 5)" ""
# shellcheck disable=SC2016
is "with the port of its client" "$(from80 'select(($line | split(".")[0])
	!= "\(.meta.sourcePort)")' | head -n 5)" ""
# shellcheck disable=SC2016
is "and the body that it had" "$(from80 '{
		"text": "text of \(.capture.target)\n",
		"missing": "no \(.capture.target)\n",
		"post": "got 3000\n"
	}[.capture.target | split("/")[1]] as $body
	| select($body and .response.body != $body)' | head -n 5)" ""
is "bodies of requests" "$(from80 'select(.request.method == "POST")
	| "\(.capture.requestBodyBytes) \(.request.body == "y" * 3000)"' |
	sort | uniq -c | xargs)" "61 3000 true"
is "a stream is reported once" "$(jq -r '"\(.meta.sourcePort) \(.capture.stream)"' \
	"$OUT" | sort | uniq -d | head -n 5)" ""
is "all as HTTP/2, without flags" "$(from80 '"\(.capture.protocol) \(.capture.flags)"' |
	sort | uniq -c | xargs)" "$SENT HTTP/2 []"
is "all of what curl got came by HTTP/2" \
	"$(awk '{ print $1, $4, $5 }' "$TMP/known" | xargs)" \
	"2 200 19 2 404 17 2 200 20000 2 200 0 2 201 9"
if [ $UPGRADED != 0 ]; then
	is "curl was upgraded" \
		"$(awk '{ print $1, $4, $5 }' "$TMP/upgraded" | xargs)" \
		"2 200 20000 2 200 6 2 200 0"
	jq -r 'select(.meta.destinationPort == 82)
		| [(if .capture.stream == 1 then "upgraded" else "next" end),
			.capture.protocol, .capture.responseProtocol,
			.capture.target, .response.status,
			.capture.responseBodyBytes, .capture.flags[]]
		| join(" ")' "$OUT" | sort >"$TMP/reported"
	is "what was upgraded, and what followed" "$(diff "$TMP/reported" - <<-'EOE'
		next HTTP/2 HTTP/2 /file/empty 200 0
		next HTTP/2 HTTP/2 /file/long 200 20000
		upgraded HTTP/1.1 HTTP/2 /file/empty 200 0
		upgraded HTTP/1.1 HTTP/2 /file/long 200 20000
		upgraded HTTP/1.1 HTTP/2 /file/short 200 6
		upgraded HTTP/1.1 HTTP/2 /file/short 200 6
		EOE
	)" ""
else
	skip "the upgrade of HTTP/1.1" "nghttpx is not installed: make deps"
fi
tally "$TOP/tests/laws.py" "$TMP/summary" \
	"http.transactions=$((SENT + UPGRADED))" \
	"http.paired=$((SENT + UPGRADED))" \
	"output.written=$((SENT + UPGRADED))" "http2.connections=$CONNECTIONS" \
	ring_full=0 truncated_bytes=0 stream.gaps=0 http2.bytes_resync=0 \
	http2.header_blocks_unclear=0 http2.frames_misplaced=0
finish
