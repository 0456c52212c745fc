"""What is left of a deployment is found again; what cannot be deleted is known before."""
from __future__ import annotations

import shlex
from typing import Any

from .kit import Account, test
from .test_by_hand import ours
from .test_sync import remember, untouched
from .test_wide import events

RULE = "metlo-mirror deployment metlo"


def our_rules(account: Account, group: str) -> list[dict[str, Any]]:
    rules = account("ec2", "describe-security-group-rules", "--filters",
                    f"Name=group-id,Values={group}")["SecurityGroupRules"]
    return [r for r in rules if not r["IsEgress"] and r.get("FromPort") == 4789]


def foreign_group(account: Account) -> str:
    """The group of the collector, into which --open-groups adds rules."""
    instance = account.named("instances", "collector-1")
    group: str = instance["SecurityGroups"][0]["GroupId"]
    return group


def left_rule(account: Account) -> str:
    """A set-up fails and cannot revoke the rule that it added to a group of others."""
    group = foreign_group(account)
    assert not our_rules(account, group)
    account.fault(kind="error", code="InvalidParameterValue", message="No.", status=400,
                  operation="ec2:CreateTrafficMirrorSession")
    account.fault(kind="error", code="InvalidGroup.InUse", message="No.", status=400,
                  operation="ec2:RevokeSecurityGroupIngress", count=50)
    run = account.set_up(target=account.first_eni("collector-1"), code=1)
    assert "could not be removed" in run.err, run
    account.ask("DELETE", "faults")
    assert len(our_rules(account, group)) == 1
    return group


@test("list and remove: a rule that is left in a group of others")
def rule(account: Account) -> None:
    remember(account)
    group = left_rule(account)
    found, = account.mirror("list", "--json").json()["deployments"]
    assert found["name"] == "metlo" and found["orphans"] == [
        our_rules(account, group)[0]["SecurityGroupRuleId"]], found
    run = account.mirror("list")
    assert f"in the security group {group}" in " ".join(run.out.split()), run
    assert "only remains" in account.mirror("sync", "--yes", code=1).err
    assert "only remains" in account.mirror("verify", "--no-metrics", code=None).err
    account.mirror("remove", "--all", "--yes")
    untouched(account)


@test("remove: a rule that was changed by hand")
def changed_rule(account: Account) -> None:
    for how in ("no description", "other ports", "other peer"):
        account.reset_instant()
        remember(account)
        group = left_rule(account)
        rule_id = our_rules(account, group)[0]["SecurityGroupRuleId"]
        if how == "no description":
            account("ec2", "update-security-group-rule-descriptions-ingress", "--group-id", group,
                    "--security-group-rule-descriptions", f"SecurityGroupRuleId={rule_id}")
        else:
            change = {"IpProtocol": "udp", "FromPort": 4789, "ToPort": 4789,
                      "CidrIpv4": "0.0.0.0/0"}
            if how == "other ports":
                change = {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1,
                          "CidrIpv4": "10.9.0.0/16"}
            account("ec2", "modify-security-group-rules", "--group-id", group,
                    "--security-group-rules",
                    [{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": change}])
        assert [d["name"] for d in account.mirror("list", "--json").json()["deployments"]] == [
            "metlo"], how
        account.mirror("remove", "--name", "metlo", "--yes")
        untouched(account)


def allow(account: Account, group: str) -> None:
    """A rule that differs from one of setup only by its tags."""
    account("ec2", "authorize-security-group-ingress", "--group-id", group, "--ip-permissions",
            [{"IpProtocol": "udp", "FromPort": 4789, "ToPort": 4789,
              "IpRanges": [{"CidrIp": "10.7.0.0/16", "Description": RULE}]}])


@test("remove: a rule without tags, or whose tags cannot be read, if something leads to it")
def lost_rule(account: Account) -> None:
    group = foreign_group(account)
    for target in ("nlb:new", account.first_eni("collector-1")):
        for how in ("no tags", "unreadable"):
            account.reset_instant()
            remember(account)
            account.set_up(target=target)
            if how == "no tags":
                account("ec2", "delete-tags", "--resources",
                        *[r["SecurityGroupRuleId"] for r in our_rules(account, group)])
            else:
                account.fault(kind="deny", operation="ec2:DescribeSecurityGroupRules", count=9)
            account.mirror("remove", "--name", "metlo", "--yes")
            untouched(account)


@test("remove: a rule that only its description calls ours stays, and says how to revoke it")
def copied_rule(account: Account) -> None:
    for deployed in (False, True):
        for denied in (False, True):
            account.reset_instant()
            group = account.named("instances", "web-1")["SecurityGroups"][0]["GroupId"]
            allow(account, group)
            remember(account)
            if deployed:
                account.set_up(target=account.first_eni("collector-1"))
            if denied:
                account.fault(kind="deny", operation="ec2:DescribeSecurityGroupRules", count=9)
            found = account.mirror("list", "--json")
            assert len(found.json()["deployments"]) == deployed, found
            for run in (found, account.mirror("remove", "--all", "--yes")):
                assert "udp 4789 from 10.7.0.0/16 in the security group " + group \
                    in " ".join(run.err.split()), run
            untouched(account)
            account.ask("DELETE", "faults")
            command = shlex.split(run.err.partition("not needed: ")[2].splitlines()[0])
            account(*command[command.index("ec2"):])
            assert not our_rules(account, group)


@test("remove: a rule of others with our description but another form stays")
def other_form(account: Account) -> None:
    group = foreign_group(account)
    account("ec2", "authorize-security-group-ingress", "--group-id", group, "--ip-permissions",
            [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
              "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": RULE}]}])
    remember(account)
    assert not account.mirror("list", "--json").json()["deployments"]
    account.set_up()
    account.mirror("remove", "--all", "--yes")
    untouched(account)


@test("remove: deletion protection is known before anything is removed")
def protected(account: Account) -> None:
    account.set_up()
    arn = ours(account, "load_balancers")
    account("elbv2", "modify-load-balancer-attributes", "--load-balancer-arn", arn,
            "--attributes", "Key=deletion_protection.enabled,Value=true")
    remember(account)
    for words in (["remove", "--all", "--yes"], ["remove", "--name", "metlo", "--dry-run"]):
        run = account.mirror(*words, code=1)
        text = " ".join(run.err.split())
        assert "has deletion protection" in text and "nothing was changed" in text, run
        assert f"--endpoint-url {account.url} elbv2 modify-load-balancer" not in text
        untouched(account)
    given = account.mirror("remove", "--all", "--yes", "--endpoint-url", account.url, code=1)
    command = " ".join(given.err.split()).partition("turn that off first: aws ")[2].split(" metlo")[0]
    assert f"--endpoint-url {account.url}" in command, given
    # To another target: the load balancer is no longer needed, but cannot be deleted.
    eni = account.first_eni("collector-2")
    assert "has deletion protection" in " ".join(account.mirror(
        "setup", "--name", "metlo", "--target", eni, "--yes", code=1).err.split())
    untouched(account)
    words = command[:command.index("Value=false") + len("Value=false")].split()
    account(*[w for w in words if w not in ("--endpoint-url", account.url, "--region",
                                            "us-east-1")])
    account.mirror("remove", "--all", "--yes")
    assert not account.table("mirror_sessions")
    assert arn not in account.table("load_balancers")


@test("remove: says so if the permission to see deletion protection is missing")
def protection_unknown(account: Account) -> None:
    account.set_up()
    account.fault(kind="deny", operation="elbv2:DescribeLoadBalancerAttributes", count=9)
    run = account.mirror("remove", "--all", "--yes")
    assert "is not known" in " ".join(run.err.split()), run


@test("remove: what others use of ours stays, and says so before")
def used_by_others(account: Account) -> None:
    account.set_up()
    key, = [k for k, g in account.table("security_groups").items()
            if g["GroupName"] == "metlo-mirror metlo"]
    account("ec2", "authorize-security-group-ingress", "--group-id", foreign_group(account),
            "--ip-permissions", [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
                                  "UserIdGroupPairs": [{"GroupId": key}]}])
    run = account.mirror("remove", "--all", "--yes")
    assert f"the security group {key} stays" in " ".join(run.err.split()), run
    assert not account.table("mirror_sessions") and key in account.table("security_groups")
    assert account.mirror("list", "--json").json()["deployments"][0]["orphans"] == [key]


@test("--json-progress: a result also if nothing is to be done, or the plan is refused")
def no_steps(account: Account) -> None:
    def ends(outcome: str, run: Any) -> None:
        seen = events(run.err)
        results = [e for e in seen if e["event"] == "result"]
        assert len(results) == 1 and seen[-1] == results[0], run
        assert results[0]["outcome"] == outcome, run
    account.set_up()
    ends("done", account.set_up("--json-progress"))
    ends("done", account.set_up("--json-progress", "--dry-run"))
    ends("done", account.mirror("sync", "--yes", "--json-progress"))
    ends("refused", account.set_up("--json-progress", "--collector", "i-00000000000000000",
                                   code=1))
    remember(account)
    for key in account.table("mirror_sessions"):
        account("ec2", "delete-traffic-mirror-session", "--traffic-mirror-session-id", key)
    ends("refused", account.mirror("sync", "--json-progress", code=2))
    ends("done", account.mirror("remove", "--all", "--yes", "--json-progress"))
    ends("done", account.mirror("remove", "--all", "--yes", "--json-progress"))
