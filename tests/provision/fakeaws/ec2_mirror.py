"""Traffic mirror targets, filters and their rules."""
from __future__ import annotations

import ipaddress
from typing import Any

from .client_token import idempotent
from .ec2_common import Listing, describe, tags_for, the
from .errors import AwsError, invalid
from .registry import Call, handles
from .world import Resource

TARGETS = Listing("tmt", "TrafficMirrorTargetIds", "TrafficMirrorTargets", {
    "description": "Description", "network-interface-id": "NetworkInterfaceId",
    "network-load-balancer-arn": "NetworkLoadBalancerArn", "owner-id": "OwnerId",
    "traffic-mirror-target-id": "TrafficMirrorTargetId"})
FILTERS = Listing("tmf", "TrafficMirrorFilterIds", "TrafficMirrorFilters", {
    "description": "Description", "traffic-mirror-filter-id": "TrafficMirrorFilterId"}, tags=False)
RULES = Listing("tmfr", "TrafficMirrorFilterRuleIds", "TrafficMirrorFilterRules", {
    "traffic-mirror-filter-rule-id": "TrafficMirrorFilterRuleId",
    "traffic-mirror-filter-id": "TrafficMirrorFilterId", "rule-number": "RuleNumber",
    "rule-action": "RuleAction", "traffic-direction": "TrafficDirection",
    "protocol": "Protocol", "source-cidr-block": "SourceCidrBlock",
    "destination-cidr-block": "DestinationCidrBlock", "description": "Description"}, tags=False)


def sessions_with(call: Call, member: str, key: str) -> list[Resource]:
    return [s for s in call.table("mirror_sessions").values() if s[member] == key]


def check_description(call: Call) -> str:
    text: str = call.get("Description", "")
    if len(text) > 255:
        raise invalid("The description exceeds the maximum length of 255 characters")
    return text


# --- targets ----------------------------------------------------------------
def _target_of(call: Call) -> tuple[str, str]:
    """The type of a target and the member that names it."""
    kinds = {"NetworkInterfaceId": "network-interface",
             "NetworkLoadBalancerArn": "network-load-balancer",
             "GatewayLoadBalancerEndpointId": "gateway-load-balancer-endpoint"}
    given = [p for p in kinds if p in call.params]
    if len(given) != 1:
        raise AwsError("InvalidParameterCombination" if given else "MissingParameter",
                       "Exactly one of NetworkInterfaceId, NetworkLoadBalancerArn and"
                       " GatewayLoadBalancerEndpointId must be given")
    return kinds[given[0]], given[0]


def _check_target(call: Call, member: str) -> None:
    value = call.params[member]
    if member == "NetworkInterfaceId":
        eni = the(call, "eni", value)
        if eni["InterfaceType"] not in ("interface", "efa"):
            raise AwsError("InvalidTrafficMirrorTarget",
                           f"{value} of the type {eni['InterfaceType']} cannot be a target")
        if sessions_with(call, "NetworkInterfaceId", value):
            raise AwsError("InvalidTrafficMirrorTarget",
                           f"{value} is the source of a traffic mirror session")
    elif member == "NetworkLoadBalancerArn":
        balancer = call.find("load_balancers", value)
        if balancer is None or balancer["Type"] != "network":
            raise AwsError("InvalidTrafficMirrorTarget",
                           f"The network load balancer {value} does not exist")
    else:
        endpoint = the(call, "vpce", value)
        if endpoint["VpcEndpointType"] != "GatewayLoadBalancer":
            raise AwsError("InvalidTrafficMirrorTarget",
                           f"{value} is no Gateway Load Balancer endpoint")
    for target in call.table("mirror_targets").values():
        if target.get(member) == value:
            raise AwsError("InvalidTrafficMirrorTarget", f"{value} already has the traffic mirror"
                           f" target {target['TrafficMirrorTargetId']}")


@handles("ec2", "CreateTrafficMirrorTarget")
@idempotent
def create_target(call: Call) -> dict[str, Any]:
    kind, member = _target_of(call)
    description, tags = check_description(call), tags_for(call, "traffic-mirror-target")
    _check_target(call, member)
    if len(call.table("mirror_targets")) >= call.world.settings.targets:
        raise AwsError("TrafficMirrorTargetLimitExceeded", "The maximum number of targets is"
                       " reached")
    key = call.world.new_id("tmt")
    target = {"TrafficMirrorTargetId": key, member: call.params[member], "Type": kind,
              "Description": description, "OwnerId": call.world.account, "Tags": tags}
    return {"TrafficMirrorTarget": call.add("mirror_targets", key, target)}


@handles("ec2", "DescribeTrafficMirrorTargets")
def describe_targets(call: Call) -> dict[str, Any]:
    return describe(call, TARGETS)


@handles("ec2", "DeleteTrafficMirrorTarget")
def delete_target(call: Call) -> dict[str, Any]:
    key = call.params["TrafficMirrorTargetId"]
    the(call, "tmt", key)
    used = sessions_with(call, "TrafficMirrorTargetId", key)
    if used:
        raise AwsError("TrafficMirrorTargetInUseException", f"The traffic mirror target {key} is in"
                       f" use by {used[0]['TrafficMirrorSessionId']}")
    call.delete("mirror_targets", key)
    return {"TrafficMirrorTargetId": key}


# --- filters ----------------------------------------------------------------
def rules_of(call: Call, key: str) -> list[Resource]:
    return [r for r in call.table("mirror_rules").values() if r["TrafficMirrorFilterId"] == key]


def _with_rules(call: Call, found: Resource) -> Resource:
    rules = sorted((r for r in rules_of(call, found["TrafficMirrorFilterId"])
                    if call.world.visible(r)), key=lambda r: r["RuleNumber"])
    return {**found,
            "IngressFilterRules": [r for r in rules if r["TrafficDirection"] == "ingress"],
            "EgressFilterRules": [r for r in rules if r["TrafficDirection"] == "egress"]}


@handles("ec2", "CreateTrafficMirrorFilter")
@idempotent
def create_filter(call: Call) -> dict[str, Any]:
    description, tags = check_description(call), tags_for(call, "traffic-mirror-filter")
    if len(call.table("mirror_filters")) >= call.world.settings.filters:
        raise AwsError("TrafficMirrorFilterLimitExceeded", "The maximum number of filters is"
                       " reached")
    key = call.world.new_id("tmf")
    found = {"TrafficMirrorFilterId": key, "NetworkServices": [], "Description": description,
             "Tags": tags}
    return {"TrafficMirrorFilter": _with_rules(call, call.add("mirror_filters", key, found))}


@handles("ec2", "DescribeTrafficMirrorFilters")
def describe_filters(call: Call) -> dict[str, Any]:
    return describe(call, FILTERS, lambda f: _with_rules(call, f))


@handles("ec2", "DeleteTrafficMirrorFilter")
def delete_filter(call: Call) -> dict[str, Any]:
    key = call.params["TrafficMirrorFilterId"]
    the(call, "tmf", key)
    used = sessions_with(call, "TrafficMirrorFilterId", key)
    if used:
        raise AwsError("TrafficMirrorFilterInUse", f"The traffic mirror filter {key} is in use by"
                       f" {used[0]['TrafficMirrorSessionId']}")
    for rule in rules_of(call, key):
        call.delete("mirror_rules", rule["TrafficMirrorFilterRuleId"])
    call.delete("mirror_filters", key)
    return {"TrafficMirrorFilterId": key}


@handles("ec2", "ModifyTrafficMirrorFilterNetworkServices")
def modify_network_services(call: Call) -> dict[str, Any]:
    key = call.params["TrafficMirrorFilterId"]
    found = the(call, "tmf", key)
    gone = call.get("RemoveNetworkServices", [])
    services = [s for s in found["NetworkServices"] if s not in gone]
    services += [s for s in call.get("AddNetworkServices", []) if s not in services]
    found["NetworkServices"] = services
    call.changed("mirror_filters", key)
    return {"TrafficMirrorFilter": _with_rules(call, found)}


# --- rules ------------------------------------------------------------------
def _check_cidr(rule: Resource) -> None:
    versions = set()
    for member in ("DestinationCidrBlock", "SourceCidrBlock"):
        try:
            versions.add(ipaddress.ip_network(rule[member]).version)
        except ValueError:
            raise invalid(f"Value ({rule[member]}) for parameter {member} is invalid. This is not"
                          " a valid CIDR block.") from None
    if len(versions) > 1:
        raise invalid("Source and destination CIDR block are of different address families")


def _check_ports(rule: Resource) -> None:
    for member in ("DestinationPortRange", "SourcePortRange"):
        ports = rule.get(member)
        if ports is None:
            continue
        low, high = ports.get("FromPort"), ports.get("ToPort")
        if rule.get("Protocol") not in (6, 17):
            raise AwsError("InvalidParameterCombination",
                           f"{member} needs the protocol 6 (TCP) or 17 (UDP)")
        if low is None or high is None or not 0 <= low <= high <= 65535:
            raise invalid(f"Invalid value '{ports}' for {member}")


def _check_rule(call: Call, rule: Resource) -> None:
    if not 1 <= rule["RuleNumber"] <= 32766:
        raise invalid(f"Value ( {rule['RuleNumber']} ) for parameter ruleNumber is invalid. It must"
                      " be between 1 and 32766.")
    if not 0 <= rule.get("Protocol", 0) <= 255:
        raise invalid(f"Invalid value '{rule['Protocol']}' for Protocol")
    _check_cidr(rule)
    _check_ports(rule)
    for other in rules_of(call, rule["TrafficMirrorFilterId"]):
        if other["TrafficMirrorFilterRuleId"] != rule["TrafficMirrorFilterRuleId"] \
                and other["TrafficDirection"] == rule["TrafficDirection"] \
                and other["RuleNumber"] == rule["RuleNumber"]:
            raise AwsError("TrafficMirrorFilterRuleAlreadyExists",
                           f"The rule number {rule['RuleNumber']} ({rule['TrafficDirection']}) is"
                           f" in use by {other['TrafficMirrorFilterRuleId']}")


RULE_MEMBERS = ("TrafficDirection", "RuleNumber", "RuleAction", "Protocol", "DestinationPortRange",
                "SourcePortRange", "DestinationCidrBlock", "SourceCidrBlock")


@handles("ec2", "CreateTrafficMirrorFilterRule")
@idempotent
def create_rule(call: Call) -> dict[str, Any]:
    filter_id = call.params["TrafficMirrorFilterId"]
    the(call, "tmf", filter_id)
    rule = {"TrafficMirrorFilterRuleId": "", "TrafficMirrorFilterId": filter_id,
            **{m: call.params[m] for m in RULE_MEMBERS if m in call.params},
            "Description": check_description(call),
            "Tags": tags_for(call, "traffic-mirror-filter-rule")}
    _check_rule(call, rule)
    if len(rules_of(call, filter_id)) >= call.world.settings.rules_per_filter:
        raise AwsError("TrafficMirrorFilterRuleLimitExceeded", "The maximum number of rules per"
                       f" filter ({call.world.settings.rules_per_filter}) is reached")
    key = rule["TrafficMirrorFilterRuleId"] = call.world.new_id("tmfr")
    return {"TrafficMirrorFilterRule": call.add("mirror_rules", key, rule)}


@handles("ec2", "DescribeTrafficMirrorFilterRules")
def describe_rules(call: Call) -> dict[str, Any]:
    filter_id = call.get("TrafficMirrorFilterId")
    if filter_id is None:
        return describe(call, RULES)
    the(call, "tmf", filter_id)
    return describe(call, RULES, items=[r for r in rules_of(call, filter_id)
                                        if call.world.visible(r)])


@handles("ec2", "ModifyTrafficMirrorFilterRule")
def modify_rule(call: Call) -> dict[str, Any]:
    key = call.params["TrafficMirrorFilterRuleId"]
    rule = the(call, "tmfr", key)
    changed = {**rule, **{m: call.params[m] for m in RULE_MEMBERS if m in call.params}}
    if "Description" in call.params:
        changed["Description"] = check_description(call)
    members = {"destination-port-range": "DestinationPortRange", "protocol": "Protocol",
               "source-port-range": "SourcePortRange", "description": "Description"}
    for name in call.get("RemoveFields", []):
        changed.pop(members[name], None)
    _check_rule(call, changed)
    rule.clear()
    rule.update(changed)
    call.changed("mirror_rules", key)
    return {"TrafficMirrorFilterRule": rule}


@handles("ec2", "DeleteTrafficMirrorFilterRule")
def delete_rule(call: Call) -> dict[str, Any]:
    key = call.params["TrafficMirrorFilterRuleId"]
    the(call, "tmfr", key)
    call.delete("mirror_rules", key)
    return {"TrafficMirrorFilterRuleId": key}
