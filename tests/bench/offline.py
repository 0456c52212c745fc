"""Offline part: CPU time, memory and completeness of each tool on captures."""
import statistics
import sys

import table
from measure import Failed, run, warm
from other_tools import OTHER_TOOLS, Metlo
from traces import VARIANTS, Trace, cannot, score


class Entry:
    """A tool in one of its modes."""

    def __init__(self, tool, mode):
        self.tool, self.mode = tool, mode
        self.usages = []
        self.complete = self.extra = None
        self.failed = None

    def run(self, env, trace, counted=True):
        tool = self.tool
        tool.prepare(self.mode)
        usage = run(env, tool.command(trace, self.mode),
                    stdout=tool.stdout_to and tool.out(tool.stdout_to),
                    stderr=tool.stderr_to and tool.out(tool.stderr_to))
        if counted:
            self.usages.append(usage)

    def row(self, trace):
        cpus = [u.cpu for u in self.usages]
        best = min(self.usages, key=lambda u: u.cpu)
        return {
            "variant": trace.variant, "tool": self.tool.name, "output": self.mode,
            "writes": self.tool.writes,
            "cpu_s": best.cpu, "user_s": best.user, "sys_s": best.sys,
            "cpu_median_s": statistics.median(cpus), "cpu_max_s": max(cpus),
            "peak_mib": min(u.peak_mib for u in self.usages),
            "per_cpu_s": len(trace.truth) / best.cpu,
            "mb_per_cpu_s": trace.bytes / 1e6 / best.cpu,
            "sent": len(trace.truth), "complete": self.complete, "extra": self.extra,
        }


def progress(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def attempt(entry, what):
    """Runs what() unless the entry has failed before."""
    if entry.failed:
        return
    try:
        what()
    except (Failed, OSError, ValueError, KeyError) as e:
        entry.failed = str(e) or repr(e)
        progress(f"{entry.tool.name}: {entry.failed}")


def count(env, entry, trace):
    entry.complete, entry.extra = score(trace, entry.tool.records())


def measure_variant(env, variant, tools):
    """The rows of one variant."""
    progress(f"offline, {variant}: {VARIANTS[variant]}")
    trace = Trace(env, variant)
    warm(trace.path)
    # Variants are measured less: other tools write to a file only, and half as
    # many rounds are run.
    whole = variant == "standard"
    entries = [Entry(t, m) for t in tools for m in t.modes
               if whole or not t.slow and (m == "file" or t.name == Metlo.name)]
    if variant == "http2":
        entries += [Entry(t, "heads") for t in tools if t.name == Metlo.name]
    rounds = env.rounds if whole else (env.rounds + 1) // 2
    for e in entries:
        if not e.tool.slow:
            attempt(e, lambda: e.run(env, trace, counted=False))
    for round_ in range(rounds):
        for e in entries:
            if round_ == 0 or not e.tool.slow:
                attempt(e, lambda: e.run(env, trace))
    # The output does not depend on the mode, so count it in the file only.
    for e in entries:
        if e.mode == "file":
            attempt(e, lambda: count(env, e, trace))
    for e in entries:
        e.tool.prepare(e.mode)
    for e in entries:
        read = next((w for w in entries if w.tool is e.tool and w.mode == "file"), e)
        e.complete, e.extra = read.complete, read.extra
    trace.remove()
    return [e.row(trace) for e in entries if e.usages and not e.failed]


def part(env, results):
    """Measures all variants; fills results["offline"] and ["tools"]."""
    installed = []
    for tool in [Metlo(env), *(t(env) for t in OTHER_TOOLS)]:
        if not tool.program:
            state = "not installed"
        elif tool.cannot:
            state = f"{tool.version()}, not run: {tool.cannot}"
        else:
            state = tool.version()
            installed.append(tool)
        results["tools"][tool.name] = state
    for variant in env.variants:
        if cannot(variant):
            progress(f"offline, {variant}: {cannot(variant)}")
            continue
        results["offline"] += measure_variant(env, variant, installed)
        env.save(results)


def find(rows, variant, tool, output):
    return next((r for r in rows if (r["variant"], r["tool"], r["output"]) ==
                 (variant, tool, output)), None)


def ours(rows, row):
    return find(rows, row["variant"], Metlo.name, row["output"])


def show(results):
    rows = results["offline"]
    if not rows:
        return
    table.show("Tools", ["tool", "version"], sorted(results["tools"].items()))
    head = ["traffic", "tool", "to", "writes", "CPU s", "(max)", "tx/CPU s", "MB/CPU s",
            "us/it", "peak MiB", "it/us", "complete", "else"]
    body, last = [], None
    for r in rows:
        us = ours(rows, r)
        same = us is r or not us
        body.append([
            r["variant"] if r["variant"] != last else "", r["tool"], r["output"], r["writes"],
            r["cpu_s"], f"({table.number(r['cpu_max_s'])})", r["per_cpu_s"], r["mb_per_cpu_s"],
            "" if same else f"{r['cpu_s'] / us['cpu_s']:.1f} x",
            r["peak_mib"], "" if same else f"{r['peak_mib'] / us['peak_mib']:.1f} x",
            f"{r['complete']:,} of {r['sent']:,}", r["extra"]])
        last = r["variant"]
    table.show("Offline: captures read on one CPU, minimum of all rounds; us/it: our transactions "
               "per CPU second over its own;\ncomplete: transactions found correct; else: records "
               "that are wrong, duplicate or partial", head, body)
