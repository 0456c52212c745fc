#!/usr/bin/env python3
"""TLS that begins after something else: tls_late.py METLO-XDP

Tunnels (CONNECT, SOCKS), PROXY headers, upgrades of HTTP, and commands such as STARTTLS
precede a connection of Python's ssl that carries HTTP/1. One line must describe it,
and with keys every transaction inside must be reported; what preceded it stays. The
segments are whole or of one byte. Prints "ok NAME" or "not ok NAME" lines.
"""
import os
import ssl
import struct
import sys
import tempfile

import tls
import tls_keys

PROXY_1 = b"PROXY TCP4 203.0.113.7 198.51.100.1 55555 443\r\n"
PROXY_2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x1f" + bytes((203, 0, 113, 7, 198, 51, 100, 1)) + \
    struct.pack(">HH", 55555, 443) + b"\x02\0\x10www.example.com\0"
CONNECT = b"CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n"
AGREED = b"HTTP/1.1 200 Connection established\r\n\r\n"
UPGRADE = b"OPTIONS * HTTP/1.1\r\nHost: h\r\nUpgrade: TLS/1.0\r\nConnection: Upgrade\r\n\r\n"
SWITCHED = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n"
            b"Connection: Upgrade\r\n\r\n")
SMTP = [(True, b"220 mail ESMTP Postfix\r\n"), (False, b"EHLO client.example.com\r\n"),
        (True, b"250-mail\r\n250-STARTTLS\r\n250 8BITMIME\r\n"), (False, b"STARTTLS\r\n"),
        (True, b"220 2.0.0 Ready to start TLS\r\n")]
C, S = False, True
# What precedes, what is in the segment of the hello, and what else is reported.
CASES = {
    "CONNECT": ([(C, CONNECT), (S, AGREED)], b"", ["CONNECT"]),
    "CONNECT, keep-alive before": (
        [(C, b"GET /plain HTTP/1.1\r\nHost: h\r\n\r\n"),
         (S, b"HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno"), (C, CONNECT), (S, AGREED)], b"",
        ["GET", "CONNECT"]),
    "PROXY 1": ([(C, PROXY_1)], b"", []),
    "PROXY 1, one segment": ([], PROXY_1, []),
    "PROXY 2, one segment": ([], PROXY_2, []),
    "PROXY 2": ([(C, PROXY_2)], b"", []),
    "PROXY 1 and CONNECT": ([(C, PROXY_1), (C, CONNECT), (S, AGREED)], b"", ["CONNECT"]),
    "Upgrade": ([(C, UPGRADE), (S, SWITCHED)], b"", ["OPTIONS"]),
    "SMTP": (SMTP, b"", []),
    "SMTP in a tunnel": ([(C, CONNECT), (S, AGREED)] + SMTP, b"", ["CONNECT"]),
    "IMAP": ([(S, b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready.\r\n"), (C, b"a STARTTLS\r\n"),
              (S, b"a OK Begin TLS negotiation now.\r\n")], b"", []),
    "POP3": ([(S, b"+OK ready\r\n"), (C, b"STLS\r\n"), (S, b"+OK Begin TLS\r\n")], b"", []),
    "FTP": ([(S, b"220 FTP\r\n"), (C, b"AUTH TLS\r\n"), (S, b"234 AUTH TLS OK.\r\n")], b"", []),
    "NNTP": ([(S, b"200 news\r\n"), (C, b"STARTTLS\r\n"), (S, b"382 Continue\r\n")], b"", []),
    "IRC": ([(C, b"STARTTLS\r\n"), (S, b":irc 670 * :STARTTLS successful\r\n")], b"", []),
    "XMPP": ([(C, b"<?xml version='1.0'?><stream:stream to='example.com'>"),
              (S, b"<?xml version='1.0'?><stream:stream from='example.com'><stream:features>"
                  b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"),
              (C, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
              (S, b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")], b"", []),
    "LDAP": ([(C, b"0\x1d\x02\x01\x01w\x18\x80\x161.3.6.1.4.1.1466.20037"),
              (S, b"0\x0c\x02\x01\x01x\x07\n\x01\0\x04\0\x04\0")], b"", []),
    "PostgreSQL": ([(C, b"\0\0\0\x08\x04\xd2\x16\x2f"), (S, b"S")], b"", []),
    "MySQL": ([(S, b"\x4a\0\0\0\x0a8.0.36\0" + bytes(64)), (C, b"\x20\0\0\1\x85\xae" + bytes(30))],
              b"", []),
    "SOCKS 5": ([(C, b"\5\1\0"), (S, b"\5\0"), (C, b"\5\1\0\3\x0bexample.com\1\xbb"),
                 (S, b"\5\0\0\1\x0a\0\0\2\1\xbb")], b"", []),
    "SOCKS 4": ([(C, b"\4\1\1\xbb\x0a\0\0\2\0"), (S, b"\0\x5a\1\xbb\x0a\0\0\2")], b"", []),
}
# Bytewise, nothing marks where these end.
WHOLE_ONLY = ("IRC", "XMPP", "LDAP", "PostgreSQL", "MySQL", "SOCKS")


class Tunnel:
    """What is sent goes through a connection of TLS, as to a proxy."""

    def __init__(self, capture, client, server):
        self.capture, self.bio = capture, [ssl.MemoryBIO() for _ in range(4)]
        a_in, a_out, b_in, b_out = self.bio
        self.ends = (client.wrap_bio(a_in, a_out, server_hostname="www.example.com"),
                     server.wrap_bio(b_in, b_out, server_side=True))
        self.us = 0

    def pump(self, conn):
        a_in, a_out, b_in, b_out = self.bio
        for out, into, by_server in ((a_out, b_in, False), (b_out, a_in, True)):
            data = out.read()
            if data:
                self.capture.send(conn, by_server, data)
                into.write(data)

    def begin(self):
        conn = self.capture.begin()
        for _ in range(3):
            for end in self.ends:
                try:
                    end.do_handshake()
                except ssl.SSLWantReadError:
                    pass
                self.pump(conn)
        return conn

    def send(self, conn, by_server, data):
        self.ends[by_server].write(data)
        self.pump(conn)
        try:
            self.ends[not by_server].read(1 << 20)
        except ssl.SSLWantReadError:
            pass

    def end(self, conn):
        self.capture.end(conn)


def nested(metlo, folder, path):
    """A tunnel through a proxy that speaks TLS itself: both are described."""
    version = ssl.TLSVersion.TLSv1_3
    open(os.path.join(folder, "keys"), "wb").close()
    client, server = tls_keys.contexts(folder, version, "", False, False, False)
    capture = tls_keys.Packets()
    tls_keys.talk(Tunnel(capture, client, server), client, server, None,
                  [(C, CONNECT), (S, AGREED)], b"", 3)
    with open(os.path.join(folder, "keys"), "rb") as f:
        tls_keys.write(path, capture.packets, f.read())
    lines, laws = tls_keys.replay(metlo, path, True)
    kinds = sorted((d["capture"]["kind"], (d["tls"] if "tls" in d else
                                           {"sni": d["request"]["method"]})["sni"]) for d in lines)
    want = [("http", "CONNECT"), ("tls", "www.example.com"), ("tls", "www.example.com")]
    return tls_keys.result("a tunnel through TLS", kinds == want and not laws, kinds, laws)


def swap_first_hello(packets, n):
    """The client's first segment of TLS is captured before the n-th packet."""
    packets = list(packets)
    at = next(i for i, p in enumerate(packets) if p[1][40:42] == b"\x16\x03")
    packets.insert(n, packets.pop(at))
    return [(packets[0][0] + i * 100, p[1]) for i, p in enumerate(packets)]


def judge(name, lines, log, others, keys):
    secure = [d for d in lines if d["capture"]["kind"] == "tls"]
    plain = [d for d in lines if d["capture"]["kind"] == "http" and "tls" not in d["capture"]]
    inside = [d for d in lines if "tls" in d["capture"]]
    facts = [(d["tls"]["sni"], bool(d["tls"]["ja3"]), bool(d["tls"]["ja4"]),
              d["tls"]["cipher"] is not None) for d in secure]
    wrong = []
    if facts != [("www.example.com", True, True, True)]:
        wrong.append(facts)
    if [d["request"]["method"] for d in plain] != others:
        wrong.append([d["request"] and d["request"]["method"] for d in plain])
    if name.startswith("PROXY") and "CONNECT" not in name:
        wrong += [d["meta"] for d in secure + inside
                  if (d["meta"]["source"], d["meta"]["sourcePort"]) != ("203.0.113.7", 55555) or
                  not d["capture"]["peer"].startswith("10.0.0.1:")]
    right, more = tls_keys.judge([d for d in lines if d not in plain], log)
    if right != (len(log) if keys else 0) or more:
        wrong.append((right, more))
    return wrong


def main():
    metlo, failed = sys.argv[1], 0
    with tempfile.TemporaryDirectory() as folder:
        tls.certificate(folder)
        path = os.path.join(folder, "pcapng")
        for i, (name, (before, glued, others)) in enumerate(CASES.items()):
            for size in (1400, 1):
                if size == 1 and name.startswith(WHOLE_ONLY):
                    continue
                version = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)[(i + size) % 2]
                open(os.path.join(folder, "keys"), "wb").close()
                client, server = tls_keys.contexts(folder, version, "ECDHE-RSA-AES128-GCM-SHA256",
                                                   False, False, False)
                capture = tls_keys.Packets()
                capture.size = size
                _, log, _ = tls_keys.talk(capture, client, server, None, before, glued, 3)
                with open(os.path.join(folder, "keys"), "rb") as f:
                    keys = f.read()
                runs = [("", capture.packets, keys), (", no keys", capture.packets, None)]
                if size > 1 and before and before[-1][0] and "SOCKS" not in name:
                    runs.append((", hello captured early",
                                 swap_first_hello(capture.packets, 1 + len(before)), keys))
                for label, packets, secrets in runs:
                    tls_keys.write(path, packets, secrets)
                    lines, laws = tls_keys.replay(metlo, path, True)
                    wrong = judge(name, lines, log, others, secrets)
                    failed += tls_keys.result(
                        f"{name}, {version.name}, segments of {size}{label}",
                        not wrong and not laws, wrong, "laws", laws)
        failed += nested(metlo, folder, path)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
