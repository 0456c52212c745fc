"""The captures of ../shared/corpus, wrapped in VXLAN and replayed.

Shared by run.py (are the transactions the expected ones?) and invariance.py
(are they the same however the packets arrive?).
"""
import base64
import collections
import contextlib
import hashlib
import importlib.util
import io
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
CORPUS = os.environ.get("METLO_CORPUS") or os.path.join(TOP, "..", "shared", "corpus")
BUILD = os.environ.get("O", "build")
METLO = os.environ.get("METLO") or os.path.join(TOP, BUILD, "metlo-xdp")
OPTIONS = ["--ports", "any", "--body-hash", "--body-limit", "16MiB", "--no-redact"]
REPLAY_SECONDS = 120
sys.path.insert(0, os.path.dirname(HERE))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "line"))
import laws  # noqa: E402
import schema  # noqa: E402
import v1  # noqa: E402

BOTH_ORACLES = {"tshark-4.0.17", "suricata-8.0.7"}


# The captures come with expectations of version 1.
SCHEMA = schema.load(os.path.join(TOP, "user", "packaging", "line.schema.json"))


class ReplayError(Exception):
    pass


# ---------------------------------------------------------------- captures
def load():
    """The entries of the manifest, or None if the corpus is not present."""
    path = os.path.join(CORPUS, "manifest.json")
    if not os.path.exists(path) or not os.path.exists(_wrapper_path()):
        return None
    with open(path) as f:
        return json.load(f)


def select(entries, names):
    """The captures whose name contains one of the words; all if there are none."""
    return [e for e in entries if not names or any(n in e["name"] for n in names)]


def is_firm(entry):
    return BOTH_ORACLES <= set(entry["agrees_with"])


def expects_transactions(entry):
    return bool(entry["expected"] or entry.get("preferred_tx"))


def capture_path(entry):
    return os.path.join(CORPUS, "captures", entry["name"])


def _wrapper_path():
    return os.path.join(CORPUS, "..", "tools", "vxlanwrap.py")


def _load_wrapper():
    spec = importlib.util.spec_from_file_location("vxlanwrap", _wrapper_path())
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_wrapper = None


def wrapper():
    global _wrapper
    if _wrapper is None:
        _wrapper = _load_wrapper()
    return _wrapper


class _Stdout:
    """Collects what the wrapper writes to "-"."""

    def __init__(self):
        self.buffer = io.BytesIO()

    def write(self, text):
        return len(text)

    def flush(self):
        pass


def wrap(entry, options=()):
    """The capture wrapped in VXLAN, as a pcap in memory."""
    out = _Stdout()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        wrapper().main([capture_path(entry), "-", *options])
    return out.buffer.getvalue()


# ------------------------------------------------------------------ replay
def replay(chunks):
    """Transactions (as lines of version 1), TLS connections and the summary of a replay of a pcap,
    given as an iterable of bytes."""
    cmd = [METLO, "replay", *OPTIONS, "--summary", "/dev/fd/3", "-"]
    read_end, write_end = os.pipe()
    try:
        # A shell is the simplest way to a numbered descriptor.
        proc = subprocess.Popen(
            ["sh", "-c", f'exec 3>&{write_end}; exec "$@"', "sh", *cmd],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            pass_fds=(write_end,))
    finally:
        os.close(write_end)
    try:
        out, err = _feed(proc, chunks)
        with os.fdopen(read_end, "rb") as f:
            summary = f.read()
            read_end = -1
    finally:
        if read_end >= 0:
            os.close(read_end)
    if proc.returncode:
        raise ReplayError(f"exit code {proc.returncode}: "
                          + err.decode(errors="replace")[-2000:])
    return _lines(out), json.loads(summary)


def _lines(out):
    lines, ids = [json.loads(line) for line in out.splitlines()], set()
    for line in lines:
        for problem in SCHEMA.problems(line):
            raise ReplayError(f"{problem}: {line}")
        ids.add(line["capture"]["id"])
    if len(ids) < len(lines):
        raise ReplayError(f"{len(lines)} transactions have {len(ids)} ids")
    return [line if "tls" in line else v1.version1(line) for line in lines]


def _feed(proc, chunks):
    """communicate() for input that is generated while it is sent."""
    import threading

    def writer():
        with contextlib.suppress(BrokenPipeError):
            for c in chunks:
                proc.stdin.write(c)
        with contextlib.suppress(BrokenPipeError):
            proc.stdin.close()

    err = []
    threads = [threading.Thread(target=writer),
               threading.Thread(target=lambda: err.append(proc.stderr.read()))]
    timer = threading.Timer(REPLAY_SECONDS, proc.kill)
    timer.start()
    for t in threads:
        t.start()
    out = proc.stdout.read()
    for t in threads:
        t.join()
    proc.wait()
    timer.cancel()
    proc.stdout.close()
    proc.stderr.close()
    return out, err[0]


# ------------------------------------------------------------ transactions
class Tx:
    """The fields of a line that are compared."""

    def __init__(self, line):
        req, rsp = line["request"], line["response"]
        cap, meta = line["capture"], line["meta"]
        self.method = req and req["method"]
        self.host = req and req["url"]["host"]
        self.target = req and cap["target"]
        self.status = rsp and rsp["status"]
        self.server = meta["destination"]
        self.server_port = meta["destinationPort"]
        self.req_len = cap["requestBodyBytes"] if req else None
        self.rsp_len = cap["responseBodyBytes"] if rsp else None
        self.req_sha = (cap["requestBodySha256"] or "")[:16] if req else None
        self.rsp_sha = (cap["responseBodySha256"] or "")[:16] if rsp else None
        self.interim = tuple(cap["interim"])
        self.flags = frozenset(cap["flags"])
        self.vni = cap["vni"]
        self.fields = collections.defaultdict(set)
        for f in (f for f in rsp["headers"] if f["name"] is not None) if rsp else ():
            self.fields[f["name"].lower()].add(f["value"])
        self._response = rsp
        self._encoding = cap["responseBodyEncoding"]

    def response_body(self):
        if not self._response:
            return b""
        body = self._response["body"]
        if self._encoding == "base64":
            return base64.b64decode(body)
        return body.encode("utf-8", "surrogatepass")

    def key(self):
        """Everything that must not depend on how the packets arrived."""
        return (self.method, self.host, self.target, self.status,
                self.req_len, self.req_sha, self.rsp_len, self.rsp_sha,
                self.interim, tuple(sorted(self.flags)))

    def __str__(self):
        return (f"{self.method} {self.host} {self.target} -> {self.status}"
                f" request {self.req_len} {self.req_sha}"
                f" response {self.rsp_len} {self.rsp_sha}"
                + (f" interim {list(self.interim)}" if self.interim else "")
                + (f" {sorted(self.flags)}" if self.flags else ""))


def transactions(chunks):
    """The transactions, and the summary with the lines about TLS."""
    lines, summary = replay(chunks)
    summary["tls_lines"] = [line["tls"] for line in lines if "tls" in line]
    return [Tx(line) for line in lines if "tls" not in line], summary


def digest(txs):
    """A short hash of a result, independent of the order."""
    text = "\n".join(sorted(repr(t.key()) for t in txs))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def missing_and_extra(want, got):
    """Multiset difference of two lists."""
    a, b = collections.Counter(want), collections.Counter(got)
    return list((a - b).elements()), list((b - a).elements())


def absent(part):
    print(f"skip {part} # no captures at {os.path.normpath(CORPUS)}; "
          "METLO_CORPUS names another place")
    return 0


def report(name, problems):
    """Prints a result line with details. Returns whether it passed."""
    print(f"{'not ok' if problems else 'ok'} {name}")
    for p in problems[:12]:
        print(f"#   {p}"[:400])
    if len(problems) > 12:
        print(f"#   and {len(problems) - 12} more")
    sys.stdout.flush()
    return not problems
