#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes seeds for fuzz_decode to a folder: one frame for each header variant."""
import itertools
import os
import struct
import sys


def ethernet(payload, type_, tags):
    vlan = b"".join(struct.pack(">HH", t, 7) for t in tags)
    return bytes(12) + vlan + struct.pack(">H", type_) + payload


def ipv4(payload, proto, options=b"", total=None, frag=0):
    length = 20 + len(options) + len(payload) if total is None else total
    return struct.pack(">BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, length, 1, frag, 64, proto, 0,
                       b"\x0a\0\0\1", b"\x0a\0\0\2") + options + payload


def ipv6(payload, proto, ext=(), length=None):
    chain, bodies = [e[0] for e in ext] + [proto], b""
    for i, (_, body) in enumerate(ext):
        bodies += bytes([chain[i + 1]]) + body
    payload = bodies + payload
    return struct.pack(">IHBB", 6 << 28, len(payload) if length is None else length, chain[0], 64) + \
        bytes(15) + b"\1" + bytes(15) + b"\2" + payload


def tcp(payload, flags=0x18, options=b""):
    return struct.pack(">HHIIBBHHH", 40000, 80, 0xfffffff0, 1, 0x50 + len(options) * 4, flags, 9, 0, 3) + \
        options + payload


def vxlan(frame, flags=8, vni=3):
    return struct.pack(">BxxxI", flags, vni << 8) + frame


def udp(payload, length=None):
    return struct.pack(">HHHH", 0xc000, 4789, 8 + len(payload) if length is None else length, 0) + payload


EXT = ((0, b"\0" + bytes(6)), (43, b"\2" + bytes(22)), (51, b"\4" + bytes(22)), (60, b"\0" + bytes(6)),
       (44, b"\0\0\0" + bytes(4)))
LEVELS = {
    "v4": lambda p, n: ethernet(ipv4(p, n), 0x0800, ()),
    "v4options": lambda p, n: ethernet(ipv4(p, n, b"\1" * 8), 0x0800, (0x8100,)),
    "v4zero": lambda p, n: ethernet(ipv4(p, n, total=0), 0x0800, ()),
    "v4frag": lambda p, n: ethernet(ipv4(p, n, frag=0x2000), 0x0800, ()),
    "v6": lambda p, n: ethernet(ipv6(p, n), 0x86dd, ()),
    "v6ext": lambda p, n: ethernet(ipv6(p, n, EXT), 0x86dd, (0x88a8, 0x8100)),
    "v6zero": lambda p, n: ethernet(ipv6(p, n, length=0), 0x86dd, ()),
}
SEGMENTS = {
    "data": tcp(b"GET / HTTP/1.1\r\n\r\n"),
    "syn": tcp(b"", 0x02, b"\1" * 20),
    "fin": tcp(b"x", 0x11),
    "ack": tcp(b"", 0x10, b"\1" * 12),
    "large": tcp(bytes(40000)),
}


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)

    def write(name, head, frame):
        with open(os.path.join(out, name), "wb") as f:
            f.write(head + frame)

    for (o, outer), (i, inner) in itertools.product(LEVELS.items(), LEVELS.items()):
        write(f"{o}-{i}", b"\0\0\0", outer(udp(vxlan(inner(SEGMENTS["data"], 6))), 17))
    for name, segment in SEGMENTS.items():
        frame = LEVELS["v4"](udp(vxlan(LEVELS["v4"](segment, 6))), 17)
        write(f"segment-{name}", b"\0\0\0", frame)
        write(f"shunt-{name}", b"\x10\0\0", frame)
        write(f"raw-{name}", b"\1\0\0", LEVELS["v6"](segment, 6))
        write(f"snapped-{name}", b"\1\4\0", LEVELS["v4zero"](segment, 6))
        write(f"cut-{name}", b"\2\0\0", frame[:len(frame) // 2])
    write("filter", b"\x04\0\0", LEVELS["v4"](udp(vxlan(LEVELS["v4"](SEGMENTS["data"], 6), vni=99)), 17))
    write("flags", b"\x08\0\0", LEVELS["v4"](udp(vxlan(b"", flags=0)), 17))


main()
