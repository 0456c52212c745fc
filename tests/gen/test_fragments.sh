#!/usr/bin/env bash
#
# Inner IP fragments: the same transactions as without, whatever the size, order
# and duplication; and a flood of fragments that are never completed stays
# bounded, is counted, and hides nothing.

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/results.sh
. tests/results.sh
O=${O:-build}
METLO=${METLO:-$O/metlo-xdp}
TMP=$(mktemp -d "${TMPDIR:-/tmp}/metlo-fragments.XXXXXX")
trap 'rm -rf "$TMP"' EXIT

replay()
{
	"$METLO" replay "$1" --ports any --body-hash --summary "$1.sum" \
		2>"$1.err" | LC_ALL=C sort >"$1.lines"
	tests/laws.py "$1.sum" >"$1.laws" || {
		cat "$1.laws"
		return 1
	}
}

count()
{
	python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["fragments"][sys.argv[2]])' "$1.sum" "$2"
}

"$O/tests/gen/mkhttp" --transactions 1500 --connections 40 --post 40 \
	--gzip 30 --chunked 40 --ipv6 30 --vnis 2 --body 1-6000 \
	"$TMP/plain" 2>/dev/null || exit 1
replay "$TMP/plain" || exit 1
is "without fragments" "$(count "$TMP/plain" fragments)" 0
for cut in 24 "24 1" "64 2" "536 3" "1400 4"; do
	# shellcheck disable=SC2086
	tests/corpus/fragments.py $cut <"$TMP/plain" >"$TMP/cut"
	check "laws, cut: $cut" replay "$TMP/cut"
	check "the same transactions, cut: $cut" \
		cmp "$TMP/plain.lines" "$TMP/cut.lines"
	check "there were fragments, cut: $cut" \
		test "$(count "$TMP/cut" datagrams)" -gt 500
done

# Between the real fragments come first halves of datagrams, from one source and
# from many.
for sources in 1 60000; do
	python3 - "$TMP/cut" "$TMP/flood" $sources <<-'END'
		import struct, sys
		data, sources = open(sys.argv[1], "rb").read(), int(sys.argv[3])
		out, at, n = [data[:24]], 24, 0
		while at < len(data):
		    size = 16 + struct.unpack_from("<I", data, at + 8)[0]
		    packet = data[at:at + size]
		    out.append(packet)
		    at += size
		    for _ in range(12):
		        n += 1
		        ip = bytearray(struct.pack("!BBHHHBBHII", 0x45, 0, 620, n & 0xffff, 0x2000, 64, 6, 0,
		                                   0x0a090000 + n % sources, 0x0a010001) + bytes(600))
		        inner = packet[66:78] + b"\x08\0" + ip
		        outer = bytearray(packet[16:66])
		        struct.pack_into("!H", outer, 16, 36 + len(inner))
		        struct.pack_into("!H", outer, 38, 16 + len(inner))
		        whole = outer + inner
		        out.append(packet[:8] + struct.pack("<II", len(whole), len(whole)) + whole)
		open(sys.argv[2], "wb").write(b"".join(out))
	END
	check "laws, flood from $sources" replay "$TMP/flood"
	check "the same transactions, flood from $sources" \
		cmp "$TMP/plain.lines" "$TMP/flood.lines"
	check "the flood is bounded, from $sources" \
		test "$(count "$TMP/flood" limit)" -gt 1000
done
finish
