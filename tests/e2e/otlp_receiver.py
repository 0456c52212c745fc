#!/usr/bin/env python3
"""A receiver of OTLP/HTTP, decoded by PyPI's opentelemetry-proto.

  otlp_receiver.py PORT LOG PLAN

PORT 0 takes a free one; the port is printed. Each span is checked and appended to
LOG, as a line of JSON, before the request is answered. PLAN is a list of what
happens to the requests that carry spans, in order, separated by commas:

  ok         accepted
  lost       accepted, but the receiver is killed before it answers
  killed     the receiver is killed within the body
  STATUS     answered with this status, not accepted; STATUS:N with Retry-After: N
  taken:STATUS  accepted, and answered with this status
  partial:N  the first N spans are rejected
  cut        accepted; the answer is cut off

A last one with * is for all that follow; otherwise these are accepted. A parent process starts the
receiver again after a kill.
"""
import gzip
import json
import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest, ExportTraceServiceResponse)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"}
REQUIRED = {"http.request.method", "url.scheme", "server.address", "metlo.id"}


def value_of(v):
    kind = v.WhichOneof("value")
    if kind == "array_value":
        return [value_of(x) for x in v.array_value.values]
    return getattr(v, kind)


def faults_of(span, attributes):
    """What the specification and its conventions do not allow."""
    checks = {
        "trace_id": len(span.trace_id) == 16 and any(span.trace_id),
        "span_id": len(span.span_id) == 8 and any(span.span_id),
        "parent": not span.parent_span_id or (
            len(span.parent_span_id) == 8 and any(span.parent_span_id)),
        "name": span.name,
        "kind": span.kind == Span.SPAN_KIND_SERVER,
        "times": 0 < span.start_time_unix_nano <= span.end_time_unix_nano,
        "unique keys": len(attributes) == len(span.attributes),
        "values": all(a.value.WhichOneof("value") for a in span.attributes),
        "required": REQUIRED <= attributes.keys(),
        "method": attributes.get("http.request.method") in METHODS or (
            attributes.get("http.request.method") == "_OTHER"
            and "http.request.method_original" in attributes),
        "error": (span.status.code == 2) == ("error.type" in attributes),
        "flags": bool(span.flags & 0x300) == bool(span.parent_span_id),
    }
    return [name for name, good in checks.items() if not good]


def describe(span, resource):
    attributes = {a.key: value_of(a.value) for a in span.attributes if
                  a.value.WhichOneof("value")}
    return {"trace": span.trace_id.hex(), "span": span.span_id.hex(),
            "parent": span.parent_span_id.hex(), "state": span.trace_state,
            "name": span.name, "start": span.start_time_unix_nano,
            "end": span.end_time_unix_nano, "status": span.status.code,
            "flags": span.flags, "attributes": attributes, "resource": resource,
            "faults": faults_of(span, attributes)}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    plan = log = None
    turn = threading.Lock()  # in the order of the plan

    def answer(self, status, body=b"", kind="application/x-protobuf", **fields):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def spans(self, body):
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        request = ExportTraceServiceRequest.FromString(body)
        if request.SerializeToString() != body and len(request.SerializeToString()) != len(body):
            raise DecodeError("not what it says")
        for r in request.resource_spans:
            resource = {a.key: value_of(a.value) for a in r.resource.attributes}
            for scope in r.scope_spans:
                for span in scope.spans:
                    yield describe(span, resource)

    def keep(self, spans):
        text = "".join(json.dumps(s) + "\n" for s in spans)
        os.write(self.log, text.encode())

    def do_POST(self):
        with self.turn:
            self.receive()

    def receive(self):
        length = int(self.headers["Content-Length"])
        step = self.plan.next() if length else "ok"
        if step == "killed":
            self.rfile.read(min(length, 10))
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            spans = list(self.spans(self.rfile.read(length)))
        except (DecodeError, OSError, EOFError) as e:
            self.keep([{"faults": [f"request: {e}"]}])
            return self.answer(400)
        if self.path != "/v1/traces":
            return self.answer(404)
        name, _, detail = step.partition(":")
        if name.isdigit():
            return self.answer(int(name), b"no\n", "text/plain",
                               **({"Retry_After": detail} if detail else {}))
        rejected = int(detail) if name == "partial" else 0
        self.keep(spans[rejected:])
        if name == "lost":
            os.kill(os.getpid(), signal.SIGKILL)
        if name == "taken":
            return self.answer(int(detail))
        if name == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.close_connection = True
            return None
        response = ExportTraceServiceResponse()
        if rejected:
            response.partial_success.rejected_spans = rejected
            response.partial_success.error_message = "some are not liked"
        return self.answer(200, response.SerializeToString())

    def log_message(self, *_):
        pass


class Plan:
    """Shared by the receivers: how far it is, in a file."""

    def __init__(self, path, steps):
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.steps = steps

    def next(self):
        os.write(self.fd, b"x")
        at = os.fstat(self.fd).st_size - 1
        if at >= len(self.steps) and self.steps and self.steps[-1].endswith("*"):
            at = len(self.steps) - 1
        return self.steps[at].rstrip("*") if at < len(self.steps) else "ok"


def main():
    port, log, plan = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    # The parent binds the port too, so that nobody else takes it meanwhile.
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", port))
        port = s.getsockname()[1]
    Handler.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    Handler.plan = Plan(log + ".plan", [p for p in plan.split(",") if p])
    print(port, flush=True)
    while True:
        pid = os.fork()
        if not pid:
            ThreadingHTTPServer.daemon_threads = True
            ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
        signal.signal(signal.SIGTERM, lambda *_, child=pid: (os.kill(child, 9), os._exit(0)))
        os.waitpid(pid, 0)
        time.sleep(0.3)


if __name__ == "__main__":
    main()
