#!/usr/bin/env bash
#
# The Debian package in a container with a real systemd and mirrored traffic: it
# installs, the service runs in its sandbox under the watchdog, upgrades without
# loss, and is removed completely.

. "$(dirname "$0")/../e2e/lib.sh"
. "$(dirname "$0")/../e2e/old_version.sh"
. "$TOP/tests/package/machine.sh"

UNIT=metlo-xdp@$IFACE.service
OTHER=mxo$$
LOG=/var/log/metlo-xdp/transactions.ndjson

# show PROPERTY [UNIT]: prints a property of the unit.
show()
{
	in_machine systemctl show -p "$1" --value "${2:-$UNIT}"
}

# state WANTED [UNIT]: succeeds if the unit is in this state.
state()
{
	[ "$(show ActiveState "${2:-$UNIT}")" = "$1" ]
}

# The PID of the daemon outside the container.
daemon()
{
	pgrep -f "^/usr/sbin/metlo-xdp attach $IFACE "
}

# of FIELD: prints a field of the daemon's /proc/PID/status.
of()
{
	awk -F '\t' -v f="$1:" '$1 == f { print $2 }' "/proc/$(daemon)/status"
}

# kernel FILTER: applies FILTER (jq) to the counters in the pinned maps.
kernel()
{
	in_machine metlo-xdp status "$IFACE" --json |
		jq -c ".interfaces[0] | $1" 2>&1
}

journal()
{
	in_machine journalctl --no-pager -o cat -u "${1:-$UNIT}"
}

files()
{
	(cd "$MACHINE" && find etc lib opt root usr srv var -not -path 'var/log/journal*' \
		-not -path 'var/lib/dpkg/*' -not -path 'var/cache/*' -not -name '*-' \
		-not -path 'var/log/apt*' -not -path 'var/tmp/*' -not -path 'root/*.deb' \
		-not -path 'var/lib/apt/*' -not -path 'var/lib/logrotate/*' -not -name dpkg.log -not -name alternatives.log |
		sort)
}

request()
{
	in_ns "$CLIENT" curl -sS --max-time 5 -o /dev/null "http://10.77.1.1/?n=$1"
}

reported()
{
	grep -q "?n=$1\"" "$MACHINE$LOG"
}

# try N: makes request N and waits until the output has it.
try()
{
	request "$1" && wait_for 10 reported "$1"
}

# configure NAME TEXT: writes a drop-in of the unit.
configure()
{
	mkdir -p "$MACHINE/etc/systemd/system/metlo-xdp@.service.d"
	printf '[Service]\n%s\n' "$2" \
		>"$MACHINE/etc/systemd/system/metlo-xdp@.service.d/$1.conf"
	in_machine systemctl daemon-reload
}

# options [WORDS]: writes them to the interface's environment file.
options()
{
	echo "METLO_XDP_OPTIONS=\"$*\"" >"$MACHINE/etc/default/metlo-xdp-$IFACE"
}

installs()
{
	files >"$TMP/before"
	cp "$1" "$2" "$MACHINE/root/"
	check "the package installs" in_machine apt-get -qq -y install \
		"/root/$(basename "$1")"
	is "installing attaches nothing" "$(show ActiveState)" inactive
	check "there is a user metlo-xdp" in_machine getent passwd metlo-xdp
	is "the environment is for root only" \
		"$(stat -c %a:%U "$MACHINE/etc/default/metlo-xdp")" 600:root
	check "systemd-analyze accepts the unit" \
		in_machine systemd-analyze verify --man=no "$UNIT"
	check "its exposure is at most 1.5" in_machine systemd-analyze security \
		--offline=true --threshold=15 \
		"/lib/systemd/system/metlo-xdp@.service"
	check "the user cannot read the key" test "$(in_machine setpriv \
		--reuid metlo-xdp --regid metlo-xdp --clear-groups \
		cat /etc/default/metlo-xdp 2>&1 | grep -c denied)" = 1
}

runs()
{
	check "enable --now" in_machine systemctl enable --now "$UNIT"
	# Everything below would fail, too, and hide the cause.
	state active || { not_ok "it runs" "$(journal)"; finish; }
	is "it is active" "$(show ActiveState)" active
	check "the program is on the interface" xdp_on
	check "a request is reported" try 1
	is "by threads without capabilities in any set" "$(sed -n 's/^Cap.*\t//p' \
		/proc/"$(daemon)"/task/*/status | sort -u)" 0000000000000000
	is "for which the step before has attached" \
		"$(journal | grep -c 'attached in native mode for user metlo-xdp')" 1
	is "that cannot gain any" "$(of NoNewPrivs)" 1
	is "with a filter of system calls" "$(of Seccomp)" 2
	is "as metlo-xdp" "$(of Uid)" \
		"$(in_machine id -u metlo-xdp)"
	pins_handed_over "which owns the pins"
	is "and sees nothing else of that file system" "$(in_service \
		ls /sys/fs/bpf)" metlo-xdp
	is "it cannot write in /etc" "$(in_service touch /etc/metlo-xdp/x 2>&1 |
		grep -c 'Read-only')" 1
	check "systemctl status shows its state" wait_for 15 status_shown
	is "the health check reports it healthy" \
		"$(in_ns "$SERVER" curl -sS --max-time 5 -o /dev/null -w '%{http_code}' \
			http://10.77.2.2:4789/healthz)" 200
	is "other users cannot read the transactions" \
		"$(stat -c %A "$MACHINE$LOG" | cut -c 8-10)" ---
}

# pins_handed_over WHAT: the pins are the user's, the folders above root's.
pins_handed_over()
{
	is "$1" "$(in_machine find "/sys/fs/bpf/metlo-xdp" -mindepth 2 \
		-printf '%u\n' | sort -u)" metlo-xdp
	is "but not the folders above" "$(in_machine find /sys/fs/bpf/metlo-xdp \
		-maxdepth 1 -printf '%u:%m\n' | sort -u)" root:755
}

# Runs a command as root in the mount namespace of the daemon.
in_service()
{
	nsenter --target "$(daemon)" --mount -- "$@"
}

status_shown()
{
	show StatusText | grep -q 'native mode, since this start: [0-9]* packets, 0 lost, [1-9]'
}

# As an earlier version left it: the folders are the user's. Then as someone who
# has become that user could leave it: links instead of folders and pins.
after_foreign_pins()
{
	local pins=/sys/fs/bpf/metlo-xdp

	in_machine systemctl stop "$UNIT"
	in_machine sh -c "chown -R metlo-xdp:metlo-xdp $pins; chmod 700 $pins"
	check "it starts with folders of an earlier version" \
		in_machine systemctl start "$UNIT"
	pins_handed_over "and takes them back"
	in_machine systemctl stop "$UNIT"
	in_machine sh -c "mkdir /sys/fs/bpf/other && cd $pins/v*/$IFACE &&
		ln -s ../../../other/link stolen && mkdir below"
	check "it starts with links among the pins" \
		in_machine systemctl start "$UNIT"
	in_machine systemctl stop "$UNIT"
	in_machine sh -c "cd $pins/v* && mv $IFACE ../../other/ &&
		ln -s ../../other/$IFACE $IFACE &&
		chown -R root ../../other"
	in_machine systemctl start "$UNIT" 2>/dev/null
	is "but not through a link to another folder" \
		"$(in_machine find /sys/fs/bpf/other ! -user root -o -name ring-00 |
			wc -l)" 1
	in_machine systemctl stop "$UNIT"
	in_machine sh -c "cd $pins/v* && rm $IFACE && mv ../../other/$IFACE . &&
		rm $IFACE/stolen && rmdir $IFACE/below ../../other"
	check "and as before without it" in_machine systemctl start "$UNIT"
}

# What the privileged step cannot do: a retry follows if it could help.
step_fails()
{
	local unit=metlo-xdp@$OTHER.service holder

	in_machine systemctl stop "$UNIT"
	in_machine systemctl reset-failed "$UNIT"
	in_machine flock "/run/metlo-xdp/$IFACE.lock" sleep 60 &
	holder=$!
	wait_for 5 test -n "$(in_machine pgrep -x sleep)"
	in_machine systemctl start --no-block "$UNIT"
	check "a busy interface is tried again" wait_for 10 retried
	in_machine pkill -x sleep
	wait "$holder"
	check "until it is free" wait_for 10 state active
	ip -n "$COLLECTOR" link add "$OTHER" type vxlan id 99 dstport 4799
	wait_for 10 state active "sys-subsystem-net-devices-$OTHER.device"
	echo 'METLO_XDP_OPTIONS="--mode native --health off --metrics off"' \
		>"$MACHINE/etc/default/metlo-xdp-$OTHER"
	in_machine systemctl start "$unit" 2>/dev/null
	is "an unsupported interface: it fails" "$(show ActiveState "$unit")" failed
	is "with the exit code for that" "$(show ExecMainStatus "$unit")" 4
	is "and is not restarted" "$(show NRestarts "$unit")" 0
	check "and says why" journal_of_other 'cannot attach to .* in native mode'
	ip -n "$COLLECTOR" link del "$OTHER"
	rm "$MACHINE/etc/default/metlo-xdp-$OTHER"
	in_machine systemctl reset-failed "$unit" 2>/dev/null
}

retried()
{
	[ "$(show NRestarts)" -ge 2 ]
}

journal_of_other()
{
	journal "metlo-xdp@$OTHER.service" | grep -q "$1"
}

# A manual attach as root leaves pins and a lock that belong to root.
after_attach_by_hand()
{
	in_machine systemctl stop "$UNIT"
	is "it stops with success" "$(show Result)" success
	check "detach removes everything" in_machine metlo-xdp detach "$IFACE"
	in_machine timeout -s TERM 2 metlo-xdp attach "$IFACE" --user root \
		--output ndjson:/root/by-hand >/dev/null 2>&1
	is "the lock belongs to root" "$(in_machine stat -c %U \
		"/run/metlo-xdp/$IFACE.lock")" root
	check "it starts after a manual attach" in_machine systemctl start "$UNIT"
	is "and has taken the program over" "$(journal | grep -c "updated in native")" 1
	pins_handed_over "and owns the pins"
	check "and reports" try 2
	rm -f "$MACHINE/root/by-hand"
}

# systemctl reload applies the options that can change while it runs.
reloaded()
{
	local conf=$MACHINE/etc/metlo-xdp/metlo-xdp.conf pid

	pid=$(daemon)
	echo "ports = 80,8123" >>"$conf"
	check "reload" in_machine systemctl reload "$UNIT"
	check "the new configuration takes effect" \
		wait_for 10 ports_are "80,8123"
	sed -i 's/^ports = .*/ports = nonsense/' "$conf"
	in_machine systemctl reload "$UNIT"
	check "an error is reported" wait_for 10 journal_has nonsense
	is "and changes nothing" "$(kernel .ports)" '"80,8123"'
	check "it is ready again" wait_for 10 state active
	is "and the same process" "$(daemon)" "$pid"
	sed -i '/^ports = /d' "$conf"
}

ports_are()
{
	[ "$(kernel .ports)" = "\"$1\"" ]
}

journal_has()
{
	journal | grep -q "$1"
}

# The logrotate configuration that is shipped as an example.
rotated()
{
	check "a request before" try 3
	check "logrotate" in_machine logrotate --force \
		/usr/share/doc/metlo-xdp/examples/logrotate
	check "has renamed the file" grep -q '?n=3"' "$MACHINE$LOG.1"
	check "later requests are in another" try 4
	check "and not in the old one" not grep -q '?n=4"' "$MACHINE$LOG.1"
}

# Metlo's collector over TLS, with a key from the environment file and a spool.
delivers()
{
	local port

	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-nodes -days 2 -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost -keyout "$TMP/ca.key" \
		-out "$MACHINE/etc/metlo-xdp/ca.pem" 2>/dev/null
	spawn "$COLLECTOR" "$TMP/metlo" python3 "$E2E_DIR/fake_metlo.py" --port 0 \
		--log "$TMP/metlo.log" --cert-key "$TMP/ca.key" \
		--cert "$MACHINE/etc/metlo-xdp/ca.pem"
	wait_for 10 test -s "$TMP/metlo"
	port=$(cat "$TMP/metlo")
	echo 'METLO_API_KEY=key' >>"$MACHINE/etc/default/metlo-xdp"
	options --output "ndjson:$LOG" --output metlo \
		--metlo-host "https://localhost:$port" \
		--metlo-ca /etc/metlo-xdp/ca.pem --spool /var/lib/metlo-xdp/spool
	check "to Metlo: it starts" in_machine systemctl restart "$UNIT"
	in_ns "$CLIENT" curl -sS --max-time 5 -o /dev/null http://10.77.1.1/to-metlo
	check "to Metlo: it arrives" wait_for 10 grep -q /to-metlo "$TMP/metlo.log"
	is "to Metlo: only the daemon can read the spool" "$(in_machine stat -c %U:%A \
		/var/lib/metlo-xdp/spool | sed 's/^\(.*\):....\(.*\)/\1 \2/')" \
		"metlo-xdp ------"
	stop "$SPAWNED"
	rm "$MACHINE/etc/default/metlo-xdp-$IFACE" "$MACHINE/etc/metlo-xdp/ca.pem"
	sed -i /METLO_API_KEY=key/d "$MACHINE/etc/default/metlo-xdp"
	check "to Metlo: and back" in_machine systemctl restart "$UNIT"
}

restarted()
{
	[ "$(show NRestarts)" = "$1" ] && state active
}

watched()
{
	local pid stall

	configure watchdog "WatchdogSec=2"
	in_machine systemctl restart "$UNIT"
	in_machine systemctl reset-failed "$UNIT"
	pid=$(daemon)
	sleep 3
	is "the watchdog does not fire" "$(daemon)" "$pid"
	"$TOP/tests/package/stall.py" "$pid" worker-0 30 2>"$TMP/stall" &
	stall=$!
	E2E_PIDS+=("$stall")
	check "a stopped worker is detected" wait_for 20 restarted 1
	wait "$stall" 2>/dev/null
	is "and reported" "$(journal | grep -c 'a worker has not moved')" 1
	check "the restarted daemon works" try 5
	kill -KILL "$(daemon)"
	check "it restarts when it is killed" wait_for 20 restarted 2
	check "and reports" try 6
	rm "$MACHINE/etc/systemd/system/metlo-xdp@.service.d/watchdog.conf"
	in_machine systemctl daemon-reload
}

refused()
{
	in_machine systemctl reset-failed "$UNIT"
	options --no-such-option
	in_machine systemctl restart "$UNIT" 2>/dev/null
	is "wrong options: it fails" "$(show ActiveState)" failed
	is "with the exit code for usage errors" "$(show ExecMainStatus)" 2
	is "and is not restarted" "$(show SubState):$(show NRestarts)" failed:0
	is "and reports the error, as does the step before" \
		"$(journal | grep -c 'unknown option.*no-such-option')" 2
	rm "$MACHINE/etc/default/metlo-xdp-$IFACE"
	check "with right ones it starts" in_machine systemctl start "$UNIT"
}

# The program of 0.1.0 with its unit, and with rings of another size than after the upgrade.
old_version()
{
	build_old || { not_ok "0.1.0 builds" "see above"; return; }
	[ -n "$OLD" ] || { skip "an upgrade from 0.1.0" "$OLD_MISSING"; return; }
	options --ring-size 1MiB
	configure 0.1.0 "ExecStartPre=
ExecStartPre=+nsenter --target 1 --mount mkdir -p -m 0700 /sys/fs/bpf/metlo-xdp
ExecStartPre=+nsenter --target 1 --mount chown -hR metlo-xdp:metlo-xdp /sys/fs/bpf/metlo-xdp
AmbientCapabilities=CAP_BPF CAP_NET_ADMIN CAP_PERFMON
CapabilityBoundingSet=CAP_BPF CAP_NET_ADMIN CAP_PERFMON
SystemCallFilter=capset
PrivateUsers=no"
	# It does not know the layout of the program that is attached.
	check "detached for 0.1.0" in_machine sh -c \
		"systemctl stop $UNIT && metlo-xdp detach $IFACE"
	cp --remove-destination "$OLD" "$MACHINE/usr/sbin/metlo-xdp"
	check "0.1.0 runs as a service" in_machine systemctl restart "$UNIT"
	is "with smaller rings" "$(kernel .ring_bytes)" 1048576
}

upgraded()
{
	local pid code

	pid=$(daemon)
	mkfifo "$TMP/traffic"
	in_ns "$CLIENT" "$TOP/tests/package/traffic.py" http://10.77.1.1/ \
		<"$TMP/traffic" >"$TMP/numbers" 2>"$TMP/traffic.err" &
	E2E_PIDS+=($!)
	exec 9>"$TMP/traffic"
	: >"$MACHINE$LOG"
	sleep 1
	options --ring-size 2MiB
	rm -f "$MACHINE/etc/systemd/system/metlo-xdp@.service.d/0.1.0.conf"
	check "the upgrade" in_machine apt-get -qq -y install \
		"/root/$(basename "$1")"
	check "the service runs after it" wait_for 20 state active
	sleep 1
	exec 9>&-
	wait "${E2E_PIDS[-1]}"
	code=$?
	is "requests continued during the upgrade" "$code" 0
	# shellcheck disable=SC2016
	is "it is the new version" "$(in_machine dpkg-query -W \
		-f '${Version}' metlo-xdp)" "$(dpkg-deb -f "$1" Version)"
	check "and another process" test "$(daemon)" != "$pid"
	wait_for 10 all_reported
	is "no request is missing" "$(jq -c .missing_requests "$TMP/check.json")" '[]'
	is "no response is missing" "$(jq -c .missing_responses "$TMP/check.json")" '[]'
	is "the new options are in effect" "$(kernel .ring_bytes)" 2097152
	is "the old rings are drained" "$(in_machine find \
		/sys/fs/bpf/metlo-xdp/retired -type f)" ""
	rm "$MACHINE/etc/default/metlo-xdp-$IFACE"
	check "of hundreds" jq -e '.requests > 200' "$TMP/check.json"
	is "no ring was full" "$(kernel .ring_full)" 0
}

all_reported()
{
	"$TOP/tests/package/traffic.py" --check "$TMP/numbers" "$MACHINE$LOG" \
		>"$TMP/check.json" &&
	jq -e '.missing_requests == [] and .missing_responses == []' "$TMP/check.json"
}

# The instance of a second interface starts and stops with the interface.
second_interface()
{
	local unit=metlo-xdp@$OTHER.service

	in_machine systemctl enable "$unit" 2>/dev/null
	echo 'METLO_XDP_OPTIONS="--output ndjson:/var/log/metlo-xdp/other.ndjson --health off --metrics off"' \
		>"$MACHINE/etc/default/metlo-xdp-$OTHER"
	add_other
	check "an interface that appears starts its instance" \
		wait_for 20 state active "$unit"
	check "which has its own lock" test -e \
		"/proc/$MACHINE_PID/root/run/metlo-xdp/$OTHER.lock"
	ip -n "$COLLECTOR" link del "$OTHER"
	check "deleting the interface stops it" wait_for 20 state inactive "$unit"
	check "the other instance keeps running" try 7
	add_other
	check "recreating it starts it again" wait_for 20 state active "$unit"
}

add_other()
{
	ip -n "$COLLECTOR" link add "$OTHER" type veth peer name "${OTHER}p" &&
	ip -n "$COLLECTOR" link set "$OTHER" up &&
	ip -n "$COLLECTOR" link set "${OTHER}p" up
}

removed()
{
	check "remove" in_machine apt-get -qq -y remove metlo-xdp
	check "nothing runs" test -z "$(daemon)"
	check "nothing is attached" not xdp_on
	check "nothing is pinned" not in_machine test -e /sys/fs/bpf/metlo-xdp
	check "the configuration is kept" test -e \
		"$MACHINE/etc/metlo-xdp/metlo-xdp.conf"
	check "and so is the captured output" test -s "$MACHINE$LOG"
	rm -f "$MACHINE/etc/default/metlo-xdp-$OTHER"
	rm -rf "$MACHINE/etc/systemd/system/metlo-xdp@.service.d"
	check "purge" in_machine apt-get -qq -y purge metlo-xdp
	files >"$TMP/after"
	is "no file is left" "$(diff "$TMP/before" "$TMP/after" | grep '^[<>]')" ""
	is "nor in /run" "$(in_machine find /run -name '*metlo*')" ""
	check "the user stays, as is usual in Debian" in_machine getent passwd metlo-xdp
}

not()
{
	! "$@"
}

need service mmdebstrap dpkg-deb nginx jq python3 curl openssl findmnt
machine_can service
DEB=$(ls "$O"/deb/metlo-xdp_*.deb 2>/dev/null)
NEWER=$(ls "$O"/deb-newer/metlo-xdp_*.deb 2>/dev/null)
if [ -z "$DEB" ] || [ -z "$NEWER" ]; then
	not_ok "the packages exist" "make test-package builds them"
	finish
fi
machine_archive "$DEB" || {
	not_ok "building a root file system" "$(tail "$O/package/log")"
	finish
}
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip service "no tc mirred or no vxlan in this kernel"; finish; }
nginx_up "keepalive_requests 1000000; server {
	listen 80;
	location / { return 200 \"hello \$arg_n\\n\"; }
}" || { not_ok "nginx" "does not start"; finish; }
machine_up || {
	not_ok "the machine boots" "$(tail "$TMP/boot.log")"
	finish
}
installs "$DEB" "$NEWER"
runs
after_attach_by_hand
after_foreign_pins
step_fails
reloaded
rotated
delivers
watched
refused
old_version
upgraded "$NEWER"
second_interface
removed
finish
