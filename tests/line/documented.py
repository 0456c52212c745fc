#!/usr/bin/env python3
"""Compares the schema with the source and the man page: documented.py SCHEMA

Prints "ok NAME" or "not ok NAME" lines. The schema is valid (by jsonschema), the
two ways in which schema.py checks a line agree on damaged ones, and schema, source
and man page have the same flags and keys.
"""
import json
import os
import re
import sys

import schema

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LINE = {
    "request": {"method": "GET", "url": {"host": "h", "path": "/", "parameters": []},
                "headers": [{"name": "Host", "value": "h"}], "body": ""},
    "response": {"status": 200, "headers": [], "body": ""},
    "meta": {"environment": "production", "incoming": True, "source": "192.0.2.1",
             "sourcePort": 40000, "destination": "192.0.2.2", "destinationPort": 80,
             "metloSource": "metlo-xdp", "sourceName": "a", "sourceLabels": {"b": "c"}},
    "capture": {
        "schema": 2, "kind": "http", "id": "0" * 32, "connection": "0" * 26,
        "collector": "c", "interface": None, "protocol": "HTTP/1.1", "target": "/",
        "vni": 1, "peer": "192.0.2.1:1", "progress": "ended", "requestStartUs": 1, "requestEndUs": 1,
        "responseStartUs": 2, "responseEndUs": 3, "durationUs": 2, "requestBodyBytes": 0,
        "responseBodyBytes": 0, "requestWireBytes": 0, "responseWireBytes": 0,
        "requestBodySha256": None, "responseBodySha256": "0" * 64,
        "requestBodyEncoding": "utf8", "responseBodyEncoding": "utf8",
        "responseProtocol": "HTTP/1.1", "reason": "",
        "grpc": {"service": "s", "method": None, "status": 0, "message": None, "requestMessages": 1,
                 "responseMessages": None, "requestMessageBytes": 0, "responseMessageBytes": 3},
        "requestTrailers": [],
        "responseTrailers": [{"name": "a", "value": "b"}],
        "interim": [{"status": 103, "time": 1, "headers": []}], "flags": ["timeout"]}}
CERTIFICATE = {
    "bytes": 500, "sha256": "0" * 64, "subject": "CN=a", "issuer": "CN=b", "serial": "1f",
    "notBefore": "2026-01-01T00:00:00Z", "notAfter": None, "key": "RSA", "keyBits": 2048,
    "curve": None, "signature": "RSA-SHA256", "names": [{"type": "dns", "value": "a"}],
    "nameCount": 1}
TLS_LINE = {
    "request": None, "response": None,
    "tls": {
        "version": "TLS 1.2", "sni": "a", "alpn": None, "cipher": "0x1234",
        "group": "x25519", "alpnOffered": ["h2"], "versionsOffered": ["TLS 1.2"],
        "groupsOffered": None, "ja3": "0" * 32, "ja3s": "0" * 32, "ja4": "t", "ech": False,
        "earlyDataOffered": False, "resumed": None, "helloRetry": False,
        "clientCertRequested": True, "clientCertSent": True, "certificates": [CERTIFICATE],
        "clientCertificates": [],
        "alerts": [{"from": "client", "level": "fatal", "description": "unknown_ca"}],
        "handshakeComplete": True, "handshakeUs": 1000, "clientBytes": 1, "serverBytes": 2,
        "end": "fin"},
    "meta": LINE["meta"],
    "capture": {
        "schema": 2, "kind": "tls", "id": "0" * 32, "connection": "0" * 26,
        "collector": "c", "interface": None, "protocol": "TLS 1.2", "target": None,
        "vni": 1, "startUs": 1,
        "endUs": 2, "durationUs": 1, "flags": ["midstream"]}}
QUIC_LINE = {
    "request": None, "response": None,
    "quic": {
        "version": "1", "tlsVersion": None,
        **{key: TLS_LINE["tls"][key] for key in (
            "sni", "cipher", "group", "alpnOffered", "versionsOffered", "groupsOffered", "ja3",
            "ja3s", "ja4", "ech", "earlyDataOffered", "resumed", "helloRetry")},
        "retry": False, "alerts": TLS_LINE["tls"]["alerts"]},
    "meta": LINE["meta"],
    "capture": {**TLS_LINE["capture"], "kind": "quic", "protocol": "QUIC v1"}}
DAMAGE = (-1, "x", [], {}, 1 << 70, True, 1.5)


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as f:
        return f.read()


def report(name, problem):
    print(f"not ok {name}\n#   {problem}" if problem else f"ok {name}")
    return bool(problem)


def words(source):
    """Names of members, and short values, in the JSON text that C code writes."""
    text = source.replace('\\"', '"')
    keys = set(re.findall(r'"(\w+)":', text)) - {"StartUs", "EndUs"}  # of PUT_TIMES
    keys |= {start + end for start in re.findall(r'PUT_TIMES\(w, "(\w+)"', source)
             for end in ("StartUs", "EndUs")}
    keys |= set(re.findall(
        r'put_(?:key|word|span_or_null|bytes|bool|answer|u64|chain)\(\s*(?:t->l|l|t),\s*"(\w+)"', source))
    values = set(re.findall(r'"(?:kind|progress|sourceFrom|metloSource)":"([\w-]+)"', text))
    values |= set(re.findall(r'LINE_PUT\(l, "\\"([\w-]+)\\""\)', source))
    return keys, values


def described(node, keys, values):
    """All names of members and all constant strings in a schema."""
    if isinstance(node, dict):
        keys |= set(node.get("properties", ()))
        values |= {v for v in (node.get("const"), *node.get("enum", ())) if isinstance(v, str)}
        for value in node.values():
            described(value, keys, values)
    elif isinstance(node, list):
        for value in node:
            described(value, keys, values)
    return keys, values


def writers():
    """The files that write lines."""
    folder = os.path.join(TOP, "user", "trace")
    return [f for f in sorted(os.listdir(folder)) if f.endswith(".c") and not f.startswith("har")]


def paths(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, path + (key,))


def damaged():
    """Copies of the lines, each with one member changed, missing or added."""
    for good, path in ((line, path) for line in (LINE, TLS_LINE, QUIC_LINE) for path in paths(line)):
        for value in (*DAMAGE, None, "missing", "added"):
            line = json.loads(json.dumps(good))
            at = line
            for key in path[:-1]:
                at = at[key]
            if value == "added" and isinstance(at, dict):
                at["added"] = 1
            elif value == "missing" and path and isinstance(at, dict):
                del at[path[-1]]
            elif path:
                at[path[-1]] = value
            yield line


def disagreements(checker):
    for line in damaged():
        slow = not list(checker._check(checker.root, line, "line"))
        if checker.valid(line) != slow:
            return f"{not slow} and {slow}: {json.dumps(line)[:200]}"
    return None


def accepted(checker):
    """Texts that have the right type but not the right form."""
    for part, name, value in (("meta", "source", "web"), ("meta", "sourceLabels", {"a": 1}),
                              ("capture", "peer", "192.0.2.1"), ("capture", "peer", "2001:db8::1:1"),
                              ("capture", "id", "0" * 31), ("capture", "flags", ["new"])):
        line = {**LINE, part: {**LINE[part], name: value}}
        if checker.valid(line):
            return f"{part}.{name} is {value}"
    return None


def main():
    root = json.load(open(sys.argv[1], encoding="utf-8"))
    checker = schema.Schema(root)
    capture = root["$defs"]["transaction"]["properties"]["capture"]["properties"]
    man = read("user", "packaging", "metlo-xdp.8")
    output = man[man.index(".Sh OUTPUT FORMAT"):man.index(".Sh MASKS")]
    failed = 0
    try:
        import jsonschema
        validator = jsonschema.Draft202012Validator
        validator.check_schema(root)
        for line in (LINE, TLS_LINE):
            failed += report(f"schema: jsonschema accepts a line, {line['capture']['kind']}",
                             next((e.message for e in validator(root).iter_errors(line)), None))
    except ImportError:
        print("skip schema: jsonschema # it is not installed: make deps")
    for line in (LINE, TLS_LINE):
        failed += report(f"schema: a line is valid, {line['capture']['kind']}",
                         checker.problems(line))
    failed += report("schema: fast and slow checks agree", disagreements(checker))
    failed += report("schema: wrong texts are refused", accepted(checker))
    keys, values = words("".join(read("user", "trace", f) for f in writers()))
    known = described(root, set(), set())
    failed += report("schema: it has every key that the source writes, and no other",
                     keys != known[0] and f"{sorted(keys ^ known[0])}")
    failed += report("schema: it has every value that the source writes",
                     not values - {"HTTP/1.1", "null"} <= known[1] and f"{sorted(values - known[1])}")
    flags = [f["const"] for f in capture["flags"]["items"]["oneOf"]]
    source = re.findall(r'X\([A-Z_]+,\s*"([a-z-]+)"\)', read("user", "http", "transaction.h"))
    failed += report("schema: flags are those of the source",
                     source != flags and f"{source} {flags}")
    listed = re.findall(r"^\.It Li ([a-z-]+)$", output[output.index("The flags are:"):], re.M)
    failed += report("man page: flags are those of the source",
                     source != listed and f"{source} {listed}")
    keys = re.findall(r"\w+", " ".join(re.findall(r"^\.It Va (.*)$", output, re.M)))
    failed += report("man page: keys of capture are those of the schema",
                     sorted(keys) != sorted(capture) and f"{set(keys) ^ set(capture)}")
    keys = re.findall(r"`(\w+)`", " ".join(re.findall(
        r"^\| (`\w+`(?:, `\w+`)*) \|.*\|.*\|.*\|$", read("user", "trace", "README.md"), re.M)))
    failed += report("user/trace/README.md: keys of capture are those of the schema",
                     sorted(keys) != sorted(capture) and f"{set(keys) ^ set(capture)}")
    failed += tls_documented(root, man)
    return 1 if failed else 0


def tls_documented(root, man):
    """The same for lines about TLS: how many problems there are."""
    line = root["$defs"]["tlsConnection"]["properties"]
    section = man[man.index(".Sh TLS AND QUIC CONNECTIONS"):man.index(".Sh OUTPUT FILES")]
    source = re.findall(r'X\([A-Z_]+,\s*"([a-z-]+)"\)', read("user", "tls", "report.h"))
    flags = [f["const"] for f in line["capture"]["properties"]["flags"]["items"]["oneOf"]]
    listed = re.findall(r"^\.It Li ([a-z-]+)$", section, re.M)
    keys = re.findall(r"\w+", " ".join(re.findall(r"^\.It Va (.*)$", section, re.M)))
    quic = root["$defs"]["quicConnection"]["properties"]
    want = [*line["tls"]["properties"], *quic["quic"]["properties"], *line["capture"]["properties"],
            *root["$defs"]["certificate"]["properties"]]
    transaction = root["$defs"]["transaction"]["properties"]["capture"]["properties"]
    want = {key for key in want if key not in transaction}
    return sum((
        report("schema: flags of TLS are those of the source",
               source != flags and f"{source} {flags}"),
        report("man page: flags of TLS are those of the source",
               source != listed and f"{source} {listed}"),
        report("man page: keys of TLS are those of the schema",
               want != set(keys) and f"{want ^ set(keys)}")))


if __name__ == "__main__":
    sys.exit(main())
