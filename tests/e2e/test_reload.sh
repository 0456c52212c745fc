#!/usr/bin/env bash
#
# SIGHUP: 50 reloads under load lose no transaction; changes take effect at once;
# a file with an error changes nothing.

. "$(dirname "$0")/lib.sh"

REQUESTS=${RELOAD_REQUESTS:-20000}
RATE=${RELOAD_RATE:-1200}
RELOADS=${RELOADS:-50}
CONNECTIONS=20
OUT=$TMP/transactions
CONF=$TMP/conf

need reload nginx h2load jq python3 curl
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "reload" "no tc mirred or no vxlan in this kernel"; finish; }
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
	}
	server {
		listen 81;
		access_log off;
		default_type application/json;
		location / { return 200
			'{\"pin\":\"SECRET\",\"uri\":\"\$request_uri\"}'; }
	}" || { not_ok "nginx starts" "see above"; finish; }

# The user the daemon switches to must be able to read the file.
chmod 711 "$TMP"

# conf LINE...: replaces the configuration by renaming, as editors do.
conf()
{
	printf '%s\n' "$@" >"$CONF.new"
	mv "$CONF.new" "$CONF"
}

# logged PATTERN: prints the number of lines on stderr that match.
logged()
{
	grep -c "$1" "$OUT.err"
}

# more PATTERN N: succeeds if more than N lines match.
more()
{
	[ "$(logged "$1")" -gt "$2" ]
}

# reload PATTERN: sends SIGHUP and waits for a line that matches.
reload()
{
	local n

	n=$(logged "$1")
	kill -HUP "$ATTACHED"
	wait_for 10 more "$1" "$n"
}

get()
{
	in_ns "$CLIENT" curl -sS --max-time 10 -o /dev/null "$@"
}

# reported FILTER: prints the number of transactions that jq selects.
reported()
{
	jq -c "select($1)" "$OUT" | wc -l
}

some_reported()
{
	[ "$(reported "$1")" -ge "$2" ]
}

kernel()
{
	in_ns "$COLLECTOR" "$METLO" status "$IFACE" --json |
		jq -c ".interfaces[0] | $1"
}

conf "ports = 80"
attach_up "$OUT" --config "$CONF" --summary "$TMP/summary" ||
	{ not_ok "attach"; finish; }

# --- under load -------------------------------------------------------------

seq -f 'http://10.77.1.1/n/%g?q=1' 1 97 >"$TMP/urls"
in_ns "$CLIENT" timeout 240 h2load --h1 -n "$REQUESTS" -c $CONNECTIONS -t 1 \
	--rps $((RATE / CONNECTIONS)) -i "$TMP/urls" >"$TMP/h2load" 2>&1 &
load=$!
E2E_PIDS+=("$load")
sleep 0.5
done=0
for ((i = 1; i <= RELOADS; i++)); do
	case $((i % 4)) in
	0) conf "ports = 80" ;;
	1) conf "ports = 80,$((1000 + i))" "body-limit = 8KiB" \
		"redact-field = pin$i" "redact-header = X-$i" ;;
	2) conf "ports = any" "vni = $VNI" "body-hash = true" \
		"exclude = nobody.example.com/*" "rate-limit = 1000000" ;;
	3) conf "ports = 1-100" "sample = 100%" "include = *" \
		"rate-limit-endpoint = 100000" ;;
	esac
	reload ': reloaded: ' && done=$((done + 1))
	sleep 0.15
done
# Back to back: each waits for the one before.
before=$(logged ': reloaded: ')
for ((i = 1; i <= 100; i++)); do
	kill -HUP "$ATTACHED"
done
check "many at once" wait_for 5 more ': reloaded: ' "$before"
is "$RELOADS times reloaded" "$done" "$RELOADS"
check "while requests went on" kill -0 "$load"
wait "$load"
is "h2load sent all requests" \
	"$(sed -n 's/^requests: .* \([0-9]*\) done, .*/\1/p' "$TMP/h2load")" \
	"$REQUESTS"
is "the kernel's mirror dropped nothing" "$(mirror_lost)" 0
wait_for 20 lines "$OUT" "$REQUESTS"
is "one line per request" "$(wc -l <"$OUT")" "$REQUESTS"
is "no warning or error" "$(grep -cE 'warning|error' "$OUT.err")" 0
cp "$OUT" "$TMP/loaded"

# --- options that change -----------------------------------------------------------

conf "ports = 80,81"
reload ': reloaded: ports 80-81,'
get "http://10.77.1.1:81/new"
check "a new port is captured at once" \
	wait_for 5 some_reported '.capture.target == "/new"' 1
is "and complete" "$(reported '.capture.target == "/new" and
	.response.status == 200 and .capture.flags == []')" 1
is "status shows the ports" "$(kernel .ports)" '"80-81"'

conf "ports = 80,81" "redact-field = ndjson:pin" "redact-header = User-Agent" "redact-class = card,iban"
reload ': reloaded: .*, 4 masked names and classes,'
get -A SECRET "http://10.77.1.1:81/masked?pin=SECRET"
wait_for 5 some_reported '.capture.target | startswith("/masked")' 1
is "new masks are in force" "$(jq -c 'select(.request.url.path == "/masked")' \
	"$OUT" | grep -c SECRET)" 0

conf "ports = 80,81" "exclude = */excluded*" "include = 10.77.1.1"
reload ': reloaded: '
get "http://10.77.1.1:81/excluded" "http://10.77.1.1:81/kept1" \
	-o /dev/null
get -H 'Host: other' "http://10.77.1.1:81/kept2"
get "http://10.77.1.1:81/kept3"
wait_for 5 some_reported '.capture.target == "/kept3"' 1
is "new filters are in force" "$(jq -r '.capture.target |
	select(test("excluded|kept"))' "$OUT" | sort | tr '\n' ' ')" \
	"/kept1 /kept3 "

before=$(kernel .sampled_out)
conf "ports = 80,81" "sample = 0.001%"
reload ': reloaded: .*sample 0.001%'
for i in 1 2 3 4 5; do
	get "http://10.77.1.1:81/sampled"
done
some_sampled()
{
	[ "$(kernel .sampled_out)" -gt "$before" ]
}
check "a sample is taken in the kernel" wait_for 5 some_sampled
is "status shows the sample" "$(kernel .sample_percent)" 0.001

conf "ports = 80"
reload ': reloaded: ports 80,'
before=$(kernel .port_miss)
get "http://10.77.1.1:81/gone" "http://10.77.1.1:80/still" -o /dev/null
check "the other port goes on" \
	wait_for 5 some_reported '.capture.target == "/still"' 1
is "a port that is removed is not captured" \
	"$(reported '.capture.target == "/gone"')" 0
is "but counted" "$(kernel ".port_miss > $before")" true

# --- options that do not ----------------------------------------------------------

conf "ports = 80" "memory = 64MiB" "workers = 4"
reload ': reloaded: '
check "what needs a restart is named" grep -q \
	'warning: .*before a restart: memory, workers' "$OUT.err"

# refused NAME PATTERN LINE...: a reload with these lines fails with this message.
refused()
{
	local name=$1 pattern=$2
	shift 2
	conf "$@"
	reload 'SIGHUP: the running configuration stays'
	check "$name" grep -qE "$pattern" "$OUT.err"
}

refused "a key that is misspelt" \
	"$CONF:2: unknown key \"portz\": did you mean \"ports\"\\?" \
	"body-limit = 1KiB" "portz = 81"
refused "a value that is wrong" "$CONF:1: ports: \"81-\" is not a list" \
	"ports = 81-"
refused "a wrong pattern" "$CONF:3: exclude: .*port" \
	"" "# a comment" "exclude = h:80/x"
conf "ports = 81"
chmod 600 "$CONF"
reload 'SIGHUP: the running configuration stays'
check "a file that may not be read" grep -q "$CONF: permission denied" "$OUT.err"
rm "$CONF"
reload 'SIGHUP: the running configuration stays'
check "a file that was deleted" grep -q "$CONF: No such file" "$OUT.err"
is "the ports are as they were" "$(kernel .ports)" '"80"'
get "http://10.77.1.1/after"
check "and capturing goes on" \
	wait_for 5 some_reported '.capture.target == "/after"' 1

check "SIGTERM ends it within 2 s" stop "$ATTACHED" 2
is "exit code" "$STOPPED" 0
tally "$TOP/tests/laws.py" "$TMP/summary" selection.excluded=1 \
	selection.not_included=1 ring_full=0 stream.gaps=0 http.resyncs=0

# --- without a file ---------------------------------------------------------

OUT=$TMP/without
attach_up "$OUT" --detach-on-exit || { not_ok "attach"; finish; }
reload 'SIGHUP: no configuration file'
get "http://10.77.1.1/without"
check "SIGHUP without --config does no harm" \
	wait_for 5 some_reported '.capture.target == "/without"' 1
check "it ends" stop "$ATTACHED" 2

# --- different masks per output --------------------------------

spawn "$COLLECTOR" "$TMP/fake" python3 "$E2E_DIR/fake_metlo.py" --port 8081 \
	--key key
wait_for 10 in_ns "$COLLECTOR" curl -sf http://127.0.0.1:8081/api/v1
OUT=$TMP/two
conf "ports = 81"
METLO_API_KEY=key attach_up "$OUT" --detach-on-exit --config "$CONF" \
	--output ndjson:- --output metlo --metlo-host http://127.0.0.1:8081 ||
	{ not_ok "attach"; finish; }
wait_for 10 more ', ports ' 0
conf "ports = 81" "redact-field = metlo:pin"
reload ': reloaded: '
check "masks that need a restart are named" grep -q \
	'warning: redact-header, redact-field, redact-class: .* needs a restart' "$OUT.err"
get "http://10.77.1.1:81/two"
wait_for 5 some_reported '.capture.target == "/two"' 1
is "until then the secret is masked everywhere" "$(grep -c SECRET "$OUT")" 0
check "it ends" stop "$ATTACHED" 5

# Last, since it consumes the log of the load.
stop "$NGINX"
head -n "$REQUESTS" "$TMP/seen" >"$TMP/seen.loaded"
tally "$E2E_DIR/compare_log.py" "$TMP/seen.loaded" "$TMP/loaded"
finish
