"""Describes the machine that the figures were measured on."""
import os
import platform
import subprocess


def cpu_model():
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith(("model name", "CPU part")):
                return line.partition(":")[2].strip()
    return platform.machine()


def memory_gib():
    with open("/proc/meminfo") as f:
        return int(f.readline().split()[1]) / (1 << 20)


def virtual():
    """Whether this is a virtual machine; None if the CPU does not report it."""
    with open("/proc/cpuinfo") as f:
        flags = next((line.split() for line in f if line.startswith("flags")), None)
    return None if flags is None else "hypervisor" in flags


def file_system(path):
    done = subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True)
    return done.stdout.strip()


def describe(env):
    return {
        "cpu": cpu_model(),
        "cpus": os.cpu_count(),
        "memory_gib": round(memory_gib(), 1),
        "virtual": virtual(),
        "kernel": platform.release(),
        "files_on": file_system(env.work),
        "load_before": round(os.getloadavg()[0], 2),
        "pinned_to_cpu": env.cpu,
        "scale": env.scale,
        "rounds": env.rounds,
    }


def lines(m):
    virtual = " of a virtual machine" if m["virtual"] else ""
    yield (f"Machine: {m['cpu']}, {m['cpus']} CPUs{virtual}, {m['memory_gib']} GiB, "
           f"Linux {m['kernel']}, files on {m['files_on']}")
    yield (f"Offline: each tool alone with all its threads on CPU {m['pinned_to_cpu']}; "
           f"{m['rounds']} alternating rounds (variants: half as many) after a warm-up; load before: {m['load_before']}")
    if m["files_on"] == "tmpfs":
        yield "Note: files are in memory (tmpfs); choose another directory with O=."
    if m["load_before"] > 0.5:
        yield "Note: the machine was busy: rely on ratios, not on times."
