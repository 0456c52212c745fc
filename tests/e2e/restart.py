#!/usr/bin/env python3
"""Restarts the daemon while two clients make requests at a steady rate, and
reports what is missing in the output.

Runs in the client's namespace; the daemons run in the collector's. One client
opens a connection for each request, the other keeps its connection. Prints a
JSON object:
  requests            answered by the server
  missing_requests    numbers of requests that no daemon reported
  missing_responses   the same for responses
  late                of those, the ones that no killed daemon held
  extra               transactions without a request
  down_only           requests whose whole exchange took place while no daemon ran,
                      and that the next one did not hold when it was killed
  missing_down_only   of those, missing
  codes               exit codes of the daemons
  slowest_end         longest time from a signal to the exit, in seconds
  consumed            records in the summaries (not of killed daemons)
  resumed             daemons that resumed from an attached interface
  on_start            output of --on-start
"""
import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

PACE = 0.004        # seconds between requests of one client thread
DOWN = 0.05         # seconds without a daemon between two
# A killed process loses what it holds: the batch being parsed and serialized, the
# exchanges in flight and, of a connection joined midstream, everything until it
# knows the start of the streams, up to 2 s.
IN_HAND = 0.25
IN_HAND_MIDSTREAM = 2.5


class Client(threading.Thread):
    """Makes numbered requests one by one, on one connection or one each."""

    def __init__(self, url, first, keep_alive):
        super().__init__()
        self.url = urllib.parse.urlsplit(url)
        self.next, self.keep_alive = first, keep_alive
        self.stop, self.made, self.error = False, {}, None

    def run(self):
        conn = None
        try:
            while not self.stop:
                if conn is None:
                    conn = http.client.HTTPConnection(self.url.hostname,
                                                      self.url.port or 80, timeout=10)
                begin = time.monotonic()
                conn.request("GET", f"/?n={self.next}")
                body = conn.getresponse().read()
                if body != b"hello %d\n" % self.next:
                    raise ValueError(f"unexpected answer {body!r}")
                self.made[self.next] = (begin, time.monotonic())
                self.next += 2
                if not self.keep_alive:
                    conn.close()
                    conn = None
                time.sleep(PACE)
        except Exception as e:  # pylint: disable=broad-except
            self.error = repr(e)


class Daemon:
    def __init__(self, metlo, iface, namespace, directory, number, options):
        base = os.path.join(directory, f"daemon{number}")
        self.out, self.err, self.summary = base, base + ".err", base + ".json"
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{namespace}", "--", metlo, "attach",
                 iface, "--summary", self.summary, *options],
                stdout=out, stderr=err, stdin=subprocess.DEVNULL)

    def wait_running(self):
        for _ in range(1000):
            with open(self.err) as f:
                text = f.read()
            if "mode, ports" in text:
                return "resumed in" in text
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise RuntimeError("the daemon does not run: " + text)

    def end(self, sig):
        begin = time.monotonic()
        self.process.send_signal(sig)
        code = self.process.wait(10)
        return begin, time.monotonic(), code

    def transactions(self):
        with open(self.out, "rb") as f:
            for line in f:
                try:
                    yield json.loads(line)
                except ValueError:
                    # The partial last line of a killed daemon.
                    if line.endswith(b"\n"):
                        raise

    def consumed(self):
        try:
            with open(self.summary) as f:
                return json.load(f)["stream"]["records"]
        except ValueError:
            return 0


def number_of(transaction):
    request, response = transaction["request"], transaction["response"]
    numbers = []
    if request:
        numbers.append(("request", int(request["url"]["parameters"][0]["value"])))
    if response:
        numbers.append(("response", int(response["body"].split()[1])))
    return numbers


def main():
    p = argparse.ArgumentParser()
    for name in "metlo", "iface", "namespace", "url", "directory":
        p.add_argument(name)
    p.add_argument("--signal", default="TERM")
    p.add_argument("--times", type=int, default=20)
    p.add_argument("--up", type=float, default=0.25, help="seconds of a daemon")
    p.add_argument("--workers", default="0", help="of the daemons in turn")
    p.add_argument("--ring-size", default="4MiB", help="of the daemons in turn")
    p.add_argument("--metlo", dest="programs", help="of the daemons in turn")
    p.add_argument("--on-start", help="command to run before the first request")
    args = p.parse_args()
    sig = getattr(signal, "SIG" + args.signal)
    workers, sizes = args.workers.split(","), args.ring_size.split(",")
    programs = (args.programs or args.metlo).split(",")
    clients = [Client(args.url, 1, False), Client(args.url, 2, True)]
    daemons, ends, resumed, on_start = [], [], 0, None

    for i in range(args.times + 1):
        daemon = Daemon(programs[i % len(programs)], args.iface, args.namespace,
                        args.directory, i,
                        ["--workers", workers[i % len(workers)],
                         "--ring-size", sizes[i % len(sizes)]])
        daemons.append(daemon)
        resumed += daemon.wait_running()
        if i == 0:
            if args.on_start:
                on_start = subprocess.check_output(
                    ["bash", "-c", args.on_start], text=True).strip()
            for c in clients:
                c.start()
        time.sleep(args.up)
        if i < args.times:
            ends.append(daemon.end(sig))
            time.sleep(DOWN)
    # The last one sees the end of the traffic and exits normally.
    for c in clients:
        c.stop = True
    for c in clients:
        c.join()
    time.sleep(0.3)
    last = daemons[-1].end(signal.SIGTERM)

    made = {**clients[0].made, **clients[1].made}
    seen = {"request": set(), "response": set()}
    for d in daemons:
        for t in d.transactions():
            for kind, n in number_of(t):
                seen[kind].add(n)
    missing = (made.keys() - seen["request"]) | (made.keys() - seen["response"])
    # From the exit of a daemon to the start of the next one, none ran.
    down = [(end, end + DOWN) for _, end, _ in ends]

    def in_flight(n):
        begin, end = made[n]
        in_hand = IN_HAND if n % 2 else IN_HAND_MIDSTREAM
        return any(begin < killed and end > killed - in_hand
                   for killed, _, _ in ends)

    down_only = [n for n, (begin, end) in made.items() if not in_flight(n)
                 and any(a <= begin and end <= b for a, b in down)]

    def some(numbers):
        """The first elements of a list, for a message."""
        numbers = sorted(numbers)
        return numbers if len(numbers) <= 20 else numbers[:20] + [
            f"and {len(numbers) - 20} more"]

    errors = [c.error for c in clients if c.error]
    print(json.dumps({
        "requests": len(made),
        "missing_requests": some(made.keys() - seen["request"]),
        "missing_responses": some(made.keys() - seen["response"]),
        "late": some(n for n in missing if not in_flight(n)),
        "extra": len((seen["request"] | seen["response"]) - made.keys()),
        "down_only": len(down_only),
        "missing_down_only": some(missing & set(down_only)),
        "codes": sorted({code for _, _, code in ends + [last]}),
        "slowest_end": round(max(b - a for a, b, _ in ends + [last]), 2),
        "consumed": sum(d.consumed() for d in daemons),
        "resumed": resumed,
        "on_start": on_start,
        "errors": errors,
    }))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
