#!/usr/bin/env python3
"""Endurance: daemons under mixed traffic, with everything that happens in a year.

  run.py BUILD DIRECTORY [--seconds N] [--seed N] [--rate N]

Three daemons, each with its own network, traffic and fake Metlo:
  steady     runs for the whole time; reloads, rotations, outages of its sinks,
             full disks, clock steps, links that go down
  restarted  these, and restarts, kills, and interfaces that are deleted
  leaking    as steady, but leaks memory, descriptors, threads and BPF maps; that
             this is noticed proves that the others would be
In each cycle (cycle.py) traffic and events (events.py) come in an order drawn from
the seed; then the laws must hold. All the while others read status and metrics,
and samples are taken of what the daemon holds. After the warm-up nothing may grow
(flat.py).

Prints result lines, and leaves samples.jsonl and log in DIRECTORY.
"""
import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback

import cycle as cycles
import events
import flat
import rig as rigs
import traffic

MIB = 1 << 20
# PSS is shown, but grows when another program that has the same libraries ends.
MEMORY = ("rss", "anonymous")
COUNTS = ("descriptors", "threads", "objects", "orphans")
# Numbers of transactions that each rig may use; above are those of mkhttp's noise.
NUMBERS = 300_000_000
FAILURES_MAX = 20


class Run:
    def __init__(self, a):
        self.a = a
        self.full = a.seconds >= 1800
        self.warm_up = 600 if self.full else a.seconds * 0.35
        self.window = 600 if self.full else a.seconds / 6
        self.interval = 10 if self.full else 0.5
        # Arenas and tables fill for minutes; a short run sees them grow.
        self.floor = 1 * MIB if self.full else 12 * MIB
        self.percent = 3
        # Connections to Metlo, of which a short run may have few all the time.
        self.spare = 0 if self.full else 4
        self.begin = time.monotonic()
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.log_file = open(os.path.join(a.directory, "log"), "a", buffering=1)
        self.samples_file = open(os.path.join(a.directory, "samples.jsonl"), "a", buffering=1)

    def log(self, text):
        with self.lock:
            self.log_file.write(f"{time.monotonic() - self.begin:8.1f} {text}\n")

    def over(self):
        return self.stopping.is_set() or time.monotonic() - self.begin > self.a.seconds


class Subject(threading.Thread):
    """A rig, the thread that runs its cycles, and what was found."""

    def __init__(self, run, name, kinds, rate, number, leak=None):
        super().__init__(name=name)
        self.run_, self.kinds, self.rate = run, kinds, rate
        self.rig = rigs.Rig(name, run.a.build, run.a.directory, leak, run.full)
        self.rng = random.Random(f"{run.a.seed} {name}")
        self.h = cycles.History()
        self.next_number = number * NUMBERS
        self.samples = []
        self.objects_ever = set()
        self.reads = self.read_errors = 0
        self.ready = threading.Event()
        self.drained = None

    # --- cycles --------------------------------------------------------------------

    def run(self):
        try:
            self.rig.up()
            self.rig.start()
            self.ready.set()
            while not self.run_.over() and len(self.h.failures) < FAILURES_MAX:
                self.one_cycle()
            self.last()
        except Exception as e:  # pylint: disable=broad-except
            self.fail(f"{e!r} {traceback.format_exc()}")
        finally:
            self.ready.set()

    def chunk(self):
        seconds = self.rng.uniform(10, 25) if self.run_.full else self.rng.uniform(3, 6)
        first = self.next_number
        self.next_number += traffic.IDS
        return traffic.Chunk(self.rng, os.path.join(self.rig.build, "tests/gen/mkhttp"),
                             os.path.join(self.rig.dir, "chunk"), first, self.rate * seconds,
                             self.rng.random() < 0.4)

    def one_cycle(self):
        c = cycles.Cycle(self.rig, self.h, self.rng, self.chunk())
        drawn = self.rng.choices(self.kinds, k=self.rng.choice((0, 1, 2, 2, 3, 4)))
        problem = None
        begin = time.monotonic()
        try:
            c.run(drawn, self.rate)
        except rigs.Failure as e:
            problem = str(e)
        except Exception as e:  # pylint: disable=broad-except
            problem = f"{e!r} {traceback.format_exc()}"
        self.run_.log(f"{self.name} {self.h.number}: {'lossy' if c.chunk.lossy else 'clean'}, "
                      f"{c.chunk.frames} frames, {len(c.chunk.truth)} transactions, "
                      f"{len(c.truth)} missing; {', '.join(c.notes)}; "
                      f"{time.monotonic() - begin:.1f} s")
        if problem:
            self.fail(f"cycle {self.h.number} ({', '.join(c.notes)}): {problem}")
            self.recover(c)
        self.h.number += 1
        self.h.truths.append(c.truth)
        self.h.reported.append(set())

    def fail(self, text):
        self.h.failures.append(text)
        self.run_.log(f"FAILURE {self.name}: {text}")

    def recover(self, c):
        """Makes the next cycle independent of a failed one."""
        rig = self.rig
        if c.playing:
            rig.played()
        rig.set_link("up", "source")
        rig.set_link("up")
        if os.path.exists(os.path.join(rig.small, "ballast")):
            os.unlink(os.path.join(rig.small, "ballast"))
        if rig.fake.poll() is not None:
            rig.start_fake()
        rig.control({"always": {}, "key": "key"})
        rig.configure([])
        if rig.daemon.poll() is not None:
            c.h.drops_seen = c.h.metlo_drops_seen = 0
            rig.start()
        rig.daemon.send_signal(signal.SIGHUP)
        time.sleep(3)
        counters = rig.counters()
        if counters:
            c.h.rebase(counters)
            c.h.packets, c.h.sent = counters["packets"], rig.frames_sent
            c.h.dropped = rig.dropped()
            c.count_lost(counters)
        c.read_files()

    def last(self):
        """All that went into the spool arrives; the summary of the last daemon."""
        c = cycles.Cycle(self.rig, self.h, self.rng, None)
        self.rig.control({"always": {}, "key": "key"})
        rigs.wait_for(150, lambda: delivered(self.rig.counters()))
        c.metlo()
        self.drained = len(self.h.to_arrive)
        if self.drained:
            self.run_.log(f"{self.name}: not at Metlo: {list(self.h.to_arrive.items())[:20]}")
        c.account(self.rig.end(signal.SIGTERM))
        if os.path.exists(self.rig.out):
            os.rename(self.rig.out, self.rig.out + ".last")
        problems = c.read_files()
        if problems or self.h.awaited:
            self.fail(f"at the end: {problems[:5]}, never reported: "
                      f"{list(self.h.awaited.items())[:20]}")
        if subprocess.run([self.rig.metlo, "detach", self.rig.iface], check=False,
                          stderr=subprocess.DEVNULL).returncode:
            self.fail("detach fails at the end")

    # --- readers and samples ------------------------------------------------------------

    def watch(self):
        """Reads what can be read and takes samples, until the end."""
        rigs.enter(self.rig.collector)
        rng = random.Random(self.name)
        due = 0.0
        leaked = 0
        while self.is_alive():
            self.read(rng)
            now = time.monotonic() - self.run_.begin
            if now >= due:
                self.take_sample(now)
                due = now + self.run_.interval
                if self.rig.leak and now > leaked:
                    self.leak_map()
                    leaked = now + self.run_.a.seconds / 20
            time.sleep(rng.random() * (4 if self.run_.full else 0.4))

    def read(self, rng):
        """One of the readers of a monitored machine."""
        what = rng.randrange(6)
        self.reads += 1
        try:
            if what == 0:
                subprocess.run([self.rig.metlo, "status", self.rig.iface, "--json"], check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
            elif what == 1:
                self.rig.get("metrics", "/metrics")
            elif what == 2:
                self.rig.get("health", "/healthz")
            else:
                # A load balancer's check, a reader that goes away, or nonsense.
                with socket.create_connection(
                        ("127.0.0.1", rigs.PORTS[("health", "metrics")[what % 2]]), 5) as s:
                    if what >= 4:
                        s.sendall(b"GET /metrics HTTP/1.1\r\n" if what == 4 else
                                  rng.randbytes(50))
        except (OSError, subprocess.SubprocessError):
            self.read_errors += 1   # a restart, or unhealthy

    def take_sample(self, now):
        s = self.rig.sample()
        machine = rigs.bpf_machine()
        if not s or machine is None:
            return
        ours = rigs.bpf_of(machine, s.pop("held"), self.rig.iface)
        self.objects_ever |= ours
        s["objects"] = len(ours) + self.maps_leaked(machine)
        # Once a daemon's, and neither its successor's nor gone.
        s["orphans"] = len(self.objects_ever & machine.keys() - ours)
        s["t"] = round(now, 1)
        self.samples.append(s)
        with self.run_.lock:
            self.run_.samples_file.write(json.dumps({"rig": self.name, **s}) + "\n")

    def leak_map(self):
        path = f"/sys/fs/bpf/{self.rig.iface}-leak-{time.monotonic_ns()}"
        subprocess.run(["bpftool", "map", "create", path, "type", "array", "key", "4", "value",
                        "4", "entries", "1", "name", "metlo_leak"], check=False,
                       stderr=subprocess.DEVNULL)

    def maps_leaked(self, machine):
        return sum(f"/{self.rig.iface}-leak-" in p for o in machine.values()
                   for p in o.get("pinned", []))

    # --- results ---------------------------------------------------------------------

    def growth(self):
        """{quantity: why it grows, or None}"""
        late = [s for s in self.samples if s["t"] > self.run_.warm_up]
        found = {}
        for q in MEMORY:
            found[q] = flat.memory_growth([(s["t"], s[q]) for s in late], self.run_.percent,
                                          self.run_.floor)
        for q in COUNTS:
            found[q] = flat.count_growth([(s["t"], s[q]) for s in late],
                                         self.run_.spare if q == "descriptors" else 0)
        return found

    def show(self):
        h = self.h
        print(f"# {self.name}: {h.number} cycles, {h.transactions} transactions sent, {h.lines} "
              f"lines ({h.assumed_wrongly} wrong pairs flagged pair-assumed), {len(h.arrived)} at Metlo ({h.arrived_twice} again, {h.metlo_drops} dropped), laws checked "
              f"{h.laws} times, {self.reads} reads ({self.read_errors} without an answer)")
        print(f"# {self.name}: events: " + ", ".join(
            f"{n} {name}" for name, n in sorted(h.events.items())))
        print(f"# {self.name}: missing of chunks without loss, by cause (not even a half): "
              + (", ".join(f"{k}: {n} ({m})" for k, (n, m) in sorted(h.missing_by.items()))
                 or "none"))
        for q in MEMORY + COUNTS + ("pss", "spool"):
            unit = 1 if q in COUNTS else MIB
            print(f"# {self.name}: {q}{' (MiB)' if unit > 1 else ''}, minimum/median/maximum: "
                  + "  ".join(f"{a / unit:.4g}/{m / unit:.4g}/{z / unit:.4g}" for _, a, m, z in
                              flat.windows([(s["t"], s[q]) for s in self.samples], 0,
                                           self.run_.window)))


def delivered(counters):
    """Whether the sinks have nothing left to do."""
    return counters and not any(k["spooled"] or k["bytes_queued"]
                                for k in counters["output"]["sinks"])


def result(name, problem):
    print(f"{'not ok' if problem else 'ok'} {name}")
    if problem:
        for line in problem if isinstance(problem, list) else [problem]:
            print(f"#   {line}"[:1500])
    return not problem


def judge(subjects):
    good = True
    for s in subjects:
        name = s.name
        s.show()
        good &= result(f"{name}: in {s.h.number} cycles every law holds",
                       s.h.failures or (None if s.h.number else "no cycle"))
        good &= result(f"{name}: everything spooled arrives at Metlo",
                       None if s.drained is not None and s.drained <= s.h.metlo_drops else
                       f"{s.drained} transactions do not, {s.h.metlo_drops} are counted")
        growth = s.growth()
        if s.rig.leak:
            for q in "anonymous", "descriptors", "threads", "objects":
                good &= result(f"{name}: the leak of {q} is noticed",
                               None if growth[q] and "few" not in growth[q] else
                               f"it is not: {growth[q]}")
            continue
        # A daemon that is restarted begins with little memory each time.
        quantities = COUNTS[3:] if "restarted" in name else MEMORY + COUNTS
        for q in quantities:
            good &= result(f"{name}: {q} do not grow", growth[q])
        if "restarted" in name:
            good &= result(f"{name}: later daemons hold no more than earlier ones",
                           lives(s))
    return good


def lives(s):
    """Memory, descriptors and threads of daemons with the same number of workers, at
    the end of the lives, early ones against late ones. Objects: of all."""
    ends = {}
    for sample in s.samples:
        ends[sample["pid"]] = sample
    values = list(ends.values())[1:]
    if len(values) < 6:
        return None
    first, last = values[:len(values) // 2], values[len(values) // 2:]
    problems = []
    for q in "threads", "descriptors", "objects":
        if min(v[q] for v in last) > max(v[q] for v in first):
            problems.append(f"{q}: {[v[q] for v in values]}")
    return problems


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("directory")
    p.add_argument("--seconds", type=float, default=60)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--rate", type=float, default=250, help="frames per second and daemon")
    a = p.parse_args()
    a.build, a.directory = os.path.abspath(a.build), os.path.abspath(a.directory)
    run = Run(a)
    # Over the time: 7 MiB, 20 descriptors and 10 threads; in a short run more.
    leak = (f"{int(7 * MIB / a.seconds)},{int(a.seconds * 50)},{int(a.seconds * 100)}" if run.full
            else f"{MIB},{int(a.seconds * 20)},{int(a.seconds * 60)}")
    subjects = [Subject(run, "steady", events.STEADY, a.rate, 0),
                Subject(run, "restarted", events.RESTARTED, a.rate, 1),
                Subject(run, "leaking", events.STEADY, a.rate / 4, 2, leak)]

    def stop(*_):
        raise SystemExit
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    watchers = []
    good = None
    try:
        for s in subjects:
            s.start()
        for s in subjects:
            s.ready.wait()
            w = threading.Thread(target=s.watch)
            w.start()
            watchers.append(w)
        for t in subjects + watchers:
            while t.is_alive():
                t.join(1)
        good = judge(subjects)
    finally:
        run.stopping.set()
        for s in subjects:
            s.rig.down()
            subprocess.run(f"rm -f /sys/fs/bpf/{s.rig.iface}-leak-*", shell=True, check=False)
        if good is None:
            os._exit(1)     # the threads have lost what they use
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
