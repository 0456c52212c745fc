"""Builds a world: VPCs, groups, network ACLs, interfaces and instances."""
from __future__ import annotations

import ipaddress
import re
from typing import Any, Optional

from . import groups
from .ec2_groups import add_rules, make_group
from .enis import attach, make_eni
from .world import Region, Resource, World

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64,
         "stopped": 80}


def tag_list(name: Optional[str], tags: Optional[dict[str, str]]) -> list[dict[str, str]]:
    merged = {**({"Name": name} if name else {}), **(tags or {})}
    return [{"Key": k, "Value": v} for k, v in merged.items()]


def permission(text: str) -> dict[str, Any]:
    """Parses "udp/4789 10.0.0.0/8", "tcp/80-90 sg-..." or "all ::/0"."""
    what, peer = text.split()
    protocol, _, ports = what.partition("/")
    out: dict[str, Any] = {"IpProtocol": "-1" if protocol == "all" else protocol}
    if ports:
        low, _, high = ports.partition("-")
        out.update(FromPort=int(low), ToPort=int(high or low))
    if peer.startswith("sg-"):
        out["UserIdGroupPairs"] = [{"GroupId": peer}]
    elif ":" in peer:
        out["Ipv6Ranges"] = [{"CidrIpv6": peer}]
    else:
        out["IpRanges"] = [{"CidrIp": peer}]
    return out


class NetworkBuilder:
    """Each public method makes one type of resource; names are Name tags."""

    def __init__(self, world: World, region: Region):
        self.world = world
        self.region = region

    def find(self, table: str, name: Optional[str]) -> Resource:
        """Finds a resource by ID or Name tag; the first one if no name is given."""
        rows = self.region.table(table)
        if name is None:
            return next(iter(rows.values()))
        if name in rows:
            return rows[name]
        for row in rows.values():
            if {"Key": "Name", "Value": name} in row.get("Tags", []) or name in (
                    row.get("GroupName"), row.get("LoadBalancerName")):
                return row
        raise KeyError(f"no {name} in {table}")

    # --- VPCs ---------------------------------------------------------------
    def vpc(self, name: str, cidr: str = "10.0.0.0/16", zones: int = 3,
            default: bool = False) -> Resource:
        """A VPC with a subnet per zone, main route table, open NACL and default group."""
        world, key = self.world, self.world.new_id("vpc")
        vpc = self.region.table("vpcs")[key] = {
            "VpcId": key, "CidrBlock": cidr, "State": "available", "IsDefault": default,
            "OwnerId": world.account, "InstanceTenancy": "default", "DhcpOptionsId": "dopt-0fake",
            "Tags": tag_list(name, None), "CidrBlockAssociationSet": [{
                "AssociationId": world.new_id("vpc-cidr-assoc"), "CidrBlock": cidr,
                "CidrBlockState": {"State": "associated"}}]}
        table = world.new_id("rtb")
        self.region.table("route_tables")[table] = {
            "RouteTableId": table, "VpcId": key, "OwnerId": world.account, "PropagatingVgws": [],
            "Tags": [], "Routes": [{"DestinationCidrBlock": cidr, "GatewayId": "local",
                                    "Origin": "CreateRouteTable", "State": "active"}],
            "Associations": [{"Main": True, "RouteTableId": table,
                              "RouteTableAssociationId": world.new_id("rtbassoc"),
                              "AssociationState": {"State": "associated"}}]}
        self._nacl(key, None, True, [self.entry(100, "allow", egress=e) for e in (False, True)])
        group = make_group(world, key, "default", "default VPC security group",
                           world.arn("ec2", self.region.name, "security-group/"), [])
        add_rules(world, group, groups.rules([permission(f"all {group['GroupId']}")]))
        self.region.table("security_groups")[group["GroupId"]] = group
        nets = list(ipaddress.ip_network(cidr).subnets(new_prefix=20))
        for i in range(zones):
            self.subnet(f"{name}-{'abc'[i]}", key, "abc"[i], str(nets[i]))
        return vpc

    def subnet(self, name: str, vpc: Optional[str], zone: str, cidr: str) -> Resource:
        world, key = self.world, self.world.new_id("subnet")
        vpc_id = self.find("vpcs", vpc)["VpcId"]
        acl = next(a for a in self.region.table("nacls").values()
                   if a["VpcId"] == vpc_id and a["IsDefault"])
        acl["Associations"].append({"NetworkAclAssociationId": world.new_id("aclassoc"),
                                    "NetworkAclId": acl["NetworkAclId"], "SubnetId": key})
        self.region.table("subnets")[key] = subnet = {
            "SubnetId": key, "VpcId": vpc_id, "CidrBlock": cidr, "State": "available",
            "AvailabilityZone": self.region.name + zone,
            "AvailabilityZoneId": f"use1-az{'abc'.index(zone) + 1}",
            "AvailableIpAddressCount": ipaddress.ip_network(cidr).num_addresses - 5,
            "DefaultForAz": False, "MapPublicIpOnLaunch": False, "OwnerId": world.account,
            "Ipv6CidrBlockAssociationSet": [], "AssignIpv6AddressOnCreation": False,
            "Tags": tag_list(name, None),
            "SubnetArn": world.arn("ec2", self.region.name, f"subnet/{key}")}
        return subnet

    @staticmethod
    def entry(number: int, action: str, cidr: str = "0.0.0.0/0", protocol: str = "-1",
              ports: Optional[list[int]] = None, egress: bool = False) -> Resource:
        row = {"RuleNumber": number, "RuleAction": action, "CidrBlock": cidr,
               "Protocol": protocol, "Egress": egress}
        return {**row, **({"PortRange": {"From": ports[0], "To": ports[1]}} if ports else {})}

    def _nacl(self, vpc: str, name: Optional[str], default: bool,
              entries: list[Resource]) -> Resource:
        key = self.world.new_id("acl")
        last = [self.entry(32767, "deny", egress=e) for e in (False, True)]
        self.region.table("nacls")[key] = acl = {
            "NetworkAclId": key, "VpcId": vpc, "IsDefault": default, "Associations": [],
            "OwnerId": self.world.account, "Entries": entries + last,
            "Tags": tag_list(name, None)}
        return acl

    def nacl(self, name: str, subnets: list[str], entries: list[dict[str, Any]],
             vpc: Optional[str] = None) -> Resource:
        """A network ACL for these subnets; entries in the notation of entry()."""
        acl = self._nacl(self.find("vpcs", vpc)["VpcId"], name, False,
                         [self.entry(**e) for e in entries])
        for subnet in subnets:
            key = self.find("subnets", subnet)["SubnetId"]
            for other in self.region.table("nacls").values():
                moved = [a for a in other["Associations"] if a["SubnetId"] == key]
                other["Associations"] = [a for a in other["Associations"] if a not in moved]
                acl["Associations"] += [{**a, "NetworkAclId": acl["NetworkAclId"]} for a in moved]
        return acl

    def route_table(self, name: str, subnets: list[str], routes: list[dict[str, Any]],
                    vpc: Optional[str] = None) -> Resource:
        """A route table for these subnets; adds the local route to routes (API shape)."""
        key, home = self.world.new_id("rtb"), self.find("vpcs", vpc)
        local = {"DestinationCidrBlock": home["CidrBlock"], "GatewayId": "local",
                 "Origin": "CreateRouteTable", "State": "active"}
        self.region.table("route_tables")[key] = table = {
            "RouteTableId": key, "VpcId": home["VpcId"], "OwnerId": self.world.account,
            "PropagatingVgws": [], "Tags": tag_list(name, None),
            "Routes": [local] + [{"Origin": "CreateRoute", "State": "active", **r}
                                 for r in routes],
            "Associations": [{"Main": False, "RouteTableId": key,
                              "SubnetId": self.find("subnets", s)["SubnetId"],
                              "RouteTableAssociationId": self.world.new_id("rtbassoc"),
                              "AssociationState": {"State": "associated"}} for s in subnets]}
        return table

    def group(self, name: str, ingress: Optional[list[str]] = None,
              vpc: Optional[str] = None) -> Resource:
        """A security group; ingress in the notation of permission()."""
        made = make_group(self.world, self.find("vpcs", vpc)["VpcId"], name, f"group {name}",
                          self.world.arn("ec2", self.region.name, "security-group/"),
                          tag_list(name, None))
        add_rules(self.world, made, groups.rules([permission(p) for p in ingress or []]))
        self.region.table("security_groups")[made["GroupId"]] = made
        return made

    # --- instances ----------------------------------------------------------
    def subnets_of(self, vpc: Optional[str]) -> list[str]:
        key = self.find("vpcs", vpc)["VpcId"]
        return [s["SubnetId"] for s in self.region.table("subnets").values() if s["VpcId"] == key]

    def group_ids(self, names: Optional[list[str]], vpc: Optional[str]) -> list[str]:
        if names is None:
            key = self.find("vpcs", vpc)["VpcId"]
            return [g["GroupId"] for g in self.region.table("security_groups").values()
                    if g["VpcId"] == key and g["GroupName"] == "default"]
        return [self.find("security_groups", n)["GroupId"] for n in names]

    def instance(self, name: str, type: str = "t3.large", enis: int = 1, zone: int = 0,
                 vpc: Optional[str] = None, groups: Optional[list[str]] = None,
                 state: str = "running", listens: Optional[list[int]] = None,
                 tags: Optional[dict[str, str]] = None) -> Resource:
        """listens: TCP ports that accept health checks."""
        subnets, allowed = self.subnets_of(vpc), self.group_ids(groups, vpc)
        subnet = self.region.table("subnets")[subnets[zone % len(subnets)]]
        key, table = self.world.new_id("i"), self.region.table("security_groups")
        made = []
        for index in range(enis):
            eni = make_eni(self.world, self.region, subnet["SubnetId"], allowed,
                           tags=tag_list(f"{name}-{index}", None) if index else [])
            attach(self.world, eni, self.world.account, index, key)
            made.append(eni)
        address = made[0]["PrivateIpAddress"]
        self.region.table("instances")[key] = instance = {
            "InstanceId": key, "InstanceType": type, "VpcId": subnet["VpcId"],
            "State": {"Code": CODES[state], "Name": state}, "SubnetId": subnet["SubnetId"],
            "Placement": {"AvailabilityZone": subnet["AvailabilityZone"], "GroupName": "",
                          "Tenancy": "default"}, "PrivateIpAddress": address,
            "PrivateDnsName": f"ip-{address.replace('.', '-')}.ec2.internal",
            "ImageId": "ami-0fakefakefakefake", "Architecture": "x86_64",
            "LaunchTime": self.world.now(), "SecurityGroups":
            [{"GroupId": g, "GroupName": table[g]["GroupName"]} for g in allowed],
            "Tags": tag_list(name, tags), "_listens": listens or []}
        return instance

    def instances(self, name: str, count: int, **same: Any) -> None:
        """Makes count instances NAME-1, NAME-2, ... spread over the zones."""
        for i in range(count):
            self.instance(f"{name}-{i + 1}", zone=i, **same)

    def enis(self, count: int = 1, vpc: Optional[str] = None, description: str = "",
             name: Optional[str] = None) -> None:
        """Makes interfaces without an attachment."""
        subnets, allowed = self.subnets_of(vpc), self.group_ids(None, vpc)
        for i in range(count):
            make_eni(self.world, self.region, subnets[i % len(subnets)], allowed, description,
                     tags=tag_list(name, None))

    def remove_eni(self, key: str) -> None:
        """Deletes an interface; its sessions are deleted with it."""
        self.region.free_address(self.region.table("enis").pop(key))
        sessions = self.region.table("mirror_sessions")
        for session in [k for k, s in sessions.items() if s["NetworkInterfaceId"] == key]:
            del sessions[session]

    def terminate(self, name: str) -> None:
        instance = self.find("instances", name)
        instance["State"] = {"Code": CODES["terminated"], "Name": "terminated"}
        for key, eni in list(self.region.table("enis").items()):
            if eni.get("Attachment", {}).get("InstanceId") == instance["InstanceId"]:
                self.remove_eni(key)

    def set_instance(self, name: str, state: Optional[str] = None,
                     listens: Optional[list[int]] = None) -> None:
        instance = self.find("instances", name)
        if state is not None:
            instance["State"] = {"Code": CODES[state], "Name": state}
        if listens is not None:
            instance["_listens"] = listens

    def strip_tags(self, id: str) -> None:
        """Removes all tags, as somebody may do by hand."""
        for table in self.region.tables.values():
            if id in table:
                table[id]["_tags" if "_tags" in table[id] else "Tags"] = []
        for group in self.region.table("security_groups").values():
            for rule in group["_rules"]:
                if rule["SecurityGroupRuleId"] == id:
                    rule["Tags"] = []

    def set_subnet(self, subnet: str, **members: Any) -> None:
        self.region.table("subnets")[subnet].update(members)

    def set_route(self, table: str, route: dict[str, Any]) -> None:
        self.region.table("route_tables")[table]["Routes"].append(
            {"Origin": "CreateRoute", **route})

    def set_eni(self, eni: str, mirrorable: bool) -> None:
        """Sets whether AWS accepts this interface as a source."""
        if not re.fullmatch(r"eni-[0-9a-f]+", eni):
            raise KeyError(f"{eni} is not an interface ID")
        self.region.table("enis")[eni]["_mirrorable"] = mirrorable
