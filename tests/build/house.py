#!/usr/bin/env python3
"""Checks the rules of CONTRIBUTING.md that a compiler does not know.

  tests/build/house.py [TREE]     exits with 1 and names each violation

Files have at most 600 lines and functions at most 80. Every .c file opens
with a comment. A message is never split into several literals. A public
function is declared in the header of its own .c file. A struct or enum tag is
defined once. Every source folder has a README.md.
"""
import collections
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FILE_MAX, FUNCTION_MAX = 600, 80
# The XDP program and its user-space build each define what metlo_process.h
# leaves to its includer.
BY_DESIGN = {"struct metlo_env"}
PRODUCT = ("bpf", "include", "user", "provision")
TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<string>"(?:\\.|[^"\\\n])*")"""
    r"""|(?P<char>'(?:\\.|[^'\\\n])+')""", re.S)
# A definition at the start of a line: name, parameters, the opening brace
# alone on a line. The type may stand on the line before.
FUNCTION = re.compile(
    r"^(?P<head>(?!typedef|struct\s+\w+\s*\{|enum|union|#|extern)[A-Za-z_][\w\s\*]*?)"
    r"\b(?P<name>[a-z_]\w*)\((?P<args>[^;{}]*)\)[^;{}()]*\n\{\n(?P<body>.*?)\n\}$", re.M | re.S)
TAG = re.compile(r"^[ \t]*(?:typedef\s+|static\s+|const\s+)*(struct|enum|union)\s+(\w+)\s*\{", re.M)


def files(tree, tops, endings):
    for top in tops:
        for folder, _, names in sorted(os.walk(os.path.join(tree, top))):
            for name in sorted(names):
                if name.endswith(endings):
                    yield os.path.relpath(os.path.join(folder, name), tree)


def blank(match):
    """Comments and literals without their text, lines kept."""
    if match["comment"]:
        return re.sub(r"[^\n]", " ", match[0])
    return match[0][0] + "_" * (len(match[0]) - 2) + match[0][-1]


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def split_literals(text):
    """Where a literal is continued in the next line without ending one of the
    message's own."""
    before, end = None, 0
    for match in TOKEN.finditer(text):
        if match["string"] and before is not None \
                and re.fullmatch(r"\s*\n\s*", text[end:match.start()]) \
                and not before.endswith('\\n"') and len(before) > 2 and len(match[0]) > 2 \
                and not re.search(r"\\(x[0-9a-fA-F]+|[0-7]{1,3})\"$", before):
            yield line_of(text, match.start())
        before, end = match["string"], match.end()


def check_file(path, text, bad, tags):
    code = TOKEN.sub(blank, text)
    if text.count("\n") > FILE_MAX:
        bad.append(f"{path}: has {text.count(chr(10))} lines, more than {FILE_MAX}")
    for match in FUNCTION.finditer(code):
        first = line_of(code, match.start("name"))
        lines = match[0].count("\n", match[0].index("\n{")) + 1
        if lines > FUNCTION_MAX:
            bad.append(f"{path}:{first}: {match['name']}() has {lines} lines, more than {FUNCTION_MAX}")
    if not path.startswith(PRODUCT):
        return
    bad.extend(f"{path}:{n}: a message is split into several literals" for n in split_literals(text))
    if path.endswith(".c") and not re.match(r"(/\* SPDX[^\n]*\*/|// SPDX[^\n]*)\n/\*", text):
        bad.append(f"{path}: does not open with a comment that says what it is")
    for match in TAG.finditer(code):
        tags[match[1] + " " + match[2]].add(path)


def check_headers(tree, paths, bad):
    """Public functions are declared beside their definition."""
    for path in paths:
        if not path.startswith(("user/", "provision/")) or not path.endswith(".c"):
            continue
        with open(os.path.join(tree, path), encoding="utf-8") as f:
            code = TOKEN.sub(blank, f.read())
        header = os.path.join(tree, path[:-1] + "h")
        declared = ""
        if os.path.exists(header):
            with open(header, encoding="utf-8") as f:
                declared = TOKEN.sub(blank, f.read())
        for match in FUNCTION.finditer(code):
            name = match["name"]
            if re.search(r"\b(static|METLO_INLINE)\b", match["head"]) or name == "main":
                continue
            if not re.search(rf"\b{name}\(", declared):
                bad.append(f"{path}:{line_of(code, match.start('name'))}: {name}() is not declared in {path[:-1]}h")


def main():
    tree = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..", "..")
    bad, tags = [], collections.defaultdict(set)
    paths = list(files(tree, PRODUCT + ("tests",), (".c", ".h")))
    for path in paths:
        with open(os.path.join(tree, path), encoding="utf-8") as f:
            check_file(path, f.read(), bad, tags)
    check_headers(tree, paths, bad)
    for tag, where in sorted(tags.items()):
        if len(where) > 1 and tag not in BY_DESIGN:
            bad.append(f"{tag}: defined in {', '.join(sorted(where))}")
    for folder in sorted({os.path.dirname(p) for p in paths if p.startswith(PRODUCT)} | {"tests", "user", "provision"}):
        if not os.path.exists(os.path.join(tree, folder, "README.md")):
            bad.append(f"{folder}: has no README.md")
    for line in bad:
        print(line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
