"""Load balancers: creation, health, order of deletion."""
from typing import Any

from .kit import Aws, test


def build(aws: Aws) -> dict[str, Any]:
    """An internal NLB with a UDP listener and collectors."""
    vpc = next(iter(aws.table("vpcs")))
    group = aws("ec2", "create-security-group", "--group-name", "nlb", "--description", "d",
                "--vpc-id", vpc)["GroupId"]
    balancer = ["elbv2", "create-load-balancer", "--name", "mirror", "--type", "network",
                "--scheme", "internal", "--security-groups", group, "--subnets",
                *list(aws.table("subnets"))[:2], "--tags", "Key=a,Value=b"]
    lb = aws(*balancer)["LoadBalancers"][0]
    assert lb["State"]["Code"] == "provisioning"
    target_group = ["elbv2", "create-target-group", "--name", "mirror", "--protocol", "UDP",
                    "--port", "4789", "--vpc-id", vpc, "--target-type", "instance",
                    "--health-check-protocol", "TCP", "--health-check-port", "4789"]
    tg = aws(*target_group)["TargetGroups"][0]["TargetGroupArn"]
    aws("elbv2", "modify-target-group-attributes", "--target-group-arn", tg, "--attributes",
        "Key=stickiness.enabled,Value=true", "Key=stickiness.type,Value=source_ip")
    aws("elbv2", "modify-load-balancer-attributes", "--load-balancer-arn", lb["LoadBalancerArn"],
        "--attributes", "Key=load_balancing.cross_zone.enabled,Value=true")
    targets = [{"Id": aws.named("instances", f"collector-{i}")["InstanceId"]} for i in (1, 2)]
    aws("elbv2", "register-targets", "--target-group-arn", tg, "--targets", targets)
    listener = ["elbv2", "create-listener", "--load-balancer-arn", lb["LoadBalancerArn"],
                "--protocol", "UDP", "--port", "4789", "--default-actions",
                f"Type=forward,TargetGroupArn={tg}"]
    li = aws(*listener)["Listeners"][0]["ListenerArn"]
    return {"lb": lb["LoadBalancerArn"], "tg": tg, "li": li, "sg": group, "words": {
        "lb": balancer, "tg": target_group, "li": listener}, "targets": targets}


def states(aws: Aws, tg: str) -> set[str]:
    found = aws("elbv2", "describe-target-health", "--target-group-arn", tg)
    return {t["TargetHealth"]["State"] for t in found["TargetHealthDescriptions"]}


@test("an NLB becomes active, its targets healthy if ports and groups allow it")
def health(aws: Aws) -> None:
    aws.set(lb_seconds=100, health_seconds=100)
    made = build(aws)
    assert states(aws, made["tg"]) == {"initial"}
    aws.set(clock_offset=150)
    assert states(aws, made["tg"]) == {"initial"}
    aws.set(clock_offset=250)
    lb = aws("elbv2", "describe-load-balancers", "--names", "mirror")["LoadBalancers"][0]
    assert lb["State"]["Code"] == "active" and lb["Scheme"] == "internal"
    assert states(aws, made["tg"]) == {"unhealthy"}
    aws("ec2", "authorize-security-group-ingress", "--group-id",
        aws.named("security_groups", "collector")["GroupId"], "--ip-permissions",
        f"IpProtocol=tcp,FromPort=4789,ToPort=4789,UserIdGroupPairs=[{{GroupId={made['sg']}}}]")
    assert states(aws, made["tg"]) == {"healthy"}
    aws.make("set_instance", name="collector-1", listens=[])
    assert states(aws, made["tg"]) == {"healthy", "unhealthy"}


@test("an identical create changes nothing, a different one is a duplicate")
def idempotent(aws: Aws) -> None:
    made = build(aws)
    before = aws.changes()
    for words in made["words"].values():
        aws(*words)
    assert aws.changes() == before
    lb, tg, li = (made["words"][k] for k in ("lb", "tg", "li"))
    aws.refuses("DuplicateLoadBalancerName", *lb[:-2])
    aws.refuses("DuplicateTargetGroupName", *tg, "--health-check-interval-seconds", "10")
    other = aws("elbv2", "create-target-group", "--name", "other", "--protocol", "UDP", "--port",
                "4789", "--vpc-id", next(iter(aws.table("vpcs"))))["TargetGroups"][0]
    aws.refuses("DuplicateListener", *li[:-1],
                f"Type=forward,TargetGroupArn={other['TargetGroupArn']}")


@test("deletion in the required order leaves nothing behind")
def deletion(aws: Aws) -> None:
    aws.set(eni_linger_seconds=100)
    made = build(aws)
    aws.refuses("ResourceInUse", "elbv2", "delete-target-group", "--target-group-arn", made["tg"])
    aws("elbv2", "deregister-targets", "--target-group-arn", made["tg"], "--targets",
        made["targets"])
    aws("elbv2", "delete-listener", "--listener-arn", made["li"])
    aws("elbv2", "delete-load-balancer", "--load-balancer-arn", made["lb"])
    aws("elbv2", "delete-load-balancer", "--load-balancer-arn", made["lb"])
    aws("elbv2", "delete-target-group", "--target-group-arn", made["tg"])
    aws.refuses("DependencyViolation", "ec2", "delete-security-group", "--group-id", made["sg"])
    aws.set(clock_offset=110)
    aws("ec2", "delete-security-group", "--group-id", made["sg"])
    assert aws.changes() == {"created": [], "deleted": [], "changed": []}
    aws.refuses("LoadBalancerNotFound", "elbv2", "describe-load-balancers", "--names", "mirror")
    aws.refuses("ListenerNotFound", "elbv2", "delete-listener", "--listener-arn", made["li"])


@test("invalid requests for load balancers")
def refusals(aws: Aws) -> None:
    words = ["elbv2", "create-load-balancer", "--type", "network", "--scheme", "internal",
             "--name", "x"]
    subnets = list(aws.table("subnets"))
    aws.refuses("SubnetNotFound", *words, "--subnets", "subnet-00000000000000000")
    aws.refuses("ValidationError", *words[:-1], "bad_name", "--subnets", subnets[0])
    aws.refuses("InvalidSecurityGroup", *words, "--subnets", subnets[0], "--security-groups",
                "sg-00000000000000000")
    aws.make("subnet", name="second", vpc=None, zone="a", cidr="10.0.200.0/24")
    same = aws.named("subnets", "second")["SubnetId"]
    aws.refuses("InvalidConfigurationRequest", *words, "--subnets", subnets[0], same)
    tg = ["elbv2", "create-target-group", "--name", "t", "--protocol", "UDP", "--port", "4789",
          "--vpc-id", next(iter(aws.table("vpcs")))]
    arn = aws(*tg)["TargetGroups"][0]["TargetGroupArn"]
    asleep = aws.named("instances", "asleep")["InstanceId"]
    aws.refuses("InvalidTarget", "elbv2", "register-targets", "--target-group-arn", arn,
                "--targets", f"Id={asleep}")
    listener = ["elbv2", "create-listener", "--load-balancer-arn", next(
        a for a in aws.table("load_balancers") if "/net/" in a), "--port", "4789",
        "--default-actions", f"Type=forward,TargetGroupArn={arn}", "--protocol"]
    aws.refuses("IncompatibleProtocols", *listener, "TCP")
    aws.refuses("UnsupportedProtocol", *listener, "HTTP")


@test("tags and attributes of load balancers")
def tags(aws: Aws) -> None:
    arn = next(a for a in aws.table("load_balancers") if "/net/" in a)
    aws("elbv2", "add-tags", "--resource-arns", arn, "--tags", "Key=k,Value=v")
    found = aws("elbv2", "describe-tags", "--resource-arns", arn)["TagDescriptions"][0]["Tags"]
    assert found == [{"Key": "k", "Value": "v"}]
    aws("elbv2", "remove-tags", "--resource-arns", arn, "--tag-keys", "k")
    aws.refuses("InvalidConfigurationRequest", "elbv2", "modify-load-balancer-attributes",
                "--load-balancer-arn", arn, "--attributes", "Key=idle,Value=1")
    found = aws("elbv2", "describe-load-balancer-attributes", "--load-balancer-arn", arn)
    assert {"Key": "load_balancing.cross_zone.enabled", "Value": "false"} in found["Attributes"]
    assert not aws("elbv2", "describe-listeners", "--load-balancer-arn", arn)["Listeners"]
    assert not aws("elbv2", "describe-target-groups")["TargetGroups"]
