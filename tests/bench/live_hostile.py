#!/usr/bin/env python3
"""Expensive input beside normal traffic, through XDP and a worker.

  sudo tests/bench/live_hostile.py [SCENARIO...]     of tests/bench/work.c

A worker has half of the load that it could bear, in normal traffic, and receives
1,000 packets a second of input that is as expensive as one can make it, all masks
being on. Nothing may be lost (ring_full), and each normal transaction must be
reported, without a flag.

The load is measured, not known, and other programs may disturb a run. So a
scenario fails only if three runs do.
"""
import argparse
import os
import signal
import subprocess
import sys
import tempfile

import live
from live_tools import Failed, Metlo, Net, inject, prefer, sh

HOSTILE_RATE = 1000
LOAD = 0.5
ATTEMPTS = 3
FIRST_RATE = 100000
MASKS = ("--redact-field", "password", "--redact-class", "card,iban,ssn,jwt,aws-key,email",
         "--exclude", "*/*a?a?a?a?a?a?a?a?a?a?a?b*")
# Scenarios, and bytes per connection. The most expensive input per packet, according
# to test_work.sh, are bombs in connections that end before their budget does.
SHORT = (("brotli-bombs", 5000),)
# The others that cost more than ten times as much as ordinary packets, or many per byte.
LONG = (("brotli-bombs", 60000), ("gzip-bombs", 5000), ("gzip-bombs", 60000),
        ("query", 60000), ("near-values", 60000), ("form", 60000), ("gzip-blocks", 60000),
        ("pipelined", 60000), ("requests-only", 60000), ("near-names", 60000),
        ("reordered", 60000), ("not-http", 60000))


def frames(path):
    """The records of a capture: headers and frames."""
    with open(path, "rb") as f:
        data = f.read()
    at, found = 24, []
    while at < len(data):
        end = at + 16 + int.from_bytes(data[at + 8:at + 12], "little")
        found.append(data[at:end])
        at = end
    return data[:24], found


class Mixed:
    """A normal trace with a hostile packet after each few normal ones."""

    def __init__(self, conf, normal, scenario, size, rate):
        every = max(1, round(rate / HOSTILE_RATE))
        head, ordinary = frames(normal.path)
        hostile_path = normal.path + ".hostile"
        sh(os.path.join(conf.build, "tests/bench/live_work"), scenario, str(size),
           str(len(ordinary) // every + 1), hostile_path)
        hostile = frames(hostile_path)[1]
        self.path = normal.path + ".mixed"
        self.transactions = normal.transactions
        self.frames = len(ordinary) + len(hostile)
        with open(self.path, "wb") as f:
            f.write(head)
            for i, packet in enumerate(hostile):
                f.write(packet + b"".join(ordinary[i * every:(i + 1) * every]))


def count():
    """Counts the normal lines of standard input, and those of them without flags.
    Runs as a process of its own."""
    lines = clean = 0
    for line in sys.stdin.buffer:
        if line.find(b'"vni":1,', -700) < 0:
            lines += 1
            clean += line.endswith(b'"flags":[]}}\n')
    print(lines, clean)


class Collector(Metlo):
    """Writes to a pipe with a counting reader."""

    def start(self):
        self.out = os.path.join(self.tmp, "pipe")
        os.mkfifo(self.out)
        # The collector opens only a pipe that has a reader, which must not read the
        # end of it before.
        reading = os.open(self.out, os.O_RDONLY | os.O_NONBLOCK)
        writing = os.open(self.out, os.O_WRONLY)
        os.set_blocking(reading, True)
        # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
        self.reader = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), "--count"], stdin=reading,
            stdout=subprocess.PIPE, text=True, preexec_fn=prefer(self.conf.cpus[0]))
        os.close(reading)
        super().start()
        os.close(writing)

    def command(self):
        return super().command() + list(MASKS)

    def lines(self, having):
        return sys.maxsize  # the reader has them

    def end(self):
        super().end()
        os.unlink(self.out)
        words = self.reader.communicate(timeout=30)[0].split()
        self.normal, self.clean = map(int, words)


def run(bench, trace, rate, seconds):
    """One run. Returns the receiver, what was sent and the CPU time per packet."""
    passes = max(1, round(rate * seconds / trace.frames))
    receiver = Collector(bench.net, bench.conf, bench.tmp)
    receiver.start()
    try:
        cpu = receiver.cpu_ns()
        sent = inject(bench.net, bench.conf, trace, rate, passes)
        receiver.settle()
        cpu = receiver.cpu_ns() - cpu
    finally:
        receiver.end()
    receiver.expected = trace.transactions * passes
    return receiver, sent, cpu / sent["sent"]


def half_of_capacity(bench):
    """The rate of normal traffic at which the receiver needs half of a CPU. The cost
    of a packet falls with the rate, so measure it twice."""
    rate = FIRST_RATE
    for _ in range(2):
        cost = run(bench, bench.trace, rate, 1)[2]
        rate = round(LOAD * 1e9 / cost)
    return rate


def check(bench, scenario, size, rate):
    trace = Mixed(bench.conf, bench.trace, scenario, size, rate)
    why = []
    for _ in range(ATTEMPTS):
        receiver, sent, cost = run(bench, trace, rate + HOSTILE_RATE, bench.conf.seconds)
        seen = receiver.result()
        lost = seen["lost"] + sent["sent"] - seen["seen"]
        load = 100 * cost * sent["rate"] / 1e9
        text = (f"{sent['rate']:.0f} packets/s, load {load:.0f} %: ring_full {lost}, "
                f"{receiver.normal} of {receiver.expected} normal transactions, "
                f"{receiver.normal - receiver.clean} with flags, "
                f"{seen['dropped_output']} lines dropped")
        why.append(text)
        if not lost and receiver.normal == receiver.clean == receiver.expected:
            print(f"ok {scenario}, {size} bytes per connection: {text}", flush=True)
            return True
    print(f"not ok {scenario}, {size} bytes per connection, in {ATTEMPTS} runs")
    print("\n".join("#   " + line for line in why), flush=True)
    return False


def options():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("scenarios", nargs="*", metavar="SCENARIO[:BYTES]",
                   help="bytes per connection (60000)")
    p.add_argument("--long", action="store_true", help="more scenarios, longer runs")
    p.add_argument("--seconds", type=float, help="length of a run (1, or 5 with --long)")
    p.add_argument("--count", action="store_true", help=argparse.SUPPRESS)
    mine = p.parse_args()
    if mine.count:
        count()
        sys.exit(0)
    conf = live.options([])
    # Normal traffic must be decompressed, too, while others exhaust the budget.
    conf.preset, conf.scale = "gzip", 0.1
    conf.seconds = mine.seconds or (5 if mine.long else 1)
    wanted = [s.partition(":") for s in mine.scenarios]
    conf.scenarios = ([(name, int(size or 60000)) for name, _, size in wanted] or
                      SHORT + (LONG if mine.long else ()))
    return conf


def main():
    conf = options()
    if os.geteuid():
        print("skip live_hostile # needs root")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="metlo-hostile.") as tmp:
        try:
            bench = argparse.Namespace(conf=conf, tmp=tmp, net=Net(),
                                       trace=live.Trace(conf, tmp, conf.preset))
            rate = half_of_capacity(bench)
            return int(not all([check(bench, *s, rate) for s in conf.scenarios]))
        except Failed as e:
            print(f"not ok live_hostile: {e}")
            return 1


if __name__ == "__main__":
    sys.exit(main())
