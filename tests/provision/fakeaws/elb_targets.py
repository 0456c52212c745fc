"""Target groups, registered targets and their health."""
from __future__ import annotations

import ipaddress
from typing import Any, Optional

from . import elb_common, groups
from .elb_common import the
from .errors import AwsError
from .registry import Call, handles
from .world import Region, Resource, World

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "deregistration_delay.timeout_seconds": (), "stickiness.enabled": ("true", "false"),
    "stickiness.type": ("source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"),
    "preserve_client_ip.enabled": ("true", "false"), "proxy_protocol_v2.enabled":
    ("true", "false"), "deregistration_delay.connection_termination.enabled": ("true", "false"),
    "load_balancing.cross_zone.enabled": ("true", "false", "use_load_balancer_configuration")}
NETWORK = ("TCP", "UDP", "TLS", "TCP_UDP")


def make_target_group(world: World, region: Region, params: dict[str, Any]) -> Resource:
    """Makes a target group from the parameters of CreateTargetGroup and AWS's defaults."""
    name = params["Name"]
    arn = world.arn("elasticloadbalancing", region.name, f"targetgroup/{name}/{world.hex(16)}")
    network = params.get("Protocol") in NETWORK
    check = params.get("HealthCheckProtocol", "TCP" if network else "HTTP")
    group: Resource = {
        "TargetGroupArn": arn, "TargetGroupName": name, "Protocol": params.get("Protocol"),
        "Port": params.get("Port"), "VpcId": params.get("VpcId"),
        "TargetType": params.get("TargetType", "instance"), "IpAddressType": "ipv4",
        "HealthCheckProtocol": check, "HealthCheckPort": params.get("HealthCheckPort",
                                                                    "traffic-port"),
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": params.get("HealthCheckIntervalSeconds", 30),
        "HealthCheckTimeoutSeconds": params.get("HealthCheckTimeoutSeconds", 10),
        "HealthyThresholdCount": params.get("HealthyThresholdCount", 5),
        "UnhealthyThresholdCount": params.get("UnhealthyThresholdCount", 2),
        "_tags": elb_common.check_tags(params.get("Tags", [])), "_attributes": {
            "deregistration_delay.timeout_seconds": "300", "stickiness.enabled": "false",
            "stickiness.type": "source_ip", "preserve_client_ip.enabled": "true"}}
    if check != "TCP":
        group["HealthCheckPath"] = params.get("HealthCheckPath", "/")
        group["Matcher"] = params.get("Matcher", {"HttpCode": "200-399" if network else "200"})
    region.table("target_groups")[arn] = group
    return group


def balancers_of(call: Call, arn: str) -> list[str]:
    """The load balancers whose listeners forward to the target group."""
    return list(dict.fromkeys(
        listener["LoadBalancerArn"] for listener in call.table("listeners").values()
        if any(a.get("TargetGroupArn") == arn for a in listener["DefaultActions"])))


def shown(call: Call, group: Resource) -> Resource:
    return {**group, "LoadBalancerArns": balancers_of(call, group["TargetGroupArn"])}


@handles("elbv2", "DescribeTargetGroups")
def describe_groups(call: Call) -> dict[str, Any]:
    given = [p for p in ("LoadBalancerArn", "TargetGroupArns", "Names") if call.get(p)]
    if len(given) > 1:
        raise AwsError("ValidationError", "Only one of load balancer ARN, target group ARNs and"
                       " names can be specified")
    items = call.seen("target_groups")
    if "LoadBalancerArn" in given:
        arn = call.params["LoadBalancerArn"]
        the(call, "load_balancers", arn)
        items = [g for g in items if arn in balancers_of(call, g["TargetGroupArn"])]
    elif "TargetGroupArns" in given:
        items = [the(call, "target_groups", a) for a in dict.fromkeys(call.params[given[0]])]
    elif given:
        names = call.params["Names"]
        for name in names:
            if name not in [g["TargetGroupName"] for g in items]:
                raise AwsError("TargetGroupNotFound", "One or more target groups not found")
        items = [g for g in items if g["TargetGroupName"] in names]
    return elb_common.elb_page(call, "TargetGroups", [shown(call, g) for g in items])


def _check_group(call: Call) -> None:
    p = call.params
    elb_common.check_name(p["Name"], "target group")
    if p.get("TargetType", "instance") != "lambda":
        for name in ("Protocol", "Port", "VpcId"):
            if name not in p:
                raise AwsError("ValidationError", f"A {name.lower()} must be specified")
        if call.find("vpcs", p["VpcId"]) is None:
            raise AwsError("ValidationError", f"The VPC ID '{p['VpcId']}' is not found")
    if p.get("Protocol") in NETWORK and p.get("HealthCheckProtocol", "TCP") not in (
            "TCP", "HTTP", "HTTPS"):
        raise AwsError("InvalidConfigurationRequest", f"Health check protocol"
                       f" '{p['HealthCheckProtocol']}' is not supported for target groups with the"
                       f" protocol '{p['Protocol']}'")
    port = p.get("HealthCheckPort", "traffic-port")
    if port != "traffic-port" and not (port.isdigit() and 1 <= int(port) <= 65535):
        raise AwsError("ValidationError", f"Health check port '{port}' is not valid")
    if p.get("HealthCheckProtocol", "TCP") == "TCP" and p.get("Protocol") in NETWORK \
            and ("HealthCheckPath" in p or "Matcher" in p):
        raise AwsError("InvalidConfigurationRequest", "Health check path and matcher are not"
                       " supported for health checks with the protocol TCP")


@handles("elbv2", "CreateTargetGroup")
def create_group(call: Call) -> dict[str, Any]:
    _check_group(call)
    elb_common.check_tags(call.get("Tags", []))
    name = call.params["Name"]
    old = elb_common.by_name(call, "target_groups", "TargetGroupName", name)
    if old is not None:
        if old.get("_made") == call.params:
            return {"TargetGroups": [shown(call, old)]}
        raise AwsError("DuplicateTargetGroupName", f"A target group with the same name '{name}'"
                       " exists, but with different settings")
    if len(call.table("target_groups")) >= call.world.settings.target_groups:
        raise AwsError("TooManyTargetGroups", "You have reached the maximum number of target"
                       " groups")
    group = make_target_group(call.world, call.region, call.params)
    group["_made"] = dict(call.params)
    call.add("target_groups", group["TargetGroupArn"], group)
    return {"TargetGroups": [shown(call, group)]}


@handles("elbv2", "DescribeTargetGroupAttributes")
def describe_attributes(call: Call) -> dict[str, Any]:
    return elb_common.attributes(the(call, "target_groups", call.params["TargetGroupArn"]))


@handles("elbv2", "ModifyTargetGroupAttributes")
def modify_attributes(call: Call) -> dict[str, Any]:
    group = the(call, "target_groups", call.params["TargetGroupArn"])
    elb_common.set_attributes(call, group, ATTRIBUTES)
    call.changed("target_groups", group["TargetGroupArn"])
    return elb_common.attributes(group)


@handles("elbv2", "ModifyTargetGroup")
def modify_group(call: Call) -> dict[str, Any]:
    group = the(call, "target_groups", call.params["TargetGroupArn"])
    new = {**group, **{k: v for k, v in call.params.items() if k != "TargetGroupArn"}}
    if new["Protocol"] in NETWORK and new["HealthCheckProtocol"] not in ("TCP", "HTTP", "HTTPS"):
        raise AwsError("InvalidConfigurationRequest", "The health check protocol is not supported")
    if new["HealthCheckProtocol"] == "TCP":
        if "HealthCheckPath" in call.params or "Matcher" in call.params:
            raise AwsError("InvalidConfigurationRequest", "Health check path and matcher are not"
                           " supported for health checks with the protocol TCP")
        for member in ("HealthCheckPath", "Matcher"):
            group.pop(member, None)
            new.pop(member, None)
    else:
        new.setdefault("HealthCheckPath", "/")
        new.setdefault("Matcher", {"HttpCode": "200-399"})
    group.update(new)
    call.changed("target_groups", group["TargetGroupArn"])
    return {"TargetGroups": [shown(call, group)]}


@handles("elbv2", "DeleteTargetGroup")
def delete_group(call: Call) -> dict[str, Any]:
    arn = call.params["TargetGroupArn"]
    if ":targetgroup/" not in arn:
        raise AwsError("ValidationError", f"'{arn}' is not a valid target group ARN")
    if arn not in call.table("target_groups"):
        return {}
    if balancers_of(call, arn):
        raise AwsError("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or"
                       " a rule")
    for key in [k for k in call.table("registrations") if k.startswith(arn + "|")]:
        call.delete("registrations", key)
    call.delete("target_groups", arn)
    return {}


# --- targets ----------------------------------------------------------------
def _targets(call: Call, group: Resource) -> list[tuple[str, Resource]]:
    """The key and registration of each target in the request."""
    found = []
    for target in call.params["Targets"]:
        name, port = target["Id"], target.get("Port", group["Port"])
        if group["TargetType"] == "instance":
            instance = call.find("instances", name)
            if instance is None:
                raise AwsError("InvalidTarget", "The following targets are not in a running state"
                               f" or do not exist: '{name}'")
            if instance["VpcId"] != group["VpcId"]:
                raise AwsError("InvalidTarget", f"The following targets are not in the target group"
                               f" VPC '{group['VpcId']}': '{name}'")
        else:
            try:
                ipaddress.ip_address(name)
            except ValueError:
                raise AwsError("ValidationError", f"The IP address '{name}' is not valid") from None
        found.append((f"{group['TargetGroupArn']}|{name}|{port}",
                      {"Id": name, "Port": port, "_group": group["TargetGroupArn"]}))
    return found


@handles("elbv2", "RegisterTargets")
def register(call: Call) -> dict[str, Any]:
    group = the(call, "target_groups", call.params["TargetGroupArn"])
    found = _targets(call, group)
    for _, target in found:
        instance = call.table("instances").get(target["Id"])
        if instance is not None and instance["State"]["Name"] != "running":
            raise AwsError("InvalidTarget", "The following targets are not in a running state and"
                           f" cannot be registered: '{target['Id']}'")
    table = call.table("registrations")
    for key, target in found:
        if key not in table or "_gone_at" in table[key]:
            target["_since"] = call.world.seconds()
            table[key] = target
            call.mutated.append(f"+registrations/{key}")
    return {}


@handles("elbv2", "DeregisterTargets")
def deregister(call: Call) -> dict[str, Any]:
    group = the(call, "target_groups", call.params["TargetGroupArn"])
    for key, target in _targets(call, group):
        there = call.table("registrations").get(key)
        if there is not None:
            there["_gone_at"] = call.world.seconds() + call.world.settings.drain_seconds
            call.mutated.append(f"-registrations/{key}")
    call.world.tick()
    return {}


# --- health -----------------------------------------------------------------
def _instance_of(call: Call, target: Resource) -> Optional[Resource]:
    if target["Id"] in call.table("instances"):
        return call.table("instances")[target["Id"]]
    for eni in call.table("enis").values():
        if eni["PrivateIpAddress"] == target["Id"]:
            return call.table("instances").get(eni.get("Attachment", {}).get("InstanceId", ""))
    return None


def _answers(call: Call, group: Resource, target: Resource, instance: Resource) -> bool:
    """Whether the health check passes, given open ports and security groups."""
    port = target["Port"] if group["HealthCheckPort"] == "traffic-port" \
        else int(group["HealthCheckPort"])
    if port not in instance.get("_listens", []):
        return False
    allowing = [call.table("security_groups")[g["GroupId"]] for g in instance["SecurityGroups"]]
    for arn in balancers_of(call, group["TargetGroupArn"]):
        balancer = call.table("load_balancers")[arn]
        addresses = [e["PrivateIpAddress"] for e in call.table("enis").values()
                     if e.get("_balancer") == arn]
        if not groups.lets_in(allowing, "tcp", port, addresses,
                              balancer.get("SecurityGroups", [])):
            return False
    return True


def health(call: Call, group: Resource, target: Resource) -> dict[str, str]:
    instance = _instance_of(call, target)
    balancers = [call.table("load_balancers")[a] for a in
                 balancers_of(call, group["TargetGroupArn"])]
    if "_gone_at" in target:
        return {"State": "draining", "Reason": "Target.DeregistrationInProgress",
                "Description": "Target deregistration is in progress"}
    if not balancers:
        return {"State": "unused", "Reason": "Target.NotInUse", "Description": "Target group is not"
                " configured to receive traffic from the load balancer"}
    if instance is not None and instance["State"]["Name"] != "running":
        return {"State": "unused", "Reason": "Target.InvalidState",
                "Description": "Target is in the stopped state"}
    zones = {z["ZoneName"] for b in balancers for z in b["AvailabilityZones"]}
    if instance is not None and instance["Placement"]["AvailabilityZone"] not in zones:
        return {"State": "unused", "Reason": "Target.NotInUse", "Description": "Target is in an"
                " Availability Zone that is not enabled for the load balancer"}
    ready = max([b["_ready_at"] for b in balancers] + [target["_since"]])
    if call.world.seconds() < ready + call.world.settings.health_seconds:
        return {"State": "initial", "Reason": "Elb.InitialHealthChecking",
                "Description": "Initial health checks in progress"}
    if instance is None or not _answers(call, group, target, instance):
        return {"State": "unhealthy", "Reason": "Target.FailedHealthChecks",
                "Description": "Health checks failed"}
    return {"State": "healthy"}


@handles("elbv2", "DescribeTargetHealth")
def describe_health(call: Call) -> dict[str, Any]:
    group = the(call, "target_groups", call.params["TargetGroupArn"])
    table = call.table("registrations")
    keys = [k for k, r in table.items() if r["_group"] == group["TargetGroupArn"]]
    unregistered: list[Resource] = []
    if call.get("Targets"):
        wanted = _targets(call, group)
        keys = [k for k, _ in wanted if k in table]
        unregistered = [t for k, t in wanted if k not in table]
    port = str(group["HealthCheckPort"])
    return {"TargetHealthDescriptions": [
        {"Target": table[k], "HealthCheckPort": str(table[k]["Port"]) if port == "traffic-port"
         else port, "TargetHealth": health(call, group, table[k])} for k in keys] + [
        {"Target": t, "TargetHealth": {"State": "unused", "Reason": "Target.NotRegistered",
                                       "Description": "Target is not registered to the target"
                                       " group"}} for t in unregistered]}
