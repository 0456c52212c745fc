"""The performance goals, and whether they are met."""
import table
from offline import find


class Goal:
    """limit is a minimum if least is set, else a maximum. value(results) is None
    if the goal was not measured."""

    def __init__(self, text, unit, limit, least, value):
        self.text, self.unit, self.limit, self.least = text, unit, limit, least
        self.value = value

    def row(self, results):
        v = self.value(results)
        if v is None:
            state = "not measured"
        else:
            met = v >= self.limit if self.least else v <= self.limit
            state = "met" if met else "NOT MET"
        want = f"{'>=' if self.least else '<='} {table.number(self.limit)} {self.unit}"
        return {"goal": self.text, "want": want, "value": v, "unit": self.unit, "state": state}


def speed_ratio(output):
    """Our transactions per CPU second over Suricata's."""
    def value(results):
        us = find(results["offline"], "standard", "metlo-xdp", output)
        it = find(results["offline"], "standard", "Suricata", output)
        # Speed does not count if transactions are missing.
        if not us or not it or us["complete"] != us["sent"]:
            return None
        return us["per_cpu_s"] / it["per_cpu_s"]
    return value


def http2_ratio(output):
    """The same on HTTP/2; Suricata writes heads, to a file."""
    def value(results):
        us = find(results["offline"], "http2", "metlo-xdp", output)
        it = find(results["offline"], "http2", "Suricata", "file")
        if not us or not it or us["complete"] != us["sent"]:
            return None
        return us["per_cpu_s"] / it["per_cpu_s"]
    return value


def memory_ratio(results):
    us = find(results["offline"], "standard", "metlo-xdp", "file")
    it = find(results["offline"], "standard", "Suricata", "file")
    return it["peak_mib"] / us["peak_mib"] if us and it else None


def worst(*names):
    """The largest of the values; None if any was not measured."""
    def value(results):
        got = [results["values"].get(n) for n in names]
        return None if None in got else max(v["value"] for v in got)
    return value


def quotient(a, b):
    def value(results):
        va, vb = results["values"].get(a), results["values"].get(b)
        return va["value"] / vb["value"] if va and vb and vb["value"] else None
    return value


GOALS = (
    Goal("transactions per core offline, bodies included, to /dev/null: x Suricata",
         "x", 10, True, speed_ratio("null")),
    Goal("the same, into files", "x", 10, True, speed_ratio("file")),
    Goal("HTTP/2, 20 streams per connection, bodies included, into files", "x", 5, True,
         http2_ratio("file")),
    Goal("the same with --bodies none", "x", 8, True, http2_ratio("heads")),
    Goal("peak memory on that trace: Suricata's, in multiples of ours",
         "x", 4, True, memory_ratio),
    Goal("XDP, packet on another port or not VXLAN, above an empty program",
         "ns", 15, False, worst("xdp.other_tcp_port", "xdp.other_udp_port",
                                "xdp.tcp_not_vxlan", "xdp.not_ip")),
    Goal("XDP, delivered packet of 800 bytes, above an empty program",
         "ns", 130, False, worst("xdp.delivered_800")),
    Goal("live, highest rate without loss, one worker: x Suricata AF_PACKET",
         "x", 6, True, quotient("live.metlo.max_pps", "live.suricata.max_pps")),
    Goal("1 MiB downloads, default body limit: body bytes shunted in the kernel",
         "%", 95, True, worst("live.large.shunted")),
    Goal("1 MiB downloads: CPU per transaction, x that with 1 KiB bodies",
         "x", 3, False, quotient("live.large.cpu_per_transaction",
                                 "live.1k.cpu_per_transaction")),
    Goal("memory per idle keep-alive connection",
         "bytes", 256, False, worst("memory.idle_connection.bytes")),
    Goal("cost per transaction at 1M connections: x that at 1k",
         "x", 2, False, worst("growth.1M.ratio")),
)


def judge(results):
    results["goals"] = [g.row(results) for g in GOALS]


def show(results):
    table.show("Goals", ["", "goal", "measured", ""],
               [[g["goal"], g["want"], table.number(g["value"]), g["state"]]
                for g in results["goals"]])
