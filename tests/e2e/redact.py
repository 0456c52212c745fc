#!/usr/bin/env python3
"""Masks per kind of output: what reaches a file, Metlo and the spool.

  redact.py METLO MKHTTP DIRECTORY

Replays JSON with "sku" (8 hexadecimal digits), "price" and "name" to a file and to
a server that keeps all it receives.
"""
import glob
import http.server
import json
import os
import re
import subprocess
import sys
import threading

FAILED = []
SKU = re.compile(rb'\\"sku\\":\\"[0-9a-f]{8}')
NAME = re.compile(rb'\\"name\\":\\"[a-z]')
PRICE = re.compile(rb'\\"price\\":[0-9]')


def is_true(name, condition, detail=""):
    print(f"{'ok' if condition else 'not ok'} {name}")
    if not condition:
        FAILED.append(name)
        print(f"#   {detail}"[:500])


class Collector(http.server.ThreadingHTTPServer):
    """Accepts every batch, or none."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock, self.batches, self.away, self.refused = threading.Lock(), [], False, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def taken(self):
        with self.lock:
            text = b"\n".join(self.batches)
            traces = sum(len(json.loads(b)) for b in self.batches)
            self.batches.clear()
        return text, traces


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status):
        text = b"OK" if status == 200 else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        self.answer(200)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            if self.server.away:
                self.server.refused += 1
            else:
                self.server.batches.append(body)
        self.answer(503 if self.server.away else 200)

    def log_message(self, *args):
        pass


def spooled(directory):
    text = b""
    for path in glob.glob(os.path.join(directory, "**"), recursive=True):
        if os.path.isfile(path):
            with open(path, "rb") as f:
                text += f.read()
    return text


def main():
    metlo, mkhttp, directory = sys.argv[1:]
    pcap, out = os.path.join(directory, "pcap"), os.path.join(directory, "out")
    spool = os.path.join(directory, "spool")
    collector = Collector()
    subprocess.run([mkhttp, "--json", "--gzip", "50", "--chunked", "50", "--post", "50",
                    "--body", "500-3000", "--transactions", "400", pcap], check=True,
                   stderr=subprocess.DEVNULL)

    def replay(*options, code=0):
        """Returns the contents of the file."""
        if os.path.exists(out):
            os.unlink(out)
        done = subprocess.run(
            [metlo, "replay", pcap, "--output", "ndjson:" + out, "--output", "metlo",
             "--metlo-host", f"http://127.0.0.1:{collector.server_port}", *options],
            env={**os.environ, "METLO_API_KEY": "key"}, stderr=subprocess.PIPE, text=True,
            check=False)
        is_true(f"replay {' '.join(options)[:60]}", done.returncode == code, done.stderr)
        with open(out, "rb") as f:
            return f.read()

    def check(name, text, sku, price):
        is_true(f"{name}: there is something", len(text) > 100000 and NAME.search(text),
                f"{len(text)} bytes")
        is_true(f"{name}: sku is {'there' if sku else 'masked'}",
                bool(SKU.search(text)) == sku)
        is_true(f"{name}: price is {'there' if price else 'masked'}",
                bool(PRICE.search(text)) == price)

    lines = replay()
    text, traces = collector.taken()
    check("no mask, file", lines, True, True)
    check("no mask, Metlo", text, True, True)
    is_true("no mask: all arrive", traces == 400, traces)
    same = replay("--redact-field", "sku")
    check("mask for all, file", same, False, True)
    check("mask for all, Metlo", collector.taken()[0], False, True)
    masks = ["--redact-field", "metlo:sku", "--redact-field", "ndjson:price",
             "--redact-header", "metlo:X-Id"]
    lines = replay(*masks)
    text, traces = collector.taken()
    check("mask for one kind, file", lines, True, False)
    check("mask for one kind, Metlo", text, False, True)
    is_true("mask for one kind: all arrive", traces == 400, traces)
    x_id = re.compile(rb'"X-Id","value":"[0-9]')
    is_true("mask for one kind: a header",
            bool(x_id.search(lines)) and not x_id.search(text))

    collector.away = True
    lines = replay(*masks, "--spool", spool, code=1)
    stored = spooled(spool)
    check("backend away, file", lines, True, False)
    check("backend away, spool", stored, False, True)
    is_true("backend away: it was asked", collector.refused > 0)
    collector.away = False
    replay("--exclude", "*", "--spool", spool)
    text, traces = collector.taken()
    check("backend back, Metlo", text, False, True)
    is_true("backend back: all arrive", traces == 400, traces)
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
