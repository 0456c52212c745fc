#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes seeds for fuzz_pcap: the captures of the replay test in every format,
each preceded by the byte that selects the options.

usage: seeds_fuzz_pcap.py FOLDER
"""
import os
import subprocess
import sys

RAW, HASH, SMALL_LIMIT = 1, 2, 4
SEEDS = {
    "vxlan": (HASH, []),
    "raw": (RAW, ["--raw"]),
    "cooked": (RAW | HASH, ["--raw", "--link", "sll"]),
    "loopback": (RAW, ["--raw", "--link", "null", "--big-endian"]),
    "pcapng": (HASH, ["--pcapng", "--ns"]),
    "big-endian": (0, ["--big-endian"]),
    "secrets": (SMALL_LIMIT, ["--secrets"]),
    "tls": (0, ["--tls"]),
    "random": (HASH, ["--random", "3"]),
}


def main():
    folder = sys.argv[1]
    capture = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e/capture.py")
    os.makedirs(folder, exist_ok=True)
    for name, (how, args) in SEEDS.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(bytes([how]))
            f.write(subprocess.run([capture, *args], check=True, capture_output=True).stdout)


main()
