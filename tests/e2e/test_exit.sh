#!/usr/bin/env bash
#
# The exit codes of all commands, as the table in metlo-xdp(8) has them.

# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

PAGE=$TOP/user/packaging/metlo-xdp.8

need "exit codes" setpriv
net_up || { not_ok "namespaces" "net_up failed"; finish; }
chmod 711 "$TMP"
install -m 755 "$METLO" "$TMP/metlo-xdp"
"$E2E_DIR/capture.py" >"$TMP/capture.pcap"
: >"$TMP/seen"

# ends CODE COMMAND ARGUMENT...
ends()
{
	local code=$1
	shift
	in_ns "$COLLECTOR" timeout 60 "${AS[@]}" "$TMP/metlo-xdp" "$@" >"$TMP/out" 2>"$TMP/err" </dev/null
	is "${AS:+nobody: }$* ends with $code" $? "$code"
	echo "$1 $code" >>"$TMP/seen"
}

AS=()
ends 2 attach
ends 2 attach "$IFACE" --ports x
ends 1 attach nosuch
ends 5 attach lo --mode native
ends 2 detach
ends 3 detach "$IFACE"
ends 2 status --nosuch
ends 3 status "$IFACE"
ends 2 dump "$IFACE" -c x
ends 3 dump "$IFACE"
ends 2 doctor --nosuch
ends 1 doctor nosuch
ends 0 replay "$TMP/capture.pcap"
ends 1 replay "$TMP/nosuch"
ends 1 replay "$TMP/capture.pcap" --output ndjson:/nosuch/file
ends 2 replay
for command in schema help version; do
	ends 0 $command
done
ends 2 schema x
ends 2 help x
ends 2 nosuch
"$METLO" schema >/dev/full 2>/dev/null
is "schema to a full disk ends with 1" $? 1
AS=(setpriv --reuid nobody --regid nogroup --clear-groups)
ends 4 attach "$IFACE"
ends 4 detach "$IFACE"

attach_up "$TMP/lines" || { not_ok "attach" "$(cat "$TMP/lines.err")"; finish; }
ends 4 status "$IFACE"
ends 4 dump "$IFACE"
AS=()
ends 0 status "$IFACE"
ends 0 doctor "$IFACE"
ends 0 dump "$IFACE" --max-time 1 -w "$TMP/dump.pcapng"
ends 1 dump "$IFACE" -w /nosuch/file
ends 1 detach "$IFACE"
kill -TERM "$ATTACHED"
wait "$ATTACHED"
is "attach ends with 0 on SIGTERM" $? 0
echo "attach 0" >>"$TMP/seen"
ends 0 detach "$IFACE"

# The table lists exactly these.
sed -n 's/^\.It Cm \([a-z]*\) Ta \([0-9].*\)/\1 \2/p' "$PAGE" | sed 's/([^)]*)//g; s/,//g' |
	while read -r command codes; do
		for code in $codes; do
			echo "$command $code"
		done
	done | sort -u >"$TMP/table"
is "the man page lists these" "$(grep -v '^\(schema\|help\|version\|nosuch\) ' "$TMP/seen" | sort -u)" \
	"$(cat "$TMP/table")"
finish
