#!/usr/bin/env python3
"""Sampling, filters, rate limits and masks on generated traffic: which
transactions are written, which counters count the others, and that sampling
keeps connections whole.

  tests/gen/selected.py
"""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests"))
import laws  # noqa: E402

BUILD = os.path.join(TOP, os.environ.get("O", "build"))
METLO = os.environ.get("METLO") or os.path.join(BUILD, "metlo-xdp")
MKHTTP = os.path.join(BUILD, "tests", "gen", "mkhttp")
FAILED = []


def is_true(name, condition, detail=""):
    print(f"{'ok' if condition else 'not ok'} {name}")
    if not condition:
        FAILED.append(name)
        print(f"#   {detail}"[:500])


class Traffic:
    """A generated capture and its replays."""

    def __init__(self, directory, name, *options):
        self.base = os.path.join(directory, name)
        self.pcap = self.base + ".pcap"
        subprocess.run([MKHTTP, *options, "--truth", self.base + ".truth", self.pcap],
                       check=True, stderr=subprocess.DEVNULL)

    def replay(self, what, *options):
        """Returns the lines and the summary, whose sums are checked."""
        out = self.base + ".out"
        if os.path.exists(out):
            os.unlink(out)
        done = subprocess.run([METLO, "replay", self.pcap, "--output", "ndjson:" + out,
                               "--summary", self.base + ".json", *options],
                              stderr=subprocess.PIPE, text=True, check=False)
        is_true(f"{what}: replay", done.returncode == 0, done.stderr)
        with open(self.base + ".json") as f:
            summary = json.load(f)
        problems = laws.broken(summary)
        is_true(f"{what}: counters add up", not problems, str(problems))
        with open(out) as f:
            return f.read().splitlines(), summary


def connections(lines):
    """{connection: targets of its complete transactions}"""
    found = collections.defaultdict(list)
    for line in lines:
        t = json.loads(line)
        meta = t["meta"]
        if t["request"] and t["response"] and not t["capture"]["flags"]:
            found[meta["source"], meta["sourcePort"], meta["destination"],
                  meta["destinationPort"]].append(t["capture"]["target"])
    return found


def samples(directory):
    # About 20,000 connections, some of which share their addresses.
    traffic = Traffic(directory, "sample", "--transactions", "60000", "--connections",
                      "500", "--per-connection", "3", "--body", "20-200", "--ipv6", "30",
                      "--no-acks")
    whole = connections(traffic.replay("sample 100%", "--sample", "100%")[0])
    before = None
    for percent in 50, 10, 1:
        name = f"sample {percent}%"
        lines, summary = traffic.replay(name, "--sample", f"{percent}%")
        taken = connections(lines)
        share = 100 * len(taken) / len(whole)
        # Four standard deviations of the binomial distribution.
        part = percent / 100
        error = 400 * (part * (1 - part) / len(whole)) ** 0.5
        is_true(f"{name}: of {len(whole)} connections", abs(share - percent) <= error,
                f"{share:.2f}% +- {error:.2f}")
        is_true(f"{name}: each with all of its transactions",
                all(whole.get(c) == targets for c, targets in taken.items())
                and sum(map(len, taken.values())) == len(lines),
                f"{len(lines)} lines")
        is_true(f"{name}: both are counted",
                summary["stream"]["flows_midstream"] == 0 and
                summary["sampled_out"] + summary["delivered"] + summary["no_payload"]
                == summary["packets"] and summary["sampled_out_bytes"] > 0, str(summary))
        if before is not None:
            is_true(f"{name}: a subset of the larger sample", taken.keys() <= before)
        before = taken.keys()
        if percent == 10:
            again = connections(traffic.replay(f"{name}, again", "--sample", "10%")[0])
            is_true(f"{name}: reproducible", again == taken)


def limits(directory):
    # With 1 ms between packets the traffic lasts long enough for a rate.
    traffic = Traffic(directory, "limits", "--transactions", "5000", "--connections", "50",
                      "--gap", "1000000", "--body", "20-200", "--no-acks")
    lines, summary = traffic.replay("no limit")
    times = [json.loads(line)["capture"]["responseStartUs"] for line in lines]
    seconds = (max(times) - min(times)) / 1e6
    rate = len(lines) / seconds / 4

    def check(name, counter, limit, *options):
        got, summary = traffic.replay(name, *options)
        want = limit * seconds
        # The bucket starts with one second's worth; allow for rounding.
        is_true(f"{name}: the allowed number is written",
                want * 0.98 - 2 <= len(got) <= want + limit + 2,
                f"{len(got)} of {want:.0f} in {seconds:.1f} s")
        is_true(f"{name}: the others are counted",
                summary["selection"][counter] == 5000 - len(got) > 0,
                str(summary["selection"]))

    check("rate-limit", "rate_limited", rate, "--rate-limit", f"{rate:.3f}/s")
    # Item paths differ only by a number, so the host distinguishes endpoints.
    hosts = collections.Counter(json.loads(line)["request"]["method"] +
                                json.loads(line)["request"]["url"]["host"] for line in lines)
    each = rate / len(hosts)
    check("rate-limit-endpoint", "endpoint_limited", each * len(hosts),
          "--rate-limit-endpoint", f"{each:.3f}/s")


def filters(directory):
    traffic = Traffic(directory, "filters", "--transactions", "2000", "--body", "20-200")
    everything = traffic.replay("no filter")[0]
    for options, wanted, name in (
            (["--include", "API1.example.com"], lambda h, p: h == "api1.example.com", "host"),
            (["--include", "*.example.com/v1/items/1*", "--exclude", "/v?/items/12*"],
             lambda h, p: p.startswith("/v1/items/1") and not p.startswith("/v1/items/12"),
             "path"),
            (["--exclude", "api?.example.com"],
             lambda h, p: not (len(h) == 16 and h.startswith("api")), "exclude")):
        want = []
        for line in everything:
            url = json.loads(line)["request"]["url"]
            if wanted(url["host"], url["path"]):
                want.append(line)
        got, summary = traffic.replay(f"filter by {name}", *options)
        is_true(f"filter by {name}: {len(want)} of 2000 are written", got == want,
                f"{len(got)} lines")
        is_true(f"filter by {name}: the others are counted",
                summary["selection"]["not_included"] + summary["selection"]["excluded"]
                == 2000 - len(want), str(summary["selection"]))


def masks(directory):
    """JSON bodies: compressed, chunked, in many segments, cut at the limit."""
    traffic = Traffic(directory, "masks", "--transactions", "300", "--json", "--gzip", "100",
                      "--chunked", "50", "--post", "50", "--mss", "100", "--body",
                      "2000-9000")
    plain = traffic.replay("no mask")[0]
    secrets = {item["sku"] for line in plain
               for item in json.loads(json.loads(line)["response"]["body"]).get("items", [])}
    for limit in "64KiB", "1001", "0":
        lines = traffic.replay(f"mask, body limit {limit}", "--redact-field", "ndjson:SKU",
                               "--redact-field", "q", "--body-limit", limit)[0]
        text = "\n".join(lines)
        is_true(f"mask, body limit {limit}: {len(secrets)} secrets in gzipped JSON",
                len(secrets) > 1000
                and not secrets & set(re.findall("[0-9a-f]{8}", text)))
        is_true(f"mask, body limit {limit}: in targets", "a%20b" not in text and
                '"a b"' not in text and len(lines) == 300)
    is_true("mask: only those", all(
        json.loads(a)["request"]["url"]["path"] == json.loads(b)["request"]["url"]["path"]
        for a, b in zip(plain, lines)))
    for_others = traffic.replay("mask for others", "--redact-field", "metlo:sku")[0]
    is_true("mask for others: not for this one", for_others == plain)


def main():
    with tempfile.TemporaryDirectory() as directory:
        samples(directory)
        limits(directory)
        filters(directory)
        masks(directory)
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
