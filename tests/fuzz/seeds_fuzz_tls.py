#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_tls: handshakes of TLS 1.2 and 1.3.

usage: seeds_fuzz_tls.py FOLDER
"""
import os
import sys

C, S, DATA, LOST, TIME, FIN = 0, 0x80, 0, 1, 2, 3
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def vec(n, data):
    return len(data).to_bytes(n, "big") + data


def ext(kind, data):
    return kind.to_bytes(2, "big") + vec(2, data)


def record(kind, data):
    return bytes([kind, 3, 3]) + vec(2, data)


def message(kind, data):
    return bytes([kind]) + vec(3, data)


def step(who, op, data=b"", n=0):
    return bytes([who | op]) + (vec(2, data) if op == DATA else n.to_bytes(2, "big"))


NAME = ext(0, vec(2, b"\0" + vec(2, b"www.example.com")))
ALPN = ext(16, vec(2, vec(1, b"h2") + vec(1, b"http/1.1")))
GROUPS = ext(10, bytes.fromhex("00063a3a001d0017"))
SIGNATURES = ext(13, bytes.fromhex("000404030804"))
VERSIONS = ext(43, bytes.fromhex("064a4a03040303"))
CLIENT = message(1, b"\3\3" + bytes(32) + vec(1, bytes(32)) + vec(2, bytes.fromhex("1a1a1301c02f")) +
                 b"\1\0" + vec(2, NAME + ALPN + GROUPS + SIGNATURES + VERSIONS))


def server(cipher, extensions, random=bytes(range(32))):
    return message(2, b"\3\3" + random + b"\0" + cipher + b"\0" + vec(2, extensions))


SERVER13 = server(b"\x13\1", ext(43, b"\3\4") + ext(51, b"\0\x1d" + vec(2, b"k")))
SERVER12 = server(b"\xc0\x2f", ext(16, vec(2, vec(1, b"h2"))))
FLIGHT = (SERVER12 + message(11, vec(3, vec(3, b"0\x82\1\0") + vec(3, b"x"))) +
          message(12, b"\3\0\x1d\1k") + message(13, b"\1\1\0\2\4\3\0\0") + message(14, b""))
CCS = record(20, b"\1")
END = step(C, FIN) + step(S, FIN)

SEEDS = {
    "tls13": b"\0" + step(C, DATA, record(22, CLIENT)) + step(S, DATA, record(22, SERVER13) + CCS + record(23, b"x" * 40)) +
    step(C, DATA, CCS + record(23, b"y" * 30)) + END,
    "tls12": b"\x0c" + step(C, DATA, record(22, CLIENT)) + step(S, DATA, record(22, FLIGHT)) +
    step(C, DATA, record(22, message(11, vec(3, b"")) + message(16, b"k")) + CCS + record(22, b"z" * 40)) +
    step(S, DATA, CCS + record(22, b"z" * 40) + record(23, b"x" * 50)) + END,
    "resumed": b"\4" + step(C, DATA, record(22, CLIENT)) + step(S, DATA, record(22, SERVER12) + CCS + record(22, b"z" * 40)) + END,
    "retry": b"\4" + step(C, DATA, record(22, CLIENT)) + step(S, DATA, record(22, server(b"\x13\1", ext(43, b"\3\4"), RETRY)) + CCS) +
    step(C, DATA, CCS + record(22, CLIENT)) + step(S, DATA, record(22, SERVER13)) + END,
    "pieces": b"\0" + b"".join(step(C, DATA, record(22, CLIENT[i:i + 7])) for i in range(0, len(CLIENT), 7)) + END,
    "alert": b"\0" + step(C, DATA, record(22, CLIENT)) + step(S, DATA, record(21, b"\2\x28")) + END,
    "lost": b"\0" + step(C, DATA, record(22, CLIENT)) + step(S, LOST, n=60) + step(S, TIME, n=100) +
    step(S, DATA, record(22, FLIGHT)[60:]) + step(S, TIME, n=100) + step(S, DATA, CCS) + END,
    "midstream": b"\2" + step(C, DATA, record(23, b"x" * 30) * 4) + step(S, DATA, record(23, b"x" * 30) * 4) + step(S, TIME, n=300),
    "http": b"\0" + step(C, DATA, record(22, CLIENT)) + step(S, DATA, b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n") + END,
    "other": b"\0" + step(C, DATA, b"\x16\3\1GET / HTTP/1.1\r\n\r\n") + END,
    "tunnel": b"\4" + step(C, DATA, b"CONNECT h:443 HTTP/1.1\r\n\r\n") + step(C, DATA, record(22, CLIENT)[:9]) +
    step(S, DATA, b"HTTP/1.1 200 OK\r\n\r\n") + step(C, DATA, record(22, CLIENT)[9:]) + step(S, DATA, record(22, SERVER13)) + END,
    "proxy": b"\4" + step(C, DATA, b"PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n" + record(22, CLIENT)) + step(S, DATA, record(22, SERVER12)) + END,
    "starttls": b"\4" + step(S, DATA, b"220 mail\r\n") + step(C, DATA, b"STARTTLS\r\n") + step(S, DATA, b"220 go\r\n") +
    step(C, DATA, record(22, CLIENT)) + step(S, DATA, record(22, SERVER12)) + END,
    "upgrade": b"\4" + step(C, DATA, b"GET / HTTP/1.1\r\nUpgrade: TLS/1.0\r\n\r\n") +
    step(S, DATA, b"HTTP/1.1 101 S\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n\r\n") + step(C, DATA, record(22, CLIENT)) + END,
    "memory": b"\1" + step(C, DATA, record(22, CLIENT[:90])) + step(S, DATA, record(22, FLIGHT)) + END,
}


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, seed in SEEDS.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(seed)


main()
