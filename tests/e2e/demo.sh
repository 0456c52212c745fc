#!/usr/bin/env bash
#
# make demo: curl sends requests to a real nginx; the kernel mirrors the packets
# of the server's interface into VXLAN; metlo-xdp receives them and prints each
# transaction as one line of JSON. Everything runs in network namespaces that
# are removed at the end.
#
# Explanations go to stderr, transactions to stdout.

. "$(dirname "$0")/lib.sh"

explain()
{
	printf '%s\n' "$@" >&2
}

die()
{
	explain "demo: $*"
	exit 1
}

# request EXPLANATION CURL-ARGUMENT...
request()
{
	local why=$1
	shift
	SENT=$((SENT + 1))
	explain "" "\$ curl $*     # $why"
	in_ns "$CLIENT" curl -sS -g --max-time 10 -o /dev/null "$@" ||
		die "curl failed"
	wait_for 10 lines "$TMP/transactions" $SENT ||
		die "transaction $SENT did not arrive; messages of metlo-xdp:" \
			"$(cat "$TMP/transactions.err")"
	sed -n "${SENT}p" "$TMP/transactions"
}

[ "$(id -u)" = 0 ] || die "namespaces and XDP need root: sudo make demo"
SENT=0

explain "Three network namespaces: a client, a server with nginx, a collector." \
     "" \
     "  curl ---- veth ---- nginx" \
     "                        | tc mirred: each packet of nginx, both ways" \
     "                        v" \
     "                      VXLAN device, VNI $VNI ---- veth ---- metlo-xdp" \
     ""
net_up || die "the kernel gives no namespaces or veth devices here"
mirror_up || die "the kernel lacks vxlan, or tc's u32 filter or mirred action"
# shellcheck disable=SC2016
nginx_up '
	default_type application/json;
	gzip on;
	gzip_min_length 1;
	gzip_types application/json;
	server {
		listen 80;
		listen [::]:80;
		location /users/ { return 200 "{\"user\":\"$request_uri\"}"; }
		location /orders { return 201 "{\"order\":42}"; }
		location / { return 404 "{\"error\":\"no such thing\"}"; }
	}' || die "nginx did not start"
attach_up "$TMP/transactions" --mode native || die "attach failed"
explain "\$ metlo-xdp attach $IFACE --mode native" "$(cat "$TMP/transactions.err")"

request "a GET with a parameter" 'http://10.77.1.1/users/7?verbose=1'
request "a POST; secrets are masked" -H 'Authorization: Bearer secret' \
	-H 'Content-Type: application/json' -d '{"item":"tea","n":2}' \
	http://10.77.1.1/orders
request "a compressed answer" --compressed http://10.77.1.1/users/8
request "a HEAD" -I http://10.77.1.1/users/9
request "an error" http://10.77.1.1/nothing
request "IPv6" 'http://[fd77:1::1]/users/10'

shown=$(wc -l <"$TMP/transactions.err")
stop "$ATTACHED" || die "metlo-xdp did not end in time"
explain "" "And its summary at the end:" \
	"$(tail -n "+$((shown + 1))" "$TMP/transactions.err")"
[ "$STOPPED" -eq 0 ] || die "metlo-xdp ended with code $STOPPED"
[ "$(wc -l <"$TMP/transactions")" = $SENT ] ||
	die "$SENT requests, but $(wc -l <"$TMP/transactions") transactions"
explain "" "$SENT requests, $SENT transactions. Next: sudo make test, and the README" \
	"for a collector of your own."
