#!/usr/bin/env bash
#
# /healthz as seen by a load balancer: 200 while the daemon works, 503 with a
# reason for everything that can fail, and always an answer.

. "$(dirname "$0")/lib.sh"

HERE=127.0.0.1:4789

requests()
{
	in_ns "$CLIENT" curl -sS --max-time 20 -o /dev/null \
		"http://10.77.1.1/?n=[1-$1]" -H 'Connection: close'
}

# ask [CURL-ARGUMENT...]: requests /healthz from the collector; prints the status
# and leaves the body in $TMP/answer.
ask()
{
	[ $# -gt 0 ] || set -- "http://$HERE/healthz"
	in_ns "$COLLECTOR" curl -sS --max-time 5 -o "$TMP/answer" \
		-w '%{http_code}' "$@"
}

# answers STATUS [REASON]: succeeds if /healthz answers this now.
answers()
{
	[ "$(ask)" = "$1" ] || return 1
	[ $# -lt 2 ] || jq -e --arg r "$2" \
		'.status == "unhealthy" and any(.reasons[];
			.reason == $r and (.detail | length > 0))' "$TMP/answer"
}

ended()
{
	if stop "$ATTACHED" "${2:-3}"; then
		is "$1" "$STOPPED" 0
	else
		not_ok "$1" "still there after ${2:-3} s"
	fi
}

# up NAME [OPTION...]: starts a daemon and waits until it is healthy.
up()
{
	local name=$1
	shift
	attach_up "$TMP/$name" --detach-on-exit --metrics off "$@" &&
		wait_for 10 answers 200
}

# doctor_says NAME PATTERN
doctor_says()
{
	in_ns "$COLLECTOR" timeout 20 "$METLO" doctor >"$TMP/output" 2>&1
	is "$1" "$(grep -cE "$2" "$TMP/output")" 1
}

test_healthy()
{
	up healthy || { not_ok "healthy" "$(cat "$TMP/healthy.err")"; return; }
	# Without a transaction, it is degraded after a while.
	requests 1
	check "a transaction" wait_for 60 lines "$TMP/healthy" 1
	is "all is well" "$(jq -c . "$TMP/answer")" \
		"{\"status\":\"healthy\",\"interface\":\"$IFACE\",\"reasons\":[]}"
	is "as JSON" "$(ask -I -w '%{content_type} %{http_code}' \
		"http://$HERE/healthz")" 'application/json 200'
	is "it is not cached" "$(grep -ic '^cache-control: no-store' \
		"$TMP/answer")" 1
	is "from outside, through the XDP program" "$(in_ns "$SERVER" curl -sS \
		--max-time 5 -o /dev/null -w '%{http_code}' \
		http://10.77.2.2:4789/healthz)" 200
	check "a TCP check" in_ns "$SERVER" timeout 5 \
		bash -c 'exec 3<>/dev/tcp/10.77.2.2/4789'
	is "the path that load balancers ask for by default" \
		"$(ask "http://$HERE/")" 200
	is "other paths are not there" "$(ask "http://$HERE/metrics")" 404
	is "a query does not matter" "$(ask "http://$HERE/healthz?a=b")" 200
	is "only GET and HEAD" "$(ask -d x=y "http://$HERE/healthz")" 405
	is "does not wait for a missing body" "$(ask -H \
		'Content-Length: 1000000000' "http://$HERE/healthz")" 200
	is "a request that is too large is refused" "$(ask -H "X: $(seq 5000 |
		tr -d '\n')" "http://$HERE/healthz")" 431
	is "and the next one answered" "$(ask)" 200
	doctor_says "doctor: a daemon answers" \
		'^OK    health port: 0.0.0.0:4789 is served by a running metlo-xdp$'
	kill -STOP "$ATTACHED"
	doctor_says "doctor: a daemon that hangs" \
		'^FAIL  health port: 0.0.0.0:4789: the port is in use but does not answer'
	kill -CONT "$ATTACHED"
	ended "healthy: the daemon ends"
}

test_port_in_use()
{
	local code listener

	spawn "$COLLECTOR" "$TMP/listener" python3 -c '
import socket, time
s = socket.create_server(("127.0.0.1", 4790))
time.sleep(60)'
	listener=$SPAWNED
	wait_for 5 in_ns "$COLLECTOR" bash -c 'exec 3<>/dev/tcp/127.0.0.1/4790'
	in_ns "$COLLECTOR" timeout 10 "$METLO" attach "$IFACE" \
		--health 0.0.0.0:4790 >"$TMP/output" 2>&1
	code=$?
	is "a port in use: exit code" "$code" 1
	is "a port in use: what to do" "$(grep -cE '^metlo-xdp: error: --health 0.0.0.0:4790: cannot listen: Address already in use: .*another port, or off' "$TMP/output")" 1
	is "nothing was attached" "$(ip -n "$COLLECTOR" link show "$IFACE" |
		grep -c prog/xdp)" 0
	in_ns "$COLLECTOR" timeout 10 "$METLO" attach "$IFACE" \
		--health 192.0.2.1:4789 >"$TMP/output" 2>&1
	is "an address of another machine" "$(grep -c 'Cannot assign requested address: this machine does not have' "$TMP/output")" 1
	in_ns "$COLLECTOR" timeout 10 "$METLO" attach "$IFACE" \
		--health localhost >"$TMP/output" 2>&1
	is "no endpoint at all: exit code" $? 2
	in_ns "$COLLECTOR" timeout 10 "$METLO" doctor \
		--health 127.0.0.1:4790 >"$TMP/output" 2>&1
	is "doctor finds it" "$(grep -cE '^FAIL  health port: 127.0.0.1:4790: .*in use' "$TMP/output")" 1
	stop "$listener"
	is "and the free one" "$(grep -cE '^OK    metrics port: 127.0.0.1:9789 is free' "$TMP/output")" 1
}

test_low_port()
{
	HERE='[::1]:479'
	up low --health '[::]:479' ||
		{ not_ok "a low port, IPv6" "$(cat "$TMP/low.err")"; return; }
	ok "a low port, bound before the privileges go; IPv6"
	is "IPv4 as well" "$(ask http://127.0.0.1:479/healthz)" 200
	HERE=127.0.0.1:4789
	ended "low port: the daemon ends"
	attach_up "$TMP/off" --detach-on-exit --health off --metrics off || return
	wait_for 5 grep -q 'mode, ports' "$TMP/off.err"
	is "off: nothing listens" "$(in_ns "$COLLECTOR" ss -Hltn \
		'sport = :4789 or sport = :9789' | wc -l)" 0
	ended "off: the daemon ends"
}

test_interface_down()
{
	up down || return
	ip -n "$COLLECTOR" link set "$IFACE" down
	check "interface down: 503" wait_for 5 answers 503 interface_down
	doctor_says "doctor reports why it is unhealthy" \
		'^WARN  health port: 0.0.0.0:4789 is served by a running metlo-xdp: .*interface_down'
	ip -n "$COLLECTOR" link set "$IFACE" up
	check "interface up again: 200" wait_for 5 answers 200
	ip -n "$SERVER" link set u0 down
	check "no carrier: 503" wait_for 5 answers 503 interface_down
	ip -n "$SERVER" link set u0 up
	check "carrier again: 200" wait_for 5 answers 200
	ended "interface: the daemon ends"
	# Its neighbor entry was deleted with the interface.
	ip -n "$SERVER" neigh replace 10.77.2.2 dev u0 nud permanent lladdr \
		"$(in_ns "$COLLECTOR" ip -br link show "$IFACE" | awk '{print $3}')"
}

# thread NAME: prints the TID of a thread of the daemon.
thread()
{
	grep -lx "$1" /proc/"$ATTACHED"/task/*/comm | head -n 1 | cut -d/ -f5
}

# frozen TID REASON: a stopped thread is reported until it continues.
frozen()
{
	local name=$1 tid=$2 reason=$3

	mkfifo "$TMP/thaw.$reason"
	"$E2E_DIR/freeze.py" "$tid" <"$TMP/thaw.$reason" >"$TMP/frozen" &
	exec 8>"$TMP/thaw.$reason"
	wait_for 5 grep -q frozen "$TMP/frozen"
	check "$name hangs: 503" wait_for 15 answers 503 "$reason"
	exec 8>&-
	check "$name goes on: 200" wait_for 5 answers 200
}

test_hangs()
{
	up hangs --workers 2 || return
	frozen "a worker" "$(thread worker-1)" worker_stalled
	frozen "the main thread" "$ATTACHED" main_stalled
	ended "hangs: the daemon ends"
}

test_losses()
{
	up losses --ring-size 64KiB --workers 1 || return
	kill -STOP "$ATTACHED"
	requests 300
	kill -CONT "$ATTACHED"
	check "packets are lost: 503" wait_for 5 answers 503 ring_full
	check "and forgiven after a while: 200" wait_for 20 answers 200
	ended "losses: the daemon ends"
}

# A ring that a hung worker does not drain is reported before packets are lost.
test_lagging()
{
	up lagging --ring-size 4MiB --workers 1 || return
	mkfifo "$TMP/thaw.lagging"
	"$E2E_DIR/freeze.py" "$(thread worker-0)" <"$TMP/thaw.lagging" \
		>"$TMP/frozen" &
	exec 8>"$TMP/thaw.lagging"
	wait_for 5 grep -q frozen "$TMP/frozen"
	in_ns "$CLIENT" curl -sS --max-time 20 -o /dev/null \
		"http://10.77.1.1/text?n=[1-60]"
	check "a ring more than half full: 503" wait_for 15 answers 503 \
		ring_behind
	exec 8>&-
	check "emptied: 200" wait_for 15 answers 200
	ended "lagging: the daemon ends"
}

test_output()
{
	up full --output "ndjson:-" --output "ndjson:/dev/full" || return
	requests 3
	check "an output that cannot be written: 503" wait_for 5 answers 503 \
		output_broken
	is "which one, and why" "$(jq -r '.reasons[] |
		select(.reason == "output_broken").detail' "$TMP/answer")" \
		'ndjson:/dev/full: No space left on device'
	check "and that it drops: 503" wait_for 5 answers 503 output_dropping
	# Otherwise a load balancer that moved the traffic away because of it
	# would never return it.
	check "and cleared when no more packets arrive: 200" wait_for 20 answers 200
	stop "$ATTACHED" 3
}

# Exiting takes a second if an output is not read; meanwhile no traffic should be
# sent here.
test_stopping()
{
	mkfifo "$TMP/stalled"
	sleep 60 <>"$TMP/stalled" &
	E2E_PIDS+=($!)
	up stopping --output "ndjson:$TMP/stalled" || return
	in_ns "$CLIENT" curl -sS --max-time 20 -o /dev/null \
		"http://10.77.1.1/text?n=[1-300]"
	kill -TERM "$ATTACHED"
	check "on the way out: 503" wait_for 3 answers 503 stopping
	stop "$ATTACHED" 3
}

metlo_up()
{
	spawn "$COLLECTOR" "$TMP/fake" python3 "$E2E_DIR/fake_metlo.py" \
		--port 8081 --key "$1"
	FAKE=$SPAWNED
	wait_for 10 in_ns "$COLLECTOR" bash -c 'exec 3<>/dev/tcp/127.0.0.1/8081'
}

# metric NAME VALUE: compares a metric of the Metlo sink.
metric()
{
	in_ns "$COLLECTOR" curl -sS http://127.0.0.1:9789/metrics |
		grep -qE "^metlo_xdp_sink_$1\{interface=\"[^\"]*\",sink=\"metlo\"\} $2\$"
}

# While Metlo's collector is down, lines are spooled: still healthy. If it
# rejects the key, that is for the operator to fix: unhealthy.
test_metlo()
{
	metlo_up good
	METLO_API_KEY=good attach_up "$TMP/metlo" --detach-on-exit \
		--output metlo --metlo-host http://127.0.0.1:8081 \
		--spool "$TMP/spool" || return
	check "Metlo: 200" wait_for 10 answers 200
	requests 5
	check "Metlo takes transactions: up" wait_for 10 metric written_total 5
	check "and nothing is old" wait_for 5 metric oldest_seconds 0
	check "as the metrics say" metric up 1
	stop "$FAKE"
	requests 5
	check "it is away: not up" wait_for 15 metric up 0
	check "the oldest waiting line ages" wait_for 5 metric oldest_seconds \
		'[1-9][0-9.]*'
	check "what waits is counted" metric spooled 5
	is "it is away: still 200" "$(ask)" 200
	metlo_up bad
	check "it refuses the key: 503" wait_for 40 answers 503 output_broken
	stop "$ATTACHED" 10
	stop "$FAKE"
}

# More clients than it accepts that never finish their request, and others that
# only connect.
test_slow_clients()
{
	local n=0

	up slow || return
	mkfifo "$TMP/slow.in"
	in_ns "$COLLECTOR" "$E2E_DIR/slow_clients.py" 127.0.0.1 4789 150 \
		<"$TMP/slow.in" >"$TMP/slow.out" &
	exec 8>"$TMP/slow.in"
	wait_for 60 grep -q open "$TMP/slow.out"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(ask)" = 200 ] && n=$((n + 1))
	done
	is "answers in spite of 150 slow clients" "$n" 10
	n=$(in_ns "$COLLECTOR" ss -Htnp 'sport = :4789' | grep -c "pid=$ATTACHED,")
	if [ "$n" -le 64 ]; then
		ok "of which it holds a few only"
	else
		not_ok "of which it holds a few only" "$n"
	fi
	exec 8>&-
	check "then all are closed" wait_for 20 no_connections
	ended "slow clients: the daemon ends"
}

no_connections()
{
	[ "$(in_ns "$COLLECTOR" ss -Htnp 'sport = :4789' |
		grep -c "pid=$ATTACHED,")" = 0 ]
}

# Traffic at full speed, on two CPUs shared by all processes.
test_under_load()
{
	local n=0

	up load || return
	in_ns "$CLIENT" curl -sS -Z --parallel-max 20 --max-time 60 -o /dev/null \
		"http://10.77.1.1/?n=[1-20000]" 2>/dev/null &
	E2E_PIDS+=($!)
	for _ in $(seq 50); do
		[ "$(ask)" != 000 ] && n=$((n + 1))
	done
	is "every question under load has an answer" "$n" 50
	kill $! 2>/dev/null
	wait $! 2>/dev/null
	ended "load: the daemon ends"
}

need health nginx curl jq python3 ss
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "health" "no tc mirred or no vxlan in this kernel"; finish; }
mkdir -p "$TMP/www"
seq 1 12000 >"$TMP/www/text"
nginx_up "root $TMP/www; server {
	listen 80;
	location = / { return 200 \"hello \$arg_n\\n\"; }
	location / { }
}" || { not_ok "nginx" "does not start"; finish; }

run_sections healthy port_in_use low_port interface_down hangs losses \
	lagging output stopping metlo slow_clients under_load
in_ns "$COLLECTOR" "$METLO" detach "$IFACE" 2>/dev/null
finish
