#!/usr/bin/python3
"""Kills the feeder of the Metlo sink, the collector, or both at random points.

  metlo_kill.py FEED_METLO DIRECTORY [--kills N] [--seed N] [--seconds N]

Each transaction has a number. All that the feeder reported as stored must arrive,
whatever is killed when. A duplicate is legitimate only if it was in flight at a
kill: the kill lies between its arrivals, and it was not acknowledged before. None
may arrive three times, as each kill waits until everything that the previous one
interrupted has arrived.
Prints the result as JSON.
"""
import argparse
import collections
import json
import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake_metlo  # noqa: E402

LINE = ('{"request":{"method":"GET","url":{"host":"h","path":"/t/%d","parameters":[]},'
        '"headers":[],"body":"%s"},"response":{"status":200,"headers":[],"body":"ok"},'
        '"meta":{"environment":"production","incoming":true,"source":"10.0.0.1",'
        '"sourcePort":1,"destination":"10.0.0.2","destinationPort":80,'
        '"metloSource":"metlo-xdp"},"capture":{"requestBodyEncoding":"utf8",'
        '"responseBodyEncoding":"utf8","flags":[]}}\n')


class Collector:
    """Forked, since starting another interpreter is slow."""

    def __init__(self, port, log):
        self.port, self.log, self.pid = port, log, 0

    def start(self, epoch):
        self.pid = os.fork()
        if self.pid:
            return
        try:
            # Do not keep the feeder's pipes open.
            os.closerange(3, 1024)
            backend = fake_metlo.Backend("key", self.log)
            backend.epoch = str(epoch)
            fake_metlo.Server(self.port, backend).serve_forever(poll_interval=0.05)
        finally:
            os._exit(1)

    def kill(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.pid = 0


class Feeder:
    """The process with the sink, and the numbers it reported as stored."""

    def __init__(self, program, url, spool, rng):
        self.command = [program, url, "key", spool]
        self.rng = rng
        self.next = 0          # number of the next transaction
        self.stored = set()
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, bufsize=0)
        os.set_blocking(self.process.stdout.fileno(), False)
        os.set_blocking(self.process.stdin.fileno(), False)
        self.given = []        # numbers of this run
        self.confirmed = 0
        self.text = b""
        self.taken = self.waiting = 0
        self.reported = False

    def give(self, n):
        for _ in range(n):
            line = (LINE % (self.next, "x" * self.rng.randrange(400))).encode()
            try:
                if os.write(self.process.stdin.fileno(), line) != len(line):
                    raise SystemExit("a line was cut: the pipe is too small")
            except BlockingIOError:
                return
            self.given.append(self.next)
            self.next += 1

    def listen(self):
        try:
            while chunk := os.read(self.process.stdout.fileno(), 65536):
                self.text += chunk
        except BlockingIOError:
            pass
        *lines, self.text = self.text.split(b"\n")
        for line in lines:
            stored, self.taken, self.waiting = map(int, line.split())
            self.stored.update(self.given[self.confirmed:stored])
            self.confirmed = stored
            self.reported = True

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.listen()          # its reports so far
        self.process.stdin.close()
        self.process.stdout.close()

    def alive(self):
        return self.process.poll() is None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Run:
    def __init__(self, a):
        self.rng = random.Random(a.seed)
        self.end = time.monotonic() + a.seconds
        self.log = os.path.join(a.directory, "taken")
        spool = os.path.join(a.directory, "spool")
        port = free_port()
        self.collector = Collector(port, self.log)
        self.feeder = Feeder(a.feeder, f"http://127.0.0.1:{port}", spool, self.rng)
        self.kills = collections.Counter()
        self.epoch = 0
        self.delivered = []    # (epoch, number): all lower numbers are delivered

    def feed(self, seconds):
        end = time.monotonic() + seconds
        while True:
            self.feeder.give(self.rng.randrange(20))
            self.feeder.listen()
            if not self.feeder.alive():
                raise SystemExit("the feeder ended by itself")
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.004))

    def wait_delivered(self):
        """Waits until all stored transactions have arrived."""
        while True:
            self.feeder.listen()
            if (self.feeder.reported or not self.feeder.given) and not self.feeder.waiting \
                    and self.feeder.confirmed == len(self.feeder.given):
                return
            if time.monotonic() > self.end:
                raise SystemExit(f"not delivered in time: {self.feeder.waiting} wait")
            time.sleep(0.002)

    def kill_one(self, what):
        self.epoch += 1
        self.kills[what] += 1
        if what == "feeder":
            self.feeder.kill()
        else:
            self.collector.kill()

    def round(self):
        # A first transaction, so that there is a report.
        self.feeder.give(1)
        self.wait_delivered()
        self.delivered.append((self.epoch, self.feeder.next))
        self.feed(self.rng.random() * 0.06)
        what = self.rng.choice(["feeder", "collector", "both"])
        if what != "collector":
            self.kill_one("feeder")
        if what != "feeder":
            self.kill_one("collector")
        if what == "both" and self.rng.random() < 0.5:
            # Again while the collector is down: everything goes to the spool.
            self.feeder.start()
            self.feed(self.rng.random() * 0.03)
            self.kill_one("feeder")
        if what != "feeder":
            if what == "collector":
                self.feed(self.rng.random() * 0.03)
            self.collector.start(self.epoch)
        else:
            # The collector logs the epoch of each arrival.
            self.send_epoch()
        if what != "collector":
            self.feeder.start()

    def send_epoch(self):
        import urllib.request
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.collector.port}/_control",
            json.dumps({"epoch": str(self.epoch)}).encode())
        urllib.request.urlopen(request, timeout=10).read()

    def judge(self):
        arrived = collections.defaultdict(list)
        with open(self.log, encoding="ascii") as f:
            for line in f:
                epoch, path = line.split()
                arrived[int(path[3:])].append(int(epoch))
        def delivered_before(epoch):
            return max((n for e, n in self.delivered if e < epoch), default=0)
        again = [n for n, epochs in arrived.items() if n < delivered_before(max(epochs))]
        twice = {n: e for n, e in arrived.items() if len(e) > 1}
        return {
            "kills": sum(self.kills.values()), "killed": dict(self.kills),
            "given": self.feeder.next, "stored": len(self.feeder.stored),
            "arrived": len(arrived), "twice": len(twice),
            "lost": sorted(self.feeder.stored - set(arrived))[:20],
            "three_times": [n for n, e in twice.items() if len(e) > 2][:20],
            "twice_without_kill": [n for n, e in twice.items() if len(set(e)) < len(e)][:20],
            "again": sorted(again)[:20],
            "unknown": sorted(set(arrived) - set(range(self.feeder.next)))[:20],
        }


def main():
    p = argparse.ArgumentParser()
    p.add_argument("feeder")
    p.add_argument("directory")
    p.add_argument("--kills", type=int, default=200)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--seconds", type=float, default=120)
    a = p.parse_args()
    run = Run(a)
    run.collector.start(0)
    run.feeder.start()
    try:
        while sum(run.kills.values()) < a.kills:
            run.round()
        run.feeder.give(1)
        run.wait_delivered()
        run.feeder.process.stdin.close()
        run.feeder.process.wait(20)
    finally:
        run.collector.kill()
        if run.feeder.process.poll() is None:
            run.feeder.process.kill()
    json.dump(run.judge(), sys.stdout)
    print()


if __name__ == "__main__":
    main()
