#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_stream_http and fuzz_stream: scripts of segments (see
stream_ops.h) and, for the former, what they carry.

usage: seeds_fuzz_stream_http.py FOLDER
"""
import os
import sys

FIN, SYN, RST, PSH, ACK, URG, STAY = 1, 2, 4, 8, 16, 32, 128
LENGTHS = [0, 1, 2, 7, 20, 100, 64, 300, 536, 1000, 1448, 9000]


def rec(who, flags, length=0, *more, how=0):
    return bytes([who, flags, LENGTHS.index(length) | how, *more])


C, S, TENANT, COPY = 0, 8, 4, 16
OPEN = rec(C, SYN) + rec(S, SYN | ACK)
SUMMED = rec(C, SYN, 0, 3, how=96) + rec(S, SYN | ACK, 0, 3, how=96)
CLOSE = rec(C, FIN | ACK) + rec(S, FIN | ACK)
EARLY, LATE = 2 << 5, 3 << 5  # a byte follows: how far


def tick(n):
    return bytes([0x0f, n])


GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKS = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          b"4\r\nWiki\r\n0\r\n\r\n")
POST = b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
BIG = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n"

SCRIPTS = {
    "plain": OPEN + rec(C, ACK, 100) + rec(S, ACK, 100) + CLOSE,
    "bytes": OPEN + rec(C, ACK, 1) * 40 + rec(S, ACK, 7) * 20 + CLOSE,
    "copies": OPEN + b"".join(rec(C | COPY * (i % 2), ACK | STAY * (i % 2 == 0), 20)
                              for i in range(12)) + rec(S, ACK, 300) + CLOSE,
    "early": OPEN + rec(C | EARLY, ACK | STAY, 20, 20) + rec(C, ACK, 20) + rec(C, ACK, 20) + rec(S, ACK, 64),
    "lost": OPEN + rec(C | EARLY, ACK, 20, 50) + tick(200) * 3 + rec(S, ACK, 100) + CLOSE,
    "tenants": OPEN + rec(TENANT, SYN) + rec(TENANT | S, SYN | ACK) +
    (rec(C, ACK, 20) + rec(TENANT, ACK, 20) + rec(S, ACK, 64) + rec(TENANT | S, ACK, 64)) * 4,
    "midstream": rec(S, ACK, 100) + rec(C, ACK, 100) + tick(100) * 4 + rec(C, ACK, 100) + rec(S, ACK, 100),
    "cut": OPEN + rec(C, ACK, 100) + rec(S, ACK, 64, 90, how=16) + rec(S, ACK, 64) + CLOSE,
    "wrong_sum": SUMMED + rec(C, ACK | STAY, 100, 6, how=96) + rec(C, ACK, 100, 2, how=96) + rec(S, ACK, 64, 2, how=96) + CLOSE,
    "partial_sum": SUMMED + rec(C, ACK, 1448, 14, how=96) + rec(S, ACK, 64, 2, how=96) + CLOSE,
    "old_stamp": SUMMED + rec(C, ACK, 100, 1, how=96) +
    rec(S, ACK, 64, 1, how=96) + rec(C, ACK, 100, 97, how=96) + rec(S, ACK, 64, 1, how=96) + CLOSE,
    "shunted": OPEN + rec(C, ACK, 100) + rec(S, ACK, 1448) * 4 + rec(S, ACK, 9000, how=32) + rec(S, ACK, 1448),
    "urgent": OPEN + rec(C, ACK, 20) + rec(C, ACK | URG, 1, 1) + rec(C, ACK, 20),
    "reset": OPEN + rec(C, ACK, 100) + rec(S, ACK, 20) + rec(C, RST | ACK) + rec(S, ACK, 20) + tick(100) * 3,
    # found by AFL++: doubtful data held at the next byte, which the peer acknowledged
    "doubt_at_next": bytes.fromhex("026003f1b20812600300106501126005000260780501005f032078050100f95f230010050008"
                                   "110308f95f030178490608f95ef900f95f230010050008110308f95f030178490608f95f"),
    "again": (OPEN + rec(C, ACK, 64) + rec(S, ACK, 64) + CLOSE) * 3,
}
TEXTS = {"get": (GET, OK), "chunks": (GET * 2, CHUNKS + OK), "post": (POST, OK), "big": (GET, BIG + b"x" * 900)}


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    with_text = "stream_http" in os.path.basename(sys.argv[0])
    for name, script in SCRIPTS.items():
        if not with_text:
            for kind in range(6):
                with open(os.path.join(folder, f"{name}-{kind}"), "wb") as f:
                    f.write(bytes([kind]) + script)
            continue
        for what, (client, server) in TEXTS.items():
            with open(os.path.join(folder, f"{name}-{what}"), "wb") as f:
                f.write(len(script).to_bytes(2, "big") + script + client + b"\1" + server)


if __name__ == "__main__":
    main()
