#!/usr/bin/env python3
"""The transactions of a capture do not depend on how its packets arrive.

  tests/corpus/invariance.py [WORD...]   only captures whose name has a WORD
  tests/corpus/invariance.py -m gro -v WORD  one way, and shows what differs

Replays each capture with transactions unchanged and then mangled in each of
WAYS: the result must be the same. Under loss (LOSSES) no request may be paired
with a response that is not its own. invariance.json lists for each capture the
ways that may change the result, and why.

Without options, a third of the ways is tried on each capture, another third on the
next, and what invariance.json lists; with METLO_TEST_LONG all of them.
"""
import argparse
import collections
import json
import multiprocessing
import os
import struct
import sys

import corpus
import fragments

DEVIATIONS = os.path.join(corpus.HERE, "invariance.json")
WAYS = {
    "split": None,  # every segment cut into single bytes: split_bytes()
    "gro": ["--gro", "65000"],
    "reorder": ["--reorder", "8"],
    "dup": ["--dup"],
    "dup-after": ["--dup", "--dup-after", "5"],
    "dup-vni": ["--dup", "--dup-vni", "7001", "--dup-after", "2"],
    "seq-wrap": ["--seq-wrap", "100"],
    "lag": ["--lag", "3"],
    "lag-s2c": ["--lag", "3", "--lag-dir", "s2c"],
    "vlan": ["--vlan", "5"],
    "inner-vlan": ["--inner-vlan", "6"],
    "ipv6-outer": ["--ipv6-outer"],
    "ip-options": ["--ip-options"],
    "pad": ["--pad"],
    "bad-csum": ["--bad-csum"],
    "fragments-24": None,  # of every packet, shuffled, some twice
    "fragments-1400": None,
}
LOSSES = {
    "drop-7": ["--drop-every", "7"],
    "drop-3": ["--drop-every", "3"],
    "drop-prob": ["--drop-prob", "0.1"],
    "drop-c2s": ["--drop-dir", "c2s"],
    "drop-s2c": ["--drop-dir", "s2c"],
    "truncate": ["--truncate", "200"],
}

# Offsets in a wrapped packet: record header, outer Ethernet, IPv4, UDP, VXLAN.
REC, INNER = 16, 14 + 20 + 8 + 8


def packets(pcap):
    """Yields (record header, packet) of a little-endian pcap."""
    at = 24
    while at < len(pcap):
        caplen = struct.unpack_from("<I", pcap, at + 8)[0]
        yield pcap[at:at + REC], pcap[at + REC:at + REC + caplen]
        at += REC + caplen


def split_bytes(pcap):
    """Like --split 1 of the wrapper, but fast: yields chunks of a pcap in which
    each segment with payload is cut into one segment per byte."""
    seg = corpus.wrapper().seg
    yield pcap[:24]
    for rec, pkt in packets(pcap):
        g = seg(pkt[INNER:])
        if not g or len(g.data) <= 1 or g.fl & 0x22:
            yield rec + pkt
            continue
        n = len(g.data)
        inner = g.build(fl=g.fl & ~0x0D, data=g.data[:1])
        outer = bytearray(pkt[:INNER])
        struct.pack_into(">H", outer, 16, 36 + len(inner))  # IPv4 total length
        struct.pack_into(">H", outer, 38, 16 + len(inner))  # UDP length
        one = rec[:8] + struct.pack("<II", *[INNER + len(inner)] * 2) + outer + inner
        step = len(one)
        out = bytearray(one * n)
        seqs = b"".join(struct.pack(">I", (g.seq + i) & 0xFFFFFFFF) for i in range(n))
        at = REC + INNER + g.l4 + 4
        for k in range(4):
            out[at + k::step] = seqs[k::4]
        out[step - 1::step] = g.data
        out[(n - 1) * step + REC + INNER + g.l4 + 13] = g.fl
        at = REC + INNER + g.l4 + 16
        sums = struct.pack(f">{n}H", *checksums(g, struct.unpack_from(">H", one, at)[0]))
        for k in range(2):
            out[at + k::step] = sums[k::2]
        yield bytes(out)


def checksums(g, first):
    """Those of the segments of one byte, of which the first one's is known: they
    differ in the byte, the sequence number, and at the end in the flags."""
    def varying(i):
        seq = (g.seq + i) & 0xFFFFFFFF
        return (g.data[i] << 8) + (seq >> 16) + (seq & 0xFFFF)

    # RFC 1071: sums modulo 0xffff, complemented
    fixed = 0xFFFF - first - varying(0)
    last = len(g.data) - 1
    found = [0xFFFF - (fixed + varying(i)) % 0xFFFF for i in range(last)]
    return found + [0xFFFF - (fixed + varying(last) + (g.fl & 0x0D)) % 0xFFFF]


def split_is_faithful(entry):
    """Is split_bytes() the wrapper's --split 1, but for ids?"""
    def fields(pcap):
        seg = corpus.wrapper().seg
        for _, pkt in packets(pcap):
            g = seg(pkt[INNER:])
            yield ((g.key, g.seq, g.ack, g.fl, bytes(g.hdr[g.l4 + 16:g.l4 + 18]), bytes(g.data))
                   if g else pkt[INNER:])

    ours = b"".join(split_bytes(corpus.wrap(entry)))
    return list(fields(ours)) == list(fields(corpus.wrap(entry, ["--split", "1"])))


def mangled(entry, way):
    if way == "split":
        return split_bytes(corpus.wrap(entry))
    if way.startswith("fragments-"):
        return fragments.fragmented(corpus.wrap(entry), int(way[10:]) // 8 * 8, 1)
    return [corpus.wrap(entry, WAYS.get(way) or LOSSES[way])]


def same(original, txs):
    missing, extra = corpus.missing_and_extra([t.key() for t in original],
                                              [t.key() for t in txs])
    return ([f"missing: {m}" for m in missing] + [f"extra:   {e}" for e in extra])


# Fields that tell responses of one connection apart.
FINGERPRINT = ("date", "content-length", "content-range", "etag", "last-modified",
               "content-type", "location", "x-id")


def could_be(lossy, original):
    """Can this pair be what is left of that one? Lines and fields that were
    lost prove nothing, those that are there have to agree. The Host may be
    lost, then another name stands for it."""
    cut = {"request-gap", "truncated", "malformed", "midstream"} & lossy.flags
    same_target = lossy.target == original.target or (
        cut and (original.target or "").startswith(lossy.target.rstrip()))
    return (lossy.method == original.method and same_target
            and lossy.status == original.status
            and all(lossy.fields[f] <= original.fields.get(f, set())
                    for f in FINGERPRINT if f in lossy.fields))


def no_wrong_pair(original, txs):
    """Loss may lose transactions and parts of them, but not make new pairs."""
    return [f"paired wrongly: {t}" for t in txs
            if t.method is not None and t.status is not None
            and not any(could_be(t, o) for o in original)]


def one(task):
    entry, ways = task
    results = []
    try:
        original, _ = corpus.transactions([corpus.wrap(entry)])
    except (corpus.ReplayError, ValueError, KeyError) as e:
        return [(entry["name"], "plain", [f"replay: {e}"])]
    for way in ways:
        compare = same if way in WAYS else no_wrong_pair
        try:
            txs, summary = corpus.transactions(mangled(entry, way))
            problems = compare(original, txs) + corpus.laws.broken(summary)
        except (corpus.ReplayError, ValueError, KeyError) as e:
            problems = [f"replay: {e}"]
        results.append((entry["name"], way, problems))
    return results


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("words", nargs="*")
    ap.add_argument("-m", "--mangle", action="append",
                    choices=[*WAYS, *LOSSES], help="only this way")
    ap.add_argument("-v", "--verbose", action="store_true")
    ap.add_argument("-j", "--jobs", type=int, default=2)
    options = ap.parse_args()
    entries = corpus.load()
    if entries is None:
        return corpus.absent("invariance")
    known = {}
    if os.path.exists(DEVIATIONS):
        with open(DEVIATIONS) as f:
            known = json.load(f)

    ways = options.mangle or [*WAYS, *LOSSES]
    selected = [e for e in corpus.select(entries, options.words)
                if corpus.expects_transactions(e)]
    # The longest first, so that both processes end at about the same time.
    selected.sort(key=lambda e: -e["bytes"])
    failed, good = 0, collections.Counter()
    if not options.words:
        smallest = min(selected, key=lambda e: e["bytes"])
        failed += not corpus.report(
            "corpus/invariance: single bytes are cut as the wrapper does",
            [] if split_is_faithful(smallest) else [smallest["name"]])
    with multiprocessing.Pool(options.jobs) as pool:
        part = 1 if options.words or options.mangle or os.environ.get("METLO_TEST_LONG") else 3
        tasks = [(e, [w for j, w in enumerate(ways)
                      if (i + j) % part == 0 or w in known.get(e["name"], {})])
                 for i, e in enumerate(selected)]
        tried = collections.Counter(w for _, some in tasks for w in some)
        for results in pool.imap_unordered(one, tasks):
            for name, way, problems in results:
                why = known.get(name, {}).get(way)
                if why and not problems:
                    problems = [f"does not differ any more: remove it from {DEVIATIONS}"]
                elif why:
                    problems = []
                good[way] += not problems
                failed += not corpus.report(f"corpus/{way}/{name}", problems)
                if options.verbose and why:
                    print(f"#   may differ: {why}")
    print("# show: the same in all captures: "
          + " ".join(f"{w} ({tried[w]})" for w in ways if good[w] == tried[w]))
    for w in ways:
        if good[w] != tried[w]:
            print(f"# show: {w}: {good[w]} of {tried[w]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
