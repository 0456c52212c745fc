"""Shared by the load balancing operations."""
from __future__ import annotations

from typing import Any, Optional

from .errors import AwsError
from .paging import BadToken, page
from .registry import Call
from .world import Resource

NOT_FOUND = {"load_balancers": "LoadBalancerNotFound", "target_groups": "TargetGroupNotFound",
             "listeners": "ListenerNotFound"}
WORDS = {"load_balancers": "Load balancer", "target_groups": "Target group",
         "listeners": "Listener"}
ARN_PARTS = {"load_balancers": "loadbalancer", "target_groups": "targetgroup",
             "listeners": "listener"}


def the(call: Call, table: str, arn: str) -> Resource:
    if f":{ARN_PARTS[table]}/" not in arn:
        raise AwsError("ValidationError", f"'{arn}' is not a valid {WORDS[table].lower()} ARN")
    found = call.find(table, arn)
    if found is None:
        raise AwsError(NOT_FOUND[table], f"{WORDS[table]} '{arn}' not found")
    return found


def by_name(call: Call, table: str, member: str, name: str) -> Optional[Resource]:
    return next((r for r in call.table(table).values() if r.get(member) == name), None)


def elb_page(call: Call, out: str, items: list[Resource]) -> dict[str, Any]:
    size = call.get("PageSize")
    try:
        shown, marker = page(call, items, call.get("Marker"), size, 400)
    except BadToken:
        raise AwsError("ValidationError", "Invalid marker") from None
    return {out: shown, **({"NextMarker": marker} if marker else {})}


def check_name(name: str, what: str) -> None:
    if not 1 <= len(name) <= 32 or not all(c.isascii() and (c.isalnum() or c == "-")
                                           for c in name) \
            or name[0] == "-" or name[-1] == "-" or name.startswith("internal-"):
        raise AwsError("ValidationError", f"The {what} name '{name}' can contain only characters"
                       " that are alphanumeric characters and hyphens(-), can have a maximum of 32"
                       " characters, and must not begin or end with a hyphen")


def check_tags(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    keys = [t["Key"] for t in tags]
    if len(keys) != len(set(keys)):
        raise AwsError("DuplicateTagKeys", "A tag key was specified more than once")
    if len(keys) > 50:
        raise AwsError("TooManyTags", "The maximum number of tags has been reached")
    if any(k.startswith("aws:") for k in keys):
        raise AwsError("ValidationError", "Tag keys must not begin with 'aws:'")
    return [{"Key": t["Key"], "Value": t.get("Value", "")} for t in tags]


def set_attributes(call: Call, resource: Resource, known: dict[str, tuple[str, ...]]) -> None:
    """known: the allowed values of each attribute; empty allows any."""
    for attribute in call.params["Attributes"]:
        key, value = attribute.get("Key", ""), attribute.get("Value", "")
        if key not in known:
            raise AwsError("InvalidConfigurationRequest",
                           f"The attribute key '{key}' is not recognized")
        if known[key] and value not in known[key]:
            raise AwsError("InvalidConfigurationRequest", f"The value '{value}' is not valid for"
                           f" the attribute '{key}'")
    for attribute in call.params["Attributes"]:
        resource["_attributes"][attribute["Key"]] = attribute["Value"]


def attributes(resource: Resource) -> dict[str, Any]:
    return {"Attributes": [{"Key": k, "Value": v} for k, v in resource["_attributes"].items()]}


def forward_to(group: str) -> list[dict[str, Any]]:
    """The actions of a listener that forwards to one target group."""
    return [{"Type": "forward", "TargetGroupArn": group, "Order": 1,
             "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group}]}}]
