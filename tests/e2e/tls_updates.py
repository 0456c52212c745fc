#!/usr/bin/env python3
"""Key updates and early data: tls_updates.py METLO-XDP

openssl s_client and s_server speak HTTP/1 by hand, through a relay that makes a capture
of what it passes on: TLS 1.3 with each suite, full and resumed with early data, with
key updates of both sides between the exchanges, and with -allow_no_dhe_kex; what is
judged is that of tls_keys.py. With METLO_TEST_LONG all three suites. Every exchange must be reported, and nothing else. Prints
"ok NAME" or "not ok NAME" lines.
"""
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time

import tls
import tls_keys

LIMIT = 60


class End:
    """A program, what is said to it, and what it said."""

    def __init__(self, *args):
        self.run = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT)
        self.heard = b""

    def say(self, data):
        self.run.stdin.write(data)
        self.run.stdin.flush()

    def wait(self, text, times=1):
        end = time.monotonic() + LIMIT
        while self.heard.count(text) < times:
            left = end - time.monotonic()
            assert left > 0, (text, self.heard[-2000:])
            if select.select([self.run.stdout], [], [], left)[0]:
                data = os.read(self.run.stdout.fileno(), 1 << 16)
                assert data, (text, self.heard[-2000:])
                self.heard += data

    def close(self):
        self.run.stdin.close()
        self.run.terminate()
        self.run.wait()
        self.run.stdout.close()


class Relay(threading.Thread):
    """One connection, which becomes a capture."""

    def __init__(self, server):
        super().__init__()
        self.capture, self.server = tls_keys.Packets(), server
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def run(self):
        a, _ = self.listener.accept()
        b = socket.create_connection(("127.0.0.1", self.server))
        conn = self.capture.begin()
        open_ends = {a: b, b: a}
        while len(open_ends) == 2:
            for end in select.select(list(open_ends), [], [])[0]:
                try:
                    data = end.recv(1 << 16)
                except ConnectionResetError:
                    data = b""
                if not data:
                    del open_ends[end]
                    break
                self.capture.send(conn, end is b, data)
                open_ends[end].sendall(data)
        self.capture.us += 2500000
        self.capture.end(conn)
        for s in (a, b, self.listener):
            s.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def server_of(folder, port, suite, *more):
    server = End("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert",
                 os.path.join(folder, "cert.pem"), "-key", os.path.join(folder, "key.pem"),
                 "-ciphersuites", suite, "-tls1_3", "-keylogfile", os.path.join(folder, "keys"),
                 "-alpn", "http/1.1", *more)
    server.wait(b"ACCEPT")
    return server


def exchange(client, server, i, log, early=False):
    request, body = tls_keys.request_of(i), tls_keys.body_of(i)
    if not early:
        client.say(request)
    server.wait(request.split(b"\r\n")[0])
    # A line at a time, as s_server reads them; the last one has no end.
    server.say(tls_keys.response_of(body[:15000] + b"\n"))
    client.wait(body[:15000])
    log[f"/item/{i}"] = tls_keys.hashlib.sha256(body[:15000] + b"\n").hexdigest()


def wait_for(condition):
    limit = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


def update(end, relay, command):
    """What is said next must not be read together with the command."""
    seen = len(relay.capture.packets)
    end.say(command + b"\n")
    wait_for(lambda: len(relay.capture.packets) > seen)


def connection(folder, suite, resumed, more):
    """Returns the capture and what the server answered."""
    session, early = (os.path.join(folder, n) for n in ("session", "early"))
    server_port, log = free_port(), {}
    server = server_of(folder, server_port, suite, "-early_data", *more)
    relay = Relay(server_port)
    relay.start()
    args = ["openssl", "s_client", "-connect", f"127.0.0.1:{relay.port}", "-servername",
            tls_keys.HOST, "-alpn", "http/1.1", "-ciphersuites", suite, *more]
    if os.path.exists(session):
        os.remove(session)
    if resumed:
        first = End("openssl", "s_client", "-connect", f"127.0.0.1:{server_port}", *args[4:],
                    "-sess_out", session)
        wait_for(lambda: os.path.exists(session) and os.path.getsize(session))
        first.say(b"Q\n")  # one that ends otherwise cannot be resumed
        first.run.wait(LIMIT)
        first.close()
        with open(early, "wb") as f:
            f.write(tls_keys.request_of(0))
        args += ["-sess_in", session, "-early_data", early]
    client = End(*args)
    client.wait(b"Verify return code")
    exchange(client, server, 0, log, resumed)
    for i, command in enumerate((b"K", b"K", b"k", b"k", b"K")):
        relay.capture.exchange = None  # nothing in cleartext is like it
        update((client, server)[i % 2], relay, command)
        relay.capture.exchange = i + 1
        exchange(client, server, i + 1, log)
    accepted = b"Early data was accepted" in client.heard
    client.close()
    server.close()
    relay.join(LIMIT)
    return relay.capture, log, accepted


def main():
    metlo, failed = sys.argv[1], 0
    with tempfile.TemporaryDirectory() as folder:
        tls.certificate(folder)
        for suite in tls_keys.SUITES_13 if tls_keys.LONG else tls_keys.SUITES_13[:1]:
            for name, resumed, more in (("full", False, ()), ("early data", True, ()),
                                        ("early data, no ephemeral keys", True,
                                         ("-allow_no_dhe_kex",))):
                open(os.path.join(folder, "keys"), "wb").close()
                capture, log, accepted = connection(folder, suite, resumed, more)
                name = f"{suite}, key updates, {name}"
                failed += tls_keys.result(f"{name}: early data", accepted == resumed, accepted)
                failed += tls_keys.check(metlo, folder, name, capture, log)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
