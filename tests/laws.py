#!/usr/bin/env python3
"""The conservation laws of the counters: every loss is counted under a name.

  tests/laws.py SUMMARY.json [COUNTER=VALUE...]

SUMMARY.json is the output of --summary. Prints "ok" or "not ok" for the laws and
for each given counter (http.transactions=10, ring_full=0).
"""
import json
import sys

OUTCOMES = ("pass_not_vxlan bad_outer bad_vxlan vni_miss bad_inner not_tcp udp fragment "
            "port_miss no_payload sampled_out shunted ring_full delivered").split()
FRAGMENT_ENDS = "datagrams overlaps invalid timeouts limit pending".split()
STREAM_ENDS = "delivered duplicate skipped discarded buffered".split()
SINK_ENDS = ("written uncertain left_out_incomplete left_out_self left_out_status "
             "left_out_size dropped_queue dropped_error dropped_refused dropped_spool "
             "dropped_damaged spooled").split()
TLS_ENDS = "handshake encrypted not_tls".split()
CERTIFICATE_ENDS = "known read unreadable skipped".split()
QUIC_ENDS = "decrypted undecryptable malformed cut limited".split()
HTTP_ENDS = "head body framing resync not_http upgraded buffered".split()
HTTP2_ENDS = "head body framing control resync ignored buffered".split()


def broken(s, running=False):
    """The laws that a summary violates, one line each. While the daemon runs,
    buffers may hold something."""
    stream, http, output = s["stream"], s["http"], s["output"]
    http2 = s["http2"]
    fragments, tls, quic = s["fragments"], s["tls"], s["quic"]
    selection = s["selection"]
    laws = [
        ("packets = sum of the outcomes",
         s["packets"], sum(s[o] for o in OUTCOMES)),
        ("records submitted, fragments reassembled = consumed",
         s["records"] - fragments["fragments"] + fragments["records"],
         stream["records"] + quic["datagrams"]),
        ("payload in rings, fragments reassembled = bytes into streams",
         s["delivered_bytes"] - fragments["bytes"] + fragments["record_bytes"],
         stream["bytes_in"] + quic["bytes"]),
        ("datagrams in fragments = their ends", fragments["started"],
         sum(fragments[e] for e in FRAGMENT_ENDS)),
        ("bytes into streams = their ends",
         stream["bytes_in"] + stream["bytes_again"],
         sum(stream["bytes_" + e] for e in STREAM_ENDS)),
        ("bytes out of streams and of TLS = bytes into HTTP and TLS",
         stream["bytes_delivered"] + tls["bytes_decrypted"],
         http["bytes_in"] + http2["bytes_in"] + tls["bytes_in"]),
        ("bytes into HTTP/2 = their ends",
         http2["bytes_in"], sum(http2["bytes_" + e] for e in HTTP2_ENDS)),
        ("bytes into TLS = their ends",
         tls["bytes_in"], sum(tls["bytes_" + e] for e in TLS_ENDS)),
        ("TLS connections = reported + live",
         tls["connections"],
         tls["reported"] + tls["unreported"] + tls["connections_live"]),
        ("certificates = their ends", tls["certificates"],
         sum(tls["certificates_" + e] for e in CERTIFICATE_ENDS)),
        ("Initial packets = their ends", quic["packets"],
         sum(quic["packets_" + e] for e in QUIC_ENDS)),
        ("QUIC connections = reported + live",
         quic["connections"], quic["reported"] + quic["connections_live"]),
        ("bytes into HTTP = their ends",
         http["bytes_in"], sum(http["bytes_" + e] for e in HTTP_ENDS)),
        ("transactions = paired + unanswered + unrequested",
         http["transactions"],
         http["paired"] + http["unanswered"] + http["unrequested"]),
        ("transactions + TLS and QUIC connections = selected + left out",
         http["transactions"] + tls["reported"] + quic["reported"],
         sum(selection.values())),
        ("there are sinks", True, bool(output["sinks"])),
    ]
    if not running:
        laws.append(("nothing is left in a buffer",
                     0, stream["bytes_buffered"] + http["bytes_buffered"]
                     + http2["bytes_buffered"] + tls["connections_live"]
                     + quic["connections_live"] + http["memory_used"] + fragments["memory_used"] + stream["flows_live"] + output["bytes_queued"]))
    for sink in output["sinks"]:
        other = 0 if sink["name"].startswith("metlo") else selection["selected_tls"]
        laws.append((f"selected = submitted to {sink['name']}",
                     selection["selected"] + other, sink["submitted"]))
        taken = sink["submitted"] + sink["recovered"]
        ended = sum(sink[end] for end in SINK_ENDS)
        # Those in its queue have not ended.
        if not (running and sink["bytes_queued"] and taken > ended):
            laws.append((f"submitted + recovered = written + left out + dropped + spooled by "
                         f"{sink['name']}", taken, ended))
    for name in output:
        if name != "sinks":
            laws.append((f"output.{name} = sum of the sinks", output[name],
                         sum(sink[name] for sink in output["sinks"])))
    return [f"{name}: {left} is not {right}" for name, left, right in laws
            if left != right]


def counter(summary, name):
    for part in name.split("."):
        summary = summary[part]
    return summary


def main():
    with open(sys.argv[1]) as f:
        summary = json.load(f)
    problems = broken(summary)
    print(f"{'not ok' if problems else 'ok'} counters add up")
    for p in problems:
        print(f"#   {p}")
    for arg in sys.argv[2:]:
        name, want = arg.split("=")
        got = counter(summary, name)
        print(f"{'ok' if got == int(want) else 'not ok'} {name} is {want}")
        if got != int(want):
            problems.append(name)
            print(f"#   it is {got}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
