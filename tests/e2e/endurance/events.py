"""What happens to a daemon in a year, as events that a cycle of the test draws.

An event is a function of (cycle) that is called at a random time of the cycle. It
may return a function that ends it, to be called later, at the latest before the
cycle checks its results. It adds to cycle.losses what it may cost.
"""
import errno
import os
import re
import signal
import subprocess
import sys
import time

from rig import PORTS, Failure, wait_for

# Lines of the configuration that lose nothing.
HARMLESS = (
    ["ports = 80"],
    ["ports = 80,20000-20100"],
    ["ports = 1-1000", "body-limit = 8KiB"],
    ["body-limit = 256KiB", "vni = 0-16777215"],
    ["include = *", "exclude = nobody.example.com/*"],
    ["rate-limit = 1000000", "rate-limit-endpoint = 100000"],
    ["redact-field = pin", "redact-header = X-Nobody"],
    ["sample = 100%", "idle-timeout = 30"],
)
# These do, counted: the kernel counts packets, the daemon transactions.
NARROW_KERNEL = (["sample = 50%"], ["vni = 7001"], ["ports = 81"])
NARROW = (["rate-limit = 3"], ["exclude = api1.example.com/*"], ["rate-limit-endpoint = 1/m"])
BROKEN = (["ports = 81-"], ["portz = 80"], ["exclude = h:80/x"], ["body-limit = -1"])
OUTAGES = (
    {"status": 500}, {"status": 503, "headers": {"Retry-After": "2"}},
    {"status": 429}, {"delay": 1.5}, {"reset": "before"}, {"reset": "after"},
    {"cut": True}, {"half_close": True}, {"hang": 3},
)
# After these the daemon pauses for a minute, too long for a short run.
PAUSES = ({"status": 302}, {"status": 404})


def reloaded(cycle, lines, text=": reloaded: "):
    rig = cycle.rig
    rig.configure(lines)
    before = rig.log_size()
    rig.daemon.send_signal(signal.SIGHUP)
    if not wait_for(30, lambda: rig.logged(text, before)):
        raise Failure(f"no reload of {lines}: {rig.log_tail()}")


def reload(cycle):
    reloaded(cycle, cycle.rng.choice(HARMLESS))


def reload_broken(cycle):
    reloaded(cycle, cycle.rng.choice(BROKEN), "SIGHUP: the running configuration stays")
    cycle.rig.configure([])


def reload_narrow(cycle):
    cycle.losses.add("narrow")
    reloaded(cycle, cycle.rng.choice(NARROW))
    return lambda: reloaded(cycle, [])


def reload_narrow_kernel(cycle):
    cycle.losses.add("narrow in the kernel")
    reloaded(cycle, cycle.rng.choice(NARROW_KERNEL))
    return lambda: reloaded(cycle, [])


def reload_storm(cycle):
    for _ in range(20):
        cycle.rig.daemon.send_signal(signal.SIGHUP)
        time.sleep(cycle.rng.random() * 0.05)


def rotate(cycle):
    """What logrotate does; the program's own rotation goes on besides."""
    for _ in range(cycle.rng.randint(1, 5)):
        cycle.rotate()
        time.sleep(cycle.rng.random())


def outage(cycle):
    how = cycle.rng.choice(OUTAGES + PAUSES if cycle.rig.full else OUTAGES)
    cycle.note(f"Metlo: {how}")
    cycle.rig.control({"always": how})
    return lambda: cycle.rig.control({"always": {}})


def outage_key(cycle):
    if not cycle.rig.full:
        return None
    cycle.rig.control({"key": "another"})
    return lambda: cycle.rig.control({"key": "key"})


def outage_down(cycle):
    cycle.rig.stop_fake()
    return cycle.rig.start_fake


def full_disk(cycle):
    cycle.losses.add("disk")
    ballast = os.path.join(cycle.rig.small, "ballast")
    with open(ballast, "wb", buffering=0) as f:
        try:
            while True:
                f.write(bytes(1 << 16))
        except OSError as e:
            if e.errno != errno.ENOSPC:
                raise
    return lambda: os.path.exists(ballast) and os.unlink(ballast)


def foreign_entries(cycle):
    """What the user of the daemon, or a careless administrator, leaves in its spool:
    where the next segments would be, and elsewhere. Stays until the end of the cycle."""
    spool, rng = cycle.rig.spool, cycle.rng
    numbers = [int(n[:16], 16) for n in os.listdir(spool)
               if re.fullmatch("[0-9a-f]{16}[.]spool", n) and n < "8"]
    there = []

    def name(kind="spool"):
        near = max(numbers, default=1) + rng.randint(1, 5)
        return os.path.join(spool, f"{rng.choice((near, near, 2**64 - 2, 0)):016x}.{kind}")

    def put(path, make):
        try:
            make(path)
        except FileExistsError:
            return
        except OSError as e:
            if e.errno != errno.ENOSPC:
                raise
        there.append(path)

    def sparse(path):
        with open(path, "xb") as f:
            f.truncate(1 << 40)

    def garbage(path):
        with open(path, "xb") as f:
            f.write(rng.randbytes(rng.randint(0, 5000)))

    def unreadable(path):
        garbage(path)
        os.chmod(path, 0)

    makers = (os.mkdir, os.mkfifo, sparse, garbage, unreadable,
              lambda p: os.symlink("/etc/passwd", p), lambda p: os.symlink("/dev/zero", p))
    for _ in range(rng.randint(1, 6)):
        put(name(rng.choice(("spool", "spool", "acks"))), rng.choice(makers))
    put(os.path.join(spool, "x" * 255), garbage)
    put(os.path.join(spool, "a\nb\x1b[31m"), os.mkdir)
    put(os.path.join(spool.encode(), b"\xff\xfe.spool"), lambda p: os.symlink("/", p))

    def remove():
        for path in there:
            if os.path.isdir(path) and not os.path.islink(path):
                os.rmdir(path)
            elif os.path.lexists(path):
                os.unlink(path)
    return remove


def link_down(cycle):
    cycle.losses.add("link")
    side = cycle.rng.choice(("collector", "source"))
    cycle.rig.set_link("down", side)
    return lambda: cycle.rig.set_link("up", side)


def link_flaps(cycle):
    cycle.losses.add("link")
    for _ in range(cycle.rng.randint(2, 8)):
        cycle.rig.set_link("down")
        time.sleep(cycle.rng.random() * 0.1)
        cycle.rig.set_link("up")
        time.sleep(cycle.rng.random() * 0.1)


def freeze(cycle):
    """As a hypervisor does to move a virtual machine."""
    cycle.rig.daemon.send_signal(signal.SIGSTOP)
    time.sleep(cycle.rng.random() * 3)
    cycle.rig.daemon.send_signal(signal.SIGCONT)


def slow_clients(cycle):
    """More than the servers have room for."""
    clients = [subprocess.Popen(
        [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                                      "slow_clients.py"), "127.0.0.1", str(port), "40"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) for port in
        (PORTS["health"], PORTS["metrics"])]

    def end():
        for c in clients:
            c.stdin.close()
            c.wait()
    return end


def clock_step(cycle):
    """Absolute, so that it stays within two days of the truth."""
    step = cycle.rng.choice((-86400, -3600, -61, -2, -0.4, 0, 0.4, 2, 61, 3600, 86400))
    cycle.note(f"clock: {step:+} s")
    cycle.rig.set_clock(int(step * 10**9))


def clock_jitter(cycle):
    for _ in range(20):
        cycle.rig.set_clock(cycle.rng.randint(-10**9, 10**9))
        time.sleep(cycle.rng.random() * 0.1)


def restart(cycle):
    cycle.losses.add("term")
    cycle.restart(signal.SIGTERM)


def restart_workers(cycle):
    cycle.losses.add("term")
    cycle.rig.workers = cycle.rng.choice((1, 2, 4))
    cycle.note(f"{cycle.rig.workers} workers")
    cycle.restart(signal.SIGTERM)


def kill(cycle):
    cycle.losses.add("kill")
    cycle.restart(signal.SIGKILL)


def kill_at_start(cycle):
    """Anywhere in attaching, several times, with other rings each time."""
    cycle.losses.add("kill")
    cycle.rig.end(signal.SIGKILL)
    cycle.killed += 1
    cycle.h.awaited.clear()
    for _ in range(cycle.rng.randint(1, 6)):
        cycle.rig.workers = cycle.rng.choice((1, 2, 4))
        cycle.rig.spawn()
        time.sleep(cycle.rng.random() * cycle.rng.choice((0.02, 0.1, 0.4)))
        cycle.rig.end(signal.SIGKILL)
    cycle.started_anew()


def restart_while_down(cycle):
    """Packets wait in the rings."""
    cycle.losses.add("term")
    cycle.restart(signal.SIGTERM, pause=cycle.rng.random() * 2)


def recreate(cycle):
    cycle.losses.update(("link", "kill"))
    cycle.recreate()


def detach(cycle):
    cycle.losses.update(("link", "term"))
    cycle.detach()


# A daemon that runs for the whole time, and one that the rest happens to.
STEADY = (reload, reload, reload_broken, reload_narrow, reload_narrow_kernel, reload_storm,
          rotate, rotate, foreign_entries, outage, outage, outage_key, outage_down, full_disk,
          link_down, link_flaps, clock_step, clock_step, clock_jitter, freeze, slow_clients)
RESTARTED = STEADY + (restart, restart_workers, kill, kill_at_start, restart_while_down, recreate, detach)
