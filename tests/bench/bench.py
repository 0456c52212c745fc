#!/usr/bin/env python3
"""Measures metlo-xdp and other tools on the same traffic: see "make bench".

  tests/bench/bench.py [--scale F] [--rounds N] [--cpu N] [--variants LIST]
                       [--counts] [PART...]

Parts: offline stages growth live; without arguments, all of them. Prints tables
and writes build/bench/results.json. --counts measures nothing: it checks that
all variants of the traffic are found complete and prints "ok" or "not ok"
lines.
"""
import argparse
import json
import os
import sys
import tempfile

import counts
import external
import goals
import machine
import offline
from traces import VARIANTS

PARTS = ("offline", "stages", "growth", "live")


class Env:
    """Paths, and how much to measure."""

    def __init__(self, args):
        self.top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        self.build = os.path.join(self.top, os.environ.get("O", "build"))
        self.out = os.path.join(self.build, "bench")
        self.metlo = os.environ.get("METLO") or os.path.join(self.build, "metlo-xdp")
        self.mkhttp = os.path.join(self.build, "tests", "gen", "mkhttp")
        self.measure = os.path.join(self.build, "tests", "bench", "measure")
        self.scale, self.rounds, self.variants = args.scale, args.rounds, args.variants
        # The last CPU: interrupts and other programs tend to use the first.
        self.cpu = max(os.sched_getaffinity(0)) if args.cpu is None else args.cpu
        self.work = None  # temporary directory of the run

    def save(self, results):
        """Saves intermediate results, in case a later part fails."""
        with open(os.path.join(self.out, "results.json"), "w") as f:
            json.dump(results, f, indent=1)
            f.write("\n")


def arguments():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--scale", type=float, default=1, help="factor for the amount of traffic (1)")
    p.add_argument("--rounds", type=int, default=5, help="number of measured rounds (5)")
    p.add_argument("--cpu", type=int, help="CPU to measure on (the last one)")
    p.add_argument("--variants", type=lambda s: s.split(","), default=list(VARIANTS),
                   help="variants of the traffic: " + ",".join(VARIANTS))
    p.add_argument("--counts", action="store_true", help="check results, measure nothing")
    p.add_argument("parts", nargs="*", metavar="PART", help=" ".join(PARTS))
    args = p.parse_args()
    for given, known in ((args.parts, PARTS), (args.variants, VARIANTS)):
        for name in given:
            if name not in known:
                p.error(f"{name}: unknown; choose from {' '.join(known)}")
    if args.rounds < 1 or args.scale <= 0:
        p.error("--rounds and --scale must be greater than 0")
    args.parts = args.parts or PARTS
    return args


def bench(env, parts):
    results = {"machine": machine.describe(env), "tools": {}, "offline": [], "values": {},
               "notes": []}
    for name in parts:
        if name == "offline":
            offline.part(env, results)
        else:
            external.part(env, name, results)
        env.save(results)
    goals.judge(results)
    print("\n".join(machine.lines(results["machine"])))
    offline.show(results)
    external.show(results)
    goals.show(results)
    for note in results["notes"]:
        print(f"Note: {note}")
    env.save(results)


def main():
    args = arguments()
    env = Env(args)
    os.makedirs(env.out, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="work.", dir=env.out) as work:
        env.work = work
        if args.counts:
            return counts.judge(env)
        bench(env, args.parts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
