#!/usr/bin/env bash
#
# gRPC end to end: servers and clients of grpcio and @grpc/grpc-js against each other,
# with calls of every kind and errors; and gRPC-Web, text and binary, over HTTP/1 and
# HTTP/2. What is reported of each call equals the log of its server. METLO_TEST_LONG:
# more calls.

. "$(dirname "$0")/lib.sh"

OUT=$TMP/transactions
CALLS=10
[ -z "${METLO_TEST_LONG:-}" ] || CALLS=2000

need grpc jq curl node npm python3

# Libraries stay in the build folder, so that they are downloaded once.
DEPS=$O/tests/grpc
export NODE_PATH=$DEPS/js/node_modules
install_libraries()
{
	python_package grpc grpcio || return 1
	[ -d "$NODE_PATH/@grpc/grpc-js" ] ||
		timeout 120 npm install --silent --no-audit --no-fund \
			--prefix "$DEPS/js" @grpc/grpc-js >"$TMP/npm" 2>&1
}
mkdir -p "$DEPS/js"
install_libraries ||
	{ skip "grpc" "grpcio or @grpc/grpc-js cannot be installed"; finish; }

net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "grpc" "no tc mirred or no vxlan in this kernel"; finish; }
spawn "$SERVER" "$TMP/python" python3 "$E2E_DIR/grpc_peer.py" server \
	10.77.1.1:81 "$TMP/python.log"
spawn "$SERVER" "$TMP/node" node "$E2E_DIR/grpc_peer.js" server \
	10.77.1.1:82 "$TMP/node.log"
spawn "$SERVER" "$TMP/web" node "$E2E_DIR/grpc_peer.js" web \
	10.77.1.1:83 "$TMP/web.log"
for port in 81 82 83 84; do
	wait_for 60 listening $port || {
		not_ok "servers start" "$(tail -n 3 "$TMP"/{python,node,web}.err)"
		finish
	}
done
attach_up "$OUT" --ports 81-84 --summary "$TMP/summary" ||
	{ not_ok "attach"; finish; }

# call NAME COMMAND...: a client.
call()
{
	local name=$1

	shift
	in_ns "$CLIENT" timeout 300 "$@" >"$TMP/client" 2>&1 ||
		not_ok "client: $name" "$(tail -n 5 "$TMP/client")"
}

for port in 81 82; do
	call "grpcio to $port" python3 "$E2E_DIR/grpc_peer.py" client \
		10.77.1.1:$port $CALLS
	call "grpc-js to $port" node "$E2E_DIR/grpc_peer.js" client \
		10.77.1.1:$port $CALLS
done
printf '\0\0\0\0\003abc\0\0\0\0\0' >"$TMP/binary"
base64 -w 0 "$TMP/binary" >"$TMP/text"
for form in binary text; do
	type=application/grpc-web
	[ $form = binary ] || type=application/grpc-web-text
	for version in 83:--http1.1 84:--http2-prior-knowledge; do
		call "gRPC-Web $form $version" curl -sS --max-time 60 -o /dev/null \
			"${version#*:}" -H "Content-Type: $type+proto" \
			--data-binary "@$TMP/$form" \
			"http://10.77.1.1:${version%:*}/lab.Echo/Web"
	done
done

is "the kernel's mirror dropped nothing" "$(mirror_lost)" 0
SENT=$((CALLS * 24 + 4))
wait_for 60 lines "$OUT" $SENT
stop "$ATTACHED"
is "exit code" "$STOPPED" 0
is "one line per call" "$(wc -l <"$OUT")" $SENT
cat "$TMP"/{python,node,web}.log | jq -c . | sort >"$TMP/want"
is "the servers logged them all" "$(wc -l <"$TMP/want")" $SENT
jq -c '.capture.grpc | [.service, .method, .status, .message, .requestMessages,
	.responseMessages, .requestMessageBytes, .responseMessageBytes]' "$OUT" |
	sort >"$TMP/got"
is "each call is reported as its server logged it" \
	"$(diff "$TMP/want" "$TMP/got" | head -n 6)" ""
is "without flags" "$(jq -c .capture.flags "$OUT" | sort | uniq -c | xargs)" "$SENT []"
is "an error without messages is the head of the response" "$(jq -r '
	select(.capture.grpc.method == "Fail") | .capture.responseTrailers | length' \
	"$OUT" | sort | uniq -c | xargs)" "$((CALLS * 4)) 0"
is "messages of gRPC-Web" "$(jq -r 'select(.capture.grpc.method == "Web")
	| "\(.capture.protocol) \(.response.body)"' "$OUT" | sort -u | wc -l)" 4
tally "$TOP/tests/laws.py" "$TMP/summary" "http.paired=$SENT" "output.written=$SENT" \
	ring_full=0 stream.gaps=0 http2.bytes_resync=0 http2.header_blocks_unclear=0
finish
