"""The environment of the live benchmark: namespaces, injector, receivers.

Uses two CPUs. The first runs the injector and, because a veth processes received
frames on the CPU that sent them, the kernel side of receiving (NAPI, XDP, or the
copy of AF_PACKET). The second runs all threads of the receiver. Both have the
highest priority of normal processes, to limit the influence of other load.
"""
import atexit
import json
import os
import re
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests"))
import laws  # noqa: E402

MTU = 1600
MIB = 1 << 20
# Ticks per second, the unit of CPU times in /proc/stat.
TICKS = os.sysconf("SC_CLK_TCK")
BUSY_NS_PER_S = 20_000_000


class Failed(Exception):
    """The benchmark itself cannot continue."""


def sh(*args, **kwargs):
    done = subprocess.run(args, capture_output=True, text=True, check=False, **kwargs)
    if done.returncode:
        raise Failed(f"{' '.join(args)}: {done.stderr.strip()}")
    return done.stdout


def prefer(cpu):
    """A preexec_fn that sets the CPU and the priority of a child."""
    def setup():
        os.sched_setaffinity(0, {cpu})
        try:
            # With autogroups, each session has a priority of its own.
            with open("/proc/self/autogroup", "w", encoding="ascii") as f:
                f.write("-20")
        except OSError:
            pass
        os.nice(-20)
    return setup


class Net:
    """Two namespaces with a veth between them, removed at the end."""

    def __init__(self):
        n = os.getpid()
        self.sender, self.receiver = f"lv{n}-s", f"lv{n}-r"
        self.out, self.iface = "lvs0", f"lvr{n}"
        self.made = []
        atexit.register(self.remove)
        for ns in (self.sender, self.receiver):
            sh("ip", "netns", "add", ns)
            self.made.append(ns)
        # A single queue, to match a single worker.
        sh("ip", "link", "add", self.out, "netns", self.sender, "mtu", str(MTU),
           "numtxqueues", "1", "numrxqueues", "1", "type", "veth",
           "peer", "name", self.iface, "netns", self.receiver, "mtu", str(MTU),
           "numtxqueues", "1", "numrxqueues", "1")
        for ns, dev in ((self.sender, self.out), (self.receiver, self.iface)):
            # No addresses, so that the wire carries only injected frames.
            sh("ip", "-n", ns, "link", "set", dev, "addrgenmode", "none", "up")
        # GRO gives the veth a NAPI, without which it rejects XDP frames.
        sh(*self.within(self.receiver), "ethtool", "-K", self.iface, "gro", "on")

    @staticmethod
    def within(ns):
        return "nsenter", f"--net=/run/netns/{ns}", "--"

    def remove(self):
        for ns in self.made:
            subprocess.run(["ip", "netns", "del", ns], capture_output=True, check=False)
        self.made = []


class Receiver:
    """One run of a tool. Subclasses define the command and read its counters."""

    name = ""
    ready = ""  # pattern in its output once it is receiving

    def __init__(self, net, conf, tmp):
        self.net, self.conf, self.tmp = net, conf, tmp
        self.log = os.path.join(tmp, "log")
        self.out = "/dev/null" if conf.output == "null" else os.path.join(tmp, "out")
        self.process = None

    @staticmethod
    def ring(conf):
        """Capacity of its ring in MiB."""
        return conf.other_ring

    def command(self):
        raise NotImplementedError

    def result(self):
        """{seen, lost, transactions} according to the tool itself."""
        raise NotImplementedError

    def start(self):
        # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
        if self.out != "/dev/null":
            open(self.out, "w", encoding="ascii").close()
        with open(self.log, "w", encoding="ascii") as log:
            self.process = subprocess.Popen(
                [*self.net.within(self.net.receiver), *self.command()],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True, preexec_fn=prefer(self.conf.cpus[1]))
        end = time.monotonic() + 30
        while not re.search(self.ready, self.logged()):
            if time.monotonic() > end or self.process.poll() is not None:
                self.end()
                raise Failed(f"{self.name} did not start:\n{self.logged()}")
            time.sleep(0.05)
        time.sleep(0.2)

    def logged(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def cpu_ns(self):
        """CPU time of all its threads."""
        total = 0
        tasks = f"/proc/{self.process.pid}/task"
        try:
            for task in os.listdir(tasks):
                with open(f"{tasks}/{task}/schedstat", encoding="ascii") as f:
                    total += int(f.read().split()[0])
        except FileNotFoundError as e:
            raise Failed(f"{self.name} exited early:\n{self.logged()}") from e
        return total

    def settle(self):
        """Waits until the receiver has processed everything and is idle."""
        end = time.monotonic() + 60
        before, quiet = self.cpu_ns(), 0
        while quiet < 3 and time.monotonic() < end:
            time.sleep(0.1)
            now = self.cpu_ns()
            quiet = quiet + 1 if now - before < BUSY_NS_PER_S / 10 else 0
            before = now

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"{self.name} did not exit on SIGTERM") from None

    def lines(self, having):
        with open(self.out, "rb") as f:
            return sum(having in line for line in f)


class Metlo(Receiver):
    name = "metlo"
    ready = "attached in native mode"
    workers = 1

    @classmethod
    def ring(cls, conf):
        return conf.metlo_ring * cls.workers

    def command(self):
        self.summary = os.path.join(self.tmp, "summary")
        return [os.path.join(self.conf.build, "metlo-xdp"), "attach", self.net.iface,
                "--mode", "native", "--workers", str(self.workers),
                "--ring-size", f"{self.conf.metlo_ring}M", "--output", "ndjson:" + self.out,
                "--summary", self.summary, "--detach-on-exit", *self.conf.metlo_options]

    def result(self):
        with open(self.summary, encoding="utf-8") as f:
            s = json.load(f)
        broken = laws.broken(s)
        if broken:
            raise Failed("counters do not add up: " + "; ".join(broken))
        done = s["http"]["paired"] - s["output"]["dropped_queue"] - s["output"]["dropped_error"]
        if self.out != "/dev/null":
            done = min(done, self.lines(b'"response":{'))
        return {"seen": s["packets"], "lost": s["ring_full"], "transactions": done,
                "shunted_bytes": s["shunted_bytes"],
                "dropped_output": s["output"]["dropped_queue"]}


class Metlo2(Metlo):
    name = "metlo-2"
    workers = 2


SURICATA = """%YAML 1.1
---
vars: {{address-groups: {{HOME_NET: any, EXTERNAL_NET: any}}}}
default-log-dir: {tmp}
stats: {{enabled: yes, interval: 3600}}
logging: {{default-log-level: notice, outputs: [{{console: {{enabled: yes}}}}]}}
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: {out}
      types:
        - http: {{extended: yes, dump-all-headers: both}}
  - eve-log:
      enabled: yes
      filetype: regular
      filename: {tmp}/stats.json
      types:
        - stats: {{totals: yes, threads: no}}
af-packet:
  - interface: {iface}
    threads: 1
    cluster-id: 99
    cluster-type: cluster_flow
    defrag: no
    use-mmap: yes
    mmap-locked: yes
    tpacket-v3: yes
    ring-size: {ring_size}
    block-size: 1048576
    block-timeout: 10
    checksum-checks: no
capture: {{disable-offloading: false, checksum-validation: none}}
decoder: {{vxlan: {{enabled: true, ports: "4789"}}}}
max-pending-packets: 20000
flow: {{memcap: 2gb, hash-size: 262144, prealloc: 50000}}
stream:
  memcap: 2gb
  checksum-validation: no
  prealloc-sessions: 50000
  reassembly: {{memcap: 4gb, depth: 1mb}}
app-layer:
  protocols:
    http: {{enabled: yes, libhtp: {{default-config: {{personality: IDS,
      request-body-limit: 100kb, response-body-limit: 100kb}}}}}}
"""


class Suricata(Receiver):
    """Configured as its documentation recommends for high rates: TPACKET_V3,
    locked memory, large blocks, workers, no rules, no checksums, HTTP only."""

    name = "suricata"
    ready = "Engine started"

    def command(self):
        path = os.path.join(self.tmp, "suricata.yaml")
        with open(path, "w", encoding="ascii") as f:
            # The size of the ring is given in frames of the maximum size.
            f.write(SURICATA.format(
                tmp=self.tmp, out=self.out, iface=self.net.iface,
                ring_size=self.conf.other_ring * MIB // 1792))
        return ["suricata", "-c", path, "-S", "/dev/null", "-k", "none", "-l", self.tmp,
                "--runmode", "workers", f"--af-packet={self.net.iface}"]

    def result(self):
        with open(os.path.join(self.tmp, "stats.json"), encoding="utf-8") as f:
            s = json.loads(f.readlines()[-1])["stats"]
        done = s["app_layer"]["tx"]["http"]
        if self.out != "/dev/null":
            done = self.lines(b'"status":')
        drops = s["capture"]["kernel_drops"]
        return {"seen": s["capture"]["kernel_packets"], "lost": drops, "transactions": done,
                "gaps": s["tcp"]["reassembly_gap"]}


class Tpacket(Receiver):
    name = "tpacket"
    ready = "ready"

    def command(self):
        return [os.path.join(self.conf.build, "tests/bench/live_tpacket"), self.net.iface,
                str(self.conf.other_ring)]

    def result(self):
        s = json.loads(self.logged().splitlines()[-1])
        return {"seen": s["kernel_packets"], "lost": s["kernel_drops"], "transactions": None}


TOOLS = {t.name: t for t in (Metlo, Metlo2, Suricata, Tpacket)}


def softirq_s(cpu):
    """Time that a CPU spent in soft interrupts, as sampled by the timer."""
    with open("/proc/stat", encoding="ascii") as f:
        for line in f:
            word = line.split()
            if word[0] == f"cpu{cpu}":
                return int(word[7]) / TICKS
    raise Failed(f"no CPU {cpu}")


def inject(net, conf, trace, rate, passes):
    """Sends the trace; rate 0: as fast as possible. Returns live_inject's
    results."""
    command = [*net.within(net.sender), os.path.join(conf.build, "tests/bench/live_inject"),
               "--object", os.path.join(conf.build, "tests/bench/live_gen.bpf.o"),
               "--iface", net.out, "--passes", str(passes)]
    if rate:
        command += ["--rate", str(int(rate))]
    return json.loads(sh(*command, trace.path, start_new_session=True,
                         preexec_fn=prefer(conf.cpus[0])))
