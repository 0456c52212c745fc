"""Servers that are not what they should be, and servers that hang."""
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterator

from .kit import Mirror, Run, run_module, test

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n<!DOCTYPE html><p>Log in</p"
REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


class Server:
    """Sends the same to everyone, after it has read something, and closes; or hangs."""

    def __init__(self, says: bytes, hangs: bool = False):
        self.says, self.hangs, self.connections = says, hangs, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.kept: list[socket.socket] = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer = self.listener.accept()[0]
                self.connections += 1
                self.kept.append(peer)
                with contextlib.suppress(OSError):
                    peer.recv(65536)
                    peer.sendall(self.says)
                    if not self.hangs:
                        peer.shutdown(socket.SHUT_WR)
                        peer.recv(65536)
                        peer.close()


@contextlib.contextmanager
def server(says: bytes, hangs: bool = False) -> Iterator[Server]:
    s = Server(says, hangs)
    try:
        yield s
    finally:
        s.listener.close()


@test("what cannot get better is not tried again, and named")
def permanent(m: Mirror) -> None:
    retried = {"AWS_MAX_ATTEMPTS": "5"}
    for scheme, says, text in (
            ("http", PAGE, "a web page: that is not AWS but a captive portal or a proxy"),
            ("https", b"SSH-2.0-OpenSSH_9\r\n", "the port does not speak TLS"),
            ("https", REFUSAL, "the port does not speak TLS"),
            ("http", b"SSH-2.0-OpenSSH_9\r\n", "the port does not speak HTTP"),
            ("http", b"\x15\x03\x01\x00\x02\x02\x46", "the port does not speak HTTP")):
        with server(says) as s:
            url = f"{scheme}://127.0.0.1:{s.port}"
            m("aws", "list", "--endpoint-url", url, **retried).expect(1, text, url)
            assert s.connections == 1, (scheme, says, s.connections)
    with server(REFUSAL) as s:
        m("aws", "list", AWS_ENDPOINT_URL="", HTTPS_PROXY=f"http://127.0.0.1:{s.port}",
          **retried).expect(1, "response 403", "refuses to connect to this server")
        assert s.connections == 1, s.connections


def files(home: str, s: Server) -> dict[str, dict[str, str]]:
    """The environments in which each kind of server hangs."""
    url = f"http://127.0.0.1:{s.port}"
    Path(home, ".aws/sso/cache").mkdir(parents=True)
    token = {"accessToken": "t", "expiresAt": "2099-01-01T00:00:00Z"}
    old = {**token, "expiresAt": "2001-01-01T00:00:00Z", "clientId": "c", "clientSecret": "s",
           "refreshToken": "r", "registrationExpiresAt": "2099-01-01T00:00:00Z"}
    config = ""
    for name, content in (("sso", token), ("oidc", old)):
        key = hashlib.sha1(name.encode()).hexdigest()
        Path(home, f".aws/sso/cache/{key}.json").write_text(json.dumps(content))
        config += (f"[sso-session {name}]\nsso_region = us-east-1\nsso_start_url = https://x\n"
                   f"[profile {name}]\nsso_session = {name}\nsso_account_id = 1\n"
                   "sso_role_name = R\n")
    config += ("[profile base]\naws_access_key_id = A\naws_secret_access_key = B\n[profile role]\n"
               "role_arn = arn:aws:iam::1:role/R\nsource_profile = base\n")
    Path(home, ".aws/config").write_text(config)
    return {"metadata": {"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": url},
            "container": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url},
            "portal": {"AWS_PROFILE": "sso", "AWS_ENDPOINT_URL_SSO": url},
            "renewal": {"AWS_PROFILE": "oidc", "AWS_ENDPOINT_URL_SSO_OIDC": url},
            "role": {"AWS_PROFILE": "role", "AWS_ENDPOINT_URL_STS": url}}


@test("servers of credentials that hang are named, and given up")
def hanging(m: Mirror) -> None:
    def run(kind: str, says: bytes) -> tuple[str, Run, int]:
        with server(says, hangs=True) as s, tempfile.TemporaryDirectory() as home:
            env = files(home, s)[kind]
            return kind, m("aws", "list", HOME=home, AWS_ACCESS_KEY_ID="",
                           AWS_SECRET_ACCESS_KEY="", **env), s.port

    kinds = ["metadata", "container", "portal", "renewal", "role"] \
        if os.environ.get("METLO_TEST_LONG") else ["metadata"]
    middle = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"
    start = time.monotonic()
    with ThreadPoolExecutor() as pool:
        for kind, found, port in pool.map(lambda x: run(*x), [(k, s) for k in kinds
                                                              for s in (b"", middle)]):
            found.expect(4, f"127.0.0.1:{port}")
    assert time.monotonic() - start < (600 if len(kinds) > 1 else 60)


@test("a credential process that closes its output and goes on is interrupted with the program")
def lingering(m: Mirror) -> None:
    with tempfile.TemporaryDirectory() as home:
        Path(home, ".aws").mkdir()
        Path(home, ".aws/config").write_text(
            f"[default]\ncredential_process = sh -c \"exec >&-; touch {home}/closed; exec sleep 600\"\n")
        process = m.start("aws", "list", HOME=home, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
        while not Path(home, "closed").exists() and process.poll() is None:
            time.sleep(0.02)
        process.terminate()
        m.end(process, "list").expect(130)


if __name__ == "__main__":
    run_module()
