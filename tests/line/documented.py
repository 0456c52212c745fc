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
             "metloSource": "metlo-xdp"},
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
    """Copies of LINE, each with one member changed, missing or added."""
    for path in paths(LINE):
        for value in (*DAMAGE, None, "missing", "added"):
            line = json.loads(json.dumps(LINE))
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


def main():
    root = json.load(open(sys.argv[1], encoding="utf-8"))
    checker = schema.Schema(root)
    capture = root["properties"]["capture"]["properties"]
    man = read("user", "packaging", "metlo-xdp.8")
    output = man[man.index(".Sh OUTPUT FORMAT"):man.index(".Sh MASKS")]
    failed = 0
    try:
        import jsonschema
        validator = jsonschema.Draft202012Validator
        validator.check_schema(root)
        failed += report("schema: jsonschema accepts a line",
                         next((e.message for e in validator(root).iter_errors(LINE)), None))
    except ImportError:
        print("skip schema: jsonschema # it is not installed: make deps")
    failed += report("schema: a line is valid", checker.problems(LINE))
    failed += report("schema: fast and slow checks agree", disagreements(checker))
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
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
