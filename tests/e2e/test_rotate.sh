#!/usr/bin/env bash
#
# Output to files: rotated by the daemon and by logrotate under load, after kills
# and on a full disk. Every line is complete and written exactly once.

. "$(dirname "$0")/lib.sh"

# requests N [FIRST]: makes N requests.
requests()
{
	local first=${2:-1}

	in_ns "$CLIENT" curl -sS --max-time 60 -o /dev/null \
		"http://10.77.1.1/?n=[$first-$((first + $1 - 1))]"
}

# logged FILE PATTERN: FILE has a line that matches.
logged()
{
	grep -qE -- "$2" "$1"
}

running()
{
	wait_for 5 logged "$1" 'mode, ports'
}

# A directory that belongs to the user of the daemon.
folder()
{
	mkdir -p "$1"
	chown nobody "$1"
}

# written NAME N: succeeds if the daemon has written N lines.
written()
{
	wait_for 10 has_written "$1" "$2"
}

has_written()
{
	[ "$(cat "$TMP/$1"/* | wc -l)" -ge "$2" ]
}

test_size()
{
	folder "$TMP/size"
	attach_up "$TMP/s" --health off --metrics off --user nobody \
		--output "ndjson:$TMP/size/out" --rotate-size 20KiB || return
	running "$TMP/s.err"
	requests 400
	written size 400
	check "rotated by size under load: each line once" \
		"$E2E_DIR/lines.py" 400 "$TMP/size"/*
	is "no file is larger" \
		"$(find "$TMP/size" -type f -size +20480c | wc -l)" 0
	is "names contain the time" "$(find "$TMP/size" -name 'out.*' | sed 's/.*out\.//' |
		grep -cvE '^20[0-9]{6}T[0-9]{6}\.[0-9]{3}Z$')" 0
	is "they belong to the daemon's user, and only it can read them" \
		"$(stat -c '%U %a' "$TMP/size"/* | sort -u)" "nobody 600"
	stop "$ATTACHED"
	check "more files than one" \
		test "$(find "$TMP/size" -name 'out.*' | wc -l)" -gt 5
	in_ns "$COLLECTOR" "$METLO" detach "$IFACE"
}

test_time_and_keep()
{
	folder "$TMP/time"
	attach_up "$TMP/t" --health off --metrics off --user nobody \
		--output "ndjson:$TMP/time/out" --rotate-interval 1s \
		--rotate-keep 2 --detach-on-exit || return
	running "$TMP/t.err"
	requests 20
	check "rotated by time, though nothing more is written" \
		wait_for 10 is_empty "$TMP/time/out"
	for _ in 1 2 3 4; do
		requests 3
		wait_for 10 is_empty "$TMP/time/out"
	done
	is "so many are kept" "$(find "$TMP/time" -name 'out.*' | wc -l)" 2
	stop "$ATTACHED"
}

is_empty()
{
	[ -e "$1" ] && [ ! -s "$1" ]
}

test_cannot_rotate()
{
	mkdir -p "$TMP/root"
	in_ns "$COLLECTOR" timeout 10 "$METLO" attach "$IFACE" --health off \
		--metrics off --user nobody --output "ndjson:$TMP/root/out" \
		--rotate-size 1MiB >"$TMP/output" 2>&1
	is "a folder that the daemon will not be able to write" $? 1
	check "is refused with the remedy" logged "$TMP/output" \
		'will not be able to rotate it: Permission denied: .*chown'
	is "before anything is attached" "$(ip -n "$COLLECTOR" link show "$IFACE" |
		grep -c prog/xdp)" 0
}

# The shipped configuration with another path, user and way to signal the daemon.
logrotate_conf()
{
	sed -e "s:/var/log/metlo-xdp/:$TMP/lr/:" \
		-e "s/su metlo-xdp metlo-xdp/su nobody $(id -gn nobody)/" \
		-e "s/systemctl kill .*/kill -USR1 $ATTACHED/" \
		"$TOP/user/packaging/metlo-xdp.logrotate"
}

test_logrotate()
{
	local i

	command -v logrotate >/dev/null || {
		skip "logrotate" "it is not installed"
		return
	}
	folder "$TMP/lr"
	attach_up "$TMP/l" --health off --metrics off --user nobody \
		--output "ndjson:$TMP/lr/out.ndjson" || return
	running "$TMP/l.err"
	logrotate_conf >"$TMP/logrotate.conf"
	# logrotate switches to that user.
	chmod 711 "$TMP"
	for i in 0 1 2 3 4; do
		requests 600 $((i * 600 + 1)) &
		wait_for 5 test -s "$TMP/lr/out.ndjson"
		logrotate -f -s "$TMP/logrotate.state" "$TMP/logrotate.conf" \
			>"$TMP/logrotate.out" 2>&1 ||
			not_ok "logrotate" "$(cat "$TMP/logrotate.out")"
		wait $!
	done
	wait_for 10 logged "$TMP/l.err" 'reopening files'
	stop "$ATTACHED"
	check "logrotate under load: each line once" \
		"$E2E_DIR/lines.py" 3000 "$TMP/lr"/*
	check "in several files, compressed ones too" \
		test "$(find "$TMP/lr" -name '*.gz' | wc -l)" -ge 2
	is "without a complaint of the daemon" \
		"$(grep -cE 'error|warning' "$TMP/l.err")" 0
	in_ns "$COLLECTOR" "$METLO" detach "$IFACE"
}

# logrotate creates a file that the daemon cannot write.
test_cannot_reopen()
{
	folder "$TMP/lr2"
	attach_up "$TMP/r" --health off --metrics off --user nobody \
		--output "ndjson:$TMP/lr2/out" --detach-on-exit || return
	running "$TMP/r.err"
	requests 5
	written lr2 5
	mv "$TMP/lr2/out" "$TMP/lr2/out.1"
	install -m 600 /dev/null "$TMP/lr2/out"
	kill -USR1 "$ATTACHED"
	check "a file that cannot be reopened: reported" wait_for 5 logged \
		"$TMP/r.err" 'out: cannot be reopened: Permission denied: lines continue into the old file'
	requests 5 6
	written lr2 10
	is "and the lines go on into the old one" "$(wc -l <"$TMP/lr2/out.1")" 10
	chown nobody "$TMP/lr2/out"
	kill -USR1 "$ATTACHED"
	sleep 0.2
	requests 5 11
	written lr2 15
	is "until it can" "$(wc -l <"$TMP/lr2/out")" 5
	check "each line once" "$E2E_DIR/lines.py" 15 "$TMP/lr2"/*
	stop "$ATTACHED"
}

# Killed repeatedly while writing at full speed: the next start repairs the file
# so that it has complete lines only.
test_kill()
{
	local i

	"$O/tests/gen/mkhttp" --transactions 60000 --connections 100 \
		--body 20-4000 "$TMP/big.pcap" 2>"$TMP/mkhttp"
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		"$METLO" replay "$TMP/big.pcap" --output "ndjson:$TMP/killed" \
			2>>"$TMP/killed.err" &
		sleep "0.0$((i * 7 % 10))$i"
		kill -KILL $! 2>/dev/null
		wait $! 2>/dev/null
	done
	"$METLO" replay "$TMP/big.pcap" --output "ndjson:$TMP/killed" \
		2>>"$TMP/killed.err"
	check "after kills during writes every line is complete" \
		"$E2E_DIR/lines.py" - "$TMP/killed"
	"$METLO" replay "$TMP/big.pcap" --output "ndjson:$TMP/once" 2>/dev/null
	is "and the last run is there in full" \
		"$(tail -c "$(stat -c %s "$TMP/once")" "$TMP/killed" | cksum)" \
		"$(cksum <"$TMP/once")"
}

# The same for the daemon: it resumes and loses what the killed one held in
# memory, but leaves no partial line.
test_kill_attach()
{
	local i

	folder "$TMP/ka"
	for i in 1 2 3 4; do
		attach_up "$TMP/k$i" --health off --metrics off --user nobody \
			--output "ndjson:$TMP/ka/out" --rotate-size 200KiB ||
			return
		running "$TMP/k$i.err"
		requests 300 &
		sleep "0.$((i * 2))"
		kill -KILL "$ATTACHED"
		wait $!
		wait "$ATTACHED" 2>/dev/null
	done
	attach_up "$TMP/k5" --health off --metrics off --user nobody \
		--output "ndjson:$TMP/ka/out" --detach-on-exit || return
	running "$TMP/k5.err"
	stop "$ATTACHED"
	check "the daemon killed under load: every line is complete" \
		"$E2E_DIR/lines.py" - "$TMP/ka"/*
}

test_full_disk()
{
	mkdir "$TMP/small"
	mount -t tmpfs -o size=512k,mode=777 none "$TMP/small" || {
		skip "full disk" "no tmpfs can be mounted"
		return
	}
	dd if=/dev/zero of="$TMP/small/ballast" bs=1k count=400 2>/dev/null
	attach_up "$TMP/full" --health off --metrics off --user nobody \
		--output "ndjson:$TMP/small/out" --detach-on-exit \
		--summary "$TMP/full.json" || return
	running "$TMP/full.err"
	requests 400
	check "a full disk is reported" wait_for 10 logged "$TMP/full.err" \
		'cannot be written: No space left on device'
	check "and leaves complete lines only" \
		"$E2E_DIR/lines.py" - "$TMP/small/out"
	rm "$TMP/small/ballast"
	requests 10 401
	check "until there is room" wait_for 10 logged "$TMP/full.err" \
		'can be written again'
	stop "$ATTACHED"
	check "every line is complete" "$E2E_DIR/lines.py" - "$TMP/small/out"
	is "and as many as were counted" \
		"$(jq .output.written "$TMP/full.json")" \
		"$(wc -l <"$TMP/small/out")"
	check "what was lost is counted" "$TOP/tests/laws.py" "$TMP/full.json"
	umount "$TMP/small"
}

# For a log shipper, which is in another group; the daemon's user need not be.
test_shared()
{
	folder "$TMP/shared"
	attach_up "$TMP/sh" --health off --metrics off --user nobody \
		--output "ndjson:$TMP/shared/out" --rotate-size 20KiB \
		--rotate-compress zstd --file-mode 0640 --file-group adm \
		--detach-on-exit || return
	running "$TMP/sh.err"
	requests 400
	check "rotated files are compressed" wait_for 20 all_compressed 6
	stop "$ATTACHED"
	is "files and what they become are for the group" \
		"$(stat -c '%U %G %a' "$TMP/shared"/* | sort -u)" "nobody adm 640"
	mkdir "$TMP/unpacked"
	for f in "$TMP/shared"/*.zst; do
		zstd -qd "$f" -o "$TMP/unpacked/$(basename "$f" .zst)"
	done
	cp "$TMP/shared/out" "$TMP/unpacked"
	check "compressed: each line once" \
		"$E2E_DIR/lines.py" 400 "$TMP/unpacked"/*
}

# all_compressed N: no other rotated files are left, and there are N or more.
all_compressed()
{
	[ -z "$(find "$TMP/shared" -name 'out.*' ! -name '*.zst')" ] &&
		[ "$(find "$TMP/shared" -name 'out.*.zst' | wc -l)" -ge "$1" ]
}

need rotate nginx curl jq python3 zstd
id nobody >/dev/null 2>&1 || { skip "rotate" "there is no user nobody"; finish; }
net_up || { not_ok "namespaces" "net_up failed"; finish; }
mirror_up || { skip "rotate" "no tc mirred or no vxlan in this kernel"; finish; }
nginx_up 'keepalive_requests 100000; server {
	listen 80; location / { return 200 "hello\n"; } }' ||
	{ not_ok "nginx" "does not start"; finish; }
trap 'umount "$TMP/small" 2>/dev/null; e2e_cleanup' EXIT
run_sections size time_and_keep cannot_rotate logrotate cannot_reopen \
	kill kill_attach full_disk shared
in_ns "$COLLECTOR" "$METLO" detach "$IFACE" 2>/dev/null
finish
