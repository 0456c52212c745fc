#!/usr/bin/env python3
"""Random messages against python's protobuf: grpc_json.py METLO FOLDER N [SEED]

Sends them as gRPC-Web calls over HTTP/1, replays these with --proto-descriptors,
and compares the JSON with MessageToJson. Prints "ok NAME" or "not ok NAME".
"""
import base64
import json
import os
import random
import sys

import grpc_lines
import grpc_protos
from google.protobuf import json_format


def equal(a, b):
    """Of JSON; 1 equals 1.0 but not true."""
    if isinstance(a, dict) or isinstance(b, dict):
        return isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys() \
            and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, list) or isinstance(b, list):
        return isinstance(a, list) and isinstance(b, list) and len(a) == len(b) and all(map(equal, a, b))
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def expected(types, message):
    """None if it is malformed or the mapping does not allow it."""
    if message is None:
        return None
    try:
        return json.loads(json_format.MessageToJson(message, descriptor_pool=types.pool))
    except (json_format.SerializeToJsonError, ValueError, TypeError):
        return None


def path_of(kind):
    return {"lab.three.All": "/lab.three.Echo/Unary", "lab.two.All": "/lab.two.Old/Unary",
            "lab.three.All.Inner": "/lab.three.Echo/Inside"}[kind.DESCRIPTOR.full_name]


def main():
    metlo, folder, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
    r = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    types = grpc_protos.Types()
    capture, descriptors = os.path.join(folder, "random.pcap"), os.path.join(folder, "random.binpb")
    with open(descriptors, "wb") as f:
        f.write(types.set.SerializeToString())
    wanted, exchanges = [], []
    for _ in range(n):
        kind, message, wire = grpc_protos.random_message(types, r)
        wanted.append((kind, wire, expected(types, message)))
        exchanges.append(grpc_lines.exchange(path_of(kind), grpc_lines.frame(wire), grpc_lines.OK_TRAILERS))
    grpc_lines.write_capture(capture, exchanges)
    lines = grpc_lines.replay(metlo, capture, "--proto-descriptors", descriptors)
    report = grpc_lines.Report()
    problems = [] if len(lines) == n else [f"{len(lines)} lines of {n} calls"]
    decoded = 0
    for (kind, wire, want), line in zip(wanted, lines):
        body, encoding = line["request"]["body"], line["capture"]["requestBodyEncoding"]
        decoded += want is not None
        if want is None:
            got = base64.b64decode(body) if encoding == "base64" else body
            if got != grpc_lines.frame(wire):
                problems.append(f"{wire.hex()}: got {body}, want its bytes")
        elif encoding != "protobuf-json" or not equal(json.loads(body), want):
            problems.append(f"{kind.DESCRIPTOR.full_name} {wire.hex()}: got {body}, want {json.dumps(want)}")
    if decoded < n * 0.9:
        problems.append(f"only {decoded} of {n} messages have JSON")
    report.check(f"the JSON of {n} random messages equals that of MessageToJson", [p[:2000] for p in problems])
    return report.failed


if __name__ == "__main__":
    sys.exit(main())
