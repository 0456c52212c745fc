#!/usr/bin/env python3
"""Checks lines against the schema that metlo-xdp prints.

  metlo-xdp schema >FILE; tests/line/schema.py FILE [LINES...]

Without LINES, reads standard input. Files named *.gz are decompressed. The
published schema allows members that it does not know, so that some can be added;
here they are errors, or nobody would notice that they are undocumented. The
validator knows only the keywords that the schema uses, and refuses others:
jsonschema takes a hundred times as long.
"""
import gzip
import json
import re
import sys

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool,
         "null": type(None)}
ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description"}


def test_of(root, schema):
    """A function that tells whether a value is valid: nearly all are."""
    if "$ref" in schema:
        schema = {**root["$defs"][schema["$ref"].rsplit("/", 1)[1]], **schema}
    tests = []
    if "type" in schema:
        names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        types = frozenset(TYPES.get(n, int) for n in names)
        tests.append(lambda v: type(v) in types)
    if "minimum" in schema:
        low, high = schema["minimum"], schema.get("maximum", float("inf"))
        tests.append(lambda v: v is None or low <= v <= high)
    if "pattern" in schema:
        search = re.compile(schema["pattern"]).search
        tests.append(lambda v: v is None or search(v))
    if "const" in schema:
        const = schema["const"]
        tests.append(lambda v: v == const and type(v) is type(const))
    if "enum" in schema:
        tests.append(schema["enum"].__contains__)
    if "anyOf" in schema:
        any_of = [test_of(root, s) for s in schema["anyOf"]]
        tests.append(lambda v: any(t(v) for t in any_of))
    if "oneOf" in schema:
        consts = [s["const"] for s in schema["oneOf"]]
        tests.append(lambda v: consts.count(v) == 1)
    if "items" in schema:
        item, most = test_of(root, schema["items"]), schema.get("maxItems", float("inf"))
        unique = schema.get("uniqueItems", False)
        tests.append(lambda v: v is None or (
            len(v) <= most and all(map(item, v))
            and not (unique and len(set(v)) < len(v))))
    if schema.get("additionalProperties"):  # false: unknown members are errors anyway
        other = test_of(root, schema["additionalProperties"])
        tests.append(lambda v: all(map(other, v.values())))
    if "properties" in schema:
        members = {n: test_of(root, s) for n, s in schema["properties"].items()}
        required = frozenset(schema["required"])
        tests.append(lambda v: v is None or (
            required <= v.keys() <= members.keys()
            and all(members[n](x) for n, x in v.items())))
    return lambda v: all(t(v) for t in tests)


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


class Schema:
    def __init__(self, root):
        self.root = root
        self.valid = test_of(root, root)

    def problems(self, value):
        """What is wrong with a line, as texts."""
        if self.valid(value):
            return []
        kind = value.get("capture", {}).get("kind") if isinstance(value, dict) else None
        name = {"http": "transaction", "tls": "tlsConnection",
                "quic": "quicConnection"}.get(kind)
        schema = self.root["$defs"][name] if name else self.root
        return list(self._check(schema, value, "line"))

    def _check(self, schema, value, at):
        for keyword, arg in schema.items():
            if keyword in ANNOTATIONS:
                continue
            yield from getattr(self, "_" + keyword.strip("$"))(schema, arg, value, at)
        if isinstance(value, dict) and "properties" in schema:
            for name in value.keys() - schema["properties"].keys():
                yield f"{at}.{name} is not in the schema"

    def _ref(self, _, arg, value, at):
        yield from self._check(self.root["$defs"][arg.rsplit("/", 1)[1]], value, at)

    def _type(self, _, arg, value, at):
        if not any(is_type(value, t) for t in ([arg] if isinstance(arg, str) else arg)):
            yield f"{at} is {value!r:.40}, not of type {arg}"

    def _properties(self, _, arg, value, at):
        if isinstance(value, dict):
            for name in value.keys() & arg.keys():
                yield from self._check(arg[name], value[name], f"{at}.{name}")

    def _additionalProperties(self, _, arg, value, at):
        if arg and isinstance(value, dict):
            for name, member in value.items():
                yield from self._check(arg, member, f"{at}.{name}")

    def _required(self, _, arg, value, at):
        if isinstance(value, dict):
            for name in arg:
                if name not in value:
                    yield f"{at}.{name} is missing"

    def _items(self, _, arg, value, at):
        if isinstance(value, list):
            for i, item in enumerate(value):
                yield from self._check(arg, item, f"{at}[{i}]")

    def _maxItems(self, _, arg, value, at):
        if isinstance(value, list) and len(value) > arg:
            yield f"{at} has {len(value)} items"

    def _uniqueItems(self, _, arg, value, at):
        if isinstance(value, list) and len({repr(v) for v in value}) < len(value):
            yield f"{at} has equal items"

    def _minimum(self, _, arg, value, at):
        if is_type(value, "integer") and value < arg:
            yield f"{at} is {value}"

    def _maximum(self, _, arg, value, at):
        if is_type(value, "integer") and value > arg:
            yield f"{at} is {value}"

    def _pattern(self, _, arg, value, at):
        if isinstance(value, str) and not re.search(arg, value):
            yield f"{at} is {value!r:.40}"

    def _const(self, _, arg, value, at):
        if value != arg or isinstance(value, bool) != isinstance(arg, bool):
            yield f"{at} is {value!r:.40}, not {arg!r}"

    def _enum(self, _, arg, value, at):
        if value not in arg:
            yield f"{at} is {value!r:.40}"

    def _anyOf(self, _, arg, value, at):
        if not any(self._valid(s, value, at) for s in arg):
            yield f"{at} is {value!r:.40}"

    def _oneOf(self, _, arg, value, at):
        if sum(self._valid(s, value, at) for s in arg) != 1:
            yield f"{at} is {value!r:.40}"

    def _valid(self, schema, value, at):
        return not any(True for _ in self._check(schema, value, at))


def load(path):
    with open(path, encoding="utf-8") as f:
        return Schema(json.load(f))


def check_file(schema, f, name, wrong):
    n = 0
    for n, text in enumerate(f, 1):
        try:
            found = schema.problems(json.loads(text))
        except ValueError as e:
            found = [str(e)]
        wrong += [f"{name}:{n}: {p}" for p in found]
    return n


def main():
    schema, wrong, n = load(sys.argv[1]), [], 0
    if len(sys.argv) == 2:
        n = check_file(schema, sys.stdin.buffer, "-", wrong)
    for path in sys.argv[2:]:
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
            n += check_file(schema, f, path, wrong)
    for text in wrong[:20]:
        print(text)
    print(f"{n} lines, {len(wrong)} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
