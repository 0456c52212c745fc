"""Traffic mirror sessions and their quotas."""
from __future__ import annotations

from typing import Any

from .client_token import idempotent
from .ec2_common import Listing, describe, tags_for, the
from .ec2_mirror import check_description, sessions_with
from .errors import AwsError, invalid
from .instance_types import largest, mirrored
from .registry import Call, handles
from .world import Resource

SESSIONS = Listing("tms", "TrafficMirrorSessionIds", "TrafficMirrorSessions", {
    "description": "Description", "network-interface-id": "NetworkInterfaceId",
    "owner-id": "OwnerId", "packet-length": "PacketLength", "session-number": "SessionNumber",
    "traffic-mirror-filter-id": "TrafficMirrorFilterId",
    "traffic-mirror-session-id": "TrafficMirrorSessionId",
    "traffic-mirror-target-id": "TrafficMirrorTargetId",
    "virtual-network-id": "VirtualNetworkId"})


def mirrorable(call: Call, eni: Resource) -> bool:
    """Whether AWS can mirror the interface."""
    if eni["InterfaceType"] != "interface":
        return False
    if "_mirrorable" in eni:
        return bool(eni["_mirrorable"])
    instance = call.table("instances").get(eni.get("Attachment", {}).get("InstanceId", ""))
    if instance is not None:
        return mirrored(instance["InstanceType"])
    if eni.get("RequesterId") == "amazon-elb":
        return call.world.settings.mirror_lb
    if "_task" in eni:
        return call.world.settings.mirror_fargate
    return False


def _check_source(call: Call, eni: Resource) -> None:
    key = eni["NetworkInterfaceId"]
    if not mirrorable(call, eni):
        raise AwsError("NetworkInterfaceNotSupported",
                       f"{key} must be attached to a supported instance")
    for target in call.table("mirror_targets").values():
        if target.get("NetworkInterfaceId") == key:
            raise invalid(f"{key} is in use by target {target['TrafficMirrorTargetId']}")


def _check_target(call: Call, session: Resource, target: Resource) -> None:
    """Checks the quota of the target and its packet length limit."""
    settings = call.world.settings
    if target["Type"] == "network-interface":
        sources = {s["NetworkInterfaceId"]
                   for s in sessions_with(call, "TrafficMirrorTargetId",
                                          target["TrafficMirrorTargetId"])
                   if s is not session} | {session["NetworkInterfaceId"]}
        eni = call.table("enis").get(target["NetworkInterfaceId"], {})
        on = call.table("instances").get(eni.get("Attachment", {}).get("InstanceId", ""), {})
        if len(sources) > (settings.sources_per_big_target
                           if largest(on.get("InstanceType", ""))
                           else settings.sources_per_eni_target):
            raise AwsError("TrafficMirrorSourcesPerTargetLimitExceeded",
                           f"Sources per interface-target limit reached ({len(sources)})")
    length = session.get("PacketLength")
    most = 65535 if target["Type"] == "network-interface" else 8500
    if length is not None and not 1 <= length <= most:
        raise invalid(f"Value ( {length} ) for parameter packetLength is invalid. It must be"
                      f" between 1 and {most} for a target of the type {target['Type']}.")


def _check_session(call: Call, session: Resource) -> None:
    number = session["SessionNumber"]
    if not 1 <= number <= 32766:
        raise invalid(f"Value ( {number} ) for parameter sessionNumber is invalid. It must be"
                      " between 1 and 32766.")
    for other in sessions_with(call, "NetworkInterfaceId", session["NetworkInterfaceId"]):
        if other["SessionNumber"] == number \
                and other["TrafficMirrorSessionId"] != session["TrafficMirrorSessionId"]:
            raise invalid(f"Session number {number} is already being used by"
                          f" {other['TrafficMirrorSessionId']} on {session['NetworkInterfaceId']}")
    vni = session.get("VirtualNetworkId")
    if vni is not None and not 0 <= vni <= 0xFFFFFF:
        raise invalid(f"Value ( {vni} ) for parameter virtualNetworkId is invalid. It must be"
                      " between 0 and 16777215.")


def _complete(call: Call, session: Resource, target: Resource) -> None:
    """The defaults that AWS chooses."""
    if session.get("PacketLength") is None:
        session["PacketLength"] = 65535 if target["Type"] == "network-interface" else 8500
    if session.get("VirtualNetworkId") is None:
        session["VirtualNetworkId"] = int(call.world.hex(7), 16) & 0xFFFFFF


SESSION_MEMBERS = ("TrafficMirrorTargetId", "TrafficMirrorFilterId", "PacketLength",
                   "SessionNumber", "VirtualNetworkId")


@handles("ec2", "CreateTrafficMirrorSession")
@idempotent
def create_session(call: Call) -> dict[str, Any]:
    eni = the(call, "eni", call.params["NetworkInterfaceId"])
    target = the(call, "tmt", call.params["TrafficMirrorTargetId"])
    the(call, "tmf", call.params["TrafficMirrorFilterId"])
    session = {"TrafficMirrorSessionId": "", "NetworkInterfaceId": eni["NetworkInterfaceId"],
               "OwnerId": call.world.account,
               **{m: call.params[m] for m in SESSION_MEMBERS if m in call.params},
               "Description": check_description(call),
               "Tags": tags_for(call, "traffic-mirror-session")}
    _check_source(call, eni)
    _check_session(call, session)
    settings = call.world.settings
    if len(sessions_with(call, "NetworkInterfaceId", eni["NetworkInterfaceId"])) \
            >= settings.sessions_per_eni:
        raise AwsError("TrafficMirrorSessionsPerInterfaceLimitExceeded",
                       f"Sessions per interface limit reached for {eni['NetworkInterfaceId']}")
    if len(call.table("mirror_sessions")) >= settings.sessions:
        raise AwsError("TrafficMirrorSessionLimitExceeded", "The maximum number of sessions is"
                       " reached")
    _check_target(call, session, target)
    key = session["TrafficMirrorSessionId"] = call.world.new_id("tms")
    _complete(call, session, target)
    return {"TrafficMirrorSession": call.add("mirror_sessions", key, session)}


@handles("ec2", "DescribeTrafficMirrorSessions")
def describe_sessions(call: Call) -> dict[str, Any]:
    return describe(call, SESSIONS)


@handles("ec2", "ModifyTrafficMirrorSession")
def modify_session(call: Call) -> dict[str, Any]:
    key = call.params["TrafficMirrorSessionId"]
    session = the(call, "tms", key)
    changed = {**session, **{m: call.params[m] for m in SESSION_MEMBERS if m in call.params}}
    if "Description" in call.params:
        changed["Description"] = check_description(call)
    members = {"packet-length": "PacketLength", "description": "Description",
               "virtual-network-id": "VirtualNetworkId"}
    for name in call.get("RemoveFields", []):
        changed.pop(members[name], None)
    target = the(call, "tmt", changed["TrafficMirrorTargetId"])
    the(call, "tmf", changed["TrafficMirrorFilterId"])
    _check_session(call, changed)
    if changed["TrafficMirrorTargetId"] != session["TrafficMirrorTargetId"] \
            or "PacketLength" in call.params:
        _check_target(call, changed, target)
    _complete(call, changed, target)
    session.clear()
    session.update(changed)
    call.changed("mirror_sessions", key)
    return {"TrafficMirrorSession": session}


@handles("ec2", "DeleteTrafficMirrorSession")
def delete_session(call: Call) -> dict[str, Any]:
    key = call.params["TrafficMirrorSessionId"]
    the(call, "tms", key)
    call.delete("mirror_sessions", key)
    return {"TrafficMirrorSessionId": key}
