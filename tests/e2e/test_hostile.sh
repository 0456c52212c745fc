#!/usr/bin/env bash
#
# A hostile client against real servers: whatever segments it injects beside an
# honest connection, every request that nginx and node serve must be reported.
# hostile.py has the tricks. HOSTILE_CONNECTIONS and HOSTILE_SEED choose another
# size and seed; HOSTILE_KEEP=DIR keeps captures and logs.

# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/veth_pair.sh
. "$E2E_DIR/veth_pair.sh"

need hostile nginx python3 ethtool
connections=${HOSTILE_CONNECTIONS:-120}
seed=${HOSTILE_SEED:-1}
only=${HOSTILE_ONLY:-}
parts=$((connections / 2))
dir=${HOSTILE_KEEP:-$TMP}
mkdir -p "$dir"

veth_pair_up || exit 1
mac()
{
	ip -n "$1" -br link show "$2" | awk '{ print $3 }'
}

# The client without a stack: nothing answers for its address.
in_ns "$CLIENT" sysctl -qw net.ipv4.ip_forward=0
ip -n "$SERVER" neigh add 10.77.9.3 lladdr "$(mac "$CLIENT" a0)" dev b0
# nginx takes data on a SYN, node does not.
in_ns "$SERVER" sysctl -qw net.ipv4.tcp_fastopen=0x203

cat >"$dir/nginx.conf" <<END
daemon off;
error_log stderr;
pid $dir/nginx.pid;
worker_processes 1;
events { worker_connections 1024; }
http {
	log_format short '\$request_method \$request_uri \$status';
	access_log $dir/8080.log short;
	keepalive_requests 100000;
	keepalive_timeout 60;
	client_body_temp_path $dir;
	server {
		listen 10.77.9.1:8080 fastopen=64;
		location / { return 200 "ok"; }
	}
}
END
spawn "$SERVER" "$TMP/nginx.out" nginx -e stderr -c "$dir/nginx.conf"
servers=8080
if command -v node >/dev/null; then
	spawn "$SERVER" "$TMP/node.out" node "$E2E_DIR/hostile_node.js" \
		10.77.9.1 8081 "$dir/8081.log"
	servers="8080 8081"
else
	skip "hostile node" "node is not installed"
fi

for port in $servers; do
	wait_for 10 listening "$port"
	"$E2E_DIR/hostile.py" record "$dir" --client "$CLIENT" \
		--server "$SERVER" --client-interface a0 --server-interface b0 \
		--client-mac "$(mac "$CLIENT" a0)" \
		--server-mac "$(mac "$SERVER" b0)" --port "$port" \
		--seed "$seed" --connections "$parts" ${only:+--only "$only"} \
		2>"$dir/$port.clients"
	"$METLO" replay "$dir/$port.pcap" --raw --ports "$port" \
		>"$dir/$port.lines" 2>"$dir/$port.summary"
	if result=$("$E2E_DIR/hostile.py" check "$dir/$port.lines" "$port" \
		"$dir/$port.log"); then
		ok "every request that port $port served is reported"
		echo "$result"
	else
		not_ok "every request that port $port served is reported" \
			"$result"
	fi
done
finish
