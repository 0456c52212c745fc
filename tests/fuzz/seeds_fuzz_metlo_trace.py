#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_metlo_trace: lines of several kinds and limits.

usage: seeds_fuzz_metlo_trace.py FOLDER
"""
import json
import os
import sys


def line(request=True, response=True, body="", encoding="utf8", path="/a", forwarded=None):
    headers = [{"name": "Host", "value": "h"}]
    if forwarded:
        headers.append({"name": "X-Forwarded-For", "value": forwarded})
    return json.dumps({
        "request": {"method": "GET", "url": {"host": "h", "path": path, "parameters": []},
                    "headers": headers, "body": body} if request else None,
        "response": {"status": 200, "headers": [], "body": body} if response else None,
        "meta": {"environment": "production", "incoming": True, "source": "10.0.0.1",
                 "sourcePort": 1, "destination": "10.0.0.2", "destinationPort": 80,
                 "metloSource": "metlo-xdp"},
        "capture": {"requestBodyEncoding": encoding, "responseBodyEncoding": "utf8"},
    }, separators=(",", ":"))


SEEDS = {
    "simple": line(), "no-response": line(response=False), "no-request": line(request=False),
    "binary": line(body="AAEC", encoding="base64"), "path": line(path="/a\\\"<"),
    "forwarded": line(forwarded="[2001:db8::1]:7, 10.0.0.1"), "v4": line(forwarded="1.2.3.4:5"),
    "escapes": line(body="\u00e4\u0001\"\\\n" * 200), "long": line(body="x" * 3000),
    "answer": "Invalid path /a: no",
}


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, text in SEEDS.items():
        for limit in (b"\x00\x03", b"\xff\xff"):
            with open(os.path.join(folder, name + limit.hex()), "wb") as f:
                f.write(limit + text.encode())


main()
