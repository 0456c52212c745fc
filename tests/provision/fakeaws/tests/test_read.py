"""Reading: every Describe and List call, filters and pages."""
from .kit import Aws, test


@test("each read of EC2 responds according to its model")
def ec2_reads(aws: Aws) -> None:
    for name, member, least in (
            ("describe-regions", "Regions", 10), ("describe-availability-zones",
                                                  "AvailabilityZones", 3),
            ("describe-instances", "Reservations", 8), ("describe-vpcs", "Vpcs", 1),
            ("describe-subnets", "Subnets", 3), ("describe-security-groups", "SecurityGroups", 3),
            ("describe-security-group-rules", "SecurityGroupRules", 6),
            ("describe-route-tables", "RouteTables", 1), ("describe-network-acls",
                                                          "NetworkAcls", 1),
            ("describe-network-interfaces", "NetworkInterfaces", 20),
            ("describe-vpc-endpoints", "VpcEndpoints", 1), ("describe-tags", "Tags", 8),
            ("describe-instance-types", "InstanceTypes", 100)):
        found = aws("ec2", name)[member]
        assert len(found) >= least, (name, len(found))


@test("paging returns every resource")
def pages(aws: Aws) -> None:
    whole = aws("ec2", "describe-network-interfaces")["NetworkInterfaces"]
    aws.set(page_size=3)
    for name, member in (("network-interfaces", "NetworkInterfaces"), ("instances",
                                                                       "Reservations")):
        assert aws("ec2", f"describe-{name}")[member]
    assert aws("ec2", "describe-network-interfaces")["NetworkInterfaces"] == whole
    calls = [e for e in aws.ask("GET", "journal")
             if e["operation"] == "ec2:DescribeNetworkInterfaces"]
    assert len(calls) >= len(whole) // 3
    aws.make("service", cluster="prod", name="many", mode="fargate", tasks=25)
    tasks = aws("ecs", "list-tasks", "--cluster", "prod", "--service-name", "many")["taskArns"]
    assert len(set(tasks)) == 25
    assert len(aws("elbv2", "describe-load-balancers")["LoadBalancers"]) == 2


@test("2,000 interfaces and 150 tasks")
def many(aws: Aws) -> None:
    aws.reset("many_enis=2000,ecs_tasks=150")
    assert len(aws("ec2", "describe-network-interfaces")["NetworkInterfaces"]) >= 2150
    arns = aws("ecs", "list-tasks", "--cluster", "prod", "--service-name", "many")["taskArns"]
    assert len(arns) == 150
    aws.refuses("InvalidParameterException", "ecs", "describe-tasks", "--cluster", "prod",
                "--tasks", *arns)
    found = aws("ecs", "describe-tasks", "--cluster", "prod", "--tasks", *arns[:100])["tasks"]
    assert len(found) == 100


@test("filters of EC2, with wildcards, tags and refusals")
def ec2_filters(aws: Aws) -> None:
    def enis(*filters: str) -> int:
        return len(aws("ec2", "describe-network-interfaces", "--filters",
                       *filters)["NetworkInterfaces"])
    assert enis("Name=description,Values=ELB app/front/*") == 2
    assert enis("Name=interface-type,Values=network_load_balancer") == 2
    instance = aws.named("instances", "web-1")["InstanceId"]
    assert enis(f"Name=attachment.instance-id,Values={instance}") == 2
    assert enis(f"Name=attachment.instance-id,Values={instance}",
                "Name=attachment.device-index,Values=1") == 1
    found = aws("ec2", "describe-instances", "--filters", "Name=tag:team,Values=shop",
                "Name=instance-state-name,Values=running")["Reservations"]
    assert len(found) == 2
    aws.refuses("InvalidParameterValue", "ec2", "describe-network-interfaces", "--filters",
                "Name=instance-id,Values=x")
    aws.refuses("InvalidParameterValue", "ec2", "describe-traffic-mirror-filters", "--filters",
                "Name=tag:a,Values=b")


@test("interfaces of each service look like those of AWS")
def shapes(aws: Aws) -> None:
    enis = aws("ec2", "describe-network-interfaces")["NetworkInterfaces"]
    by = {e["Description"].partition("/")[0]: e for e in enis}
    assert by["ELB app"]["RequesterId"] == "amazon-elb" and by["ELB app"]["RequesterManaged"]
    assert by["ELB app"]["InterfaceType"] == "interface"
    assert by["ELB net"]["InterfaceType"] == "network_load_balancer"
    assert by["ELB legacy"]["InterfaceType"] == "interface"
    gwlbe = [e for e in enis if e["InterfaceType"] == "gateway_load_balancer_endpoint"]
    assert gwlbe[0]["Description"].startswith("VPC Endpoint Interface vpce-")


@test("page size and IDs together are refused")
def page_rules(aws: Aws) -> None:
    aws.refuses("InvalidParameterValue", "ec2", "describe-instances", "--no-paginate",
                "--max-results", "3")
    vpc = next(iter(aws.table("vpcs")))
    aws.refuses("InvalidParameterCombination", "ec2", "describe-vpcs", "--no-paginate",
                "--max-results", "5", "--vpc-ids", vpc)
    aws.refuses("InvalidParameterValue", "ec2", "describe-instances", "--no-paginate",
                "--next-token", "x")
    aws.refuses("InvalidVpcID.NotFound", "ec2", "describe-vpcs", "--vpc-ids",
                "vpc-00000000000000000")
    aws.refuses("InvalidNetworkInterfaceID.NotFound", "ec2", "describe-network-interfaces",
                "--network-interface-ids", "eni-00000000000000000")
    aws.refuses("InvalidInstanceID.Malformed", "ec2", "describe-instances", "--instance-ids", "i-x")


@test("ECS: clusters, services, tasks of all modes, hosts, failures")
def ecs(aws: Aws) -> None:
    assert len(aws("ecs", "list-clusters")["clusterArns"]) == 1
    assert aws("ecs", "describe-clusters", "--clusters", "prod",
               "none")["failures"][0]["reason"] == "MISSING"
    assert len(aws("ecs", "list-services", "--cluster", "prod")["serviceArns"]) == 4
    services = aws("ecs", "describe-services", "--cluster", "prod", "--services", "api", "worker",
                   "gone")
    assert [s["launchType"] for s in services["services"]] == ["EC2", "FARGATE"]
    assert len(services["failures"]) == 1
    for name, enis in (("api", 1), ("worker", 1), ("bridged", 0), ("hosted", 0)):
        arns = aws("ecs", "list-tasks", "--cluster", "prod", "--service-name", name)["taskArns"]
        tasks = aws("ecs", "describe-tasks", "--cluster", "prod", "--tasks", *arns)["tasks"]
        assert all(len(t["attachments"]) == enis for t in tasks), name
        assert ("containerInstanceArn" in tasks[0]) == (name != "worker")
    host = tasks[0]["containerInstanceArn"]
    found = aws("ecs", "describe-container-instances", "--cluster", "prod",
                "--container-instances", host)["containerInstances"]
    assert found[0]["ec2InstanceId"].startswith("i-")
    aws.refuses("ClusterNotFoundException", "ecs", "list-services", "--cluster", "none")
    aws.refuses("ServiceNotFoundException", "ecs", "list-tasks", "--cluster", "prod",
                "--service-name", "none")
    aws.refuses("InvalidParameterException", "ecs", "describe-services", "--cluster", "prod",
                "--services", *[f"s{i}" for i in range(11)])


@test("CloudWatch returns the metrics of the world")
def metrics(aws: Aws) -> None:
    aws.make("metric", name="NetworkMirrorOut", value=7, dimensions={"InstanceId": "web-1"})
    key = aws.named("instances", "web-1")["InstanceId"]
    query = [{"Id": "m1", "MetricStat": {"Period": 300, "Stat": "Sum", "Metric": {
        "Namespace": "AWS/EC2", "MetricName": "NetworkMirrorOut",
        "Dimensions": [{"Name": "InstanceId", "Value": key}]}}}]
    span = ("--start-time", "2026-01-01T00:00:00Z", "--end-time", "2026-01-01T01:00:00Z")
    found = aws("cloudwatch", "get-metric-data", *span, "--metric-data-queries", query)
    assert found["MetricDataResults"][0]["Values"] == [7.0] * 12
    query[0]["Id"] = "M"
    aws.refuses("ValidationError", "cloudwatch", "get-metric-data", *span,
                "--metric-data-queries", query)


@test("regions are separate, and an opt-in region refuses calls")
def regions(aws: Aws) -> None:
    assert not aws("--region", "eu-west-1", "ec2", "describe-vpcs")["Vpcs"]
    aws.refuses("AuthFailure", "--region", "ap-east-1", "ec2", "describe-vpcs")
    aws.make("opt_in", name="ap-east-1")
    assert not aws("--region", "ap-east-1", "ec2", "describe-vpcs")["Vpcs"]
    everything = aws("ec2", "describe-regions", "--all-regions")["Regions"]
    assert any(r["OptInStatus"] == "not-opted-in" for r in everything)


@test("Classic Load Balancers are described by their own API")
def classic(aws: Aws) -> None:
    found = aws("elb", "describe-load-balancers")["LoadBalancerDescriptions"]
    assert [b["LoadBalancerName"] for b in found] == ["legacy"]
