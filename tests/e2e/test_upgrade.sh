#!/usr/bin/env bash
#
# Upgrades under a steady load: from 0.1.0, from this version to itself, and to a
# version whose records, counters, configuration and shunts have another layout
# (made here by changing include/metlo_record.h). The next daemon takes over link,
# counters and rings: no packet is missed and no request is lost.
#
# METLO_TEST_LONG=1: 50 times each instead of once or twice.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/old_version.sh"

TIMES=1
[ -z "${METLO_TEST_LONG:-}" ] || TIMES=50

# of FILTER: applies FILTER (jq) to the result of restart.py.
of()
{
	jq -c "$1" "$TMP/result" 2>&1
}

# kernel FILTER: applies FILTER (jq) to the counters in the pinned maps, read by
# the program that wrote last.
kernel()
{
	in_ns "$COLLECTOR" "$last" status "$IFACE" --json |
		jq -c ".interfaces[0] | $1" 2>&1
}

# --- programs ---------------------------------------------------------------

# Sets NEXT to this version with another layout: each struct gets members in
# front of or between the others.
build_next()
{
	local tree=$BUILDS/next header

	NEXT=$tree/build/metlo-xdp
	mkdir -p "$tree/tests" &&
	rm -rf "$tree"/{bpf,include,user,vmlinux,Makefile,tests/build} &&
	cp -a "$TOP"/{bpf,include,user,vmlinux,Makefile} "$tree" &&
	cp -a "$TOP/tests/build" "$tree/tests" || return 1
	header=$tree/include/metlo_record.h
	NEXT_VERSION=$(awk '/^#define METLO_LAYOUT_VERSION/ { print $3 + 1 }' \
		"$header")
	sed -i -e "s/^\(#define METLO_LAYOUT_VERSION\) .*/\1 $NEXT_VERSION/" \
		-e 's/^struct metlo_rec {/&\n\t__u64 next_a[2];/' \
		-e 's/^struct metlo_config {/&\n\t__u64 next_a;/' \
		-e 's/^struct metlo_stats {/&\n\t__u64 next_a;/' \
		-e 's/^\tX(bytes, COUNTER, .*\\$/&\n\tX(next_b, COUNTER, "Of the test.") \\/' \
		-e 's/^struct metlo_shunt {/&\n\t__u64 next_a[8];/' "$header" &&
	[ "$(grep -c next_ "$header")" = 5 ] && build "$tree"
}

# --- upgrades ---------------------------------------------------------------

# Packets that the mirror has sent and the program has not counted. Those of the
# time before it was attached; more would be missed ones. Some may be on their way.
uncounted()
{
	local sent n before=

	for _ in 1 2 3 4 5; do
		sent=$(in_ns "$SERVER" cat /proc/net/dev | tr -s ': ' ' ' |
			awk '$1 == "vx0" { print $11 }')
		n=$((sent - $(kernel '.packets - .pass_not_vxlan')))
		[ "$n" != "$before" ] || break
		before=$n
		sleep 0.1
	done
	echo "$n"
}

detach()
{
	in_ns "$COLLECTOR" "$METLO" detach "$IFACE" 2>/dev/null
}

# upgrade NAME FROM TO OPTION...: one daemon of each program, under load.
upgrade()
{
	local name=$1 from=$2 to=$3
	shift 3

	mkdir -p "$TMP/$name"
	last=$from in_ns "$CLIENT" python3 "$E2E_DIR/restart.py" "$from" "$IFACE" \
		"$COLLECTOR" http://10.77.1.1/ "$TMP/$name" --times 1 \
		--metlo "$from,$to" --on-start uncounted "$@" >"$TMP/result" 2>"$TMP/result.err" ||
		cat "$TMP/result" "$TMP/result.err"
}

OUTCOMES='.pass_not_vxlan + .bad_outer + .bad_vxlan + .vni_miss + .bad_inner +
	.not_tcp + (.udp // 0) + .fragment + .port_miss + .no_payload + .sampled_out +
	.shunted + .ring_full + .delivered'

# expect WHAT GOT WANT: prints what is wrong.
expect()
{
	[ "$2" = "$3" ] || echo "$1: $2 instead of $3"
}

# A packet that arrives between the two readings makes it fail once.
same_in_vnis()
{
	[ "$(kernel '([.vni[].packets] | add) ==
		.packets - .pass_not_vxlan')" = true ]
}

kernel_laws()
{
	expect "packets = sum of the outcomes" \
		"$(kernel ".packets == $OUTCOMES")" true
	expect "packets sent by the mirror and not counted" \
		"\"$(uncounted)\"" "$(of .on_start)"
	expect "packets lost in a queue before" "$(mirror_lost)" 0
	wait_for 2 same_in_vnis ||
		echo "the packets of VNI $VNI are not those of the kernel"
	expect "ring_full" "$(kernel .ring_full)" 0
	expect "bytes left in the rings" "$(kernel .ring_waiting_bytes)" 0
	expect "rings retired and not drained" \
		"$(find "/sys/fs/bpf/metlo-xdp/retired/$IFACE" -type f \
			2>/dev/null | wc -l)" 0
	expect "folders of layouts" \
		"$(find /sys/fs/bpf/metlo-xdp/v* -maxdepth 1 -name "$IFACE" |
			wc -l)" 1
}

# After a daemon that exited normally.
nothing_lost()
{
	expect "exit codes" "$(of .codes)" '[0]'
	expect "resumed" "$(of .resumed)" 1
	expect "records submitted = consumed" \
		"$(of .consumed)" "$(kernel .records)"
	expect "requests not reported" "$(of .missing_requests)" '[]'
	expect "responses not reported" "$(of .missing_responses)" '[]'
	expect "reported without a request" "$(of .extra)" 0
	kernel_laws
}

# After a daemon that was killed.
only_in_hand_lost()
{
	expect "resumed" "$(of .resumed)" 1
	expect "requests while no daemon ran" "$(of '.down_only > 0')" true
	expect "those not reported" "$(of .missing_down_only)" '[]'
	expect "missing, though no killed daemon held them" "$(of .late)" '[]'
	expect "reported without a request" "$(of .extra)" 0
	kernel_laws
}

# upgrades NAME CHECK FROM TO OPTION...: upgrades TIMES times, from a detached
# interface, and applies CHECK each time.
upgrades()
{
	local name=$1 check=$2 from=$3 to=$4 i requests=0 problems=""
	shift 4

	[ -n "$from" ] || {
		skip "$name" "$OLD_MISSING"
		return
	}
	last=$to
	export -f in_ns kernel uncounted
	export last COLLECTOR SERVER IFACE
	for ((i = 1; i <= TIMES; i++)); do
		problems=$(upgrade "$name" "$from" "$to" "$@")
		[ -n "$problems" ] || problems=$($check)
		requests=$((requests + $(of .requests)))
		[ -z "$problems" ] || break
		detach
	done
	if [ -z "$problems" ]; then
		ok "$name: $TIMES times, $requests requests"
	else
		not_ok "$name, time $i" "$problems
$(tail -n 5 "$TMP/$name"/daemon*.err)"
		detach
	fi
}

# --- single cases -----------------------------------------------------------

# requests N: one connection each.
requests()
{
	in_ns "$CLIENT" curl -sS --max-time 20 -o /dev/null \
		"http://10.77.1.1/?n=[1-$1]" -H 'Connection: close'
}

# fails NAME CODE PATTERN PROGRAM ARGUMENT...: it ends with this exit code and a
# message.
fails()
{
	local name=$1 code=$2 pattern=$3
	shift 3
	in_ns "$COLLECTOR" timeout 30 "$@" >"$TMP/output" 2>&1
	is "$name: exit code" $? "$code"
	says "$name: says what to do" "$pattern" "$TMP/output"
}

# run_daemon PROGRAM LOG OPTION...: as attach_up, and waits until it processes.
run_daemon()
{
	local METLO=$1
	shift
	attach_up "$@" && wait_for 15 grep -q 'mode, ports' "$1.err"
}

# left_waiting PROGRAM OPTION...: its daemon has attached and exited, and N=10
# requests wait in its rings.
left_waiting()
{
	local program=$1
	shift
	run_daemon "$program" "$TMP/before" "$@" && stop "$ATTACHED" &&
	requests 10
}

# reported NAME N FILE: FILE has N transactions, all of them whole.
reported()
{
	wait_for 5 lines "$3" "$2"
	is "$1" "$(jq -c 'select(.request and .response) | 1' "$3" | wc -l)" "$2"
}

# says NAME PATTERN FILE
says()
{
	if grep -qE -- "$2" "$3"; then
		ok "$1"
	else
		not_ok "$1" "$(cat "$3")"
	fi
}

test_still_running()
{
	local log=$TMP/running

	run_daemon "${OLD:-$METLO}" "$log"
	requests 5
	fails "while the old daemon runs" 1 "already capturing.*kill $ATTACHED" \
		"$METLO" attach "$IFACE"
	fails "another layout while the old daemon runs" 1 \
		"already capturing.*kill $ATTACHED" "$NEXT" attach "$IFACE"
	requests 5
	reported "the old daemon is not disturbed" 10 "$log"
	stop "$ATTACHED"
	detach
}

test_downgrade()
{
	left_waiting "$NEXT"
	fails "a layout from the future" 5 "later version.*metlo-xdp detach $IFACE" \
		"$METLO" attach "$IFACE"
	fails "its status" 5 "another version.*metlo-xdp detach $IFACE" \
		"$METLO" status "$IFACE"
	fails "the status of all" 5 "$IFACE: another version" "$METLO" status
	[ -z "$OLD" ] || fails "0.1.0 after another layout" 1 \
		"metlo-xdp detach $IFACE" "$OLD" attach "$IFACE"
	run_daemon "$NEXT" "$TMP/again"
	reported "the later version is not disturbed" 10 "$TMP/again"
	stop "$ATTACHED"
	fails "detach of all layouts" 0 "detached" "$METLO" detach "$IFACE"
	run_daemon "${OLD:-$METLO}" "$TMP/older"
	requests 5
	reported "the older version after detach" 5 "$TMP/older"
	stop "$ATTACHED"
	run_daemon "$METLO" "$TMP/newer" && stop "$ATTACHED"
	requests 5
	[ -z "$OLD" ] || fails "0.1.0 after this version" 1 \
		"metlo-xdp detach $IFACE" "$OLD" attach "$IFACE"
	# With the same layout, a downgrade is an upgrade.
	run_daemon "$METLO" "$TMP/older2"
	reported "what arrived before the refusal" 5 "$TMP/older2"
	stop "$ATTACHED"
	detach
}

# The takeover is complete, but the daemon ends before it has drained the rings.
test_interrupted()
{
	left_waiting "$METLO" --workers 4 --ring-size 1MiB
	for rings in 2 1; do
		fails "an interrupted takeover" 1 "cannot open for writing" \
			"$NEXT" attach "$IFACE" --workers $rings \
			--summary /nonexistent/summary
	done
	last=$NEXT
	is "what waits is counted" "$(kernel '.ring_waiting_bytes > 0')" true
	run_daemon "$NEXT" "$TMP/interrupted" --workers 2
	reported "after an interrupted takeover" 10 "$TMP/interrupted"
	is "the old rings are gone" "$(kernel .ring_waiting_bytes)" 0
	stop "$ATTACHED"
	detach
}

test_detach_on_exit()
{
	left_waiting "$METLO"
	run_daemon "$NEXT" "$TMP/exit" --detach-on-exit
	requests 10
	reported "taken over with --detach-on-exit" 20 "$TMP/exit"
	stop "$ATTACHED"
	is "nothing is left" "$(find /sys/fs/bpf/metlo-xdp -path "*/$IFACE*" \
		2>/dev/null)$(ip -n "$COLLECTOR" link show "$IFACE" |
		grep -o 'prog/xdp')" ""
}

test_modes()
{
	left_waiting "${OLD:-$METLO}" --mode skb
	run_daemon "$NEXT" "$TMP/skb"
	says "generic mode is kept" "resumed in generic mode" "$TMP/skb.err"
	requests 10
	reported "in generic mode" 20 "$TMP/skb"
	stop "$ATTACHED"
	run_daemon "$NEXT" "$TMP/native" --mode native
	says "another mode needs another attachment" \
		"packets are missed in between" "$TMP/native.err"
	says "and says for how long" "attached again after [0-9]+ us" \
		"$TMP/native.err"
	requests 10
	reported "in native mode" 10 "$TMP/native"
	stop "$ATTACHED"
	detach
}

# Manually attached by root; later a user with the capabilities alone.
test_owner()
{
	left_waiting "$METLO"
	chown 65534 "/run/metlo-xdp/$IFACE.lock"
	fails "pins of another user" 4 "/sys/fs/bpf" setpriv --reuid 65534 \
		--regid 65534 --clear-groups --inh-caps +bpf,+net_admin,+perfmon \
		--ambient-caps +bpf,+net_admin,+perfmon "$NEXT" attach "$IFACE"
	run_daemon "$NEXT" "$TMP/owner"
	reported "and nothing is lost by that" 10 "$TMP/owner"
	stop "$ATTACHED"
	detach
}

test_interface_deleted()
{
	left_waiting "${OLD:-$METLO}"
	mirror_down
	ip -n "$COLLECTOR" link del "$IFACE"
	collector_up
	mirror_up
	run_daemon "$NEXT" "$TMP/deleted"
	says "a deleted interface is attached anew" " attached in native mode" \
		"$TMP/deleted.err"
	requests 10
	reported "and what waited is reported" 20 "$TMP/deleted"
	stop "$ATTACHED"
	detach
}

need upgrade nginx jq python3 git curl setpriv
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "upgrade" "no tc mirred or no vxlan in this kernel"; finish; }
nginx_up "keepalive_requests 1000000; server {
	listen 80;
	location / { return 200 \"hello \$arg_n\\n\"; }
}" || { not_ok "nginx" "does not start"; finish; }
build_old || { not_ok "0.1.0 builds" "see above"; finish; }
build_next || { not_ok "another layout builds" "see above"; finish; }

upgrades "0.1.0 to this version" nothing_lost "$OLD" "$METLO"
upgrades "0.1.0 killed, then this version" only_in_hand_lost "$OLD" "$METLO" \
	--signal KILL
upgrades "0.1.0 to this version with other rings" nothing_lost "$OLD" "$METLO" \
	--workers 2,4 --ring-size 1MiB,2MiB
# test_restart.sh does the same in the short run.
[ $TIMES = 1 ] ||
	upgrades "this version to itself" nothing_lost "$METLO" "$METLO"
upgrades "this version to another layout" nothing_lost "$METLO" "$NEXT"
upgrades "this version killed, then another layout" only_in_hand_lost "$METLO" \
	"$NEXT" --signal KILL
upgrades "0.1.0 to another layout with other rings" nothing_lost "$OLD" "$NEXT" \
	--workers 4,1 --ring-size 1MiB,256KiB
test_still_running
test_downgrade
test_interrupted
test_detach_on_exit
test_modes
test_owner
test_interface_deleted
finish
