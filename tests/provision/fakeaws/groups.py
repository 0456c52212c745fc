"""Security group rules: their forms, comparison and evaluation."""
from __future__ import annotations

import ipaddress
from typing import Any, Optional

from .errors import AwsError, invalid
from .world import Resource

PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
PEERS = ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupInfo")
Rule = dict[str, Any]


def _cidr(text: str, version: int) -> str:
    try:
        net = ipaddress.ip_network(text)
    except ValueError:
        raise invalid(f"CIDR block {text} is malformed") from None
    if net.version != version:
        raise invalid(f"CIDR block {text} is malformed")
    return str(net)


def _peers(permission: dict[str, Any]) -> list[Rule]:
    peers: list[Rule] = []
    for kind, source, member, version in (("IpRanges", "CidrIp", "CidrIpv4", 4),
                                          ("Ipv6Ranges", "CidrIpv6", "CidrIpv6", 6)):
        for r in permission.get(kind, []):
            if source not in r:
                raise AwsError("MissingParameter",
                               f"The request must contain the parameter {source}")
            peers.append({member: _cidr(r[source], version), "Description": r.get("Description")})
    for r in permission.get("PrefixListIds", []):
        peers.append({"PrefixListId": r.get("PrefixListId"), "Description": r.get("Description")})
    for r in permission.get("UserIdGroupPairs", []):
        if "GroupId" not in r:
            raise AwsError("MissingParameter",
                           "The request must contain the parameter GroupId or GroupName")
        peers.append({"ReferencedGroupInfo": {"GroupId": r["GroupId"]},
                      "Description": r.get("Description")})
    return peers


def rules(permissions: list[dict[str, Any]]) -> list[Rule]:
    """Makes one rule per permission and peer."""
    found: list[Rule] = []
    for permission in permissions:
        if "IpProtocol" not in permission:
            raise AwsError("MissingParameter", "The request must contain the parameter IpProtocol")
        protocol = permission["IpProtocol"].lower()
        protocol = PROTOCOLS.get(protocol, protocol)
        low, high = permission.get("FromPort"), permission.get("ToPort")
        if protocol in ("tcp", "udp"):
            if low is None or high is None:
                raise AwsError("MissingParameter", "The request must contain the parameter"
                               " fromPort and toPort")
            if not 0 <= low <= high <= 65535:
                raise invalid(f"Invalid value '{low}' for portRange. Must specify both from and to"
                              " ports with TCP/UDP.")
        elif protocol == "-1":
            low = high = -1
        elif protocol not in ("icmp", "icmpv6") and not protocol.isdigit():
            raise invalid(f"Invalid value '{protocol}' for IP protocol. Unknown protocol.")
        peers = _peers(permission)
        if not peers:
            raise AwsError("MissingParameter", "The request must contain a peer: IpRanges,"
                           " Ipv6Ranges, UserIdGroupPairs or PrefixListIds")
        found += [{"IpProtocol": protocol, "FromPort": low, "ToPort": high,
                   **{k: v for k, v in peer.items() if v is not None}} for peer in peers]
    return found


def from_request(params: dict[str, Any]) -> list[Rule]:
    """Parses Authorize and Revoke: IpPermissions or the older flat form."""
    flat = {k: params[k] for k in ("IpProtocol", "FromPort", "ToPort") if k in params}
    if "IpPermissions" in params:
        if flat or "CidrIp" in params:
            raise AwsError("InvalidParameterCombination",
                           "IpPermissions cannot be combined with CidrIp, IpProtocol or ports")
        return rules(params["IpPermissions"])
    if "CidrIp" not in params:
        raise AwsError("MissingParameter", "The request must contain the parameter ipPermissions")
    return rules([{**flat, "IpRanges": [{"CidrIp": params["CidrIp"]}]}])


def same(a: Rule, b: Rule) -> bool:
    def peer(rule: Rule) -> tuple[Optional[str], ...]:
        group = rule.get("ReferencedGroupInfo", {}).get("GroupId")
        return rule.get("CidrIpv4"), rule.get("CidrIpv6"), rule.get("PrefixListId"), group
    return all(a.get(k) == b.get(k) for k in ("IpProtocol", "FromPort", "ToPort")) \
        and peer(a) == peer(b)


def permissions(found: list[Rule], owner: str) -> list[dict[str, Any]]:
    """IpPermissions in the form of DescribeSecurityGroups."""
    groups: dict[tuple[Any, ...], dict[str, Any]] = {}
    for rule in found:
        key = (rule["IpProtocol"], rule["FromPort"], rule["ToPort"])
        ports = {} if rule["IpProtocol"] == "-1" else {"FromPort": key[1], "ToPort": key[2]}
        at = groups.setdefault(key, {"IpProtocol": key[0], **ports, "IpRanges": [],
                                     "Ipv6Ranges": [], "PrefixListIds": [],
                                     "UserIdGroupPairs": []})
        text = {"Description": rule["Description"]} if rule.get("Description") else {}
        if "CidrIpv4" in rule:
            at["IpRanges"].append({"CidrIp": rule["CidrIpv4"], **text})
        elif "CidrIpv6" in rule:
            at["Ipv6Ranges"].append({"CidrIpv6": rule["CidrIpv6"], **text})
        elif "PrefixListId" in rule:
            at["PrefixListIds"].append({"PrefixListId": rule["PrefixListId"], **text})
        else:
            at["UserIdGroupPairs"].append(
                {"GroupId": rule["ReferencedGroupInfo"]["GroupId"], "UserId": owner, **text})
    return list(groups.values())


def lets_in(groups: list[Resource], protocol: str, port: int, addresses: list[str],
            source_groups: list[str]) -> bool:
    """Whether an ingress rule allows one of these sources."""
    for group in groups:
        for rule in group["_rules"]:
            if rule["IsEgress"] or rule["IpProtocol"] not in (protocol, "-1"):
                continue
            if rule["IpProtocol"] != "-1" and not rule["FromPort"] <= port <= rule["ToPort"]:
                continue
            if rule.get("ReferencedGroupInfo", {}).get("GroupId") in source_groups:
                return True
            for member in ("CidrIpv4", "CidrIpv6"):
                if member in rule and any(ipaddress.ip_address(a) in ipaddress.ip_network(
                        rule[member]) for a in addresses):
                    return True
    return False
