#!/usr/bin/env python3
"""Checks which folder includes which, and that no files depend on each other
in a cycle.

  tests/build/includes.py [TREE]     exits with 1 and names each violation

includes.txt holds the rules. A .c file and the .h file of the same name are
one module: a cycle is a set of modules that include each other, directly or
through others.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
GENERATED = re.compile(r"\.(skel|gen)\.h$")


def read_rules(path):
    """{folder: folders it may include}, [cycles that are intended]"""
    allowed, cycles = {}, []
    with open(path, encoding="utf-8") as f:
        for line in f:
            words = line.split("#")[0].split()
            if words[:1] == ["cycle:"]:
                cycles.append(frozenset(words[1:]))
            elif words:
                allowed[words[0].rstrip(":")] = set(words[1:])
    return allowed, cycles


def sources(tree, folders):
    for folder in sorted(folders):
        for name in sorted(os.listdir(os.path.join(tree, folder))):
            if name.endswith((".c", ".h")):
                yield f"{folder}/{name}"


def resolve(tree, source, name):
    """The path of an included file as the compiler finds it, or None."""
    roots = [os.path.dirname(source), "include"]
    roots += ["provision", "user"] if source.startswith("provision/") else ["user"]
    for root in roots:
        path = os.path.normpath(f"{root}/{name}")
        if os.path.exists(os.path.join(tree, path)):
            return path
    return None


def cycles_of(edges):
    """The strongly connected components of more than one module (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(module):
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in sorted(edges.get(module, ())):
            if other not in index:
                visit(other)
            if other in stack:
                low[module] = min(low[module], low[other])
        if low[module] == index[module]:
            at = stack.index(module)
            if len(stack) - at > 1:
                found.append(frozenset(stack[at:]))
            del stack[at:]

    for module in sorted(edges):
        if module not in index:
            visit(module)
    return found


def main():
    tree = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..", "..")
    allowed, intended = read_rules(os.path.join(HERE, "includes.txt"))
    present = {f"{top}/{d.name}" for top in ("user", "provision")
               for d in os.scandir(os.path.join(tree, top))
               if d.is_dir() and any(n.endswith((".c", ".h")) for n in os.listdir(d))}
    bad = [f"{folder}: is not in includes.txt" for folder in sorted(present - set(allowed))]
    edges = {}
    for source in sources(tree, present | {"bpf", "include"}):
        with open(os.path.join(tree, source), encoding="utf-8") as f:
            names = INCLUDE.findall(f.read())
        folder, module = os.path.dirname(source), os.path.splitext(source)[0]
        for name in names:
            path = resolve(tree, source, name)
            if path is None:
                if not GENERATED.search(name) and name != "vmlinux.h":
                    bad.append(f'{source}: includes "{name}", which does not exist')
                continue
            target = os.path.dirname(path)
            if target != folder and target not in allowed.get(folder, set()):
                bad.append(f'{source}: includes "{name}"; {folder} may not include {target}')
            if os.path.splitext(path)[0] != module:
                edges.setdefault(module, set()).add(os.path.splitext(path)[0])
    for cycle in cycles_of(edges):
        if cycle not in intended:
            bad.append("include each other in a cycle: " + " ".join(sorted(cycle)))
    for line in bad:
        print(line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
