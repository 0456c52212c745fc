"""Generated traffic, the truth about it, and how near a tool came to it."""
import os
import subprocess

VARIANTS = {
    "standard": "keep-alive, 800-byte JSON answers",
    "large": "downloads of 1 MiB",
    "small": "no bodies",
    "short": "one request per connection",
    "noise": "standard, and 20 % of packets on other ports",
    "reorder": "standard, 1 % of packets too late",
    "gzip": "standard, bodies compressed",
}


class Trace:
    """A pcap of one variant; remove() when it has been used."""

    def __init__(self, env, variant):
        self.variant = variant
        self.path = os.path.join(env.work, variant + ".pcap")
        truth = self.path + ".truth"
        done = subprocess.run([env.mkhttp, "--preset", variant, "--scale", str(env.scale),
                               "--truth", truth, self.path],
                              capture_output=True, text=True, check=True)
        self.said = done.stderr.strip()
        self.bytes = os.path.getsize(self.path)
        self.truth = {}  # target -> status, length of the answer's body
        with open(truth) as f:
            for line in f:
                _, target, status, _, length, *_ = line.split("\t")
                self.truth[target] = int(status), int(length)
        os.remove(truth)

    def remove(self):
        os.remove(self.path)


def score(trace, records):
    """How many transactions were found complete, and how many records are
    something else: wrong, twice or in part. records: target, status, and the
    length of the answer's body or None if the tool does not tell it."""
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
