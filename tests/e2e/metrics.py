#!/usr/bin/env python3
"""Compares /metrics with the output of --summary or status --json.

  tests/e2e/metrics.py METRICS SUMMARY.json [IGNORED...]

Every counter of the summary must be in the metrics under its name and with its
value: packets, stream, http, output, and each sink and VNI. IGNORED are names
(such as stream.flows_live) that may differ.
"""
import json
import re
import sys

SAMPLE = re.compile(r"^(\w+)(\{.*\})? (\S+)$")
# Members of the summary that are numbers but not counters.
OTHERS = ("workers ring_bytes ring_waiting_bytes vxlan_port rings program_id daemon_pid "
          "sample_percent daemon_started").split()


def samples(path):
    found = {}
    with open(path) as f:
        for line in f:
            if line.startswith("#"):
                continue
            name, labels, value = SAMPLE.match(line).groups()
            key = name + (labels or "")
            if key in found:
                raise ValueError(f"{key} is there twice")
            found[key] = float(value)
    return found


def wanted(summary):
    """Yields (name in the summary, possible names in the metrics, value)."""
    def both(name, labels=""):
        if name.endswith("_us"):
            return [f"metlo_xdp_{name[:-3]}_seconds{labels}"]
        return [f"metlo_xdp_{name}_total{labels}", f"metlo_xdp_{name}{labels}"]

    for group, members in summary.items():
        if isinstance(members, dict):
            for name, value in members.items():
                if not isinstance(value, list):
                    yield f"{group}.{name}", both(f"{group}_{name}"), value
        elif type(members) is int and group not in OTHERS:
            yield group, both(group), members
    for sink in summary.get("output", {}).get("sinks", []):
        for name, value in sink.items():
            if name != "name" and isinstance(value, int):
                yield (f"sink {sink['name']}.{name}",
                       both(f"sink_{name}", '{sink="%s"}' % sink["name"]), value)
    for vni in summary["vni"]:
        label = '{vni="%d"}' % vni["vni"]
        yield f"vni {vni['vni']} packets", both("vni_packets", label), vni["packets"]
        yield f"vni {vni['vni']} bytes", both("vni_bytes", label), vni["bytes"]


def main():
    metrics = samples(sys.argv[1])
    with open(sys.argv[2]) as f:
        summary = json.load(f)
    if "interfaces" in summary:
        summary = summary["interfaces"][0]
    wrong, n = [], 0
    for name, names, value in wanted(summary):
        n += 1
        got = [metrics[x] for x in names if x in metrics]
        if len(got) != 1:
            wrong.append(f"{name}: there is none of {names}")
        elif got[0] * (1e6 if name.endswith("_us") else 1) != value and name not in sys.argv[3:]:
            wrong.append(f"{name} is {value}, in the metrics {got[0]:.0f}")
    print(f"{n} counters compared")
    for line in wrong:
        print(line)
    return 1 if wrong or not n else 0


if __name__ == "__main__":
    sys.exit(main())
