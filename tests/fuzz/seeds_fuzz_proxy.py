#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_proxy: headers of the PROXY protocol.

usage: seeds_fuzz_proxy.py FOLDER
"""
import os
import sys

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V4 = bytes([203, 0, 113, 7, 198, 51, 100, 1, 0xd9, 3, 0, 80])
V6 = bytes(range(32)) + b"\xdd\x58\x01\xbb"
MAPPED = (bytes(10) + b"\xff\xff" + V4[:4]) * 2 + V4[8:]


def v2(command, family, body, length=None):
    n = len(body) if length is None else length
    return SIGNATURE + bytes([command, family, n >> 8, n & 255]) + body


SEEDS = {
    "tcp4": b"PROXY TCP4 203.0.113.7 198.51.100.1 55555 80\r\nGET / HTTP/1.1\r\n\r\n",
    "tcp6": b"PROXY TCP6 2001:db8::7 2001:db8::1 1 65535\r\n",
    "mapped": b"PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2\r\n",
    "unknown": b"PROXY UNKNOWN\r\n",
    "ignored": b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n",
    "endless": b"PROXY UNKNOWN " + b"x" * 120,
    "method": b"PROXY UNKNOWN HTTP/1.1\r\n\r\n",
    "v2_tcp4": v2(0x21, 0x11, V4) + b"GET / HTTP/1.1\r\n\r\n",
    "v2_tcp6": v2(0x21, 0x21, V6),
    "v2_mapped": v2(0x21, 0x21, MAPPED),
    "v2_tlv": v2(0x21, 0x11, V4 + b"\x02\0\x04host"),
    "v2_local": v2(0x20, 0, b""),
    "v2_unix": v2(0x21, 0x31, bytes(216)),
    "v2_short": v2(0x21, 0x11, V4[:4]),
    "v2_longest": v2(0x21, 0x11, V4, 65535),
    "v3": v2(0x31, 0x11, V4),
}


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, seed in SEEDS.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(seed)


main()
