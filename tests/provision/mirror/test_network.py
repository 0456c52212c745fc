"""Targets that packets of the sources cannot reach."""
from __future__ import annotations

from .kit import Mirror, run_module, test


def other_vpc(m: Mirror, **routes: str) -> str:
    """An instance in another VPC, and its interface; routes: next hop of 10.0.0.0/16."""
    m.aws.make("vpc", name="other", cidr="10.9.0.0/16")
    m.aws.make("instance", name="far", vpc="other")
    if routes:
        table = next(k for k, t in m.aws.table("route_tables").items()
                     if t["VpcId"] == m.aws.named("vpcs", "other")["VpcId"])
        m.aws.make("set_route", table=table, route={"DestinationCidrBlock": "10.0.0.0/16",
                                                    "State": "active", **routes})
    m.aws.ask("POST", "remember", {})
    return m.eni("far")


def words(m: Mirror, target: str, *sources: str) -> list[str]:
    out = ["aws", "setup", "--target", target, "--ports", "80", "--yes"]
    if target == "nlb:new":
        out += ["--collector", m.instance("collector-1")]
    return out + [w for s in sources for w in ("--source", s)]


@test("a source in another VPC without a route is refused, unless routes are ignored")
def no_route(m: Mirror) -> None:
    far = other_vpc(m)
    for target in ("nlb:new", m.eni("collector-1")):
        m(*words(m, target, far)).expect(1, f"{far} has no route to the target in vpc-")
        m.unchanged()
    some = words(m, "nlb:new", far, m.eni("web-1"))
    vpc = m.aws.named("vpcs", "other")["VpcId"]
    m(*some).expect(1, f"{far} has no route", f"--exclude {vpc}", "nothing was changed")
    m.unchanged()
    m(*some, "--exclude", vpc, "--dry-run").expect(0)
    m(*some, "--ignore-routes").expect(0, f"warning: {far} has no route", "Done: 2 interfaces")
    # sync does not give up what it has.
    m("aws", "sync", "--yes").expect(0, "up to date")
    m("aws", "verify", "--no-metrics").expect(6, "it has no route to 10.0.0.0/16")


@test("a route to the other VPC by peering is enough; one to the internet is not")
def route(m: Mirror) -> None:
    far = other_vpc(m, VpcPeeringConnectionId="pcx-1")
    assert "no route" not in str(m(*words(m, "nlb:new", far)).expect(0))
    m.reset()
    far = other_vpc(m, CoreNetworkArn="arn:aws:networkmanager::123456789012:core-network/x")
    assert "no route" not in str(m(*words(m, "nlb:new", far)).expect(0))
    m.reset()
    far = other_vpc(m, GatewayId="igw-1")
    m(*words(m, "nlb:new", far)).expect(1, "has no route")
    m.reset()
    far = other_vpc(m, TransitGatewayId="tgw-1", State="blackhole")
    m(*words(m, "nlb:new", far)).expect(1, "has no route")


@test("without permission to read route tables, the route is not judged")
def unknown_route(m: Mirror) -> None:
    far = other_vpc(m)
    m.aws.fault(kind="deny", operation="ec2:DescribeRouteTables", count=-1)
    m(*words(m, "nlb:new", far)).expect(0, "cannot be determined", "ec2:DescribeRouteTables is not permitted")


@test("route tables are read only if there are several VPCs")
def one_vpc(m: Mirror) -> None:
    m(*words(m, "nlb:new", m.eni("web-1"))).expect(0)
    assert not [e for e in m.journal("read") if e["operation"] == "ec2:DescribeRouteTables"]


@test("subnets with IPv6 only: sources are left out, collectors are refused")
def ipv6_only(m: Mirror) -> None:
    eni = m.eni("web-1")
    subnet = m.aws.table("enis")[eni]["SubnetId"]
    m.aws.make("set_subnet", subnet=subnet, Ipv6Native=True)
    m.aws.ask("POST", "remember", {})
    m(*words(m, m.eni("collector-2"), eni)).expect(
        1, f"{eni} is left out: AWS does not mirror in subnets that have only IPv6")
    m(*words(m, m.eni("collector-1"), m.eni("web-2"))).expect(1, "which has only IPv6")
    m.unchanged()
    m(*words(m, m.eni("collector-2"), eni, m.eni("web-2"))).expect(
        0, f"{eni} is left out", "Done: 1 interface")


if __name__ == "__main__":
    run_module()
