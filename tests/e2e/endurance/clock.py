#!/usr/bin/env python3
"""Steps of the wall clock at the worst moments: clock.py BUILD DIRECTORY

No step may end a wait early or prolong it, and times are by the clock of the
moment. Prints result lines.
"""
import json
import os
import random
import signal
import struct
import subprocess
import sys
import time

import rig as rigs
import traffic

DAY = 86400


class Case:
    def __init__(self, rig):
        self.rig, self.number = rig, 0

    def send(self, frames):
        path = os.path.join(self.rig.dir, "frames")
        with open(path, "wb") as f:
            for frame in frames:
                f.write(struct.pack("!H", len(frame)) + frame)
        self.rig.play(path, 1000)
        self.rig.played()
        time.sleep(0.3)

    def conn(self):
        self.number += 1
        c = traffic.Conn(random.Random(self.number), self.number)
        c.open()
        c.send(0, b"GET /clock/%d HTTP/1.1\r\nHost: h\r\n\r\n" % self.number)
        return c

    def line(self, seconds):
        """The transaction of the last conn(), None if it is not there in time."""
        target = f"/clock/{self.number}"

        def find():
            with open(self.rig.out, encoding="utf-8") as f:
                return [t for t in map(json.loads, f) if t["capture"]["target"] == target]
        found = rigs.wait_for(seconds, find)
        return found[0] if found else None

    def answer_after(self, step):
        """The clock is set between request and response."""
        c = self.conn()
        self.send(c.frames)
        self.rig.set_clock(step * 10**9)
        time.sleep(1)
        c.frames.clear()
        c.send(1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        self.send(c.frames)
        t = self.line(3)
        if not t or not t["response"] or t["capture"]["flags"]:
            return f"reported as {t}"
        at = t["capture"]["requestStartUs"] / 1e6
        return None if abs(at - time.time() - step) < 30 else f"at {at}, now it is {time.time()}"

    def gap_before(self, step):
        """The clock is set while a lost segment is waited for."""
        c = self.conn()
        c.send(1, b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n")
        lost = len(c.frames)
        c.segment(1, traffic.ACK, b"x" * 1000)
        c.segment(1, traffic.ACK, b"x" * 1000)
        c.segment(1, traffic.ACK, b"x" * 1000)
        self.send(c.frames[:lost] + c.frames[lost + 1:])
        self.rig.set_clock(step * 10**9)
        t = self.line(8)
        return None if t and "response-gap" in t["capture"]["flags"] else f"reported as {t}"


def stop(rig, case):
    """A daemon whose reader does not read ends after the five seconds that it may
    take, although its clock is not the kernel's."""
    reader, writer = os.pipe()
    rig.start("--output", "ndjson:-", stdout=writer)
    os.close(writer)
    rig.set_clock(DAY * 10**9)
    body = b"x" * 60000
    for _ in range(4):
        c = case.conn()
        c.send(1, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        case.send(c.frames)
    rig.daemon.send_signal(signal.SIGTERM)
    try:
        rig.daemon.wait(30)
    except subprocess.TimeoutExpired:
        return "it has not ended after 30 s"
    finally:
        os.close(reader)
    return None


def main():
    good = True
    rig = rigs.Rig("clock", os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
    try:
        rig.up()
        rig.start()
        case = Case(rig)
        for step in DAY, 0, -3600, -DAY, 60:
            for test in case.answer_after, case.gap_before:
                # From the truth or from an hour before it.
                rig.set_clock(0)
                time.sleep(0.1)
                problem = test(step)
                print(f"{'not ok' if problem else 'ok'} clock {step:+} s: {test.__name__}")
                if problem:
                    print(f"#   {problem}"[:1000])
                good &= not problem
        rig.end(signal.SIGTERM)
        problem = stop(rig, case)
        print(f"{'not ok' if problem else 'ok'} a day ahead: a stop does not wait for a reader")
        if problem:
            print(f"#   {problem}"[:1000])
        good &= not problem
    finally:
        rig.down()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
