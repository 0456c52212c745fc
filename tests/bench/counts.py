"""Checks that every transaction sent is found, in each variant of the traffic.
Unlike the measurements, this does not depend on the machine."""
import json
import os
import sys

from measure import Failed, run
from other_tools import Metlo
from traces import Trace, cannot, score

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import laws  # noqa: E402


def result(name, problems):
    print(f"{'not ok' if problems else 'ok'} {name}")
    for p in problems:
        print(f"#   {p}"[:500])
    return not problems


def spoil(records):
    """Removes one record, changes the status of one, duplicates one."""
    return [*records[2:], (records[1][0], 599, records[1][2]), records[2]]


def variant(env, name):
    if cannot(name):
        print(f"skip {name} # {cannot(name)}")
        return True
    tool, trace = Metlo(env), Trace(env, name)
    summary = tool.out("summary")
    tool.prepare("file")
    try:
        usage = run(env, [*tool.command(trace, "file"), "--summary", summary])
    except Failed as e:
        return result(f"{name}: replay succeeds", [str(e)])
    records = list(tool.records())
    complete, extra = score(trace, records)
    sent = len(trace.truth)
    good = result(f"{name}: {sent} complete transactions and no other records",
                  [] if (complete, extra) == (sent, 0) else
                  [f"{complete} complete, {extra} other records"])
    good &= result(f"{name}: wrong records are detected",
                   [] if score(trace, spoil(records)) == (complete - 2, extra + 2) else
                   ["not detected"])
    with open(summary) as f:
        good &= result(f"{name}: counters add up", laws.broken(json.load(f)))
    good &= result(f"{name}: CPU time and memory were measured",
                   [] if usage.cpu > 0 and 1 < usage.peak_mib < 1000 else [str(usage)])
    trace.remove()
    return good


def judge(env):
    """Prints a result line per check; returns the exit code."""
    good = [variant(env, name) for name in env.variants]
    return 0 if all(good) else 1
