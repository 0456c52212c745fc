#!/usr/bin/env python3
"""Requests at a steady pace until standard input ends; then prints their
numbers as JSON. With these and files of transactions, reports what is
missing: traffic.py URL | traffic.py --check NUMBERS FILE..."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import restart  # noqa: E402 pylint: disable=wrong-import-position


def make(url):
    clients = [restart.Client(url, 1, False), restart.Client(url, 2, True)]
    for c in clients:
        c.start()
    sys.stdin.read()
    for c in clients:
        c.stop = True
    for c in clients:
        c.join()
    errors = [c.error for c in clients if c.error]
    print(json.dumps({"errors": errors, "made": sorted({**clients[0].made,
                                                        **clients[1].made})}))
    return 1 if errors else 0


def check(numbers, files):
    with open(numbers) as f:
        made = set(json.load(f)["made"])
    seen = {"request": set(), "response": set()}
    for name in files:
        with open(name) as f:
            for line in f:
                for kind, n in restart.number_of(json.loads(line)):
                    seen[kind].add(n)
    print(json.dumps({
        "requests": len(made),
        "missing_requests": sorted(made - seen["request"])[:20],
        "missing_responses": sorted(made - seen["response"])[:20],
    }))
    return 0


if __name__ == "__main__":
    sys.exit(check(sys.argv[2], sys.argv[3:]) if sys.argv[1] == "--check"
             else make(sys.argv[1]))
