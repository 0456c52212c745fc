"""Generated traffic with its expected transactions, and scoring of results."""
import os
import subprocess

import http2_trace

VARIANTS = {
    "standard": "keep-alive, 800-byte JSON responses",
    "large": "downloads of 1 MiB",
    "small": "no bodies",
    "short": "one request per connection",
    "noise": "standard, with 20 % of packets on other ports",
    "reorder": "standard, with 1 % of packets delayed",
    "gzip": "standard, bodies compressed",
    "http2": "h2load and nginx, 20 streams per connection, 900-byte JSON",
}


HTTP2_REQUESTS = 100000


def cannot(variant):
    """Why there can be no trace of this variant here, or None."""
    return http2_trace.missing() if variant == "http2" else None


class Trace:
    """A pcap file of one variant; call remove() after use."""

    def __init__(self, env, variant):
        self.variant = variant
        self.path = os.path.join(env.work, variant + ".pcap")
        truth = self.path + ".truth"
        if variant == "http2":
            http2_trace.record(int(HTTP2_REQUESTS * env.scale), self.path)
        else:
            subprocess.run([env.mkhttp, "--preset", variant, "--scale", str(env.scale),
                            "--truth", truth, self.path], capture_output=True, check=True)
        self.bytes = os.path.getsize(self.path)
        self.truth = {}  # target -> status, length of the response body
        with open(truth) as f:
            for line in f:
                _, target, status, _, length, *_ = line.split("\t")
                self.truth[target] = int(status), int(length)
        os.remove(truth)

    def remove(self):
        os.remove(self.path)


def score(trace, records):
    """Counts the transactions found complete, and the records that are wrong,
    duplicate or partial. records: target, status, and the length of the response
    body, or None if the tool does not report it."""
    missing = dict(trace.truth)
    complete = extra = 0
    for target, status, length in records:
        want = missing.get(target)
        if want and want[0] == status and length in (None, want[1]):
            del missing[target]
            complete += 1
        else:
            extra += 1
    return complete, extra
