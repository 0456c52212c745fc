"""The permissions a call needs, and how each service refuses it."""
from __future__ import annotations

from typing import Optional

from .ec2_common import KINDS, TAG_TYPES, group_rule
from .errors import AwsError
from .policy import Context
from .registry import Call

PREFIX = {"elbv2": "elasticloadbalancing", "elb": "elasticloadbalancing"}
# Parameters that name a resource to which IAM policies apply.
EC2_IDS = {"TrafficMirrorSessionId": "traffic-mirror-session",
           "TrafficMirrorTargetId": "traffic-mirror-target",
           "TrafficMirrorFilterId": "traffic-mirror-filter",
           "TrafficMirrorFilterRuleId": "traffic-mirror-filter-rule",
           "NetworkInterfaceId": "network-interface", "GroupId": "security-group",
           "VpcId": "vpc", "GatewayLoadBalancerEndpointId": "vpc-endpoint"}
EC2_MAKES = {"CreateTrafficMirrorSession": "traffic-mirror-session",
             "CreateTrafficMirrorTarget": "traffic-mirror-target",
             "CreateTrafficMirrorFilter": "traffic-mirror-filter",
             "CreateTrafficMirrorFilterRule": "traffic-mirror-filter-rule",
             "CreateSecurityGroup": "security-group"}


def _ec2_resources(call: Call) -> list[str]:
    if not call.write:
        return ["*"]
    used = {p: kind for p, kind in EC2_IDS.items() if p in call.params}
    target = call.table("mirror_targets").get(call.get("TrafficMirrorTargetId", ""), {})
    shared = target.get("OwnerId", call.world.account) != call.world.account
    if shared:
        used.pop("TrafficMirrorTargetId")
    names = [f"{kind}/{call.params[p]}" for p, kind in used.items()]
    if call.name in EC2_MAKES:
        names.append(EC2_MAKES[call.name] + "/*")
    for key in call.get("Resources", []):
        kind = TAG_TYPES.get(key.partition("-")[0])
        names += [f"{kind}/{key}"] if kind else []
    arns = [call.arn("ec2", n) for n in names]
    if shared:  # AWS checks the ARN that it has in the account of its owner
        arns.append(f"arn:aws:ec2:{call.region.name}:{target['OwnerId']}:"
                    f"traffic-mirror-target/{target['TrafficMirrorTargetId']}")
    return arns or ["*"]


def _elb_resources(call: Call) -> list[str]:
    if not call.write:
        return ["*"]
    if call.name == "CreateLoadBalancer":
        kind = {"network": "net", "gateway": "gwy"}.get(call.get("Type", ""), "app")
        return [call.arn("elasticloadbalancing",
                         f"loadbalancer/{kind}/{call.params['Name']}/*")]
    if call.name == "CreateTargetGroup":
        return [call.arn("elasticloadbalancing", f"targetgroup/{call.params['Name']}/*")]
    names = [call.params[p] for p in ("LoadBalancerArn", "TargetGroupArn", "ListenerArn")
             if p in call.params]
    return (names or call.get("ResourceArns") or ["*"])[:20]


def _tags(call: Call, resource: str) -> Context:
    """The condition keys of an existing resource."""
    if call.service == "ec2":
        key = resource.rpartition("/")[2]
        table = KINDS.get(key.partition("-")[0], ("",))[0]
        found = call.table(table).get(key) if table else group_rule(call, key)
        tags = found.get("Tags", []) if found else []
    else:
        tables = ("load_balancers", "target_groups", "listeners")
        found = next((call.table(t)[resource] for t in tables if resource in call.table(t)), None)
        tags = found.get("_tags", []) if found else []
    new = call.get("Tags", []) if call.name in ("CreateTags", "AddTags") else []
    return {**{f"aws:resourcetag/{t['Key'].lower()}": t.get("Value", "") for t in tags},
            **{f"aws:requesttag/{t['Key'].lower()}": t.get("Value", "") for t in new}}


def needed(call: Call) -> list[tuple[str, str, Context]]:
    """The actions, with the resource and condition keys of each."""
    if call.service == "sts":
        return []  # GetCallerIdentity needs none; AssumeRole is decided by trust policies
    prefix = PREFIX.get(call.service, call.service)
    if call.service == "ec2":
        resources = _ec2_resources(call)
    elif call.service in ("elbv2", "elb"):
        resources = _elb_resources(call)
    else:
        resources = ["*"]
    actions = [(f"{prefix}:{call.name}", r, _tags(call, r)) for r in resources]
    if call.service == "ec2":
        for spec in call.get("TagSpecifications", []):
            kind = spec.get("ResourceType", "*")
            actions.append(("ec2:CreateTags", call.arn("ec2", f"{kind}/*"),
                            {"ec2:createaction": call.name}))
    if call.service == "elbv2" and call.name.startswith("Create"):
        if call.get("Tags"):
            actions.append(("elasticloadbalancing:AddTags", resources[0],
                            {"elasticloadbalancing:createaction": call.name}))
        if call.name == "CreateLoadBalancer" and not call.world.settings.elb_role_exists:
            actions.append(("iam:CreateServiceLinkedRole",
                            f"arn:aws:iam::{call.world.account}:role/aws-service-role/"
                            "elasticloadbalancing.amazonaws.com/"
                            "AWSServiceRoleForElasticLoadBalancing",
                            {"iam:awsservicename": "elasticloadbalancing.amazonaws.com"}))
    return actions


def denied(call: Call) -> Optional[AwsError]:
    """Refuses the call if the policy of the caller does not allow it."""
    policy = call.world.policy_of(call.key.arn)
    for action, resource, context in needed(call):
        if policy.allows(action, resource, context):
            continue
        text = (f"User: {call.key.arn} is not authorized to perform: {action} on resource:"
                f" {resource} because no identity-based policy allows the {action} action")
        if call.service == "ec2":
            return AwsError("UnauthorizedOperation", "You are not authorized to perform this"
                            f" operation. {text}", 403)
        if call.service in ("ecs", "servicequotas"):
            return AwsError("AccessDeniedException", text)
        return AwsError("AccessDenied", text, 403)
    return None
