#!/usr/bin/env python3
"""Measures metlo-xdp and its peers on the same traffic: see "make bench".

  tests/bench/bench.py [--scale F] [--rounds N] [--cpu N] [--variants LIST]
                       [--counts] [PART...]

Parts: offline stages growth live; all without arguments. Prints tables and
writes build/bench/results.json. --counts judges only whether all variants of
the traffic come out complete, as lines "ok" and "not ok", and measures
nothing.
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
    """Where things are, and how much is measured."""

    def __init__(self, args):
        self.top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        self.build = os.path.join(self.top, os.environ.get("O", "build"))
        self.out = os.path.join(self.build, "bench")
        self.metlo = os.environ.get("METLO") or os.path.join(self.build, "metlo-xdp")
        self.mkhttp = os.path.join(self.build, "tests", "gen", "mkhttp")
        self.measure = os.path.join(self.build, "tests", "bench", "measure")
        self.scale, self.rounds, self.variants = args.scale, args.rounds, args.variants
        # The last CPU: interrupts and other programs prefer the first.
        self.cpu = max(os.sched_getaffinity(0)) if args.cpu is None else args.cpu
        self.work = None  # a folder for the time of the run

    def save(self, results):
        """So that what was measured is there should the rest fail."""
        with open(os.path.join(self.out, "results.json"), "w") as f:
            json.dump(results, f, indent=1)
            f.write("\n")


def arguments():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--scale", type=float, default=1, help="of the traffic (1)")
    p.add_argument("--rounds", type=int, default=5, help="that are measured (5)")
    p.add_argument("--cpu", type=int, help="for what is measured (the last)")
    p.add_argument("--variants", type=lambda s: s.split(","), default=list(VARIANTS),
                   help="of the traffic: " + ",".join(VARIANTS))
    p.add_argument("--counts", action="store_true", help="judge what is found, in little traffic")
    p.add_argument("parts", nargs="*", metavar="PART", help=" ".join(PARTS))
    args = p.parse_args()
    for given, known in ((args.parts, PARTS), (args.variants, VARIANTS)):
        for name in given:
            if name not in known:
                p.error(f"{name}: only {' '.join(known)}")
    if args.rounds < 1 or args.scale <= 0:
        p.error("--rounds and --scale are more than 0")
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
