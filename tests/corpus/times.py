#!/usr/bin/env python3
"""Compares the times of transactions with tshark's, to the microsecond.

  tests/corpus/times.py                  a selection of captures
  tests/corpus/times.py WORD...          captures whose name has a WORD; "" is all

tshark names, for each message, the frames that its bytes came in. The first and the
last of these that carry data must be at the start and end that a line has, and the
duration their difference. Only what both see alike is compared: connections
with the same requests or responses, without retransmissions (of which
tshark may take another copy), loss, or messages that the capture cuts.
"""
import collections
import json
import multiprocessing
import re
import shutil
import subprocess
import sys

import corpus

TSHARK = ["tshark", "-n", "-o", "tcp.reassemble_out_of_order:TRUE"]
TABLE = ("frame.number", "frame.time_epoch", "tcp.len", "tcp.stream", "tcp.seq_raw",
         "tcp.analysis.lost_segment", "tcp.analysis.ack_lost_segment")
PROTO = re.compile(rb'<proto name="([^"]*)"')
FIELD = re.compile(rb'<field name="([^"]*)".*? show="([^"]*)"')
SIDES = ("request", "response")


def run(*args):
    return subprocess.run([*TSHARK, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=120, check=False).stdout


class Frames:
    """Times and lengths by number, and the streams that lost or repeated something."""

    def __init__(self, path):
        self.us, self.length, self.doubtful = {}, {}, set()
        seen = set()
        fields = [x for name in TABLE for x in ("-e", name)]
        for row in run("-r", path, "-Y", "tcp", "-T", "fields", "-E", "occurrence=l", *fields).decode().split("\n"):
            cell = row.split("\t")
            if len(cell) < len(TABLE) or not cell[2]:
                continue
            number, stream = int(cell[0]), cell[3]
            whole, fraction = cell[1].split(".")
            self.us[number] = int(whole) * 10**6 + int(fraction[:6])
            self.length[number] = int(cell[2])
            if cell[5] or cell[6]:
                self.doubtful.add(stream)
            elif self.length[number]:
                key = (stream, cell[4])
                if key in seen:
                    self.doubtful.add(stream)
                seen.add(key)

    def times(self, numbers):
        with_data = [self.us[n] for n in numbers if self.length.get(n)]
        return (with_data[0], max(with_data)) if with_data else None


def messages(path, frames):
    """By stream, for requests, responses and interim ones: what, first and last time;
    and by stream, its client and server."""
    streams, names = collections.defaultdict(lambda: ([], [], [])), {}
    ends, number, stream, segments, message = {}, 0, None, [], None

    def add():
        if not message or "what" not in message:
            return
        times = frames.times(message["segments"] or [number])
        what = message["what"]
        kind = 0 if isinstance(what, tuple) else 2 if 100 <= what < 200 and what != 101 else 1
        if times:
            streams[stream][kind].append((what, *times))

    for line in run("-r", path, "-Y", "http", "-T", "pdml").split(b"\n"):
        proto = PROTO.search(line)
        if proto:
            add()
            # The layer of a tunnel has no message of its own.
            tunnel = message["segments"] if message and "what" not in message else []
            message = None
            if proto[1] == b"http":
                message = {"segments": segments or tunnel}
                segments = []
            elif proto[1] == b"geninfo":
                segments = []
            continue
        field = FIELD.search(line)
        if not field:
            continue
        name, show = field[1].decode(), field[2].decode("utf-8", "replace")
        if name == "frame.number":
            number = int(show)
        elif name == "tcp.stream":
            stream = show
        elif name in ("ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport"):
            ends[(number, name.split(".")[1])] = show
        elif name == "tcp.segment":
            segments.append(int(show))
        elif message is not None and name == "http.request.method":
            message["method"] = show
        elif message is not None and name == "http.request.uri":
            message["what"] = (message.get("method"),)
        elif message is not None and name == "http.response.code":
            message["what"] = int(show)
        if message and "what" in message and stream is not None:
            src = (ends.get((number, "src")), ends.get((number, "srcport")))
            dst = (ends.get((number, "dst")), ends.get((number, "dstport")))
            names.setdefault(stream, (src, dst) if isinstance(message["what"], tuple) else (dst, src))
    add()
    return streams, names


def ours(path):
    """Lines by connection (client and server)."""
    out = subprocess.run([corpus.METLO, "replay", "--raw", "--ports", "any", "--no-redact", path],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120, check=False).stdout
    found = collections.defaultdict(list)
    for text in out.split(b"\n"):
        if text:
            line = json.loads(text)
            m = line["meta"]
            found[((m["source"], str(m["sourcePort"])),
                   (m["destination"], str(m["destinationPort"])))].append(line)
    return found


# Of captures: streamed, pipelined and interim responses, in and out of order.
CATEGORIES = {"http1-basic", "upgrade-connect-1xx", "range-multipart-post", "content-coding"}
UNSURE = {"request-gap", "response-gap", "truncated", "closed-early", "ambiguous", "timeout"}


def compare_side(name, side, theirs, lines):
    """Problems, and how many messages were compared."""
    mine = [(x[side]["method"] if side == "request" else x[side]["status"],
             x["capture"][side + "StartUs"], x["capture"][side + "EndUs"], x["capture"]["flags"])
            for x in lines if x[side]]
    mine.sort(key=lambda m: m[1])
    theirs = [((w[0] if side == "request" else w), a, b) for w, a, b in theirs]
    if [m[0] for m in mine] != [t[0] for t in theirs]:
        return [], 0
    problems, n = [], 0
    for (what, start, end, flags), (_, first, last) in zip(mine, theirs):
        if UNSURE & set(flags):
            continue
        n += 1
        if (start, end) != (first, last):
            problems.append(f"{name}: {side} {what}: {start} {end}, tshark: {first} {last} {flags}")
    return problems, n


def check(entry):
    path = corpus.capture_path(entry)
    frames = Frames(path)
    streams, names = messages(path, frames)
    lines = ours(path)
    count = collections.Counter(names.get(s) for s in streams)
    problems, compared = [], 0
    for stream, (requests, responses, interim) in streams.items():
        name = names.get(stream)
        group = lines.get(name, ())
        if stream in frames.doubtful or count[name] > 1 or not group:
            continue
        if len({x["capture"]["connection"] for x in group}) > 1:
            continue
        for side, theirs in zip(SIDES, (requests, responses)):
            p, n = compare_side(f"{entry['name']} stream {stream}", side, theirs, group)
            problems += p
            compared += n
        times = [i["time"] for x in group for i in x["capture"]["interim"]]
        if len(times) == len(interim):
            compared += len(times)
            if times != [t[1] for t in interim]:
                problems.append(f"{entry['name']} stream {stream}: interim {times}, tshark: {interim}")
        for x in group:
            c = x["capture"]
            if x["request"] and x["response"] and c["durationUs"] is not None and \
                    c["durationUs"] != c["responseEndUs"] - c["requestStartUs"]:
                problems.append(f"{entry['name']}: duration {c}")
    return problems, compared


def main():
    entries = corpus.load()
    if not entries:
        return corpus.absent("times")
    if not shutil.which("tshark"):
        print("skip times # tshark is not installed")
        return 0
    entries = [e for e in corpus.select(entries, sys.argv[1:]) if corpus.expects_transactions(e)
               and (sys.argv[1:] or e["category"] in CATEGORIES)]
    problems, compared = [], 0
    with multiprocessing.Pool() as pool:
        for p, n in pool.imap(check, entries):
            problems += p
            compared += n
    print(f"# {compared} messages of {len(entries)} captures compared")
    failed = not corpus.report("times of messages are those of tshark's frames", problems)
    failed |= not corpus.report("enough messages were compared",
                                [] if sys.argv[1:] or compared >= 150 else [f"only {compared}"])
    return failed


if __name__ == "__main__":
    sys.exit(main())
