#!/usr/bin/env python3
"""Sends prepared frames at a steady rate: inject.py INTERFACE

Reads commands from standard input: "FILE RATE", with frames per second. FILE
holds frames, each after its length in 16 bits. Answers "SENT FAILED", the numbers
of frames, when all are sent. An interface that is down or deleted fails frames
and is opened again.
"""
import socket
import struct
import sys
import time

BURST = 5       # frames between two waits, which cost more than the frames


def frames(path):
    with open(path, "rb") as f:
        while head := f.read(2):
            yield f.read(struct.unpack("!H", head)[0])


def opened(interface):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    try:
        s.bind((interface, 0))
    except OSError:
        s.close()
        return None
    return s


def play(interface, sock, path, rate):
    sent = failed = 0
    due = time.monotonic()
    for n, frame in enumerate(frames(path)):
        sock = sock or opened(interface)
        try:
            if not sock:
                raise OSError
            sock.send(frame)
            sent += 1
        except OSError:
            failed += 1
            if sock:
                sock.close()
                sock = None
        if n % BURST == 0:
            # After a stall, no burst to catch up.
            due = max(due + BURST / rate, time.monotonic() - 0.2)
            time.sleep(max(0, due - time.monotonic()))
    return sock, sent, failed


def main():
    sock = None
    for line in sys.stdin:
        path, rate = line.split()
        sock, sent, failed = play(sys.argv[1], sock, path, float(rate))
        print(sent, failed, flush=True)


if __name__ == "__main__":
    main()
