#!/usr/bin/env python3
"""Handshakes of a real TLS stack against what metlo-xdp reports: tls.py METLO-XDP

Two ends of Python's ssl (OpenSSL) talk through memory; what they exchange becomes a
capture, cut into segments of several sizes. Each line must be what the ends
themselves say of the connection. Prints "ok NAME" or "not ok NAME" lines.
"""
import hashlib
import json
import os
import ssl
import struct
import subprocess
import sys
import tempfile

CLIENT, SERVER = b"\x0a\0\0\x01", b"\x0a\0\0\x02"
NAMES = "DNS:www.example.com,IP:10.0.0.2"


class Capture:
    """A pcap file of TCP over IPv4 without link layer (DLT_RAW)."""

    def __init__(self, path, size):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 1 << 18, 101))
        self.us, self.size, self.port = 1700000000000000, size, 40000

    def segment(self, conn, by_server, flags, data=b""):
        seq = conn[by_server]
        ports = (443, conn["port"]) if by_server else (conn["port"], 443)
        tcp = struct.pack(">HHIIBBHHH", *ports, seq & 0xffffffff, conn[not by_server] & 0xffffffff,
                          0x50, flags, 60000, 0, 0)
        ends = (SERVER, CLIENT) if by_server else (CLIENT, SERVER)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(data), 1, 0, 64, 6, 0) + b"".join(ends)
        packet = ip + tcp + data
        self.us += 100
        self.file.write(struct.pack("<IIII", self.us // 1000000, self.us % 1000000,
                                    len(packet), len(packet)) + packet)
        conn[by_server] = seq + len(data) + (1 if flags & 3 else 0)

    def begin(self):
        self.port += 1
        conn = {False: 0xfffffff0, True: 1000, "port": self.port, "bytes": [0, 0]}
        self.segment(conn, False, 2)
        self.segment(conn, True, 0x12)
        return conn

    def send(self, conn, by_server, data):
        conn["bytes"][by_server] += len(data)
        for at in range(0, len(data), self.size):
            self.segment(conn, by_server, 0x10, data[at:at + self.size])

    def end(self, conn):
        self.segment(conn, False, 0x11)
        self.segment(conn, True, 0x11)


def certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem",
         "-out", "cert.pem", "-subj", "/O=Example/CN=www.example.com", "-days", "3650",
         "-addext", f"subjectAltName={NAMES}"],
        cwd=folder, check=True, stderr=subprocess.DEVNULL)


def context(folder, server, version, ca=False):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    c.minimum_version = c.maximum_version = version
    c.set_alpn_protocols(["http/1.1"] if server else ["h2", "http/1.1"])
    c.load_cert_chain(os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))
    if server and ca:
        c.verify_mode = ssl.CERT_REQUIRED
    c.load_verify_locations(os.path.join(folder, "cert.pem"))
    return c


def talk(capture, client, server, session=None, rounds=3):
    """A handshake, some data and the end. Returns what the ends say of it."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    a = client.wrap_bio(to_client, to_server, server_hostname="www.example.com", session=session)
    b = server.wrap_bio(to_server, to_client, server_side=True)
    conn = capture.begin()
    done, error = set(), None

    def pump():
        # Each end reads what the other wrote, as a segment train.
        for bio, by_server in ((to_server, False), (to_client, True)):
            data = bio.read()
            if data:
                capture.send(conn, by_server, data)
                bio.write(data)

    for _ in range(10):
        for name, end in (("a", a), ("b", b)):
            if name in done:
                continue
            try:
                end.do_handshake()
                done.add(name)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as e:
                error, _ = e, done.add(name)
            pump()
    if not error:
        for i in range(rounds):
            a.write(b"q" * 1000)
            pump()
            b.read(1000)
            b.write(b"r" * (5000 * i + 1))
            pump()
            while True:
                try:
                    a.read(100000)
                except ssl.SSLWantReadError:
                    break
    capture.end(conn)
    return {"client": a, "server": b, "conn": conn, "error": error, "session": a.session}


def facts(truth, der, client_cert):
    """The members of tls that the ends know."""
    a, tls13 = truth["client"], truth["client"].version() == "TLSv1.3"
    resumed = a.session_reused
    want = {
        "version": a.version().replace("TLSv", "TLS "),
        "sni": "www.example.com", "alpnOffered": ["h2", "http/1.1"],
        "alpn": None if tls13 else a.selected_alpn_protocol(),
        "resumed": resumed, "helloRetry": False, "ech": False, "alerts": [],
        "clientBytes": truth["conn"]["bytes"][0], "serverBytes": truth["conn"]["bytes"][1],
        "handshakeComplete": None if tls13 else True, "end": "fin"}
    if tls13:
        want |= {"certificates": None, "clientCertRequested": None, "cipher": a.cipher()[0]}
    elif resumed:
        want |= {"certificates": [], "clientCertRequested": False}
    else:
        want |= {"certificates": [der], "clientCertRequested": client_cert,
                 "clientCertSent": True if client_cert else None}
    return want


def compare(name, line, want):
    tls = dict(line["tls"])
    if tls["certificates"]:
        tls["certificates"] = [c["sha256"] for c in tls["certificates"]]
    wrong = {k: (tls.get(k), v) for k, v in want.items() if tls.get(k) != v}
    print(f"{'not ok' if wrong else 'ok'} {name}")
    if wrong:
        print(f"#   reported and wanted: {wrong}")
    return bool(wrong)


def main():
    metlo = sys.argv[1]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        certificate(folder)
        with open(os.path.join(folder, "cert.pem")) as f:
            der = hashlib.sha256(ssl.PEM_cert_to_DER_cert(f.read())).hexdigest()
        for size in (1, 7, 1460):
            path = os.path.join(folder, "pcap")
            capture, cases = Capture(path, size), []
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                for mutual in (False, True):
                    client = context(folder, False, version)
                    server = context(folder, True, version, mutual)
                    name = f"{version.name}{' client certificate' if mutual else ''}"
                    full = talk(capture, client, server)
                    cases.append((name, full, mutual))
                    cases.append((name + " resumed",
                                  talk(capture, client, server, full["session"]), mutual))
            capture.file.close()
            run = subprocess.run([metlo, "replay", path, "--raw"], capture_output=True,
                                 text=True, check=True)
            lines = {d["meta"]["sourcePort"]: d
                     for d in map(json.loads, run.stdout.splitlines()) if "tls" in d}
            for name, truth, mutual in cases:
                assert not truth["error"], truth["error"]
                name = f"{name}, segments of {size}"
                line = lines.get(truth["conn"]["port"])
                if not line:
                    print(f"not ok {name}\n#   no line")
                    failed += 1
                    continue
                failed += compare(name, line, facts(truth, der, mutual))
            if len(lines) != len(cases):
                print(f"not ok {len(lines)} lines for {len(cases)} connections")
                failed += 1
        failed += selected(metlo, folder)
    return 1 if failed else 0


def selected(metlo, folder):
    """What --records, --include and the summary say."""
    path, failed = os.path.join(folder, "pcap"), 0
    for options, want in ((["--records", "http"], 0), (["--records", "tls"], 8),
                          (["--include", "www.example.com"], 8),
                          (["--include", "www.example.com/a"], 0),
                          (["--exclude", "*.example.com"], 0)):
        out = subprocess.run(
            [metlo, "replay", path, "--raw", "--summary", path + ".json", *options],
            capture_output=True, text=True, check=True).stdout
        with open(path + ".json") as f:
            summary = json.load(f)
        law = subprocess.run([sys.executable, os.path.join(os.path.dirname(__file__), "..", "laws.py"),
                              path + ".json"], capture_output=True, text=True, check=False)
        good = len(out.splitlines()) == want and not law.returncode and \
            summary["selection"]["selected_tls"] == want
        print(f"{'ok' if good else 'not ok'} {' '.join(options)}")
        if not good:
            print(f"#   {len(out.splitlines())} lines, {law.stdout}")
            failed += 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
