#!/usr/bin/env python3
"""HTTP inside TLS, with the keys that an end logs: tls_keys.py METLO-XDP

Two ends of Python's ssl (OpenSSL) talk HTTP/1 through memory; what they exchange
becomes a pcapng file with the key log as Decryption Secrets Blocks, at its beginning,
2 s late, or missing, and with packets left out. Every transaction reported must be one
that the server answered. Prints "ok NAME" or "not ok NAME" lines.
"""
import hashlib
import json
import os
import random
import ssl
import struct
import subprocess
import sys
import tempfile

import tls

HOST = "www.example.com"
EXCHANGES = 20
LONG = bool(os.environ.get("METLO_TEST_LONG"))
LOSSES = 20 if LONG else 2
# Of so few, one is much.
SLACK = 0 if LONG else 2
# Suites up to TLS 1.2 by OpenSSL's names, and whether encrypt-then-MAC is off.
SUITES_12 = (("ECDHE-RSA-AES128-GCM-SHA256", False), ("ECDHE-RSA-AES256-GCM-SHA384", False),
             ("ECDHE-RSA-CHACHA20-POLY1305", False), ("ECDHE-RSA-AES128-SHA256", False),
             ("ECDHE-RSA-AES256-SHA384", True))
SUITES_13 = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
NO_ENCRYPT_THEN_MAC = 1 << 19


class Packets(tls.Capture):
    """Keeps packets, to be written in several ways."""

    def __init__(self):
        self.us, self.size, self.port, self.packets = 1700000000000000, 1400, 40000, []
        self.file, self.parts, self.exchange = self, [], None

    def write(self, data):
        self.packets.append((self.us, data[16:]))
        self.parts.append(None)

    def send(self, conn, by_server, data):
        at = len(self.parts)
        super().send(conn, by_server, data)
        if self.exchange is not None:
            for i in range(at, len(self.parts)):
                self.parts[i] = (self.exchange, by_server, i - at)

    def lossy(self, seed):
        """1 % of the packets are left out, of exchanges only: the same parts of them,
        whatever protocol carries them."""
        return [p for p, part in zip(self.packets, self.parts)
                if part is None or random.Random(f"{seed} {part}").random() > 0.01]


def in_clear(exchanges):
    """What talk() says, without TLS. Returns the capture and what the server answered."""
    capture, log = Packets(), {}
    conn = capture.begin()
    for i in range(exchanges):
        capture.exchange, body = i, body_of(i)
        capture.send(conn, False, request_of(i))
        capture.send(conn, True, response_of(body))
        log[f"/item/{i}"] = hashlib.sha256(body).hexdigest()
    capture.us += 2500000
    capture.end(conn)
    return capture, log


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def write(path, packets, keys, late_us=0):
    """keys: text, written before the first packet that is so late; None: never."""
    secrets = block(10, struct.pack("<II", 0x544c534b, len(keys)) + keys) if keys else b""
    first = packets[0][0]
    with open(path, "wb") as f:
        f.write(block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)))
        f.write(block(1, struct.pack("<HHI", 101, 0, 0)))
        for us, packet in packets:
            if secrets and us - first >= late_us:
                f.write(secrets)
                secrets = b""
            f.write(block(6, struct.pack("<IIIII", 0, us >> 32, us & 0xffffffff, len(packet),
                                         len(packet)) + packet))


def body_of(i):
    return (f"{i:05d}-" * (1 + i * 97 % 2500)).encode()


def request_of(i):
    return f"GET /item/{i} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def response_of(body):
    return (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" %
            len(body) + body)


def talk(capture, client, server, session=None, before=(), glued=b"",
         exchanges=EXCHANGES):
    """A handshake and exchanges, after bytes (by server?, bytes), the last ones of the
    client in the segment of its hello. Returns the session, and what the server answered."""
    a_in, a_out, b_in, b_out = (ssl.MemoryBIO() for _ in range(4))
    a = client.wrap_bio(a_in, a_out, server_hostname=HOST, session=session)
    b = server.wrap_bio(b_in, b_out, server_side=True)
    conn, done, log = capture.begin(), set(), {}
    for by_server, data in before:
        capture.send(conn, by_server, data)

    def pump():
        nonlocal glued
        for out, into, by_server in ((a_out, b_in, False), (b_out, a_in, True)):
            data = out.read()
            if data:
                capture.send(conn, by_server, glued + data)
                glued = b""
                into.write(data)

    def read_all(end):
        data = b""
        while True:
            try:
                data += end.read(100000)
            except ssl.SSLWantReadError:
                return data

    for _ in range(10):
        for name, end in (("a", a), ("b", b)):
            if name not in done:
                try:
                    end.do_handshake()
                    done.add(name)
                except ssl.SSLWantReadError:
                    pass
                pump()
    assert len(done) == 2
    for i in range(exchanges):
        capture.exchange = i
        a.write(request_of(i))
        pump()
        request = read_all(b).decode()
        path, body = request.split(" ")[1], body_of(i)
        b.write(response_of(body))
        log[path] = hashlib.sha256(body).hexdigest()
        pump()
        assert read_all(a).endswith(body)
    capture.us += 2500000  # time for late keys
    capture.end(conn)
    return a.session, log, a.session_reused


def contexts(folder, version, suite, no_etm, mutual, retry):
    both = []
    for server in (False, True):
        c = tls.context(folder, server, version, mutual)
        if version == ssl.TLSVersion.TLSv1_2:
            c.set_ciphers(suite + ":@SECLEVEL=0")
        if no_etm:
            c.options |= NO_ENCRYPT_THEN_MAC
        if server and retry:
            c.set_ecdh_curve("secp384r1")
        c.keylog_filename = os.path.join(folder, "keys") if server else None
        both.append(c)
    return both


def replay(metlo, path, with_laws):
    run = subprocess.run([metlo, "replay", path, "--raw", "--body-hash", "--summary",
                          path + ".json"], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    if not with_laws:
        return lines, 0
    laws = subprocess.run([sys.executable, os.path.join(os.path.dirname(tls.__file__), "..",
                                                        "laws.py"), path + ".json"],
                          capture_output=True, text=True, check=False)
    return lines, laws.returncode


def judge(lines, log):
    """How many transactions are right, and what is wrong."""
    ids = {d["capture"]["connection"] for d in lines if d["capture"]["kind"] == "tls"} or {None}
    right, wrong = 0, []
    for d in lines:
        if d["capture"]["kind"] != "http":
            continue
        if d["capture"].get("tls") not in ids:
            wrong.append("capture.tls")
        q, r = d["request"], d["response"]
        if q and q["url"]["path"] not in log:
            wrong.append(q["url"]["path"])
        sha = d["capture"]["responseBodySha256"]
        if q and r and sha:
            right += sha == log.get(q["url"]["path"])
            if sha != log.get(q["url"]["path"]):
                wrong.append(q["url"]["path"] + " has another body")
    return right, wrong


def result(name, good, *detail):
    print(f"{'ok' if good else 'not ok'} {name}")
    if not good:
        print("#  ", *detail)
    return 0 if good else 1


def check(metlo, folder, name, capture, logs):
    """One capture, in all variants. Returns how many failed."""
    with open(os.path.join(folder, "keys"), "rb") as f:
        keys = f.read()
    path, failed = os.path.join(folder, "pcapng"), 0
    log, total = logs, len(logs)
    for late, label in ((0, "keys before"), (2000000, "keys 2 s late"), (None, "no keys")):
        write(path, capture.packets, None if late is None else keys, late or 0)
        lines, laws = replay(metlo, path, late == 0)
        right, wrong = judge(lines, log)
        want = 0 if late is None else total
        failed += result(f"{name}: {label}", right == want and not wrong and not laws,
                         f"{right} of {want}, wrong: {wrong}, laws: {laws}")
    # Recall is that without TLS.
    right, lost, clear = 0, [], 0
    plain, plain_log = in_clear(len(log))
    for seed in range(LOSSES):
        write(path, capture.lossy(f"{name} {seed}"), keys)
        n, wrong = judge(replay(metlo, path, False)[0], log)
        right, lost = right + n, lost + wrong
        write(path, plain.lossy(f"{name} {seed}"), None)
        clear += judge(replay(metlo, path, False)[0], plain_log)[0]
    failed += result(f"{name}: 1 % loss", not lost and right >= clear * 0.95 - SLACK,
                     f"{right} of {LOSSES * total}, {clear} without TLS, wrong: {lost}")
    print(f"# show: {name}, 1 % loss: {right} of {LOSSES * total}, {clear} without TLS")
    return failed


def cases(version):
    for mutual, retry, resume in ((False, False, False), (True, False, False),
                                  (False, True, False), (False, False, True)):
        if retry and version == ssl.TLSVersion.TLSv1_2:
            continue
        yield (mutual, retry, resume,
               "client certificate" if mutual else "HelloRetryRequest" if retry
               else "resumed" if resume else "full")


def part(metlo, folder, version, suite, no_etm):
    failed = 0
    for mutual, retry, resume, label in cases(version):
        open(os.path.join(folder, "keys"), "wb").close()
        client, server = contexts(folder, version, suite, no_etm, mutual, retry)
        capture = Packets()
        session = None
        if resume:
            session, _, _ = talk(Packets(), client, server)
            if version == ssl.TLSVersion.TLSv1_3:
                open(os.path.join(folder, "keys"), "wb").close()
        _, log, reused = talk(capture, client, server, session)
        assert reused == resume
        failed += check(metlo, folder, f"{suite}{' MAC-then-encrypt' if no_etm else ''}, {label}",
                        capture, log)
    return failed


def main():
    metlo = sys.argv[1]
    if len(sys.argv) > 2:
        return part(metlo, sys.argv[2], ssl.TLSVersion.TLSv1_3, sys.argv[3], False)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        tls.certificate(folder)
        for suite, no_etm in SUITES_12:
            failed += part(metlo, folder, ssl.TLSVersion.TLSv1_2, suite, no_etm)
        for suite in SUITES_13:
            # Python cannot choose among these.
            conf = os.path.join(folder, "openssl.cnf")
            with open(conf, "w") as f:
                f.write("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n"
                        f"[c]\nCiphersuites = {suite}\n")
            sys.stdout.flush()
            failed += subprocess.run([sys.executable, __file__, metlo, folder, suite],
                                     env=os.environ | {"OPENSSL_CONF": conf},
                                     check=False).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
