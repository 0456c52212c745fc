#!/usr/bin/env python3
"""Checks files of transactions: tests/e2e/lines.py N FILE...

Every line, including the last, must be a complete transaction, and each request
/?n=1 to /?n=N must be there exactly once; N = - omits the second check. Files
named *.gz are decompressed.
"""
import gzip
import json
import sys


def lines(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as f:
        yield from f


def main():
    seen, wrong, n = {}, [], 0
    for path in sys.argv[2:]:
        for number, line in enumerate(lines(path), 1):
            n += 1
            try:
                if not line.endswith(b"\n"):
                    raise ValueError("no newline")
                target = json.loads(line)["capture"]["target"]
            except (ValueError, KeyError, TypeError) as e:
                wrong.append(f"{path}:{number}: {e}: {line[:60]!r}")
                continue
            seen[target] = seen.get(target, 0) + 1
    if sys.argv[1] != "-":
        for i in range(1, int(sys.argv[1]) + 1):
            times = seen.get(f"/?n={i}", 0)
            if times != 1:
                wrong.append(f"/?n={i} is there {times} times")
    print(f"{n} lines in {len(sys.argv) - 2} files")
    for text in wrong[:20]:
        print(text)
    return 1 if wrong or not n else 0


if __name__ == "__main__":
    sys.exit(main())
