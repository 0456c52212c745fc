#!/usr/bin/env bash
#
# --output metlo as seen by a user: the messages for a wrong key, host or
# certificate, before anything is captured; delivery by replay and by a daemon,
# over TLS and HTTP/2, validated against the schema of a trace.

# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

python=/usr/bin/python3
[ -x $python ] || python=python3
schema=$E2E_DIR/metlo_trace.schema.json
$python -c 'import jsonschema' 2>/dev/null || schema=""

# collector LOG [OPTION...]: starts a fake collector on a free port. Sets PORT
# and COLLECTOR_PID.
collector()
{
	local log=$1
	shift
	$python "$E2E_DIR/fake_metlo.py" --port 0 ${schema:+--schema "$schema"} \
		"$@" >"$log" 2>"$log.err" &
	COLLECTOR_PID=$!
	E2E_PIDS+=("$COLLECTOR_PID")
	wait_for 10 test -s "$log" || cat "$log.err" >&2
	PORT=$(cat "$log")
}

# state URL FILTER: applies FILTER (jq) to what the collector has received.
state()
{
	curl -sS --noproxy '*' --cacert "$TMP/ca.pem" "$1/_state" |
		jq -c "$2" 2>&1
}

# replay NAME CODE ARGUMENT...: compares the exit code; sets $OUT and $ERR.
replay()
{
	local name=$1 code=$2
	OUT=$TMP/replay.out
	ERR=$TMP/replay.err
	shift 2
	timeout 60 "$METLO" replay "$TMP/pcap" "$@" >"$OUT" 2>"$ERR"
	is "$name" $? "$code"
}

# refused NAME CODE TEXT ARGUMENT...: a replay to Metlo does not start, and TEXT
# is its reason.
refused()
{
	local name=$1 code=$2 text=$3
	shift 3
	replay "$name" "$code" --output metlo "$@"
	if grep -qF -- "$text" "$ERR" && [ "$(wc -l <"$ERR")" = 1 ]; then
		ok "$name: the reason is reported"
	else
		not_ok "$name: the reason is reported" "not found: $text" "$(cat "$ERR")"
	fi
}

certificate()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-nodes -days 2 -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost \
		-keyout "$TMP/$1.key" -out "$TMP/$1.pem" 2>/dev/null
}

for tool in jq curl openssl; do
	command -v $tool >/dev/null || {
		skip "metlo" "$tool is not installed: make deps"
		finish
	}
done
"$O/tests/gen/mkhttp" --preset small --transactions 500 "$TMP/pcap" 2>/dev/null
certificate ca
certificate other
export METLO_API_KEY=key

# --- before it starts --------------------------------------------------------
collector "$TMP/plain"
PLAIN=http://localhost:$PORT
collector "$TMP/tls" --cert "$TMP/ca.pem" --cert-key "$TMP/ca.key"
TLS=https://localhost:$PORT
TLS_PORT=$PORT

refused "no host" 2 "--output metlo needs --metlo-host"
METLO_API_KEY='' refused "an empty key" 2 "METLO_API_KEY: the API key is empty" \
	--metlo-host "$PLAIN"
METLO_API_KEY=$'a\r\nX: b' refused "a key with a line break" 2 \
	"this is not an API key" --metlo-host "$PLAIN"
(
	unset METLO_API_KEY
	timeout 60 "$METLO" replay "$TMP/pcap" --output metlo \
		--metlo-host "$PLAIN" 2>"$TMP/nokey"
	echo $? >>"$TMP/nokey"
)
check "no key" grep -q "set METLO_API_KEY in the environment" "$TMP/nokey"
is "no key: exit code" "$(tail -n 1 "$TMP/nokey")" 2
refused "not a URL" 2 "is not a URL such as" --metlo-host localhost
refused "twice" 2 "can be given only once" --output metlo --metlo-host "$PLAIN"
refused "no such host" 1 "host not found: check --metlo-host" \
	--metlo-host http://nosuch.invalid
refused "no listener" 1 "cannot connect: Connection refused" \
	--metlo-host http://localhost:9
METLO_API_KEY=wrong refused "a wrong key" 1 \
	"rejected the API key (401 Client unauthorized): check METLO_API_KEY" \
	--metlo-host "$PLAIN"
refused "an unknown authority" 1 "its certificate is not trusted" \
	--metlo-host "$TLS"
refused "another authority" 1 "its certificate is not trusted" \
	--metlo-host "$TLS" --metlo-ca "$TMP/other.pem"
refused "a certificate for another name" 1 "use the host name that the certificate was issued for" \
	--metlo-host "https://127.0.0.1:$TLS_PORT" --metlo-ca "$TMP/ca.pem"
refused "a CA file that is none" 1 "cannot be used as --metlo-ca" \
	--metlo-host "$TLS" --metlo-ca "$TMP/pcap"
refused "https where there is no TLS" 1 "if the collector does not use TLS, use http://" \
	--metlo-host "${PLAIN/http:/https:}"
mkfifo "$TMP/fifo"
refused "a key file that is a FIFO" 2 "fifo: not a regular file" \
	--metlo-host "$PLAIN" --metlo-key-file "$TMP/fifo"
METLO_API_KEY=k refused "authorities in a device" 2 \
	"--metlo-ca /dev/zero: not a regular file" \
	--metlo-host "$PLAIN" --metlo-ca /dev/zero
refused "no key file" 2 "--metlo-key-file /nonexistent: No such file" \
	--metlo-host "$PLAIN" --metlo-key-file /nonexistent

# --- other servers: nginx with TLS, HTTP/2 to the collector ---------------------
front()
{
	command -v nginx >/dev/null || return 1
	mkdir -p "$TMP/front"
	cat >"$TMP/front/nginx.conf" <<-NGINX
	daemon off;
	master_process off;
	pid $TMP/front/pid;
	error_log $TMP/front/error.log;
	events { }
	http {
		client_body_temp_path $TMP/front/body;
		proxy_temp_path $TMP/front/proxy;
		fastcgi_temp_path $TMP/front/fastcgi;
		uwsgi_temp_path $TMP/front/uwsgi;
		scgi_temp_path $TMP/front/scgi;
		log_format p '\$server_protocol \$request_method \$status';
		access_log $TMP/front/access.log p;
		server {
			listen 127.0.0.1:$1 ssl http2;
			ssl_certificate $TMP/ca.pem;
			ssl_certificate_key $TMP/ca.key;
			location /metlo/ { proxy_pass $PLAIN/; }
			location /site { return 200 hello; }
		}
	}
	NGINX
	nginx -p "$TMP/front" -e "$TMP/front/error.log" \
		-c "$TMP/front/nginx.conf" >/dev/null 2>&1 &
	E2E_PIDS+=("$!")
	wait_for 5 curl -sk --noproxy '*' "https://localhost:$1/site"
}

free_port()
{
	$python -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

FRONT_PORT=$(free_port)
FRONT=https://localhost:$FRONT_PORT
if front "$FRONT_PORT"; then
	refused "a web site" 1 "it is not Metlo's collector" \
		--metlo-host "$FRONT/site" --metlo-ca "$TMP/ca.pem"
	refused "http to a port with TLS" 1 "or use https://" \
		--metlo-host "http://localhost:$FRONT_PORT"
	: >"$TMP/front/access.log"
	replay "HTTP/2, and a path before that of the collector" 0 \
		--output metlo --metlo-host "$FRONT/metlo" \
		--metlo-ca "$TMP/ca.pem"
	is "HTTP/2 it is" \
		"$(sed -n 's/ POST 200//p' "$TMP/front/access.log" | sort -u)" \
		HTTP/2.0
	is "all has arrived through it" "$(state "$PLAIN" .taken)" 500
else
	skip "HTTP/2" "nginx is not installed: make deps"
fi

# --- replay --------------------------------------------------------------------
printf '  key\n' >"$TMP/key"
chmod 600 "$TMP/key"
METLO_API_KEY=other replay "TLS, a key file and an authority of our own" 0 \
	--output metlo --output "ndjson:$TMP/lines" --metlo-host "$TLS" \
	--metlo-ca "$TMP/ca.pem" --metlo-key-file "$TMP/key" \
	--summary "$TMP/summary"
is "nothing is wrong" "$(grep -c 'warning\|error' "$ERR")" 0
is "both sinks got all" \
	"$(state "$TLS" .taken) $(wc -l <"$TMP/lines")" "500 500"
tally "$TOP/tests/laws.py" "$TMP/summary" output.written=1000
is "each once" "$(state "$TLS" '.paths | length == (unique | length)')" true
if [ -n "$schema" ]; then
	is "no trace breaks the schema" "$(state "$TLS" .invalid)" '[]'
else
	skip "schema" "python3-jsonschema is not installed: make deps"
fi
path=$(state "$TLS" .last.request.url.path)
is "a trace is the line without capture" "$(state "$TLS" .last)" \
	"$(jq -c "select(.request.url.path == $path) | del(.capture)" \
		"$TMP/lines")"
chmod 644 "$TMP/key"
replay "a key that others can read" 0 --output metlo --metlo-host "$PLAIN" \
	--metlo-key-file "$TMP/key"
check "permissions are reported" grep -q "other users can read or change it: chmod 600" "$ERR"

# --- replay into the spool -----------------------------------------------------
kill "$COLLECTOR_PID"
wait "$COLLECTOR_PID" 2>/dev/null
replay "the collector is away" 1 --output metlo --metlo-host "$TLS" \
	--metlo-ca "$TMP/ca.pem" --spool "$TMP/spool" --summary "$TMP/summary"
check "it is reported at start" grep -q "cannot connect.*transactions wait in" "$ERR"
check "and after" grep -q "500 transactions remain in $TMP/spool" "$ERR"
tally "$TOP/tests/laws.py" "$TMP/summary" output.spooled=500 output.written=0
is "other users cannot read the spool" \
	"$(find "$TMP/spool" -perm /077 | wc -l)" 0
replay "and now it is there" 0 --output metlo --metlo-host "$PLAIN" \
	--spool "$TMP/spool" --summary "$TMP/summary"
tally "$TOP/tests/laws.py" "$TMP/summary" output.recovered=500 \
	output.written=1000 output.spooled=0
is "nothing is left" "$(ls "$TMP/spool")" lock

# --- the daemon ------------------------------------------------------------------
daemon()
{
	attach_up "$TMP/daemon" --output metlo \
		--metlo-host http://127.0.0.1:18081 \
		--spool "$TMP/daemon-spool" --summary "$TMP/daemon.json" "$@"
}

requests()
{
	in_ns "$CLIENT" curl -sS --max-time 20 -o /dev/null \
		-H 'X-Forwarded-For: 203.0.113.9, 10.0.0.1' \
		-H 'Authorization: Bearer s3cret' \
		"http://10.77.1.1/d/[$1-$2]"
}

in_daemon_state()
{
	in_ns "$COLLECTOR" curl -sS --noproxy '*' \
		http://127.0.0.1:18081/_state | jq -c "$1" 2>&1
}

arrived()
{
	[ "$(in_daemon_state .taken)" = "$1" ]
}

stored()
{
	[ "$(cat "$TMP"/daemon-spool/*.spool 2>/dev/null |
		grep -ao '/d/[0-9]*' | sort -u | wc -l)" -ge "$1" ]
}

fake_up()
{
	spawn "$COLLECTOR" "$TMP/fake" $python "$E2E_DIR/fake_metlo.py" \
		--port 18081 ${schema:+--schema "$schema"}
	FAKE=$SPAWNED
	wait_for 10 test -s "$TMP/fake"
}

# A user who can enter $TMP, which belongs to root.
chmod 711 "$TMP"
[ "$(id -u)" = 0 ] || { skip "metlo/daemon" "needs root"; finish; }
need metlo/daemon nginx
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "metlo/daemon" "no tc mirred or no vxlan in this kernel"; finish; }
nginx_up 'server { listen 80; location / { return 200 "ok\n"; } }' ||
	{ not_ok "nginx" "does not start"; finish; }
in_ns "$COLLECTOR" ip link set lo up
fake_up

in_ns "$COLLECTOR" env METLO_API_KEY=wrong timeout 20 "$METLO" attach "$IFACE" \
	--output metlo --metlo-host http://127.0.0.1:18081 2>"$TMP/refused"
is "daemon: a wrong key ends it before it attaches" \
	"$? $(grep -c 'rejected the API key' "$TMP/refused")" "1 1"
check "daemon: nothing is attached" sh -c \
	"! ip -n $COLLECTOR link show $IFACE | grep -q prog/xdp"

if daemon --user nobody; then
	requests 1 40
	check "daemon: all arrives" wait_for 15 arrived 40
	is "daemon: X-Forwarded-For" "$(in_daemon_state \
		'.last.meta | [.source, .originalSource]')" \
		'["203.0.113.9","10.77.1.2"]'
	is "daemon: secrets are masked" "$(in_daemon_state \
		'.last | tostring | test("s3cret")')" false
	is "daemon: the spool is its user's" \
		"$(find "$TMP/daemon-spool" ! -user nobody | wc -l)" 0
	# The collector stops, then the daemon is killed.
	stop "$FAKE" 5
	requests 41 100
	check "daemon: what cannot be sent is on disk" wait_for 15 stored 60
	kill -KILL "$ATTACHED"
	wait "$ATTACHED" 2>/dev/null
	daemon --user nobody || not_ok "daemon: starts again"
	requests 101 120
	check "daemon: later transactions are on disk too" wait_for 15 stored 80
	fake_up
	check "daemon: all arrives after that" wait_for 90 arrived 80
	is "daemon: in order" "$(in_daemon_state \
		'[.paths[] | .[3:] | tonumber] | .[0:60] == [range(41; 101)]')" true
	is "daemon: each once" "$(in_daemon_state \
		'.paths | length == (unique | length)')" true
	[ -z "$schema" ] || is "daemon: no trace breaks the schema" \
		"$(in_daemon_state .invalid)" '[]'
	check "daemon: SIGTERM ends it within 4 s" stop "$ATTACHED" 4
	is "daemon: exit code" "$STOPPED" 0
	# The packet counters are totals of all daemons.
	is "daemon: its counters" "$(jq -c '.output | [.recovered, .written,
		.spooled, .dropped_error, .submitted - .left_out_incomplete]' \
		"$TMP/daemon.json")" '[60,80,0,0,20]'
else
	not_ok "daemon: attaches"
fi
finish
