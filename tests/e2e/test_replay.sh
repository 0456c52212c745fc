#!/usr/bin/env bash
#
# metlo-xdp replay from the command line: formats, standard input, damaged files,
# hints, masking, summaries, signals, usage errors.

# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

capture()
{
	"$E2E_DIR/capture.py" "$@"
}

# replay NAME ARGUMENT...: sets $OUT, $ERR and $CODE.
replay()
{
	OUT=$TMP/$1.out
	ERR=$TMP/$1.err
	shift
	"$METLO" replay "$@" >"$OUT" 2>"$ERR"
	CODE=$?
}

lines()
{
	wc -l <"$1" | tr -d ' '
}

# prints NAME TEXT: the last replay printed TEXT on standard error.
prints()
{
	if grep -qF -- "$2" "$ERR"; then
		ok "$1"
	else
		not_ok "$1" "not found: $2" "$(cat "$ERR")"
	fi
}

# Prints method, target, status and bodies of each line, with a strict JSON parser.
digest()
{
	python3 -c '
import json, sys
for line in open(sys.argv[1], "rb"):
    t = json.loads(line.decode("utf-8", "strict"))
    q, r, c = t["request"], t["response"], t["capture"]
    print(q["method"], c["target"], r["status"], repr(q["body"]), repr(r["body"]),
          c["requestStartUs"], c["flags"])' "$1"
}

# --- formats -----------------------------------------------------------------
capture >"$TMP/plain.pcap"
replay plain "$TMP/plain.pcap" --summary "$TMP/plain.sum"
is "a capture is read" "$CODE $(lines "$OUT")" "0 3"
want=$(digest "$OUT")
is "what is in it" "$(echo "$want" | cut -d' ' -f1-5)" \
	"GET /v1/users/7?n=0 200 '' '{\"ok\":true}'
POST /login 200 'hello' 'iVBOR//+'
DELETE /v1/users/7 204 '' ''"
tally "$TOP/tests/laws.py" "$TMP/plain.sum" http.transactions=3 \
	http.paired=3 output.written=3 packets=18
is "VNI and addresses" \
	"$(jq -c '[.capture.vni,.meta.source,.meta.destinationPort]' "$OUT" |
		uniq)" '[7000,"10.1.0.5",80]'

for args in --pcapng --big-endian --ns "--pcapng --big-endian" \
	"--pcapng --ns" "--big-endian --ns"; do
	# shellcheck disable=SC2086
	capture $args >"$TMP/format"
	replay format "$TMP/format"
	is "format: $args" "$CODE $(digest "$OUT")" "0 $want"
done
for link in ethernet snap raw null loop sll sll2 ppi nflog; do
	capture --raw --link $link >"$TMP/format"
	replay format --raw "$TMP/format"
	is "--raw, link type $link" "$CODE $(digest "$OUT")" "0 $want"
	capture --link $link >"$TMP/format"
	replay format "$TMP/format"
	is "link type $link" "$CODE $(digest "$OUT")" "0 $want"
done

"$METLO" replay - <"$TMP/plain.pcap" >"$TMP/stdin.out" 2>/dev/null
is "from standard input" "$(digest "$TMP/stdin.out")" "$want"
capture | "$METLO" replay - >"$TMP/pipe.out" 2>/dev/null
is "from a pipe" "$(digest "$TMP/pipe.out")" "$want"

capture --random 5000 >"$TMP/random.pcap"
replay random "$TMP/random.pcap" --no-redact
is "random bytes: every line is JSON" "$CODE $(digest "$OUT" | wc -l)" "0 5000"

# --- damage ------------------------------------------------------------------
head -c 2000 "$TMP/plain.pcap" >"$TMP/cut.pcap"
replay cut "$TMP/cut.pcap" --summary "$TMP/cut.sum"
is "a cut file: what was readable is reported" "$CODE $(lines "$OUT")" "1 3"
prints "a cut file: then the error" "cut.pcap: cannot read beyond packet 13: truncated"
tally "$TOP/tests/laws.py" "$TMP/cut.sum" packets=13
echo "GET / HTTP/1.1" >"$TMP/text"
replay text "$TMP/text"
is "no capture file" "$CODE" 1
prints "no capture file: reported" "text: not a pcap or pcapng file"
gzip -k "$TMP/plain.pcap"
replay gzip "$TMP/plain.pcap.gz"
is "a compressed file" "$CODE" 1
prints "a compressed file: what to do" "zcat FILE | metlo-xdp replay -"
replay missing "$TMP/missing"
is "no file" "$CODE" 1
prints "no file: reported" "missing: No such file or directory"
: >"$TMP/empty"
replay empty "$TMP/empty"
is "an empty file" "$CODE" 1

# --- hints -------------------------------------------------------------------
capture --raw >"$TMP/raw.pcap"
replay hint "$TMP/raw.pcap"
is "plain frames taken for VXLAN" "$CODE $(lines "$OUT")" "0 0"
prints "plain frames: hint" "use --raw"
replay hint --raw "$TMP/plain.pcap"
prints "VXLAN taken for plain frames: hint" "omit --raw"
capture --port 8444 >"$TMP/port.pcap"
replay hint "$TMP/port.pcap"
prints "another port: hint" "--ports 8444"
replay hint "$TMP/port.pcap" --ports 8444
is "another port given" "$CODE $(lines "$OUT")" "0 3"
replay hint "$TMP/port.pcap" --ports any
is "any port" "$CODE $(lines "$OUT")" "0 3"
replay hint "$TMP/plain.pcap" --vni 1-6999,7001
is "another VNI" "$CODE $(lines "$OUT")" "0 0"
prints "another VNI: hint" "a VNI that is not in --vni"
replay hint "$TMP/plain.pcap" --vxlan-port 8472
prints "no VXLAN: hint" "--vxlan-port"
capture --tls >"$TMP/tls.pcap"
replay hint "$TMP/tls.pcap"
prints "TLS: hint" "1 connection is TLS"

# --- masking -----------------------------------------------------------------
capture --secrets >"$TMP/secrets.pcap"
replay masked "$TMP/secrets.pcap" --redact-header x-own \
	--redact-field PASSWORD --redact-field token
is "masked" "$CODE $(lines "$OUT") $(grep -c SECRET "$OUT")" "0 1 0"
is "masked JSON is JSON" \
	"$(jq -r '.request.body | fromjson | .deep[0].password' "$OUT")" \
	"[redacted]"
is "masked target" "$(jq -r .capture.target "$OUT")" "/a?b=1&token=[redacted]"
is "masked form" "$(jq -r .response.body "$OUT")" "token=[redacted]&x=1"
is "masked body: length as on the wire" \
	"$(jq -r .capture.requestBodyBytes "$OUT")" 43
replay masked "$TMP/secrets.pcap"
is "masked by default" \
	"$(jq -c '[.request.headers[],.response.headers[] |
		select(.value == "[redacted]").name]' "$OUT")" \
	'["Authorization","Cookie","X-Api-Key","Set-Cookie"]'
replay open "$TMP/secrets.pcap" --no-redact --redact-header x-own
is "--no-redact" "$(grep -o SECRET "$OUT" | wc -l)" 9

replay open "$TMP/secrets.pcap" --no-redact --redact-field password
prints "--no-redact overrides names: said" "--redact-field have no effect"
LC_ALL=C sed 's/SECRET/a@b.cd/g' "$TMP/secrets.pcap" >"$TMP/email.pcap"
replay open "$TMP/email.pcap" --no-redact --redact-class email
is "--no-redact: classes are masked all the same" \
	"$(grep -o 'redacted:email' "$OUT" | wc -l) $(grep -c 'a@b.cd' "$OUT")" "9 0"

replay twice "$TMP/plain.pcap" --ports 1 --ports=80 --output ndjson:- --output ndjson:/dev/null
is "an option given twice: the last value counts" "$CODE $(lines "$OUT")" "0 3"
prints "an option given twice: said" "--ports is given more than once"
is "an option given twice: not of a list" "$(grep -c 'more than once' "$ERR")" 1
replay twice "$TMP/plain.pcap" --output ndjson:- --output ndjson:-
is "an output given twice" "$CODE $(grep -c 'can be given only once' "$ERR")" "2 1"
echo '{"address":' >"$TMP/names"
replay bad "$TMP/plain.pcap" --names "$TMP/names"
is "an error in the file of names is one of usage, as of attach" "$CODE" 2

# --- output, summary ---------------------------------------------------------
replay out "$TMP/plain.pcap" --output "ndjson:$TMP/a" --output ndjson:- \
	--output="ndjson:$TMP/b" --summary "$TMP/sum"
is "three outputs" "$CODE $(digest "$OUT") $(digest "$TMP/a")" \
	"0 $want $want"
check "three outputs are the same" cmp "$TMP/a" "$TMP/b"
replay out "$TMP/plain.pcap" --output "ndjson:$TMP/a" --summary -
is "the summary on standard output" \
	"$(jq -c '[.command,.http.transactions,.vni[0].vni]' "$OUT")" \
	'["replay",3,7000]'
is "an output file is appended to" "$(lines "$TMP/a")" 6
replay out "$TMP/plain.pcap" --output ndjson:/dev/full
is "a full disk" "$CODE" 1
prints "a full disk: reported" "/dev/full: cannot be written: No space left"
replay out "$TMP/plain.pcap" --output ndjson:/nonexistent/x
is "no such directory" "$CODE" 1
"$METLO" replay "$TMP/plain.pcap" >&- 2>"$TMP/closed.err"
is "standard output is closed" "$?" 1
check "standard output is closed: reported" \
	grep -q "standard output: cannot be opened" "$TMP/closed.err"
"$METLO" replay "$TMP/plain.pcap" --output "ndjson:$TMP/c" --output ndjson:- \
	>&- 2>/dev/null
is "standard output is closed and a file is open" "$?" 1
"$METLO" replay "$TMP/random.pcap" 2>"$TMP/head.err" | head -n 1 >"$TMP/head.out"
is "the reader goes away" "${PIPESTATUS[0]} $(lines "$TMP/head.out")" "1 1"
check "the reader closes: reported" grep -q "its reader has closed it" "$TMP/head.err"

# --- body limit and hash -----------------------------------------------------
replay body "$TMP/plain.pcap" --body-limit 4 --body-hash
is "--body-limit" \
	"$(jq -c '[.response.body,.capture.responseBodyBytes,.capture.flags]' \
		"$OUT" | head -n 1)" '["{\"ok",11,["body-limit"]]'
is "--body-hash" "$(jq -r .capture.responseBodySha256 "$OUT" | head -n 1)" \
	"$(printf '{"ok":true}' | sha256sum | cut -d' ' -f1)"

# --- configuration file ------------------------------------------------------
cat >"$TMP/config" <<EOF
# for both commands
ports = 8444
redact-header = X-Own
mode = skb
EOF
replay config "$TMP/port.pcap" --config "$TMP/config"
is "--config" "$CODE $(lines "$OUT")" "0 3"
replay config "$TMP/port.pcap" --config "$TMP/config" --ports 80
is "the command line wins" "$CODE $(lines "$OUT")" "0 0"
echo "prots = 80" >>"$TMP/config"
replay config "$TMP/port.pcap" --config "$TMP/config"
is "a wrong key" "$CODE" 2
prints "a wrong key: reported" "config:5: unknown key \"prots\": did you mean \"ports\"?"

# --- privileges, memory ------------------------------------------------------
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$TMP"
	cp "$METLO" "$TMP/metlo-xdp"
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
		"$TMP/metlo-xdp" replay "$TMP/plain.pcap" >"$TMP/nobody.out" 2>&1
	is "without privileges" "$? $(grep -c '^{' "$TMP/nobody.out")" "0 3"
else
	skip "without privileges" "needs root to give them up"
fi
# Sanitizers reserve terabytes of address space.
if grep -aq __asan_init "$METLO"; then
	skip "too little memory: an error, no crash" "not with AddressSanitizer"
else
	# With any limit it works or reports why not; 127 is the loader's.
	codes=
	for v in $(seq 10000 2000 60000); do
		(ulimit -v "$v" && exec "$METLO" replay "$TMP/random.pcap") \
			>"$TMP/memory.out" 2>"$TMP/memory.err"
		code=$?
		case $code in
		0 | 127) ;;
		1) grep -q error: "$TMP/memory.err" || code=silent ;;
		esac
		codes="$codes$code
"
	done
	is "too little memory: an error, no crash" \
		"$(printf %s "$codes" | sort -un | grep -v 127 | tr '\n' ' ')" "0 1 "
fi

# --- explanations ------------------------------------------------------------
replay "-vv" "$TMP/plain.pcap" -vv
for event in new open pair close; do
	is "-vv explains: $event" "$(grep -cE "^[0-9.]+ flow 1: $event: " "$ERR" |
		sed 's/^[1-9].*/some/')" some
done
is "-vv shows no targets" "$(grep -c ' request [A-Z]* /' "$ERR")" 0
is "-v does not" "$("$METLO" replay "$TMP/plain.pcap" -v 2>&1 >/dev/null |
	grep -c ' flow 1: ')" 0

# --- time and signals --------------------------------------------------------
capture --gap 60 >"$TMP/slow.pcap"
start=$(date +%s%N)
replay speed "$TMP/slow.pcap" --speed real
took=$((($(date +%s%N) - start) / 1000000))
is "--speed real" "$CODE $(digest "$OUT" | wc -l)" "0 3"
if [ $took -ge 1000 ] && [ $took -le 5000 ]; then
	ok "--speed real takes its time"
else
	not_ok "--speed real takes its time" "$took ms"
fi

mkfifo "$TMP/fifo"
"$METLO" replay "$TMP/fifo" >"$TMP/live.out" 2>"$TMP/live.err" &
pid=$!
E2E_PIDS+=("$pid")
exec 7>"$TMP/fifo"
head -c 2000 "$TMP/plain.pcap" >&7
# shellcheck disable=SC2317
three()
{
	[ "$(lines "$TMP/live.out")" = 3 ]
}
if wait_for 5 three; then
	ok "a pipe that stays open: lines come at once"
else
	not_ok "a pipe that stays open: lines come at once" \
		"$(cat "$TMP/live.out" "$TMP/live.err")"
fi
kill -INT $pid
wait_for 5 gone_or_zombie $pid
exec 7>&-
wait $pid
is "SIGINT on a silent pipe" "$? $(lines "$TMP/live.out")" "0 3"
check "SIGINT on a silent pipe: reports what was read" \
	grep -q "3 transactions" "$TMP/live.err"

if command -v script >/dev/null; then
	script -qec "$METLO replay $TMP/random.pcap --output ndjson:$TMP/tty.out" \
		/dev/null >"$TMP/tty" 2>&1 </dev/null
	is "a progress line on a terminal" \
		"$(grep -c 'packets, .* transactions, .*%' "$TMP/tty")" 1
else
	skip "a progress line on a terminal" "script is not installed"
fi

# --- through the XDP program -------------------------------------------------
if [ "$(id -u)" = 0 ]; then
	replay kernel "$TMP/random.pcap" --kernel --summary "$TMP/kernel.sum"
	if [ $CODE = 5 ]; then
		skip "--kernel" "$(cat "$ERR")"
	else
		is "--kernel" "$CODE" 0
		"$METLO" replay "$TMP/random.pcap" --summary "$TMP/user.sum" \
			>"$TMP/user.out" 2>/dev/null
		check "--kernel gives the same lines" cmp "$OUT" "$TMP/user.out"
		is "--kernel gives the same counters" \
			"$(jq -S 'del(.file)' "$TMP/kernel.sum")" \
			"$(jq -S 'del(.file)' "$TMP/user.sum")"
	fi
else
	skip "--kernel" "needs root"
fi
replay kernel "$TMP/raw.pcap" --kernel --raw
is "--kernel with --raw" "$CODE" 2

# --- the command line around it ----------------------------------------------
# line NAME CODE TEXT ARGUMENT...: this command line exits with CODE and TEXT.
line()
{
	local name=$1 code=$2 text=$3 got
	shift 3
	got=$("$METLO" "$@" 2>&1)
	is "$name" "$? $(grep -cF -- "$text" <<<"$got" | sed 's/^[1-9].*/printed/')" \
		"$code printed"
}
line "version" 0 "metlo-xdp " version
line "--version" 0 "metlo-xdp " --version
line "help" 0 "replay     Report" help
line "--help" 0 "Exit codes:" --help
line "help of a command" 0 "--body-limit SIZE" help replay
line "--help of a command" 0 "(default 64KiB)" replay --help
line "help of no command" 2 "did you mean \"replay\"" help repaly
line "no command" 2 "Usage:"
line "unknown command" 2 "unknown command \"xyz\"" xyz
line "misspelt command" 2 "did you mean \"replay\"" rplay
line "unknown option" 2 "did you mean --body-limit?" replay x --body-limt 3
line "no file given" 2 "missing FILE" replay
line "option of another command" 2 "not an option of replay" replay x --pass
line "a wrong value" 2 "from 1 to 65535" replay x --vxlan-port 99999

finish
