#!/usr/bin/env bash
#
# /metrics as scraped by Prometheus: promtool accepts it, and it has every counter
# of the summary, with the same value.

. "$(dirname "$0")/lib.sh"

# Every sample has the label of the interface; without it, names are shorter to compare.
scrape()
{
	in_ns "$COLLECTOR" curl -sS --max-time 10 -o "$1.raw" \
		-w '%{http_code} %{content_type}' http://127.0.0.1:9789/metrics
	sed "s/{interface=\"$IFACE\",/{/; s/{interface=\"$IFACE\"}//" "$1.raw" >"$1"
}

# value NAME: prints the value of a sample in $TMP/metrics.
value()
{
	awk -v name="$1" '$1 == name { print $2 }' "$TMP/metrics"
}

# Succeeds once connections have ended and all output is written.
quiet()
{
	scrape "$TMP/metrics" >/dev/null
	[ "$(value metlo_xdp_http_transactions_total)" = "$1" ] &&
		[ "$(value metlo_xdp_stream_flows_live)" = 0 ] &&
		[ "$(value metlo_xdp_output_written_total)" = $(($1 * 2)) ]
}

# linted NAME: promtool accepts $TMP/metrics.
linted()
{
	if ! command -v promtool >/dev/null; then
		skip "$1" "promtool is not installed"
		return
	fi
	promtool check metrics <"$TMP/metrics.raw" >"$TMP/promtool" 2>&1
	is "$1" "$? $(cat "$TMP/promtool")" "0 "
}

# same NAME FILE [IGNORED...]: $TMP/metrics agrees with a summary.
same()
{
	local name=$1
	shift
	check "$name" "$E2E_DIR/metrics.py" "$TMP/metrics" "$@"
}

test_counters()
{
	attach_up "$TMP/out" --health off --summary "$TMP/summary.json" \
		--output ndjson:- --output "ndjson:$TMP/file" || return
	wait_for 5 grep -q 'mode, ports' "$TMP/out.err"
	is "what it is" "$(scrape "$TMP/metrics")" \
		'200 text/plain; version=0.0.4; charset=utf-8'
	linted "promtool finds no fault before traffic"
	in_ns "$CLIENT" curl -sS -o /dev/null -H 'Connection: close' \
		'http://10.77.1.1/?n=[1-40]'
	check "the transactions appear" wait_for 10 quiet 40
	linted "promtool finds no fault after traffic"
	is "the build" "$(grep -c '^metlo_xdp_build_info{version="[0-9.]*".*} 1$' \
		"$TMP/metrics")" 1
	is "the interface" "$(grep -c \
		"^metlo_xdp_interface_info{interface=\"$IFACE\",mode=\"native\"} 1$" \
		"$TMP/metrics.raw")" 1
	is "every sample names the interface" \
		"$(grep -v '^#' "$TMP/metrics.raw" | grep -vc "{interface=\"$IFACE\"[,}]")" 0
	is "requests by method, status and host" "$(value \
		'metlo_xdp_requests_total{method="GET",status="2xx",host="10.77.1.1"}')" 40
	is "their durations" "$(value 'metlo_xdp_request_duration_seconds_count{status="2xx"}')" 40
	is "health" "$(value metlo_xdp_healthy)" 1
	is "sampling" "$(value metlo_xdp_sample_ratio)" 1
	is "no reason against it" \
		"$(grep '^metlo_xdp_unhealthy{' "$TMP/metrics" | grep -vc ' 0$')" 0
	is "a ring for each worker" \
		"$(grep -c '^metlo_xdp_ring_waiting_bytes{' "$TMP/metrics")" \
		"$(grep -c '^metlo_xdp_worker_cpu_seconds_total{' "$TMP/metrics")"
	is "the start of the process, to a second" "$(( $(stat -c %Y \
		"/proc/$ATTACHED") - $(value process_start_time_seconds |
		cut -d. -f1) <= 1 ))" 1
	# Neighbor discovery can send packets at any time: stop the mirror, and
	# do not compare packets addressed to the interface itself.
	ip -n "$SERVER" link set vx0 down
	# The daemon publishes what it has counted every few seconds.
	wait_for 30 status_is_current
	same "all counters of status --json" "$TMP/status.json" \
		packets bytes pass_not_vxlan
	stop "$ATTACHED"
	same "all counters of --summary" "$TMP/summary.json" \
		packets bytes pass_not_vxlan
	in_ns "$COLLECTOR" "$METLO" detach "$IFACE"
}

status_is_current()
{
	in_ns "$COLLECTOR" "$METLO" status "$IFACE" --json >"$TMP/status.json"
	scrape "$TMP/metrics"
	"$E2E_DIR/metrics.py" "$TMP/metrics" "$TMP/status.json" \
		packets bytes pass_not_vxlan
}

# More VNIs than get series of their own: the number of series stays bounded, and
# their sum correct.
test_many_vnis()
{
	local sum

	attach_up "$TMP/vnis" --health off --detach-on-exit || return
	wait_for 5 grep -q 'mode, ports' "$TMP/vnis.err"
	in_ns "$SERVER" python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for vni in range(100, 800):
    s.sendto(b"\x08\0\0\0" + (vni << 8).to_bytes(4, "big") + b"\0" * 60,
             ("10.77.2.2", 4789))'
	wait_for 5 all_vnis
	is "the number of VNIs" "$(value metlo_xdp_vnis)" 700
	is "series of VNIs are bounded" \
		"$(grep -c '^metlo_xdp_vni_packets_total{' "$TMP/metrics")" 257
	sum=$(awk '/^metlo_xdp_vni_packets_total{/ { n += $2 }
		END { print n }' "$TMP/metrics")
	is "and their sum is that of all" "$sum" 700
	linted "promtool finds no fault with many VNIs"
	stop "$ATTACHED"
}

all_vnis()
{
	scrape "$TMP/metrics" >/dev/null
	[ "$(value metlo_xdp_vnis)" = 700 ]
}

# The rules and the dashboard use only metrics that exist.
test_files()
{
	local dir=user/packaging

	if ! command -v promtool >/dev/null; then
		skip "alert rules" "promtool is not installed"
	else
		cp "$dir"/metlo-xdp.rules.yml "$E2E_DIR/alerts.test.yml" "$TMP"
		check "the rules are valid" promtool check rules "$dir"/metlo-xdp.rules.yml
		check "alerts fire when they should" promtool test rules "$TMP/alerts.test.yml"
	fi
	check "the dashboard is valid, and all its metrics exist" \
		"$E2E_DIR/dashboard.py" "$dir"/metlo-xdp.dashboard.json \
		"$dir"/metlo-xdp.rules.yml "$TMP/metrics.raw"
}

need metrics nginx curl python3
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "metrics" "no tc mirred or no vxlan in this kernel"; finish; }
nginx_up 'server { listen 80; location / { return 200 "hello\n"; } }' ||
	{ not_ok "nginx" "does not start"; finish; }
run_sections counters many_vnis files
in_ns "$COLLECTOR" "$METLO" detach "$IFACE" 2>/dev/null
finish
