#!/usr/bin/env python3
"""Writes a capture of HTTP/2 as h2load and nginx speak it, the same bytes every time.

  tests/bench/http2_frames.py TRANSACTIONS FILE

For test_budget.sh: 20 streams at a time on one connection, header blocks as these two
send them, 900 bytes of JSON in each response.
"""
import struct
import sys

from http2_trace import BODY, STREAMS, write

MSS = 1448
# RFC 7541 appendix B, as far as the targets need it.
CODES = {"/": "011000", "i": "00110", "t": "01001", "e": "00101", "m": "101001", "?": "1111111100",
         "p": "101011", "a": "00011", "g": "100110", "=": "100000", "0": "00000", "1": "00001",
         "2": "00010", "3": "011001", "4": "011010", "5": "011011", "6": "011100", "7": "011101",
         "8": "011110", "9": "011111"}
FIRST = bytes.fromhex("864187081775d5c2b87f827a8f9c541c722954d3a5358980aed89707")  # inserts two fields
OTHERS = bytes.fromhex("86bf82be")
# server, date, content-type and content-length are coded anew each time
RESPONSE = bytes.fromhex("887689aa6355e580ae212e1f6196df697e940054be52282009c5022b817ae32da98b46ff5f8b1d75d062"
                         "0d263d4c7441ea5c03393030")
SETTINGS = b"\0\0\0\4\0\0\0\0\0"


def coded(text):
    bits = "".join(CODES[c] for c in text)
    bits += "1" * (-len(bits) % 8)
    return bytes([0x80 | len(bits) // 8]) + int(bits, 2).to_bytes(len(bits) // 8, "big")


def frame(kind, flags, stream, payload):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


class Connection:
    def __init__(self):
        self.frames, self.seq, self.ns = [], [100, 200], 1700000000 * 10**9

    def send(self, side, flags, payload=b""):
        ports = (40000, 80) if side == 0 else (80, 40000)
        tcp = struct.pack("!HHIIBBHHH", *ports, self.seq[side], self.seq[1 - side], 0x50, flags, 65535, 0, 0)
        n = 40 + len(payload)
        ends = (b"\x0a\1\0\5", b"\x0a\2\0\1")
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, n, 0, 0x4000, 64, 6, 0, ends[side], ends[1 - side])
        self.ns += 1000
        self.frames.append((self.ns, bytes(12) + b"\x08\0" + ip + tcp + payload))
        self.seq[side] += len(payload) + (flags & 3 != 0)

    def data(self, side, payload):
        for at in range(0, len(payload), MSS):
            self.send(side, 0x18, payload[at:at + MSS])


def main(transactions, path):
    c = Connection()
    c.send(0, 2)
    c.send(1, 0x12)
    c.send(0, 0x10)
    c.data(0, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SETTINGS)
    c.data(1, SETTINGS)
    body = b'{"id":"' + b"5" * (BODY - 9) + b'"}'
    for first in range(0, transactions, STREAMS):
        requests = responses = b""
        for i in range(first, min(first + STREAMS, transactions)):
            target = coded(f"/item/{i}?page={i % 10}")
            requests += frame(1, 5, 2 * i + 1, b"\x04" + target + (OTHERS if i else FIRST))
            responses += frame(1, 4, 2 * i + 1, RESPONSE) + frame(0, 1, 2 * i + 1, body)
        c.data(0, requests)
        c.data(1, responses)
    c.send(0, 0x11)
    c.send(1, 0x11)
    c.send(0, 0x10)
    write(path, c.frames)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
