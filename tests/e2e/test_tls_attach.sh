#!/usr/bin/env bash
#
# attach with --tls-keys: nginx and openssl s_server, curl and openssl s_client, whose
# secrets come through a file that grows and is rotated, a FIFO whose writers come and
# go, and a socket. The daemon is nobody and its system calls are filtered. What it
# reports must be what the server logged.

. "$(dirname "$0")/lib.sh"

need "TLS keys on attach" openssl curl jq nginx python3

KEYS=$TMP/keys

# The daemon's user must reach the files.
prepare()
{
	chmod 0711 "$TMP" && mkdir "$KEYS" "$TMP/www" && chown nobody "$KEYS" &&
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=example.com \
		-keyout "$TMP/key.pem" -out "$TMP/cert.pem" 2>/dev/null &&
	nginx_up "log_format a '\$request_uri \$status \$body_bytes_sent';
	server {
		listen 443 ssl http2;
		ssl_certificate $TMP/cert.pem;
		ssl_certificate_key $TMP/key.pem;
		ssl_protocols TLSv1.2 TLSv1.3;
		access_log $TMP/served a;
		location / { return 200 \"\$request_uri \$request_uri\"; }
	}" 443 &&
	net_server
}

# A server that logs its own keys. It prints the files that it serves.
net_server()
{
	local n

	for n in 1 2; do
		printf '%0999d' $n >"$TMP/www/file$n"
	done
	mkfifo "$TMP/server-keys"
	sleep 600 <>"$TMP/server-keys" >"$TMP/sleep" 2>&1 &
	E2E_PIDS+=($!)
	spawn "$SERVER" "$TMP/served-files" sh -c "cd '$TMP/www' && exec openssl \
		s_server -accept 8443 -cert ../cert.pem -key ../key.pem -WWW \
		-keylogfile ../server-keys"
	wait_for 10 listening 8443
}

# curl_get FILE NAME [OPTION...]: two requests in one connection that lasts 0.5 s.
curl_get()
{
	local file=$1 name=$2
	shift 2
	SSLKEYLOGFILE=$file in_ns "$CLIENT" curl -sSk --max-time 20 --rate 120/m "$@" \
		"https://10.77.1.1/$name/1" "https://10.77.1.1/$name/2" \
		>>"$TMP/bodies"
}

# client_get FILE NAME [OPTION...]: one request 0.5 s after the handshake.
client_get()
{
	local file=$1 name=$2
	shift 2
	{
		sleep 0.5
		printf 'GET /%s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n' "$name"
		sleep 0.5
	} | in_ns "$CLIENT" timeout 20 openssl s_client -quiet -connect 10.77.1.1:443 \
		-keylogfile "$file" "$@" >>"$TMP/bodies" 2>/dev/null
}

# daemon NAME PLACE: forgets what was served.
daemon()
{
	: >"$TMP/served"
	attach_up "$TMP/$1" --user nobody --ports 443,8443 --tls-keys "$2" \
		--body-hash --detach-on-exit --health off --metrics off \
		--summary "$TMP/$1.json"
}

# What the daemon NAME reported, in the format of the server's log.
reported()
{
	jq -r 'select(.capture.kind == "http" and .response) |
		"\(.request.url.path) \(.response.status) \(.capture.responseBodySha256)"' \
		"$TMP/$1" | sort
}

# What the server logged, with the hash of the body it sends.
served()
{
	local path status rest

	while read -r path status rest; do
		echo "$path $status $(printf '%s %s' "$path" "$path" | sha256sum |
			cut -d ' ' -f 1)"
	done <"$TMP/served" | sort
}

same()
{
	[ -s "$TMP/served" ] && [ "$(reported "$1")" = "$(served)" ]
}

# equal NAME WHAT: what the daemon has reported is what the server has logged.
equal()
{
	if wait_for 20 same "$1"; then
		ok "$2: what is decrypted is what the server logged"
	else
		not_ok "$2" "reported:" "$(reported "$1")" "served:" "$(served)" \
			"$(cat "$TMP/$1.err")"
	fi
}

# ended NAME: the daemon ends; sets SUMMARY.
ended()
{
	stop "$ATTACHED" || not_ok "$1: ends" "still there"
	SUMMARY=$TMP/$1.json
}

summary()
{
	jq -r "$1" "$SUMMARY"
}

hostile()
{
	python3 - <<-'END'
	import sys
	out = sys.stdout.buffer
	for _ in range(300):
	    out.write(b"x" * 10000)
	out.write(b"\n" + bytes(range(256)) + b"\n")
	for secret, name in ((47, 32), (48, 31), (49, 32), (0, 32)):
	    out.write(b"CLIENT_RANDOM " + b"ab" * name + b" " + b"cd" * secret + b"\n")
	END
}

test_file()
{
	local file=$KEYS/file

	install -m 0600 -o nobody /dev/null "$file"
	daemon file "$file" || return
	curl_get "$file" a --tls-max 1.2 --http1.1
	curl_get "$file" b --tlsv1.3
	client_get "$file" c -tls1_2
	client_get "$file" d -tls1_3
	equal file "a file that grows"
	hostile >>"$file"
	# The writer keeps the old file open for a while.
	mv "$file" "$file.1"
	curl_get "$file.1" e --http1.1
	equal file "a file after hostile lines, renamed"
	install -m 0600 -o nobody /dev/null "$file"
	wait_for 10 grep -q 'was replaced' "$TMP/file.err"
	curl_get "$file" f --http1.1
	curl_get "$file.1" g --http1.1
	equal file "a file that was created anew, and the old one"
	ended file
	is "hostile lines are counted" "$(summary .tls.keylog_malformed)" 8
	is "nothing failed to decrypt" \
		"$(summary '"\(.tls.records_failed) \(.tls.keys_missing)"')" "0 0"

	# One that the daemon's user may not read.
	daemon closed "$file" || return
	mv "$file" "$file.2"
	install -m 0600 /dev/null "$file"
	check "a file that cannot be read is reported" \
		wait_for 10 grep -q 'cannot open the file that has replaced it' \
		"$TMP/closed.err"
	curl_get "$file.2" h --http1.1
	equal closed "the file before it"
	ended closed
}

test_fifo()
{
	local fifo=$KEYS/fifo

	mkfifo -m 0600 "$fifo" && chown nobody "$fifo"
	daemon fifo "$fifo" || return
	curl_get "$fifo" a --tls-max 1.2 --http1.1
	curl_get "$fifo" b
	equal fifo "a FIFO"
	printf 'CLIENT_RANDOM 0011' >"$fifo"
	sleep 0.5
	client_get "$fifo" c -tls1_3
	equal fifo "a FIFO whose writer went in the middle of a line"
	ended fifo
	is "half a line is counted" "$(summary .tls.keylog_malformed)" 1
}

# relay SOCKET FIFO: passes on lines in the background, and is connected when it
# returns. Sets RELAY to its process ID.
relay()
{
	rm -f "$TMP/connected"
	python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
open(sys.argv[3], "w").close()
with open(sys.argv[2], "rb") as f:
    while data := f.readline():
        s.sendall(data)' "$1" "$2" "$TMP/connected" &
	RELAY=$!
	E2E_PIDS+=("$RELAY")
	wait_for 20 test -e "$TMP/connected"
}

test_socket()
{
	local socket=$KEYS/socket n

	daemon socket "unix:$socket" || return
	is "the socket is the daemon's only" "$(stat -c %a "$socket")" 600
	mkfifo "$TMP/curl-keys"
	for n in a b; do
		relay "$socket" "$TMP/curl-keys"
		curl_get "$TMP/curl-keys" $n --http1.1
		wait "$RELAY"
	done
	equal socket "a socket"
	relay "$socket" "$TMP/server-keys"
	for n in 1 2; do
		{
			sleep 0.5
			printf 'GET /file%s HTTP/1.0\r\n\r\n' $n
			sleep 0.5
		} | in_ns "$CLIENT" timeout 20 openssl s_client -quiet \
			-connect 10.77.1.1:8443 >/dev/null 2>&1
	done
	check "s_server's keys: what is decrypted is what it logged" \
		wait_for 20 files_reported
	ended socket
}

files_reported()
{
	[ "$(sed -n 's/^FILE:/\//p' "$TMP/served-files.err")" = "$(printf '/file1\n/file2')" ] &&
	[ "$(jq -r 'select(.capture.kind == "http") |
		select(.request.url.path | startswith("/file")) | .request.url.path' \
		"$TMP/socket")" = "$(printf '/file1\n/file2')" ]
}

# Connections that have ended before their keys come.
test_short()
{
	local fifo=$KEYS/late n

	mkfifo -m 0600 "$fifo" && chown nobody "$fifo"
	daemon short "$fifo" --tls-wait 60 || return
	for n in a b c d; do
		SSLKEYLOGFILE=$TMP/late in_ns "$CLIENT" curl -sSk --max-time 20 \
			"https://10.77.1.1/$n" >>"$TMP/bodies"
	done
	sleep 0.5
	is "without keys nothing is reported" "$(reported short)" ""
	cat "$TMP/late" >"$fifo"
	equal short "keys after the connections' ends"
	ended short
	is "all keys came" "$(summary .tls.keys_missing)" 0
}

if ! { net_up && mirror_up && prepare; }; then
	not_ok "TLS keys on attach: network"
	finish
fi
test_file
test_fifo
test_socket
test_short
finish
