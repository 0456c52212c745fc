#!/usr/bin/env bash
#
# --output kafka: the daemon as another user and with seccomp against librdkafka's
# mock cluster, which goes away and comes back; refusals; without librdkafka.

# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

N=200
MOCK=(--output kafka:t --kafka-brokers 127.0.0.1:1
	--kafka-option test.mock.num.brokers=3)

# refused NAME CODE TEXT ARGUMENT...: a replay that ends with this.
refused()
{
	local name=$1 code=$2 text=$3
	shift 3
	timeout 60 "$METLO" replay "$TMP/plain.pcap" "$@" >"$TMP/out" 2>"$TMP/err"
	is "$name: exit code" "$?" "$code"
	is "$name: message" "$(grep -cF -- "$text" "$TMP/err")" 1
}

test_replay()
{
	"$METLO" replay "$TMP/plain.pcap" "${MOCK[@]}" --kafka-headers \
		--summary "$TMP/replay.sum" 2>"$TMP/replay.err"
	is "replay" "$?" 0
	is "replay: delivered" "$(jq '.output.written' "$TMP/replay.sum")" 3
	check "replay: counters" "$E2E_DIR/../laws.py" "$TMP/replay.sum"
	is "replay: no system call is refused" \
		"$(grep -c seccomp "$TMP/replay.err")" 0
}

test_refused()
{
	refused "no brokers" 2 "needs --kafka-brokers" --output kafka:t
	refused "no such property" 2 'No such configuration property: "nosuch"' \
		"${MOCK[@]}" --kafka-option nosuch=1
	refused "an archive" 2 "use --format har with ndjson outputs only" \
		"${MOCK[@]}" --format har
	refused "not a topic" 2 "is not an output" --output kafka:a/b
	refused "not reachable" 1 "no broker can be reached" \
		--output kafka:t --kafka-brokers 127.0.0.1:1
}

# In a mount namespace in which the library is an empty file.
without_library()
{
	# shellcheck disable=SC2016
	unshare -m bash -c 'for f in $1; do mount --bind "$2" "$f" || exit; done
		shift 2; exec "$@"' - "$LIBRARY" "$TMP/empty" "$@"
}

test_no_library()
{
	LIBRARY=$(ldconfig -p | awk '/librdkafka.so.1/ { print $NF }')
	: >"$TMP/empty"
	without_library true 2>/dev/null || {
		skip "without librdkafka" "no mount namespaces here"
		return
	}
	without_library "$METLO" replay "$TMP/plain.pcap" >"$TMP/out" 2>"$TMP/err"
	is "without librdkafka: other outputs" "$? $(wc -l <"$TMP/out")" "0 3"
	without_library "$METLO" replay "$TMP/plain.pcap" "${MOCK[@]}" \
		>"$TMP/out" 2>"$TMP/err"
	is "without librdkafka: exit code" "$?" 1
	is "without librdkafka: what to install" \
		"$(grep -c 'install it (Debian and Ubuntu: librdkafka1' "$TMP/err")" 1
}

# written N: succeeds once the brokers have acknowledged so many.
# shellcheck disable=SC2317
written()
{
	in_ns "$COLLECTOR" curl -sS --max-time 5 http://127.0.0.1:9090/metrics |
		grep -qx "metlo_xdp_output_written_total{interface=.*} $1"
}

# health STATUS [TEXT]
# shellcheck disable=SC2317
health()
{
	[ "$(in_ns "$COLLECTOR" curl -sS --max-time 5 -o "$TMP/health" \
		-w '%{http_code}' http://127.0.0.1:4789/healthz)" = "$1" ] &&
		grep -qF -- "${2:-status}" "$TMP/health"
}

requests()
{
	in_ns "$CLIENT" curl -sS --max-time 60 -o /dev/null \
		"http://10.77.1.1/?n=[1-$N]"
}

test_daemon()
{
	local mock

	spawn "$COLLECTOR" "$TMP/mock" "$E2E_DIR/kafka_mock.py" \
		"$TMP/brokers" t
	mock=$SPAWNED
	wait_for 60 test -s "$TMP/brokers" ||
		{ not_ok "mock cluster" "$(cat "$TMP/mock.err")"; return; }
	attach_up "$TMP/daemon" --detach-on-exit --user nobody --ports 80 \
		--metrics 127.0.0.1:9090 --output kafka:t \
		--kafka-brokers "$(cat "$TMP/brokers")" \
		--kafka-option reconnect.backoff.max.ms=200 \
		--summary "$TMP/daemon.sum" ||
		{ not_ok "daemon" "$(cat "$TMP/daemon.err")"; return; }
	requests
	check "daemon: all are delivered" wait_for 60 written "$N"
	check "daemon: healthy" wait_for 60 health 200
	kill -USR1 "$mock"
	requests
	check "brokers are away: unhealthy" wait_for 60 health 503 \
		"no broker can be reached"
	kill -USR2 "$mock"
	check "brokers are back: nothing was lost" wait_for 60 written $((2 * N))
	check "brokers are back: healthy" wait_for 60 health 200
	stop "$ATTACHED" 20
	is "daemon: ends" "$STOPPED" 0
	check "daemon: counters" "$E2E_DIR/../laws.py" "$TMP/daemon.sum"
	is "daemon: no system call is refused" \
		"$(grep -c seccomp "$TMP/daemon.err")" 0
}

need kafka nginx curl jq python3
ldconfig -p | grep -q 'librdkafka\.so\.1' ||
	{ skip "kafka" "librdkafka is not installed"; finish; }
"$E2E_DIR/capture.py" >"$TMP/plain.pcap"
test_replay
test_refused
test_no_library
net_up || { not_ok "namespaces" "net_up failed"; finish; }
# shellcheck disable=SC2119
mirror_up || { skip "kafka daemon" "no tc mirred or no vxlan in this kernel"; finish; }
nginx_up "server { listen 80; location / { return 200 \"hello\\n\"; } }" ||
	{ not_ok "nginx" "does not start"; finish; }
test_daemon
finish
