#!/usr/bin/env python3
"""Writes a small capture of HTTP connections, byte by byte, for test_replay.sh.

  tests/e2e/capture.py [--raw] [--pcapng] [--big-endian] [--ns] [--link NAME]
                       [--port N] [--vni N] [--gap MS] [--random N | --traced N]
                       [--tls | --secrets | --slow]

Writes the file to standard output: three transactions on two connections or,
with --random, N transactions with random bytes wherever HTTP allows them, with
--traced N that carry trace context, right or wrong, in every third. The same
arguments produce the same bytes.
"""
import argparse
import os
import random
import struct
import sys

LINKS = {"ethernet": 1, "snap": 1, "raw": 101, "null": 0, "loop": 108, "sll": 113, "ppi": 192, "nflog": 239,
         "sll2": 276}
START_NS = 1700000000 * 10**9


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(src, dst, protocol, payload):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0x4000, 64,
                       protocol, 0, bytes(src), bytes(dst))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ethernet(payload):
    return b"\x02\0\0\0\0\2\x02\0\0\0\0\1\x08\0" + payload


class Connection:
    """One TCP connection; packets are (ns, IP packet)."""

    def __init__(self, out, port, client_port):
        self.out, self.ports = out, (client_port, port)
        self.seq = [1000, 2**32 - 10]
        self.send(0, 2)
        self.send(1, 0x12)
        self.send(0, 0x10)

    def send(self, side, flags, payload=b""):
        tcp = struct.pack("!HHIIBBHHH", self.ports[side], self.ports[1 - side],
                          self.seq[side] % 2**32, self.seq[1 - side] % 2**32,
                          0x50, flags, 65535, 0, 0) + payload
        addr = [(10, 1, 0, 5), (10, 2, 0, 1)]
        self.out.packet(ipv4(addr[side], addr[1 - side], 6, tcp))
        self.seq[side] += len(payload) + (flags & 3 != 0)

    def data(self, side, payload):
        for at in range(0, len(payload), 1400):
            self.send(side, 0x18, payload[at:at + 1400])

    def exchange(self, request, response):
        self.data(0, request)
        self.data(1, response)

    def close(self):
        self.send(0, 0x11)
        self.send(1, 0x11)
        self.send(0, 0x10)


class Capture:
    def __init__(self, args):
        self.args, self.now, self.packets = args, START_NS, []

    def packet(self, ip):
        a = self.args
        if not a.raw:
            vxlan = struct.pack("!BBHI", 8, 0, 0, a.vni << 8) + ethernet(ip)
            udp = struct.pack("!HHHH", 50000, 4789, 8 + len(vxlan), 0) + vxlan
            ip = ipv4((172, 16, 0, 1), (172, 16, 0, 2), 17, udp)
        frame = {"ethernet": ethernet(ip), "raw": ip,
                 "null": struct.pack(">I" if a.big_endian else "<I", 2) + ip,
                 "loop": struct.pack(">I", 2) + ip,
                 "snap": ethernet(ip)[:12] + struct.pack("!H", 8 + len(ip)) + b"\xaa\xaa\3\0\0\0\x08\0" + ip,
                 "ppi": struct.pack("<BBHI", 0, 0, 8, 101) + ip,
                 "nflog": b"\2\0\0\0" + struct.pack(">HH" if a.big_endian else "<HH", 4 + len(ip), 9) + ip,
                 "sll": b"\0\0\0\1\0\6" + bytes(8) + b"\x08\0" + ip,
                 "sll2": b"\x08\0" + bytes(18) + ip}[a.link]
        self.packets.append((self.now, frame))
        self.now += a.gap * 10**6

    def write(self, f):
        a, e = self.args, ">" if self.args.big_endian else "<"
        link = LINKS[a.link]
        if a.pcapng:
            f.write(struct.pack(e + "IIIHHqI", 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0, -1, 28))
            f.write(struct.pack(e + "IIHHIHHB3xII", 1, 32, link, 0, 0, 9, 1,
                                9 if a.ns else 6, 0, 32))
        else:
            f.write(struct.pack(e + "IHHiIII", 0xa1b23c4d if a.ns else 0xa1b2c3d4,
                                2, 4, 0, 0, 262144, link))
        for ns, frame in self.packets:
            n = len(frame)
            if a.pcapng:
                ticks, pad = ns if a.ns else ns // 1000, -n % 4
                f.write(struct.pack(e + "IIIIIII", 6, 32 + n + pad, 0, ticks >> 32,
                                    ticks & 0xffffffff, n, n))
                f.write(frame + bytes(pad) + struct.pack(e + "I", 32 + n + pad))
            else:
                sub = ns % 10**9 if a.ns else ns % 10**9 // 1000
                f.write(struct.pack(e + "IIII", ns // 10**9, sub, n, n) + frame)


def response(body, kind="application/json", more=b""):
    return (f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n").encode() + more + b"\r\n" + body


def ordinary(out, port):
    c = Connection(out, port, 40001)
    c.exchange(b"GET /v1/users/7?n=0 HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
               response(b'{"ok":true}'))
    d = Connection(out, port, 40002)
    d.exchange(b"POST /login HTTP/1.1\r\nHost: api.example.com\r\n"
               b"Content-Length: 5\r\n\r\nhello",
               response(b"\x89PNG\xff\xfe", "image/png"))
    c.exchange(b"DELETE /v1/users/7 HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
               b"HTTP/1.1 204 No Content\r\n\r\n")
    c.close()
    d.close()


def slow(out, port):
    """Two responses that stream for minutes, the second without an end, a short one
    before each, and one that takes long to begin."""
    c, d = (Connection(out, port, client) for client in (40001, 40002))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    for connection, path in ((c, b"chunked"), (d, b"close")):
        connection.exchange(b"GET /short HTTP/1.1\r\nHost: h\r\n\r\n", response(b"ok", "text/plain"))
        connection.data(0, b"POST /%s HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi" % path)
    c.data(1, head + b"Transfer-Encoding: chunked\r\n\r\n")
    d.data(1, head + b"Connection: close\r\n\r\n")
    for _ in range(20):
        out.now += 10 * 10**9
        c.data(1, b"9\r\ndata: 1\n\n\r\n")
    c.data(1, b"0\r\n\r\n")
    c.data(0, b"GET /late HTTP/1.1\r\nHost: h\r\n\r\n")
    out.now += 60 * 10**9
    c.data(1, response(b"ok", "text/plain"))


def secrets(out, port):
    c = Connection(out, port, 40001)
    body = b'{"user":"u","deep":[{"password":"SECRET"}]}'
    c.exchange(b"POST /a?b=1&token=SECRET HTTP/1.1\r\nHost: h\r\n"
               b"Authorization: Bearer SECRET\r\nCookie: s=SECRET\r\n"
               b"X-Api-Key: SECRET\r\nX-Own: SECRET\r\n"
               b"Content-Type: application/json\r\n"
               b"Content-Length: %d\r\n\r\n" % len(body) + body,
               response(b"token=SECRET&x=1", "application/x-www-form-urlencoded",
                        b"Set-Cookie: SECRET\r\n"))
    c.close()


def tls(out, port):
    c = Connection(out, port, 40001)
    hello = b"\x01" + (200).to_bytes(3, "big") + b"\x03\x03" + bytes(198)
    c.exchange(b"\x16\x03\x01" + struct.pack("!H", len(hello)) + hello,
               b"\x16\x03\x03\0\x04\x02\0\0\0")
    c.close()


def noise(rng, n, without):
    return bytes(b for b in rng.randbytes(n) if b not in without)


def connections(out, port, count, each):
    """Yields count numbers and their connection, of which each has so many."""
    for i in range(count):
        if i % each == 0:
            if i:
                c.close()
            c = Connection(out, port, 1024 + i // each)
        yield i, c
    c.close()


def random_bytes(out, port, count):
    rng = random.Random(1)
    for _, c in connections(out, port, count, 50):
        line, value = b"\0\r\n ", b"\0\r\n"
        body = rng.randbytes(rng.randrange(300))
        c.exchange(b"POST /" + noise(rng, 40, line) + b" HTTP/1.1\r\nHost: h\r\nX-Id: "
                   + noise(rng, 60, value) + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
                   + body,
                   response(rng.randbytes(rng.randrange(300)), "a/b",
                            b"X-Noise: " + noise(rng, 60, value) + b"\r\n"))


def context(rng, i):
    """Header fields of trace context; those of every third are to be ignored."""
    trace, parent = rng.randbytes(16).hex(), rng.randbytes(8).hex()
    good = f"traceparent: 00-{trace}-{parent}-0{i % 2}\r\n"
    wrong = (good.upper(), good + good, good.replace(trace, "0" * 32), f"traceparent: 00-{trace}\r\n",
             "tracestate: lonely=1\r\n")
    kinds = (good, good + "tracestate: a=1\r\nTraceState: b=2\r\n", wrong[i // 3 % len(wrong)])
    return kinds[i % 3].encode()


def traced(out, port, count):
    rng = random.Random(2)
    for i, c in connections(out, port, count, 100):
        c.exchange(b"GET /t/%d?x=%s&password=SECRET HTTP/1.1\r\nHost: h:8080\r\nUser-Agent: u\xff\r\n"
                   % (i, noise(rng, 9, b"\0\r\n #")) + context(rng, i) + b"\r\n",
                   response(b"{}") if i % 7 else b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")


def main():
    p = argparse.ArgumentParser()
    for flag in ("raw", "pcapng", "big-endian", "ns", "tls", "secrets", "slow"):
        p.add_argument("--" + flag, action="store_true")
    p.add_argument("--link", choices=LINKS, default="ethernet")
    p.add_argument("--port", type=int, default=80)
    p.add_argument("--vni", type=int, default=7000)
    p.add_argument("--gap", type=int, default=1)
    p.add_argument("--random", type=int, default=0)
    p.add_argument("--traced", type=int, default=0)
    args = p.parse_args()
    out = Capture(args)
    if args.random:
        random_bytes(out, args.port, args.random)
    elif args.traced:
        traced(out, args.port, args.traced)
    elif args.tls:
        tls(out, args.port)
    elif args.slow:
        slow(out, args.port)
    elif args.secrets:
        secrets(out, args.port)
    else:
        ordinary(out, args.port)
    with os.fdopen(sys.stdout.fileno(), "wb", closefd=False) as f:
        out.write(f)


if __name__ == "__main__":
    main()
