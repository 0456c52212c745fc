"""Deployments as code: the mark of ownership, taking over, the export of an existing one."""
from __future__ import annotations

import json
import re
import shutil
import subprocess

from .kit import Account, test
from .test_sync import TASKS, add_tasks, remember, sync, untouched

MARK = "metlo-mirror:managed-by"


def mark(account: Account, by: str = "terraform") -> None:
    """Gives the tags that an applied export has."""
    for table in ("mirror_filters", "mirror_sessions", "mirror_targets"):
        for key in account.table(table):
            account("ec2", "create-tags", "--resources", key, "--tags", f"Key={MARK},Value={by}")


def formatted(code: str) -> bool:
    """Whether it is what "terraform fmt", which also parses it, would make of it."""
    if not shutil.which("terraform"):
        return True
    done = subprocess.run(["terraform", "fmt", "-check", "-diff", "-"], input=code, check=False,
                          capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr
    return done.returncode == 0


@test("code: setup, sync and remove leave a deployment to Terraform until --take-over")
def managed(account: Account) -> None:
    account.set_up(sources=TASKS)
    mark(account)
    add_tasks(account)
    remember(account)
    assert "managed by Terraform and left alone" in sync(account).out
    for words in (("setup", "--name", "metlo", "--yes"),
                  ("setup", "--name", "metlo", "--ports", "81", "--yes"),
                  ("plan", "--name", "metlo"),
                  ("remove", "--name", "metlo", "--yes"),
                  ("remove", "--session", next(iter(account.table("mirror_sessions"))), "--yes")):
        assert "was created by Terraform" in " ".join(
            "".join((lambda r: (r.out, r.err))(account.mirror(*words, code=1))).split()), words
    untouched(account)
    assert "managed by Terraform" in account.mirror("list").out
    assert json.loads(account.mirror("list", "--json").out)["deployments"][0][
        "managedBy"] == "Terraform"
    checks = json.loads(account.mirror("verify", "--no-metrics", "--json", code=6).out)
    fixes = [c["fix"] for c in checks["deployments"][0]["checks"] if c["check"] == "sessions"]
    assert fixes and all("setup --take-over" in f and "Terraform" in f for f in fixes), fixes
    account.mirror("setup", "--name", "metlo", "--take-over", "--yes")
    assert account.sessions() == account.task_enis("api")
    assert MARK not in json.dumps(account.ask("GET", "world"))
    assert "up to date" in sync(account).out
    mark(account, "cloudformation")
    assert "managed by CloudFormation" in sync(account).out
    account.mirror("remove", "--name", "metlo", "--yes", "--take-over")
    assert not account.table("mirror_sessions")


@test("code: a new export carries the mark and the tags")
def new_export(account: Account) -> None:
    common = ("plan", "--source", "tag:team=shop", "--target", "nlb:new", "--ports", "80",
              "--collector", account.instance("collector-1"), "--tag", "CostCenter=1")
    code = account.mirror(*common, "--output", "terraform").out
    resources = code.count(" = {\n") and code.count("  tags = {")
    code = re.sub(" +=", " =", code)  # without the alignment
    assert code.count(f'"{MARK}" = "terraform"') == resources == code.count('"CostCenter" = "')
    tree = json.loads(account.mirror(*common, "--output", "cloudformation").out)
    tagged = [r["Properties"]["Tags"] for r in tree["Resources"].values()
              if "Tags" in r["Properties"]]
    # CloudFormation has no tags of listeners, Terraform none of filter rules, and neither has
    # any of rules within a group.
    rules = json.dumps(tree).count("AWS::EC2::TrafficMirrorFilterRule")
    assert rules and len(tagged) == resources - 1 + rules
    assert all({"Key": MARK, "Value": "cloudformation"} in t for t in tagged)


@test("code: an existing deployment is exported as a whole, with import blocks")
def existing(account: Account) -> None:
    account.set_up("--tag", "Env=prod")
    remember(account)
    code = account.mirror("plan", "--name", "metlo", "--output", "terraform").out
    imports = dict(re.findall(r'import {\n  to = (\S+)\n  id = "([^"]+)"', code))
    resources = set(re.findall(r'resource "(\S+)" "(\S+)"', code))
    named = {f"{kind}.{name}" for kind, name in resources}
    assert set(imports) <= named, set(imports) - named
    new = {n.split(".")[0] for n in named - set(imports)}
    assert new <= {"aws_lb_target_group_attachment"}, new
    ids = set(imports.values())
    for table in ("mirror_sessions", "mirror_filters", "mirror_targets"):
        assert set(account.table(table)) <= ids, (table, ids)
    rules = [i for i in ids if ":tmfr-" in i]
    assert len(rules) == code.count('"aws_ec2_traffic_mirror_filter_rule"'), rules
    assert 'required_version = ">= 1.5"' in code
    for s in account.table("mirror_sessions").values():
        assert f'session_number = {s["SessionNumber"]}' in " ".join(code.split())
    # A session whose number is not the next free one keeps it.
    session = next(iter(account.table("mirror_sessions")))
    account("ec2", "modify-traffic-mirror-session", "--traffic-mirror-session-id", session,
            "--session-number", "77")
    code = account.mirror("plan", "--name", "metlo", "--output", "terraform").out
    assert "session_number = 77" in " ".join(code.split()), code
    account.mirror("sync", "--yes")
    run = account.mirror("plan", "--name", "metlo", "--output", "cloudformation", code=1)
    assert "nothing to create" in run.err
    run = account.mirror("plan", "--name", "metlo", "--ports", "81", "--output",
                         "cloudformation", code=1)
    assert "only Terraform can take them over" in run.err, run
    assert formatted(code)


@test("code: is formatted whatever tags and settings it has")
def format_of_all(account: Account) -> None:
    # The keys of the tags are aligned, too, whatever they contain.
    account.set_up("--peer", "10.0.0.0/8", "--packet-length", "200", "--tag", "Größe=1 = 2",
                   "--tag", "a @b:c=x")
    for words in (("--name", "metlo"), ("--source", "alb:front", "--target", "nlb:new", "--ports",
                                        "all", "--name", "other")):
        code = account.mirror("plan", *words, "--output", "terraform").out
        assert formatted(code), code


@test("code: what the deployment no longer needs is named in a warning")
def leftover(account: Account) -> None:
    account.set_up()
    account("ec2", "delete-tags", "--resources", account.instance("web-1"), "--tags", "Key=team")
    run = account.mirror("plan", "--name", "metlo", "--output", "terraform")
    assert "the code does not describe tms-" in run.err, run
