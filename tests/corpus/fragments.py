#!/usr/bin/env python3
"""Cuts the inner IP packets of a wrapped capture into fragments.

  tests/corpus/fragments.py SIZE [SEED] <in.pcap >out.pcap

Reads a little-endian pcap of VXLAN over IPv4. Each TCP packet with more than
SIZE bytes behind its IP header is cut every SIZE bytes, a multiple of 8. With a
SEED, the fragments of a packet are shuffled, and some of them come twice.
"""
import random
import struct
import sys

REC, INNER = 16, 14 + 20 + 8 + 8


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def cut(ip, size, ident):
    """The fragments of an IP packet; the packet itself if it is not to be cut."""
    if ip[:1] and ip[0] >> 4 == 4 and len(ip) >= 20:
        head = (ip[0] & 15) * 4
        total, = struct.unpack_from("!H", ip, 2)
        field, = struct.unpack_from("!H", ip, 6)
        if ip[9] != 6 or field & 0x3fff or total > len(ip) or not 20 <= head < total - size:
            return [ip]
        out, data = [], ip[head:total]
        for at in range(0, len(data), size):
            part = data[at:at + size]
            h = bytearray(ip[:head])
            more = 0x2000 if at + size < len(data) else 0
            struct.pack_into("!HHH", h, 2, head + len(part), ident & 0xffff, at // 8 | more)
            struct.pack_into("!H", h, 10, 0)
            struct.pack_into("!H", h, 10, checksum(bytes(h)))
            out.append(bytes(h) + part)
        return out
    if ip[:1] and ip[0] >> 4 == 6 and len(ip) >= 40:
        total, = struct.unpack_from("!H", ip, 4)
        if ip[6] != 6 or 40 + total > len(ip) or total <= size:
            return [ip]
        out, data = [], ip[40:40 + total]
        for at in range(0, total, size):
            part = data[at:at + size]
            h = bytearray(ip[:40])
            h[6] = 44
            struct.pack_into("!H", h, 4, 8 + len(part))
            out.append(bytes(h) + struct.pack("!BBHI", 6, 0, at | (at + size < total), ident) + part)
        return out
    return [ip]


def link_header(frame):
    """Length of the Ethernet header and its VLAN tags, or None."""
    at = 12
    while len(frame) >= at + 2:
        kind, = struct.unpack_from("!H", frame, at)
        if kind not in (0x8100, 0x88a8, 0x9100):
            return at + 2 if kind in (0x0800, 0x86dd) else None
        at += 4
    return None


def fragmented(pcap, size, seed=None):
    """Yields chunks of the capture with fragments."""
    r = random.Random(seed)
    ident = 1
    yield pcap[:24]
    at = 24
    while at < len(pcap):
        caplen, = struct.unpack_from("<I", pcap, at + 8)
        rec, pkt = pcap[at:at + 8], pcap[at + REC:at + REC + caplen]
        whole = pcap[at:at + REC + caplen]
        at += REC + caplen
        inner = pkt[INNER:]
        link = link_header(inner)
        parts = cut(inner[link:], size, ident) if link else []
        if len(parts) < 2:
            yield whole
            continue
        ident += 1
        if seed is not None:
            parts += r.sample(parts, len(parts) // 3)
            r.shuffle(parts)
        for part in parts:
            outer = bytearray(pkt[:INNER])
            n = link + len(part)
            struct.pack_into("!H", outer, 16, 36 + n)  # IPv4 total length
            struct.pack_into("!H", outer, 38, 16 + n)  # UDP length
            yield rec + struct.pack("<II", INNER + n, INNER + n) + outer + inner[:link] + part


if __name__ == "__main__":
    out = fragmented(sys.stdin.buffer.read(), int(sys.argv[1]),
                     int(sys.argv[2]) if len(sys.argv) > 2 else None)
    for chunk in out:
        sys.stdout.buffer.write(chunk)
