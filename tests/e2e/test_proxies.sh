#!/usr/bin/env bash
#
# --trusted-proxies with real proxies, nginx and haproxy: X-Forwarded-For, Forwarded
# and the PROXY protocol, alone and in chains, over IPv4 and IPv6. Clients forge all
# of them; the address in the line must be theirs every time.

. "$(dirname "$0")/lib.sh"

OUT=$TMP/transactions
# The client of the proxies, and another client, not trusted.
WHO=203.0.113.7
WHO6=2001:db8:7::7
STRANGER=10.77.1.3

need proxies nginx haproxy jq curl
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "proxies" "no tc mirred or no vxlan in this kernel"; finish; }
nginx_up "
	server {
		listen 80; listen [::]:80;
		listen 81 proxy_protocol; listen [::]:81 proxy_protocol;
		listen 82 http2 proxy_protocol; listen [::]:82 http2 proxy_protocol;
		location / { return 200 ok; }
	}" || { not_ok "nginx starts" "see above"; finish; }
ip -n "$CLIENT" addr add $WHO/32 dev lo
ip -n "$CLIENT" addr add $WHO6/128 dev lo nodad
ip -n "$CLIENT" addr add $STRANGER/24 dev a0

# front NAME PORT LINES: the lines of a haproxy listener, and one for IPv6, on the
# next port, with "4" and "6" after the name.
front()
{
	printf 'listen %s4\n\tbind 0.0.0.0:%s\n%s\n' "$1" "$2" "$3"
	printf 'listen %s6\n\tbind :::%s v6only\n%s\n' "$1" "$2" \
		"$(sed 's/10\.77\.1\.1:/fd77:1::1:/; s/127\.0\.0\.1:/::1:/
			s/for=%\[src\]/for=\\"[%[src]]\\"/' <<<"$3")"
}

{
	cat <<-'EOC'
	defaults
		timeout connect 5s
		timeout client 5s
		timeout server 5s
		mode http
	EOC
	front xff 8001 '	option forwardfor
	server s 10.77.1.1:80'
	front forwarded 8002 '	http-request add-header Forwarded for=%[src];proto=http
	server s 10.77.1.1:80'
	front proxy_v1 8003 '	mode tcp
	server s 10.77.1.1:81 send-proxy'
	front proxy_v2 8004 '	mode tcp
	server s 10.77.1.1:81 send-proxy-v2'
	front h2_v1 8006 '	mode tcp
	server s 10.77.1.1:82 send-proxy'
	front h2_v2 8007 '	mode tcp
	server s 10.77.1.1:82 send-proxy-v2'
	front both 8005 '	option forwardfor
	server s 127.0.0.1:8004'
} >"$TMP/haproxy.cfg"
spawn "$CLIENT" "$TMP/haproxy" haproxy -db -f "$TMP/haproxy.cfg"

mkdir -p "$TMP/front/tmp"
cat >"$TMP/front/nginx.conf" <<-'EOC'
	daemon off;
	master_process off;
	pid nginx.pid;
	events { worker_connections 1024; }
	http {
		access_log off;
		client_body_temp_path tmp/body;
		proxy_temp_path tmp/proxy;
		fastcgi_temp_path tmp/fastcgi;
		uwsgi_temp_path tmp/uwsgi;
		scgi_temp_path tmp/scgi;
		proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
		server { listen 8101; location / { proxy_pass http://10.77.1.1:80; } }
		server { listen [::]:8101; location / { proxy_pass http://[fd77:1::1]:80; } }
		# In a chain: through haproxy, which adds this nginx.
		server { listen 8102; location / { proxy_pass http://127.0.0.1:8001; } }
		server { listen [::]:8102; location / { proxy_pass http://[::1]:8001; } }
		# The PROXY header names this nginx, its field the client.
		server { listen 8103; location / { proxy_pass http://127.0.0.1:8004; } }
		server { listen [::]:8103; location / { proxy_pass http://[::1]:8004; } }
	}
	EOC
spawn "$CLIENT" "$TMP/front/out" nginx -p "$TMP/front" \
	-e "$TMP/front/error.log" -c nginx.conf

# up PORT: a proxy listens there, for both families.
up()
{
	[ "$(in_ns "$CLIENT" ss -Hltn "sport = :$1" | wc -l)" -ge 2 ]
}

if ! wait_for 10 up 8005 || ! wait_for 10 up 8103; then
	not_ok "the proxies start" \
		"$(cat "$TMP/haproxy.err" "$TMP/front/out.err" | tail -n 5)"
	finish
fi
# name NAME...: writes a file that maps the client and the proxies to these names.
name()
{
	printf '{"address":"%s","name":"%s","labels":{"of":"%s"}}\n' \
		"$WHO" "$1" lo fd77:1::/64 "$2" a0 >"$TMP/names.new"
	mv "$TMP/names.new" "$TMP/names"
}

name first proxies
# The user that the daemon switches to must be able to read the file.
chmod 711 "$TMP"
attach_up "$OUT" --ports 80,81,82 --names "$TMP/names" --health off --metrics off \
	--trusted-proxies 10.77.1.2 --trusted-proxies fd77:1::2/128 \
	--trusted-proxies 127.0.0.0/8 --trusted-proxies ::1 \
	--detach-on-exit || { not_ok "attach" "see above"; finish; }

HTTP=() # options of curl
# get PATH PORT [HEADER...]: a request through the proxy at this port, over IPv4 as
# /PATH/4 and over IPv6 as /PATH/6.
get()
{
	local path=$1 port=$2 args=()

	shift 2
	while [ $# -gt 0 ]; do
		args+=(-H "$1")
		shift
	done
	in_ns "$CLIENT" curl -sS --max-time 10 -o /dev/null "${args[@]}" \
		"${HTTP[@]}" --interface $WHO "http://$WHO:$port/$path/4"
	in_ns "$CLIENT" curl -sS --max-time 10 -o /dev/null "${args[@]}" \
		"${HTTP[@]}" --interface $WHO6 "http://[$WHO6]:$port/$path/6"
}

# The last one names a proxy, as if the remainder had passed it.
XFF=('X-Forwarded-For: 6.6.6.6' 'X-Forwarded-For: 6.6.6.7, 10.77.1.2')
FORWARDED=('Forwarded: for=6.6.6.6' 'Forwarded: for="6.6.6.7;x="')

for p in 8001:haproxy 8101:nginx 8102:chain; do
	get "${p#*:}" "${p%:*}"
	get "${p#*:}-forged" "${p%:*}" "${XFF[@]}"
done
get forwarded 8002
get forwarded-forged 8002 "${FORWARDED[@]}"
for p in 8003:v1 8004:v2; do
	get "${p#*:}" "${p%:*}"
	get "${p#*:}-forged" "${p%:*}" "${XFF[@]}"
done
HTTP=(--http2-prior-knowledge)
get h2-v1 8006
get h2-v2 8007 "${XFF[@]}"
HTTP=()
get proxy-then-nginx 8103 "${XFF[@]}"
get proxy-then-haproxy 8005 "${XFF[@]}"
get contradiction 8001 "${FORWARDED[@]}"
in_ns "$CLIENT" curl -sS --max-time 10 -o /dev/null --interface $STRANGER \
	-H 'X-Forwarded-For: 6.6.6.6' http://10.77.1.1/stranger/4

wait_for 10 lines "$OUT" 31

# logged PATTERN: a line on stderr matches.
logged()
{
	grep -q "$1" "$OUT.err"
}

# The names file is read again by SIGHUP, unless it has an error.
name second proxies
kill -HUP "$ATTACHED"
wait_for 10 logged 'names: reloaded'
get renamed 8001
echo '{"address":"10.0.0.1","name":"cut' >>"$TMP/names"
kill -HUP "$ATTACHED"
wait_for 10 logged 'names:3: the line ends within a string'
get kept 8001
wait_for 10 lines "$OUT" 35
stop "$ATTACHED"

# sources PATH: the sources of its two requests, with what names them.
sources()
{
	jq -rs "map(select(.capture.target[:$((${#1} + 2))] == \"/$1/\"))
		| sort_by(.capture.target)[]
		| \"\\(.meta.source) \\(.capture.sourceFrom)\"" "$OUT" | paste -sd ' '
}

for name in haproxy haproxy-forged nginx nginx-forged chain chain-forged \
	proxy-then-nginx proxy-then-haproxy; do
	is "$name" "$(sources $name)" \
		"$WHO x-forwarded-for $WHO6 x-forwarded-for"
done
for name in forwarded forwarded-forged; do
	is "$name" "$(sources $name)" "$WHO forwarded $WHO6 forwarded"
done
for name in v1 v1-forged v2 v2-forged h2-v1 h2-v2; do
	is "PROXY $name" "$(sources $name)" \
		"$WHO proxy-protocol $WHO6 proxy-protocol"
done
is "fields that contradict each other: neither is believed" \
	"$(sources contradiction)" "10.77.1.2 peer fd77:1::2 peer"
is "and that is flagged" "$(jq -c 'select(.capture.flags == ["source-ambiguous"])' \
	"$OUT" | wc -l)" 2
is "a peer that is not trusted" "$(sources stranger)" "$STRANGER peer"
# names PATH: the names and labels of the two sources.
names()
{
	jq -rs "map(select(.capture.target[:$((${#1} + 2))] == \"/$1/\"))
		| sort_by(.capture.target)[]
		| .meta | \"\(.sourceName) \(.sourceLabels.of)\"" "$OUT" | paste -sd ' '
}

is "the name of a client behind a proxy" "$(names chain)" "first lo null null"
is "the name of a network" "$(names contradiction)" "null null proxies a0"
is "SIGHUP reads the names again" "$(names renamed)" "second lo null null"
is "a file with an error changes nothing" "$(names kept)" "second lo null null"
is "and that is logged" "$(grep -c 'running configuration stays in force' "$OUT.err")" 1
is "no forged address is a source" "$(jq -r .meta.source "$OUT" | grep -c '^6\.6\.')" 0
is "the peer is the TCP client" "$(jq -r '.capture.peer // empty' "$OUT" |
	sed 's/:[0-9]*$//' | sort -u | paste -sd ' ')" "10.77.1.2 [fd77:1::2]"
finish
