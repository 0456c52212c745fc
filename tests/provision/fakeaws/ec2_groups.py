"""Security groups."""
from __future__ import annotations

import re
from typing import Any

from . import groups
from .ec2_common import Listing, describe, tags_for, the
from .errors import AwsError, invalid
from .registry import Call, handles
from .world import Resource, World

GROUPS = Listing("sg", "GroupIds", "SecurityGroups", {
    "group-id": "GroupId", "group-name": "GroupName", "vpc-id": "VpcId",
    "description": "Description", "owner-id": "OwnerId",
    "ip-permission.cidr": "IpPermissions.IpRanges.CidrIp",
    "ip-permission.protocol": "IpPermissions.IpProtocol",
    "ip-permission.from-port": "IpPermissions.FromPort",
    "ip-permission.to-port": "IpPermissions.ToPort",
    "ip-permission.group-id": "IpPermissions.UserIdGroupPairs.GroupId"})
RULES = Listing("sg", "SecurityGroupRuleIds", "SecurityGroupRules", {
    "group-id": "GroupId", "security-group-rule-id": "SecurityGroupRuleId"})
TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]*")


def shown(group: Resource) -> Resource:
    owner = group["OwnerId"]
    return {**group,
            "IpPermissions": groups.permissions(
                [r for r in group["_rules"] if not r["IsEgress"]], owner),
            "IpPermissionsEgress": groups.permissions(
                [r for r in group["_rules"] if r["IsEgress"]], owner)}


def add_rules(world: World, group: Resource, new: list[groups.Rule],
              egress: bool = False) -> list[Resource]:
    """Adds rules to a group; also used to build worlds."""
    made = []
    for rule in new:
        full = {"SecurityGroupRuleId": world.new_id("sgr"), "GroupId": group["GroupId"],
                "GroupOwnerId": group["OwnerId"], "IsEgress": egress, "Tags": [], **rule}
        if "ReferencedGroupInfo" in full:
            full["ReferencedGroupInfo"] = {**full["ReferencedGroupInfo"],
                                           "UserId": group["OwnerId"]}
        made.append(full)
    group["_rules"] += made
    return made


def make_group(world: World, vpc: str, name: str, description: str, arn: str,
               tags: list[dict[str, str]]) -> Resource:
    group = {"GroupId": world.new_id("sg"), "GroupName": name, "Description": description,
             "VpcId": vpc, "OwnerId": world.account, "Tags": tags, "_rules": []}
    group["SecurityGroupArn"] = arn + group["GroupId"]
    add_rules(world, group, groups.rules(
        [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]), egress=True)
    return group


@handles("ec2", "DescribeSecurityGroups")
def describe_groups(call: Call) -> dict[str, Any]:
    items = None
    if call.get("GroupNames"):
        names = call.params["GroupNames"]
        items = [g for g in call.seen("security_groups") if g["GroupName"] in names]
        for name in names:
            if name not in [g["GroupName"] for g in items]:
                raise AwsError("InvalidGroup.NotFound",
                               f"The security group '{name}' does not exist")
        return describe(call, GROUPS, items=[shown(g) for g in items])
    ids = call.get("GroupIds")
    chosen = [the(call, "sg", i) for i in dict.fromkeys(ids)] if ids \
        else call.seen("security_groups")
    return describe(call, GROUPS, items=[shown(g) for g in chosen])


@handles("ec2", "DescribeSecurityGroupRules")
def describe_rules(call: Call) -> dict[str, Any]:
    all_rules = [r for g in call.seen("security_groups") for r in g["_rules"]]
    ids = call.get("SecurityGroupRuleIds")
    for wanted in ids or []:
        if wanted not in [r["SecurityGroupRuleId"] for r in all_rules]:
            raise AwsError("InvalidSecurityGroupRuleId.NotFound",
                           f"The security group rule ID '{wanted}' does not exist")
    if ids:
        all_rules = [r for r in all_rules if r["SecurityGroupRuleId"] in ids]
    return describe(call, RULES, items=all_rules)


@handles("ec2", "CreateSecurityGroup")
def create_group(call: Call) -> dict[str, Any]:
    name, text = call.params["GroupName"], call.params["Description"]
    if not 1 <= len(name) <= 255 or name.startswith("sg-") or not TEXT.fullmatch(name):
        raise invalid(f"Invalid security group name '{name}'")
    if not text:
        raise AwsError("MissingParameter",
                       "The request must contain the parameter GroupDescription")
    if len(text) > 255 or not TEXT.fullmatch(text):
        raise invalid("Invalid security group description. Valid descriptions are strings less than"
                      " 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*")
    if "VpcId" in call.params:
        vpc = the(call, "vpc", call.params["VpcId"])["VpcId"]
    else:
        default = [v["VpcId"] for v in call.seen("vpcs") if v["IsDefault"]]
        if not default:
            raise AwsError("VPCIdNotSpecified", "No default VPC for this user")
        vpc = default[0]
    if name == "default":
        raise AwsError("InvalidGroup.Reserved", "The security group 'default' is reserved")
    for group in call.table("security_groups").values():
        if group["VpcId"] == vpc and group["GroupName"] == name:
            raise AwsError("InvalidGroup.Duplicate",
                           f"The security group '{name}' already exists for VPC '{vpc}'")
    if len(call.table("security_groups")) >= call.world.settings.security_groups:
        raise AwsError("SecurityGroupLimitExceeded",
                       "The maximum number of security groups has been reached.")
    group = make_group(call.world, vpc, name, text, call.arn("ec2", "security-group/"),
                       tags_for(call, "security-group"))
    call.add("security_groups", group["GroupId"], group)
    return {"GroupId": group["GroupId"], "Tags": group["Tags"],
            "SecurityGroupArn": group["SecurityGroupArn"]}


def _group(call: Call) -> Resource:
    if "GroupId" not in call.params:
        raise AwsError("MissingParameter", "The request must contain the parameter groupName or"
                       " groupId")
    return the(call, "sg", call.params["GroupId"])


@handles("ec2", "AuthorizeSecurityGroupIngress")
def authorize(call: Call) -> dict[str, Any]:
    group = _group(call)
    tags = tags_for(call, "security-group-rule")
    new = groups.from_request(call.params)
    for rule in new:
        if "ReferencedGroupInfo" in rule:
            the(call, "sg", rule["ReferencedGroupInfo"]["GroupId"])
        old = [r for r in group["_rules"] if not r["IsEgress"] and groups.same(r, rule)]
        if old or len([r for r in new if groups.same(r, rule)]) > 1:
            peer = rule.get("CidrIpv4") or rule.get("CidrIpv6") or \
                rule.get("ReferencedGroupInfo", {}).get("GroupId")
            raise AwsError("InvalidPermission.Duplicate", f'the specified rule "peer: {peer},'
                           f" {rule['IpProtocol'].upper()}, from port: {rule['FromPort']}, to port:"
                           f" {rule['ToPort']}, ALLOW\" already exists")
    if len([r for r in group["_rules"] if not r["IsEgress"]]) + len(new) \
            > call.world.settings.rules_per_group:
        raise AwsError("RulesPerSecurityGroupLimitExceeded",
                       "The maximum number of rules per security group has been reached.")
    made = add_rules(call.world, group, new)
    for rule in made:
        rule["Tags"] = list(tags)
    call.changed("security_groups", group["GroupId"])
    return {"Return": True, "SecurityGroupRules": made}


@handles("ec2", "RevokeSecurityGroupIngress")
def revoke(call: Call) -> dict[str, Any]:
    group = _group(call)
    ids = call.get("SecurityGroupRuleIds")
    if ids:
        gone = [r for r in group["_rules"] if r["SecurityGroupRuleId"] in ids]
        if len(gone) != len(set(ids)):
            raise AwsError("InvalidSecurityGroupRuleId.NotFound",
                           "The security group rule ID does not exist")
    else:
        wanted = groups.from_request(call.params)
        gone = [r for r in group["_rules"] if not r["IsEgress"]
                and any(groups.same(r, w) for w in wanted)]
        if len(gone) != len(wanted):
            raise AwsError("InvalidPermission.NotFound",
                           "The specified rule does not exist in this security group.")
    group["_rules"] = [r for r in group["_rules"] if r not in gone]
    call.changed("security_groups", group["GroupId"])
    return {"Return": True}


@handles("ec2", "DeleteSecurityGroup")
def delete_group(call: Call) -> dict[str, Any]:
    group = _group(call)
    key = group["GroupId"]
    if group["GroupName"] == "default":
        raise AwsError("CannotDelete", f'the specified group: "{key}" name: "default" cannot be'
                       " deleted by a user")
    in_use = any(g["GroupId"] == key for e in call.table("enis").values() for g in e["Groups"])
    referenced = any(r.get("ReferencedGroupInfo", {}).get("GroupId") == key
                     for g in call.table("security_groups").values() if g is not group
                     for r in g["_rules"])
    if in_use or referenced:
        raise AwsError("DependencyViolation", f"resource {key} has a dependent object")
    call.delete("security_groups", key)
    return {"Return": True, "GroupId": key}
