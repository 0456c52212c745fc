"""Instances and instance types."""
from __future__ import annotations

from typing import Any

from . import filters, instance_types
from .ec2_common import KINDS, Listing, describe, ec2_page
from .errors import AwsError
from .registry import Call, handles
from .world import Resource

INSTANCES = Listing("i", "InstanceIds", "Reservations", {
    "instance-id": "InstanceId", "instance-type": "InstanceType", "vpc-id": "VpcId",
    "subnet-id": "SubnetId", "instance-state-name": "State.Name",
    "instance-state-code": "State.Code", "availability-zone": "Placement.AvailabilityZone",
    "private-ip-address": "PrivateIpAddress", "private-dns-name": "PrivateDnsName",
    "image-id": "ImageId", "architecture": "Architecture",
    "instance.group-id": "SecurityGroups.GroupId", "instance.group-name":
    "SecurityGroups.GroupName", "network-interface.network-interface-id":
    "NetworkInterfaces.NetworkInterfaceId", "network-interface.subnet-id":
    "NetworkInterfaces.SubnetId", "network-interface.vpc-id": "NetworkInterfaces.VpcId"})
# The members of an interface that appear inside its instance.
SHARED = ("Description", "Groups", "MacAddress", "NetworkInterfaceId", "OwnerId",
          "PrivateIpAddress", "SourceDestCheck", "Status", "SubnetId", "VpcId", "InterfaceType",
          "Ipv6Addresses")


def interfaces(call: Call, instance_id: str) -> list[Resource]:
    """The interfaces of an instance by device index."""
    found = [e for e in call.table("enis").values()
             if e.get("Attachment", {}).get("InstanceId") == instance_id]
    return sorted(found, key=lambda e: e["Attachment"]["DeviceIndex"])


def _interface(eni: Resource) -> Resource:
    attachment = {k: v for k, v in eni["Attachment"].items()
                  if k not in ("InstanceId", "InstanceOwnerId")}
    return {**{k: eni[k] for k in SHARED if k in eni}, "Attachment": attachment,
            "PrivateIpAddresses": eni["PrivateIpAddresses"]}


def shown(call: Call, instance: Resource) -> Resource:
    if instance["State"]["Name"] in ("terminated", "shutting-down"):
        return {**instance, "NetworkInterfaces": []}
    return {**instance, "NetworkInterfaces":
            [_interface(e) for e in interfaces(call, instance["InstanceId"])]}


@handles("ec2", "DescribeInstances")
def describe_instances(call: Call) -> dict[str, Any]:
    items = None
    if not call.get("InstanceIds"):
        items = [shown(call, i) for i in call.seen(KINDS["i"][0])]

    def reservation(instance: Resource) -> Resource:
        return {"ReservationId": "r-" + instance["InstanceId"][2:], "Groups": [],
                "OwnerId": call.world.account, "Instances": [shown(call, instance)]}
    return describe(call, INSTANCES, reservation, items)


@handles("ec2", "DescribeInstanceTypes")
def describe_types(call: Call) -> dict[str, Any]:
    wanted = call.get("InstanceTypes")
    if wanted and call.get("MaxResults"):
        raise AwsError("InvalidParameterCombination", "The parameter InstanceTypes cannot be used"
                       " with the parameter MaxResults")
    unknown = [t for t in wanted or [] if not instance_types.exists(t)]
    if unknown:
        raise AwsError("InvalidInstanceType", "The following supplied instance types do not exist:"
                       f" [{', '.join(unknown)}]")
    if wanted and len(wanted) > 100:
        raise AwsError("InvalidParameterValue", "At most 100 instance types can be given")
    names = wanted or [f"{family}.{size}" for family in instance_types.LISTED
                       for size in instance_types.SIZES]
    items = filters.apply([instance_types.describe(n) for n in names], call.get("Filters", []), {
        "instance-type": "InstanceType", "hypervisor": "Hypervisor", "bare-metal": "BareMetal",
        "current-generation": "CurrentGeneration"}, tags=False)
    if wanted:
        return {"InstanceTypes": items}
    shown_now, token = ec2_page(call, items, 100)
    return {"InstanceTypes": shown_now, **({"NextToken": token} if token else {})}
