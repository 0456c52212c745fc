#!/usr/bin/env python3
"""Compares nginx's log with the transactions: compare_log.py LOG NDJSON.

A line of the log is "port request-of-connection method target status bytes".
The transactions of a connection must be in the order of its requests.
"""
import collections
import json
import sys


def result(name, problems):
    print(f"{'not ok' if problems else 'ok'} {name}")
    for p in problems[:10]:
        print(f"#   {p}")
    return not problems


def main():
    logged = collections.defaultdict(dict)
    with open(sys.argv[1]) as f:
        for line in f:
            port, n, *rest = line.split()
            logged[port][int(n)] = tuple(rest)
    seen = collections.defaultdict(list)
    bodies, lines = [], 0
    with open(sys.argv[2]) as f:
        for line in f:
            t = json.loads(line)
            lines += 1
            port = str(t["meta"]["sourcePort"])
            n = len(seen[port]) + 1
            seen[port].append((t["request"]["method"], t["capture"]["target"],
                               str(t["response"]["status"]),
                               str(t["capture"]["responseBodyBytes"])))
            want = (f"no {t['capture']['target']}\n" if t["response"]["status"] == 404
                    else f"{port} {n} {t['capture']['target']}\n")
            if t["response"]["body"] != want or t["capture"]["flags"]:
                bodies.append(f"{port} {n}: {line[:300]}")

    problems = []
    for port, requests in logged.items():
        want = [requests[n] for n in sorted(requests)]
        if seen[port] != want:
            first = next((i for i, (a, b) in enumerate(zip(seen[port], want)) if a != b),
                         min(len(seen[port]), len(want)))
            problems.append(f"port {port}: {len(want)} logged, {len(seen[port])} seen, "
                            f"the first difference at request {first + 1}")
    problems += [f"port {p}: not in the log" for p in seen if p not in logged]
    good = result(f"nginx's log: all {sum(map(len, logged.values()))} requests, "
                  "in order on each connection", problems)
    good &= result(f"each of {lines} bodies belongs to its request", bodies)
    return 0 if good and lines else 1


if __name__ == "__main__":
    sys.exit(main())
