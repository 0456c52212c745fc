"""One daemon under test with all it needs: a pair of network namespaces, a veth
between them, an injector of traffic, a fake Metlo collector over TLS, a small file
system for output and spool.
"""
import ctypes
import glob
import json
import os
import re
import shutil
import signal
import ssl
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
LIBC = ctypes.CDLL(None, use_errno=True)
PORTS = {"health": 4790, "metrics": 9790, "metlo": 8443}
USER = "nobody"
SAMPLE = re.compile(r'^metlo_xdp_(\w+?)(_total)?\{interface="[^"]*"(?:,sink="([^"]*)")?\} (\S+)$')


def enter(namespace):
    """Moves the calling thread into a network namespace."""
    with open(f"/run/netns/{namespace}", encoding="ascii") as f:
        if LIBC.setns(f.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), namespace)


def die_with_parent():
    LIBC.prctl(1, signal.SIGKILL)


def run(*command, check=True):
    return subprocess.run(command, check=check, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True).stdout


def wait_for(seconds, condition):
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            return None
        time.sleep(0.05)
    return found


class Failure(Exception):
    """What must hold does not."""


class Rig:
    def __init__(self, name, build, directory, leak=None, full=True):
        self.name, self.build, self.leak, self.full = name, build, leak, full
        self.metlo = os.environ.get("METLO") or os.path.join(build, "metlo-xdp")
        tag = f"mx{os.getpid()}{name[0]}"
        self.iface = tag
        self.source, self.collector = tag + "-source", tag + "-collector"
        self.dir = os.path.join(directory, name)
        self.small = os.path.join(self.dir, "small")    # the small file system
        self.out = os.path.join(self.small, "out", "http.ndjson")
        self.spool = os.path.join(self.small, "spool")
        self.conf = os.path.join(self.dir, "conf")
        self.err = os.path.join(self.dir, "daemon.err")
        self.clock = os.path.join(self.dir, "clock")
        self.taken = os.path.join(self.dir, "taken")    # paths Metlo accepted
        self.daemon = self.fake = self.injector = None
        self.workers = 2
        self.tls = None
        self.groups = []
        self.frames_sent = 0
        self.frames_failed = 0

    # --- set up and tear down --------------------------------------------------

    def up(self):
        os.makedirs(self.dir)
        self.groups = groups_of(self.metlo, self.dir)
        os.chmod(self.dir, 0o755)
        os.mkdir(self.small)
        run("mount", "-t", "tmpfs", "-o", "size=64m,mode=755", "none", self.small)
        for d in os.path.dirname(self.out), self.spool:
            os.mkdir(d)
            shutil.chown(d, USER)
        for ns in self.source, self.collector:
            run("ip", "netns", "add", ns)
            run("ip", "netns", "exec", ns, "sysctl", "-qw",
                "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
            run("ip", "-n", ns, "link", "set", "lo", "up")
        with open(self.clock, "wb") as f:
            f.write(bytes(8))
        self.certificate()
        self.make_interface()
        self.configure([])
        # From here on in the collector's network, and so all children.
        enter(self.collector)
        self.start_fake()
        self.injector = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{self.source}", "--", sys.executable,
             os.path.join(HERE, "inject.py"), "u0"], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent)

    def certificate(self):
        """One that is valid whatever the daemon's clock says."""
        with open(self.clock + ".past", "wb") as f:
            f.write(struct.pack("=q", -60 * 86400 * 10**9))
        self.cert, key = os.path.join(self.dir, "cert.pem"), os.path.join(self.dir, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
             self.cert, "-days", "3650", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "LD_PRELOAD": self.shim(), "ENDURANCE_CLOCK": self.clock + ".past"})
        self.tls = ssl.create_default_context(cafile=self.cert)

    def shim(self):
        return os.path.join(self.build, "tests", "e2e", "endurance", "shim.so")

    def make_interface(self):
        run("ip", "link", "add", "u0", "netns", self.source, "mtu", "1700", "type", "veth",
            "peer", "name", self.iface, "netns", self.collector, "mtu", "1700")
        run("ip", "-n", self.source, "link", "set", "u0", "up")
        run("ip", "-n", self.collector, "link", "set", self.iface, "up")

    def delete_interface(self):
        run("ip", "-n", self.collector, "link", "del", self.iface)

    def set_link(self, state, side="collector"):
        ns, link = {"collector": (self.collector, self.iface),
                    "source": (self.source, "u0")}[side]
        run("ip", "-n", ns, "link", "set", link, state)

    def down(self):
        for child in self.daemon, self.fake, self.injector:
            if child and child.poll() is None:
                child.kill()
                child.wait()
        run("nsenter", f"--net=/run/netns/{self.collector}", "--", self.metlo, "detach",
            self.iface, check=False)
        for ns in self.source, self.collector:
            run("ip", "netns", "del", ns, check=False)
        run("umount", "-l", self.small, check=False)

    # --- the daemon -------------------------------------------------------------

    def configure(self, lines):
        with open(self.conf + ".new", "w", encoding="ascii") as f:
            f.write("\n".join(["no-redact = true", "body-hash = true", *lines]) + "\n")
        os.chmod(self.conf + ".new", 0o644)
        os.rename(self.conf + ".new", self.conf)

    def logged(self, text, after=0):
        """How often the daemons have logged this."""
        with open(self.err, encoding="utf-8", errors="replace") as f:
            f.seek(after)
            return f.read().count(text)

    def log_size(self):
        return os.path.getsize(self.err) if os.path.exists(self.err) else 0

    def start(self, *options, stdout=subprocess.DEVNULL):
        before = self.log_size()
        self.spawn(*options, stdout=stdout)
        if not wait_for(60, lambda: self.logged("mode, ports", before)
                        or self.daemon.poll() is not None) or self.daemon.poll() is not None:
            raise Failure("the daemon does not start: " + self.log_tail())
        if not wait_for(30, self.counters):
            raise Failure("no metrics: " + self.log_tail())

    def spawn(self, *options, stdout=subprocess.DEVNULL):
        env = {**os.environ, "METLO_API_KEY": "key", "LD_PRELOAD": self.shim(),
               "ENDURANCE_CLOCK": self.clock}
        if self.leak:
            env["ENDURANCE_LEAK"] = self.leak
        with open(self.err, "ab") as err:
            self.daemon = subprocess.Popen(
                [self.metlo, "attach", self.iface, "--config", self.conf,
                 "--output", "ndjson:" + self.out, "--rotate-size", "1MiB",
                 "--output", "metlo", "--metlo-host",
                 f"https://localhost:{PORTS['metlo']}", "--metlo-ca", self.cert,
                 "--spool", self.spool, "--spool-limit", "32MiB", "--user", USER,
                 "--health", f"127.0.0.1:{PORTS['health']}",
                 "--metrics", f"127.0.0.1:{PORTS['metrics']}",
                 "--summary", os.path.join(self.dir, "summary"), "--memory", "64MiB",
                 "--ring-size", "4MiB", "--workers", str(self.workers), "--max-flows", "8192",
                 "--idle-timeout", "30",
                 # By default a request waits for a day: those whose response
                 # was lost would add up for that long.
                 "--response-timeout", "60", *options],
                env=env, stdin=subprocess.DEVNULL, stdout=stdout, stderr=err,
                preexec_fn=die_with_parent)

    def log_tail(self):
        with open(self.err, encoding="utf-8", errors="replace") as f:
            return f.read()[-1500:]

    def end(self, sig):
        """Ends the daemon; returns its summary, None if it was killed."""
        self.daemon.send_signal(sig)
        if sig == signal.SIGKILL:
            self.daemon.wait()
            return None
        return self.ended("the daemon does not end", (0,))

    def ended(self, problem, codes):
        """Waits for the end; returns the summary."""
        try:
            code = self.daemon.wait(60)
        except subprocess.TimeoutExpired:
            raise Failure(f"{problem}: {self.log_tail()}") from None
        with open(os.path.join(self.dir, "summary"), encoding="utf-8") as f:
            found = json.load(f)
        # Lines that could not be written make it 1.
        if code not in codes and not (code == 1 and found["output"]["dropped_error"]):
            raise Failure(f"the daemon ends with {code}: {self.log_tail()}")
        return found

    def get(self, port, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{PORTS[port]}{path}", timeout=20) as r:
            return r.read().decode()

    def counters(self):
        """The counters in the form of --summary, None if there is no answer."""
        try:
            return as_summary(self.get("metrics", "/metrics"), self.groups)
        except (OSError, urllib.error.URLError, ValueError):
            return None

    def set_clock(self, ns):
        with open(self.clock, "r+b") as f:
            f.write(struct.pack("=q", ns))

    # --- the fake Metlo -----------------------------------------------------------

    def start_fake(self):
        with open(os.path.join(self.dir, "fake.err"), "ab") as err:
            self.fake = subprocess.Popen(
                [sys.executable, os.path.join(HERE, "..", "fake_metlo.py"), "--port",
                 str(PORTS["metlo"]), "--key", "key", "--log", self.taken, "--cert",
                 self.cert, "--cert-key", os.path.join(self.dir, "key.pem")],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err,
                preexec_fn=die_with_parent)
        if not wait_for(30, lambda: self.control({})):
            raise Failure("the fake Metlo does not start")

    def stop_fake(self):
        self.fake.kill()
        self.fake.wait()

    def control(self, settings):
        url = f"https://localhost:{PORTS['metlo']}/_control"
        try:
            urllib.request.urlopen(url, json.dumps(settings).encode(), timeout=20,
                                   context=self.tls).read()
            return True
        except OSError:
            return False

    # --- traffic -----------------------------------------------------------------------

    def play(self, path, rate):
        self.injector.stdin.write(f"{path} {rate}\n")

    def played(self):
        sent, failed = map(int, self.injector.stdout.readline().split())
        self.frames_sent += sent
        self.frames_failed += failed

    def dropped(self):
        """Frames the kernel dropped on a full queue, before the program."""
        shown = json.loads(run("ip", "-n", self.source, "-s", "-j", "link", "show", "u0"))
        return shown[0]["stats64"]["tx"]["dropped"]

    # --- samples ----------------------------------------------------------------------

    def sample(self):
        """What the daemon holds; None while there is none."""
        pid = self.daemon.pid if self.daemon and self.daemon.poll() is None else None
        if not pid:
            return None
        try:
            found = {"pid": pid}
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                for line in f:
                    name, _, rest = line.partition(":")
                    if name in ("Rss", "Pss", "Anonymous"):
                        found[name.lower()] = int(rest.split()[0]) * 1024
            found["descriptors"] = len(os.listdir(f"/proc/{pid}/fd"))
            found["threads"] = len(os.listdir(f"/proc/{pid}/task"))
            found["held"] = bpf_held(pid)
        except (OSError, ValueError):
            return None     # it has just ended
        found["spool"] = sum(os.path.getsize(f) for f in glob.glob(self.spool + "/*")
                             if os.path.exists(f))
        return found


def bpf_held(pid):
    """{(type, id)} of the BPF objects that a process has descriptors of."""
    held = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as f:
                fields = dict(line.split(":", 1) for line in f if ":" in line)
        except OSError:
            continue
        for kind in "map", "prog", "link":
            if kind + "_id" in fields and not (kind == "prog" and "link_id" in fields):
                held.add((kind, int(fields[kind + "_id"])))
    return held


def bpf_machine():
    """{(type, id): its description} of all BPF objects of the machine."""
    found = {}
    for kind in "map", "prog", "link":
        shown = subprocess.run(["bpftool", "-f", "-j", kind, "show"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, check=False).stdout
        try:
            for o in json.loads(shown or b"[]"):
                found[kind, o["id"]] = o
        except (ValueError, TypeError):
            return None     # an object vanished while bpftool looked
    return found


def bpf_of(machine, held, interface):
    """Those of a daemon: held by it, pinned for its interface, or used by either."""
    ours = {key for key, o in machine.items() if key in held
            or any(f"/{interface}/" in p for p in o.get("pinned", []))}
    while True:
        more = set(ours)
        for kind, number in ours:
            o = machine.get((kind, number), {})
            more |= {("map", i) for i in o.get("map_ids", [])}
            if kind == "link" and "prog_id" in o:
                more.add(("prog", o["prog_id"]))
        if more == ours:
            return ours
        ours = more


def groups_of(metlo, directory):
    """The names of the groups of counters in a summary."""
    pcap, summary = os.path.join(directory, "empty.pcap"), os.path.join(directory, "groups")
    with open(pcap, "wb") as f:
        f.write(struct.pack("=IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    subprocess.run([metlo, "replay", pcap, "--summary", summary], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(summary, encoding="utf-8") as f:
        return [name for name, value in json.load(f).items() if isinstance(value, dict)]


def as_summary(text, groups):
    summary = {"ring_waiting": 0, **{name: {} for name in groups}}
    sinks = {}
    for line in text.splitlines():
        if line.startswith("metlo_xdp_ring_waiting_bytes{"):
            summary["ring_waiting"] += int(float(line.split()[-1]))
        match = SAMPLE.match(line)
        if not match:
            continue
        name, _, sink, value = match.groups()
        group, _, rest = name.partition("_")
        if sink is not None:
            if group == "sink":
                sinks.setdefault(sink, {"name": sink})[rest] = int(float(value))
        elif group in groups:
            summary[group][rest] = int(float(value))
        else:
            summary[name] = int(float(value))
    summary["output"]["sinks"] = list(sinks.values())
    return summary
