#!/usr/bin/python3
"""Kills the daemon, Metlo's collector or both at random points while a client
makes requests at a steady rate, and reports what did not arrive.

  metlo_daemon_kill.py METLO IFACE NAMESPACE URL DIRECTORY [--kills N] [--seed N]

Runs in the client's namespace; daemons and collector run in the other one.
Prints a JSON object:
  requests   answered by the server
  lost       requests that did not arrive although no killed daemon held them:
             their exchange ended before it was killed or started afterwards
  in_hand    number of requests that a killed daemon may have held
  twice      arrived more than once
  twice_without_kill   of these, without a kill between the arrivals
  extra      arrived, but were never made
"""
import argparse
import collections
import ctypes
import json
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake_metlo  # noqa: E402
from restart import IN_HAND, Client  # noqa: E402

PORT = 18082


class Collector:
    def __init__(self, namespace, log):
        self.namespace, self.log, self.pid = namespace, log, 0

    def start(self, epoch):
        self.pid = os.fork()
        if self.pid:
            return
        try:
            os.closerange(3, 1024)
            with open(f"/run/netns/{self.namespace}", encoding="ascii") as ns:
                if ctypes.CDLL(None, use_errno=True).setns(ns.fileno(), 0):
                    os._exit(2)
            backend = fake_metlo.Backend("key", self.log)
            backend.epoch = str(epoch)
            # The query contains the number.
            take = backend.take

            def numbered(trace, epoch):
                for p in trace["request"]["url"]["parameters"]:
                    trace["request"]["url"]["path"] = "/t/" + p["value"]
                return take(trace, epoch)
            backend.take = numbered
            fake_metlo.Server(PORT, backend).serve_forever(poll_interval=0.05)
        finally:
            os._exit(1)

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.pid = 0


class Daemon:
    def __init__(self, a):
        self.command = ["nsenter", f"--net=/run/netns/{a.namespace}", "--", a.metlo, "attach",
                        a.iface, "--output", "metlo", "--metlo-host",
                        f"http://127.0.0.1:{PORT}", "--spool",
                        os.path.join(a.directory, "spool"), "--user", "nobody"]
        self.err = os.path.join(a.directory, "daemon.err")
        self.process = None

    def start(self):
        with open(self.err, "wb") as err:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=err,
                                            env={**os.environ, "METLO_API_KEY": "key"})
        end = time.monotonic() + 15
        while time.monotonic() < end and self.process.poll() is None:
            with open(self.err, encoding="utf-8") as f:
                if "mode, ports" in f.read():
                    return
            time.sleep(0.01)
        with open(self.err, encoding="utf-8") as f:
            raise SystemExit("the daemon does not run: " + f.read())

    def kill(self):
        self.process.kill()
        self.process.wait()
        return time.monotonic()


def arrivals(log):
    """The epochs in which each number arrived."""
    found = collections.defaultdict(list)
    with open(log, encoding="ascii") as f:
        for line in f:
            epoch, path = line.split()
            found[int(path[3:])].append(int(epoch))
    return found


def some(numbers):
    return sorted(numbers)[:20]


def main():
    p = argparse.ArgumentParser()
    for name in "metlo", "iface", "namespace", "url", "directory":
        p.add_argument(name)
    p.add_argument("--kills", type=int, default=20)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    rng = random.Random(a.seed)
    log = os.path.join(a.directory, "taken")
    collector, daemon = Collector(a.namespace, log), Daemon(a)
    client = Client(a.url, 1, False)
    killed, kills = [], 0
    collector.start(0)
    daemon.start()
    client.start()
    try:
        while kills < a.kills:
            time.sleep(rng.random() * 0.7)
            what = rng.choice(["daemon", "collector", "both"])
            if what != "collector":
                killed.append(daemon.kill())
                kills += 1
            if what != "daemon":
                collector.kill()
                kills += 1
                time.sleep(rng.random() * 0.2)
            if what == "both":
                # It starts while the collector is down.
                daemon.start()
                time.sleep(rng.random() * 0.3)
            if what != "daemon":
                collector.start(kills)
            if what == "daemon":
                # A new collector gets a new epoch.
                collector.kill()
                collector.start(kills)
                daemon.start()
        client.stop = True
        client.join()
        made = client.made

        def in_hand(n):
            begin, end = made[n]
            return any(begin < k and end > k - IN_HAND for k in killed)

        safe = {n for n in made if not in_hand(n)}
        end = time.monotonic() + 90
        while safe - set(arrivals(log)) and time.monotonic() < end:
            time.sleep(0.1)
        # Late arrivals count as well.
        time.sleep(0.5)
        found = arrivals(log)
    finally:
        client.stop = True
        daemon.process.send_signal(signal.SIGTERM)
        daemon.process.wait(20)
        if collector.pid:
            collector.kill()
    twice = {n: e for n, e in found.items() if len(e) > 1}
    json.dump({
        "kills": kills, "requests": len(made), "arrived": len(found),
        "lost": some(safe - set(found)), "in_hand": len(made) - len(safe),
        "twice": len(twice), "most": max((len(e) for e in found.values()), default=0),
        "twice_without_kill": some(n for n, e in twice.items() if len(set(e)) < len(e)),
        "extra": some(set(found) - set(made)), "code": daemon.process.returncode,
        "errors": [client.error] if client.error else [],
    }, sys.stdout)
    print()


if __name__ == "__main__":
    main()
