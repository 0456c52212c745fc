"""Operations that people use to fix the path of mirrored traffic by hand."""
from __future__ import annotations

import ipaddress
from typing import Any

from .ec2_common import the
from .errors import AwsError, invalid
from .registry import Call, handles
from .world import Resource


def _block(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise invalid(f"Value ({text}) for parameter cidrBlock is invalid. This is not a valid"
                      " CIDR block.") from None


def _entry(acl: Resource, number: int, egress: bool) -> Resource | None:
    return next((e for e in acl["Entries"]
                 if e["RuleNumber"] == number and e["Egress"] == egress), None)


@handles("ec2", "CreateNetworkAclEntry")
def create_entry(call: Call) -> dict[str, Any]:
    acl, number = the(call, "acl", call.params["NetworkAclId"]), call.params["RuleNumber"]
    if not 1 <= number <= 32766:
        raise invalid(f"Invalid value '{number}' for ruleNumber. Must be between 1 and 32766")
    if _entry(acl, number, call.params["Egress"]):
        raise AwsError("NetworkAclEntryAlreadyExists", "The network acl entry identified by "
                       f"{number} already exists.")
    if call.params["Protocol"] in ("6", "17") and not call.get("PortRange"):
        raise AwsError("MissingParameter", "The request must contain the parameter PortRange")
    entry = {"RuleNumber": number, "Egress": call.params["Egress"],
             "RuleAction": call.params["RuleAction"], "Protocol": call.params["Protocol"],
             "CidrBlock": _block(call.params["CidrBlock"])}
    if call.get("PortRange"):
        entry["PortRange"] = call.params["PortRange"]
    acl["Entries"].append(entry)
    call.changed("nacls", acl["NetworkAclId"])
    return {}


@handles("ec2", "DeleteNetworkAclEntry")
def delete_entry(call: Call) -> dict[str, Any]:
    acl = the(call, "acl", call.params["NetworkAclId"])
    entry = _entry(acl, call.params["RuleNumber"], call.params["Egress"])
    if entry is None:
        raise AwsError("InvalidNetworkAclEntry.NotFound", "The network acl entry does not exist")
    acl["Entries"].remove(entry)
    call.changed("nacls", acl["NetworkAclId"])
    return {}


@handles("ec2", "CreateRoute", "ReplaceRoute")
def put_route(call: Call) -> dict[str, Any]:
    table = the(call, "rtb", call.params["RouteTableId"])
    block = _block(call.params["DestinationCidrBlock"])
    old = next((r for r in table["Routes"] if r["DestinationCidrBlock"] == block), None)
    if call.name == "CreateRoute" and old:
        raise AwsError("RouteAlreadyExists", f"The route identified by {block} already exists.")
    if call.name == "ReplaceRoute" and not old:
        raise invalid("There is no route defined for the destination in the route table")
    ways = [n for n in ("VpcPeeringConnectionId", "TransitGatewayId", "GatewayId",
                        "NatGatewayId", "NetworkInterfaceId") if call.get(n)]
    if len(ways) != 1:
        raise AwsError("InvalidParameterCombination", "Exactly one gateway must be specified")
    if old:
        table["Routes"].remove(old)
    table["Routes"].append({"DestinationCidrBlock": block, "Origin": "CreateRoute",
                            "State": "active", ways[0]: call.params[ways[0]]})
    call.changed("route_tables", table["RouteTableId"])
    return {"Return": True} if call.name == "CreateRoute" else {}


@handles("ec2", "StartInstances")
def start(call: Call) -> dict[str, Any]:
    changes = []
    for key in call.params["InstanceIds"]:
        instance = the(call, "i", key)
        before = instance["State"]
        if before["Name"] not in ("stopped", "running"):
            raise AwsError("IncorrectInstanceState", f"The instance '{key}' is not in a state"
                           " from which it can be started.")
        instance["State"] = {"Code": 16, "Name": "running"}
        changes.append({"InstanceId": key, "PreviousState": before,
                        "CurrentState": instance["State"]})
        call.changed("instances", key)
    return {"StartingInstances": changes}
