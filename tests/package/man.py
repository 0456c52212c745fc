#!/usr/bin/env python3
"""Compares a man page with its program: man.py PAGE LIST HELP.

LIST is the output of "PROGRAM help --list", HELP that of "PROGRAM help".
Prints a result line for each command and option, and for the exit codes."""
import re
import sys

ALL = "All commands"


def items(page):
    """Yields (section, subsection, head, body) of each .It."""
    section = subsection = head = None
    body = []
    for line in page.splitlines() + [".Sh END"]:
        if line.startswith(".It Li "):  # a list of values inside an item
            line = line[3:].replace(" Li ", ".Li ")
        macro = line.split(" ", 1)[0]
        if macro in (".Sh", ".Ss", ".It") and head is not None:
            yield section, subsection, head, body
            head = None
        if macro == ".Sh":
            section, subsection = line[4:], None
        elif macro == ".Ss":
            subsection = line[4:]
        elif macro == ".It":
            head, body = line[4:], []
        elif head is not None:
            body.append(line)


def literals(body):
    """The literal text of a line, without punctuation."""
    return [re.sub(r" [.,:;]$", "", line[4:]) for line in body
            if line.startswith(".Li ")]


def listed(names):
    """["a, b", "c"] from "a, b and c"."""
    *first, last = sorted(names)
    return [", ".join(first), last]


def main():
    with open(sys.argv[1]) as f:
        page = f.read()
    with open(sys.argv[2]) as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    with open(sys.argv[3]) as f:
        exits = re.findall(r"(\d+) [a-z]", f.read().split("Exit codes:")[1])
    commands = {r[1]: r[2] for r in rows if r[0] == "command"}
    scopes, options = {}, {}
    for r in rows:
        if r[0] == "option":
            scopes.setdefault(r[2], set()).add(r[1])
            options.setdefault(r[2], r)  # commands may use a name differently
    with_options = set().union(*scopes.values())
    failed = False

    def result(name, problem):
        nonlocal failed
        failed |= bool(problem)
        print(f"not ok {name}\n#   {problem}" if problem else f"ok {name}")

    found = list(items(page))
    heads = {head for section, _, head, _ in found if section == "DESCRIPTION"}
    for name, subject in commands.items():
        result(f"man: command {name}", not any(
            h.split()[:2] == ["Cm", name] and (subject or name) in h.split()
            for h in heads) and f"no .It Cm {name} {subject}")
    result("man: no other command", ", ".join(
        h for h in heads if h.split()[1] not in commands))

    names = [(section, head) for section, _, head, _ in found]
    result("man: nothing twice", ", ".join(sorted(
        {head for section, head in names if names.count((section, head)) > 1})))

    described = {}
    for section, subsection, head, body in found:
        m = re.match(r"(?:Fl (\w) , )?Fl -([\w-]+)(?: Ar (\S+))?$", head)
        if section == "OPTIONS":
            described["--" + m[2] if m else head] = (m, subsection, body)
    for name, (_, _, _, short, takes, values, default, _) in options.items():
        m, title, body = described.pop(name, (None, None, []))
        scope = scopes[name]
        want = (ALL if scope == with_options
                else " and ".join(listed(scope)) if len(scope) > 1
                else f"{min(scope)} only")
        result(f"man: option {name}",
               not m and "it is missing"
               or (m[3] or "") != takes and f"takes {takes}, not {m[3]}"
               or (m[1] or "") != short.strip("-") and f"short form {short}"
               or title != want and f'is below "{title}", not "{want}"'
               or (default and default not in literals(body)
                   and f".Li {default}, the default, is missing")
               or "".join(f"value {v} is missing; " for v in values.split()
                          # the beginning of a value, as "ndjson:/" of a path
                          if v not in literals(body) and not v.endswith((":", "/"))))
    described.pop("--help", None)
    result("man: no other option", ", ".join(described))

    # A table by command follows (tests/e2e/test_exit.sh).
    codes = [head for section, _, head, _ in found if section == "EXIT STATUS" and " Ta " not in head]
    result("man: exit codes", codes != exits
           and f"{codes}, but there are {exits}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
