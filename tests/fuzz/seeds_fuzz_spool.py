#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_spool: segments with acknowledgements, whole and damaged.

usage: seeds_fuzz_spool.py FOLDER
"""
import os
import struct
import sys


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def header(seq=1):
    h = b"MXSPOOL\n" + struct.pack("<IIQI", 1, 0, seq, 0)
    return h + struct.pack("<I", crc32c(h))


def record(payload):
    n = struct.pack("<I", len(payload))
    return b"\xf8MX\xff" + n + struct.pack("<I", crc32c(n + payload)) + payload


def ack(begin, end, n):
    a = struct.pack("<III", begin, end, n)
    return a + struct.pack("<I", crc32c(a))


def seed(segment, acks=b""):
    return struct.pack("<H", len(segment)) + segment + acks


def main():
    folder = sys.argv[1]
    records = [record(b"%d" % i * (i * i)) for i in range(8)]
    whole = header() + b"".join(records)
    second = len(header() + records[0])
    seeds = {
        "empty": seed(b""),
        "header": seed(header()),
        "other-header": seed(header(2) + records[3]),
        "whole": seed(whole),
        "acked": seed(whole, ack(32, second, 1) + ack(second, len(whole) - 70, 5)),
        "overlapping": seed(whole, ack(40, 100, 2) + ack(32, 60, 2) + ack(90, 4000000000, 9)),
        "all-acked": seed(whole, ack(32, len(whole), 8)),
        "torn": seed(whole[:-20], ack(32, second, 1)[:9]),
        "noise": seed(header() + b"\xf8" * 9 + records[5] + b"\xf8MX\xff\xff" + records[6]),
        "in-record": seed(header() + record(records[4]) + records[2]),
        "hole": seed(whole[:-30] + b"\0" * 9000 + records[7]),
        "long": seed(header() + b"\xf8MX\xff\xff\xff\x1f\0" + b"x" * 300 + records[7]),
    }
    os.makedirs(folder, exist_ok=True)
    for name, data in seeds.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)


main()
