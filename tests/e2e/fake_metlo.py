#!/usr/bin/env python3
"""A fake of Metlo's collector that can be made to fail.

  fake_metlo.py --port N [--key KEY] [--log FILE] [--cert PEM --cert-key PEM]
                [--schema FILE]

GET /api/v1, /api/v1/verify and POST /api/v1/log-request/batch behave as the
v1 endpoints do: a body over 2 MB or that is not JSON fails before the key is
checked; the traces of a batch are accepted one by one, up to a 400 for the first
path that is refused; a trace without method or status is accepted and ignored.
Each accepted trace is logged at once: its path, and the "epoch" /_control had set
when its connection was accepted.

POST /_control with an object of these members changes what follows:
  always, next   behaviors for batches: one for all, or a list for the next ones
  key            the accepted key; null accepts none
  epoch          text for the log
  refuse         further paths to refuse
  limit          maximal bytes of a batch
A behavior is an object: status, headers, text, delay (seconds), take (false:
accept nothing of the batch), reset ("before" reading the batch, "after" accepting
it), cut (half a response), half_close (close the sending side without a
response), hang (seconds without a response).
GET /_state returns what was received.
"""
import argparse
import json
import os
import re
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler

LIMIT = 2 * 1024 * 1024
METHODS = set("GET HEAD POST PUT PATCH DELETE CONNECT OPTIONS TRACE".split())


def path_error(path):
    """The reason to refuse a path, or None."""
    if not path:
        return "No path provided."
    if not path.startswith("/"):
        return "Path does not start with a leading slash."
    if re.search(r"[\\?<>&=]", path):
        return "Path contains an invalid character."
    if path != "/" and sum(not t for t in path.split("/")) > 2:
        return "Too many trailing or leading slashes in path."
    return None


class Backend:
    """State shared by the connections."""

    def __init__(self, key="key", log=None, schema=None):
        self.lock = threading.Lock()
        self.key = key
        self.always = {}
        self.next = []
        self.epoch = "0"
        self.refuse = []
        self.limit = LIMIT
        self.log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if log else -1
        self.validator = None
        if schema:
            import jsonschema
            with open(schema, encoding="utf-8") as f:
                self.validator = jsonschema.Draft7Validator(json.load(f))
        self.seen = {"taken": 0, "paths": [], "requests": [], "connections": 0,
                     "invalid": [], "in_flight": 0, "asked": 0, "max_in_flight": 0, "last": None}

    def control(self, o):
        with self.lock:
            for name in ("always", "next", "key", "epoch", "refuse", "limit"):
                if name in o:
                    setattr(self, name, o[name])

    def behaviour(self):
        with self.lock:
            return self.next.pop(0) if self.next else self.always

    def take(self, trace, epoch="0"):
        """Accepts one trace; returns None, or the text of a 400."""
        request = trace.get("request") or {}
        path = (request.get("url") or {}).get("path")
        why = path_error(path)
        if path in self.refuse:
            why = "It is not wanted."
        if why:
            return f"Invalid path {path}: {why}"
        if not request.get("method") or not (trace.get("response") or {}).get("status"):
            return None
        if self.validator:
            for e in self.validator.iter_errors(trace):
                self.seen["invalid"].append(f"{list(e.absolute_path)}: {e.message}"[:300])
        with self.lock:
            self.seen["taken"] += 1
            self.seen["paths"].append(path)
            self.seen["last"] = trace
        if self.log >= 0:
            os.write(self.log, f"{epoch} {path}\n".encode())
        return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = 60

    def log_message(self, format, *args):
        pass

    def setup(self):
        super().setup()
        self.epoch = self.server.epochs.pop(self.client_address, "0")
        with self.server.backend.lock:
            self.server.backend.seen["connections"] += 1

    def answer(self, status, text="OK", headers=()):
        body = text.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def body(self):
        n = int(self.headers.get("Content-Length", 0))
        return self.rfile.read(n)

    def reset(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.socket.close(self.connection)

    def authorized(self):
        key = self.server.backend.key
        if key is not None and self.headers.get("Authorization") == key:
            return True
        self.answer(401, "Client unauthorized")
        return False

    def do_GET(self):
        b = self.server.backend
        if self.path == "/_state":
            with b.lock:
                text = json.dumps(b.seen)
            self.answer(200, text)
        elif self.path in ("/api/v1", "/api/v2"):
            b.seen["asked"] += 1
            self.answer(b.always.get("status", 200) if b.always.get("everywhere") else 200)
        elif self.path in ("/api/v1/verify", "/api/v2/verify"):
            if self.authorized():
                self.answer(200)
        else:
            self.answer(404, "Not found")

    def do_POST(self):
        b = self.server.backend
        if self.path == "/_control":
            b.control(json.loads(self.body()))
            self.answer(200)
        elif self.path == "/api/v1/log-request/batch":
            with b.lock:
                b.seen["in_flight"] += 1
                b.seen["max_in_flight"] = max(b.seen["max_in_flight"], b.seen["in_flight"])
            try:
                self.batch(b, b.behaviour())
            except OSError:
                self.close_connection = True
            finally:
                with b.lock:
                    b.seen["in_flight"] -= 1
        else:
            self.body()
            self.answer(404, "Not found")

    def batch(self, b, how):
        if how.get("reset") == "before":
            self.reset()
            return
        raw = self.body()
        note = {"bytes": len(raw), "version": self.request_version,
                "via": self.headers.get("Via"), "status": 0, "traces": 0}
        with b.lock:
            b.seen["requests"].append(note)
        if len(raw) > b.limit:
            note["status"] = 413
            self.answer(413, "request entity too large")
            return
        try:
            traces = json.loads(raw)
            note["traces"] = len(traces)
            if self.headers.get("Content-Type") != "application/json":
                raise ValueError("no JSON")
        except ValueError as e:
            note["status"] = 400
            self.answer(400, str(e))
            return
        if not self.authorized():
            note["status"] = 401
            return
        if "delay" in how:
            time.sleep(how["delay"])
        status, text = how.get("status", 200), how.get("text", "OK")
        if how.get("take", status == 200):
            for t in traces:
                error = b.take(t, self.epoch)
                if error:
                    status, text = 400, error
                    break
        note["status"] = status
        self.finish_batch(how, status, text)

    def finish_batch(self, how, status, text):
        if how.get("reset") == "after":
            self.reset()
        elif "hang" in how:
            time.sleep(how["hang"])
            self.close_connection = True
        elif how.get("half_close"):
            self.connection.shutdown(socket.SHUT_WR)
            self.rfile.read(1)
            self.close_connection = True
        elif how.get("cut"):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nO")
            self.wfile.flush()
            self.close_connection = True
        else:
            self.answer(status, text, how.get("headers", {}).items())


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, port, backend, context=None):
        self.backend = backend
        self.context = context
        self.open = set()
        self.epochs = {}
        super().__init__(("127.0.0.1", port), Handler)

    def get_request(self):
        request, address = super().get_request()
        self.epochs[address] = self.backend.epoch
        return request, address

    def finish_request(self, request, client_address):
        if self.context:
            request.settimeout(20)
            request = self.context.wrap_socket(request, server_side=True)
        self.open.add(request)
        try:
            super().finish_request(request, client_address)
        finally:
            self.open.discard(request)

    def close_all(self):
        """Closes all connections, as if the process had ended."""
        self.shutdown()
        self.server_close()
        for request in list(self.open):
            try:
                request.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def handle_error(self, request, client_address):
        pass


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--key", default="key")
    p.add_argument("--log")
    p.add_argument("--schema")
    p.add_argument("--cert")
    p.add_argument("--cert-key")
    a = p.parse_args()
    context = None
    if a.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(a.cert, a.cert_key)
    server = Server(a.port, Backend(a.key, a.log, a.schema), context)
    print(server.server_address[1], flush=True)
    server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    sys.exit(main())
