"""Targets that others made: AWS allows one per interface, load balancer and endpoint."""
from __future__ import annotations

from .kit import Account, test
from .test_sync import remember, sync, untouched


def by_hand(account: Account, option: str, value: str) -> str:
    key: str = account("ec2", "create-traffic-mirror-target", option, value)[
        "TrafficMirrorTarget"]["TrafficMirrorTargetId"]
    remember(account)
    return key


def uses(account: Account, target: str) -> None:
    """The deployment sends to this target alone, and removing the deployment leaves it."""
    assert {s["TrafficMirrorTargetId"] for s in account.table("mirror_sessions").values()} \
        == {target}
    assert "ec2:CreateTrafficMirrorTarget" not in account.writes()
    assert "up to date" in sync(account).out
    assert " 0 FAIL" in account.mirror("verify", "--no-metrics", code=None).out
    account.mirror("remove", "--all", "--yes")
    untouched(account)


@test("a target made by hand for the interface of a collector is used, and stays")
def interface(account: Account) -> None:
    target = by_hand(account, "--network-interface-id", account.first_eni("collector-1"))
    run = account.set_up(target=account.first_eni("collector-1"))
    assert f"mirror target {target} is used" in " ".join(run.err.split()), run
    uses(account, target)


@test("a target made by hand for a collector of eni:auto is used, and stays")
def placed(account: Account) -> None:
    target = by_hand(account, "--network-interface-id", account.first_eni("collector-1"))
    account.set_up("--collector", account.instance("collector-1"), target="eni:auto")
    uses(account, target)


@test("a target made by hand for a load balancer or an endpoint is used, and stays")
def others(account: Account) -> None:
    arn, = [k for k, b in account.table("load_balancers").items() if b["Type"] == "network"]
    group = account("elbv2", "create-target-group", "--name", "vxlan", "--protocol", "UDP",
                    "--port", "4789", "--target-type", "instance", "--vpc-id",
                    account.table("load_balancers")[arn]["VpcId"], "--health-check-protocol",
                    "TCP")["TargetGroups"][0]["TargetGroupArn"]
    account("elbv2", "register-targets", "--target-group-arn", group, "--targets",
            f"Id={account.instance('collector-1')}")
    account("elbv2", "create-listener", "--load-balancer-arn", arn, "--protocol", "UDP",
            "--port", "4789", "--default-actions", f"Type=forward,TargetGroupArn={group}")
    target = by_hand(account, "--network-load-balancer-arn", arn)
    account.set_up(target="nlb:edge")
    assert {s["TrafficMirrorTargetId"] for s in account.table("mirror_sessions").values()} \
        == {target}
    account.mirror("remove", "--all", "--yes")
    untouched(account)
    endpoint, = [k for k, e in account.table("vpc_endpoints").items()
                 if e["VpcEndpointType"] == "GatewayLoadBalancer"]
    target = by_hand(account, "--gateway-load-balancer-endpoint-id", endpoint)
    account.set_up(target=endpoint)
    uses(account, target)


@test("deployments share a target: the first one may go first, and no rule that others need")
def deployments(account: Account) -> None:
    eni = account.first_eni("collector-1")
    remember(account)
    for name, source in (("a", "web-1"), ("b", "web-2")):
        account.set_up("--name", name, sources=(account.instance(source),), target=eni)
    assert len(account.table("mirror_targets")) == 1
    account.mirror("remove", "--name", "a", "--yes")
    assert " 0 FAIL" in account.mirror("verify", "--name", "b", "--no-metrics").out
    account.mirror("remove", "--name", "b", "--yes")
    left = account.mirror("list").out
    assert "aws remove --name a" in left, left
    account.mirror("remove", "--name", "a", "--yes")
    untouched(account)


@test("deployments share a target: both are removed at once, whichever made it")
def together(account: Account) -> None:
    eni = account.first_eni("collector-1")
    remember(account)
    for first, second in (("a", "b"), ("b", "a")):
        account.set_up("--name", first, sources=(account.instance("web-1"),), target=eni)
        account.set_up("--name", second, sources=(account.instance("web-2"),), target=eni)
        account.mirror("remove", "--all", "--yes")
        untouched(account)


@test("list: a target of others is shown")
def listed(account: Account) -> None:
    eni = account.first_eni("collector-1")
    target = by_hand(account, "--network-interface-id", eni)
    account.set_up(target=target)
    assert f"target {target}, network interface {eni}" in " ".join(
        account.mirror("list").out.split()), account.mirror("list")
    found = account.mirror("list", "--json").json()["deployments"][0]["target"]
    assert found["id"] == target and found["to"] == eni, found
