#!/usr/bin/python3
"""The Metlo sink against a collector that fails in every way it can.

  metlo_faults.py FEED_METLO DIRECTORY [CASE...]

Prints "ok" and "not ok" lines. Every case ends with the conservation law of
the sink's counters.
"""
import email.utils
import json
import os
import ssl
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import fake_metlo  # noqa: E402
import laws  # noqa: E402
from metlo_kill import LINE  # noqa: E402

SCHEMA = os.path.join(HERE, "metlo_trace.schema.json")
try:
    import jsonschema  # noqa: F401
except ImportError:
    SCHEMA = None
TOP = os.path.dirname(os.path.dirname(HERE))


class Collector:
    """A collector in a thread, so that a test can control its backend directly."""

    def __init__(self, port=0, context=None):
        self.backend = fake_metlo.Backend("key", schema=SCHEMA)
        self.context = context
        self.port = port
        self.server = None
        self.up()

    def up(self):
        self.server = fake_metlo.Server(self.port, self.backend, self.context)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self):
        self.server.close_all()

    @property
    def paths(self):
        return [int(p[3:]) for p in self.backend.seen["paths"]]


class Feeder:
    """A feed_metlo process and its messages."""

    def __init__(self, program, url, spool="-", ca="", limit=1 << 30):
        self.process = subprocess.Popen([program, url, "key", spool, ca, str(limit)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.stored = self.taken = self.waiting = 0
        self.counters = None
        self.messages = ""
        self.threads = [threading.Thread(target=f, daemon=True)
                        for f in (self.read_out, self.read_err)]
        for t in self.threads:
            t.start()

    def read_out(self):
        for line in self.process.stdout:
            if line.startswith(b"{"):
                self.counters = json.loads(line)
            else:
                self.stored, self.taken, self.waiting = map(int, line.split())

    def read_err(self):
        for line in self.process.stderr:
            self.messages += line.decode()

    def give(self, numbers, body="x"):
        self.process.stdin.write("".join(LINE % (n, body) for n in numbers).encode())
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        self.process.wait(30)
        for t in self.threads:
            t.join(10)

    def kill(self):
        self.process.kill()
        self.process.wait()


def difference(got, want):
    if isinstance(got, list) and isinstance(want, list):
        i = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        return f"{len(got)} and {len(want)}, from {i}: got {got[i:i + 30]}, want {want[i:i + 30]}"
    return f"got {str(got)[:500]}, want {str(want)[:500]}"


class Case:
    def __init__(self, name, directory, program):
        self.name, self.program = name, program
        self.dir = os.path.join(directory, name)
        os.mkdir(self.dir)
        self.spool = os.path.join(self.dir, "spool")
        self.failed = 0

    def check(self, what, good, detail=""):
        print(f"{'ok' if good else 'not ok'} {self.name}: {what}")
        if not good:
            self.failed += 1
            print(f"#   {detail}")
        sys.stdout.flush()

    def equal(self, what, got, want):
        self.check(what, got == want, difference(got, want))

    def wait(self, what, condition, seconds=15):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                self.check(what, False, "not in time")
                return False
            time.sleep(0.005)
        return True

    def feeder(self, collector, **how):
        scheme = "https" if collector.context else "http"
        return Feeder(self.program, f"{scheme}://localhost:{collector.port}", **how)

    def finish(self, f, **want):
        f.end()
        c = f.counters or {}
        for name, value in want.items():
            self.equal(name, c.get(name), value)
        if c:
            self.equal("submitted + recovered = their ends", c["submitted"] + c["recovered"],
                       sum(c[e] for e in laws.SINK_ENDS))
        self.check("no sanitizer report", "Sanitizer" not in f.messages, f.messages)


def case_failures(t):
    """Each failure once: all arrives in order; only accepted batches may repeat."""
    c = Collector()
    date = email.utils.formatdate(time.time() + 1, usegmt=True)
    c.backend.next = [
        {"status": 500, "text": "no"}, {"status": 502}, {"status": 503, "headers": {"Retry-After": "0"}},
        {"reset": "before"}, {"take": False, "reset": "after"},
        {"take": False, "cut": True}, {"take": False, "half_close": True},
        {"status": 429, "headers": {"Retry-After": date}}, {"status": 408},
        {"take": False, "hang": 7}]
    f = t.feeder(c, spool=t.spool)
    f.give(range(250))
    t.wait("all arrives", lambda: f.taken == 250, 25)
    t.equal("each once, in order", c.paths, list(range(250)))
    t.equal("every failure was met", c.backend.next, [])
    t.equal("no trace breaks the schema", c.backend.seen["invalid"], [])
    t.finish(f, written=250, spooled=0)
    # libcurl itself retries a request that a reused connection did not answer.
    t.check("failures are counted", 7 <= f.counters["requests_failed"] <= 10, f.counters)
    t.equal("reported once that it is down", f.messages.count("transactions wait"), 1)
    t.check("the reason is reported", "answered 500 no; transactions wait" in f.messages, f.messages)
    c.down()


def case_retry_after(t):
    """Retry-After is honored up to our own limit."""
    c = Collector()
    c.backend.next = [{"status": 503, "headers": {"Retry-After": "100000"}}]
    f = t.feeder(c)
    start = time.monotonic()
    f.give(range(5))
    t.wait("all arrives", lambda: f.taken == 5)
    took = time.monotonic() - start
    t.check("not before the bound of a second", took > 0.9, took)
    t.finish(f, written=5)
    c.down()


def case_taken_and_lost(t):
    """A batch was accepted but the response lost: it must be sent again."""
    c = Collector()
    c.backend.next = [{"take": True, "reset": "after"}, {"take": True, "cut": True}]
    f = t.feeder(c)
    f.give(range(10))
    t.wait("all arrives", lambda: f.taken == 10)
    t.equal("three times: two had no response", sorted(c.paths), sorted(list(range(10)) * 3))
    t.finish(f, written=10)
    c.down()


def case_refused_path(t):
    """400 within a batch: traces before it were accepted, that one is dropped."""
    c = Collector()
    c.backend.refuse = ["/t/0", "/t/7", "/t/8", "/t/99", "/t/100"]
    f = t.feeder(c, spool=t.spool)
    f.give(range(150))
    t.wait("all others arrive", lambda: f.taken == 145)
    t.equal("each once", sorted(c.paths), [n for n in range(150) if n not in (0, 7, 8, 99, 100)])
    t.finish(f, written=145, dropped_refused=5, spooled=0)
    t.check("the path is reported", "Invalid path /t/7: It is not wanted." in f.messages, f.messages)
    c.down()


def case_refused_all(t):
    """400 that names no trace: bisects the batch until it is found."""
    c = Collector()

    def take(trace, epoch, original=c.backend.take):
        if trace["request"]["url"]["path"] == "/t/5":
            return "something in it is wrong"
        return original(trace, epoch)
    c.backend.take = take
    f = t.feeder(c)
    f.give(range(9))
    t.wait("all others arrive", lambda: f.taken == 8)
    t.equal("all others, some more than once", sorted(set(c.paths)), [0, 1, 2, 3, 4, 6, 7, 8])
    t.finish(f, written=8, dropped_refused=1)
    c.down()


def case_too_large(t):
    """413 from a proxy with a smaller limit than our batches."""
    c = Collector()
    c.backend.limit = 3000
    f = t.feeder(c, spool=t.spool)
    f.give(range(40), "y" * 500)
    f.give([40], "z" * 4000)
    f.give(range(41, 50))
    t.wait("all others arrive", lambda: f.taken == 49)
    t.equal("each once, in order", c.paths, [n for n in range(50) if n != 40])
    t.finish(f, written=49, dropped_refused=1)
    c.down()


def case_key(t):
    """401 stops sending and is logged once; once the key works, it resumes."""
    c = Collector()
    f = t.feeder(c, spool=t.spool)
    f.give(range(10))
    t.wait("the first arrive", lambda: f.taken == 10)
    c.backend.key = None
    f.give(range(10, 300))
    t.wait("it is stored", lambda: f.stored == 300 and f.waiting == 290)
    t.wait("it is reported", lambda: "rejected the API key" in f.messages)
    time.sleep(0.1)  # for requests in flight
    before = len(c.backend.seen["requests"])
    time.sleep(0.4)
    t.check("no batch is sent meanwhile", len(c.backend.seen["requests"]) == before,
            c.backend.seen["requests"][before:])
    c.backend.key = "key"
    t.wait("the rest arrives", lambda: f.taken == 300)
    t.equal("each once, in order", c.paths, list(range(300)))
    t.equal("reported once", f.messages.count("rejected the API key"), 1)
    t.finish(f, written=300, spooled=0)
    c.down()


def case_not_metlo(t):
    """404: this is not a collector."""
    c = Collector()
    c.backend.next = [{"status": 404, "take": False}]
    f = t.feeder(c, spool=t.spool)
    f.give(range(5))
    t.wait("it is reported", lambda: "it is not Metlo's collector" in f.messages)
    t.wait("it arrives once that is mended", lambda: f.taken == 5)
    t.finish(f, written=5)
    c.down()


def case_restart(t):
    """Down, killed, restarted: stored lines are sent first and in order."""
    c = Collector()
    c.down()
    f = t.feeder(c, spool=t.spool)
    f.give(range(500))
    t.wait("it is stored", lambda: f.stored == 500)
    f.kill()
    f = t.feeder(c, spool=t.spool)
    f.give(range(500, 700))
    t.wait("more is stored", lambda: f.stored == 200 and f.waiting == 700)
    f.end()
    t.equal("nothing is lost at the end", f.process.returncode, 0)
    t.equal("recovered", f.counters["recovered"], 500)
    t.equal("spooled", f.counters["spooled"], 700)
    c.up()
    f = t.feeder(c, spool=t.spool)
    f.give(range(700, 900))
    t.wait("all arrives", lambda: f.taken == 900)
    t.equal("lines of the previous run are sent first, in order", c.paths[:700], list(range(700)))
    t.equal("each once", sorted(c.paths), list(range(900)))
    t.finish(f, written=900, recovered=700, spooled=0, spool_damage=0)
    t.equal("nothing is left on disk", os.listdir(t.spool), ["lock"])
    c.down()


def case_memory(t):
    """Without a spool, lines wait in memory; those that do not fit are counted."""
    c = Collector()
    c.down()
    f = t.feeder(c)
    f.give(range(100))
    time.sleep(0.2)
    c.up()
    t.wait("it arrives", lambda: f.taken == 100)
    t.equal("each once, in order", c.paths, list(range(100)))
    c.down()
    f.give(range(100, 40100), "m" * 4000)
    f.end()
    t.equal("exit code", f.process.returncode, 1)
    t.check("what did not fit is counted", f.counters["dropped_queue"] > 0, f.counters)
    t.equal("and what could not be delivered", f.counters["dropped_error"]
            + f.counters["dropped_queue"], 40000)
    t.finish(f, written=100)


def case_spool_limit(t):
    """At the limit the oldest lines are dropped and counted; the disk use is bounded."""
    c = Collector()
    c.down()
    limit = 8 << 20
    f = t.feeder(c, spool=t.spool, limit=limit)
    for start in range(0, 6000, 100):
        f.give(range(start, start + 100), "s" * 4000)
        t.wait("it is stored", lambda: f.stored == start + 100)
    size = sum(os.path.getsize(os.path.join(t.spool, n)) for n in os.listdir(t.spool))
    t.check("the limit holds", limit * 0.8 < size <= limit, size)
    c.up()
    t.wait("the rest arrives", lambda: f.waiting == 0, 30)
    paths = c.paths
    # The first batch had been read for sending.
    first = next(i for i, n in enumerate(paths) if n != i)
    t.check("the first are what was under way", 0 < first <= 100, first)
    t.equal("then come the newest, in order", paths[first:],
            list(range(6000 - len(paths) + first, 6000)))
    t.finish(f, written=len(paths), dropped_spool=6000 - len(paths), spooled=0)
    t.check("it is reported", "full: dropping the oldest" in f.messages, f.messages)
    c.down()


def case_disk_full(t):
    """A full disk: lines wait in memory."""
    small = os.path.join(t.dir, "small")
    os.mkdir(small)
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "none",
                                       small], capture_output=True, check=False).returncode:
        print("skip disk_full # needs root to mount a small disk")
        return
    try:
        c = Collector()
        c.down()
        f = t.feeder(c, spool=os.path.join(small, "spool"))
        f.give(range(300), "d" * 2000)
        t.wait("it is reported", lambda: "No space left" in f.messages)
        c.up()
        t.wait("all arrives", lambda: f.taken == 300)
        t.equal("each once", sorted(c.paths), list(range(300)))
        t.finish(f, written=300, spooled=0, dropped_error=0)
        c.down()
    finally:
        subprocess.run(["umount", small], check=True)


def case_two_daemons(t):
    c = Collector()
    f = t.feeder(c, spool=t.spool)
    f.give([1])
    t.wait("it arrives", lambda: f.taken == 1)
    g = t.feeder(c, spool=t.spool)
    g.process.wait(10)
    g.threads[1].join(10)
    t.equal("the second ends", g.process.returncode, 1)
    t.check("and reports why", "in use by another metlo-xdp" in g.messages, g.messages)
    t.finish(f, written=1)
    c.down()


def case_foreign_directory(t):
    c = Collector()
    with open(os.path.join(t.dir, "precious"), "w", encoding="ascii") as precious:
        precious.write("x")
    f = Feeder(t.program, f"http://localhost:{c.port}", t.dir)
    f.process.wait(10)
    f.threads[1].join(10)
    t.equal("it ends", f.process.returncode, 1)
    t.check("and reports why", "contains other files, such as precious" in f.messages, f.messages)
    c.down()


def case_tls(t):
    """The same over TLS with a private CA."""
    ca, key = os.path.join(t.dir, "ca.pem"), os.path.join(t.dir, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", key, "-out", ca], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca, key)
    c = Collector(context=context)
    c.backend.next = [{"status": 503}, {"take": False, "reset": "after"},
                      {"take": False, "cut": True}, {"take": False, "half_close": True}]
    f = t.feeder(c, spool=t.spool, ca=ca)
    f.give(range(2000))
    t.wait("all arrives", lambda: f.taken == 2000)
    t.equal("each once", sorted(c.paths), list(range(2000)))
    t.check("connections are kept", c.backend.seen["connections"] <= 12,
            c.backend.seen["connections"])
    t.finish(f, written=2000)
    f = t.feeder(c)
    f.give(range(5))
    t.wait("an unknown CA is reported",
           lambda: "its certificate is not trusted" in f.messages)
    f.end()
    c.down()


def case_kept_warm(t):
    """An idle connection is used from time to time, so that it stays open."""
    c = Collector()
    f = t.feeder(c)
    f.give([0])
    t.wait("the first arrives", lambda: f.taken == 1)
    t.wait("it is used meanwhile", lambda: c.backend.seen["asked"] >= 3)
    f.give([1])
    t.wait("the next arrives", lambda: f.taken == 2)
    t.equal("on the same connection", c.backend.seen["connections"], 1)
    t.finish(f, written=2)
    c.down()


def case_several_under_way(t):
    """A slow collector gets several batches at once."""
    c = Collector()
    f = t.feeder(c)
    f.give([0])
    t.wait("the first arrives", lambda: f.taken == 1)
    c.backend.always = {"delay": 0.1}
    f.give(range(1, 1000))
    t.wait("all arrives", lambda: f.taken == 1000)
    t.equal("four at a time", c.backend.seen["max_in_flight"], 4)
    t.equal("each once", sorted(c.paths), list(range(1000)))
    t.finish(f, written=1000)
    c.down()


def main():
    program, directory, *names = sys.argv[1:]
    failed = 0
    for name, run in list(globals().items()):
        if not name.startswith("case_") or (names and name[5:] not in names):
            continue
        t = Case(name[5:], directory, program)
        try:
            run(t)
        except Exception as e:  # the others are still worth running
            t.check("runs", False, repr(e))
        failed += t.failed
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
