#!/usr/bin/env bash
#
# replay --format har: archives compared with the lines of the same captures, and
# validated by npm's har-schema where that is installed (node-har-schema of Debian, or
# HAR_SCHEMA, its folder lib).

set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
METLO=${METLO:-$O/metlo-xdp}
CAPTURE=tests/e2e/capture.py
TMP=$(mktemp -d "${TMPDIR:-/tmp}/metlo-har.XXXXXX") || exit 1
trap 'rm -rf "$TMP"' EXIT
. tests/results.sh

SCHEMAS=${HAR_SCHEMA:-}
for dir in /usr/share/nodejs /usr/lib/node_modules /usr/local/lib/node_modules; do
	[ -n "$SCHEMAS" ] || [ ! -d $dir/har-schema/lib ] || SCHEMAS=$dir/har-schema/lib
done
python3 -c 'import jsonschema' 2>/dev/null || SCHEMAS=
[ -n "$SCHEMAS" ] || skip "valid by har-schema" "npm's har-schema is not installed"

replay()
{
	"$METLO" replay "$TMP/pcap" "$@" 2>"$TMP/err"
}

# compare NAME OPTION...: the archive and the lines of $TMP/pcap with these options.
compare()
{
	local name=$1

	shift
	rm -f "$TMP/lines"
	if replay --format har "$@" >"$TMP/har" && replay --output "ndjson:$TMP/lines" "$@"; then
		echo "# $name"
		tally python3 tests/line/har.py "$TMP/har" "$TMP/lines" ${SCHEMAS:+"$SCHEMAS"}
	else
		not_ok "$name: replay" "$(cat "$TMP/err")"
	fi
}

$CAPTURE >"$TMP/pcap" && compare "binary bodies" --no-redact
$CAPTURE --secrets >"$TMP/pcap" && compare "cookies and masks" --no-redact
compare "masks" --redact-field password --redact-class card,email
compare "no bodies" --bodies none
$CAPTURE --slow >"$TMP/pcap" && compare "a response that is cut off" --no-redact
replay --format har --progress-interval 30 >"$TMP/har"
is "entries are whole transactions" "$(jq -c '[.log.entries[]._capture.progress] | unique' "$TMP/har")" '[null,"ended"]'
# Random bytes wherever HTTP allows them.
$CAPTURE --random 300 >"$TMP/pcap" && compare "random bytes" --no-redact
if [ -x "$O/tests/gen/mkhttp" ]; then
	"$O/tests/gen/mkhttp" --preset noise --transactions 300 "$TMP/pcap" 2>/dev/null
	compare "noise" --no-redact
	"$O/tests/gen/mkhttp" --preset gzip --transactions 100 "$TMP/pcap" 2>/dev/null
	compare "compressed bodies" --no-redact
fi

# Halves: the packets of one side only.
python3 - "$TMP/pcap" <<-'EOC'
	import sys
	sys.path.insert(0, "tests/e2e")
	import capture
	class Args: raw, vni, link, gap, pcapng, big_endian, ns = False, 1, "ethernet", 1, False, False, False
	out = capture.Capture(Args)
	capture.ordinary(out, 80)
	both, out.packets = out.packets, []
	for side, port in ((0, 40001), (1, 40002)):
	    for packet in both:
	        ports = packet[1][14 + 20 + 8 + 8 + 14 + 20:][:4]
	        if ports[2 * side:2 * side + 2] != (80).to_bytes(2, "big") and port.to_bytes(2, "big") in (ports[:2], ports[2:]):
	            out.packets.append(packet)
	with open(sys.argv[1], "wb") as f:
	    out.write(f)
EOC
compare "halves" --no-redact
is "both kinds of halves were there" \
	"$(jq -c '[.log.entries[] | .request.comment, .response.comment] | unique' "$TMP/har")" \
	'[null,"The request was not seen.","The response was not seen."]'

# An empty document; what cannot be one.
$CAPTURE --tls >"$TMP/pcap"
replay --format har >"$TMP/har"
is "without transactions it has no entries" "$(jq -c .log.entries "$TMP/har")" "[]"
$CAPTURE >"$TMP/pcap"
check "it can be written to two files" replay --format har --output "ndjson:$TMP/a" --output "ndjson:$TMP/b"
check "both are the same" cmp "$TMP/a" "$TMP/b"
replay --format har --output "ndjson:$TMP/a"
is "it is not appended to a file" "$? $(grep -c 'is not empty' "$TMP/err")" "1 1"
check "the file stays as it is" cmp "$TMP/a" "$TMP/b"
replay --format har --output "ndjson:$TMP/c" --rotate-size 1MiB
is "it is not rotated" "$? $(grep -c 'cannot be rotated' "$TMP/err")" "2 1"
METLO_API_KEY=key replay --format har --output metlo --metlo-host http://127.0.0.1:1
is "it is not sent to Metlo" "$? $(grep -c 'takes no documents' "$TMP/err")" "2 1"
finish
