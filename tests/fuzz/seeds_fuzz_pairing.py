#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_pairing: settings of mirror and endpoints, and some choices.

usage: seeds_fuzz_pairing.py FOLDER
"""
import os
import random
import sys


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    rnd = random.Random(1)
    for loss in 0, 10, 50, 150, 250:
        for mirror in 0, 1, 2, 4, 8, 16, 31:
            head = bytes([loss, rnd.choice([0, 0, 5, 50]), mirror, rnd.randrange(16)])
            choices = bytes(rnd.randrange(256) for _ in range(rnd.choice([0, 40, 400])))
            with open(os.path.join(folder, f"loss{loss}-{mirror}"), "wb") as f:
                f.write(head + choices)
    # Each choice is the least: a port is reused with the least distance between
    # the sequence numbers of the two connections.
    with open(os.path.join(folder, "least"), "wb") as f:
        f.write(bytes(400))


if __name__ == "__main__":
    main()
