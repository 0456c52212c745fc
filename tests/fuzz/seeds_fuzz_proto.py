#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_proto: descriptors, and messages of their types.

usage: seeds_fuzz_proto.py FOLDER
"""
import os
import sys


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def rec(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def member(name, number, kind, label=1, type_name="", more=b""):
    return rec(2, rec(1, name) + rec(3, number) + rec(4, label) + rec(5, kind) +
               (rec(6, type_name) if type_name else b"") + more)


ENTRY = rec(3, rec(1, "MEntry") + member("key", 1, 9) + member("value", 2, 5) + rec(7, rec(7, 1)))
GROUP = rec(3, rec(1, "G") + member("y", 1, 9))
ALL = rec(4, rec(1, "A") + b"".join(member(f"f_{kind}", kind, kind) for kind in (*range(1, 10), 12, 13, *range(15, 19))) +
          member("self", 20, 11, 1, ".t.A") + member("many", 21, 3, 3) + member("m", 22, 11, 3, ".t.A.MEntry") +
          member("g", 23, 10, 1, ".t.A.G") + member("e", 24, 14, 1, ".t.E") +
          member("a", 25, 9, 1, "", rec(9, 0)) + member("b", 26, 5, 1, "", rec(9, 0)) +
          member("any", 27, 11, 1, ".google.protobuf.Any") + member("value", 28, 11, 3, ".google.protobuf.Value") +
          ENTRY + GROUP + rec(8, rec(1, "o")) + rec(6, rec(1, "x") + rec(2, ".t.A") + rec(3, 100) + rec(4, 1) + rec(5, 9)))
ENUM = rec(5, rec(1, "E") + rec(2, rec(1, "ZERO") + rec(2, 0)) + rec(2, rec(1, "ONE") + rec(2, 1)))
SERVICE = rec(6, rec(1, "S") + rec(2, rec(1, "M") + rec(2, ".t.A") + rec(3, ".t.A") + rec(6, 1)))


def file(syntax, more=b""):
    return rec(1, rec(1, "t.proto") + rec(2, "t") + ALL + ENUM + SERVICE + (rec(12, syntax) if syntax else b"") + more)


MESSAGE = rec(3, 5) + rec(9, "text") + rec(20, rec(3, 2**64 - 1) + rec(20, b"")) + rec(21, b"\1\2\3") + rec(21, 4) + \
    rec(22, rec(1, "k") + rec(2, 7)) + rec(22, rec(1, "k")) + varint(23 << 3 | 3) + rec(1, "y") + varint(23 << 3 | 4) + \
    rec(24, 1) + rec(24, 9) + rec(25, "a") + rec(26, 1) + rec(20, rec(3, 1)) + rec(100, "x") + b"\x09" + bytes(8) + \
    rec(27, rec(1, "x/t.A") + rec(2, rec(3, 1))) + rec(28, rec(5, rec(1, rec(1, "k") + rec(2, rec(4, 1)))))
SPECIAL = rec(1, 1000) + rec(2, 5000000)
SEEDS = {
    "proto2": (file(""), MESSAGE),
    "proto3": (file("proto3"), MESSAGE),
    "editions": (file("editions", rec(8, rec(50, rec(1, 2) + rec(5, 2)))), MESSAGE),
    "special": (b"", SPECIAL),
    "any": (b"", rec(1, "x/google.protobuf.Duration") + rec(2, SPECIAL)),
    "struct": (b"", rec(1, rec(1, "k") + rec(2, rec(6, rec(1, rec(3, "text")))))),
    "paths": (b"", rec(1, "a_b.c") + rec(1, "d")),
}

os.makedirs(sys.argv[1], exist_ok=True)
for name, (types, message) in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), "wb") as f:
        f.write(len(types).to_bytes(2, "big") + types + message)
