#!/usr/bin/env python3
"""Stops one thread of a process, as a debugger does: stall.py PID NAME [SECONDS].
The thread resumes when this program ends: after SECONDS, or when it is killed."""
import ctypes
import os
import sys
import time

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207


def thread(pid, name):
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/comm") as f:
            if f.read().strip() == name:
                return int(tid)
    raise SystemExit(f"process {pid} has no thread {name}")


def main():
    pid, name = int(sys.argv[1]), sys.argv[2]
    end = time.monotonic() + float(sys.argv[3]) if len(sys.argv) > 3 else None
    tid = thread(pid, name)
    libc = ctypes.CDLL(None, use_errno=True)
    for request in PTRACE_SEIZE, PTRACE_INTERRUPT:
        if libc.ptrace(request, tid, None, None):
            raise OSError(ctypes.get_errno(), "ptrace")
    while os.path.exists(f"/proc/{pid}/task/{tid}") and (
            end is None or time.monotonic() < end):
        time.sleep(0.05)
        # A tracer has to let a thread die.
        try:
            os.waitpid(tid, os.WNOHANG | 0x40000000)  # __WALL
        except ChildProcessError:
            break


if __name__ == "__main__":
    main()
