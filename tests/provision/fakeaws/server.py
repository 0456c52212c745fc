"""HTTP servers, and faults applied to a response on the wire."""
from __future__ import annotations

import http.server
import socket
import struct
import time
from typing import Callable, Optional

from .control import Control
from .dispatch import Answer, Fake
from .sigv4 import Request

Respond = Callable[[Request], Answer]
LARGEST = 1 << 20


def reset(connection: socket.socket) -> None:
    """Aborts a connection with a RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    respond: Respond

    def log_message(self, *_: object) -> None:
        """Logs nothing: there is the journal."""

    def _body(self) -> Optional[bytes]:
        if self.headers.get("Transfer-Encoding"):
            return None
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LARGEST:
            return None
        return self.rfile.read(int(length))

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            self.send_error(411)
            self.close_connection = True
            return
        request = Request(self.command, self.path, list(self.headers.items()), body)
        self._send(type(self).respond(request))

    def _send(self, answer: Answer) -> None:
        kind = answer.fault.kind if answer.fault else ""
        body = answer.body
        if kind in ("cut_before", "cut_after"):
            if answer.fault:
                time.sleep(answer.fault.seconds)
            reset(self.connection)
            self.close_connection = True
            return
        if kind == "slow" and answer.fault:
            time.sleep(answer.fault.seconds)
        if kind == "truncate":
            body = body[:len(body) // 2]
        if kind == "garbage":
            body = b"<html><body>It works!</body></html>"
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if kind == "short":
            body = body[:len(body) // 2]
            self.close_connection = True
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignores clients that disconnect."""


def listen(port: int, respond: Respond) -> Server:
    kind = type("BoundHandler", (Handler,), {"respond": staticmethod(respond)})
    return Server(("127.0.0.1", port), kind)


def api(fake: Fake, control: Control) -> Respond:
    """The API port: AWS, and /_fake/ for tests."""
    from .sso import credentials

    def respond(request: Request) -> Answer:
        if request.target.startswith("/_fake/"):
            return control.respond(request)
        if fake.world.settings.latency_seconds:
            time.sleep(fake.world.settings.latency_seconds)
        if request.target.startswith("/federation/credentials"):
            return credentials(fake, request)
        return fake.answer(request)
    return respond
