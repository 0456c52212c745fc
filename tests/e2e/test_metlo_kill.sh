#!/usr/bin/env bash
#
# Kills the daemon, Metlo's collector or both at random points under load: every
# request that no killed daemon held in memory must arrive (metlo_daemon_kill.py).

# A slow disk would delay the daemon by more than the test allows for.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

of()
{
	jq -c "$1" "$TMP/result" 2>&1
}

python=/usr/bin/python3
[ -x $python ] || python=python3
need metlo_kill nginx jq $python
chmod 711 "$TMP"
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "metlo_kill" "no tc mirred or no vxlan in this kernel"; finish; }
in_ns "$COLLECTOR" ip link set lo up
nginx_up "server {
	listen 80;
	location / { return 200 \"hello \$arg_n\\n\"; }
}" || { not_ok "nginx" "does not start"; finish; }

mkdir -m 711 "$TMP/run"
if in_ns "$CLIENT" $python "$E2E_DIR/metlo_daemon_kill.py" "$METLO" "$IFACE" \
	"$COLLECTOR" http://10.77.1.1/ "$TMP/run" --kills 24 --seed 7 \
	>"$TMP/result" 2>"$TMP/result.err"; then
	ok "$(of .kills) kills under $(of .requests) requests, $(of .twice) arrived twice"
else
	not_ok "kills" "$(cat "$TMP/result" "$TMP/result.err")"
fi
is "all requests were answered" "$(of .errors)" '[]'
is "there was something to lose" "$(of '.requests - .in_hand > 500')" true
is "every request that no killed daemon held arrived" "$(of .lost)" '[]'
is "duplicates were in flight at a kill" "$(of .twice_without_kill)" '[]'
is "nothing else arrives" "$(of .extra)" '[]'
is "SIGTERM ends the last one in order" "$(of .code)" 0
is "the kernel's mirror dropped nothing" "$(mirror_lost)" 0
in_ns "$COLLECTOR" "$METLO" detach "$IFACE" 2>/dev/null
finish
