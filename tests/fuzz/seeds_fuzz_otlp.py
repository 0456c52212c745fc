#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_otlp: lines of several kinds, an answer, header fields.

usage: seeds_fuzz_otlp.py FOLDER
"""
import json
import os
import sys

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def line(status=200, method="GET", host="h:8080", target="/a?x=1#y", grpc=None, peer=None,
         state="a=1"):
    capture = {"id": "60a24181e4f9fa5c0415de4733000001", "connection": "c", "collector": "r",
               "protocol": "HTTP/1.1", "target": target, "vni": 7, "requestStartUs": 1 << 50,
               "requestEndUs": 1 << 50, "responseStartUs": None, "responseEndUs": (1 << 50) + 9,
               "requestWireBytes": 1, "responseWireBytes": 2, "flags": ["truncated", "x"]}
    if grpc is not None:
        capture["grpc"] = {"service": "p.S", "method": "M", "status": grpc}
    if peer:
        capture["peer"] = peer
    return json.dumps({
        "request": {"method": method, "url": {"host": host, "path": "/a", "parameters": []},
                    "headers": [{"name": "traceparent", "value": PARENT},
                                {"name": "tracestate", "value": state},
                                {"name": "User-Agent", "value": "u\u00ff\U0001f600\"\\"}],
                    "body": ""},
        "response": {"status": status, "headers": [], "body": ""} if status else None,
        "meta": {"environment": "e", "incoming": True, "source": "10.0.0.1", "sourcePort": 1,
                 "destination": "10.0.0.2", "destinationPort": 80, "metloSource": "metlo-xdp"},
        "capture": capture}, separators=(",", ":"))


SEEDS = {
    "simple": line(), "error": line(503), "no-response": line(None), "method": line(method="FOO"),
    "v6": line(host="[::1]:81"), "user": line(host="u@[::1]"), "bare": line(host="::1"),
    "grpc": line(grpc=14), "peer": line(peer="[::1]:1"), "state": line(state="a" * 3000),
    "long": line(target="/?" + "\u20ac" * 3000), "raw": line(target="/?\u00e9"),
}


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    seeds = {name: text.encode() for name, text in SEEDS.items()}
    seeds["raw"] = seeds["raw"].replace(b"\\u00e9", "\u00e9".encode() + b"\xff")
    seeds["answer"] = b"\x0a\x06\x08\x03\x12\x02no"
    seeds["headers"] = b"# x\nAuthorization: Bearer a\nx-k: v\n"
    seeds["list"] = b"a=b%20c, d=e"
    for name, text in seeds.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(text)


if __name__ == "__main__":
    main()
