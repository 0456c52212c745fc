"""verify --collector-metrics: the sessions compared with what collectors see."""
from __future__ import annotations

import http.server
import json
import tempfile
import threading
from typing import Any

from .kit import Account, test

TASKS = ("ecs:prod/api",)


def checked(account: Account, text: str, code: int = 0, **how: Any) -> list[dict[str, str]]:
    with tempfile.NamedTemporaryFile("w", suffix=".prom") as f:
        f.write(text)
        f.flush()
        run = account.mirror("verify", "--no-metrics", "--json", "--collector-metrics", f.name,
                             code=code, **how)
    return [c for c in run.json()["deployments"][0]["checks"] if c["check"] == "collector"]


def addresses(account: Account) -> list[str]:
    return sorted(account.table("enis")[e]["PrivateIpAddress"] for e in account.sessions())


def sample(name: str, value: int, vni: int = 77, address: str = "") -> str:
    more = f',address="{address}"' if address else ""
    return f'metlo_xdp_{name}{{vni="{vni}"{more}}} {value}\n'


@test("verify --collector-metrics: figures by source address name the sessions")
def by_address(account: Account) -> None:
    account.set_up("--vni", "77", sources=TASKS)
    first, second, third = addresses(account)
    of = {account.table("enis")[s["NetworkInterfaceId"]]["PrivateIpAddress"]: key
          for key, s in account.table("mirror_sessions").items()}
    whole = "".join(sample("source_packets", 10, address=a)
                    + sample("source_connections_total", 20, address=a)
                    + sample("source_one_sided_connections", 1, address=a)
                    for a in (first, second, third))
    row, = checked(account, "# HELP x y\n" + whole)
    assert row["state"] == "ok" and "in both directions" in row["detail"], row
    text = whole.replace(sample("source_packets", 10, address=second), "").replace(
        sample("source_connections_total", 20, address=second), "").replace(
        sample("source_one_sided_connections", 1, address=second), "")
    row, = checked(account, text)
    assert row["state"] == "warn" and row["subject"] == of[second], row
    assert "1 of 3 sessions delivers nothing" in row["detail"], row
    text = whole.replace(sample("source_one_sided_connections", 1, address=third),
                         sample("source_one_sided_connections", 19, address=third))
    row, = checked(account, text)
    assert row["subject"] == of[third] and "one direction only" in row["detail"], row
    assert "--side both" in row["fix"], row
    # Another VNI with the same addresses does not count.
    row, = checked(account, whole.replace('"77"', '"78"'), code=6)
    assert row["state"] == "fail" and "3 of 3" in row["detail"], row


@test("verify --collector-metrics: figures by VNI, from metrics and status --json")
def by_vni(account: Account) -> None:
    account.set_up("--vni", "77", sources=TASKS)
    for text in (sample("vni_packets_total", 5), json.dumps({
            "interface": "ens5", "vni": [{"vni": 77, "packets": 5, "bytes": 9}]}),
            json.dumps([{"vni": []}, {"vni": [{"vni": 77, "packets": 5}]}])):
        row, = checked(account, text)
        assert row["state"] == "ok" and "do not count directions" in row["detail"], row
    for text in (sample("vni_packets_total", 5, vni=78), sample("vni_packets_total", 0),
                 json.dumps({"vni": [{"vni": 78, "packets": 5}]})):
        row, = checked(account, text, code=6)
        assert row["state"] == "fail" and "3 of 3 sessions deliver nothing" in row["detail"], row
    row, = checked(account, sample("vni_packets_total", 5, vni=78)
                   + 'metlo_xdp_vni_packets_total{vni="other"} 3\n')
    assert row["state"] == "warn" and "sum up" in row["detail"], row
    row, = checked(account, "metlo_xdp_vnis 0\n")
    assert row["state"] == "warn" and "no figures by VNI" in row["detail"], row
    row, = checked(account, json.dumps({"vni": [{
        "vni": 77, "packets": 5, "connections": 4, "oneSidedConnections": 4}]}))
    assert "3 sessions deliver one direction only" in row["detail"], row


@test("verify --collector-metrics: several collectors add up; over HTTP")
def collectors(account: Account) -> None:
    account.set_up("--vni", "77", sources=TASKS)

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            status = 200 if self.path.startswith("/metrics") else 404
            body = "".join(sample("source_packets", 1, address=a)
                           for i, a in enumerate(addresses(account))
                           if str(i) in self.path).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    one = ("--collector-metrics", url + "/metrics/01")
    assert "1 of 3 sessions delivers nothing" in " ".join(
        account.mirror("verify", "--no-metrics", *one).out.split())
    account.mirror("verify", "--no-metrics", *one, "--collector-metrics", url + "/metrics/2")
    for place, why in ((url + "/x", "HTTP status 404"), ("/no/such", "No such file"),
                       ("/dev/null", "not the metrics of metlo-xdp"),
                       ("http://127.0.0.1:1/", "127.0.0.1")):
        run = account.mirror("verify", "--collector-metrics", place, code=1)
        assert why in " ".join(run.err.split()), run
    server.shutdown()
