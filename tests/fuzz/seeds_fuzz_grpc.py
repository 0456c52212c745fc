#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_grpc: bodies of gRPC and gRPC-Web.

usage: seeds_fuzz_grpc.py FOLDER
"""
import base64
import gzip
import os
import sys
import zlib


def frame(data, flags=0):
    return bytes([flags]) + len(data).to_bytes(4, "big") + data


MESSAGE = bytes.fromhex("0a03616e6e10808080808080808010220673336372657452020807980601")
FIXED = bytes.fromhex("2d0000803f310000000000000840" "0b08010c" "12020a00" "1202ff00")
TRAILERS = frame(b"grpc-status: 5\r\ngrpc-message: no%20%E2%82%AC\r\n", 0x80)
SEEDS = {
    "one": b"\0" + frame(MESSAGE),
    "stream": b"\x08" + frame(MESSAGE) + frame(FIXED) + frame(b"") + TRAILERS,
    "text": b"\1" + base64.b64encode(frame(MESSAGE)) + base64.b64encode(TRAILERS),
    "gzip": b"\2" + frame(gzip.compress(MESSAGE, mtime=0), 1),
    "deflate": b"\4" + frame(zlib.compress(MESSAGE), 1) + frame(FIXED),
    "cut": b"\x18" + frame(FIXED) + frame(MESSAGE)[:-3],
    "bare": b"\0" + MESSAGE + FIXED,
}

os.makedirs(sys.argv[1], exist_ok=True)
for name, data in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), "wb") as f:
        f.write(data)
