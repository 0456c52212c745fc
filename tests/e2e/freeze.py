#!/usr/bin/env python3
"""Stops one thread of a process, as if it hung: tests/e2e/freeze.py TID

Prints "frozen" once it has stopped, and resumes it when standard input ends.
"""
import ctypes
import os
import sys

# <sys/ptrace.h>, the same on every architecture.
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000  # __WALL of <linux/wait.h>: threads as well


def ptrace(request, tid):
    libc = ctypes.CDLL(None, use_errno=True)
    args = [ctypes.c_long(x) for x in (request, tid, 0, 0)]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(*args) < 0:
        sys.exit(f"ptrace: {os.strerror(ctypes.get_errno())}")


def main():
    tid = int(sys.argv[1])
    ptrace(PTRACE_SEIZE, tid)
    ptrace(PTRACE_INTERRUPT, tid)
    os.waitpid(tid, WALL)
    print("frozen", flush=True)
    sys.stdin.read()
    ptrace(PTRACE_DETACH, tid)


main()
