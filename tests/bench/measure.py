"""CPU time and peak memory of commands, each pinned to one CPU."""
import os
import subprocess
from dataclasses import dataclass


@dataclass
class Usage:
    user: float  # seconds
    sys: float
    wall: float
    peak_mib: float
    code: int

    @property
    def cpu(self):
        return self.user + self.sys


class Failed(Exception):
    pass


def run(env, command, stdout=None, stderr=None, timeout=600):
    """Runs the command, redirecting its output to the given files; raises Failed
    unless it exits with 0."""
    result = os.path.join(env.work, "usage")
    log = stderr or os.path.join(env.work, "log")
    with open(stdout or os.devnull, "wb") as out, open(log, "wb") as err:
        subprocess.run([env.measure, str(env.cpu), str(timeout), result, *command],
                       stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=env.work,
                       check=True)
    with open(result) as f:
        user, sys, wall, kib, code = map(int, f.read().split())
    if code:
        with open(log, errors="replace") as f:
            tail = f.read()[-600:].strip()
        raise Failed(f"{os.path.basename(command[0])} exited with {code}: {tail}")
    return Usage(user / 1e6, sys / 1e6, wall / 1e6, kib / 1024, code)


def warm(path):
    """Reads a file into the page cache, so that the first run has no handicap."""
    with open(path, "rb", buffering=0) as f:
        while f.read(1 << 22):
            pass
