"""Targets, filters, rules, sessions: references, quotas, dependencies."""
from typing import Any

from .kit import Aws, test


def target(aws: Aws, instance: str = "collector-1", *more: str) -> str:
    key: str = aws("ec2", "create-traffic-mirror-target", "--network-interface-id",
                   aws.first_eni(instance), *more)["TrafficMirrorTarget"]["TrafficMirrorTargetId"]
    return key


def new_filter(aws: Aws, *more: str) -> str:
    key: str = aws("ec2", "create-traffic-mirror-filter",
                   *more)["TrafficMirrorFilter"]["TrafficMirrorFilterId"]
    return key


def rule_words(filter_id: str, number: int, direction: str = "ingress") -> list[str]:
    return ["ec2", "create-traffic-mirror-filter-rule", "--traffic-mirror-filter-id", filter_id,
            "--traffic-direction", direction, "--rule-number", str(number), "--rule-action",
            "accept", "--destination-cidr-block", "0.0.0.0/0", "--source-cidr-block", "0.0.0.0/0"]


def session_words(eni: str, target_id: str, filter_id: str, number: int = 1) -> list[str]:
    return ["ec2", "create-traffic-mirror-session", "--network-interface-id", eni,
            "--traffic-mirror-target-id", target_id, "--traffic-mirror-filter-id", filter_id,
            "--session-number", str(number)]


@test("a complete setup with tags; removal leaves nothing behind")
def life(aws: Aws) -> None:
    tags = ("--tag-specifications", "ResourceType=traffic-mirror-{},Tags=[{{Key=a,Value=b}}]")
    t = target(aws, "collector-1", tags[0], tags[1].format("target"))
    f = new_filter(aws, tags[0], tags[1].format("filter"), "--description", "d")
    rule = aws(*rule_words(f, 100), "--protocol", "6", "--destination-port-range",
               "FromPort=80,ToPort=80")["TrafficMirrorFilterRule"]
    assert rule["DestinationPortRange"] == {"FromPort": 80, "ToPort": 80}
    aws(*rule_words(f, 100, "egress"))
    s = aws(*session_words(aws.first_eni("web-1"), t, f), "--virtual-network-id", "77", tags[0],
            tags[1].format("session"))["TrafficMirrorSession"]
    assert s["VirtualNetworkId"] == 77 and s["Tags"] == [{"Key": "a", "Value": "b"}]
    found = aws("ec2", "describe-traffic-mirror-filters")["TrafficMirrorFilters"][0]
    assert len(found["IngressFilterRules"]) == len(found["EgressFilterRules"]) == 1
    key = s["TrafficMirrorSessionId"]
    aws.refuses("TrafficMirrorFilterInUse", "ec2", "delete-traffic-mirror-filter",
                "--traffic-mirror-filter-id", f)
    aws.refuses("TrafficMirrorTargetInUseException", "ec2", "delete-traffic-mirror-target",
                "--traffic-mirror-target-id", t)
    aws("ec2", "delete-traffic-mirror-session", "--traffic-mirror-session-id", key)
    aws("ec2", "delete-traffic-mirror-target", "--traffic-mirror-target-id", t)
    aws("ec2", "delete-traffic-mirror-filter-rule", "--traffic-mirror-filter-rule-id",
        rule["TrafficMirrorFilterRuleId"])
    aws("ec2", "delete-traffic-mirror-filter", "--traffic-mirror-filter-id", f)
    assert aws.changes() == {"created": [], "deleted": [], "changed": []}
    for what, gone in (("session", key), ("target", t), ("filter", f)):
        code = f"InvalidTrafficMirror{what.capitalize()}Id.NotFound"
        aws.refuses(code, "ec2", f"delete-traffic-mirror-{what}", f"--traffic-mirror-{what}-id",
                    gone)


@test("references must exist")
def references(aws: Aws) -> None:
    t, f, eni = target(aws), new_filter(aws), aws.first_eni("web-1")
    none = "0" * 17
    aws.refuses("InvalidNetworkInterfaceID.NotFound", *session_words(f"eni-{none}", t, f))
    aws.refuses("InvalidTrafficMirrorTargetId.NotFound", *session_words(eni, f"tmt-{none}", f))
    aws.refuses("InvalidTrafficMirrorFilterId.NotFound", *session_words(eni, t, f"tmf-{none}"))
    aws.refuses("InvalidTrafficMirrorFilterId.NotFound", *rule_words(f"tmf-{none}", 1))
    aws.refuses("InvalidTrafficMirrorTarget", "ec2", "create-traffic-mirror-target",
                "--network-load-balancer-arn", next(
                    a for a in aws.table("load_balancers") if "/app/" in a))
    aws.refuses("InvalidTrafficMirrorFilterRuleId.NotFound", "ec2",
                "delete-traffic-mirror-filter-rule", "--traffic-mirror-filter-rule-id",
                f"tmfr-{none}")


@test("rules: numbers, quota, ports, address families, modification")
def rules(aws: Aws) -> None:
    f = new_filter(aws)
    key = aws(*rule_words(f, 1))["TrafficMirrorFilterRule"]["TrafficMirrorFilterRuleId"]
    aws.refuses("TrafficMirrorFilterRuleAlreadyExists", *rule_words(f, 1))
    aws(*rule_words(f, 1, "egress"))
    for number in (0, 32767):
        aws.refuses("InvalidParameterValue", *rule_words(f, number))
    aws.refuses("InvalidParameterCombination", *rule_words(f, 2), "--destination-port-range",
                "FromPort=1,ToPort=2")
    aws.refuses("InvalidParameterValue", *rule_words(f, 2), "--protocol", "6",
                "--destination-port-range", "FromPort=3,ToPort=2")
    aws.refuses("InvalidParameterValue", *rule_words(f, 2)[:-1], "::/0")
    aws.refuses("InvalidParameterValue", *rule_words(f, 2)[:-1], "10.0.0.1/8")
    changed = aws("ec2", "modify-traffic-mirror-filter-rule", "--traffic-mirror-filter-rule-id",
                  key, "--rule-action", "reject", "--rule-number", "9")["TrafficMirrorFilterRule"]
    assert (changed["RuleAction"], changed["RuleNumber"]) == ("reject", 9)
    for number in range(10, 18):
        aws(*rule_words(f, number))
    aws.refuses("TrafficMirrorFilterRuleLimitExceeded", *rule_words(f, 30))
    services = aws("ec2", "modify-traffic-mirror-filter-network-services",
                   "--traffic-mirror-filter-id", f, "--add-network-services", "amazon-dns")
    assert services["TrafficMirrorFilter"]["NetworkServices"] == ["amazon-dns"]


@test("sessions: numbers, three per interface, ten sources per interface target")
def quotas(aws: Aws) -> None:
    aws.make("instances", name="more", count=11)
    t, f, eni = target(aws), new_filter(aws), aws.first_eni("web-1")
    for number in (1, 7, 32766):
        aws(*session_words(eni, t, f, number))
    aws.refuses("TrafficMirrorSessionsPerInterfaceLimitExceeded", *session_words(eni, t, f, 2))
    aws.refuses("InvalidParameterValue", *session_words(eni, t, f, 7))
    for number in (0, 32767):
        aws.refuses("InvalidParameterValue",
                    *session_words(aws.first_eni("web-2"), t, f, number))
    for i in range(1, 10):
        aws(*session_words(aws.first_eni(f"more-{i}"), t, f))
    text = aws.refuses("TrafficMirrorSourcesPerTargetLimitExceeded",
                       *session_words(aws.first_eni("more-10"), t, f))
    assert "(11)" in text


@test("interfaces that cannot be sources")
def sources(aws: Aws) -> None:
    t, f = target(aws), new_filter(aws)
    kinds: dict[str, Any] = {e["Description"].partition("/")[0]: k
                             for k, e in aws.table("enis").items()}
    aws.refuses("NetworkInterfaceNotSupported", *session_words(aws.first_eni("old"), t, f))
    aws.refuses("NetworkInterfaceNotSupported", *session_words(kinds["ELB net"], t, f))
    aws.refuses("InvalidParameterValue", *session_words(aws.first_eni("collector-1"), t, f))
    aws(*session_words(kinds["ELB app"], t, f))
    aws.set(mirror_lb=False)
    aws.refuses("NetworkInterfaceNotSupported", *session_words(kinds["ELB legacy"], t, f))
    aws.make("enis")
    free = next(k for k, e in aws.table("enis").items() if e["Status"] == "available")
    aws.refuses("NetworkInterfaceNotSupported", *session_words(free, t, f))


@test("packet lengths by target; modification and removal of fields")
def lengths(aws: Aws) -> None:
    arn = next(a for a in aws.table("load_balancers") if "/net/" in a)
    t, f = target(aws), new_filter(aws)
    nlb = aws("ec2", "create-traffic-mirror-target", "--network-load-balancer-arn",
              arn)["TrafficMirrorTarget"]
    assert nlb["Type"] == "network-load-balancer"
    words = session_words(aws.first_eni("web-1"), nlb["TrafficMirrorTargetId"], f)
    aws.refuses("InvalidParameterValue", *words, "--packet-length", "8501")
    s = aws(*words)["TrafficMirrorSession"]
    assert s["PacketLength"] == 8500
    key = ("ec2", "modify-traffic-mirror-session", "--traffic-mirror-session-id",
           s["TrafficMirrorSessionId"])
    s = aws(*key, "--traffic-mirror-target-id", t, "--packet-length", "9000",
            "--description", "x")["TrafficMirrorSession"]
    assert (s["PacketLength"], s["Description"]) == (9000, "x")
    s = aws(*key, "--remove-fields", "packet-length", "description")["TrafficMirrorSession"]
    assert s["PacketLength"] == 65535 and "Description" not in s
    aws.refuses("ResourceInUse", "elbv2", "delete-load-balancer", "--load-balancer-arn", arn)


@test("tags are created, found and deleted")
def tags(aws: Aws) -> None:
    f = new_filter(aws)
    aws("ec2", "create-tags", "--resources", f, "--tags", "Key=k,Value=v", "Key=l,Value=")
    found = aws("ec2", "describe-tags", "--filters", f"Name=resource-id,Values={f}")["Tags"]
    assert {t["Key"]: t["Value"] for t in found} == {"k": "v", "l": ""}
    assert found[0]["ResourceType"] == "traffic-mirror-filter"
    aws("ec2", "delete-tags", "--resources", f, "--tags", "Key=k")
    assert [t["Key"] for t in aws("ec2", "describe-traffic-mirror-filters")[
        "TrafficMirrorFilters"][0]["Tags"]] == ["l"]
    aws.refuses("InvalidParameterValue", "ec2", "create-tags", "--resources", f, "--tags",
                "Key=aws:x,Value=v")
    aws.refuses("InvalidParameterValue", "ec2", "create-traffic-mirror-filter",
                "--tag-specifications", "ResourceType=instance,Tags=[{Key=a,Value=b}]")


@test("security groups: rules, duplicates, use")
def groups(aws: Aws) -> None:
    vpc = next(iter(aws.table("vpcs")))
    words = ["ec2", "create-security-group", "--group-name", "g", "--description", "d",
             "--vpc-id", vpc]
    key = aws(*words)["GroupId"]
    aws.refuses("InvalidGroup.Duplicate", *words)
    udp = ["--group-id", key, "--ip-permissions",
           "IpProtocol=udp,FromPort=4789,ToPort=4789,IpRanges=[{CidrIp=10.0.0.0/8}]"]
    made = aws("ec2", "authorize-security-group-ingress", *udp)["SecurityGroupRules"]
    assert made[0]["CidrIpv4"] == "10.0.0.0/8"
    aws.refuses("InvalidPermission.Duplicate", "ec2", "authorize-security-group-ingress", *udp)
    shown = aws("ec2", "describe-security-groups", "--group-ids", key)["SecurityGroups"][0]
    assert shown["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "10.0.0.0/8"}]
    aws("ec2", "revoke-security-group-ingress", *udp)
    aws.refuses("InvalidPermission.NotFound", "ec2", "revoke-security-group-ingress", *udp)
    other = aws.named("security_groups", "web")["GroupId"]
    aws.refuses("DependencyViolation", "ec2", "delete-security-group", "--group-id", other)
    aws("ec2", "delete-security-group", "--group-id", key)
    aws.refuses("InvalidGroup.NotFound", "ec2", "delete-security-group", "--group-id", key)
    assert aws.changes() == {"created": [], "deleted": [], "changed": []}


@test("a session is deleted with its source")
def dies(aws: Aws) -> None:
    aws.make("mirror", source="web-1", target="collector-1")
    assert len(aws("ec2", "describe-traffic-mirror-sessions")["TrafficMirrorSessions"]) == 1
    aws.make("terminate", name="web-1")
    assert not aws("ec2", "describe-traffic-mirror-sessions")["TrafficMirrorSessions"]
    aws.make("stop_tasks", cluster="prod", service="api", count=2)
    aws.make("tasks", cluster="prod", service="api", count=1)
    found = aws("ecs", "list-tasks", "--cluster", "prod", "--service-name", "api")
    assert len(found["taskArns"]) == 2
