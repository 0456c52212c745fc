#!/usr/bin/env python3
"""A server whose responses stream until they are told to end: slow_server.py PORT

GET /sse streams events without a length, GET /chunked in chunks, GET /silent one
chunk and then nothing. GET /end ends all of these. Other paths are answered at once.
"""
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler

END = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def send(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) if self.chunked else data)
        self.wfile.flush()

    def stream(self, interval):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header(*(("Transfer-Encoding", "chunked") if self.chunked
                           else ("Connection", "close")))
        self.end_headers()
        self.send(b"data: 0\n\n")
        while not END.wait(interval):
            self.send(b"data: 1\n\n")
        self.send(b"data: last\n\n")
        if self.chunked:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True

    def do_GET(self):
        self.chunked = self.path != "/sse"
        if self.path in ("/sse", "/chunked"):
            self.stream(0.05)
        elif self.path == "/silent":
            self.stream(3600)
        else:
            if self.path == "/end":
                END.set()
            self.send_response(200)
            self.send_header("Content-Length", "3")
            self.end_headers()
            self.wfile.write(b"ok\n")

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("", int(sys.argv[1])), Handler).serve_forever()
