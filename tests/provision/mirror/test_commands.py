"""Each command without questions: what it prints and changes."""
from __future__ import annotations

import json
import subprocess
import tempfile
from typing import Any

from fakeaws.world import DEFAULT_KEY, DEFAULT_SECRET

from .kit import PROGRAM, Mirror, run_module, test


def nlb(m: Mirror, *more: str) -> list[str]:
    """The setup most tests start from: 4 interfaces, 2 collectors, 2 ports."""
    return ["aws", "setup", "--source", "tag:team=shop", "--target", "nlb:new",
            "--collector", m.instance("collector-1"), "--collector", m.instance("collector-2"),
            "--ports", "80,8443", "--open-groups", "--yes", *more]


def eni(m: Mirror, *more: str) -> list[str]:
    return ["aws", "setup", "--source", m.instance("web-1"), "--target", m.eni("collector-1"),
            "--ports", "80", "--open-groups", "--yes", *more]


def sessions(m: Mirror) -> list[dict[str, Any]]:
    return list(m.aws.table("mirror_sessions").values())


@test("no command, help and version")
def usage(m: Mirror) -> None:
    m().expect(2, "Usage:", "metlo-mirror aws COMMAND")
    m("aws").expect(2, "Usage:")
    assert m("version").expect(0).out.startswith("metlo-mirror ")
    for words in (("help", "setup"), ("help", "aws", "setup"), ("aws", "help", "setup"),
                  ("aws", "setup", "--help"), ("aws", "setup", "-h")):
        run = m(*words).expect(0, "Usage: metlo-mirror aws setup", "--source SOURCE",
                               "--packet-length BYTES", "--endpoint-url URL")
        assert not run.err, run.err
    for command in ("setup", "plan", "list", "remove"):
        m("help", command).expect(0, f"metlo-mirror aws {command}", "--region")


@test("typing errors are reported with the likely correction")
def mistakes(m: Mirror) -> None:
    m("setup").expect(2, 'did you mean "metlo-mirror aws setup"')
    m("aws", "setpu").expect(2, 'did you mean "aws setup"')
    m("aws", "list", "--regoin", "x").expect(2, "did you mean --region")
    m("aws", "list", "--yes").expect(2, "--yes is not an option of list")
    m("aws", "list", "stray").expect(2, 'unexpected argument "stray"')
    m("aws", "setup", "--source", "x-1").expect(2, "is not a source")
    m("aws", "setup", "--ports", "80-").expect(2, "--ports")
    m("aws", "setup", "--target", "alb:x").expect(2, "is not a target")
    m("aws", "setup", "--side", "left").expect(2, "--side")
    m("aws", "setup", "--ip", "5").expect(2, "not one of 4, 6, 46, auto")
    m("aws", "setup", "--name", "a b").expect(2, "not a valid deployment name")
    m("aws", "setup", "--vni", "0").expect(2, "--vni")
    m("aws", "setup", "--output", "yaml").expect(2, "apply, terraform, cloudformation")
    m("aws", "list", "--region", "no_where").expect(2, "not the name of a region")
    assert not m.aws.ask("GET", "journal")


@test("without a terminal missing options are named before any AWS call")
def missing(m: Mirror) -> None:
    m("aws", "setup").expect(2, "--source, --target, --ports and --yes are missing")
    m("aws", "plan").expect(2, "--source, --target and --ports are missing")
    m("aws", "setup", "--source", "i-1", "--ports", "80", "--target", "nlb:new").expect(
        2, "--yes is missing")
    m("aws", "remove").expect(2, "--name, --session or --all and --yes are missing")
    m("aws", "remove", "--all").expect(2, "--yes is missing")
    m("aws", "remove", "--yes").expect(2, "--name, --session or --all is missing")
    assert not m.aws.ask("GET", "journal")
    m("aws", "setup", "--ports", "80", "--yes").expect(2, "--source and --target are missing")
    m("aws", "list", AWS_REGION="").expect(2, "no region configured", "--region", "AWS_REGION")
    m.unchanged()


@test("missing or wrong credentials: exit code 4 and the sources that were tried")
def credentials(m: Mirror) -> None:
    m("aws", "list", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="").expect(
        4, "environment", ".aws/credentials")
    m("aws", "list", AWS_ACCESS_KEY_ID="AKIANOBODY").expect(4, "sts:GetCallerIdentity")
    run = m("aws", "list", AWS_SECRET_ACCESS_KEY="wrong/secret/of/mine").expect(4)
    assert "wrong/secret" not in run.out + run.err


@test("region and keys of a profile; --region overrides")
def profile(m: Mirror) -> None:
    folder = m.home.name + "/.aws"
    subprocess.run(["mkdir", "-p", folder], check=True)
    with open(folder + "/config", "w", encoding="utf-8") as f:
        f.write("[profile work]\nregion = eu-west-1\n"
                f"aws_access_key_id = AKIAFAKEFAKEFAKE0001\n"
                f"aws_secret_access_key = {DEFAULT_SECRET}\n")
    empty = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_REGION": ""}
    m("aws", "list", "--profile", "work", **empty).expect(0, "eu-west-1")
    m("aws", "list", AWS_PROFILE="work", **empty).expect(0, "eu-west-1")
    m("aws", "list", "--profile", "work", "--region", "us-east-1", **empty).expect(
        0, 'start with "metlo-mirror aws setup --region us-east-1 --profile work"')
    m("aws", "list", "--profile", "wrok", **empty).expect(2, 'no profile "wrok"')


@test("credential_process starts with default signal handling")
def credential_process(m: Mirror) -> None:
    folder = m.home.name + "/.aws"
    subprocess.run(["mkdir", "-p", folder], check=True)
    program = m.home.name + "/keys"
    with open(program, "w", encoding="utf-8") as f:
        f.write('#!/bin/sh\n[ "$1" ] && kill -s "$1" $$\necho \'{"Version": 1, "AccessKeyId": '
                f'"{DEFAULT_KEY}", "SecretAccessKey": "{DEFAULT_SECRET}"}}\'\n')
    subprocess.run(["chmod", "755", program], check=True)
    empty = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "p"}
    for by, code in (("", 0), ("TERM", 4), ("INT", 4), ("PIPE", 4)):
        with open(folder + "/config", "w", encoding="utf-8") as f:
            f.write(f"[profile p]\ncredential_process = {program} {by}\n")
        m("aws", "list", **empty).expect(
            code, "killed by signal" if by else "metlo-mirror mirrors nothing")


@test("plan shows each step and the cost and changes nothing")
def plan(m: Mirror) -> None:
    words = [w for w in nlb(m) if w != "--yes"]
    words[1] = "plan"
    run = m(*words).expect(0, "Deployment metlo", "4 interfaces", "tag:team=shop",
                           "create the internal network load balancer", "mirror eni-",
                           "accept TCP from any IPv4 to any IPv4 port 8443",
                           "$ 43.80 4 mirror sessions", "$ 60.23 total, without traffic charges",
                           "$ 60.23 nlb:new")
    assert not run.err, run.err
    m.unchanged()
    assert not m.journal("write") and not m.journal("dryrun")
    tree = m(*words, "--json").expect(0).json()
    assert tree["deployment"] == "metlo" and tree["account"] == "123456789012"
    assert len(tree["sources"]) == 4 and tree["sessions"]["added"] == 4
    assert [r["direction"] for r in tree["filter"]["rules"]] == ["ingress"] * 2 + ["egress"] * 2
    assert abs(tree["cost"]["monthly"] - (4 * .015 + .0225) * 730) < 0.01
    assert {s["state"] for s in tree["steps"]} == {"planned"}
    assert not m.writes()


@test("setup with a new load balancer: what it creates, and the next command")
def setup_nlb(m: Mirror) -> None:
    run = m(*nlb(m)).expect(0, "Done: 4 interfaces are mirrored", "UDP 4789",
                            "health checks on TCP 4789")
    made = sessions(m)
    vni = made[0]["VirtualNetworkId"]
    assert f"sudo metlo-xdp attach ens5 --ports 80,8443 --vni {vni}" in run.out
    assert len(made) == 4 and {s["SessionNumber"] for s in made} == {1}
    assert {s["VirtualNetworkId"] for s in made} == {vni}
    lb, = [b for b in m.aws.table("load_balancers").values() if b["LoadBalancerName"] != "edge"
           and b["Type"] == "network"]
    assert lb["Scheme"] == "internal" and lb["SecurityGroups"]
    zones = [z["ZoneName"] for z in lb["AvailabilityZones"]]
    assert len(set(zones)) == len(zones) == 2, zones


@test("the same setup again changes nothing")
def again(m: Mirror) -> None:
    m(*nlb(m)).expect(0)
    before = m.aws.ask("GET", "world")["regions"]
    m.forget_calls()
    m(*nlb(m)).expect(0, "Nothing to change: 4 interfaces are mirrored")
    assert not m.writes() and not m.journal("dryrun")
    tree = m(*nlb(m, "--json")).expect(0).json()
    assert tree["outcome"] == "done" and not tree["steps"] and tree["sessions"]["kept"] == 4
    # The deployment's own load balancer, given by name or ARN, is reused.
    own = next(b for b in m.aws.table("load_balancers").values()
               if b["LoadBalancerName"] == "metlo-metlo")
    for target in ("nlb:metlo-metlo", own["LoadBalancerArn"]):
        m("aws", "setup", "--target", target, "--yes").expect(0, "Nothing to change")
    assert not m.writes()
    after = m.aws.ask("GET", "world")["regions"]
    assert after == before


@test("options replace settings; settings that are not given are kept")
def update(m: Mirror) -> None:
    m(*nlb(m)).expect(0)
    vni = sessions(m)[0]["VirtualNetworkId"]
    run = m("aws", "setup", "--ports", "80,443,9000-9010", "--yes", "--json").expect(0)
    assert run.json()["sessions"] == {"added": 0, "changed": 4, "removed": 0, "kept": 0}
    assert {s["VirtualNetworkId"] for s in sessions(m)} == {vni}
    filters = m.aws.table("mirror_filters")
    assert len(filters) == 1
    m("aws", "setup", "--source", m.instance("web-1"), "--yes").expect(0, "Done: 2 interfaces")
    assert len(sessions(m)) == 2
    m("aws", "remove", "--all", "--yes").expect(0)
    m.unchanged()


@test("to the interface of a collector, with truncated packets and a given VNI")
def setup_eni(m: Mirror) -> None:
    m(*eni(m, "--vni", "77", "--packet-length", "256", "--name", "small")).expect(
        0, "--vni 77", '"metlo-mirror aws verify --name small"')
    made = sessions(m)
    assert {(s["VirtualNetworkId"], s["PacketLength"]) for s in made} == {(77, 256)}
    assert len(made) == 2
    m("aws", "remove", "--name", "small", "--yes").expect(0, "Removed: 2 sessions")
    m.unchanged()


@test("to a Gateway Load Balancer endpoint")
def setup_gwlbe(m: Mirror) -> None:
    endpoint = next(iter(m.aws.table("vpc_endpoints")))
    m("aws", "setup", "--source", m.instance("web-1"), "--target", endpoint, "--ports", "80",
      "--yes").expect(0, "GENEVE (UDP 6081)")
    m("aws", "list").expect(0, "2 sessions", endpoint, "active")
    m("aws", "remove", "--all", "--yes").expect(0)
    m.unchanged()


@test("to an existing load balancer, which remove keeps")
def setup_old_nlb(m: Mirror) -> None:
    m("aws", "setup", "--source", m.instance("web-1"), "--target", "nlb:edge", "--ports", "80",
      "--yes").expect(1, "no UDP listener on port 4789", "nothing was changed")
    m.aws.make("nlb", name="sink", udp=True, instances=["collector-1"])
    m.aws.ask("POST", "remember", {})
    m("aws", "setup", "--source", m.instance("web-1"), "--target", "nlb:sink", "--ports", "all",
      "--yes").expect(0, "--ports any")
    m("aws", "setup", "--collector", m.instance("collector-2"), "--yes", "--ports", "80").expect(
        2, "--target nlb:new")
    m("aws", "remove", "--all", "--yes").expect(0)
    m.unchanged()


@test("sources of every type in one deployment")
def every_source(m: Mirror) -> None:
    run = m("aws", "setup", "--source", m.instance("web-1"), "--source", m.eni("web-2"),
            "--source", "ecs:prod/api", "--source", "ecs:prod/worker", "--source",
            "ecs:prod/bridged", "--source", "alb:front", "--source", "clb:legacy", "--source",
            "tag:Name=ecs-prod-1", "--target", "nlb:new", "--ports", "80", "--yes", "--json")
    tree = run.expect(0).json()
    kinds = {s["type"] for s in tree["sources"]}
    assert kinds >= {"instance", "network interface", "ECS service", "application load balancer",
                     "classic load balancer"}, kinds
    assert len(sessions(m)) == len(tree["sources"]) == tree["sessions"]["added"]
    m("aws", "list").expect(0, "ecs:prod/worker", "clb:legacy")
    m("aws", "remove", "--all", "--yes").expect(0)
    m.unchanged()


@test("a network load balancer as a source is refused and its targets are named")
def source_nlb(m: Mirror) -> None:
    m.aws.make("nlb", name="inner", udp=True, instances=["web-1"])
    m.aws.ask("POST", "remember", {})
    m("aws", "setup", "--source", "nlb:inner", "--target", "nlb:new", "--ports", "80",
      "--yes").expect(1, "cannot mirror a network load balancer", m.instance("web-1"),
                      "nothing was changed")
    m.unchanged()


@test("too many ports for 10 rules: refused with alternatives that fit")
def too_many_ports(m: Mirror) -> None:
    m("aws", "setup", "--source", m.instance("web-1"), "--target", "nlb:new", "--ports",
      "1,3,5,7,9,11", "--yes").expect(1, "needs 12 rules", "AWS allows 10", "1-3,5,7,9,11")
    m.unchanged()


@test("sources with IPv6 addresses: both IP versions, or those given")
def ipv6(m: Mirror) -> None:
    run = m(*eni(m, "--dry-run", "--json", "--ip", "46")).expect(0)
    assert "IPv4 and IPv6" in run.json()["filter"]["text"]
    assert len(run.json()["filter"]["rules"]) == 4
    run = m(*eni(m, "--dry-run", "--json", "--peer", "10.0.0.0/8", "--peer", "192.168.0.0/16"))
    assert len(run.expect(0).json()["filter"]["rules"]) == 4
    m.unchanged()


@test("--dry-run checks every permission and changes nothing")
def dry_run(m: Mirror) -> None:
    words = [w for w in nlb(m, "--dry-run") if w != "--yes"]
    m(*words).expect(0, "AWS permits all", "nothing was changed")
    assert not m.writes()
    asked = {e["operation"] for e in m.journal("dryrun")}
    assert asked >= {"ec2:CreateTrafficMirrorSession", "ec2:CreateTrafficMirrorFilter",
                     "ec2:CreateTrafficMirrorFilterRule", "ec2:CreateTrafficMirrorTarget",
                     "ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupIngress"}, asked
    m.unchanged()
    m(*nlb(m)).expect(0)
    m("aws", "remove", "--all", "--dry-run").expect(0, "nothing was changed")
    assert len(sessions(m)) == 4


@test("all missing permissions are named before the first change")
def not_permitted(m: Mirror) -> None:
    m.aws.make("policy", policy={"allow": ["*"], "deny": [
        "ec2:CreateTrafficMirrorSession", "ec2:CreateTrafficMirrorFilter"]})
    m(*nlb(m)).expect(4, "not permitted; nothing was changed",
                      "Grant ec2:CreateTrafficMirrorSession",
                      "Grant ec2:CreateTrafficMirrorFilter to")
    assert not m.writes()
    # Actions that a step needs besides its own are named too, once.
    m.aws.ask("DELETE", "policies")
    m.aws.make("policy", policy={"allow": ["*"], "deny": ["ec2:CreateTags"]})
    run = m(*nlb(m)).expect(4, "Grant ec2:CreateTags to", "more):")
    assert run.err.count("Grant") == 1, run
    m.unchanged()


@test("a missing permission of ELB is found while applying: rolled back")
def elb_not_permitted(m: Mirror) -> None:
    m.aws.make("policy", policy={"allow": ["*"],
                                 "deny": ["elasticloadbalancing:CreateListener"]})
    m(*nlb(m)).expect(4, "Grant elasticloadbalancing:CreateListener",
                      "All changes of this run were rolled back")
    m.unchanged()


@test("--output terraform and cloudformation write the plan as code")
def as_code(m: Mirror) -> None:
    run = m(*[w for w in nlb(m, "--output", "terraform") if w != "--yes"]).expect(0)
    assert 'resource "aws_ec2_traffic_mirror_session"' in run.out and not run.err, run.err
    words = [w for w in nlb(m, "--output", "cloudformation") if w != "--yes"]
    tree = json.loads(m(*words).expect(0).out)
    kinds = [r["Type"] for r in tree["Resources"].values()]
    assert kinds.count("AWS::EC2::TrafficMirrorSession") == 4
    words[1] = "plan"
    assert json.loads(m(*words).expect(0).out) == tree
    assert not m.writes()
    m(*nlb(m)).expect(0)
    m(*words, "--ports", "81").expect(1, "only Terraform can take them over")
    # Failing to write standard output is an error.
    with open("/dev/full", "w", encoding="utf-8") as full:
        words[words.index("--ports") + 1] = "80"
        code = subprocess.run([PROGRAM, *words, "--name", "other"], env=m.env(), stdout=full,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    assert code.returncode == 1 and b"cannot write" in code.stderr, code


@test("list: sessions with source, target, filter, VNI and state")
def list_all(m: Mirror) -> None:
    m("aws", "list").expect(0, "metlo-mirror mirrors nothing", "aws setup")
    m(*nlb(m)).expect(0)
    m(*eni(m, "--name", "second", "--vni", "99", "--source", m.eni("ecs-prod-1"))).expect(0)
    run = m("aws", "list").expect(0, "metlo us-east-1, 4 sessions", "second", "VNI 99",
                                  "2 of 2 collectors healthy", "servers on ports 80,8443",
                                  "tag:team=shop", "web-1")
    for s in sessions(m):
        assert s["TrafficMirrorSessionId"] in run.out
    m("aws", "list", "--name", "second").expect(0, "VNI 99")
    assert "metlo  us-east-1" not in m("aws", "list", "--name", "second").out
    m("aws", "list", "--name", "third").expect(3, 'deployment "third" does not exist in us-east-1')
    tree = m("aws", "list", "--json").expect(0).json()
    first = tree["deployments"][0]
    assert first["name"] == "metlo" and len(first["sessions"]) == 4
    s = first["sessions"][0]
    assert s["source"]["asked"] == "tag:team=shop" and s["source"]["name"].startswith("web")
    assert s["state"] == "active" and s["vni"] == first["vni"]
    assert first["target"]["state"] == "active" and first["sources"] == ["tag:team=shop"]


@test("list: each problem has its own state text")
def states(m: Mirror) -> None:
    def state(index: int = 0) -> tuple[str, str]:
        s = m("aws", "list", "--json").expect(0).json()["deployments"][0]["sessions"][index]
        return s["state"], s["why"]

    m(*eni(m)).expect(0)
    assert state() == ("active", "active")
    m.aws.make("set_instance", name="web-1", state="stopped")
    assert state() == ("idle", "instance stopped")
    m.aws.make("set_instance", name="collector-1", state="stopped")
    assert state()[0] == "broken" and "collector" in state()[1]
    m.reset()
    m(*nlb(m)).expect(0)
    group, = m.aws.table("target_groups")
    m.aws("elbv2", "deregister-targets", "--target-group-arn", group, "--targets",
          f"Id={m.instance('collector-1')}", f"Id={m.instance('collector-2')}")
    assert state() == ("broken", "no collector is registered"), state()
    listener, = m.aws.table("listeners")
    m.aws("elbv2", "delete-listener", "--listener-arn", listener)
    assert state() == ("broken", "load balancer has no listener for UDP 4789")


@test("remove: one session, one deployment, all; foreign resources stay")
def remove(m: Mirror) -> None:
    m.aws.make("mirror", source="asleep", target="collector-2", number=1, vni=4242)
    m.aws.ask("POST", "remember", {})
    m(*nlb(m)).expect(0)
    m(*eni(m, "--name", "second", "--source", m.eni("ecs-prod-1"))).expect(0)
    own = m("aws", "list", "--json").json()["deployments"][0]["sessions"]
    m("aws", "remove", "--session", own[0]["id"], "--yes").expect(0, "Removed: 1 session",
                                                                  "other sessions")
    assert len(m("aws", "list", "--json").json()["deployments"][0]["sessions"]) == 3
    foreign = m("aws", "list", "--json").json()["foreignSessions"]
    assert len(foreign) == 1
    m("aws", "remove", "--session", foreign[0]["id"], "--yes").expect(
        1, "not created by metlo-mirror", "nothing was changed")
    m("aws", "remove", "--session", "tms-0123", "--yes").expect(1, "no session tms-0123")
    m("aws", "remove", "--name", "none", "--yes").expect(3, 'deployment "none" does not exist')
    tree = m("aws", "remove", "--name", "second", "--yes", "--json").expect(0).json()
    assert tree["outcome"] == "done" and tree["sessions"]["removed"] == 3, tree["sessions"]
    m("aws", "remove", "--all", "--yes").expect(0, "Removed: 3 sessions")
    m.unchanged()
    m("aws", "list").expect(0, "1 session was not created by metlo-mirror")
    assert foreign[0]["id"] in m("aws", "list", "--all").out
    m("aws", "remove", "--all", "--yes").expect(0, "Nothing to remove")


@test("removing the last session of a deployment removes the deployment")
def remove_last(m: Mirror) -> None:
    m(*eni(m, "--source", m.eni("web-2"))).expect(0)
    words = ["aws", "remove", "--yes"]
    for s in sessions(m):
        words += ["--session", s["TrafficMirrorSessionId"]]
    m(*words).expect(0)
    m.unchanged()


@test("foreign sessions on the same interfaces are left alone and reported")
def foreign(m: Mirror) -> None:
    m.aws.make("mirror", source="web-1", target="collector-2", number=5, vni=4242)
    m.aws.ask("POST", "remember", {})
    foreign_id, = m.aws.table("mirror_sessions")
    before = m.aws.table("mirror_sessions")[foreign_id]
    run = m(*eni(m, "--json")).expect(0).json()
    assert any("also mirrored by others" in n["text"] for n in run["notes"])
    numbers = {(s["NetworkInterfaceId"] == m.eni("web-1"), s["SessionNumber"])
               for s in sessions(m) if s["TrafficMirrorSessionId"] != foreign_id}
    assert numbers == {(True, 6), (False, 1)}, numbers
    m("aws", "remove", "--all", "--yes").expect(0)
    assert m.aws.table("mirror_sessions") == {foreign_id: before}
    m.unchanged()


@test("a replaced filter and target that others still use are not in force any more")
def replaced_filter(m: Mirror) -> None:
    m(*nlb(m)).expect(0)
    old, = m.aws.table("mirror_filters")
    target, = m.aws.table("mirror_targets")
    for source in ("web-1", "collector-2"):
        m.aws("ec2", "create-traffic-mirror-session", "--network-interface-id", m.eni(source),
              "--traffic-mirror-target-id", target, "--traffic-mirror-filter-id", old,
              "--session-number", "9")
    m("aws", "setup", "--ports", "443", "--target", m.eni("collector-1"), "--yes").expect(
        0, f"the mirror filter {old} stays", f"the mirror target {target} stays")
    new, = set(m.aws.table("mirror_filters")) - {old}
    m.forget_calls()
    m("aws", "sync", "--yes").expect(0, "up to date")
    m("aws", "setup", "--ports", "443", "--yes").expect(0)
    assert not m.writes(), m.writes()
    listed, = m("aws", "list", "--json").expect(0).json()["deployments"]
    assert listed["filter"]["id"] == new and "port 443" in listed["filter"]["text"], listed
    assert listed["target"]["id"] != target, listed
    # Without sessions of ours, the filter that nobody else uses is the one in force.
    for s in sessions(m):
        if s["TrafficMirrorFilterId"] == new:
            m.aws("ec2", "delete-traffic-mirror-session", "--traffic-mirror-session-id",
                  s["TrafficMirrorSessionId"])
    m("aws", "sync", "--yes").expect(0)
    assert [s["TrafficMirrorFilterId"] for s in sessions(m)].count(new) == 4


@test("-vvv logs no secret, token or signature")
def secrets(m: Mirror) -> None:
    role = "arn:aws:iam::123456789012:role/mirror"
    folder = m.home.name + "/.aws"
    subprocess.run(["mkdir", "-p", folder], check=True)
    with open(folder + "/config", "w", encoding="utf-8") as f:
        f.write(f"[profile base]\naws_access_key_id = AKIAFAKEFAKEFAKE0001\n"
                f"aws_secret_access_key = {DEFAULT_SECRET}\n"
                f"[profile role]\nrole_arn = {role}\nsource_profile = base\n"
                "region = us-east-1\n")
    run = m(*eni(m, "--profile", "role", "-vvv"), AWS_ACCESS_KEY_ID="",
            AWS_SECRET_ACCESS_KEY="").expect(0, "role/mirror", "ec2:CreateTrafficMirrorSession: done")
    printed = run.out + run.err
    assert DEFAULT_SECRET not in printed and "temporary/secret/" not in printed
    assert "FakeSessionToken" not in printed and "Signature=" not in printed
    assert "AWS4-HMAC" not in printed
    m.aws.fault(kind="error", operation="ec2:DescribeInstances", code="SignatureDoesNotMatch",
                message=f"the canonical string was x-amz-security-token:FakeSessionToken {DEFAULT_SECRET}",
                status=403)
    run = m("aws", "list", "-vvv")
    assert run.code and DEFAULT_SECRET not in run.out + run.err, run


@test("control characters in names are made harmless")
def hostile(m: Mirror) -> None:
    m.aws.make("instance", name="evil\u009b2J\u202eowned\nnext", tags={"team": "evil"})
    run = m("aws", "plan", "--source", "tag:team=evil", "--target", "nlb:new", "--ports", "80")
    run.expect(0, "evil?2J?owned?next")
    m.aws.fault(kind="error", operation="ec2:DescribeInstances", code="Bad",
                message="\u009b2Jgone", status=400)
    m("aws", "list").expect(1, "Bad", r"\u009b2Jgone")


@test("setup: an instance that AWS cannot mirror is left out, or refused before any change")
def unsupported(m: Mirror) -> None:
    old, web = m.instance("old"), m.instance("web-1")
    words = ["aws", "setup", "--target", "nlb:new", "--ports", "80", "--yes"]
    m(*words, "--source", old).expect(1, "(t2.micro) is left out",
                                      "none of the sources has a network interface")
    assert not m.writes()
    m(*words, "--source", old, "--source", web).expect(0, "(t2.micro) is left out",
                                                       "2 interfaces are mirrored")
    run = m(*words, "--source", old, "--source", web, "--exclude", old).expect(0)
    assert "t2.micro" not in run.err + run.out, run


@test("the health of targets is read only where mirrored traffic may go")
def health_calls(m: Mirror) -> None:
    m.aws("elbv2", "create-target-group", "--name", "web", "--protocol", "HTTP", "--port", "80",
          "--vpc-id", m.aws.named("instances", "web-1")["VpcId"])
    m(*nlb(m)).expect(0)
    for words in (["aws", "list"], ["aws", "sync", "--yes"], nlb(m)):
        m.forget_calls()
        m(*words).expect(0)
        calls = [e for e in m.journal("read") if e["operation"] == "elbv2:DescribeTargetHealth"]
        assert all("/metlo-metlo/" in e["wire"]["TargetGroupArn"] for e in calls), calls


@test("setup with a name alone brings that deployment up to date")
def name_alone(m: Mirror) -> None:
    m("aws", "setup", "--name", "metlo", "--yes").expect(2, "--source")
    m(*nlb(m)).expect(0)
    m.aws("ec2", "delete-traffic-mirror-session", "--traffic-mirror-session-id",
          next(iter(m.aws.table("mirror_sessions"))))
    m("aws", "setup", "--name", "metlo", "--yes").expect(0, "Done: 4 interfaces")


if __name__ == "__main__":
    run_module()
