"""Questions at a terminal: keys, filters, lists without a cursor, interrupts."""
from __future__ import annotations

import os
import re
import signal

from fakeaws.world import DEFAULT_KEY, DEFAULT_SECRET

from .kit import (BACKSPACE, CTRL_A, CTRL_C, CTRL_D, CTRL_U, DOWN, ENTER, ESCAPE, SPACE, UP,
                  Mirror, Terminal, run_module, terminal, test)

MENU = "What should be mirrored?"
MORE = "Mirror anything else?"
TARGET = "Where should the traffic go?"


def region(t: Terminal) -> Terminal:
    """Accepts the default region, the first in the list."""
    return t.sees("Region").sees("> us-east-1").sees("ap-northeast-1").types(ENTER).sees(MENU)


def instances(t: Terminal, name: str) -> Terminal:
    """Selects the instances whose names contain name."""
    t.types(ENTER).sees("Instances (all their interfaces)").sees("0 selected")
    return t.types(name + CTRL_A).sees("selected").types(ENTER).sees(MORE)


def go_on(t: Terminal) -> Terminal:
    return t.sees("> 1 Continue").types(ENTER).sees(TARGET)


def one_port(t: Terminal, ports: str = "80") -> Terminal:
    t.sees("Server ports").types(ports + ENTER)
    return t.sees("Mirror this?").sees("> 1 Yes").types(ENTER)


def removed(m: Mirror) -> None:
    m("aws", "remove", "--all", "--yes").expect(0)
    m.unchanged()


@test("instances to a new load balancer, every question")
def everything(m: Mirror) -> None:
    with terminal(m, "aws", "setup") as t:
        instances(region(t), "web-")
        go_on(t).sees("> 1 New network load balancer").types(ENTER)
        t.sees("Collector instances").types("collector" + CTRL_A).sees("2 selected").types(ENTER)
        one_port(t, "80,8443")
        t.sees("does not allow UDP and TCP").sees("Add these rules?").types(ENTER)
        t.sees("Deployment metlo").sees("servers on ports 80,8443")
        t.sees("total, without traffic charges")
        t.sees("Proceed?").types("y" + ENTER)
        t.sees("1/").sees("Done: 4 interfaces are mirrored").sees("sudo metlo-xdp attach")
        t.expect(0)
    assert len(m.aws.table("mirror_sessions")) == 4
    group = m.aws.named("instances", "collector-1")["SecurityGroups"][0]["GroupId"]
    assert "4789" in str(m.aws.table("security_groups")[group])
    removed(m)


@test("one interface to that of a collector, selected by typing and arrow keys")
def interface(m: Mirror) -> None:
    with terminal(m, "aws", "setup") as t:
        region(t).types("2").sees("> 2 Network interfaces").types(ENTER)
        t.sees("Network interfaces").types(m.eni("web-2")).sees("1-1 of 1")
        # With nothing selected, Enter selects the line under the cursor.
        t.types(ENTER).sees("Press Enter again").types(ENTER).sees(MORE)
        go_on(t).types(DOWN + DOWN).sees("> 3 Network interface of one").types(ENTER)
        t.sees("Interface of the collector").types("collector-2").sees("1-1 of 1").types(ENTER)
        one_port(t, "all")
        t.sees("Add this rule?").types("n" + ENTER)
        t.sees("Proceed?").types("y" + ENTER).sees("Done: 1 interface is mirrored").sees("--ports any")
        t.expect(0)
    session, = m.aws.table("mirror_sessions").values()
    assert session["NetworkInterfaceId"] == m.eni("web-2")
    assert not m.aws.changes()["changed"]
    removed(m)


@test("ECS services, to a Gateway Load Balancer endpoint")
def services(m: Mirror) -> None:
    with terminal(m, "aws", "setup", "--region", "us-east-1") as t:
        t.sees(MENU).types("3" + ENTER).sees("ECS services").sees("ecs:prod/api").sees("3 tasks")
        t.types("prod/" + CTRL_A).sees("4 selected").types(ENTER).sees(MORE)
        go_on(t).types(UP).sees("> 4 Gateway").types(ENTER).sees("Endpoint").types(ENTER)
        one_port(t)
        t.sees("on Fargate").sees("Proceed?").types("y" + ENTER).sees("GENEVE").expect(0)
    assert len(m.aws.table("mirror_sessions")) >= 6
    removed(m)


@test("load balancers; for a network load balancer its targets are offered")
def balancers(m: Mirror) -> None:
    group = m.aws("elbv2", "create-target-group", "--name", "inner", "--protocol", "TCP", "--port",
                  "80", "--target-type", "instance", "--vpc-id", next(iter(m.aws.table("vpcs"))))
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    edge = next(k for k, b in m.aws.table("load_balancers").items()
                if b["LoadBalancerName"] == "edge")
    m.aws("elbv2", "create-listener", "--load-balancer-arn", edge, "--protocol", "TCP", "--port",
          "80", "--default-actions", f"Type=forward,TargetGroupArn={arn}")
    m.aws("elbv2", "register-targets", "--target-group-arn", arn, "--targets",
          "Id=" + m.instance("web-1"))
    m.aws.ask("POST", "remember", {})
    with terminal(m, "aws", "setup", "--region", "us-east-1", "--target", "nlb:new", "--ports",
                  "80") as t:
        t.sees(MENU).types("4" + ENTER).sees("alb:front").sees("AWS cannot mirror it")
        t.sees("clb:legacy").types(CTRL_A).sees("3 selected").types(ENTER)
        t.sees("AWS cannot mirror the network load balancer edge. Mirror its targets:")
        t.sees("[x] " + m.instance("web-1")).types(ENTER).sees(MORE)
        t.sees("Continue").sees("clb:legacy").types(ENTER)
        t.sees("Proceed?").types("y" + ENTER).sees("Done: ").expect(0)
    sources = m("aws", "list", "--json").json()["deployments"][0]["sources"]
    assert sorted(sources) == ["alb:front", "clb:legacy", m.instance("web-1")], sources
    removed(m)


@test("by tag; filter by side, addresses, protocol and IP version; too many ports")
def tags_and_filter(m: Mirror) -> None:
    with terminal(m, "aws", "setup", "--region", "us-east-1", "--target", "nlb:new") as t:
        t.sees(MENU).types("5" + ENTER).sees("Everything with the tag").types("team=shop" + SPACE)
        t.sees("1 selected").types(ENTER).sees(MORE).types(ENTER)
        t.sees("Server ports").types("x" + ENTER).sees('"x"').types(CTRL_U)
        t.types("1,3,5,7,9,11" + ENTER)
        t.sees("That needs 12 rules, but AWS allows 10").sees("1-3,5,7,9,11").types(ENTER)
        t.sees("Mirror this?").types("2" + ENTER).sees("Server ports").types("80" + ENTER)
        t.sees("Mirror this?").types("3" + ENTER).sees("The sources are").types("3" + ENTER)
        t.sees("servers on and clients of port 80")
        t.types("4" + ENTER).sees("Only traffic with").types("10.0.0.1/8" + ENTER)
        t.sees("10.0.0.0/8").types(CTRL_U + "10.0.0.0/8" + ENTER).sees("only with 10.0.0.0/8")
        t.types("5" + ENTER).sees("Protocol").types("2" + ENTER).sees("UDP, servers on")
        t.types("6" + ENTER).sees("IP versions").types("2" + ENTER)
        t.sees("must be changed first").types("6" + ENTER).sees("IP versions").types("1" + ENTER)
        t.sees("> 1 Yes").sees("IPv4, only with").types(ENTER)
        t.sees("Proceed?").types("y" + ENTER).sees("Done: 4 interfaces").expect(0)
    rules = list(m.aws.table("mirror_rules").values())
    assert len(rules) == 4 and {r["Protocol"] for r in rules} == {17}, rules
    removed(m)


@test("Esc goes back question by question; no at the end changes nothing")
def back(m: Mirror) -> None:
    with terminal(m, "aws", "setup") as t:
        region(t).types(ESCAPE).sees("(back)").sees("Region").types("eu-west-1" + ENTER)
        t.sees(MENU).types(ENTER).sees("None exist in eu-west-1").sees(MENU)
        t.types(ESCAPE).sees("Region").sees("> eu-west-1")
        t.types("us-east-1" + ENTER)
        instances(t.sees(MENU), "web-1")
        go_on(t).types(ESCAPE).sees(MORE).types(ENTER).sees(TARGET)
        t.types(ENTER).sees("Collector instances").types(ESCAPE).sees(TARGET).types(ENTER)
        t.sees("> [ ] None for now").types(SPACE).sees("1 selected").types(ENTER)
        t.sees("Server ports").types(ESCAPE).sees(TARGET).types(ENTER).sees("Collector instances")
        t.types(ENTER).sees("Press Enter again").types(ENTER)
        one_port(t).sees("Proceed?").types(ESCAPE)
        t.sees("Server ports").types(ENTER).sees("Mirror this?").types(ENTER)
        t.sees("Proceed?").types("no" + ENTER).sees("Nothing was changed.").expect(1)
    assert not m.writes()


@test("typing filters a list, Backspace and Ctrl-U widen the filter, Esc clears it")
def narrowing(m: Mirror) -> None:
    with terminal(m, "aws", "setup", "--region", "us-east-1") as t:
        t.sees(MENU).types(ENTER).sees("0 selected").types("WEB-2").sees("1-1 of 1")
        t.types(BACKSPACE).sees("1-2 of 2").types("zzz").sees("No match")
        t.types(CTRL_U).sees("collector-1").types("stopped").sees("1-1 of 1").types(SPACE)
        t.sees("1 selected").types(ESCAPE).sees("web-1").types(ENTER).sees(MORE)
        t.sees("Continue").sees(m.instance("asleep")).types(CTRL_C).expect(130)
    m.unchanged()


@test("choices that cannot be selected show why")
def refusals(m: Mirror) -> None:
    with terminal(m, "aws", "setup", "--region", "us-east-1") as t:
        t.sees(MENU).types(ENTER).sees("0 selected").types("old").sees("[-]").types(SPACE)
        t.sees("1-1 of 1").types(ENTER).sees("a Nitro type").types(ESCAPE)
        t.sees("web-1").types(ESCAPE).sees(MENU)
        instances(t, "collector-1")
        go_on(t).types(DOWN).sees("> 2").types(ENTER).sees("none has a listener for UDP 4789")
        t.types("3" + ENTER).sees("Interface of the collector").types("collector-1")
        t.sees("is a source").types(ENTER).types(CTRL_C).expect(130)


@test("an existing deployment: kept, changed, or another one created")
def existing(m: Mirror) -> None:
    m("aws", "setup", "--source", m.instance("web-1"), "--target", m.eni("collector-1"), "--ports",
      "80", "--open-groups", "--yes").expect(0)
    m.forget_calls()
    with terminal(m, "aws", "setup") as t:
        t.sees("Region").sees("17").types(ENTER).sees("Deployment").sees("> 1 Change metlo")
        t.types(ENTER).sees(MORE).sees("Continue").types(ENTER)
        t.sees(TARGET).sees("> 1 Keep").sees(m.eni("collector-1")).types(ENTER)
        t.sees("Mirror this?").sees("port 80").types(ENTER)
        t.sees("nothing to change").sees("Nothing to change: 2 interfaces").expect(0)
    assert not m.writes()
    with terminal(m, "aws", "setup", "--target", m.eni("collector-2"), "--ports", "81", "--source",
                  m.eni("web-2"), "--name", "metlo-2", "--open-groups") as t:
        t.sees("Proceed?").types("y" + ENTER).sees("Done: 1 interface").expect(0)
    with terminal(m, "aws", "setup", "--region", "us-east-1") as t:
        t.sees("Deployment").sees("Change metlo-2").types("3" + ENTER).sees("Name")
        t.types("metlo" + ENTER).sees("deployment metlo already exists")
        t.types(CTRL_U + "a b" + ENTER).sees("not a valid deployment name")
        t.types(CTRL_U + "third" + ENTER)
        t.sees(MENU).types(CTRL_C).expect(130)
    removed(m)


@test("without cursor control: numbered lists")
def dumb(m: Mirror) -> None:
    with terminal(m, "aws", "setup", term="dumb") as t:
        t.sees("1) us-east-1").sees("[1]: ").types("/west\n").sees("11) eu-west-1")
        t.sees("[1]: ").types("99\n").sees('"99" is not a number').types("\n")
        t.sees("1) EC2 instances").sees("[1]: ").types("1\n")
        t.sees("1) " + m.instance("web-1")).sees("unavailable: ").sees("[0 selected]: ")
        t.types("\n").sees("select at least 1").types("0\n").sees('"0"').types("3\n")
        t.sees("of this generation cannot be mirrored").types("1-2\n").sees("1) Continue")
        t.sees("[1]: ").types("\n")
        t.sees("1) New network").types("2\n").sees("none has a listener").types("back\n")
        t.sees("1) Continue").types("\n").sees("1) New network").types("1\n")
        t.sees("1) None for now").types("/collector\n").sees("6) ").sees("[0 selected]: ")
        t.types("6,7\n").sees("Server ports").types("80-\n").sees("80-").types("\n")
        t.sees("1) Yes").types("\n").sees("Add these rules? [yes]: ").types("maybe\n")
        t.sees("answer yes or no").types("\n").sees("Proceed? [no]: ").types("yes\n")
        t.sees("1/").sees("... ok").sees("Done: 4 interfaces").expect(0)
        assert b"\x1b" not in t.raw
    removed(m)


@test("no colours with NO_COLOR, on any terminal; colours otherwise")
def colours(m: Mirror) -> None:
    with terminal(m, "aws", "setup", NO_COLOR="1") as t:
        region(t).types(CTRL_C).expect(130)
        assert b"\x1b[1m" not in t.raw and b"\x1b[36m" not in t.raw and b"\x1b[K" in t.raw
    with terminal(m, "aws", "setup") as t:
        region(t).types(CTRL_C).expect(130)
        assert b"\x1b[36m" in t.raw


@test("Ctrl-C, Ctrl-D and signals at a question: terminal restored, nothing changed")
def leaving(m: Mirror) -> None:
    for keys, code, text in ((CTRL_C, 130, "Interrupted; nothing was changed"),
                             (CTRL_D, 1, "end of input; nothing was changed")):
        with terminal(m, "aws", "setup") as t:
            t.sees("Region").sees("17").types(keys).sees(text).expect(code)
        with terminal(m, "aws", "setup", term="dumb") as t:
            t.sees("[1]: ").types(keys).sees(text).expect(code)
    for by in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with terminal(m, "aws", "setup") as t:
            t.sees("Region").sees("17")
            t.process.send_signal(by)
            t.sees("Interrupted; nothing").expect(130)
    m.unchanged()


@test("Ctrl-C while steps run: the rollback is shown")
def roll_back(m: Mirror) -> None:
    m.aws.set(lb_seconds=600)
    with terminal(m, "aws", "setup", "--source", m.instance("web-1"), "--target", "nlb:new",
                  "--ports", "80", "--yes") as t:
        t.sees("8/14 wait until the load balancer is active").sees(" s").types(CTRL_C)
        t.sees("interrupted").sees("Rolling back this run")
        t.sees("delete the load balancer")
        t.sees("Interrupted. All changes of this run were rolled back")
        t.expect(130)
    m.unchanged()


@test("remove: select deployments and sessions, confirm; no changes nothing")
def remove(m: Mirror) -> None:
    with terminal(m, "aws", "remove") as t:
        t.sees("has created nothing in us-east-1").expect(0)
    m("aws", "setup", "--source", m.instance("web-1"), "--target", m.eni("collector-1"), "--ports",
      "80", "--yes").expect(0)
    m("aws", "setup", "--source", m.eni("web-2"), "--target", m.eni("collector-2"), "--ports",
      "80", "--yes", "--name", "second").expect(0)
    with terminal(m, "aws", "remove") as t:
        t.sees("What should be removed?").sees("metlo").sees("2 sessions").sees("tms-")
        t.sees("second").types(SPACE).sees("1 selected").types(ENTER)
        t.sees("stop mirroring").sees("Remove this? no").types(ENTER)
        t.sees("Nothing was changed").expect(1)
    assert len(m.aws.table("mirror_sessions")) == 3
    with terminal(m, "aws", "remove") as t:
        t.sees("What should be removed?").sees("second").types(DOWN + SPACE).sees("1 selected")
        t.types(ENTER).sees("Remove this?").types("y" + ENTER).sees("Removed: 1 session").expect(0)
    assert len(m.aws.table("mirror_sessions")) == 2
    with terminal(m, "aws", "remove", term="dumb") as t:
        t.sees("[0 selected]: ").types("all\n").sees("Remove this? [no]: ").types("yes\n")
        t.sees("Removed: 2 sessions").expect(0)
    m.unchanged()


@test("a small terminal: no line exceeds its width, the list scrolls")
def small_terminal(m: Mirror) -> None:
    with terminal(m, "aws", "setup", "--region", "us-east-1", rows=10, columns=50) as t:
        t.sees(MENU).types("2" + ENTER).sees("Network interfaces").sees("1-6 of ")
        for _ in range(8):
            t.types(DOWN)
        t.sees("4-9 of ").types("\x1b[6~\x1b[4~").types(CTRL_C).expect(130)
        lines = re.split("[\r\n]", re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", t.raw.decode()))
        assert max(len(line) for line in lines) < 50, max(lines, key=len)


@test("hostile names cannot drive the terminal or break the list")
def hostile(m: Mirror) -> None:
    m.aws.make("instance", name="evil\u009b2J\u202e\n" + "界" * 60, tags={"team": "evil"})
    m.aws.ask("POST", "remember", {})
    with terminal(m, "aws", "setup", "--region", "us-east-1", columns=90) as t:
        t.sees(MENU).types(ENTER).sees("0 selected").types("evil").sees("evil?2J??")
        t.sees("1-1 of 1")
        t.types(CTRL_C).expect(130)
        text = t.raw.decode()
        assert "\u009b" not in text and "\u202e" not in text
    m.unchanged()


@test("a list that fails (ECS not permitted) is reported; other sources still work")
def list_fails(m: Mirror) -> None:
    m.aws.make("policy", policy={"allow": ["*"], "deny": ["ecs:ListClusters"]})
    with terminal(m, "aws", "setup", "--region", "us-east-1") as t:
        t.sees(MENU).types("3" + ENTER).sees("cannot list the ECS services")
        t.sees("ecs:ListClusters").sees(MENU).types(CTRL_C).expect(130)
    m.aws.make("policy", policy={"allow": ["*"], "deny": ["ec2:DescribeRegions"]})
    with terminal(m, "aws", "setup") as t:
        t.sees("cannot list the regions").expect(4)


@test("plan asks the same questions and changes nothing")
def plan(m: Mirror) -> None:
    with terminal(m, "aws", "plan") as t:
        instances(region(t), "web-1")
        go_on(t).types("3" + ENTER).sees("Interface of the collector").types("collector-1" + ENTER)
        one_port(t)
        t.sees("Deployment metlo").sees("--open-groups adds the rule").sees("total, without")
        t.expect(0)
    assert not m.writes() and not m.journal("dryrun")


@test("no region configured: the regions of the account are offered")
def no_region(m: Mirror) -> None:
    with terminal(m, "aws", "setup", AWS_REGION="") as t:
        t.sees("Region").sees("> ap-northeast-1").types("us-east-1" + ENTER).sees(MENU)
        t.types(CTRL_C).expect(130)


@test("a role that requires an MFA code prompts for it")
def mfa(m: Mirror) -> None:
    serial = "arn:aws:iam::123456789012:mfa/tester"
    os.makedirs(m.home.name + "/.aws", exist_ok=True)
    with open(m.home.name + "/.aws/config", "w", encoding="utf-8") as f:
        f.write(f"[profile base]\naws_access_key_id = {DEFAULT_KEY}\n"
                f"aws_secret_access_key = {DEFAULT_SECRET}\n[profile mfa]\nregion = us-east-1\n"
                "role_arn = arn:aws:iam::123456789012:role/mirror\nsource_profile = base\n"
                f"mfa_serial = {serial}\n")
    env = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    with terminal(m, "aws", "list", "--profile", "mfa", **env) as t:
        t.sees("MFA code of " + serial).types("123456" + ENTER)
        t.sees("metlo-mirror mirrors nothing").expect(0)
    asked = [e for e in m.aws.ask("GET", "journal") if e.get("operation") == "sts:AssumeRole"]
    assert "123456" in str(asked[-1]), asked
    m("aws", "list", "--profile", "mfa", **env).expect(4, "MFA")


if __name__ == "__main__":
    run_module(jobs=3)
