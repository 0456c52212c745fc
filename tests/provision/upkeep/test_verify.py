"""verify: breaks one thing at a time, and the printed fix repairs it."""
from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Any, Callable

from fakeaws.world import DEFAULT_KEY, DEFAULT_SECRET

from .kit import Account, test

ALL = {"sources", "sessions", "filter", "instances", "instance-type", "packet-length", "target",
       "load-balancer", "listener", "cross-zone", "stickiness", "target-health", "security-group",
       "network-acl", "route", "mirrored", "skipped", "arrived"}
Row = dict[str, Any]


def count(account: Account, **packets: float) -> None:
    """Sets metrics; by default the sources have mirrored a lot and nothing was lost."""
    metrics = {"NetworkPacketsMirrorIn": 1000, "NetworkPacketsMirrorOut": 1000,
               "NetworkPacketsSkipMirrorIn": 0, "NetworkPacketsSkipMirrorOut": 0, **packets}
    for source in ("web-1", "web-2"):
        for name, value in metrics.items():
            if name.startswith(("NetworkPacketsMirror", "NetworkPacketsSkip")):
                account.make("metric", name=name, value=value, dimensions={"InstanceId": source})
    account.make("metric", name="NetworkPacketsIn",
                 value=packets.get("NetworkPacketsIn", 1e6),
                 dimensions={"InstanceId": "collector-1"})
    for balancer in account.table("load_balancers").values():
        if balancer["LoadBalancerName"] == "metlo-metlo":
            account.make("metric", name="ProcessedBytes_UDP", namespace="AWS/NetworkELB",
                         value=packets.get("ProcessedBytes_UDP", 1e6), dimensions={
                             "LoadBalancer": balancer["LoadBalancerArn"].partition(
                                 ":loadbalancer/")[2]})


def rows(account: Account, *args: str) -> list[Row]:
    """The rows of the result; asserts that the exit code matches."""
    result = account.mirror("verify", "--json", *args, code=None)
    found: list[Row] = result.json()["deployments"][0]["checks"]
    states = {r["state"] for r in found}
    assert result.code == (6 if "fail" in states else 0), result
    for row in found:
        assert (row["fix"] is None) == (row["state"] == "ok"), row
    return found


def wrong(account: Account, *args: str) -> list[Row]:
    return [r for r in rows(account, *args) if r["state"] != "ok"]


def balancer(account: Account) -> Any:
    return next(b for b in account.table("load_balancers").values()
                if b["LoadBalancerName"] == "metlo-metlo")


def listener(account: Account) -> str:
    return next(a for a, row in account.table("listeners").items()
                if row["LoadBalancerArn"] == balancer(account)["LoadBalancerArn"])


def target_group(account: Account) -> str:
    return next(a for a, g in account.table("target_groups").items()
                if g["TargetGroupName"] == "metlo-metlo")


def udp(group: str, peer: dict[str, Any]) -> list[Any]:
    return ["--group-id", group, "--ip-permissions",
            [{"IpProtocol": "udp", "FromPort": 4789, "ToPort": 4789, **peer}]]


# --- ways to break it -------------------------------------------------------
def delete_session(a: Account) -> None:
    a("ec2", "delete-traffic-mirror-session", "--traffic-mirror-session-id",
      next(iter(a.table("mirror_sessions"))))


def change_vni(a: Account) -> None:
    a("ec2", "modify-traffic-mirror-session", "--traffic-mirror-session-id",
      next(iter(a.table("mirror_sessions"))), "--virtual-network-id", "99")


def cut_packets(a: Account) -> None:
    a("ec2", "modify-traffic-mirror-session", "--traffic-mirror-session-id",
      next(iter(a.table("mirror_sessions"))), "--packet-length", "200")


def delete_rule(a: Account) -> None:
    rule = next(k for k, r in a.table("mirror_rules").items() if r["TrafficDirection"] == "egress")
    a("ec2", "delete-traffic-mirror-filter-rule", "--traffic-mirror-filter-rule-id", rule)


def stop_source(a: Account) -> None:
    a.make("set_instance", name="web-2", state="stopped")


def stop_collector(a: Account) -> None:
    a.make("set_instance", name="collector-1", state="stopped")


def delete_listener(a: Account) -> None:
    a("elbv2", "delete-listener", "--listener-arn", listener(a))


def deregister(a: Account) -> None:
    a("elbv2", "deregister-targets", "--target-group-arn", target_group(a), "--targets",
      f"Id={a.instance('collector-1')}")


def deaf_collector(a: Account) -> None:
    a.make("set_instance", name="collector-1", listens=[])


def no_cross_zone(a: Account) -> None:
    a("elbv2", "modify-load-balancer-attributes", "--load-balancer-arn",
      balancer(a)["LoadBalancerArn"], "--attributes",
      "Key=load_balancing.cross_zone.enabled,Value=false")


def no_stickiness(a: Account) -> None:
    a.mirror("setup", "--name", "metlo", "--yes", "--collector", a.instance("collector-1"),
             "--collector", a.instance("collector-2"))
    a("elbv2", "modify-target-group-attributes", "--target-group-arn", target_group(a),
      "--attributes", "Key=stickiness.enabled,Value=false")


def close_balancer(a: Account) -> None:
    a("ec2", "revoke-security-group-ingress",
      *udp(balancer(a)["SecurityGroups"][0], {"IpRanges": [{"CidrIp": "10.0.0.0/16"}]}))


def close_collector(a: Account) -> None:
    a("ec2", "revoke-security-group-ingress",
      *udp(a.named("security_groups", "collector")["GroupId"], {"UserIdGroupPairs": [
          {"GroupId": balancer(a)["SecurityGroups"][0]}]}))


def close_eni_target(a: Account) -> None:
    a("ec2", "revoke-security-group-ingress",
      *udp(a.named("security_groups", "collector")["GroupId"],
           {"IpRanges": [{"CidrIp": "10.0.0.0/16"}]}))


def deny_in(a: Account) -> None:
    a.make("nacl", name="tight", subnets=["main-a"], entries=[
        {"number": 50, "action": "deny", "protocol": "17", "ports": [4000, 5000]},
        {"number": 100, "action": "allow"},
        {"number": 100, "action": "allow", "egress": True}])


def deny_out(a: Account) -> None:
    a.make("nacl", name="tight", subnets=["main-b"], entries=[
        {"number": 100, "action": "allow"},
        {"number": 1, "action": "deny", "protocol": "17", "ports": [4789, 4789], "egress": True},
        {"number": 100, "action": "allow", "egress": True}])


def silence(a: Account) -> None:
    count(a, NetworkPacketsMirrorIn=0, NetworkPacketsMirrorOut=0)


def one_way(a: Account) -> None:
    count(a, NetworkPacketsMirrorIn=0)


def skip_packets(a: Account) -> None:
    count(a, NetworkPacketsSkipMirrorOut=500)


def lose_all(a: Account) -> None:
    count(a, ProcessedBytes_UDP=0)


def lose_some(a: Account) -> None:
    count(a, NetworkPacketsIn=100)


@dataclass
class Case:
    damage: Callable[[Account], None]
    check: str
    state: str
    detail: str  # contained in the detail of the row
    fix: str  # contained in the fix
    repairs: bool = False  # the fix is a command that repairs everything
    with_it: tuple[str, ...] = ()  # other checks that fail for the same reason


NLB = [
    Case(delete_session, "sessions", "fail", "no session", "aws sync --name metlo", True),
    Case(change_vni, "sessions", "warn", "different VNI", "aws sync --name metlo", True),
    Case(cut_packets, "packet-length", "warn", "after 200 bytes",
         "metlo-mirror aws sync", True),
    Case(delete_rule, "filter", "fail", "one direction is not mirrored", "aws sync", True),
    Case(stop_source, "instances", "warn", "is stopped", "start-instances", True),
    Case(stop_collector, "target-health", "fail", "stopped", "start-instances", True),
    Case(delete_listener, "listener", "fail", "no UDP listener", "aws sync", True),
    Case(deregister, "target-health", "fail", "not registered", "aws sync", True),
    Case(deaf_collector, "target-health", "fail", "Health checks failed", "metlo-xdp attach"),
    Case(no_cross_zone, "cross-zone", "fail", "us-east-1b",
         "elbv2 modify-load-balancer-attributes", True),
    Case(no_stickiness, "stickiness", "fail", "half of it",
         "elbv2 modify-target-group-attributes", True),
    Case(close_balancer, "security-group", "fail", "does not allow UDP 4789 from", "aws sync",
         True),
    Case(close_collector, "security-group", "fail", "does not allow UDP 4789 from", "aws sync",
         True),
    Case(deny_in, "network-acl", "fail", "rule 50 denies UDP 4789 from",
         "--ingress --rule-number 49"),
    Case(deny_out, "network-acl", "fail", "rule 1 denies UDP 4789 to",
         "ec2 delete-network-acl-entry", True),
    Case(silence, "mirrored", "fail", "no packet was mirrored", "on port 80"),
    Case(one_way, "mirrored", "warn", "outgoing", "--side both"),
    Case(skip_packets, "skipped", "fail", "for lack of bandwidth", "bandwidth"),
    Case(lose_all, "arrived", "fail", "received no UDP", "listener"),
    Case(lose_some, "arrived", "fail", "packets of any kind", "tcpdump"),
]


def repair(account: Account, fix: str) -> None:
    """Runs the command of a fix."""
    words = shlex.split(fix)
    if words[0] == "metlo-mirror":
        account.mirror(*words[2:], "--yes")
    else:
        assert words[0] == "aws", fix
        account(*words[1:])


def try_command(account: Account, fix: str) -> None:
    """Asserts that a metlo-mirror command inside a fix is valid."""
    found = re.search(r"metlo-mirror aws (setup|sync) .*", fix)
    if found and "..." not in found.group():
        account.mirror(*shlex.split(found.group())[2:], "--dry-run")


def try_case(account: Account, case: Case) -> None:
    count(account)
    assert not wrong(account), wrong(account)
    case.damage(account)
    found = wrong(account)
    hit = [r for r in found if r["check"] == case.check]
    others = {r["check"] for r in found} - {case.check} - set(case.with_it)
    assert len(hit) == 1 and not others, json.dumps(found, indent=1)
    assert hit[0]["state"] == case.state, hit
    assert case.detail in hit[0]["detail"], hit
    assert case.fix in hit[0]["fix"], hit
    try_command(account, hit[0]["fix"])
    if case.repairs:
        repair(account, hit[0]["fix"])
        count(account)
        left = wrong(account)
        assert not left, f"after {hit[0]['fix']}: {json.dumps(left, indent=1)}"


def case_test(case: Case, target: str) -> None:
    @test(f"verify: {case.damage.__name__.replace('_', ' ')} ({target})")
    def run(account: Account) -> None:
        account.set_up(target="nlb:new" if target == "nlb" else
                       account.first_eni("collector-1"))
        try_case(account, case)


for nlb_case in NLB:
    case_test(nlb_case, "nlb")
for eni_case in (
        Case(stop_collector, "target", "fail", "is stopped", "start-instances", True),
        Case(close_eni_target, "security-group", "fail", "does not allow UDP 4789 from",
             "aws sync", True),
        Case(lose_some, "arrived", "fail", "packets of any kind", "tcpdump")):
    case_test(eni_case, "eni")


# --- others -----------------------------------------------------------------
@test("verify: all checks pass, each has a row, nothing is changed")
def well(account: Account) -> None:
    account.set_up()
    count(account)
    account.ask("POST", "remember", {})
    found = rows(account)
    assert {r["check"] for r in found} == ALL, {r["check"] for r in found} ^ ALL
    assert {r["state"] for r in found} == {"ok"}, found
    assert not any(account.changes().values()), account.changes()
    text = account.mirror("verify").out
    assert "FAIL" not in text.replace("0 FAIL", "") and "all checks passed" in text, text
    assert "\033[" not in text
    account.mirror("verify", "--name", "metlo")
    account.mirror("verify", "--name", "other", code=3)


@test("verify: the text shows the failure and the command on one line")
def text_output(account: Account) -> None:
    account.set_up()
    count(account)
    no_cross_zone(account)
    result = account.mirror("verify", code=6)
    lines = result.out.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("  FAIL  cross-zone"))
    fix = next(line for line in lines[at:] if "fix: " in line).partition("fix: ")[2]
    assert shlex.split(fix)[-1] == "Key=load_balancing.cross_zone.enabled,Value=true", fix
    assert "1 FAIL" in lines[-1], lines[-1]


@test("verify: without --open-groups the fix is a command for the group")
def group_command(account: Account) -> None:
    eni = account.first_eni("collector-1")
    account.mirror("setup", "--yes", "--ports", "80", "--source", "tag:team=shop",
                   "--target", eni)
    found = wrong(account, "--no-metrics")
    assert [r["check"] for r in found] == ["security-group"], found
    assert "authorize-security-group-ingress" in found[0]["fix"], found
    repair(account, found[0]["fix"])
    assert not wrong(account, "--no-metrics")


@test("verify: a security group that collectors share is one finding with one command")
def shared_group(account: Account) -> None:
    collectors = [account.instance(f"collector-{i}") for i in (1, 2)]
    names = [w for c in collectors for w in ("--collector", c)]
    account.mirror("setup", "--yes", "--ports", "80", "--source", "tag:team=shop",
                   "--target", "nlb:new", *names)
    found = wrong(account, "--no-metrics")
    assert [r["check"] for r in found] == ["target-health", "security-group"], found
    assert all(c in found[0]["subject"] for c in collectors), found
    group = found[1]
    assert all(account.first_eni(f"collector-{i}") in group["subject"] for i in (1, 2)), found
    assert "UDP 4789 from 10." in group["detail"] and "nor TCP 4789 from" in group["detail"], found
    repair(account, group["fix"])
    assert not wrong(account, "--no-metrics")


@test("verify: printed commands repeat profile, region and endpoint, quoted for the shell")
def repeated_options(account: Account) -> None:
    account.set_up()
    no_cross_zone(account)
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as config:
        config.write(f"[profile a&b]\naws_access_key_id = {DEFAULT_KEY}\n"
                     f"aws_secret_access_key = {DEFAULT_SECRET}\nregion = eu-west-1\n")
        config.flush()
        env = {"AWS_CONFIG_FILE": config.name, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
        run = account.mirror("verify", "--no-metrics", "--json", "--profile", "a&b",
                             "--region", "us-east-1", "--endpoint-url", account.url, code=6, **env)
        fix, = [r["fix"] for d in run.json()["deployments"] for r in d["checks"] if r["fix"]]
        # As a user would: pasted into a shell that has other defaults.
        subprocess.run(fix, shell=True, check=True,
                       env={k: v for k, v in os.environ.items() if k not in
                            ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")}
                       | env)
    assert not wrong(account, "--no-metrics")


@test("verify: a network ACL is repaired entry by entry")
def acl_entries(account: Account) -> None:
    account.set_up()
    deny_in(account)
    for _ in range(8):
        found = wrong(account, "--no-metrics")
        if not found:
            return
        assert {r["check"] for r in found} == {"network-acl"}, found
        repair(account, found[0]["fix"].rpartition("block: ")[2])
    raise AssertionError(found)


@test("verify: a collector in another VPC needs a route")
def other_vpc(account: Account) -> None:
    account.make("vpc", name="tools", cidr="10.9.0.0/16")
    account.make("group", name="far", vpc="tools", ingress=["udp/4789 10.0.0.0/16"])
    account.make("instance", name="far", vpc="tools", groups=["far"])
    subnets = {account.named("instances", name)["SubnetId"] for name in ("web-1", "web-2")}
    home = account.named("instances", "web-1")["VpcId"]
    main, = [k for k, t in account.table("route_tables").items() if t["VpcId"] == home]
    account.make("set_route", table=main, route={
        "DestinationCidrBlock": "10.9.0.0/16", "VpcPeeringConnectionId": "pcx-1",
        "State": "active"})
    account.set_up(target=account.first_eni("far"))
    # The subnets get a route table of their own, without that route.
    account.make("route_table", name="bare", subnets=sorted(subnets), routes=[])
    found = wrong(account, "--no-metrics")
    assert [r["check"] for r in found] == ["route"], found
    assert all(s in found[0]["subject"] for s in subnets), found
    assert "10.9.0.0/16" in found[0]["detail"] and "create-route" in found[0]["fix"], found
    fix = found[0]["fix"].rpartition("gateway: ")[2].replace("PCX", "pcx-0123456789abcdef0")
    repair(account, fix)
    assert not wrong(account, "--no-metrics")


@test("verify: the tasks of a service were replaced")
def tasks(account: Account) -> None:
    account.set_up(sources=("ecs:prod/api",))
    account.make("stop_tasks", cluster="prod", service="api", count=1)
    account.make("tasks", cluster="prod", service="api", count=1)
    found = wrong(account, "--no-metrics")
    assert {r["check"] for r in found} == {"sessions"}, found
    repair(account, found[0]["fix"])
    assert not wrong(account, "--no-metrics")


@test("verify: without permission for CloudWatch the other checks still run")
def no_metrics(account: Account) -> None:
    account.set_up()
    account.ask("POST", "make", {"make": "policy", "policy": {
        "deny": ["cloudwatch:GetMetricData",
                 "elasticloadbalancing:DescribeTargetGroupAttributes",
                 "elasticloadbalancing:DescribeLoadBalancerAttributes"]}})
    found = wrong(account)
    assert {r["check"]: r["state"] for r in found} == {"mirrored": "warn",
                                                       "cross-zone": "warn"}, found
    text = " ".join(r["detail"] for r in found)
    assert "cloudwatch:GetMetricData" in text, text
    assert "elasticloadbalancing:Describe" in text, text


@test("verify: no deployment at all")
def nothing(account: Account) -> None:
    result = account.mirror("verify", code=3)
    assert "no deployment" in result.err and not result.out, result
