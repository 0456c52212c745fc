"""One cycle of the endurance test: a chunk of traffic, events at random times while
it is sent, then quiet, in which every law must hold.

What was sent is known. Transactions of a chunk without simulated packet loss must
be reported once, complete and correct, unless an event of this cycle may cost
some; then as many may be missing as are counted as lost. A wrong transaction or
one that is reported twice is wrong under all circumstances.
"""
import collections
import glob
import json
import os
import signal
import sys
import time

import traffic
from rig import Failure, wait_for

sys.path.insert(0, os.path.join(traffic.TOP, "tests"))
import laws  # noqa: E402

QUIET = 60      # seconds in which a busy machine finishes its work
# A killed daemon loses what it has in hand, and of connections joined midstream up
# to 2.5 s; see restart.py.
KILL_SECONDS = 6
KEPT = 30
DROPS = ("dropped_queue", "dropped_error")


class History:
    """What goes on from one cycle of a rig to the next."""

    def __init__(self):
        self.number = 0
        # Consumed by earlier daemons since the program was attached.
        self.records = self.bytes = 0
        # At the last quiet moment.
        self.packets = self.dropped = self.sent = 0
        self.drops_seen = 0
        # By Metlo's sink, for which some of what is to arrive may be missing.
        self.metlo_drops = self.metlo_drops_seen = 0
        # Of the last cycles, which may still be reported: what was missing, and
        # what was reported, complete. A daemon takes until --idle-timeout.
        self.truths = collections.deque(maxlen=KEPT)
        self.reported = collections.deque([set()], maxlen=KEPT)
        # Not reported after a restart. On a connection that stays open, the next
        # daemon may wait for what tells which response it is, until it ends.
        self.awaited = {}       # {id: number of its cycle}
        self.to_arrive = {}     # at Metlo: {id: number of its cycle}
        self.unsafe = {}        # the same, while the sink may have them in memory
        self.taken_at = 0       # read up to here
        self.arrived = set()
        self.arrived_twice = 0
        self.laws = 0           # how often they were checked
        self.lines = self.transactions = self.missing = 0
        self.assumed_wrongly = 0    # pairs that were flagged as a guess
        self.missing_by = {}
        self.events = {}
        self.failures = []


    def rebase(self, counters):
        """What the daemon that runs has not consumed, others have."""
        records, size = consumed(counters)
        self.records = counters["records"] - records
        self.bytes = counters["delivered_bytes"] - size


class Cycle:
    def __init__(self, rig, history, rng, chunk):
        self.rig, self.h, self.rng, self.chunk = rig, history, rng, chunk
        self.losses, self.notes = set(), []
        self.in_memory = False      # Metlo's sink holds some that are not spooled
        self.playing = False
        self.counted = 0    # lines dropped or left out in this cycle
        self.attached_anew = False
        self.killed = 0
        self.truth = dict(chunk.truth) if chunk else {}
        self.halves = set()
        self.why = {}       # {id: what was wrong with it}

    def note(self, text):
        self.notes.append(text)

    # --- actions of events --------------------------------------------------------

    def rotate(self):
        """Renames the file and asks for another; ends when it is there."""
        out = self.rig.out
        if not os.path.exists(out):
            return
        os.rename(out, f"{out}.{time.monotonic_ns():020d}")
        self.rig.daemon.send_signal(signal.SIGUSR1)
        if "disk" not in self.losses and not wait_for(30, lambda: os.path.exists(out)):
            raise Failure("the file is not opened again: " + self.rig.log_tail())

    def account(self, summary):
        """Adds what a daemon that has ended had counted."""
        records, size = consumed(summary)
        self.h.records += records
        self.h.bytes += size
        self.count_lost(summary)
        self.h.drops_seen = self.h.metlo_drops_seen = 0
        self.laws_of_ended(summary)

    def count_lost(self, counters):
        """Adds what this daemon has lost since the last call."""
        lost, dropped = lost_lines(counters), dropped_by_metlo(counters)
        self.counted += lost - self.h.drops_seen
        self.h.metlo_drops += dropped - self.h.metlo_drops_seen
        self.h.drops_seen, self.h.metlo_drops_seen = lost, dropped

    def laws_of_ended(self, summary):
        # The kernel counts since it was attached, and goes on counting.
        summary["records"], summary["delivered_bytes"] = consumed(summary)
        broken = laws.broken(summary)
        self.h.laws += 1
        if broken:
            raise Failure(f"summary: {broken}")

    def restart(self, sig, pause=0.0):
        self.h.unsafe.clear()
        summary = self.rig.end(sig)
        if summary:
            self.account(summary)
        else:
            self.killed += 1
            self.h.awaited.clear()
        time.sleep(pause)
        self.started_anew()

    def started_anew(self):
        self.h.unsafe.clear()
        self.h.drops_seen = self.h.metlo_drops_seen = 0
        self.rig.start()

    def recreate(self):
        """The daemon ends by itself when its interface goes away; the service
        manager starts it when there is another."""
        self.h.unsafe.clear()
        self.rig.delete_interface()
        summary = self.rig.ended("the daemon does not end with its interface", (1,))
        self.account(summary)
        self.rig.make_interface()
        # Maps and rings are pinned, so counters go on.
        self.rig.start()

    def detach(self):
        self.h.unsafe.clear()
        self.account(self.rig.end(signal.SIGTERM))
        code = os.spawnvp(os.P_WAIT, self.rig.metlo, [self.rig.metlo, "detach", self.rig.iface])
        if code:
            raise Failure(f"detach ends with {code}")
        self.anew()

    def anew(self):
        self.h.records = self.h.bytes = 0
        self.attached_anew = True
        self.rig.start()

    # --- the cycle ---------------------------------------------------------------------

    def run(self, events, rate):
        seconds = self.chunk.frames / rate
        plan = sorted((self.rng.random() * seconds, i, e) for i, e in enumerate(events))
        ends = []
        self.rig.play(self.chunk.path, rate)
        self.playing = True
        begin = time.monotonic()
        for at, _, event in plan:
            time.sleep(max(0, begin + at - time.monotonic()))
            self.note(event.__name__)
            self.h.events[event.__name__] = self.h.events.get(event.__name__, 0) + 1
            end = event(self)
            if end and self.rng.random() < 0.3:
                time.sleep(self.rng.random() * 2)
                end()
            elif end:
                ends.append(end)
        self.rig.played()
        self.playing = False
        for end in ends:
            end()
        self.check()

    def check(self):
        counters = self.quiet()
        self.in_memory = any(k["bytes_queued"] for k in counters["output"]["sinks"])
        self.frames(counters)
        self.count_lost(counters)
        self.output()
        self.metlo()

    def problems(self, c):
        """What does not hold yet."""
        if c is None:
            return ["no counters"]
        if c["ring_waiting"]:
            return [f"{c['ring_waiting']} bytes wait in the rings"]
        if self.killed or "kill" in self.losses:
            # What the killed one consumed is the difference, if it is one.
            records, size = consumed(c)
            records = c["records"] - records - self.h.records
            size = c["delivered_bytes"] - size - self.h.bytes
            if records < 0 or size < 0:
                return [f"{-records} records, {-size} bytes consumed twice"]
        else:
            records = size = 0
        c = {**c, "records": c["records"] - self.h.records - records,
             "delivered_bytes": c["delivered_bytes"] - self.h.bytes - size}
        return laws.broken(c, running=True)

    def quiet(self):
        """Waits until all is processed and every law holds."""
        end = time.monotonic() + QUIET
        while True:
            before = self.rig.counters()
            time.sleep(0.3)
            counters = self.rig.counters()
            broken = self.problems(counters)
            if not broken and before and all(
                    before[n] == counters[n] for n in ("packets", "stream")):
                break
            if self.rig.daemon.poll() is not None:
                raise Failure("the daemon has ended: " + self.rig.log_tail())
            if time.monotonic() > end:
                raise Failure(f"not quiet after {QUIET} s: {broken}")
        self.h.laws += 1
        if self.killed:
            self.h.rebase(counters)
        return counters

    def frames(self, c):
        """Every frame sent has been seen, or was dropped by the kernel."""
        sent, dropped = self.rig.frames_sent, self.rig.dropped()
        seen = c["packets"] - (0 if self.attached_anew else self.h.packets)
        lost = dropped - (0 if self.attached_anew else self.h.dropped)
        if "link" not in self.losses and seen + lost != sent - self.h.sent:
            raise Failure(f"{sent - self.h.sent} frames sent, {seen} seen, {lost} dropped")
        if seen > sent - self.h.sent:
            raise Failure(f"{sent - self.h.sent} frames sent, but {seen} seen")
        if lost and "link" not in self.losses:
            self.losses.add("kernel")
        if c["ring_full"]:
            self.losses.add("ring_full")
        self.h.packets, self.h.dropped, self.h.sent = c["packets"], dropped, sent

    # --- output ------------------------------------------------------------------------

    def output(self):
        end = time.monotonic() + 10
        problems = []
        while True:
            self.rotate()
            problems += self.read_files()
            if not self.truth or time.monotonic() > end or problems or self.may_miss():
                break
            time.sleep(0.3)
        if problems:
            raise Failure("; ".join(problems[:5]))
        missing = set(self.truth)
        self.h.transactions += len(self.chunk.truth)
        if self.chunk.lossy:
            return
        gone = {t for t in missing if number_of(t) not in self.halves}
        self.h.missing += len(missing)
        if missing:
            key = "+".join(sorted(self.losses)) or "none"
            n, m = self.h.missing_by.get(key, (0, 0))
            self.h.missing_by[key] = (n + len(missing), m + len(gone))
        self.judge(missing, gone)

    def may_miss(self):
        return self.chunk.lossy or self.losses - {"term"}

    def judge(self, missing, gone):
        """Whether as much is missing as may be."""
        some = [(t, self.why.get(number_of(t))) for t in sorted(missing)[:5]]
        # Without an event, by a wide limit: what was counted against a narrow one
        # of an earlier cycle counts on.
        if self.losses & {"narrow", "disk"}:
            self.h.awaited.clear()
        if self.losses == {"term"} and len(gone) > self.counted:
            self.h.awaited.update((number_of(t), self.h.number) for t in gone)
        if self.losses <= {"disk", "narrow"} and len(missing) > self.counted:
            raise Failure(f"{len(missing)} transactions are missing, {self.counted} counted: {some}")

    def read_files(self):
        problems = []
        for path in sorted(glob.glob(self.rig.out + ".*")):
            with open(path, "rb") as f:
                for line in f:
                    self.h.lines += 1
                    problem = self.line(line)
                    if problem:
                        problems.append(f"{os.path.basename(path)}: {problem}")
            if problems:
                os.system(f"cp {path} {self.rig.dir}/")
            os.unlink(path)
        return problems

    def line(self, line):
        """Judges one line of output; returns what is wrong with it."""
        if not line.endswith(b"\n"):
            # Of a killed daemon, whose successor began another file.
            return None if self.killed else f"cut line {line[:80]!r}"
        try:
            t = json.loads(line)
        except ValueError:
            return f"no JSON: {line[:200]!r}"
        request, response, capture = t["request"], t["response"], t["capture"]
        target = capture["target"] if request else None
        ids = {traffic.check.id_of(target) if target else None,
               traffic.check.x_id(response) if response else None} - {None}
        if target and target.startswith(("/odd/", "/half/")):
            return f"{target} with the response {ids}" if ids else None
        for number in ids:
            self.h.awaited.pop(number, None)
        if len(ids) > 1 and "pair-assumed" in capture["flags"]:
            self.h.assumed_wrongly += 1
            self.halves |= ids
            return None
        if len(ids) > 1:
            return f"request and response of different transactions: {ids}"
        if not request or not response or set(capture["flags"]) - {"body-limit"}:
            self.halves |= ids
            for number in ids:
                self.why[number] = f"request: {bool(request)}, response: {bool(response)}, {capture['flags']}"
            return None
        return self.complete(target, request, response, capture)

    def complete(self, target, request, response, capture):
        if any(target in done for done in self.h.reported):
            return f"reported twice: {target}"
        want = next((truth.pop(target) for truth in (self.truth, *self.h.truths)
                     if target in truth), None)
        if want is None:
            return f"never sent: {target}"
        hashes = [(capture[side + "BodySha256"] or "")[:16] for side in ("request", "response")]
        if request["method"] != "POST":
            hashes[0] = ""
        # Beyond --body-limit there is no hash.
        hashes = [h or w for h, w in zip(hashes, want[4:6])]
        got = (request["method"], response["status"], capture["requestBodyBytes"],
               capture["responseBodyBytes"], *hashes, capture["vni"])
        if got != want:
            return f"{target}: got {got}, sent {want}"
        self.h.reported[-1].add(target)
        if "kill" not in self.losses and number_of(target) not in self.h.arrived:
            self.h.unsafe[number_of(target)] = self.h.number
        return None

    # --- Metlo --------------------------------------------------------------------------

    def metlo(self):
        """Notes what has arrived, and what must because the spool has it."""
        new = b""
        if os.path.exists(self.rig.taken):
            with open(self.rig.taken, "rb") as f:
                f.seek(self.h.taken_at)
                new = f.read()
                self.h.taken_at = f.tell()
        for line in new.splitlines():
            number = line.rpartition(b"/")[2].decode()
            self.h.arrived_twice += number in self.h.arrived
            self.h.arrived.add(number)
            self.h.to_arrive.pop(number, None)
            self.h.unsafe.pop(number, None)
        if not self.in_memory:
            self.h.to_arrive.update(self.h.unsafe)
            self.h.unsafe.clear()


def consumed(counters):
    """Records and bytes that one daemon has taken from the rings."""
    stream, fragments = counters["stream"], counters["fragments"]
    return (stream["records"] - fragments["records"] + fragments["fragments"],
            stream["bytes_in"] - fragments["record_bytes"] + fragments["bytes"])


def number_of(target):
    return traffic.check.id_of(target)


def dropped_by_metlo(s):
    """Of those submitted to Metlo's sink, the ones it gave up, counted."""
    metlo = next((k for k in s["output"]["sinks"] if k["name"].startswith("metlo")), {})
    return sum(n for name, n in metlo.items() if name.startswith("dropped_"))


def lost_lines(s):
    """Transactions that NDJSON lacks, as counted by one daemon."""
    ndjson = next((k for k in s["output"]["sinks"] if k["name"].startswith("ndjson")), {})
    return sum(ndjson.get(d, 0) for d in DROPS) + sum(
        n for name, n in s["selection"].items() if name != "selected")
