#!/usr/bin/env python3
"""Compares what the collector reports of random HTTP/1 with what servers served.

differential.py record DIR --client NS --server NS --server-interface NAME
                --port PORT --seed N --connections N
    sends the connections of http_grammar.py, cut into segments at random places,
    and writes DIR/PORT.pcap.
differential.py check LINES PORT LOG
    compares the lines of one server with its log, JSON objects with the serial
    number that the response carried, and the method and target of the request.
differential.py show --seed N CONNECTION
    prints what that connection sends.

No served request may be missing, and none may be reported with another method,
target or body than the server saw, or with the response to another one, unless
the line carries a flag that says so. A response is recognized by its serial
number; a request that the server refused or never answered is no error, for its
line says so.
"""
import argparse
import collections
import json
import random
import re
import socket
import struct
import sys
import threading

import http_grammar
from hostile_net import CLIENT, SERVER, Recorder, enter

FIRST_PORT = 10000
# Each says that the line may not be what the server saw.
DOUBT = {"malformed", "smuggling", "ambiguous", "pair-assumed"}
# The server could not read the request, or not all of it.
REFUSED = {400, 408, 413, 414, 417, 431, 494, 501, 505}


# --- the clients --------------------------------------------------------------
def client(port, number, seed):
    """One connection; whatever the server does is right."""
    rng = random.Random(f"{seed}/{number}")
    steps = http_grammar.connection(rng, number)
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.settimeout(10)
        s.bind((CLIENT, FIRST_PORT + number % 50000))
        s.connect((SERVER, port))
        try:
            for step in steps:
                send(s, step.data, rng)
                if step.wait:
                    drain(s, 0.1)
            drain(s, 0.1)
            if rng.randrange(2):
                s.shutdown(socket.SHUT_WR)
                drain(s, 1)
            elif rng.randrange(8) == 0:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        except OSError:
            pass  # closed by the server


def send(s, data, rng):
    cuts = rng.choice((0, 0, 0, 1, 2, 5, 12))
    at = sorted(rng.randrange(len(data) + 1) for _ in range(cuts))
    for begin, end in zip([0] + at, at + [len(data)]):
        if begin < end:
            s.sendall(data[begin:end])


def drain(s, seconds):
    """Reads until nothing comes any more."""
    s.settimeout(seconds)
    try:
        while s.recv(65536):
            s.settimeout(0.004)
    except TimeoutError:
        pass
    s.settimeout(10)


def record(args):
    enter(args.server)
    recorder = Recorder(args.server_interface)
    recorder.start()
    numbers = iter(range(args.connections))
    lock = threading.Lock()
    failed = []

    def work():
        enter(args.client)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            try:
                client(args.port, number, args.seed)
            except OSError as e:
                failed.append(f"connection {number}: {e}")

    threads = [threading.Thread(target=work) for _ in range(args.parallel)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    recorder.save(f"{args.dir}/{args.port}.pcap")
    for text in failed[:10]:
        print(text, file=sys.stderr)
    lost = recorder.lost()
    if lost:
        print(f"{lost} packets were not recorded", file=sys.stderr)
    return bool(lost or len(failed) > args.connections // 100)


# --- the comparison -----------------------------------------------------------
def read_log(path):
    """serial -> what the server understood."""
    truth = {}
    with open(path, encoding="latin-1") as f:
        for text in f:
            entry = json.loads(text)
            truth.setdefault(entry["serial"], {}).update(entry)
    for entry in truth.values():
        # a connection that was reset before it was accepted has no port
        entry.setdefault("port", None)
        if "line" in entry:  # of nginx, whose $request_uri is normalized
            target_of_line(entry)
    return truth


def target_of_line(entry):
    """The target is what stands between the method and the version."""
    rest = entry["line"][len(entry["method"]):].strip(" ")
    found = re.fullmatch(r"(.*?) +HTTP/\d+\.\d+ *", rest, re.DOTALL)
    entry["target"] = found[1] if found else rest


def serial_of(line):
    response = line["response"]
    for field in response["headers"] if response else ():
        if field["name"].lower() == "x-serial":
            return field["value"]
    # HTTP/0.9
    return response["body"].strip() if response and not response["headers"] else None


def requests(line):
    """Method and target of a line, the target's bytes as ISO 8859-1. If they may
    not be UTF-8, the line has a flag and shows them as such already."""
    if not line["request"]:
        return []
    method, shown = line["request"]["method"], line["capture"]["target"]
    found = [(method, shown.encode().decode("latin-1"))]
    if "obs-text" in line["capture"]["flags"]:
        found.append((method, shown))
    return list(dict.fromkeys(found))


def connection(port):
    return f"connection {port - FIRST_PORT if port else '?'}"


class Comparison:
    def __init__(self, port, truth):
        self.port, self.truth = port, truth
        self.count = collections.Counter()
        self.problems, self.notes = [], []
        self.seen = set()
        self.unanswered = collections.Counter()
        self.doubtful = collections.Counter()

    def problem(self, kind, port, text):
        self.count[kind] += 1
        self.problems.append(f"{kind}: {connection(port)}: {text}")

    def note(self, port, text):
        self.notes.append(f"{connection(port)}: {text}")

    def line(self, line):
        port, flags = line["meta"]["sourcePort"], set(line["capture"]["flags"])
        doubt = bool(flags & DOUBT)
        serial, reported = serial_of(line), requests(line)
        entry = self.truth.get(serial)

        self.count["lines"] += 1
        self.count["flagged"] += doubt
        self.doubtful[port] += doubt
        if entry and (entry["method"], entry["target"]) in reported:
            if serial in self.seen:
                self.problem("invented", port, f"{serial} twice")
            self.seen.add(serial)
            self.body(line, entry, flags)
        elif entry and entry["status"] in REFUSED:
            self.unanswered.update(reported)
        elif entry:
            text = f"{reported} reported, {serial} was " \
                f"{entry['method'], entry['target']}: {sorted(flags)}"
            if doubt:
                self.note(port, text)
            else:
                self.problem("invented", port, text)
        elif reported:
            self.unanswered.update(reported)
            self.count["unanswered"] += line["response"] is None
            # a response of HTTP/0.9 has no status
            if line["response"] and not doubt and \
                    line["response"]["status"] not in REFUSED | {101} and \
                    line["capture"]["protocol"] != "HTTP/0.9":
                self.problem("invented", port, f"{reported} with a response that "
                             f"nobody sent: {line['response']['status']}")

    def body(self, line, entry, flags):
        """What the handler read, if it read all of it."""
        if "hash" not in entry or flags - {"obs-text"}:
            return
        capture = line["capture"]
        size, digest = capture["requestBodyBytes"], capture["requestBodySha256"]
        if size != entry["length"] or (size and digest != entry["hash"]):
            self.problem("invented", entry["port"],
                         f"{entry['serial']} {entry['target'][:60]!r}: a body of "
                         f"{size} bytes, was {entry['length']}: {sorted(flags)}")

    def served(self, serial, entry):
        if entry["status"] in REFUSED or not entry["method"]:
            return
        self.count["served"] += 1
        if serial in self.seen:
            return
        what = entry["method"], entry["target"]
        if self.unanswered[what]:
            self.unanswered[what] -= 1
            self.count["halves"] += 1
        elif self.doubtful[entry["port"]]:
            self.doubtful[entry["port"]] -= 1
            self.count["hidden-flagged"] += 1
            self.note(entry["port"], f"hidden behind a flag: {serial} {what}")
        else:
            self.problem("hidden", entry["port"], f"{serial} "
                         f"{entry['method']} {entry['target'][:200]!r}")


def check(args):
    result = Comparison(args.port, read_log(args.log))
    with open(args.lines, encoding="utf-8") as f:
        for text in f:
            result.line(json.loads(text))
    for serial, entry in result.truth.items():
        result.served(serial, entry)
    for text in result.problems[:args.show] + result.notes[:args.notes]:
        print(text)
    print(" ".join(f"{k} {v}" for k, v in sorted(result.count.items())))
    return bool(result.problems) or not result.count["served"]


def show(args):
    rng = random.Random(f"{args.seed}/{args.number}")
    for step in http_grammar.connection(rng, args.number):
        text = re.sub(rb"(.)\1{9,}", rb"\1{many}", step.data)
        print(text[:3000], "wait" if step.wait else "")


def main():
    parser = argparse.ArgumentParser()
    sub = parser.add_subparsers(dest="command", required=True)
    p = sub.add_parser("record")
    p.add_argument("dir")
    for name in ("client", "server", "server-interface"):
        p.add_argument(f"--{name}", required=True)
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--connections", type=int, default=100)
    p.add_argument("--parallel", type=int, default=24)
    p = sub.add_parser("check")
    p.add_argument("lines")
    p.add_argument("port", type=int)
    p.add_argument("log")
    p.add_argument("--show", type=int, default=20)
    p.add_argument("--notes", type=int, default=0)
    p = sub.add_parser("show")
    p.add_argument("number", type=int)
    p.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    return {"record": record, "check": check, "show": show}[args.command](args)


if __name__ == "__main__":
    sys.exit(main())
