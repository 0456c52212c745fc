#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_http: scripts of conversations (see fuzz_http.c).

usage: seeds_fuzz_http.py FOLDER
"""
import gzip
import os
import sys
import zlib

DATA, LOST, CUT, AGAIN, LATE, FIN, RST, TIME = range(8)
S2C = 0x80


def step(op, data=b"", n=None):
    n = len(data) if n is None else n
    return bytes([op, n >> 8, n & 255]) + data


def c(data, op=DATA):
    return step(op, data)


def s(data, op=DATA):
    return step(op | S2C, data)


GET = b"GET /a?b=c HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKS = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n"
          b"4;x=y\r\nWiki\r\n5\r\npedia\r\n0\r\nT: v\r\n\r\n")
POST = b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
END = step(FIN) + step(FIN | S2C)


def coded(name, body, extra=b""):
    return (b"HTTP/1.1 200 OK\r\nContent-Encoding: " + name + b"\r\n" + extra +
            b"Content-Length: %d\r\n\r\n" % len(body) + body)


text = b"the quick brown fox " * 60
raw = zlib.compressobj(9, zlib.DEFLATED, -15)
raw = raw.compress(text) + raw.flush()
seeds = {
    "plain": c(GET) + s(OK) + c(POST) + s(CHUNKS) + END,
    "proxy": c(b"PROXY TCP4 203.0.113.7 198.51.100.1 55555 80\r\n" + GET) + s(OK) + c(GET) + s(OK) + END,
    "proxy_v2": c(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14" + bytes(12) + b"\x02\0\x05\r\n\r\n") +
    c(b"G" + GET) + s(OK) + END,
    "proxy_lost": c(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x34" + bytes(12)) + step(LOST, b"", 40) + c(GET) + s(OK) + END,
    "pipelined": c(GET * 3 + POST) + s(OK * 3 + CHUNKS) + END,
    "head": c(b"HEAD / HTTP/1.1\r\n\r\n") + s(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + OK) + END,
    "expect": c(b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n") +
    s(b"HTTP/1.1 100 Continue\r\n\r\n") + c(b"abc") + s(b"HTTP/1.1 204 No\r\n\r\n"),
    "refused": c(b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n") +
    s(b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n") + c(GET) + s(OK),
    "gzip": c(GET) + s(coded(b"gzip", gzip.compress(text))) + END,
    "deflate": c(GET) + s(coded(b"deflate", zlib.compress(text))) + s(coded(b"deflate", raw)),
    "stacked": c(GET) + s(coded(b"deflate, gzip", gzip.compress(zlib.compress(text)))),
    "wrong": c(GET) + s(coded(b"gzip", text)) + c(GET) + s(coded(b"br", text)) + s(coded(b"zstd", text)),
    "broken": c(GET) + s(coded(b"gzip", gzip.compress(text)[:40] + b"\xff" * 40)),
    "lost": c(GET) + s(OK) + step(LOST, b"", 40) + c(GET) + s(OK) + step(LOST | S2C, b"", 30) + s(OK) + c(GET) + s(OK) + END,
    "cut": c(GET) + s(OK + b"x" * 50, CUT) + c(GET) + s(CHUNKS),
    "late": c(GET, LATE) + s(OK) + c(GET) + s(OK) + s(OK, LATE) + s(OK),
    "again": c(GET) + c(GET, AGAIN) + s(OK) + s(OK, AGAIN),
    "rst": c(GET) + s(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nabc") + step(RST | S2C),
    "timeout": c(GET) + step(TIME, b"", 300) + c(GET) + s(OK) + step(TIME, b"", 3000),
    "connect": c(b"CONNECT a:1 HTTP/1.1\r\n\r\n") + s(b"HTTP/1.1 200 OK\r\n\r\n") + c(GET) + s(OK),
    "tunnel": c(b"CONNECT a:1 HTTP/1.1\r\n\r\n") + s(b"HTTP/1.1 200 OK\r\n\r\n") + c(b"\x16\x03\x01\0\0") + s(b"\x16\x03\x01"),
    "upgrade": c(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n") + s(b"HTTP/1.1 101 S\r\n\r\n\x81\x01x") + c(b"\x81\x80abcd"),
    "old": c(b"GET /old\r\n") + s(b"<html>") + END,
    "tls": c(b"\x16\x03\x01\x02\x00\x01"),
    "preface": c(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + s(b"\0\0\0\4\0\0\0\0\0"),
    "odd": c(b"get  /x y http/1.1\nA : b\n\tc\n\x00d\n \n: e\r\rf: g\n\n") +
    s(b"ICY 200\rTransfer-Encoding:\r\n chunked\rContent-Length: 1, 2\r\n\n5\nabcde\n0\n\n") + END,
    "smuggle": c(b"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: xchunked\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nZ\r\n0\r\n\r\n") + s(OK),
    "close": c(GET) + s(b"HTTP/1.0 200 OK\r\n\r\nto the end") + END,
    "swapped": s(GET) + c(OK),
    "large": c(b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n" + b"F: v\r\n" * 400) + c(b"X: y\r\n" * 4000 + b"Content-Length: 2\r\n\r\nab") + s(OK) + END,
}

# HTTP/2. Names are lengths and text without Huffman coding; field() does not index.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 0x20


def frame(kind, flags, stream, payload=b""):
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags]) +
            stream.to_bytes(4, "big") + payload)


def field(name, value, how=0x40):
    return bytes([how, len(name)]) + name + bytes([len(value)]) + value


SETTINGS = frame(4, 0, 0)
HELLO = c(PREFACE + SETTINGS + frame(8, 0, 0, b"\0\1\0\0")) + s(SETTINGS + frame(4, ACK, 0))
GET2 = b"\x82\x86\x84" + field(b":authority", b"h.example")
GET2_AGAIN = b"\x82\x86\x84\xbe"
POST2 = b"\x83\x86" + field(b":path", b"/p?q=1") + b"\xbf" + field(b"cookie", b"a=b") + field(b"cookie", b"c=d", 0x10)
OK2 = b"\x88" + field(b"x-a", b"1")
seeds.update({
    "h2": HELLO + c(frame(1, 5, 1, GET2)) + s(frame(1, 4, 1, OK2) + frame(0, 1, 1, b"body")) +
    c(frame(1, 4, 3, POST2) + frame(0, 0, 3, b"ab") + frame(0, 1, 3, b"cd")) +
    s(frame(1, 5, 3, b"\x89")) + END,
    "h2_padded": HELLO + c(frame(1, 0x2d, 1, b"\2\0\0\0\0\x10" + GET2 + b"\0\0")) +
    s(frame(1, 0xc, 1, b"\3" + OK2 + b"\0\0\0") + frame(0, 9, 1, b"\1ok\0")) + END,
    "h2_continuation": HELLO + c(frame(1, 1, 1, GET2[:3]) + frame(9, 0, 1) + frame(9, 4, 1, GET2[3:])) +
    s(frame(1, 0, 1, OK2[:2]) + frame(9, 4, 1, OK2[2:]) + frame(9, 4, 1, b"\xbe")) + END,
    "h2_trailers": HELLO + c(frame(1, 4, 1, GET2) + frame(0, 0, 1, b"x") + frame(1, 5, 1, field(b"t", b"1"))) +
    s(frame(1, 4, 1, b"\x08\x03103") + frame(1, 4, 1, OK2) + frame(0, 0, 1, b"y") +
      frame(1, 5, 1, field(b"grpc-status", b"0"))) + END,
    "h2_push": HELLO + c(frame(1, 5, 1, GET2)) + s(frame(5, 4, 1, b"\0\0\0\2" + GET2) +
                                                frame(1, 4, 2, OK2) + frame(0, 1, 2, b"pushed") + frame(1, 5, 1, OK2)) + END,
    "h2_reset": HELLO + c(frame(1, 5, 1, GET2) + frame(3, 0, 1, b"\0\0\0\x08")) +
    s(frame(1, 4, 1, OK2) + frame(0, 0, 1, b"late") + frame(7, 0, 0, b"\0\0\0\1\0\0\0\0")) + step(TIME, b"", 300) + END,
    "h2_lost": HELLO + c(frame(1, 5, 1, GET2)) + s(frame(1, 4, 1, OK2) + frame(0, 0, 1, b"z" * 40)[:20]) +
    step(LOST | S2C, b"", 60) + s(frame(1, 4, 1, b"\x88\xbe") + frame(0, 1, 1, b"e")) +
    step(LOST, b"", 30) + c(frame(1, 5, 5, GET2_AGAIN) + frame(1, 5, 7, GET2)) + s(frame(1, 5, 7, b"\x88")) + END,
    "h2_joined": c(frame(1, 5, 9, GET2_AGAIN) + frame(1, 5, 11, GET2)) + s(frame(1, 5, 9, b"\xbf") + frame(1, 5, 11, b"\x88")),
    "h2_large": HELLO + c(frame(1, 5, 1, GET2)) + s(frame(1, 4, 1, OK2) + frame(0, 1, 1, b"0" * 9000)) + END,
    "h2_other": HELLO + c(frame(0x20, 0xff, 3, b"??") + frame(2, 0, 3, b"\0\0\0\0\1") + frame(6, 0, 0, b"12345678") +
                       frame(0, 0, 0, b"bad") + frame(1, 5, 3, b"\xff\xff")) + END,
    "h2_gzip": HELLO + c(frame(1, 5, 1, GET2)) + s(frame(1, 4, 1, b"\x88" + field(b"content-encoding", b"gzip")) +
                                                frame(0, 1, 1, gzip.compress(text))) + END,
    "h2_proxied": c(b"PROXY TCP4 203.0.113.7 198.51.100.1 55555 80\r\n") + HELLO +
    c(frame(1, 5, 1, GET2)) + s(frame(1, 5, 1, OK2)) + END,
    "h2_proxied_late": s(SETTINGS) + c(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0e" + bytes(12)) + c(b"ab") + HELLO +
    c(frame(1, 5, 1, GET2)) + s(frame(1, 5, 1, OK2)) + END,
    "h2_not": c(b"P") + c(b"OST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab") + s(OK) + END,
})

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
for name, script in seeds.items():
    for settings in (0, 4, 5, 2, 8, 0x74) if len(script) < 4000 else (0, 8):
        with open(os.path.join(folder, "seed-%s-%02x" % (name, settings)), "wb") as f:
            f.write(bytes([settings]) + script)
