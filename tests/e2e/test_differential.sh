#!/usr/bin/env bash
#
# Random HTTP/1, valid and not, against nginx and node (strict and lenient): what
# they served must be reported, as they understood it, and nothing else without a
# flag. http_grammar.py makes the traffic, differential.py compares.
# DIFFERENTIAL_CONNECTIONS and DIFFERENTIAL_SEED choose another size and seed;
# DIFFERENTIAL_KEEP=DIR keeps captures and logs.

# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/veth_pair.sh
. "$E2E_DIR/veth_pair.sh"

need differential nginx python3 ethtool
connections=${DIFFERENTIAL_CONNECTIONS:-600}
seed=${DIFFERENTIAL_SEED:-1}
dir=${DIFFERENTIAL_KEEP:-$TMP}
mkdir -p "$dir"
veth_pair_up || exit 1

cat >"$dir/nginx.conf" <<END
daemon off;
error_log stderr;
pid $dir/nginx.pid;
worker_processes 1;
events { worker_connections 1024; }
http {
	log_format truth escape=json '{"serial":"\$request_id",'
		'"port":\$remote_port,"method":"\$request_method",'
		'"target":"","line":"\$request","status":\$status}';
	access_log $dir/8080.log truth;
	client_body_temp_path $dir;
	keepalive_requests 100000;
	server {
		listen 10.77.9.1:8080;
		add_header X-Serial \$request_id always;
		location / { return 200 "\$request_id"; }
		location /n { return 204; }
		location /c { keepalive_timeout 0; return 200 "\$request_id"; }
		location /b { return 404 "\${request_id}$(printf '%03000d' 0)"; }
	}
}
END
: >"$dir/8080.log"
spawn "$SERVER" "$TMP/nginx.out" nginx -e stderr -c "$dir/nginx.conf"
nginx=$SPAWNED
names=(nginx)
if command -v node >/dev/null; then
	names+=("node" "lenient node")
	for port in 8081 8082; do
		: >"$dir/$port.log"
		spawn "$SERVER" "$TMP/$port.out" node \
			"$E2E_DIR/differential_node.js" 10.77.9.1 $port \
			"$dir/$port.log" "$([ $port = 8081 ] || echo lenient)"
	done
else
	skip "differential node" "node is not installed"
fi

port=8080
for name in "${names[@]}"; do
	wait_for 20 listening $port
	check "the connections with $name are recorded" \
		"$E2E_DIR/differential.py" record "$dir" --client "$CLIENT" \
		--server "$SERVER" --server-interface b0 --port $port \
		--seed "$seed" --connections $((connections / ${#names[@]}))
	# It logs a request when it is done with it.
	[ "$name" = nginx ] && stop "$nginx" 30
	"$METLO" replay "$dir/$port.pcap" --raw --ports "$port" --no-redact \
		--body-hash >"$dir/$port.lines" 2>"$dir/$port.summary" ||
		not_ok "replay of what $name got" "$(cat "$dir/$port.summary")"
	result=$("$E2E_DIR/differential.py" check "$dir/$port.lines" $port \
		"$dir/$port.log")
	is "every request is reported as $name served it" $? 0 "$result"
	echo "# $name: $(tail -n 1 <<<"$result")"
	port=$((port + 1))
done
finish
