#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_pcapng: capture files with every block and link type.

usage: seeds_fuzz_pcapng.py FOLDER
"""
import os
import struct
import sys

IP = bytes([0x45]) + bytes(23)
ETHERNET = bytes(12) + b"\x08\0" + IP
SNAP = bytes(12) + b"\0\x20\xaa\xaa\3\0\0\0\x08\0" + IP


def block(e, kind, body):
    body += bytes(-len(body) % 4)
    n = struct.pack(e + "I", len(body) + 12)
    return struct.pack(e + "I", kind) + n + body + n


def section(e, major=1):
    return block(e, 0x0a0d0d0a, struct.pack(e + "IHHq", 0x1a2b3c4d, major, 0, -1))


def interface(e, link, snap=0, resolution=None, offset=None):
    options = b""
    if resolution is not None:
        options += struct.pack(e + "HHB3x", 9, 1, resolution)
    if offset is not None:
        options += struct.pack(e + "HHq", 14, 8, offset)
    return block(e, 1, struct.pack(e + "HHI", link, 0, snap) + options + bytes(4))


def enhanced(e, number, data, options=b""):
    head = struct.pack(e + "IIIII", number, 395812, 3567587328, len(data), len(data) + 9)
    return block(e, 6, head + data + bytes(-len(data) % 4) + options)


def simple(e, data):
    return block(e, 3, struct.pack(e + "I", len(data)) + data)


def old(e, number, data):
    return block(e, 2, struct.pack(e + "HHIIII", number, 0, 0, 5, len(data), len(data)) + data)


LINKS = {
    1: ETHERNET, 0: struct.pack("<I", 2) + IP, 12: IP, 14: IP, 101: IP, 228: IP, 229: IP,
    100: b"\xaa\xaa\3\0\0\0\x08\0" + IP, 108: struct.pack(">I", 2) + IP,
    113: bytes(14) + b"\x08\0" + IP, 276: b"\x08\0" + bytes(18) + IP,
    192: b"\0\0\x08\0\x65\0\0\0" + IP, 239: b"\2\0\0\0\x05\0\x0a\0x\0\0\0" + struct.pack("<HH", 28, 9) + IP,
}


def classic(e, link, data, magic=0xa1b2c3d4):
    return struct.pack(e + "IHHiIII", magic, 2, 4, 0, 0, 65535, link) + \
        struct.pack(e + "IIII", 1700000000, 5, len(data), len(data)) * 1 + data


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    seeds = {}
    for e, order in (("<", "little"), (">", "big")):
        many = section(e)
        for number, (link, data) in enumerate(LINKS.items()):
            many += interface(e, link, 64 + number, 3 + number, number - 5) + enhanced(e, number, data)
            seeds[f"classic_{link}_{order}"] = classic(e, link, data)
        seeds[f"links_{order}"] = many
        seeds[f"blocks_{order}"] = section(e) + interface(e, 1, 40, 0x80 | 20) + simple(e, ETHERNET) + \
            old(e, 0, ETHERNET) + enhanced(e, 0, SNAP, struct.pack(e + "HHI", 2, 4, 0)) + \
            block(e, 4, bytes(8)) + block(e, 5, bytes(12)) + block(e, 10, bytes(12)) + \
            block(e, 0xbad, bytes(4)) + enhanced(e, 1, ETHERNET)
    seeds["both"] = seeds["links_little"] + seeds["links_big"]
    seeds["nanoseconds"] = classic("<", 1, ETHERNET * 3, 0xa1b23c4d)
    seeds["cut"] = seeds["blocks_little"][:-7]
    seeds["lies"] = section("<") + struct.pack("<II", 4, 0xfffffffc) + bytes(40)
    seeds["version"] = section("<", 2)
    for name, seed in seeds.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(seed)


main()
