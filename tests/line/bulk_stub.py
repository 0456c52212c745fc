#!/usr/bin/env python3
"""A stub of Elasticsearch's bulk API: tests/line/bulk_stub.py PORT-FILE DOCUMENTS

Listens on a free port of the loopback interface, writes it to PORT-FILE, and
appends each document with its _id to DOCUMENTS. Refuses what the API refuses.
"""
import http.server
import json
import os
import sys


def documents(body):
    """The documents of a bulk request, by _id (Elasticsearch reference, Bulk API)."""
    if not body.endswith(b"\n"):
        raise ValueError("the last line must end with a newline")
    lines = body.splitlines()
    if len(lines) % 2:
        raise ValueError("an action without a document")
    for action, source in zip(lines[::2], lines[1::2]):
        (name, meta), = json.loads(action).items()
        if name != "index" or not meta["_index"].islower() or len(meta["_id"]) > 512:
            raise ValueError(f"action {name} {meta}")
        yield meta["_id"], json.loads(source)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            if self.path != "/_bulk" or self.headers["Content-Type"] != "application/x-ndjson":
                raise ValueError(f"{self.path} {self.headers['Content-Type']}")
            found = list(documents(body))
            with open(sys.argv[2], "a", encoding="utf-8") as f:
                for name, source in found:
                    print(name, json.dumps(source), file=f)
            code, answer = 200, {"errors": False, "items": [{"index": {"status": 201}}] * len(found)}
        except (ValueError, KeyError) as e:
            code, answer = 400, {"error": str(e)}
        answer = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


def main():
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    with open(sys.argv[1] + ".new", "w", encoding="ascii") as f:
        f.write(str(server.server_port))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    server.serve_forever()


if __name__ == "__main__":
    main()
