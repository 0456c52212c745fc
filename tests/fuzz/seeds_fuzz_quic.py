#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_quic: hellos in CRYPTO frames, whole and in pieces.

usage: seeds_fuzz_quic.py FOLDER
"""
import os
import sys

SERVER, V2, TOKEN, OTHER, CUT, LATER = 2, 4, 8, 16, 32, 64


def vec(n, data):
    return len(data).to_bytes(n, "big") + data


def ext(kind, data):
    return kind.to_bytes(2, "big") + vec(2, data)


def message(kind, data):
    return bytes([kind]) + vec(3, data)


def crypto(at, data):
    return b"\x06" + (at | 0x80000000).to_bytes(4, "big") + (len(data) | 0x4000).to_bytes(2, "big") \
        + data


def step(options, data=b""):
    return bytes([options]) + vec(2, data)


EXTENSIONS = (ext(0, vec(2, b"\0" + vec(2, b"www.example.com"))) + ext(16, vec(2, vec(1, b"h3")))
              + ext(43, vec(1, b"\3\4")) + ext(10, vec(2, b"\0\x1d")) + ext(57, b"\1\2\3\4"))
CLIENT = message(1, b"\3\3" + bytes(32) + vec(1, b"") + vec(2, b"\x13\1\x13\2") + vec(1, b"\0")
                 + vec(2, EXTENSIONS))
ANSWER = message(2, b"\3\3" + bytes(32) + vec(1, b"") + b"\x13\1\0"
                 + vec(2, ext(43, b"\3\4") + ext(51, b"\0\x1d" + vec(2, bytes(32)))))
ACK, PING, CLOSE = b"\2\5\0\0\0", b"\1", b"\x1c\x41\x28\6\0"
LONG = bytes.fromhex("c000000001088394c8f03e51570800000015") + bytes(21)
SEEDS = {
    "whole": step(0, crypto(0, CLIENT)) + step(SERVER, ACK + crypto(0, ANSWER)),
    "pieces": step(0, PING + crypto(60, CLIENT[60:])) + step(0, crypto(30, CLIENT[30:70]))
    + step(LATER, crypto(0, CLIENT[:40])) + step(SERVER, crypto(0, ANSWER)),
    "v2": step(V2, crypto(0, CLIENT)) + step(SERVER | V2, crypto(0, ANSWER)),
    "retry": step(0, crypto(0, CLIENT)) + step(TOKEN | OTHER, crypto(0, CLIENT))
    + step(SERVER | OTHER, crypto(0, ANSWER)),
    "refused": step(0, crypto(0, CLIENT)) + step(SERVER, CLOSE),
    "far": step(0, crypto(1 << 20, b"abc")) + step(0, crypto(16380, b"abcdefgh")),
    "as-is": step(1, LONG) + step(1 | CUT, LONG * 2),
}


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, data in SEEDS.items():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(data)


if __name__ == "__main__":
    main()
