"""Operations with which people change what a deployment has set up, and sync changes it back."""
from __future__ import annotations

from typing import Any

from . import elb_common, groups
from .ec2_common import the
from .elb_balancers import find_subnets
from .elb_common import the as the_elb
from .enis import attach, make_eni
from .errors import AwsError
from .registry import Call, handles
from .world import Resource

NETWORK = ("TCP", "UDP", "TLS", "TCP_UDP")


# --- rules of security groups -----------------------------------------------
def _rule(group: Resource, key: str) -> Resource:
    for rule in group["_rules"]:
        if rule["SecurityGroupRuleId"] == key:
            found: Resource = rule
            return found
    raise AwsError("InvalidSecurityGroupRuleId.NotFound",
                   f"The security group rule ID '{key}' does not exist")


def _describe(rule: Resource, text: str | None) -> None:
    rule.pop("Description", None)
    if text:
        rule["Description"] = text


@handles("ec2", "UpdateSecurityGroupRuleDescriptionsIngress")
def describe_rules(call: Call) -> dict[str, Any]:
    group = the(call, "sg", call.params["GroupId"])
    for change in call.get("SecurityGroupRuleDescriptions", []):
        _describe(_rule(group, change["SecurityGroupRuleId"]), change.get("Description"))
    for wanted in groups.rules(call.get("IpPermissions", [])):
        same = [r for r in group["_rules"] if not r["IsEgress"] and groups.same(r, wanted)]
        if not same:
            raise AwsError("InvalidPermission.NotFound",
                           "The specified rule does not exist in this security group.")
        _describe(same[0], wanted.get("Description"))
    call.changed("security_groups", group["GroupId"])
    return {"Return": True}


@handles("ec2", "ModifySecurityGroupRules")
def modify_rules(call: Call) -> dict[str, Any]:
    group = the(call, "sg", call.params["GroupId"])
    for change in call.params["SecurityGroupRules"]:
        rule, new = _rule(group, change["SecurityGroupRuleId"]), change["SecurityGroupRule"]
        for member in (*groups.PEERS, "Description"):
            rule.pop(member, None)
        rule.update({k: v for k, v in new.items() if k != "ReferencedGroupId"})
        if "ReferencedGroupId" in new:
            rule["ReferencedGroupInfo"] = {
                "GroupId": the(call, "sg", new["ReferencedGroupId"])["GroupId"],
                "UserId": group["OwnerId"]}
    call.changed("security_groups", group["GroupId"])
    return {"Return": True}


# --- load balancers ---------------------------------------------------------
@handles("elbv2", "SetSubnets")
def set_subnets(call: Call) -> dict[str, Any]:
    balancer = the_elb(call, "load_balancers", call.params["LoadBalancerArn"])
    had = {z["SubnetId"] for z in balancer["AvailabilityZones"]}
    new = [s for s in find_subnets(call) if s["SubnetId"] not in had]
    if balancer["Type"] == "network" and not had <= set(call.params["Subnets"]):
        raise AwsError("InvalidConfigurationRequest", "Subnets cannot be removed from Network Load"
                       " Balancers")
    for subnet in new:
        eni = make_eni(call.world, call.region, subnet["SubnetId"],
                       balancer.get("SecurityGroups", []),
                       "ELB " + balancer["LoadBalancerArn"].split(":loadbalancer/")[1],
                       "network_load_balancer", "amazon-elb",
                       _balancer=balancer["LoadBalancerArn"])
        attach(call.world, eni, "amazon-elb", 1)
        balancer["AvailabilityZones"].append(
            {"ZoneName": subnet["AvailabilityZone"], "SubnetId": subnet["SubnetId"],
             "LoadBalancerAddresses": []})
    call.changed("load_balancers", balancer["LoadBalancerArn"])
    return {"AvailabilityZones": balancer["AvailabilityZones"]}


@handles("elbv2", "SetIpAddressType")
def set_address_type(call: Call) -> dict[str, Any]:
    balancer = the_elb(call, "load_balancers", call.params["LoadBalancerArn"])
    if call.params["IpAddressType"] not in ("ipv4", "dualstack"):
        raise AwsError("ValidationError", "The IP address type is not valid")
    balancer["IpAddressType"] = call.params["IpAddressType"]
    call.changed("load_balancers", balancer["LoadBalancerArn"])
    return {"IpAddressType": balancer["IpAddressType"]}


def _forward(call: Call, balancer: Resource, protocol: str) -> str:
    """The target group of the action, which has to suit the listener."""
    actions = call.params["DefaultActions"]
    if len(actions) != 1 or actions[0]["Type"] != "forward" or "TargetGroupArn" not in actions[0]:
        raise AwsError("InvalidLoadBalancerAction", "Exactly one forward action with a target group"
                       " must be specified")
    group = the_elb(call, "target_groups", actions[0]["TargetGroupArn"])
    if protocol not in (group["Protocol"], "TLS"):
        raise AwsError("IncompatibleProtocols", f"The target group of the protocol"
                       f" {group['Protocol']} is not compatible with a listener of {protocol}")
    if group["VpcId"] != balancer["VpcId"]:
        raise AwsError("InvalidConfigurationRequest",
                       "Load balancer and target group must be in the same VPC")
    arn: str = group["TargetGroupArn"]
    return arn


@handles("elbv2", "ModifyListener")
def modify_listener(call: Call) -> dict[str, Any]:
    listener = the_elb(call, "listeners", call.params["ListenerArn"])
    balancer = the_elb(call, "load_balancers", listener["LoadBalancerArn"])
    new = {m: call.get(m, listener[m]) for m in ("Port", "Protocol")}
    if (new["Protocol"] in NETWORK) != (balancer["Type"] == "network"):
        raise AwsError("UnsupportedProtocol", f"The protocol {new['Protocol']} is not supported")
    for other in call.table("listeners").values():
        if other is not listener and other["Port"] == new["Port"] \
                and other["LoadBalancerArn"] == listener["LoadBalancerArn"]:
            raise AwsError("DuplicateListener", "A listener already exists on this port")
    if "DefaultActions" in call.params:
        arn = _forward(call, balancer, new["Protocol"])
        listener["DefaultActions"] = elb_common.forward_to(arn)
    else:
        old = listener["DefaultActions"][0]["TargetGroupArn"]
        group = the_elb(call, "target_groups", old)
        if new["Protocol"] not in (group["Protocol"], "TLS"):
            raise AwsError("IncompatibleProtocols", "The target group is not compatible")
    listener.update(new)
    call.changed("listeners", listener["ListenerArn"])
    return {"Listeners": [listener]}
