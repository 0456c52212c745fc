"""Shared by the EC2 operations: IDs, filtered and paged lists, tags."""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Callable, Optional

from . import filters
from .errors import AwsError, invalid
from .paging import BadToken, page
from .registry import Call
from .world import Resource

# ID prefix: table, and error code if there is no such ID
KINDS = {
    "vpc": ("vpcs", "InvalidVpcID", "vpc ID"),
    "subnet": ("subnets", "InvalidSubnetID", "subnet ID"),
    "rtb": ("route_tables", "InvalidRouteTableID", "routeTable ID"),
    "acl": ("nacls", "InvalidNetworkAclID", "networkAcl ID"),
    "sg": ("security_groups", "InvalidGroup", "security group"),
    "i": ("instances", "InvalidInstanceID", "instance ID"),
    "eni": ("enis", "InvalidNetworkInterfaceID", "networkInterface ID"),
    "ami": ("images", "InvalidAMIID", "image id"),
    "vpce": ("vpc_endpoints", "InvalidVpcEndpointId", "Vpc Endpoint Id"),
    "tmt": ("mirror_targets", "InvalidTrafficMirrorTargetId", "traffic mirror target ID"),
    "tmf": ("mirror_filters", "InvalidTrafficMirrorFilterId", "traffic mirror filter ID"),
    "tmfr": ("mirror_rules", "InvalidTrafficMirrorFilterRuleId",
             "traffic mirror filter rule ID"),
    "tms": ("mirror_sessions", "InvalidTrafficMirrorSessionId", "traffic mirror session ID"),
}
TAG_TYPES = {"sg": "security-group", "sgr": "security-group-rule", "i": "instance", "eni": "network-interface",
             "tmt": "traffic-mirror-target", "tmf": "traffic-mirror-filter",
             "tmfr": "traffic-mirror-filter-rule", "tms": "traffic-mirror-session",
             "vpc": "vpc", "subnet": "subnet", "rtb": "route-table", "acl": "network-acl"}


def the(call: Call, prefix: str, key: str) -> Resource:
    """Returns the resource with that ID or raises the error of AWS."""
    table, code, what = KINDS[prefix]
    if not re.fullmatch(prefix + r"-([0-9a-f]{8}|[0-9a-f]{17})", key):
        malformed = "InvalidGroupId" if prefix == "sg" else code
        raise AwsError(malformed + ".Malformed", f'Invalid id: "{key}"')
    found = call.find(table, key)
    if found is None:
        raise AwsError(code + ".NotFound", f"The {what} '{key}' does not exist")
    return found


def group_rule(call: Call, key: str) -> Optional[Resource]:
    """A rule of a security group, which has no table of its own."""
    return next((r for g in call.seen("security_groups") for r in g["_rules"]
                 if r["SecurityGroupRuleId"] == key), None)


@dataclass(frozen=True)
class Listing:
    """One Describe call: ids names the parameter, out the member of the response."""

    prefix: str
    ids: str
    out: str
    paths: dict[str, str]
    tags: bool = True
    limit: int = 1000


def describe(call: Call, listing: Listing,
             project: Callable[[Resource], Resource] = lambda r: r,
             items: Optional[list[Resource]] = None) -> dict[str, Any]:
    ids = call.get(listing.ids)
    if ids and (call.get("MaxResults") or call.get("NextToken")):
        raise AwsError("InvalidParameterCombination", f"The parameter {listing.ids} cannot be used"
                       " with the parameter MaxResults")
    if items is None:
        items = [the(call, listing.prefix, i) for i in dict.fromkeys(ids)] if ids \
            else call.seen(KINDS[listing.prefix][0])
    items = filters.apply(items, call.get("Filters", []), listing.paths, listing.tags)
    if ids:
        return {listing.out: [project(r) for r in items]}
    shown, token = ec2_page(call, items, listing.limit)
    answer: dict[str, Any] = {listing.out: [project(r) for r in shown]}
    if token:
        answer["NextToken"] = token
    return answer


def ec2_page(call: Call, items: list[Any], limit: int = 1000) -> tuple[list[Any], Optional[str]]:
    size = call.get("MaxResults")
    if size is not None and not 5 <= size <= limit:
        raise invalid(f"Value ( {size} ) for parameter maxResults is invalid. Expecting a value "
                      + ("greater than or equal to 5." if size < 5
                         else f"less than or equal to {limit}."))
    try:
        return page(call, items, call.get("NextToken"), size, limit)
    except BadToken:
        raise invalid("Unable to parse pagination token") from None


# --- tags -------------------------------------------------------------------
def check_tags(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    keys: set[str] = set()
    out = []
    for tag in tags:
        key, value = tag.get("Key"), tag.get("Value", "")
        if not key:
            raise AwsError("MissingParameter", "The request must contain the parameter Tag.Key")
        if key.startswith("aws:"):
            raise invalid("Tag keys starting with 'aws:' are reserved for internal use")
        if len(key) > 128:
            raise invalid("Tag key exceeds the maximum length of 128 characters")
        if len(value) > 256:
            raise invalid("Tag value exceeds the maximum length of 256 characters")
        if key in keys:
            raise invalid(f"Duplicate tag key '{key}' specified.")
        keys.add(key)
        out.append({"Key": key, "Value": value})
    if len(keys) > 50:
        raise AwsError("TagLimitExceeded", "More than 50 tags specified")
    return out


def tags_for(call: Call, resource_type: str) -> list[dict[str, str]]:
    """The tags in TagSpecification.N for a new resource."""
    tags: list[dict[str, str]] = []
    for spec in call.get("TagSpecifications", []):
        if spec.get("ResourceType") != resource_type:
            raise invalid(f"'{spec.get('ResourceType')}' is not a valid taggable resource type for"
                          " this operation.")
        if not spec.get("Tags"):
            raise invalid("Tag specification must have at least one tag")
        tags += spec["Tags"]
    return check_tags(tags)
