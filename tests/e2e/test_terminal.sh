#!/usr/bin/env bash
#
# What people see: on a terminal, a short line per transaction instead of JSON, by a replay
# and by a daemon. Files and pipes get NDJSON.

. "$(dirname "$0")/lib.sh"

export TZ=UTC TERM=xterm-256color LC_ALL=C.UTF-8
unset NO_COLOR

command -v python3 >/dev/null || { skip "terminal" "python3 is not installed"; finish; }

# shown COLUMNS ARGUMENT...: what a replay prints on a terminal, without the summary.
shown()
{
	local columns=$1
	shift
	"$E2E_DIR/terminal.py" "$columns" "$METLO" replay "$@" | grep -v '^metlo-xdp: '
}

# Without colours.
plain()
{
	NO_COLOR=1 shown "$@"
}

widest()
{
	awk '{ if (length($0) > n) n = length($0) } END { print n + 0 }'
}

"$E2E_DIR/capture.py" >"$TMP/plain.pcap" || { not_ok "capture" "see above"; finish; }

# --- replay ------------------------------------------------------------------
is "a terminal gets a short line per transaction" "$(plain 120 "$TMP/plain.pcap" | cut -c1-8,13-)" \
	"22:13:20 10.1.0.5        GET    api.example.com/v1/users/7?n=0 200 1.00ms 0B/11B
22:13:20 10.1.0.5        POST   api.example.com/login 200 1.00ms 5B/6B
22:13:20 10.1.0.5        DELETE api.example.com/v1/users/7 204 1.00ms 0B/0B"
is "in the local time" "$(TZ=EST5 plain 120 "$TMP/plain.pcap" | cut -c1-8 | sort -u)" "17:13:20"
is "with colours" "$(shown 120 "$TMP/plain.pcap" | grep -c $'\033\\[32m20[04]\033\\[0m')" 3
for variable in NO_COLOR=1 TERM=dumb TERM=; do
	is "without colours: $variable" "$(
		export "${variable?}"
		shown 120 "$TMP/plain.pcap" | grep -c $'\033'
	)" 0
done
is "NO_COLOR that is empty means nothing" \
	"$(NO_COLOR='' shown 120 "$TMP/plain.pcap" | grep -c $'\033')" 3
for columns in 20 40 60 75; do
	is "within $columns columns" \
		"$([ "$(plain $columns "$TMP/plain.pcap" | widest)" -le $columns ] && echo yes)" yes
done
is "the URL is shortened first" "$(plain 75 "$TMP/plain.pcap" | sed -n '1s/.* GET *//p')" \
	"api.exa.../v1/users/7 200 1.00ms 0B/11B"

# json NAME COMMAND...: prints NDJSON.
json()
{
	local name=$1
	shift
	is "$name" "$("$@" | grep -c '^{"request":')" 3
}

json "--format json on a terminal" shown 120 --format json "$TMP/plain.pcap"
json "a pipe gets JSON" "$METLO" replay "$TMP/plain.pcap"
json "a pipe gets JSON, --format auto" "$METLO" replay --format auto "$TMP/plain.pcap"
is "--format text on a pipe: as long as needed, no colours" \
	"$("$METLO" replay --format text "$TMP/plain.pcap" 2>/dev/null | cut -c1-8,13- | tail -n 1)" \
	"22:13:20 10.1.0.5        DELETE api.example.com/v1/users/7 204 1.00ms 0B/0B"
shown 120 --format text --output ndjson:- --output "ndjson:$TMP/file" "$TMP/plain.pcap" >"$TMP/both"
is "a file gets JSON beside a terminal" "$(grep -c '^{"request":' "$TMP/file") $(wc -l <"$TMP/both")" "3 3"
is "masks apply" "$(plain 120 --redact-field n "$TMP/plain.pcap" | grep -c 'users/7?n=\[redacted\] 200')" 1
"$METLO" replay --format html "$TMP/plain.pcap" 2>"$TMP/err"
is "another format is refused" "$? $(grep -c 'auto, json' "$TMP/err")" "2 1"
"$METLO" attach lo --format har 2>"$TMP/err"
is "a daemon writes no archives" "$? $(grep -c 'no end' "$TMP/err")" "2 1"

# --- daemon ------------------------------------------------------------------
[ "$(id -u)" = 0 ] || { skip "daemon" "needs root"; finish; }
need "daemon" curl nginx
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "daemon" "no tc mirred or no vxlan in this kernel"; finish; }
chmod 711 "$TMP"
nginx_up 'server { listen 80; location / { return 200 "hello"; } }' ||
	{ not_ok "nginx" "see above"; finish; }

METLO_PROGRAM=$METLO
attach_on()
{
	spawn "$COLLECTOR" "$TMP/screen" "$E2E_DIR/terminal.py" "$1" "$METLO_PROGRAM" attach "$IFACE" \
		--detach-on-exit --health off --metrics off --user root
	ATTACHED=$SPAWNED
	wait_for 20 xdp_on && wait_for 20 grep -q "^metlo-xdp: " "$TMP/screen"
}

seen()
{
	[ "$(grep -c 'GET .*/x[0-9]* ' "$TMP/screen")" -ge "$1" ]
}

check "daemon: attaches" attach_on 100
in_ns "$CLIENT" curl -sS --max-time 60 -o /dev/null "http://10.77.1.1/x[1-5]" -H 'Connection: close'
check "daemon: transactions are on the terminal" wait_for 60 seen 5
is "daemon: of this form" \
	"$(grep -cE $'^\033\\[2m[0-9:.]{12}\033\\[0m 10\\.77\\.1\\.2 +\033\\[1mGET +\033\\[0m10\\.77\\.1\\.1/x[1-5] \033\\[32m200\033\\[0m [0-9.]+ms 0B/5B\033\\[0m$' "$TMP/screen")" 5
check "daemon: ends" stop "$ATTACHED" 30
finish
