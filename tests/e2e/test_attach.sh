#!/usr/bin/env bash
#
# attach, detach, status and doctor as seen by a user: output, exit codes, what
# they leave on the system, and the privileges they run with.

. "$(dirname "$0")/lib.sh"

# requests N [FIRST]: makes N requests with curl, one connection each.
requests()
{
	local first=${2:-1}

	in_ns "$CLIENT" curl -sS --max-time 20 -o /dev/null \
		"http://10.77.1.1/?n=[$first-$((first + $1 - 1))]" \
		-H 'Connection: close'
}

# prints NAME FILE PATTERN...: FILE has a line that matches each pattern.
prints()
{
	local name=$1 file=$2 p
	shift 2
	for p; do
		grep -qE -- "$p" "$file" || {
			not_ok "$name" "no line with: $p" "$(head -n 40 "$file")"
			return
		}
	done
	ok "$name"
}

# metlo NAME CODE ARGUMENT...: runs metlo-xdp in the collector's namespace with
# its output in $TMP/output, and compares the exit code.
metlo()
{
	local name=$1 code=$2
	shift 2
	in_ns "$COLLECTOR" timeout 30 "$METLO" "$@" >"$TMP/output" 2>&1
	is "$name" $? "$code"
}

# ended NAME [SECONDS]: SIGTERM ends the daemon in time with exit code 0.
ended()
{
	if stop "$ATTACHED" "${2:-2}"; then
		is "$1" "$STOPPED" 0
	else
		not_ok "$1" "still there after ${2:-2} s"
	fi
}

json()
{
	jq -r "$2" "$1" 2>&1
}

# Prints the BPF objects that are pinned for the interface, as "map 7".
objects()
{
	local f

	find /sys/fs/bpf/metlo-xdp -path "*/$IFACE/*" -type f | while read -r f; do
		bpftool -j map show pinned "$f" 2>/dev/null |
			jq -r 'select(.id) | "map \(.id)"' 2>/dev/null
		bpftool -j link show pinned "$f" 2>/dev/null |
			jq -r 'select(.prog_id) | "link \(.id)", "prog \(.prog_id)"' \
				2>/dev/null
	done
}

# no_trace OBJECT...: neither these, nor a program, pin or lock of the interface.
no_trace()
{
	local o

	for o; do
		# shellcheck disable=SC2086
		! bpftool ${o/ / show id } >/dev/null 2>&1 || return 1
	done
	! ip -n "$COLLECTOR" -d link show "$IFACE" | grep -q 'xdp\|prog' &&
		! find /sys/fs/bpf /run/metlo-xdp 2>/dev/null |
		grep -qF "$IFACE"
}

test_native()
{
	local ours

	attach_up "$TMP/native" --summary "$TMP/native.json" || return
	requests 50
	check "transactions appear while it runs" \
		wait_for 5 lines "$TMP/native" 50
	prints "a line reports that it runs" "$TMP/native.err" \
		"^metlo-xdp: $IFACE: attached in native mode, ports 80,443,3000,5000,8000,8080,8443, [0-9]+ workers? with rings of 16384 KiB, as user"
	ended "SIGTERM ends it within 2 s with 0"
	is "one line for each request" \
		"$(jq -r .capture.target "$TMP/native" | sort -u | wc -l)" 50
	is "standard output has transactions only" \
		"$(jq -c 'keys' "$TMP/native" | sort -u)" \
		'["capture","meta","request","response"]'
	check "counters add up" "$TOP/tests/laws.py" "$TMP/native.json" \
		http.transactions=50 http.paired=50 output.written=50 \
		ring_full=0 stream.gap_bytes=0
	is "the VNI is counted" \
		"$(json "$TMP/native.json" '.vni[0] | "\(.vni) \(.packets)"')" \
		"$VNI $(json "$TMP/native.json" '.packets - .pass_not_vxlan - .bad_outer')"
	prints "a summary at the end" "$TMP/native.err" \
		'50 transactions \(50 complete\)' "metlo-xdp detach $IFACE"

	check "the link stays attached" xdp_on
	mapfile -t ours < <(objects)
	check "a program, a link and maps are pinned" [ ${#ours[@]} -ge 6 ]
	metlo "detach" 0 detach "$IFACE"
	check "detach leaves no trace" wait_for 10 no_trace "${ours[@]}"
	metlo "detach again: nothing attached" 3 detach "$IFACE"
	prints "detach reports it" "$TMP/output" "$IFACE: metlo-xdp is not attached"
}

test_status()
{
	local dir

	metlo "status with nothing attached" 3 status "$IFACE"
	attach_up "$TMP/status" --ports 80,9000-9010 || return
	requests 5
	wait_for 5 lines "$TMP/status" 5
	metlo "status with a daemon" 0 status "$IFACE"
	prints "status is readable" "$TMP/output" \
		"^$IFACE: attached in native mode, program id [0-9]+$" \
		"^daemon +process $ATTACHED$" '^ports +80,9000-9010,' \
		'^  packets +[1-9]' '^  delivered +[1-9]' '^  ring_full +0$'
	metlo "status --json with a daemon" 0 status "$IFACE" --json
	is "status --json" "$(json "$TMP/output" '.interfaces[0] |
		"\(.interface) \(.mode) \(.daemon_pid) \(.ring_full) \(.ring_waiting_bytes)"')" \
		"$IFACE native $ATTACHED 0 0"
	# A pin where the folder of an interface should be.
	dir=$(dirname "$(ls -d /sys/fs/bpf/metlo-xdp/v*/"$IFACE")")
	if bpftool map create "$dir/stray$$" type array key 4 value 4 entries 1 name stray; then
		metlo "status next to a stray pin" 1 status
		prints "shows the others, and names it" "$TMP/output" \
			"^$IFACE: attached in native mode" "stray$$: "
		rm -f "$dir/stray$$"
	fi
	ended "status: the daemon ends"

	requests 5
	wait_for 5 waiting
	metlo "status without a daemon" 0 status "$IFACE" --json
	is "status reads the pinned maps" "$(json "$TMP/output" ".interfaces[] |
		select(.interface == \"$IFACE\") |
		\"\\(.daemon_pid) \\(.ring_waiting_bytes > 0) \\(.delivered == .records)\"")" \
		"null true true"
	metlo "status: detach" 0 detach "$IFACE"
}

# With records waiting in the rings.
waiting()
{
	[ "$(in_ns "$COLLECTOR" "$METLO" status "$IFACE" --json |
		jq .interfaces[0].ring_waiting_bytes)" -gt 0 ]
}

# unused_id UID: it is in systemd's range for dynamic users, and no user has it.
unused_id()
{
	[ "$1" -ge 61184 ] && [ "$1" -le 65519 ] && ! id "$1" >/dev/null 2>&1
}

# restricted PID: prints the modes of seccomp of its threads; 2: a filter.
restricted()
{
	awk '/^Seccomp:/ {print $2}' /proc/"$1"/task/*/status | sort -u
}

test_no_seccomp()
{
	attach_up "$TMP/open" --no-seccomp --detach-on-exit || return
	wait_for 5 grep -q 'as user' "$TMP/open.err"
	prints "--no-seccomp says so" "$TMP/open.err" \
		"no-seccomp: system calls are not restricted"
	is "and no thread is restricted" "$(restricted "$ATTACHED")" 0
	ended "--no-seccomp: the daemon ends"
}

test_privileges()
{
	local s uid

	attach_up "$TMP/priv" || return
	s=/proc/$ATTACHED/status
	wait_for 5 grep -q 'as user' "$TMP/priv.err"
	is "no thread has capabilities" \
		"$(cat /proc/"$ATTACHED"/task/*/status |
			grep -E '^Cap(Prm|Eff|Amb)' | awk '{print $2}' | sort -u)" \
		0000000000000000
	uid=$(awk '/^Uid/ {print $2}' "$s")
	is "all its user IDs are the same" \
		"$(awk '/^Uid/ {print $2, $3, $4, $5}' "$s")" \
		"$uid $uid $uid $uid"
	if id metlo-xdp >/dev/null 2>&1; then
		is "it runs as the user metlo-xdp" "$uid" "$(id -u metlo-xdp)"
	else
		check "it runs as an unused user ID, not as nobody" \
			unused_id "$uid"
		prints "and says so" "$TMP/priv.err" "unused user ID $uid"
	fi
	is "the bounding set is empty in all threads" \
		"$(cat /proc/"$ATTACHED"/task/*/status |
			awk '/^CapBnd/ {print $2}' | sort -u)" 0000000000000000
	is "only root can open the lock" \
		"$(stat -c '%a %u' "/run/metlo-xdp/$IFACE.lock")" "600 0"
	is "it has no other groups" "$(awk '/^Groups/ {print NF - 1}' "$s")" 1
	is "no_new_privs is set" "$(awk '/^NoNewPrivs/ {print $2}' "$s")" 1
	is "system calls are restricted in all threads" \
		"$(restricted "$ATTACHED")" 2

	requests 5
	check "it reports without privileges" wait_for 5 lines "$TMP/priv" 5
	metlo "a second daemon is refused" 1 attach "$IFACE"
	prints "and names the running process" "$TMP/output" \
		"process $ATTACHED .*kill $ATTACHED"
	metlo "detach under a daemon is refused" 1 detach "$IFACE"
	prints "and names the process to stop" "$TMP/output" "process $ATTACHED "
	ended "privileges: the daemon ends"
	metlo "privileges: detach" 0 detach "$IFACE"
}

test_refusals()
{
	local code

	in_ns "$COLLECTOR" setpriv --reuid nobody --regid nogroup \
		--clear-groups "$METLO" attach "$IFACE" >"$TMP/output" 2>&1
	code=$?
	is "attach without root" "$code" 4
	prints "names the capabilities" "$TMP/output" \
		'CAP_BPF.*CAP_NET_ADMIN.*CAP_PERFMON'
	in_ns "$COLLECTOR" setpriv --reuid nobody --regid nogroup \
		--clear-groups "$METLO" status "$IFACE" >"$TMP/output" 2>&1
	is "status without root" $? 4
	prints "names root" "$TMP/output" 'needs root'
	attach_up "$TMP/doctor" || return
	in_ns "$COLLECTOR" setpriv --reuid nobody --regid nogroup \
		--clear-groups "$METLO" doctor "$IFACE" >"$TMP/output" 2>&1
	prints "doctor without root does not take us for others" "$TMP/output" \
		'XDP program: .*may be that of metlo-xdp'
	is "doctor without root advises nothing against us" \
		"$(grep -c 'bpftool link detach\|xdp.* off' "$TMP/output")" 0
	ended "doctor: the daemon ends"
	metlo "doctor: detach" 0 detach "$IFACE"
	metlo "attach to no such interface" 1 attach nosuch0
	prints "lists the existing ones" "$TMP/output" "nosuch0.*$IFACE"
	metlo "--workers must be a power of two" 2 attach "$IFACE" --workers 3
	metlo "--ring-size must be a power of two" 2 attach "$IFACE" \
		--ring-size 100000
	prints "and it says from where on" "$TMP/output" 'from 64KiB to 1GiB'
	metlo "--user must exist" 1 attach "$IFACE" --user nosuchuser
	metlo "an output that cannot be opened" 1 attach "$IFACE" \
		--output ndjson:/nosuch/folder/file
	check "and nothing stays attached after it" wait_for 5 xdp_off
	is "nor pinned" "$(find /sys/fs/bpf /run/metlo-xdp 2>/dev/null |
		grep -cF "$IFACE")" 0
}

xdp_off()
{
	! xdp_on
}

test_other_program()
{
	local id

	if ! { bpftool prog load "$O/bpf/metlo_xdp.bpf.o" \
			"/sys/fs/bpf/$IFACE-other" type xdp &&
		in_ns "$COLLECTOR" bpftool net attach xdpgeneric pinned \
			"/sys/fs/bpf/$IFACE-other" dev "$IFACE"
	} >"$TMP/output" 2>&1; then
		not_ok "another XDP program" "$(cat "$TMP/output")"
		return
	fi
	id=$(bpftool prog show pinned "/sys/fs/bpf/$IFACE-other" | sed 's/:.*//;q')
	metlo "attach beside another program" 1 attach "$IFACE"
	prints "its id, name, mode and how to remove it" "$TMP/output" \
		"id $id \(metlo_xdp\), generic mode.*ip link set dev $IFACE xdpgeneric off"
	metlo "doctor beside another program" 1 doctor "$IFACE"
	prints "doctor names it" "$TMP/output" "^FAIL  XDP program: .*id $id"
	ip -n "$COLLECTOR" link set dev "$IFACE" xdpgeneric off
	rm -f "/sys/fs/bpf/$IFACE-other"
}

test_generic()
{
	attach_up "$TMP/generic" --mode skb --detach-on-exit \
		--summary "$TMP/generic.json" || return
	prints "generic mode is reported" "$TMP/generic.err" 'in generic mode'
	requests 20
	check "generic mode works" wait_for 5 lines "$TMP/generic" 20
	metlo "status of a daemon without pins" 0 status "$IFACE"
	prints "it is attached until the daemon ends" "$TMP/output" \
		'generic mode.*until the daemon exits'
	ended "--detach-on-exit: the daemon ends"
	check "--detach-on-exit detaches" wait_for 5 xdp_off
	check "generic mode: counters add up" "$TOP/tests/laws.py" \
		"$TMP/generic.json" http.paired=20
	is "--detach-on-exit leaves no pins" \
		"$(find /sys/fs/bpf | grep -cF "$IFACE")" 0

	attach_up "$TMP/killed" --detach-on-exit || return
	kill -KILL "$ATTACHED"
	check "--detach-on-exit detaches when it is killed" wait_for 5 xdp_off
}

test_large_frames()
{
	underlay_mtu 9000
	ip -n "$SERVER" link set vx0 mtu 8900
	ip -n "$CLIENT" link set a0 mtu 8800
	ip -n "$SERVER" link set b0 mtu 8800
	attach_up "$TMP/large" --mode native --body-hash \
		--summary "$TMP/large.json" || return
	in_ns "$CLIENT" curl -sS -o "$TMP/large.body" http://10.77.1.1/large
	check "frames of several buffers" wait_for 5 lines "$TMP/large" 1
	is "the body is whole" "$(json "$TMP/large" .capture.responseBodySha256)" \
		"$(sha256sum <"$TMP/large.body" | cut -d' ' -f1)"
	ended "large frames: the daemon ends"
	check "large frames: counters add up" "$TOP/tests/laws.py" \
		"$TMP/large.json" http.paired=1 truncated_bytes=0
	is "they were larger than a page" "$(json "$TMP/large.json" \
		'.delivered_bytes / .records > 4096')" true
	metlo "large frames: detach" 0 detach "$IFACE"
	ip -n "$CLIENT" link set a0 mtu 1500
	ip -n "$SERVER" link set b0 mtu 1500
	ip -n "$SERVER" link set vx0 mtu 1500
	underlay_mtu 1600
}

underlay_mtu()
{
	ip -n "$SERVER" link set u0 mtu "$1"
	ip -n "$COLLECTOR" link set "$IFACE" mtu "$1"
}

# The reader of standard output closes it.
test_broken_pipe()
{
	local pid code

	mkfifo "$TMP/fifo"
	in_ns "$COLLECTOR" "$METLO" attach "$IFACE" --detach-on-exit \
		>"$TMP/fifo" 2>"$TMP/pipe.err" &
	pid=$!
	E2E_PIDS+=("$pid")
	exec 9<"$TMP/fifo"
	wait_for 10 xdp_on
	requests 2
	head -n 1 <&9 >"$TMP/pipe.line"
	exec 9<&-
	requests 2
	if wait_for 5 gone_or_zombie "$pid"; then
		wait "$pid"
		code=$?
		is "it ends when the reader closes the pipe" "$code" 0
	else
		not_ok "it ends when the reader closes the pipe" "$(cat "$TMP/pipe.err")"
		stop "$pid"
	fi
}

# A reader that has stopped reading must not delay the exit.
test_stalled_reader()
{
	mkfifo "$TMP/stalled"
	sleep 60 <>"$TMP/stalled" &
	E2E_PIDS+=($!)
	spawn "$COLLECTOR" /dev/null "$METLO" attach "$IFACE" --detach-on-exit \
		--output "ndjson:$TMP/stalled" --summary "$TMP/stalled.json"
	ATTACHED=$SPAWNED
	wait_for 10 xdp_on
	sleep 0.5
	in_ns "$CLIENT" curl -sS --max-time 20 -o /dev/null \
		"http://10.77.1.1/text?n=[1-300]"
	if stop "$ATTACHED" 2; then
		ok "it ends within 2 s though the output stalls"
	else
		not_ok "it ends within 2 s though the output stalls"
	fi
	is "what could not be written is counted" \
		"$(json "$TMP/stalled.json" '.output |
			.submitted == .written + .dropped_queue + .dropped_error
			and .written < .submitted')" true
}

test_summary_on_stdout()
{
	attach_up "$TMP/dash" --summary - --detach-on-exit || return
	requests 3
	wait_for 5 lines "$TMP/dash" 3
	ended "--summary -: the daemon ends"
	is "--summary -: the last line" \
		"$(tail -n 1 "$TMP/dash" | jq -r '.command + " \(.http.paired)"')" \
		"attach 3"
}

test_losses()
{
	attach_up "$TMP/loss" --detach-on-exit --ring-size 64KiB --workers 1 ||
		return
	kill -STOP "$ATTACHED"
	requests 300
	kill -CONT "$ATTACHED"
	check "losses are reported while it runs" wait_for 5 \
		grep -q 'warning: ring_full: .*--ring-size' "$TMP/loss.err"
	metlo "doctor with losses" 0 doctor "$IFACE"
	prints "doctor reports losses and a remedy" "$TMP/output" \
		'^WARN  losses: ring_full .*--ring-size'
	ended "losses: the daemon ends"
}

# Attaching again changes the filters of an attached program.
test_filters()
{
	attach_up "$TMP/f1" --vni 1-100 || return
	requests 3
	wait_for 5 counted vni_miss
	ended "filters: the first daemon ends"
	is "another VNI: nothing" "$(wc -l <"$TMP/f1")" 0

	attach_up "$TMP/f2" --vni "1,$VNI" --ports 81
	wait_for 5 grep -q 'resumed in' "$TMP/f2.err"
	requests 3
	wait_for 5 counted port_miss
	ended "filters: the second daemon ends"
	is "another port: nothing" "$(wc -l <"$TMP/f2")" 0

	attach_up "$TMP/f3" --ports any
	wait_for 5 grep -q 'resumed in.*ports any' "$TMP/f3.err"
	requests 3
	check "any port and VNI: everything" wait_for 5 lines "$TMP/f3" 3
	ended "filters: the third daemon ends"
	metlo "filters: detach" 0 detach "$IFACE"
}

counted()
{
	in_ns "$COLLECTOR" "$METLO" status "$IFACE" --json |
		jq -e ".interfaces[0].$1 > 0"
}

# UDP datagrams for which the collector's stack had no socket.
unwanted()
{
	in_ns "$COLLECTOR" cat /proc/net/snmp |
		sed -n 's/^Udp: [0-9]* \([0-9]*\) .*/\1/p'
}

test_pass()
{
	local before

	attach_up "$TMP/pass" --detach-on-exit || return
	before=$(unwanted)
	requests 3
	wait_for 5 lines "$TMP/pass" 3
	is "mirrored packets stop in XDP" "$(unwanted)" "$before"
	ended "pass: the daemon without it ends"
	wait_for 5 xdp_off

	before=$(unwanted)
	attach_up "$TMP/pass" --detach-on-exit --pass || return
	requests 3
	check "--pass: captured" wait_for 5 lines "$TMP/pass" 3
	ended "--pass: the daemon ends"
	if [ "$(unwanted)" -gt "$before" ]; then
		ok "--pass: and handed on to the stack"
	else
		not_ok "--pass: and handed on to the stack"
	fi
	wait_for 5 xdp_off
}

# Another tool detaches the program, or the interface is deleted.
test_detached_from_outside()
{
	local id

	attach_up "$TMP/outside" --detach-on-exit || return
	id=$(ip -n "$COLLECTOR" -d link show "$IFACE" |
		sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p')
	id=$(bpftool link show | sed -n "s/^\([0-9]*\): xdp  prog $id .*/\1/p")
	wait_for 5 grep -q 'mode, ports' "$TMP/outside.err"
	bpftool link detach id "$id"
	if wait_for 5 gone_or_zombie "$ATTACHED"; then
		wait "$ATTACHED"
		is "it ends when it is detached from outside" $? 1
	else
		not_ok "it ends when it is detached from outside"
		stop "$ATTACHED"
	fi
	prints "and reports it" "$TMP/outside.err" \
		"error: $IFACE: the interface was removed or the program detached"
}

# An interface with the same name and index in another namespace.
test_namesake()
{
	local number other=mx$$-other

	number=$(ip -n "$COLLECTOR" -o link show "$IFACE" | cut -d: -f1)
	ip netns add "$other" && E2E_NAMESPACES+=("$other")
	check "a namesake" ip -n "$other" link add "$IFACE" index "$number" \
		type vxlan id 1 dstport 4789
	attach_up "$TMP/name" || return
	ended "namesake: the daemon ends"
	in_ns "$other" timeout 10 "$METLO" attach "$IFACE" >"$TMP/output" 2>&1
	is "a namesake in another namespace is refused" $? 1
	prints "and why" "$TMP/output" \
		'belongs to another interface.*another network namespace'
	in_ns "$other" "$METLO" status "$IFACE" >"$TMP/output" 2>&1
	prints "and not taken for it by status" "$TMP/output" \
		'not .* in this network namespace'
	check "the first one stays attached" xdp_on
	metlo "namesake: detach" 0 detach "$IFACE"
}

# The kernel takes nearly any byte in the name of an interface.
odd_name()
{
	local name=$'odd\e[31m' peer=odd$$ shown='odd\\u001b\[31m'

	ip -n "$COLLECTOR" link add "$name" type veth peer name "$peer"
	metlo "doctor, odd name" 1 doctor nosuch0
	prints "doctor escapes control characters" "$TMP/output" "$shown"
	in_ns "$COLLECTOR" timeout -s TERM 2 "$METLO" attach "$name" \
		--mode skb --output ndjson:/dev/null >"$TMP/output" 2>&1
	prints "attach escapes them" "$TMP/output" "$shown: attached"
	metlo "status, odd name" 0 status
	prints "status escapes them" "$TMP/output" "^$shown: attached" \
		"metlo-xdp attach $shown"
	is "no escape sequence" "$(grep -c $'\e' "$TMP/output")" 0
	metlo "detach, odd name" 0 detach "$name"
	ip -n "$COLLECTOR" link del "$peer"
}

test_doctor()
{
	ip -n "$SERVER" link set vx0 down
	metlo "doctor before attach" 0 doctor "$IFACE"
	ip -n "$SERVER" link set vx0 up
	prints "every check has a line" "$TMP/output" '^OK    kernel: ' \
		'^OK    kernel features: ' ' BTF: ' ' BPF JIT: ' \
		'^OK    capabilities: ' ' memlock: ' ' BPF file system: ' \
		' user: ' ' clock: ' "^OK    interface: $IFACE is up" \
		'^OK    driver: veth: native XDP, multi-buffer frames' \
		'^WARN  MTU: 1600: .*1546 .*8947.*ip link set dev' \
		' queues: ' '^OK    XDP program: none' \
		'^WARN  mirrored traffic: no packet to UDP port 4789 in 2 s'
	is "and only lines of the three kinds" \
		"$(grep -cvE '^(OK   |WARN |FAIL ) [a-zA-Z ]+: ' "$TMP/output")" 0

	(sleep 0.5; requests 100; sleep 0.5; requests 100) &
	metlo "doctor with traffic" 0 doctor "$IFACE"
	wait $!
	prints "doctor sees mirrored packets" "$TMP/output" \
		'^OK    mirrored traffic: .*[1-9][0-9]* packets'

	ip -n "$COLLECTOR" link set "$IFACE" down
	metlo "doctor, interface down" 1 doctor "$IFACE"
	prints "doctor: set it up" "$TMP/output" \
		"^FAIL  interface: .*ip link set dev $IFACE up"
	ip -n "$COLLECTOR" link set "$IFACE" up
	metlo "doctor, no such interface" 1 doctor nosuch0
	prints "doctor lists the others" "$TMP/output" "^FAIL  interface: .*$IFACE"
	odd_name

	in_ns "$COLLECTOR" setpriv --reuid nobody --regid nogroup \
		--clear-groups "$METLO" doctor >"$TMP/output" 2>&1
	is "doctor without root" $? 1
	prints "doctor names the capabilities" "$TMP/output" \
		'^FAIL  capabilities: .*CAP_BPF.*attach --attach-only as root'
}

# A service that never runs as root: three ambient capabilities, and directories
# its user can write, in a private mount namespace.
test_ambient()
{
	local pid

	in_ns "$COLLECTOR" timeout -s TERM -k 5 90 unshare -m bash -c '
		mount -t bpf -o mode=1777 bpf /sys/fs/bpf &&
		mkdir -p /run/metlo-xdp &&
		mount -t tmpfs -o mode=0755,uid=nobody none /run/metlo-xdp &&
		exec setpriv --reuid nobody --regid nogroup --clear-groups \
			--inh-caps -all,+bpf,+net_admin,+perfmon \
			--ambient-caps -all,+bpf,+net_admin,+perfmon \
			"$@"' ambient "$METLO" attach "$IFACE" \
		>"$TMP/ambient" 2>"$TMP/ambient.err" &
	E2E_PIDS+=($!)
	if wait_for 60 grep -q 'attached in native mode.*as user nobody' \
		"$TMP/ambient.err"; then
		ok "ambient capabilities suffice"
	else
		not_ok "ambient capabilities suffice" "$(cat "$TMP/ambient.err")"
		return
	fi
	pid=$(pgrep -f "^$METLO attach $IFACE" | tail -n 1)
	is "and are given up by all threads" "$(cat "/proc/$pid"/task/*/status |
		grep -E '^Cap(Prm|Eff|Amb)' | awk '{print $2}' | sort -u)" \
		0000000000000000
	requests 3
	wait_for 60 sh -c "[ \$(wc -l <'$TMP/ambient') -ge 3 ]"
	kill "$pid"
	wait $!
	is "ambient: transactions" "$(wc -l <"$TMP/ambient")" 3
}

# as_user USER COMMAND...: with no way to gain a capability. The user may enter
# /sys/fs/bpf, but sees only our folder there, as in the unit.
as_user()
{
	# shellcheck disable=SC2016
	in_ns "$COLLECTOR" unshare -m bash -c '
		pins=/sys/fs/bpf/metlo-xdp kept=$1 user=$2
		shift 2
		mkdir -p "$kept" && mount --bind "$pins" "$kept" &&
		mount -t tmpfs -o mode=0755 none /sys/fs/bpf &&
		mkdir "$pins" && mount --bind "$kept" "$pins" &&
		exec setpriv --reuid "$user" --regid nogroup --clear-groups \
			--bounding-set -all --no-new-privs "$@"' as_user "$TMP/pins" "$@"
}

# closed MODE COMMAND...: where the BPF file system has this mode and is empty.
closed()
{
	# shellcheck disable=SC2016
	in_ns "$COLLECTOR" unshare -m bash -c '
		mount -t bpf -o mode="$1" none /sys/fs/bpf && shift && exec "$@"' \
		closed "$@"
}

# Attached by root, then captured by a user without any capabilities.
test_attach_only()
{
	local options=(--metrics off --health off) code
	local closed_to='/sys/fs/bpf.*closed to.*chmod o\+x /sys/fs/bpf'

	closed 0711 "$METLO" attach "$IFACE" --attach-only --user nobody \
		>"$TMP/output" 2>&1
	is "open to all: no advice" "$(grep -cE "$closed_to" "$TMP/output")" 0
	closed 0700 "$METLO" attach "$IFACE" --attach-only --user nobody \
		>"$TMP/output" 2>&1
	prints "closed to the user: says so" "$TMP/output" "$closed_to"
	closed 0700 setpriv --reuid nobody --regid nogroup --clear-groups \
		"$METLO" attach "$IFACE" "${options[@]}" >"$TMP/output" 2>&1
	code=$?
	is "closed to the user: exit code" "$code" 4
	prints "and to the user, too" "$TMP/output" "$closed_to"
	metlo "attach-only" 0 attach "$IFACE" --attach-only --user nobody
	prints "says who continues" "$TMP/output" 'for user nobody'
	requests 3
	as_user nobody timeout -s TERM 3 "$METLO" attach "$IFACE" "${options[@]}" \
		>"$TMP/adopted" 2>"$TMP/adopted.err" &
	E2E_PIDS+=($!)
	check "a user without capabilities reports what waited" \
		wait_for 5 lines "$TMP/adopted" 3
	requests 3
	check "and what comes" wait_for 5 lines "$TMP/adopted" 6
	wait $!
	as_user nobody "$METLO" attach "$IFACE" "${options[@]}" --workers 16 \
		>"$TMP/output" 2>&1
	code=$?
	is "other rings need privileges" "$code" 4
	prints "and it says what to do" "$TMP/output" 'attach-only.*--workers'
	metlo "attach-only replaces rings" 0 attach "$IFACE" --attach-only \
		--user nobody --workers 16
	requests 3
	as_user nobody timeout -s TERM 3 "$METLO" attach "$IFACE" "${options[@]}" \
		--workers 16 >"$TMP/adopted" 2>"$TMP/adopted.err"
	is "and loses nothing" "$(wc -l <"$TMP/adopted")" 3
	is "the old rings are gone" "$(find "/sys/fs/bpf/metlo-xdp" -name 'old-*' |
		wc -l)" 0
	as_user daemon "$METLO" attach "$IFACE" "${options[@]}" >"$TMP/output" 2>&1
	code=$?
	is "another user cannot continue" "$code" 4
	as_user nobody "$METLO" attach "$IFACE" --attach-only >"$TMP/output" 2>&1
	code=$?
	is "attach-only needs privileges" "$code" 4
	metlo "attach-only: detach" 0 detach "$IFACE"
}

need attach nginx curl jq python3 bpftool setpriv unshare pgrep
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "attach" "no tc mirred or no vxlan in this kernel"; finish; }
mkdir -p "$TMP/www"
seq 1 200000 >"$TMP/www/large"
seq 1 2000 >"$TMP/www/text"
nginx_up "root $TMP/www; server {
	listen 80;
	location = / { return 200 \"hello \$arg_n\\n\"; }
	location / { }
}" || { not_ok "nginx" "does not start"; finish; }

run_sections native status privileges no_seccomp refusals other_program generic \
	large_frames broken_pipe stalled_reader summary_on_stdout losses \
	filters pass detached_from_outside namesake doctor ambient attach_only
# After --detach-on-exit only the lock file is left.
in_ns "$COLLECTOR" "$METLO" detach "$IFACE" 2>/dev/null
finish
