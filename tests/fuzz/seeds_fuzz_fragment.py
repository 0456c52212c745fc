#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_fragment: fragments in the form that fuzz_fragment.c reads.

usage: seeds_fuzz_fragment.py FOLDER
"""
import os
import random
import struct
import sys

MORE, CUT = 4, 32


def piece(key, offset, length, more=True, flags=0):
    return struct.pack("!BHH", key | (MORE if more else 0) | flags, offset, length)


def datagram(key, length, step):
    return [piece(key, at, min(step, length - at), at + step < length) for at in range(0, length, step)]


def join(pieces, settings=0):
    return bytes([settings]) + b"".join(pieces)


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    r = random.Random(1)
    seeds = {}
    for key, name in ((0, "v4"), (1, "v6")):
        whole = datagram(key, 200, 24)
        seeds[name] = join(whole)
        seeds[name + "_backwards"] = join(reversed(whole))
        seeds[name + "_shuffled"] = join(r.sample(whole, len(whole)))
        seeds[name + "_doubled"] = join(p for p in whole for _ in range(2))
        seeds[name + "_contained"] = join(whole[:3] + [piece(key, 24, 24), piece(key, 0, 48)] + whole[3:])
        seeds[name + "_overlap"] = join(whole[:3] + [piece(key, 64, 24)] + whole[3:] + whole)
        seeds[name + "_ends"] = join([piece(key, 48, 10, False), piece(key, 48, 9, False)] + whole)
        seeds[name + "_beyond"] = join([piece(key, 48, 8, False), piece(key, 72, 24)] + whole)
        seeds[name + "_longest"] = join(datagram(key, 65480, 16000))
        seeds[name + "_too_long"] = join([piece(key, 65528, 100, False)] + datagram(key, 65480, 16000))
        seeds[name + "_cut"] = join([whole[0], piece(key, 24, 24, True, CUT)] + whole[2:])
        seeds[name + "_ecn"] = join(whole[:4] + [piece(key, 96, 24, True, 8 | 192)] + whole[5:])
        seeds[name + "_late"] = join(whole[:4] + [piece(key ^ 2, 0xfff8, 8)] + whole[4:])
        seeds[name + "_flood"] = join([piece(key, 8 * i, 8) for i in r.sample(range(500), 200)], 1)
    for name, seed in seeds.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(seed)


main()
