#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_hpack: the examples of RFC 7541 appendix C and others, one after
the other, with and without losses between them.

usage: seeds_fuzz_hpack.py FOLDER
"""
import os
import sys

STORIES = {
    "plain": ["828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865",
              "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565"],
    "coded": ["828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf",
              "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"],
    "evict": ["3fe101", "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad"
              "171863c78f0b97c8e9ae82ae43d3", "4883640effc1c0bf",
              "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b3"
              "35dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007"],
    "names": ["20 3fe11f 4001610162 7e0163 be bf", "3f03 be 7e0164 1f2f0165 0f2f0166", "bf be c0"],
    "large": ["3fe1ffff07 40016103626262", "4001617f20" + "78" * 159, "be bf", "4001630164 be bf c0"],
}


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, blocks in STORIES.items():
        blocks = [bytes.fromhex(b) for b in blocks]
        framed = [bytes([len(b)]) + b for b in blocks]
        for bound, gap in ((255, b""), (8, b"\0")):
            with open(os.path.join(sys.argv[1], f"{name}-{bound}"), "wb") as f:
                f.write(bytes([bound]) + gap.join(framed * 2))


main()
