#!/usr/bin/env python3
"""Records honest HTTP connections with hostile segments injected beside them.

hostile.py record DIR --client NS --server NS --port PORT --seed N
           --connections N [--only TRICK]
    runs the clients and writes DIR/PORT.pcap.
hostile.py check LINES PORT ACCESS_LOG
    compares the transactions of one server with its access log (lines of
    METHOD TARGET STATUS). A served request counts as reported if a line has its
    method and target, or if a response on its connection is flagged ambiguous.

Each trick imitates something that a receiver ignores or takes differently from
what a naive observer expects; see TRICKS. The server's log is the truth.
"""
import argparse
import collections
import json
import random
import re
import struct
import sys

from hostile_net import (ACK, FIN, MASK, PSH, RST, SYN, URG, Connection, Link,
                         Recorder, enter, timestamps)
from hostile_raw import OPENINGS, RAW_TRICKS, RawConnection

HELLO = bytes.fromhex("16030100c4010000c00303") + bytes(range(185))
TRICKS = {}


def trick(function):
    TRICKS[function.__name__] = function
    return function


class Net:
    def __init__(self, args):
        enter(args.server)
        self.recorder = Recorder(args.server_interface)
        enter(args.client)
        self.link = Link(args.client_interface, mac(args.client_mac),
                         mac(args.server_mac))
        self.recorder.start()


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


class Session:
    """One honest connection and its adversary."""

    def __init__(self, net, number, port, rng, raw):
        self.rng, self.number = rng, number
        self.c = RawConnection(net, port, rng) if raw else Connection(net, port)
        self.step = 0
        self.net = net

    def target(self, what="r"):
        self.step += 1
        return f"/c{self.number}/{what}{self.step}"

    def get(self, what="r", pad=None, method="GET", extra=b""):
        pad = self.rng.choice((0, 10, 60, 300)) if pad is None else pad
        return (f"{method} {self.target(what)}?{'x' * pad} HTTP/1.1\r\n"
                "Host: h\r\n").encode() + extra + b"\r\n"

    def decoy(self):
        """A request that the server must not see."""
        return (f"GET /decoy/c{self.number}/{self.rng.randrange(10 ** 6)} "
                "HTTP/1.1\r\nHost: h\r\n\r\n").encode()

    def inject(self, *args, **kwargs):
        self.c.inject(*args, **kwargs)

    def exchange(self, data=None, head_only=False):
        self.c.send(data or self.get())
        return self.c.response(head_only)


# --- segments that a receiver drops ------------------------------------------
@trick
def syn_other_isn(s):
    s.inject(s.rng.randrange(1 << 32), flags=SYN, ack=0)


@trick
def syn_in_window(s):
    s.inject(s.rng.choice((-1, 0, 1, 500)), flags=SYN, ack=0,
             payload=s.rng.choice((b"", s.decoy())))


@trick
def syn_ack_from_client(s):
    s.inject(s.rng.randrange(1 << 32), flags=SYN | ACK)


@trick
def syn_again_with_data(s):
    s.inject(-1 - s.c.sent, flags=SYN, ack=0, payload=s.decoy())


@trick
def syn_many(s):
    for _ in range(40):
        s.inject(s.rng.randrange(1 << 32), flags=SYN, ack=0)


@trick
def syn_fin(s):
    s.inject(s.rng.choice((0, -1)), flags=SYN | FIN | ACK)


@trick
def rst_not_exact(s):
    s.inject(s.rng.choice((1, 40, 1000, 20000, -1, -50)),
             flags=RST | s.rng.choice((0, ACK)))


@trick
def rst_not_exact_and_silence(s):
    rst_not_exact(s)
    s.net.recorder.pause(s.rng.choice((3, 20, 45)))


@trick
def rst_bad_checksum(s):
    s.inject(flags=RST, bad_tcp=s.rng.randrange(1, 0xFFFF))
    s.net.recorder.pause(s.rng.choice((0, 3)))


@trick
def fin_without_ack(s):
    s.inject(flags=FIN, ack=0)


@trick
def fin_bad_ack(s):
    s.inject(s.rng.choice((0, 40)), flags=FIN | ACK,
             ack_ahead=s.rng.choice((1, 5000, 1 << 20, 1 << 29)))


@trick
def fin_ahead(s):
    s.inject(40, flags=FIN | ACK)
    s.exchange(s.get(pad=200))


@trick
def fin_far_ahead_and_silence(s):
    s.inject(s.rng.choice((200000, 2000000)), flags=FIN | ACK)
    s.net.recorder.pause(s.rng.choice((0, 3)))


@trick
def fin_bad_checksum(s):
    s.inject(flags=FIN | ACK, bad_tcp=s.rng.randrange(1, 0xFFFF))


@trick
def data_without_ack(s):
    s.inject(flags=s.rng.choice((0, PSH, FIN)), payload=s.decoy(), ack=0)


@trick
def data_future_ack(s):
    s.inject(payload=s.decoy(),
             ack_ahead=s.rng.choice((1, 100, 70000, 1 << 20, 1 << 25, 1 << 30)))


@trick
def data_ancient_ack(s):
    s.inject(payload=s.decoy(),
             ack_ahead=-s.rng.choice((1 << 26, 1 << 29, 1 << 30, (1 << 31) - 9)))


@trick
def data_bad_checksum(s):
    s.inject(payload=s.decoy(), bad_tcp=s.rng.randrange(1, 0xFFFF))


@trick
def data_bad_checksum_same_length(s):
    data = s.get()
    s.inject(payload=data.replace(b"/c", b"/d"), bad_tcp=1)
    s.exchange(data)


@trick
def data_bad_ip_checksum(s):
    s.inject(payload=s.decoy(), bad_ip=s.rng.randrange(1, 0xFFFF))


@trick
def data_old_timestamp(s):
    value, echo = s.c.stamp()
    if value:
        s.inject(payload=s.decoy(), options=timestamps(
            value - s.rng.choice((1000, 10 ** 6, 1 << 30)), echo))


@trick
def data_old_timestamp_same_length(s):
    value, echo = s.c.stamp()
    data = s.get()
    if value:
        s.inject(payload=data.replace(b"/c", b"/d"), options=timestamps(
            value - s.rng.choice((1000, 1 << 20)), echo))
    s.exchange(data)


@trick
def fin_old_timestamp(s):
    value, echo = s.c.stamp()
    if value:
        s.inject(payload=s.rng.choice((b"", s.decoy())), flags=FIN | ACK,
                 options=timestamps(value - 5000, echo))


@trick
def timestamp_poison(s):
    """A timestamp from the future in a segment that the receiver drops."""
    value, echo = s.c.stamp()
    future = timestamps(value + s.rng.choice((5000, 1 << 20, 1 << 30)), echo)
    if s.rng.randrange(2):
        s.inject(payload=s.decoy(), options=future, bad_tcp=1)
    else:
        s.inject(payload=s.decoy(), options=future, ack_ahead=1 << 28)
    s.exchange()
    s.exchange()


@trick
def data_partial_checksum(s):
    s.inject(payload=s.decoy(), partial=True)


@trick
def fin_bad_checksum_with_data(s):
    s.inject(payload=s.decoy(), flags=FIN | ACK, bad_tcp=7)
    s.net.recorder.pause(s.rng.choice((0, 3)))


@trick
def data_old_timestamp_unaligned(s):
    value, echo = s.c.stamp()
    if value:
        s.inject(payload=s.decoy(), options=struct.pack(
            "!BBIIBB", 8, 10, (value - 5000) & MASK, echo, 1, 0))


@trick
def data_ahead_and_silence(s):
    s.inject(s.rng.choice((400000, 3000000, 15000000)), payload=b"x")
    s.net.recorder.pause(3)


@trick
def data_ahead_much(s):
    for i in range(80):
        s.inject(4000000 + i * 1500, payload=b"x" * 1400)


@trick
def length_lies(s):
    s.inject(payload=s.decoy(), total_delta=s.rng.choice((1, 100, 5000)))


@trick
def length_lies_twice(s):
    length_lies(s)
    s.inject(payload=s.get("lie"), total_delta=s.rng.choice((3, 2000)))


@trick
def length_lies_urgent(s):
    """The pointer of a segment that the server drops, or of one before it."""
    if s.rng.randrange(2):
        urgent_into_next(s)
    s.inject(flags=ACK | PSH | URG, urgent=s.rng.choice((1, 9, 45, 60)),
             payload=s.decoy(), total_delta=s.rng.choice((1, 100, 5000)))


@trick
def length_lies_then_ahead(s):
    """Other bytes where the dropped segment would end."""
    data, delta = s.decoy(), s.rng.choice((200, 900))
    s.inject(payload=data, total_delta=delta)
    s.inject(len(data) + delta, payload=b"y" * s.rng.choice((1, 30)))
    s.exchange(s.get(pad=1400))


@trick
def length_lies_prefix(s):
    """It begins as the request does that follows."""
    data = s.get(pad=s.rng.choice((0, 300)))
    for _ in range(s.rng.randrange(1, 3)):
        s.inject(payload=data[:s.rng.randrange(1, len(data))],
                 total_delta=s.rng.choice((1, 100, 5000)))
    cut = s.rng.randrange(1, len(data))
    if s.rng.randrange(2):
        s.c.send(data[:cut])
        s.net.recorder.pause(0)
        data = data[cut:]
    s.exchange(data)


@trick
def length_lies_in_body(s):
    body = b"b" * s.rng.randrange(60, 900)
    data = s.get(method="POST", extra=b"Content-Length: %d\r\n" % len(body))
    cut = s.rng.randrange(1, len(body))
    s.c.send(data + body[:cut])
    s.net.recorder.pause(0)
    s.inject(payload=s.rng.choice((b"b", b"\r\n\r\n" + s.decoy())),
             total_delta=s.rng.choice((1, 100, 5000)))
    s.exchange(body[cut:] + s.rng.choice((b"", s.get())))


@trick
def header_lies(s):
    s.inject(payload=s.decoy(), header_words=s.rng.choice((1, 4, 15)),
             bad_tcp=1)


@trick
def tls_hello_without_ack(s):
    s.inject(flags=0, payload=s.rng.choice((HELLO, b"\x16\x03\x01")), ack=0)


# --- segments that a receiver accepts, with an effect one can get wrong -------
@trick
def data_ahead_in_window(s):
    s.inject(s.rng.choice((20, 60)), payload=b"y" * s.rng.choice((1, 30)))
    s.net.recorder.pause(s.rng.choice((0, 3)))
    s.exchange(s.get(pad=300))


@trick
def overlaps_out_of_order(s):
    data = s.get(pad=300)
    for _ in range(s.rng.randrange(1, 5)):
        at = s.rng.randrange(60, 250)
        fill = bytes([s.rng.choice(b"abcdef")])
        s.inject(at, payload=fill * s.rng.randrange(1, 60))
    cut = s.rng.randrange(30, 60)
    s.c.send(data[:cut])
    s.net.recorder.pause(0)
    s.exchange(data[cut:])


@trick
def exact_decoy(s):
    """The same bytes twice, the first valid: the server reads the first."""
    data = s.get()
    s.inject(payload=data)
    s.exchange(data)


@trick
def urgent_into_next(s):
    s.inject(flags=ACK | URG, urgent=s.rng.choice((1, 6, 20)))


@trick
def urgent_data(s):
    data = s.get()
    s.c.send(data[:-2])
    s.net.recorder.pause(0)
    s.c.socket.send(data[-2:-1], 1)  # MSG_OOB
    s.c.sent += 1
    s.exchange(b"\n\r\n" if s.rng.randrange(2) else data[-1:])


@trick
def keep_alive_probe(s):
    s.inject(-1, payload=s.rng.choice((b"", b"z")))


@trick
def reuse_port(s):
    """RST, and another connection from the same port."""
    source = s.c.source
    s.c.close(reset=True)
    s.net.recorder.pause(s.rng.choice((0, 1)))
    s.c.open(source)


# --- what the client sends, honestly or not, but refused ----------------------
@trick
def upgrade_refused(s):
    s.c.send(s.get(extra=b"Upgrade: websocket\r\nConnection: upgrade\r\n")
             + s.rng.choice((b"\r\n", b"")) + s.get())
    s.c.response()
    s.c.response()


@trick
def upgrade_h2c_refused(s):
    s.exchange(s.get(extra=b"Connection: Upgrade, HTTP2-Settings\r\n"
                           b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"))


@trick
def upgrade_then_unknown_method(s):
    s.exchange(s.get(extra=b"Upgrade: x\r\n"))
    s.c.send(s.get(extra=b"Upgrade: x\r\n") +
             s.get(method=s.rng.choice(("PROPFIND", "MKCOL"))))
    s.c.response()
    s.c.response()


@trick
def upgrade_early_bytes(s):
    """WebSocket frame or TLS in a body that the server reads as such."""
    early = s.rng.choice((HELLO, b"\x81\x85\x01\x02\x03\x04abcde"))
    s.c.send(s.get(method="POST", extra=b"Upgrade: websocket\r\nConnection: "
                   b"upgrade\r\nContent-Length: %d\r\n" % len(early)) + early)
    s.c.response()


NEEDS_A_SOCKET = {"urgent_data"}


def choose(rng, only):
    """The opening, or None for a client with a kernel, and the tricks."""
    n = rng.choice((1, 1, 2, 3, 5))
    if only in OPENINGS:
        return only, []
    if only:
        return "open_plain" if only in RAW_TRICKS else None, [only]
    if rng.randrange(2):
        return None, [rng.choice(sorted(TRICKS)) for _ in range(n)]
    both = sorted((TRICKS.keys() - NEEDS_A_SOCKET) | RAW_TRICKS.keys())
    return rng.choice(sorted(OPENINGS)), [rng.choice(both) for _ in range(n)]


def session(net, number, port, seed, only):
    rng = random.Random(f"{seed}/{number}")
    first, names = choose(rng, only)
    s = Session(net, number, port, rng, first)
    at = {}
    for name in names:
        at.setdefault(rng.randrange(0, 8), []).append(name)
    try:
        if first:
            OPENINGS[first](s)
            yield first
        for i in range(12):
            for name in at.get(i, ()):
                (TRICKS.get(name) or RAW_TRICKS[name])(s)
                yield name
            data = s.get()
            if rng.randrange(8) == 0:
                body = b"b" * rng.randrange(1, 4000)
                data = s.get(method="POST", extra=b"Content-Length: %d\r\n" %
                             len(body)) + body
            elif rng.randrange(8) == 0:
                data += s.get()
                s.c.send(data)
                s.c.response()
                s.c.response()
                yield None
                continue
            s.exchange(data)
            yield None
    except (OSError, ValueError, IndexError) as e:
        print(f"c{number} {first} {names}: {type(e).__name__}: {e}",
              file=sys.stderr)
    finally:
        s.c.close()


def record(args):
    net = Net(args)
    waiting = collections.deque(range(args.connections))
    active = []
    while waiting or active:
        while waiting and len(active) < args.parallel:
            active.append(session(net, waiting.popleft(), args.port, args.seed,
                                  args.only))
        for one in list(active):
            try:
                next(one)
            except StopIteration:
                active.remove(one)
    net.recorder.save(f"{args.dir}/{args.port}.pcap")


def check(args):
    reported, doubtful, total = collections.Counter(), collections.Counter(), 0
    invented = flagged = 0
    owner = {}
    with open(args.lines, encoding="utf-8") as f:
        for text in f:
            line = json.loads(text)
            if line["meta"]["destinationPort"] != args.port:
                continue
            total += 1
            capture = line["capture"]
            target = capture["target"] or ""
            number = re.search(r"/c?(\d+)/", target)
            if number:
                owner[line["meta"]["sourcePort"]] = number[1]
            if line["request"]:
                reported[line["request"]["method"], target] += 1
            if "ambiguous" in capture["flags"]:
                flagged += 1
                if line["response"]:
                    doubtful[owner.get(line["meta"]["sourcePort"])] += 1
            if "/decoy/" in target:
                invented += 1
    served = missing = 0
    tricks = collections.Counter()
    with open(args.log, encoding="utf-8", errors="surrogateescape") as f:
        for text in f:
            method, target, status = text.rstrip("\n").rsplit(" ", 2)[:3] \
                if text.count(" ") >= 2 else ("", "", "")
            if not target.startswith("/") or status == "400":
                continue
            served += 1
            if reported[method, target]:
                reported[method, target] -= 1
                continue
            # an urgent byte may be missing
            number = re.search(r"/c?(\d+)/", target)
            if number and doubtful[number[1]]:
                doubtful[number[1]] -= 1
                continue
            missing += 1
            tricks[number[1] if number else "?"] += 1
            if missing <= args.show:
                print(f"not reported: {method} {target} {status}")
    print(f"served {served} reported {total} missing {missing} in "
          f"{len(tricks)} connections, ambiguous {flagged}, "
          f"decoys {invented}")
    if args.show > 20:
        print(" ".join(sorted(tricks)))
    return missing != 0 or not served or flagged > 0.05 * served


def main():
    parser = argparse.ArgumentParser()
    sub = parser.add_subparsers(dest="command", required=True)
    p = sub.add_parser("record")
    p.add_argument("dir")
    for name in ("client", "server", "client-interface", "server-interface",
                 "client-mac", "server-mac"):
        p.add_argument(f"--{name}", required=True)
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--connections", type=int, default=100)
    p.add_argument("--parallel", type=int, default=8)
    p.add_argument("--only")
    p = sub.add_parser("check")
    p.add_argument("lines")
    p.add_argument("port", type=int)
    p.add_argument("log")
    p.add_argument("--show", type=int, default=20)
    sub.add_parser("tricks")
    args = parser.parse_args()
    if args.command == "tricks":
        print("\n".join(sorted(TRICKS | RAW_TRICKS | OPENINGS)))
        return 0
    if args.command == "record":
        record(args)
        return 0
    return check(args)


if __name__ == "__main__":
    sys.exit(main())
