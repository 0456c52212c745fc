# shellcheck shell=bash
#
# Helpers of the end-to-end tests. A test sources this file, calls them and those
# of tests/results.sh, and ends with "finish".
#
# The network of a test (net_up); all names are unique to the process:
#
#   $CLIENT --- veth --- $SERVER --- veth --- $COLLECTOR
#    a0 10.77.1.2     b0 10.77.1.1             $IFACE 10.77.2.2
#    fd77:1::2        fd77:1::1   u0 10.77.2.1
#                     vx0: VXLAN to the collector, gets the mirror of b0
#
# "in_ns NS COMMAND..." runs a command in a namespace with the mounts of the
# caller. Pins below /sys/fs/bpf are therefore shared, so the name of the
# collector's interface must be unique as well.
#
# SPAWNED, STOPPED, NGINX and ATTACHED return results to the caller:
# shellcheck disable=SC2034

set -u

E2E_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$E2E_DIR/../.." && pwd)
O=${O:-build}
case $O in /*) ;; *) O=$TOP/$O ;; esac
METLO=${METLO:-$O/metlo-xdp}
PATH=$PATH:/usr/sbin:/sbin

CLIENT=mx$$-client
SERVER=mx$$-server
COLLECTOR=mx$$-collector
IFACE=mxc$$
VNI=${VNI:-7000}

E2E_PIDS=()
E2E_NAMESPACES=()
TMP=$(mktemp -d "${TMPDIR:-/tmp}/metlo-e2e.XXXXXX")

. "$TOP/tests/results.sh"

# wait_for SECONDS COMMAND...: polls until the command succeeds.
wait_for()
{
	local end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $end ] || return 1
		sleep 0.05
	done
}

# need NAME TOOL...: skips the whole test NAME unless it runs as root and the
# tools are installed.
need()
{
	local name=$1 tool
	shift
	[ "$(id -u)" = 0 ] || { skip "$name" "needs root"; finish; }
	for tool in ip tc nsenter "$@"; do
		command -v "$tool" >/dev/null || {
			skip "$name" "$tool is not installed: make deps"
			finish
		}
	done
}

in_ns()
{
	local ns=$1
	shift
	nsenter --net="/run/netns/$ns" -- "$@"
}

# spawn NS LOGFILE COMMAND...: runs it in the background until the exit trap.
# Sets SPAWNED to its process ID.
spawn()
{
	local ns=$1 log=$2
	shift 2
	nsenter --net="/run/netns/$ns" -- "$@" >"$log" 2>"$log.err" </dev/null &
	SPAWNED=$!
	E2E_PIDS+=("$SPAWNED")
}

# stop PID [SECONDS]: sends SIGTERM and waits; if the process does not end in
# time, kills it and fails. Sets STOPPED to its exit code.
stop()
{
	local pid=$1 in_time=0

	kill -TERM "$pid" 2>/dev/null
	wait_for "${2:-10}" gone_or_zombie "$pid" || {
		in_time=1
		kill -KILL "$pid" 2>/dev/null
	}
	wait "$pid" 2>/dev/null
	STOPPED=$?
	return $in_time
}

gone_or_zombie()
{
	local stat

	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	stat=${stat##*) }
	[ "${stat%% *}" = Z ]
}

# python_package MODULE PACKAGE: makes a package of PyPI importable, from the build
# folder, so that it is downloaded once.
python_package()
{
	export PYTHONPATH=$O/tests/python
	python3 -c "import $1" 2>/dev/null ||
		timeout 120 python3 -m pip install -q --target "$PYTHONPATH" "$2" \
			>"$TMP/pip" 2>&1
}

net_up()
{
	local ns

	for ns in "$CLIENT" "$SERVER" "$COLLECTOR"; do
		ip netns add "$ns" || return 1
		E2E_NAMESPACES+=("$ns")
		ip -n "$ns" link set lo up
	done
	ip link add a0 netns "$CLIENT" type veth peer name b0 netns "$SERVER" &&
	addr "$CLIENT" a0 10.77.1.2/24 fd77:1::2/64 &&
	addr "$SERVER" b0 10.77.1.1/24 fd77:1::1/64 &&
	collector_up
}

# collector_up: the connection from the server to the collector.
collector_up()
{
	ip link add u0 netns "$SERVER" mtu 1600 type veth \
		peer name "$IFACE" netns "$COLLECTOR" mtu 1600 &&
	addr "$SERVER" u0 10.77.2.1/24 fd77:2::1/64 &&
	addr "$COLLECTOR" "$IFACE" 10.77.2.2/24 fd77:2::2/64 || return 1

	ip -n "$SERVER" neigh replace 10.77.2.2 dev u0 nud permanent lladdr \
		"$(in_ns "$COLLECTOR" ip -br link show "$IFACE" | awk '{print $3}')"
}

# addr NS DEVICE IPV4 IPV6: assigns addresses, without duplicate address
# detection so that they are usable at once.
addr()
{
	ip -n "$1" addr add "$3" dev "$2" &&
	ip -n "$1" addr add "$4" dev "$2" nodad &&
	ip -n "$1" link set "$2" up
}

# mirror_up [DEVICE]: mirrors the traffic of the server's DEVICE (b0) in both
# directions to the collector, in VXLAN.
mirror_up()
{
	local dev=${1:-b0} dir

	ip -n "$SERVER" link add vx0 type vxlan id "$VNI" dstport 4789 \
		local 10.77.2.1 remote 10.77.2.2 dev u0 &&
	ip -n "$SERVER" link set vx0 mtu 1500 addrgenmode none up &&
	tc -n "$SERVER" qdisc add dev "$dev" clsact || return 1
	for dir in ingress egress; do
		tc -n "$SERVER" filter add dev "$dev" $dir protocol all \
			u32 match u32 0 0 \
			action mirred egress mirror dev vx0 || return 1
	done
}

# mirror_lost: prints how many packets the kernel dropped on a full queue (256
# packets) between the server's device and the XDP program. The collector never
# saw them.
mirror_lost()
{
	{
		in_ns "$SERVER" cat /proc/net/dev
		in_ns "$COLLECTOR" cat /proc/net/dev
	} | tr -s ': ' ' ' | awk -v iface="$IFACE" '
		$1 == "u0" || $1 == "vx0" { lost += $13 }
		$1 == iface { lost += $5 }
		END { print lost + 0 }'
}

mirror_down()
{
	tc -n "$SERVER" qdisc del dev "${1:-b0}" clsact
	ip -n "$SERVER" link del vx0
}

# nginx_up CONFIGURATION: runs nginx with this text inside "http { }" in the
# server's namespace, as one foreground process. Its logs are in $TMP/nginx.
nginx_up()
{
	mkdir -p "$TMP/nginx/tmp"
	cat >"$TMP/nginx/nginx.conf" <<-EOF
	daemon off;
	master_process off;
	pid $TMP/nginx/nginx.pid;
	error_log $TMP/nginx/error.log warn;
	events { worker_connections 1024; }
	http {
		client_body_temp_path $TMP/nginx/tmp/body;
		proxy_temp_path $TMP/nginx/tmp/proxy;
		fastcgi_temp_path $TMP/nginx/tmp/fastcgi;
		uwsgi_temp_path $TMP/nginx/tmp/uwsgi;
		scgi_temp_path $TMP/nginx/tmp/scgi;
		$1
	}
	EOF
	spawn "$SERVER" "$TMP/nginx/out" nginx -p "$TMP/nginx" \
		-e "$TMP/nginx/error.log" -c "$TMP/nginx/nginx.conf"
	NGINX=$SPAWNED
	wait_for 10 listening "${2:-80}" || {
		cat "$TMP/nginx/out.err" "$TMP/nginx/error.log" >&2
		return 1
	}
}

listening()
{
	[ -n "$(in_ns "$SERVER" ss -Hltn "sport = :$1")" ]
}

# attach_up LOGFILE [OPTION...]: starts a daemon on $IFACE, with transactions in
# LOGFILE and messages in LOGFILE.err, and waits until the program is attached.
# Sets ATTACHED to its process ID.
attach_up()
{
	local log=$1
	shift
	spawn "$COLLECTOR" "$log" "$METLO" attach "$IFACE" "$@"
	ATTACHED=$SPAWNED
	wait_for 15 xdp_on || {
		echo "# attach did not attach:" >&2
		sed 's/^/#   /' "$log.err" >&2
		return 1
	}
	# It logs this line after dropping its privileges.
	wait_for 15 test -s "$log.err"
}

xdp_on()
{
	ip -n "$COLLECTOR" link show "$IFACE" | grep -q 'prog/xdp'
}

# lines FILE N: succeeds if FILE has at least N lines.
lines()
{
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# lines_valid: checks the lines below $TMP against the schema, at most 20,000 of
# them. The last line of a process that was killed may be incomplete.
lines_valid()
{
	"$METLO" schema >"$TMP/schema" &&
		grep -rahE --exclude=schema '^\{"request":.*"capture":\{"schema":2,.*\]\}\}$' \
			"$TMP" | head -n 20000 |
			python3 "$TOP/tests/line/schema.py" "$TMP/schema"
}

# Every test runs under the system call filter, which must not refuse anything: a
# line in any log below $TMP, or in the journal of a container, is a failure. So is
# a transaction that does not match the schema.
at_finish()
{
	# Not the format strings in a copy of the program.
	local line='seccomp: (refused the system call [a-z0-9]|cannot restrict system calls: [^%]).*'
	local found

	[ "$N_PASSED" -gt 0 ] || return 0
	found=$({
		grep -rahoE "$line" "$TMP"
		[ -z "${MACHINE_PID:-}" ] ||
			in_machine journalctl --no-pager -o cat | grep -aoE "$line"
	} 2>/dev/null | sort -u | head -n 5)
	is "no system call was refused" "$found" ""
	check "lines match the schema" lines_valid
}

# ours PID: succeeds if it is still a child of this script. The number of one that
# has ended may belong to a stranger by now.
ours()
{
	grep -q "^PPid:[[:space:]]$$\$" "/proc/$1/status" 2>/dev/null
}

e2e_cleanup()
{
	local pid ns

	# Restores the terminal's idea of interrupts during the clean-up.
	trap '' INT TERM
	for pid in "${E2E_PIDS[@]}"; do
		ours "$pid" && stop "$pid" 5
	done
	if [ -d "/sys/fs/bpf/metlo-xdp" ]; then
		in_collector_if_any "$METLO" detach "$IFACE" >/dev/null 2>&1
	fi
	for ns in "${E2E_NAMESPACES[@]}"; do
		ip netns del "$ns" 2>/dev/null
	done
	rm -rf "$TMP"
}

in_collector_if_any()
{
	[ -e "/run/netns/$COLLECTOR" ] && in_ns "$COLLECTOR" "$@"
}

trap e2e_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
