"""Load balancers: network ones can be created, others only described."""
from __future__ import annotations

from typing import Any

from . import elb_common
from .elb_common import the
from .enis import attach, make_eni
from .errors import AwsError
from .registry import Call, handles
from .world import Region, Resource, World

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "deletion_protection.enabled": ("true", "false"),
    "load_balancing.cross_zone.enabled": ("true", "false"),
    "access_logs.s3.enabled": ("true", "false"), "access_logs.s3.bucket": (),
    "access_logs.s3.prefix": (), "dns_record.client_routing_policy": (
        "any_availability_zone", "availability_zone_affinity",
        "partial_availability_zone_affinity")}
ALB_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "deletion_protection.enabled": ("true", "false"), "idle_timeout.timeout_seconds": (),
    "routing.http2.enabled": ("true", "false")}


def make_balancer(world: World, region: Region, name: str, kind: str, subnets: list[str],
                  groups: list[str], scheme: str = "internal",
                  tags: list[dict[str, str]] | None = None) -> Resource:
    """Makes a network or application load balancer with its interfaces."""
    short = {"network": "net", "application": "app", "gateway": "gwy"}[kind]
    suffix = world.hex(16)
    path = f"{short}/{name}/{suffix}"
    arn = world.arn("elasticloadbalancing", region.name, f"loadbalancer/{path}")
    table = region.table("subnets")
    internal = "internal-" if scheme == "internal" and kind == "application" else ""
    balancer: Resource = {
        "LoadBalancerArn": arn, "LoadBalancerName": name, "Type": kind, "Scheme": scheme,
        "DNSName": f"{internal}{name}-{suffix}.elb.{region.name}.amazonaws.com",
        "CanonicalHostedZoneId": "Z26RNL4JYFTOTI", "CreatedTime": world.now(),
        "VpcId": table[subnets[0]]["VpcId"], "IpAddressType": "ipv4",
        "AvailabilityZones": [{"ZoneName": table[s]["AvailabilityZone"], "SubnetId": s,
                               "LoadBalancerAddresses": []} for s in subnets],
        "_tags": tags or [], "_ready_at": world.seconds() + world.settings.lb_seconds,
        "_attributes": {"deletion_protection.enabled": "false"}}
    if kind == "network":
        balancer["_attributes"]["load_balancing.cross_zone.enabled"] = "false"
    if groups or kind == "application":
        balancer["SecurityGroups"] = groups
    for subnet in subnets:
        eni = make_eni(world, region, subnet, groups, f"ELB {path}",
                       "network_load_balancer" if kind == "network" else "interface",
                       "amazon-elb", _balancer=arn)
        attach(world, eni, "amazon-elb", 1)
    region.table("load_balancers")[arn] = balancer
    return balancer


def shown(call: Call, balancer: Resource) -> Resource:
    world = call.world
    code = "active"
    if world.seconds() < balancer["_ready_at"]:
        code = "provisioning"
    elif world.settings.lb_fails:
        code = "failed"
    return {**balancer, "State": {"Code": code}}


@handles("elbv2", "DescribeLoadBalancers")
def describe_balancers(call: Call) -> dict[str, Any]:
    arns, names = call.get("LoadBalancerArns"), call.get("Names")
    if arns and names:
        raise AwsError("ValidationError", "Load balancer names and load balancer ARNs cannot be"
                       " specified at the same time")
    if len(arns or names or []) > 20:
        raise AwsError("ValidationError", "At most 20 load balancers can be specified")
    items = call.seen("load_balancers")
    if arns:
        items = [the(call, "load_balancers", a) for a in dict.fromkeys(arns)]
    if names:
        for name in names:
            if name not in [b["LoadBalancerName"] for b in items]:
                raise AwsError("LoadBalancerNotFound", f"Load balancers '[{name}]' not found")
        items = [b for b in items if b["LoadBalancerName"] in names]
    return elb_common.elb_page(call, "LoadBalancers", [shown(call, b) for b in items])


def find_subnets(call: Call) -> list[Resource]:
    keys = call.get("Subnets") or [m.get("SubnetId", "") for m in call.get("SubnetMappings", [])]
    if not keys or ("Subnets" in call.params and "SubnetMappings" in call.params):
        raise AwsError("ValidationError", "You must specify subnets or subnet mappings, not both")
    found = []
    for key in keys:
        subnet = call.find("subnets", key)
        if subnet is None:
            raise AwsError("SubnetNotFound", f"The subnet ID '{key}' does not exist")
        found.append(subnet)
    if len({s["VpcId"] for s in found}) > 1:
        raise AwsError("InvalidConfigurationRequest", "All subnets must belong to one VPC")
    if len({s["AvailabilityZone"] for s in found}) < len(found):
        raise AwsError("InvalidConfigurationRequest", "A load balancer cannot be attached to"
                       " multiple subnets in the same Availability Zone")
    for subnet in found:
        if subnet["AvailableIpAddressCount"] < 8:
            raise AwsError("InvalidSubnet", f"Not enough IP space available in"
                           f" {subnet['SubnetId']}. ELB requires at least 8 free IP addresses in"
                           " each subnet")
    return found


def _groups(call: Call, vpc: str) -> list[str]:
    keys: list[str] = call.get("SecurityGroups", [])
    for key in keys:
        group = call.find("security_groups", key)
        if group is None:
            raise AwsError("InvalidSecurityGroup", f"The security group '{key}' does not exist")
        if group["VpcId"] != vpc:
            raise AwsError("InvalidConfigurationRequest",
                           f"The security group '{key}' does not belong to VPC '{vpc}'")
    if len(keys) > 5:
        raise AwsError("InvalidConfigurationRequest", "At most 5 security groups")
    return keys


@handles("elbv2", "CreateLoadBalancer")
def create_balancer(call: Call) -> dict[str, Any]:
    name, kind = call.params["Name"], call.get("Type", "application")
    elb_common.check_name(name, "load balancer")
    if kind == "gateway":
        raise AwsError("UnsupportedProtocol", "The fake makes no gateway load balancers")
    tags = elb_common.check_tags(call.get("Tags", []))
    subnets = find_subnets(call)
    if kind == "application" and len(subnets) < 2:
        raise AwsError("ValidationError", "At least two subnets in two different Availability Zones"
                       " must be specified")
    groups = _groups(call, subnets[0]["VpcId"])
    same = {k: sorted(v) if k in ("Subnets", "SecurityGroups") else v
            for k, v in call.params.items()}
    old = elb_common.by_name(call, "load_balancers", "LoadBalancerName", name)
    if old is not None:
        if old.get("_made") == same:
            return {"LoadBalancers": [shown(call, old)]}
        raise AwsError("DuplicateLoadBalancerName", f"A load balancer with the same name '{name}'"
                       " exists, but with different settings")
    if kind == "network" and len([b for b in call.table("load_balancers").values()
                                  if b["Type"] == kind]) \
            >= call.world.settings.network_load_balancers:
        raise AwsError("TooManyLoadBalancers", "The maximum number of load balancers has been"
                       " reached")
    balancer = make_balancer(call.world, call.region, name, kind, [s["SubnetId"] for s in subnets],
                             groups, call.get("Scheme", "internet-facing"), tags)
    balancer["_made"] = same
    call.add("load_balancers", balancer["LoadBalancerArn"], balancer)
    return {"LoadBalancers": [shown(call, balancer)]}


@handles("elbv2", "DescribeLoadBalancerAttributes")
def describe_attributes(call: Call) -> dict[str, Any]:
    return elb_common.attributes(the(call, "load_balancers", call.params["LoadBalancerArn"]))


@handles("elbv2", "ModifyLoadBalancerAttributes")
def modify_attributes(call: Call) -> dict[str, Any]:
    balancer = the(call, "load_balancers", call.params["LoadBalancerArn"])
    elb_common.set_attributes(call, balancer,
                              ATTRIBUTES if balancer["Type"] == "network" else ALB_ATTRIBUTES)
    call.changed("load_balancers", balancer["LoadBalancerArn"])
    return elb_common.attributes(balancer)


@handles("elbv2", "SetSecurityGroups")
def set_groups(call: Call) -> dict[str, Any]:
    balancer = the(call, "load_balancers", call.params["LoadBalancerArn"])
    if balancer["Type"] == "network" and not balancer.get("SecurityGroups"):
        raise AwsError("InvalidConfigurationRequest", "You cannot set security groups on a network"
                       " load balancer that was created without one")
    groups = _groups(call, balancer["VpcId"])
    balancer["SecurityGroups"] = groups
    for eni in call.table("enis").values():
        if eni.get("_balancer") == balancer["LoadBalancerArn"]:
            eni["Groups"] = [{"GroupId": g, "GroupName":
                              call.table("security_groups")[g]["GroupName"]} for g in groups]
    call.changed("load_balancers", balancer["LoadBalancerArn"])
    return {"SecurityGroupIds": groups}


@handles("elbv2", "DeleteLoadBalancer")
def delete_balancer(call: Call) -> dict[str, Any]:
    arn = call.params["LoadBalancerArn"]
    balancer = call.table("load_balancers").get(arn)
    if balancer is None:
        if ":loadbalancer/" not in arn:
            raise AwsError("ValidationError", f"'{arn}' is not a valid load balancer ARN")
        return {}  # AWS ignores load balancers that do not exist
    if balancer["_attributes"]["deletion_protection.enabled"] == "true":
        raise AwsError("OperationNotPermitted", f"Load balancer '{arn}' cannot be deleted because"
                       " deletion protection is enabled")
    used = [t for t in call.table("mirror_targets").values()
            if t.get("NetworkLoadBalancerArn") == arn]
    if used and call.world.settings.target_protects_lb:
        raise AwsError("ResourceInUse", f"Load balancer '{arn}' cannot be deleted because it is"
                       " currently associated with another service")
    for key, listener in list(call.table("listeners").items()):
        if listener["LoadBalancerArn"] == arn:
            call.delete("listeners", key)
    gone_at = call.world.seconds() + call.world.settings.eni_linger_seconds
    for eni in call.table("enis").values():
        if eni.get("_balancer") == arn:
            eni["_gone_at"] = gone_at
    call.delete("load_balancers", arn)
    return {}


# --- tags -------------------------------------------------------------------
def _tagged(call: Call) -> list[tuple[str, Resource]]:
    arns = call.params["ResourceArns"]
    if len(arns) > 20:
        raise AwsError("ValidationError", "At most 20 resources can be specified")
    found = []
    for arn in arns:
        table = next((t for t, part in elb_common.ARN_PARTS.items() if f":{part}/" in arn), None)
        if table is None:
            raise AwsError("ValidationError", f"'{arn}' is not a valid ARN")
        found.append((table, the(call, table, arn)))
    return found


@handles("elbv2", "DescribeTags")
def describe_tags(call: Call) -> dict[str, Any]:
    return {"TagDescriptions": [{"ResourceArn": arn, "Tags": r["_tags"]} for arn, (_, r)
                                in zip(call.params["ResourceArns"], _tagged(call))]}


@handles("elbv2", "AddTags")
def add_tags(call: Call) -> dict[str, Any]:
    new = elb_common.check_tags(call.params["Tags"])
    keys = {t["Key"] for t in new}
    for arn, (table, resource) in zip(call.params["ResourceArns"], _tagged(call)):
        resource["_tags"] = elb_common.check_tags(
            [t for t in resource["_tags"] if t["Key"] not in keys] + new)
        call.changed(table, arn)
    return {}


@handles("elbv2", "RemoveTags")
def remove_tags(call: Call) -> dict[str, Any]:
    for arn, (table, resource) in zip(call.params["ResourceArns"], _tagged(call)):
        resource["_tags"] = [t for t in resource["_tags"] if t["Key"] not in call.params["TagKeys"]]
        call.changed(table, arn)
    return {}
