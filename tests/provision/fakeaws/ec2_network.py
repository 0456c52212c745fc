"""VPCs and their resources: read-only, except for tags."""
from __future__ import annotations

from typing import Any

from . import filters
from .ec2_common import (KINDS, TAG_TYPES, Listing, check_tags, describe, ec2_page, group_rule,
                         the)
from .errors import AwsError, invalid
from .registry import Call, handles
from .world import OTHER_PARTITIONS, REGIONS, Resource

VPCS = Listing("vpc", "VpcIds", "Vpcs", {
    "vpc-id": "VpcId", "cidr": "CidrBlock", "cidr-block-association.cidr-block":
    "CidrBlockAssociationSet.CidrBlock", "is-default": "IsDefault", "owner-id": "OwnerId",
    "state": "State"})
SUBNETS = Listing("subnet", "SubnetIds", "Subnets", {
    "subnet-id": "SubnetId", "vpc-id": "VpcId", "availability-zone": "AvailabilityZone",
    "availability-zone-id": "AvailabilityZoneId", "cidr-block": "CidrBlock",
    "default-for-az": "DefaultForAz", "owner-id": "OwnerId", "state": "State"})
ROUTE_TABLES = Listing("rtb", "RouteTableIds", "RouteTables", {
    "route-table-id": "RouteTableId", "vpc-id": "VpcId", "owner-id": "OwnerId",
    "association.main": "Associations.Main", "association.subnet-id": "Associations.SubnetId",
    "association.route-table-id": "Associations.RouteTableId",
    "route.destination-cidr-block": "Routes.DestinationCidrBlock"}, limit=100)
NACLS = Listing("acl", "NetworkAclIds", "NetworkAcls", {
    "network-acl-id": "NetworkAclId", "vpc-id": "VpcId", "default": "IsDefault",
    "owner-id": "OwnerId", "association.subnet-id": "Associations.SubnetId",
    "association.network-acl-id": "Associations.NetworkAclId"})
ENDPOINTS = Listing("vpce", "VpcEndpointIds", "VpcEndpoints", {
    "vpc-endpoint-id": "VpcEndpointId", "vpc-id": "VpcId", "service-name": "ServiceName",
    "vpc-endpoint-type": "VpcEndpointType", "vpc-endpoint-state": "State"})
ENIS = Listing("eni", "NetworkInterfaceIds", "NetworkInterfaces", {
    "network-interface-id": "NetworkInterfaceId", "description": "Description",
    "vpc-id": "VpcId", "subnet-id": "SubnetId", "availability-zone": "AvailabilityZone",
    "interface-type": "InterfaceType", "status": "Status", "owner-id": "OwnerId",
    "group-id": "Groups.GroupId", "group-name": "Groups.GroupName",
    "private-ip-address": "PrivateIpAddress",
    "addresses.private-ip-address": "PrivateIpAddresses.PrivateIpAddress",
    "mac-address": "MacAddress", "requester-id": "RequesterId",
    "requester-managed": "RequesterManaged", "attachment.instance-id": "Attachment.InstanceId",
    "attachment.instance-owner-id": "Attachment.InstanceOwnerId",
    "attachment.attachment-id": "Attachment.AttachmentId",
    "attachment.device-index": "Attachment.DeviceIndex", "attachment.status": "Attachment.Status"})


@handles("ec2", "DescribeVpcs")
def describe_vpcs(call: Call) -> dict[str, Any]:
    return describe(call, VPCS)


@handles("ec2", "DescribeSubnets")
def describe_subnets(call: Call) -> dict[str, Any]:
    return describe(call, SUBNETS)


@handles("ec2", "DescribeRouteTables")
def describe_route_tables(call: Call) -> dict[str, Any]:
    return describe(call, ROUTE_TABLES)


@handles("ec2", "DescribeNetworkAcls")
def describe_nacls(call: Call) -> dict[str, Any]:
    return describe(call, NACLS)


@handles("ec2", "DescribeVpcEndpoints")
def describe_endpoints(call: Call) -> dict[str, Any]:
    return describe(call, ENDPOINTS)


def eni_shown(eni: Resource) -> Resource:
    shown = {k: v for k, v in eni.items() if k != "Tags"}
    return {**shown, "TagSet": eni.get("Tags", [])}


@handles("ec2", "DescribeNetworkInterfaces")
def describe_enis(call: Call) -> dict[str, Any]:
    return describe(call, ENIS, eni_shown)


@handles("ec2", "DescribeRegions")
def describe_regions(call: Call) -> dict[str, Any]:
    world = call.world
    if call.region.name in OTHER_PARTITIONS:
        partition = OTHER_PARTITIONS[call.region.name]
        names = {n: False for n, p in OTHER_PARTITIONS.items() if p == partition}
    else:
        names = REGIONS
    suffix = ".cn" if call.region.name.startswith("cn-") else ""
    regions: list[Resource] = []
    for name, opt_in in names.items():
        status = "opt-in-not-required" if not opt_in else \
            "opted-in" if name in world.opted_in else "not-opted-in"
        regions.append({"RegionName": name, "OptInStatus": status,
                        "Endpoint": f"ec2.{name}.amazonaws.com{suffix}"})
    wanted = call.get("RegionNames")
    for name in wanted or []:
        if name not in names:
            raise invalid(f"Invalid region: '{name}'")
    regions = [r for r in regions if (r["RegionName"] in wanted if wanted else
                                      call.get("AllRegions") or r["OptInStatus"] != "not-opted-in")]
    return {"Regions": filters.apply(regions, call.get("Filters", []), {
        "region-name": "RegionName", "opt-in-status": "OptInStatus", "endpoint": "Endpoint"},
        tags=False)}


@handles("ec2", "DescribeAvailabilityZones")
def describe_zones(call: Call) -> dict[str, Any]:
    name = call.region.name
    zones: list[Resource] = [
        {"ZoneName": f"{name}{c}", "ZoneId": f"use1-az{i + 1}", "State": "available",
         "RegionName": name, "GroupName": name, "NetworkBorderGroup": name,
         "OptInStatus": "opt-in-not-required", "ZoneType": "availability-zone", "Messages": []}
        for i, c in enumerate("abc")]
    for param, member in (("ZoneNames", "ZoneName"), ("ZoneIds", "ZoneId")):
        for wanted in call.get(param, []):
            if wanted not in [z[member] for z in zones]:
                raise invalid(f"Invalid availability zone: [{wanted}]")
        if call.get(param):
            zones = [z for z in zones if z[member] in call.params[param]]
    return {"AvailabilityZones": filters.apply(zones, call.get("Filters", []), {
        "zone-name": "ZoneName", "zone-id": "ZoneId", "state": "State",
        "region-name": "RegionName", "zone-type": "ZoneType", "group-name": "GroupName",
        "opt-in-status": "OptInStatus"}, tags=False)}


# --- tags -------------------------------------------------------------------
def _tagged(call: Call) -> list[tuple[str, str, Resource]]:
    found = []
    for key in call.params["Resources"]:
        prefix = key.partition("-")[0]
        if prefix == "sgr":
            rule = group_rule(call, key)
            if rule is None:
                raise AwsError("InvalidSecurityGroupRuleId.NotFound",
                               f"The security group rule ID '{key}' does not exist")
            found.append(("security_groups", rule["GroupId"], rule))
            continue
        if prefix not in KINDS:
            raise invalid(f"The ID '{key}' is not valid")
        found.append((KINDS[prefix][0], key, the(call, prefix, key)))
    return found


@handles("ec2", "CreateTags")
def create_tags(call: Call) -> dict[str, Any]:
    new = check_tags(call.params["Tags"])
    found = _tagged(call)
    merged = [check_tags([t for t in r.get("Tags", []) if t["Key"] not in {n["Key"] for n in new}]
                         + new) for _, _, r in found]
    for (table, key, resource), tags in zip(found, merged):
        resource["Tags"] = tags
        call.changed(table, key)
    return {}


@handles("ec2", "DeleteTags")
def delete_tags(call: Call) -> dict[str, Any]:
    gone = call.get("Tags")
    for table, key, resource in _tagged(call):
        resource["Tags"] = [] if gone is None else [
            t for t in resource.get("Tags", [])
            if not any(t["Key"] == g.get("Key") and g.get("Value", t["Value"]) == t["Value"]
                       for g in gone)]
        call.changed(table, key)
    return {}


@handles("ec2", "DescribeTags")
def describe_tags(call: Call) -> dict[str, Any]:
    rows: list[Resource] = []
    for prefix, kind in TAG_TYPES.items():
        for key, resource in call.table(KINDS[prefix][0]).items() if prefix in KINDS else ():
            rows += [{"ResourceId": key, "ResourceType": kind, "Key": t["Key"],
                      "Value": t["Value"]} for t in resource.get("Tags", [])]
    paths = {"resource-id": "ResourceId", "resource-type": "ResourceType", "key": "Key",
             "value": "Value"}
    shown, token = ec2_page(call, filters.apply(rows, call.get("Filters", []), paths, tags=False))
    return {"Tags": shown, **({"NextToken": token} if token else {})}
