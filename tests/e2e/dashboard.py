#!/usr/bin/env python3
"""Checks a Grafana dashboard and alert rules against a scrape of /metrics.

  tests/e2e/dashboard.py DASHBOARD.json RULES.yml METRICS

Every metric that they name must be in the scrape (as a family, with or without samples), and
every panel must have its place, a data source and expressions.
"""
import json
import re
import sys

NAME = re.compile(r"\bmetlo_xdp_\w+")
SUFFIX = re.compile(r"_(bucket|sum|count)$")


def families(path):
    with open(path, encoding="utf-8") as f:
        return {line.split()[2] for line in f if line.startswith("# TYPE ")}


def expressions(panel, ids):
    assert panel["id"] not in ids, f"two panels have the id {panel['id']}"
    ids.add(panel["id"])
    place = panel["gridPos"]
    assert 0 <= place["x"] and place["x"] + place["w"] <= 24 and place["h"] > 0, panel["title"]
    assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
    assert panel["targets"], panel["title"]
    for target in panel["targets"]:
        expr = target["expr"]
        for left, right in ("()", "{}", "[]"):
            assert expr.count(left) == expr.count(right), expr
        assert "$interface" in expr, expr
        yield expr


def main():
    known = families(sys.argv[3])
    with open(sys.argv[1], encoding="utf-8") as f:
        dashboard = json.load(f)
    for key in ("title", "uid", "schemaVersion", "panels", "templating"):
        assert dashboard[key], key
    ids, used = set(), set()
    for panel in dashboard["panels"]:
        for expr in expressions(panel, ids):
            used |= set(NAME.findall(expr))
    with open(sys.argv[2], encoding="utf-8") as f:
        for line in f:
            if line.strip().startswith("expr:"):
                used |= set(NAME.findall(line))
    missing = {n for n in used if n not in known and SUFFIX.sub("", n) not in known}
    print(f"{len(used)} metrics in {len(ids)} panels and the rules")
    for name in sorted(missing):
        print(f"no such metric: {name}")
    return 1 if missing or not used else 0


if __name__ == "__main__":
    sys.exit(main())
