#!/usr/bin/env python3
"""Calls of gRPC and gRPC-Web over HTTP/1, replayed: grpc_lines.py METLO SCHEMA FOLDER

Prints "ok NAME" or "not ok NAME" lines: capture.grpc, bodies as base64, as field
numbers and, by descriptors, as JSON, with masks. Needs no package; see
grpc_json.py for random messages.
"""
import base64
import gzip
import json
import os
import subprocess
import sys
import zlib

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(TOP, "e2e"))
import capture  # noqa: E402


class Args:
    raw, vni, gap = True, 0, 1
    pcapng = big_endian = ns = False
    link = "ethernet"


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    """One record: an int, bytes or text."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def frame(data, flags=0):
    return bytes([flags]) + len(data).to_bytes(4, "big") + data


def head(first, fields, body):
    fields = {**fields, "Content-Length": len(body)}
    return (first + "\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n").encode() + body


def exchange(path, request, response, types=("application/grpc-web+proto",) * 2, fields=({}, {}), status=200):
    return (head(f"POST {path} HTTP/1.1", {"Host": "h", "Content-Type": types[0], **fields[0]}, request),
            head(f"HTTP/1.1 {status} OK", {"Content-Type": types[1], **fields[1]}, response))


def write_capture(path, exchanges):
    out = capture.Capture(Args)
    for i, (request, response) in enumerate(exchanges):
        connection = capture.Connection(out, 80, 20000 + i % 40000)
        connection.exchange(request, response)
        connection.close()
    with open(path, "wb") as f:
        out.write(f)


def replay(metlo, path, *options, limit="1MiB"):
    lines = subprocess.run([metlo, "replay", path, "--raw", "--body-limit", limit, *options],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    return [json.loads(line) for line in lines.splitlines()]


# --- a type without protobuf's package -------------------------------------------

def descriptors():
    """package t; message M { string user_name = 1; int64 id = 2; repeated M sub = 3; string password = 4; }
    service S { rpc One(M) returns (M); rpc Many(M) returns (stream M); }"""
    def member(name, number, kind, label=1, type_name=""):
        return field(2, field(1, name) + field(3, number) + field(4, label) + field(5, kind) +
                     (field(6, type_name) if type_name else b""))
    message = field(1, "M") + member("user_name", 1, 9) + member("id", 2, 3) + \
        member("sub", 3, 11, 3, ".t.M") + member("password", 4, 9)
    method = [field(1, name) + field(2, ".t.M") + field(3, ".t.M") + (field(6, 1) if name == "Many" else b"")
              for name in ("One", "Many")]
    service = field(1, "S") + b"".join(field(2, m) for m in method)
    return field(1, field(1, "t.proto") + field(2, "t") + field(4, message) + field(6, service) +
                 field(12, "proto3"))


M1 = field(1, "ann") + field(2, 2**60) + field(4, "s3cret") + field(99, 1)
M2 = field(3, field(2, 5)) + field(3, b"")
JSON1 = {"userName": "ann", "id": str(2**60), "password": "s3cret"}
JSON2 = {"sub": [{"id": "5"}, {}]}
LARGE = field(1, "x" * 20000)
OK_TRAILERS = frame(b"grpc-status:0\r\ngrpc-message:\r\n", 0x80)


def padded(data, size):
    return b"".join(base64.b64encode(data[i:i + size]) for i in range(0, len(data), size))


CASES = {
    "binary": exchange("/t.S/One", frame(M1), frame(M2) + OK_TRAILERS),
    "text": exchange("/t.S/One", padded(frame(M1), 1000), padded(frame(M2) + OK_TRAILERS, 4),
                     ("application/grpc-web-text", "application/grpc-web-text+proto; charset=utf-8")),
    "stream": exchange("/t.S/Many", frame(M1), frame(M1) + frame(M2) + frame(b"") + OK_TRAILERS),
    "one of a stream": exchange("/t.S/Many", frame(M1), frame(M2) + OK_TRAILERS),
    "gzip": exchange("/t.S/One", frame(gzip.compress(M1), 1), frame(M2) + OK_TRAILERS,
                     fields=({"grpc-encoding": "gzip"}, {"grpc-encoding": "identity"})),
    "deflate": exchange("/t.S/One", frame(zlib.compress(M1), 1), frame(M2) + OK_TRAILERS,
                        fields=({"grpc-encoding": "deflate"}, {})),
    "error": exchange("/t.S/One", frame(M1),
                      frame(b"Grpc-Status: 5\r\ngrpc-message: no%20%E2%82%AC%zz\r\n", 0x80)),
    "trailers only": exchange("/api/t.S/One", frame(M1), b"",
                              fields=({}, {"grpc-status": "12", "grpc-message": "what"})),
    "http error": exchange("/t.S/One", frame(M1), b"<html>", ("application/grpc", "text/html"), status=503),
    "no call": exchange("/t.S/One", b"{}", b"{}", ("application/json",) * 2,
                        ({}, {"grpc-status": "0"})),
    "like it": exchange("/t.S/One", b"x", b"x", ("application/grpcx",) * 2),
    "large": exchange("/t.S/Many", frame(M1), frame(LARGE) * 3 + frame(b"") + OK_TRAILERS),
    "unknown": exchange("/t.S/Else", frame(field(1, "hi") + field(2, field(3, 7)) + field(3, b"\xff\x00") +
                                           field(4, 2**53) + b"\x2d\0\0\x80\x3f"), OK_TRAILERS),
    "malformed": exchange("/t.S/One", frame(b"\x0a\x05ab"), OK_TRAILERS),
    "cut": exchange("/t.S/Many", frame(M1), frame(M1) + frame(M2)[:-1]),
    "no frames": exchange("/t.S/One", b"\x07hello", OK_TRAILERS),
    "no base64": exchange("/t.S/One", b"AA=A!", b"", ("application/grpc-web-text",) * 2),
}
CALL = {"service": "t.S", "method": "One", "status": 0, "message": "", "requestMessages": 1, "responseMessages": 1,
        "requestMessageBytes": len(M1), "responseMessageBytes": len(M2)}
CALLS = {
    "binary": CALL, "text": CALL,
    "stream": {**CALL, "method": "Many", "responseMessages": 3, "responseMessageBytes": len(M1 + M2)},
    "one of a stream": {**CALL, "method": "Many"},
    "gzip": {**CALL, "requestMessageBytes": len(gzip.compress(M1))},
    "deflate": {**CALL, "requestMessageBytes": len(zlib.compress(M1))},
    "error": {**CALL, "status": 5, "message": "no \u20ac%zz", "responseMessages": 0, "responseMessageBytes": 0},
    "trailers only": {**CALL, "status": 12, "message": "what", "responseMessages": 0, "responseMessageBytes": 0},
    "http error": {**CALL, "status": None, "message": None, "responseMessages": None, "responseMessageBytes": None},
    "large": {**CALL, "method": "Many", "responseMessages": 4, "responseMessageBytes": 3 * len(LARGE)},
    "no call": None, "like it": None,
    "malformed": {**CALL, "requestMessageBytes": 4, "responseMessages": 0, "responseMessageBytes": 0},
    "cut": {**CALL, "method": "Many", "status": None, "message": None, "responseMessages": 1,
            "responseMessageBytes": len(M1)},
    "no frames": {**CALL, "requestMessages": None, "requestMessageBytes": None, "responseMessages": 0,
                  "responseMessageBytes": 0},
    "no base64": {**CALL, "status": None, "message": None, "requestMessages": None, "requestMessageBytes": None,
                  "responseMessages": 0, "responseMessageBytes": 0},
}
# The JSON of request and response, None: as without descriptors.
JSON = {
    "binary": (JSON1, JSON2), "text": (JSON1, JSON2), "stream": (JSON1, [JSON1, JSON2, {}]),
    "one of a stream": (JSON1, [JSON2]), "gzip": (JSON1, JSON2), "deflate": (JSON1, JSON2), "error": (JSON1, None),
    "trailers only": (JSON1, None), "http error": (JSON1, None), "malformed": (None, None), "cut": (JSON1, None),
    "large": (JSON1, [{"userName": "x" * 20000}] * 3 + [{}]),
    "unknown": (None, None), "no frames": (None, None), "no base64": (None, None), "no call": (None, None),
    "like it": (None, None),
}
UNKNOWN = {"1": "hi", "2": {"3": 7}, "3": {"base64": "/wA="}, "4": str(2**53),
           "5": {"fixed32": 0x3f800000, "float": 1}}


def wire_body(message):
    return message.split(b"\r\n\r\n", 1)[1]


class Report:
    def __init__(self):
        self.failed = False

    def check(self, name, problems):
        self.failed |= bool(problems)
        print(f"not ok {name}" if problems else f"ok {name}")
        for problem in problems[:8]:
            print(f"#   {problem}")


def differ(name, got, want):
    return [] if got == want else [f"{name}: got {got!r}, want {want!r}"]


def parsed(text):
    """The JSON, or the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def bodies(name, line):
    """(key, text, encoding, wire) of both halves."""
    for key, message in zip(("request", "response"), CASES[name]):
        yield key, line[key]["body"], line["capture"][key + "BodyEncoding"], wire_body(message)


def check_plain(report, lines):
    problems = []
    for (name, _), line in zip(CASES.items(), lines):
        want = CALLS.get(name)
        got = line["capture"].get("grpc")
        if name in CALLS:
            problems += differ(name, got, want)
    report.check("capture.grpc", problems)
    problems = []
    for name, line in zip(CASES, lines):
        for key, text, encoding, wire in bodies(name, line):
            kind = dict((n["name"], n["value"]) for n in line[key]["headers"])["Content-Type"]
            if kind.startswith(("application/grpc-web+", "application/grpc;")) or kind == "application/grpc":
                if wire:
                    problems += differ(f"{name} {key}", (base64.b64decode(text), encoding), (wire, "base64"))
            else:
                problems += differ(f"{name} {key}", (text.encode(), encoding), (wire, "utf8"))
    report.check("without descriptors, bodies are base64", problems)


def check_limits(report, metlo, path):
    """What is not kept or not printed is counted all the same."""
    for options in (("0",), ("7",), ("30",), ("9", "--bodies", "none"), ("0", "--body-hash")):
        problems = []
        for name, line in zip(CASES, replay(metlo, path, *options[1:], limit=options[0])):
            if name in CALLS:
                problems += differ(name, line["capture"].get("grpc"), CALLS[name])
        report.check("capture.grpc with --body-limit " + " ".join(options), problems)


def check_json(report, lines, plain):
    problems = []
    for name, line, before in zip(CASES, lines, plain):
        problems += differ(name, line["capture"].get("grpc"), before["capture"].get("grpc"))
        for (key, text, encoding, _), want in zip(bodies(name, line), JSON[name]):
            if want is None:
                problems += differ(f"{name} {key}", text, before[key]["body"])
            else:
                problems += differ(f"{name} {key}", (encoding, parsed(text)), ("protobuf-json", want))
    report.check("with descriptors, bodies are JSON", problems)


def check_wire(report, lines):
    at = dict(zip(CASES, lines))
    line = at["unknown"]
    problems = differ("unknown", (parsed(line["request"]["body"]), line["capture"]["requestBodyEncoding"]),
                      (UNKNOWN, "protobuf-wire"))
    problems += differ("stream", parsed(at["stream"]["response"]["body"])[1:],
                       [{"3": [{"2": 5}, ""]}, {}])
    problems += differ("malformed", at["malformed"]["capture"]["requestBodyEncoding"], "base64")
    report.check("--grpc-decode wire prints field numbers", problems)


def check_masks(report, metlo, path, types):
    problems = []
    for options in (["--redact-field", "password"], ["--redact-field", "password", "--grpc-decode", "wire"]):
        for name, line in zip(CASES, replay(metlo, path, *types, *options)):
            body = line["request"]["body"]
            if JSON[name][0]:
                problems += differ(name, parsed(body), {**JSON1, "password": "[redacted]"})
            if name == "malformed" and "wire" not in options:
                problems += differ(name, body, "[redacted]")
    report.check("fields are masked in the JSON", problems)
    problems = []
    for name, line in zip(CASES, replay(metlo, path, "--redact-field", "password")):
        if name in ("gzip", "deflate"):
            problems += differ(name, line["request"]["body"], "[redacted]")
    report.check("what is compressed and cannot be examined is masked", problems)
    lines = replay(metlo, path, "--redact-header", "grpc-message")
    got = [dict(zip(CASES, lines))[n]["capture"]["grpc"]["message"] for n in ("error", "trailers only")]
    report.check("grpc-message is masked like its field", differ("message", got, ["[redacted]"] * 2))


def main():
    metlo, schema, folder = sys.argv[1:]
    report = Report()
    path, set_path = os.path.join(folder, "grpc.pcap"), os.path.join(folder, "grpc.binpb")
    write_capture(path, CASES.values())
    with open(set_path, "wb") as f:
        f.write(descriptors())
    types = ("--proto-descriptors", set_path)
    plain = replay(metlo, path)
    report.check("every call is a line", differ("lines", len(plain), len(CASES)))
    check_plain(report, plain)
    typed = replay(metlo, path, *types)
    check_json(report, typed, plain)
    wire = replay(metlo, path, "--grpc-decode", "wire")
    check_wire(report, wire)
    check_masks(report, metlo, path, types)
    none = replay(metlo, path, *types, "--bodies", "none")
    report.check("--bodies none", [b for line in none for b in (line["request"]["body"], line["response"]["body"])
                                   if b])
    limited = dict(zip(CASES, replay(metlo, path, *types, limit=str(len(frame(M1)) + 3))))["stream"]
    report.check("of a stream beyond --body-limit, the whole messages are JSON",
                 differ("body", parsed(limited["response"]["body"]), [JSON1]) +
                 differ("count", limited["capture"]["grpc"]["responseMessages"], 3))
    check_limits(report, metlo, path)
    with open(os.path.join(folder, "lines"), "w", encoding="utf-8") as f:
        for line in plain + typed + wire:
            f.write(json.dumps(line) + "\n")
    found = subprocess.run([sys.executable, os.path.join(TOP, "line", "schema.py"), schema,
                            os.path.join(folder, "lines")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           check=False, text=True)
    report.check("lines match the schema", [found.stdout[:500] or "failed"] if found.returncode else [])
    return report.failed


if __name__ == "__main__":
    sys.exit(main())
