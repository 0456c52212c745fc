#!/usr/bin/env python3
"""Compares spans that a receiver got with the lines of the same replay.

  otlp_compare.py LINES SPANS      prints what differs, as JSON

LINES is NDJSON, SPANS the log of otlp_receiver.py.
"""
import collections
import json
import re
import sys

PARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")


def read(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def context_of(line):
    """Trace and parent as the request has them."""
    fields = [h["value"] for h in line["request"]["headers"]
              if h["name"].lower() == "traceparent"]
    match = PARENT.match(fields[0]) if len(fields) == 1 else None
    if not match or not int(match[1], 16) or not int(match[2], 16):
        return None
    state = [h["value"] for h in line["request"]["headers"]
             if h["name"].lower() == "tracestate"]
    return match[1], match[2], ",".join(state), 0x300 | int(match[3], 16)


def differences(line, span):
    c, a = line["capture"], span["attributes"]
    end = c["responseEndUs"] or c["responseStartUs"] or c["requestEndUs"]
    status = line["response"] and line["response"]["status"]
    query = c["target"].split("#")[0].partition("?")[2][:4096]
    want = {"start": c["requestStartUs"] * 1000,
            "end": max(end, c["requestStartUs"]) * 1000,
            "url.path": line["request"]["url"]["path"][:4096] or None, "url.query": query or None,
            "status": status or None, "client.address": line["meta"]["source"]}
    got = {"start": span["start"], "end": span["end"], "url.path": a.get("url.path"),
           "url.query": a.get("url.query"), "status": a.get("http.response.status_code"),
           "client.address": a.get("client.address")}
    context = context_of(line)
    if context:
        want["context"] = list(context)
        got["context"] = [span["trace"], span["parent"], span["state"], span["flags"]]
    else:
        want["context"] = ["", "", 0]
        got["context"] = [span["parent"], span["state"], span["flags"]]
    return {k: [want[k], got[k]] for k in want if want[k] != got[k]}


def main():
    lines = {x["capture"]["id"]: x for x in read(sys.argv[1]) if x["request"]}
    spans = read(sys.argv[2])
    seen = collections.Counter(s["attributes"]["metlo.id"] for s in spans)
    differ = [d for s in spans if s["attributes"]["metlo.id"] in lines
              for d in [differences(lines[s["attributes"]["metlo.id"]], s)] if d]
    with_parent = sum(1 for x in lines.values() if context_of(x))
    print(json.dumps({
        "lines": len(lines), "spans": len(spans), "withParent": with_parent,
        "faults": sorted({f for s in spans for f in s["faults"]}),
        "lost": len(lines.keys() - seen.keys()), "extra": len(seen.keys() - lines.keys()),
        "twice": sum(n - 1 for n in seen.values()),
        "ids": len({s["span"] for s in spans}) == len(seen),
        "differ": differ[:3], "differences": len(differ)}))


if __name__ == "__main__":
    main()
