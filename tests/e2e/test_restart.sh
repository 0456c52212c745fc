#!/usr/bin/env bash
#
# Restarts the daemon 20 times, by SIGTERM and by SIGKILL, under a steady load:
# the kernel's rings lose nothing, and every request that no killed daemon held
# is reported. The same with a different number of rings for each daemon.

. "$(dirname "$0")/lib.sh"

# of FILTER: applies FILTER (jq) to the result of restart.py.
of()
{
	jq -c "$1" "$TMP/result" 2>&1
}

# kernel FILTER: applies FILTER (jq) to the counters in the pinned maps.
kernel()
{
	in_ns "$COLLECTOR" "$METLO" status "$IFACE" --json |
		jq -c ".interfaces[0] | $1" 2>&1
}

# restart NAME OPTION...: runs restart.py.
restart()
{
	local name=$1
	shift
	mkdir -p "$TMP/$name"
	if in_ns "$CLIENT" python3 "$E2E_DIR/restart.py" "$METLO" "$IFACE" \
		"$COLLECTOR" http://10.77.1.1/ "$TMP/$name" "$@" \
		>"$TMP/result" 2>"$TMP/result.err"; then
		ok "$name: restarts under $(of .requests) requests"
	else
		not_ok "$name: restarts" \
			"$(cat "$TMP/result" "$TMP/result.err")"
	fi
}

# After daemons that all exited normally.
nothing_lost()
{
	is "$1: every daemon ends with 0" "$(of .codes)" '[0]'
	is "$1: within 2 s" "$(of '.slowest_end < 2')" true
	is "$1: all but the first found the program attached" \
		"$(of .resumed)" "$2"
	is "$1: records submitted = consumed by all" \
		"$(of .consumed)" "$(kernel .records)"
	is "$1: every request is reported" "$(of .missing_requests)" '[]'
	is "$1: every response is reported" "$(of .missing_responses)" '[]'
	is "$1: and nothing else" "$(of .extra)" 0
	kernel_laws "$1"
	detach
}

# The conservation laws that hold in the kernel.
kernel_laws()
{
	is "$1: every packet has one outcome" "$(kernel '.packets ==
		.pass_not_vxlan + .bad_outer + .bad_vxlan + .vni_miss +
		.bad_inner + .not_tcp + .udp + .fragment + .port_miss + .no_payload +
		.sampled_out + .shunted + .ring_full + .delivered')" true
	is "$1: no ring was full" "$(kernel .ring_full)" 0
	is "$1: nothing is left in the rings" \
		"$(kernel .ring_waiting_bytes)" 0
}

need restart nginx jq python3
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "restart" "no tc mirred or no vxlan in this kernel"; finish; }
nginx_up "keepalive_requests 1000000; server {
	listen 80;
	location / { return 200 \"hello \$arg_n\\n\"; }
}" || { not_ok "nginx" "does not start"; finish; }

detach()
{
	in_ns "$COLLECTOR" "$METLO" detach "$IFACE" 2>/dev/null
}

# After daemons that were killed.
only_in_hand_lost()
{
	is "$1: all but the first found the program attached" \
		"$(of .resumed)" "$2"
	is "$1: requests were made while no daemon ran" \
		"$(of '.down_only > 0')" true
	is "$1: all of these are reported" "$(of .missing_down_only)" '[]'
	is "$1: only what a killed daemon had in hand is missing" \
		"$(of .late)" '[]'
	is "$1: and nothing else is reported" "$(of .extra)" 0
	kernel_laws "$1"
	detach
}

restart SIGTERM
nothing_lost SIGTERM 20

restart workers --times 6 --workers 2,8,1,4
nothing_lost workers 6

restart SIGKILL --signal KILL
only_in_hand_lost SIGKILL 20

# Long enough for connections joined midstream.
restart "SIGKILL later" --signal KILL --times 2 --up 4
only_in_hand_lost "SIGKILL later" 2
finish
