"""Listeners."""
from __future__ import annotations

from typing import Any

from . import elb_common
from .elb_common import the
from .elb_targets import balancers_of
from .errors import AwsError
from .registry import Call, handles
from .world import Region, Resource, World


def make_listener(world: World, region: Region, balancer: Resource, protocol: str, port: int,
                  target_group: str, tags: list[dict[str, str]] | None = None) -> Resource:
    path = balancer["LoadBalancerArn"].split(":loadbalancer/")[1]
    arn = world.arn("elasticloadbalancing", region.name, f"listener/{path}/{world.hex(16)}")
    listener: Resource = {
        "ListenerArn": arn, "LoadBalancerArn": balancer["LoadBalancerArn"], "Port": port,
        "Protocol": protocol, "DefaultActions": elb_common.forward_to(target_group),
        "_tags": tags or []}
    region.table("listeners")[arn] = listener
    return listener


@handles("elbv2", "DescribeListeners")
def describe_listeners(call: Call) -> dict[str, Any]:
    arns, balancer = call.get("ListenerArns"), call.get("LoadBalancerArn")
    if bool(arns) == bool(balancer):
        raise AwsError("ValidationError", "You must specify either listener ARNs or a load balancer"
                       " ARN")
    if arns:
        items = [the(call, "listeners", a) for a in dict.fromkeys(arns)]
    else:
        the(call, "load_balancers", call.params["LoadBalancerArn"])
        items = [r for r in call.seen("listeners") if r["LoadBalancerArn"] == balancer]
    return elb_common.elb_page(call, "Listeners", items)


@handles("elbv2", "CreateListener")
def create_listener(call: Call) -> dict[str, Any]:
    balancer = the(call, "load_balancers", call.params["LoadBalancerArn"])
    tags = elb_common.check_tags(call.get("Tags", []))
    for name in ("Protocol", "Port"):
        if name not in call.params:
            raise AwsError("ValidationError", f"A listener {name.lower()} must be specified")
    protocol, port = call.params["Protocol"], call.params["Port"]
    network = ("TCP", "UDP", "TLS", "TCP_UDP")
    if (protocol in network) != (balancer["Type"] == "network"):
        raise AwsError("UnsupportedProtocol", f"The protocol {protocol} is not supported by load"
                       f" balancers of the type {balancer['Type']}")
    actions = call.params["DefaultActions"]
    if len(actions) != 1 or actions[0]["Type"] != "forward" or "TargetGroupArn" not in actions[0]:
        raise AwsError("InvalidLoadBalancerAction", "Exactly one forward action with a target group"
                       " must be specified")
    group = the(call, "target_groups", actions[0]["TargetGroupArn"])
    if group["Protocol"] != protocol and not (protocol == "TLS" and group["Protocol"] == "TCP"):
        raise AwsError("IncompatibleProtocols", f"Target group '{group['TargetGroupArn']}' of the"
                       f" protocol {group['Protocol']} is not compatible with a listener of"
                       f" {protocol}")
    if group["VpcId"] != balancer["VpcId"]:
        raise AwsError("InvalidConfigurationRequest",
                       "Load balancer and target group must be in the same VPC")
    for old in call.table("listeners").values():
        if old["LoadBalancerArn"] == balancer["LoadBalancerArn"] and old["Port"] == port:
            if old["Protocol"] == protocol and \
                    old["DefaultActions"][0]["TargetGroupArn"] == group["TargetGroupArn"]:
                return {"Listeners": [old]}
            raise AwsError("DuplicateListener", "A listener already exists on this port for this"
                           f" load balancer '{balancer['LoadBalancerArn']}'")
    others = balancers_of(call, group["TargetGroupArn"])
    if others and others != [balancer["LoadBalancerArn"]]:
        raise AwsError("TargetGroupAssociationLimit", f"The target group"
                       f" '{group['TargetGroupArn']}' cannot be associated with more than one load"
                       " balancer")
    listener = make_listener(call.world, call.region, balancer, protocol, port,
                             group["TargetGroupArn"], tags)
    call.add("listeners", listener["ListenerArn"], listener)
    return {"Listeners": [listener]}


@handles("elbv2", "DeleteListener")
def delete_listener(call: Call) -> dict[str, Any]:
    arn = call.params["ListenerArn"]
    the(call, "listeners", arn)
    call.delete("listeners", arn)
    return {}
