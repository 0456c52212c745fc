"""Makes network interfaces for the builder and for load balancers."""
from __future__ import annotations

import ipaddress
from typing import Any, Optional

from .world import Region, Resource, World


def next_address(subnet: Resource) -> str:
    """The next free address; AWS reserves the first four."""
    offset = subnet.setdefault("_next", 4)
    subnet["_next"] = offset + 1
    subnet["AvailableIpAddressCount"] -= 1
    return str(ipaddress.ip_network(subnet["CidrBlock"])[offset])


def make_eni(world: World, region: Region, subnet_id: str, groups: list[str],
             description: str = "", kind: str = "interface",
             requester: Optional[str] = None, tags: Optional[list[dict[str, str]]] = None,
             **own: Any) -> Resource:
    """Makes an interface without an attachment."""
    subnet = region.table("subnets")[subnet_id]
    key, address = world.new_id("eni"), next_address(subnet)
    digits = world.hex(9)
    eni: Resource = {
        "NetworkInterfaceId": key, "SubnetId": subnet_id, "VpcId": subnet["VpcId"],
        "AvailabilityZone": subnet["AvailabilityZone"], "Description": description,
        "Groups": [{"GroupId": g, "GroupName": region.table("security_groups")[g]["GroupName"]}
                   for g in groups],
        "InterfaceType": kind, "Ipv6Addresses": [], "OwnerId": world.account,
        "MacAddress": "02:" + ":".join(digits[i:i + 2] for i in range(0, 8, 2)) + ":01",
        "PrivateIpAddress": address,
        "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": address}],
        "RequesterManaged": requester is not None, "SourceDestCheck": True, "Status": "available",
        "Tags": tags or [], **own}
    if requester:
        eni["RequesterId"] = requester
    region.table("enis")[key] = eni
    return eni


def attach(world: World, eni: Resource, owner: str, index: int,
           instance: Optional[str] = None) -> None:
    eni["Status"] = "in-use"
    eni["Attachment"] = {
        "AttachTime": world.now(), "AttachmentId": world.new_id("eni-attach"),
        "DeleteOnTermination": True, "DeviceIndex": index, "NetworkCardIndex": 0,
        "InstanceOwnerId": owner, "Status": "attached",
        **({"InstanceId": instance} if instance else {})}
