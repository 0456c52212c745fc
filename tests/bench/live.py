#!/usr/bin/env python3
"""The live benchmark: the highest rate without loss, and the CPU cost per packet.

  sudo tests/bench/live.py [options] [TOOL...]     TOOL: metlo, metlo-2, suricata, tpacket

live_inject sends generated traffic (tests/gen/mkhttp --preset) through a veth at
a paced rate, as BPF live frames. Each pass over the capture uses new connections.
metlo-2 has two workers, on one CPU; tpacket only counts packets.

A tool sustains a rate if it loses nothing in two of three runs, according to its
own counters, the number of packets sent and the number of complete transactions.
Each run sends ten times what the tool's ring holds, so that a large ring does not
hide losses. The search for the highest sustained rate stops at steps of 8 %. The
report says if the injector's CPU limits the rate.
"""
import argparse
import os
import shutil
import signal
import statistics
import sys
import tempfile

from live_tools import MIB, TOOLS, TOP, Failed, Net, inject, sh, softirq_s

STEP = 1.08      # resolution of the search for the highest rate
REACHED = 0.97   # share of the requested rate; below it, the injector is the limit
RINGS = 10       # minimum amount that a run sends, in rings of the receiver
ABOVE = (1.2, 1.5, 2)


class Trace:
    """Generated traffic; more: further options of mkhttp."""

    def __init__(self, conf, tmp, preset, *more):
        self.path = os.path.join(tmp, "trace.pcap")
        truth = os.path.join(tmp, "truth")
        sh(os.path.join(conf.build, "tests/gen/mkhttp"), "--preset", preset,
           "--scale", str(conf.scale), *more, "--truth", truth, self.path)
        with open(truth, "rb") as f:
            self.transactions = sum(1 for _ in f)
        self.frames = 0
        with open(self.path, "rb") as f:
            size = f.seek(0, os.SEEK_END)
            f.seek(24)
            while f.tell() < size:
                f.seek(8, os.SEEK_CUR)
                f.seek(4 + int.from_bytes(f.read(4), "little"), os.SEEK_CUR)
                self.frames += 1
        self.mean = (size - 24) / self.frames - 16


class Point:
    """One run at one rate."""

    def __init__(self, tool, trace, sent, seen, cpu_s, softirq):
        self.tool, self.asked = tool, sent["asked"]
        self.reached, self.seconds = sent["rate"], sent["seconds"]
        self.packets = sent["sent"]
        self.lost = seen["lost"] + self.packets - seen["seen"]
        self.expected = round(trace.transactions * self.packets / trace.frames)
        self.complete = seen["transactions"]
        self.cpu_per_mpkt = cpu_s * 1e6 / self.packets
        self.softirq_per_mpkt = softirq * 1e6 / self.packets
        self.seen = seen

    @property
    def limited(self):
        return bool(self.asked) and self.reached < REACHED * self.asked

    @property
    def clean(self):
        return not self.lost and self.complete in (None, self.expected)

    @property
    def loss(self):
        return 100 * self.lost / self.packets

    def missing(self):
        if self.complete is None:
            return ""
        return f"{100 - 100 * self.complete / self.expected:8.3f}"

    def row(self):
        return (f"{self.tool:9} {self.asked / 1e3:8.0f} {self.reached / 1e3:8.0f} "
                f"{self.seconds:6.2f} {self.packets:9d} {self.loss:8.3f} {self.missing():>8} "
                f"{self.cpu_per_mpkt:7.3f} {self.softirq_per_mpkt:7.3f}")


HEAD = (f"{'tool':9} {'asked':>8} {'reached':>8} {'s':>6} {'packets':>9} {'lost %':>8} "
        f"{'missing%':>8} {'CPU s':>7} {'softirq':>7}")


class Bench:
    def __init__(self, conf, tmp):
        self.conf, self.tmp = conf, tmp
        self.trace = Trace(conf, tmp, conf.preset)
        self.net = Net()

    def say(self, text):
        print(text, file=sys.stderr if self.conf.bench else sys.stdout, flush=True)

    def run(self, tool, rate, passes=0, full=False):
        """One run at this rate in packets per second; 0: as fast as possible.
        full: long enough that the ring's capacity makes little difference."""
        seconds = self.conf.seconds
        if not passes:
            passes = max(1, round((rate or 2e6) * seconds / self.trace.frames))
            if full:
                held = TOOLS[tool].ring(self.conf) * MIB / self.trace.mean
                passes = max(passes, round(RINGS * held / self.trace.frames))
        receiver = TOOLS[tool](self.net, self.conf, self.tmp)
        receiver.start()
        try:
            cpu, soft = receiver.cpu_ns(), softirq_s(self.conf.cpus[0])
            sent = inject(self.net, self.conf, self.trace, rate, min(passes, 256))
            soft = softirq_s(self.conf.cpus[0]) - soft
            receiver.settle()
            cpu = receiver.cpu_ns() - cpu
        finally:
            receiver.end()
        point = Point(tool, self.trace, sent, receiver.result(), cpu / 1e9, soft)
        self.say(point.row())
        return point

    def passes(self, tool, rate):
        """The best run at this rate if two of three lose nothing, else None."""
        good, bad = [], 0
        while len(good) < 2 and bad < 2:
            p = self.run(tool, rate, full=True)
            if p.clean:
                good.append(p)
            else:
                bad += 1
                # With losses this high, another run would not pass either.
                if p.loss > 10:
                    break
        return max(good, key=lambda p: p.reached) if len(good) == 2 else None

    def highest(self, tool):
        """The run at the highest rate without loss; its property limited is set
        if the injector cannot send faster."""
        best, fails, rate = None, 0.0, self.conf.from_rate
        while not fails or not best or fails / best.asked > STEP:
            p = self.passes(tool, rate)
            if p:
                best = p
                if p.limited:
                    return p
                rate = (p.asked * fails) ** 0.5 if fails else p.asked * 2
            else:
                fails = rate
                if not best and rate < 2000:
                    return None
                rate = (best.asked * fails) ** 0.5 if best else rate / 2
        return best

    def cost(self, tool, rate):
        runs = [self.run(tool, rate) for _ in range(self.conf.repeats)]
        # The minimum, because other load only adds to the cost.
        return (min(p.cpu_per_mpkt for p in runs), min(p.softirq_per_mpkt for p in runs))


def describe(bench):
    conf, trace = bench.conf, bench.trace
    bench.say(
        f"live: {trace.transactions} transactions in {trace.frames} frames of "
        f"{trace.mean:.0f} bytes ({conf.preset}), {conf.seconds:g} s or more per run, sent in "
        f"bursts of 64; output to {conf.output}\n"
        f"CPU {conf.cpus[0]}: injector, NAPI, XDP or the copy of AF_PACKET; "
        f"CPU {conf.cpus[1]}: all threads of the receiver\n"
        f"rings: metlo {conf.metlo_ring} MiB per worker, suricata and tpacket "
        f"{conf.other_ring} MiB (TPACKET_V3, blocks of 1 MiB)\n"
        "rates in thousands of packets a second; CPU s: the receiver's, softirq: that of the "
        "injector's CPU, both per million packets\n" + HEAD)


def emit(bench, name, value, unit):
    if bench.conf.bench:
        print(f"bench live.{name} {value} {unit}", flush=True)


def report_highest(bench, tools):
    found = {}
    for tool in tools:
        p = bench.highest(tool)
        if not p:
            bench.say(f"{tool}: loses packets at every rate")
            continue
        found[tool] = p
        emit(bench, f"{tool}.max_pps", round(p.reached), "pps")
        emit(bench, f"{tool}.max_is_injector", int(p.limited), "bool")
        emit(bench, f"{tool}.cpu_s_per_mpkt_at_max", f"{p.cpu_per_mpkt:.3f}", "s")
        for above in ABOVE:
            if p.limited:
                break
            q = bench.run(tool, p.asked * above, full=True)
            emit(bench, f"{tool}.loss_at_{above}x", f"{q.loss:.3f}", "%")
            if q.limited:
                break
    return found


def large(bench):
    """Compares downloads of 1 MiB with bodies of 1 KiB: the share that is shunted
    and the cost per transaction. One trace at a time, because they are large."""
    conf = bench.conf
    rate = conf.rates[0] if conf.rates else 100000
    for name, preset, more in (("1k", "standard", ("--body", "1024-1024")),
                               ("large", "large", ())):
        bench.trace = Trace(conf, bench.tmp, preset, *more)
        runs = [bench.run("metlo", rate) for _ in range(conf.repeats)]
        cpu, soft = (min(getattr(p, part) * p.packets / p.expected for p in runs)
                     for part in ("cpu_per_mpkt", "softirq_per_mpkt"))
        bench.say(f"bodies, {name}: {cpu:.2f} us of CPU per transaction, softirq {soft:.2f} us")
        emit(bench, f"{name}.cpu_per_transaction", f"{cpu:.3f}", "us")
        emit(bench, f"{name}.softirq_per_transaction", f"{soft:.3f}", "us")
    shunted = statistics.median(p.seen["shunted_bytes"] / p.expected for p in runs)
    # The first 64 KiB, the default of --body-limit, must reach user space.
    for name, of in (("", MIB), ("_beyond_limit", MIB - 65536)):
        share = 100 * shunted / of
        bench.say(f"bodies, large: {share:.2f} % of the body bytes{name.replace('_', ' ')} "
                  "shunted in the kernel")
        emit(bench, f"large.shunted{name}", f"{share:.3f}", "%")


def report(bench, tools):
    costs, found = {}, {}
    for rate in bench.conf.rates:
        for tool in tools:
            costs[tool, rate] = bench.cost(tool, rate)
    if not bench.conf.no_search:
        found = report_highest(bench, tools)
    bench.say("")
    for (tool, rate), (cpu, soft) in costs.items():
        bench.say(f"{tool:9} at {rate / 1e3:.0f} kpps: {cpu:.3f} s of CPU per million packets, "
                  f"softirq {soft:.3f} s")
        emit(bench, f"{tool}.cpu_s_per_mpkt_at_{rate // 1000}k", f"{cpu:.3f}", "s")
        emit(bench, f"{tool}.softirq_s_per_mpkt_at_{rate // 1000}k", f"{soft:.3f}", "s")
    for tool, p in found.items():
        bench.say(f"{tool:9} highest rate without loss: {p.reached / 1e3:.0f} kpps"
                  + (" (limited by the injector's CPU)" if p.limited else ""))
    if "metlo" in found and "suricata" in found:
        ratio = found["metlo"].reached / found["suricata"].reached
        bench.say(f"metlo / suricata: {ratio:.1f}")
        emit(bench, "ratio", f"{ratio:.2f}", "x")
    if "metlo" in tools and not bench.conf.no_large:
        large(bench)


def small(bench):
    """Checks the counts with a few thousand transactions at a low rate."""
    failed = False
    for tool, rate, passes in (("metlo", 20000, 2), ("metlo-2", 40000, 2),
                               ("tpacket", 20000, 1)):
        try:
            p = bench.run(tool, rate, passes)
            ok, why = p.clean, f"{p.row()}, {p.complete} of {p.expected} transactions, {p.seen}"
        except Failed as e:
            ok, why = False, str(e)
        failed |= not ok
        print(f"{'ok' if ok else 'not ok'} {tool}: no loss in {passes} passes at {rate} per second")
        if not ok:
            print("\n".join("#   " + line for line in why.splitlines()))
    return failed


def options(args=None):
    cpus = sorted(os.sched_getaffinity(0))
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("tools", nargs="*", metavar="TOOL", help="(metlo suricata tpacket)")
    p.add_argument("--bench", action="store_true", help='lines "bench live.TOOL.WHAT VALUE UNIT"')
    p.add_argument("--small", action="store_true", help="check counts only; takes seconds")
    p.add_argument("--build", default=os.path.join(TOP, os.environ.get("O", "build")))
    p.add_argument("--preset", default="standard", help="preset of mkhttp (standard)")
    p.add_argument("--scale", type=float, default=1, help="factor for the size of the trace (1)")
    p.add_argument("--seconds", type=float, default=4, help="length of a run, at least one pass (4)")
    p.add_argument("--rates", default="100000", help="rates at which to measure costs (100000)")
    p.add_argument("--repeats", type=int, default=3, help="runs per cost (3)")
    p.add_argument("--from-rate", type=int, default=200000, help="start of the search (200000)")
    p.add_argument("--no-search", action="store_true", help="measure only the costs")
    p.add_argument("--no-large", action="store_true", help="skip downloads of 1 MiB")
    p.add_argument("--output", choices=("null", "file"), default="null")
    p.add_argument("--metlo-ring", type=int, default=16, help="MiB per worker (16, its default)")
    p.add_argument("--other-ring", type=int, default=128, help="MiB, of the other tools (128)")
    p.add_argument("--metlo-options", default="", help="further options of metlo-xdp attach")
    p.add_argument("--cpus", default=f"{cpus[0]},{cpus[min(1, len(cpus) - 1)]}",
                   help="CPUs of the injector and of the receiver")
    conf = p.parse_args(args)
    conf.cpus = [int(c) for c in conf.cpus.split(",")]
    conf.rates = [int(r) for r in conf.rates.split(",") if r]
    conf.metlo_options = conf.metlo_options.split()
    if conf.small:
        conf.scale = 0.02
    for tool in conf.tools:
        if tool not in TOOLS:
            p.error(f"no tool {tool}: {' '.join(TOOLS)}")
    return conf


def main():
    conf = options()
    if os.geteuid():
        print("skip live # needs root")
        return 0
    tools = conf.tools or ["metlo", "suricata", "tpacket"]
    if "suricata" in tools and not shutil.which("suricata"):
        tools.remove("suricata")
        print("skip live.suricata # suricata is not installed")
    # Exit normally, so that the namespaces are removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="metlo-live.") as tmp:
        try:
            bench = Bench(conf, tmp)
            if conf.small:
                return int(small(bench))
            describe(bench)
            report(bench, tools)
        except Failed as e:
            print(f"live: {e}", file=sys.stderr)
            if conf.small:
                print("not ok live")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
