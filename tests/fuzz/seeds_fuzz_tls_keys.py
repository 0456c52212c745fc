#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_tls_keys: key logs, and connections of Python's ssl with their keys.

usage: seeds_fuzz_tls_keys.py FOLDER
"""
import os
import ssl
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import tls  # noqa: E402

LABELS = ("CLIENT_RANDOM", "CLIENT_EARLY_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
          "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0")


def binary(text):
    out = b""
    for line in text.splitlines():
        word = line.split()
        if len(word) == 3 and word[0] in LABELS:
            secret = bytes.fromhex(word[2])
            out += bytes([LABELS.index(word[0])]) + bytes.fromhex(word[1])
            out += bytes([len(secret) == 48]) + secret
    return struct.pack(">H", len(out)) + out


def connection(folder, version):
    keys = os.path.join(folder, "keys")
    open(keys, "w").close()
    client, server = tls.context(folder, False, version), tls.context(folder, True, version)
    server.keylog_filename = keys
    a_in, a_out, b_in, b_out = (ssl.MemoryBIO() for _ in range(4))
    a = client.wrap_bio(a_in, a_out, server_hostname="www.example.com")
    b = server.wrap_bio(b_in, b_out, server_side=True)
    steps = b""

    def pump(out, into, side):
        nonlocal steps
        data = out.read()
        if data:
            steps += struct.pack(">BH", side, len(data)) + data
            into.write(data)

    for _ in range(4):
        for end in (a, b):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                pass
            pump(a_out, b_in, 0)
            pump(b_out, a_in, 1)
    a.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    pump(a_out, b_in, 0)
    b.read()
    b.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    pump(b_out, a_in, 1)
    with open(keys) as f:
        text = f.read()
    return text, steps


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        tls.certificate(work)
        for name, version in (("12", ssl.TLSVersion.TLSv1_2), ("13", ssl.TLSVersion.TLSv1_3)):
            text, steps = connection(work, version)
            for kind, seed in (("log", b"\0" + text.encode()), ("talk", b"\1" + binary(text) + steps)):
                with open(os.path.join(folder, kind + name), "wb") as f:
                    f.write(seed)
    with open(os.path.join(folder, "odd"), "wb") as f:
        f.write(b"\0# c\r\n" + b"x" * 400 + b"\nCLIENT_RANDOM " + b"ab" * 32 + b" " + b"cd" * 47 +
                b"\nCLIENT_RANDOM " + b"AB" * 32 + b"  " + b"cd" * 48)


if __name__ == "__main__":
    main()
