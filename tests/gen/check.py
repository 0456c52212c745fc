#!/usr/bin/env python3
"""Generates traffic, replays it and compares with the truth.

  tests/gen/check.py NAME [--loss-like] [--max-rss MIB] MKHTTP-OPTION...
                     [-- REPLAY-OPTION...]

All transactions must be found with every field correct. With --loss-like, for
traffic with losses, some may be missing but none may be wrong. Prints result
lines and the peak memory of the replay.
"""
import json
import os
import resource
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests"))
import laws  # noqa: E402

BUILD = os.path.join(TOP, os.environ.get("O", "build"))
METLO = os.environ.get("METLO") or os.path.join(BUILD, "metlo-xdp")
MKHTTP = os.path.join(BUILD, "tests", "gen", "mkhttp")


def result(name, problems):
    print(f"{'not ok' if problems else 'ok'} {name}")
    for p in problems[:10]:
        print(f"#   {p}"[:500])
    return not problems


def truth_of(path):
    """{target: the other fields, as compare() builds them}"""
    truth = {}
    with open(path) as f:
        for line in f:
            method, target, status, req_len, rsp_len, req_sha, rsp_sha, vni = \
                line.rstrip("\n").split("\t")
            truth[target] = (method, int(status), int(req_len), int(rsp_len),
                             "" if req_sha == "-" else req_sha, rsp_sha, int(vni))
    return truth


def x_id(message):
    return next((h["value"] for h in message["headers"] if h["name"] == "X-Id"), None)


def id_of(target):
    """The number in /v1/items/<id>?n=..., None if it was lost."""
    path, _, query = target.partition("?")
    return path.rpartition("/")[2] if query else None


def compare(line, truth, lossy):
    """Describes what is wrong with a transaction; None if it is correct."""
    t = json.loads(line)
    req, rsp, cap = t["request"], t["response"], t["capture"]
    if req and cap["target"] == "/half/open":
        return None if rsp is None else "a response that was never sent"
    if req and rsp and None not in (id_of(cap["target"]), x_id(rsp)) \
            and id_of(cap["target"]) != x_id(rsp):
        return f"request {id_of(cap['target'])} with response {x_id(rsp)}"
    if lossy and (not req or not rsp or cap["flags"]):
        return None
    if not req or not rsp:
        return f"request or response missing: {line[:300]}"
    want = truth.pop(cap["target"], None)
    # Ignore the hash of an empty request body.
    got = (req["method"], rsp["status"], cap["requestBodyBytes"],
           cap["responseBodyBytes"],
           (cap["requestBodySha256"] or "")[:16] if req["method"] == "POST" else "",
           (cap["responseBodySha256"] or "")[:16], cap["vni"])
    if want is None:
        return f"never sent, or found twice: {cap['target']}"
    return None if got == want else f"{cap['target']}: got {got}, expected {want}"


def peak_mib(pid):
    _, status, usage = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024


def main():
    args = sys.argv[1:]
    name = args.pop(0)
    lossy = "--loss-like" in args
    if lossy:
        args.remove("--loss-like")
    max_rss = None
    if "--max-rss" in args:
        i = args.index("--max-rss")
        max_rss = float(args[i + 1])
        del args[i:i + 2]
    i = args.index("--") if "--" in args else len(args)
    gen_options, replay_options = args[:i], args[i + 1:]

    with tempfile.TemporaryDirectory() as tmp:
        truth_file, summary_file = os.path.join(tmp, "truth"), os.path.join(tmp, "summary")
        gen = subprocess.Popen([MKHTTP, *gen_options, "--truth", truth_file, "-"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with open(os.path.join(tmp, "err"), "w+b") as err:
            replay = subprocess.Popen(
                [METLO, "replay", "--body-hash", "--no-redact", "--summary",
                 summary_file, *replay_options, "-"],
                stdin=gen.stdout, stdout=subprocess.PIPE, stderr=err)
            gen.stdout.close()
            lines = tempfile.TemporaryFile(dir=tmp)
            while chunk := replay.stdout.read(1 << 20):
                lines.write(chunk)
            code, rss = peak_mib(replay.pid)
            gen.communicate()
            err.seek(0)
            log = err.read().decode(errors="replace")
        good = result(f"{name}: replay succeeds",
                      [] if code == 0 and gen.returncode == 0 else
                      [f"exit codes {code}, {gen.returncode}", log[-1500:]])
        if not good:
            return 1
        truth = truth_of(truth_file)
        sent = len(truth)
        lines.seek(0)
        problems = [p for p in (compare(line, truth, lossy) for line in lines) if p]
        if not lossy:
            problems += [f"not found: {t}" for t in truth]
        good &= result(f"{name}: transactions are those that were sent", problems)
        with open(summary_file) as f:
            summary = json.load(f)
        good &= result(f"{name}: counters add up", laws.broken(summary))
        if lossy:
            print(f"# show: {name}: {sent - len(truth)} of {sent} transactions complete")
        if max_rss:
            good &= result(f"{name}: memory stays below {max_rss:.0f} MiB",
                           [] if rss <= max_rss else [f"{rss:.0f} MiB"])
        print(f"# show: {name}: {summary['packets']} packets, peak memory {rss:.0f} MiB, "
              f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime:.1f} s CPU with the generator")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
