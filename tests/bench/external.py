"""Parts that run separate programs. Collects the lines "bench NAME VALUE UNIT"
that they print; their other output is logged."""
import os
import re
import subprocess

import table
from machine import memory_gib
from offline import progress

LINE = re.compile(r"^bench ([\w.+-]+) (-?[\d.]+(?:e[+-]?\d+)?) (.+)$")

# part: command, relative to the tree ({O}: build directory); needs root; timeout
COMMANDS = {
    "stages": [
        (["{O}/tests/bpf/test_cost", "--bench"], True, 300),
        (["{O}/tests/bench/bench_stream", "--bench"], False, 300),
        (["{O}/tests/bench/bench_http", "--bench"], False, 300),
        (["{O}/tests/bench/bench_trace", "--bench"], False, 300),
        (["tests/bench/test_budget.sh"], False, 300),
    ],
    "growth": [(["{O}/tests/bench/bench_growth", "--bench", "--connections", "{sizes}"],
                False, 900)],
    "live": [(["tests/bench/live.py", "--bench"], True, 1800)],
}

TITLES = {
    "xdp": "XDP program, ns per packet above an empty program",
    "stage": "Stages",
    "insn": "Instructions (callgrind)",
    "growth": "Growth: cost by number of connections",
    "memory": "Memory per connection",
    "workers": "Workers",
    "live": "Live",
}


def run(env, part, command, needs_root, timeout, results):
    """Runs one command and adds its values to results."""
    # Four million connections take several GiB.
    sizes = "1k,100k,1M" + (",4M" if memory_gib() > 12 else "")
    command = [c.format(O=env.build, sizes=sizes) for c in command]
    name = os.path.basename(command[0])
    if not os.path.exists(os.path.join(env.top, command[0])):
        results["notes"].append(f"{part}: {name} is not built")
        return
    if needs_root and os.geteuid():
        results["notes"].append(f"{part}: {name} needs root: skipped")
        return
    progress(f"{part}: {name}")
    log = os.path.join(env.out, name + ".log")
    found = 0
    with open(log, "w", errors="replace") as f:
        try:
            done = subprocess.run(command, cwd=env.top, stdout=subprocess.PIPE,
                                  stderr=f, stdin=subprocess.DEVNULL, text=True,
                                  errors="replace", timeout=timeout,
                                  env={**os.environ, "O": env.build})
            output, ended = done.stdout, f"exited with {done.returncode}"
            bad = done.returncode != 0
        except subprocess.TimeoutExpired as e:
            output, ended, bad = (e.stdout or b"").decode(errors="replace"), "timed out", True
        f.write(output)
    for line in output.splitlines():
        match = LINE.match(line)
        if match:
            found += 1
            results["values"][match[1]] = {"value": float(match[2]), "unit": match[3]}
    if bad or not found:
        results["notes"].append(
            f"{part}: {name} {ended if bad else 'printed no figures'}; see {os.path.relpath(log)}")


def part(env, name, results):
    for command, needs_root, timeout in COMMANDS[name]:
        run(env, name, command, needs_root, timeout, results)


def show(results):
    groups = {}
    for name, v in results["values"].items():
        group, _, rest = name.partition(".")
        groups.setdefault(group, []).append([rest, v["value"], v["unit"]])
    for group, rows in groups.items():
        table.show(TITLES.get(group, group), ["", "", ""], rows)
