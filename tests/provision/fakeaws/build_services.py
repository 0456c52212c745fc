"""Builds a world: load balancers, ECS, mirroring, principals, metrics."""
from __future__ import annotations

from typing import Any, Optional

from .build_network import NetworkBuilder, tag_list
from .elb_balancers import make_balancer
from .elb_listeners import make_listener
from .elb_targets import make_target_group
from .enis import attach, make_eni
from .policy import Policy
from .world import Resource

AMAZON = "578734482556"  # an account that belongs to AWS


class Builder(NetworkBuilder):
    """Makes resources of every type."""

    # --- load balancers -----------------------------------------------------
    def balancer(self, name: str, kind: str, vpc: Optional[str] = None,
                 groups: Optional[list[str]] = None, zones: int = 2,
                 scheme: str = "internal") -> Resource:
        allowed = self.group_ids(groups, vpc) if groups or kind == "application" else []
        made = make_balancer(self.world, self.region, name, kind, self.subnets_of(vpc)[:zones],
                             allowed, scheme, tag_list(None, None))
        made["_ready_at"] = 0
        return made

    def alb(self, name: str, **same: Any) -> Resource:
        return self.balancer(name, "application", **same)

    def nlb(self, name: str, udp: bool = False, instances: Optional[list[str]] = None,
            **same: Any) -> Resource:
        """udp: adds a listener on 4789; instances become its targets."""
        made = self.balancer(name, "network", **same)
        if udp:
            group = make_target_group(self.world, self.region, {
                "Name": name, "Protocol": "UDP", "Port": 4789, "VpcId": made["VpcId"],
                "HealthCheckProtocol": "TCP", "HealthCheckPort": "4789"})
            arn = group["TargetGroupArn"]
            make_listener(self.world, self.region, made, "UDP", 4789, arn)
            for instance in instances or []:
                key = self.find("instances", instance)["InstanceId"]
                self.region.table("registrations")[f"{arn}|{key}|4789"] = {
                    "Id": key, "Port": 4789, "_group": arn, "_since": 0}
        return made

    def clb(self, name: str, vpc: Optional[str] = None, zones: int = 2) -> Resource:
        """A Classic Load Balancer with its interfaces."""
        subnets, allowed = self.subnets_of(vpc)[:zones], self.group_ids(None, vpc)
        for subnet in subnets:
            eni = make_eni(self.world, self.region, subnet, allowed, f"ELB {name}",
                           requester="amazon-elb")
            attach(self.world, eni, "amazon-elb", 1)
        table = self.region.table("subnets")
        self.region.table("classic_balancers")[name] = made = {
            "LoadBalancerName": name, "Subnets": subnets, "SecurityGroups": allowed,
            "DNSName": f"internal-{name}-1.{self.region.name}.elb.amazonaws.com",
            "Scheme": "internal", "VPCId": table[subnets[0]]["VpcId"], "Instances": [],
            "AvailabilityZones": [table[s]["AvailabilityZone"] for s in subnets],
            "CreatedTime": self.world.now()}
        return made

    def gwlbe(self, name: str, vpc: Optional[str] = None) -> Resource:
        """A Gateway Load Balancer endpoint and its interface."""
        key, subnet = self.world.new_id("vpce"), self.subnets_of(vpc)[0]
        eni = make_eni(self.world, self.region, subnet, [], f"VPC Endpoint Interface {key}",
                       "gateway_load_balancer_endpoint", AMAZON)
        attach(self.world, eni, "amazon-aws", 1)
        self.region.table("vpc_endpoints")[key] = made = {
            "VpcEndpointId": key, "VpcEndpointType": "GatewayLoadBalancer",
            "VpcId": eni["VpcId"], "State": "available", "SubnetIds": [subnet],
            "ServiceName": f"com.amazonaws.vpce.{self.region.name}.vpce-svc-0fake",
            "NetworkInterfaceIds": [eni["NetworkInterfaceId"]], "OwnerId": self.world.account,
            "CreationTimestamp": self.world.now(), "Tags": tag_list(name, None)}
        return made

    # --- ECS ----------------------------------------------------------------
    def _ecs_arn(self, name: str) -> str:
        return self.world.arn("ecs", self.region.name, name)

    def cluster(self, name: str, hosts: int = 0, type: str = "m5.large") -> Resource:
        """hosts: container instances."""
        self.region.table("clusters")[name] = made = {
            "clusterName": name, "clusterArn": self._ecs_arn(f"cluster/{name}"),
            "status": "ACTIVE", "registeredContainerInstancesCount": hosts}
        for i in range(hosts):
            instance = self.instance(f"ecs-{name}-{i + 1}", type=type, zone=i)
            arn = self._ecs_arn(f"container-instance/{name}/{self.world.hex(32)}")
            self.region.table("container_instances")[arn] = {
                "containerInstanceArn": arn, "ec2InstanceId": instance["InstanceId"],
                "status": "ACTIVE", "agentConnected": True, "_cluster": name}
        return made

    def service(self, name: str, cluster: str, mode: str = "awsvpc", tasks: int = 1) -> Resource:
        """mode: awsvpc, fargate, bridge or host."""
        self.region.table("services")[f"{cluster}/{name}"] = made = {
            "serviceName": name, "serviceArn": self._ecs_arn(f"service/{cluster}/{name}"),
            "clusterArn": self._ecs_arn(f"cluster/{cluster}"), "status": "ACTIVE",
            "desiredCount": 0, "runningCount": 0, "pendingCount": 0,
            "launchType": "FARGATE" if mode == "fargate" else "EC2",
            "schedulingStrategy": "REPLICA", "taskDefinition":
            self._ecs_arn(f"task-definition/{name}:1"), "_cluster": cluster, "_mode": mode}
        self.tasks(cluster, name, tasks)
        return made

    def tasks(self, cluster: str, service: str, count: int = 1) -> None:
        """Starts more tasks of a service."""
        owner = self.region.table("services")[f"{cluster}/{service}"]
        hosts = [h for h in self.region.table("container_instances").values()
                 if h["_cluster"] == cluster]
        for i in range(count):
            host = hosts[i % len(hosts)] if owner["_mode"] != "fargate" else None
            self._task(owner, cluster, i, host)
        owner["desiredCount"] += count
        owner["runningCount"] += count

    def _task(self, owner: Resource, cluster: str, index: int, host: Optional[Resource]) -> None:
        arn = self._ecs_arn(f"task/{cluster}/{self.world.hex(32)}")
        task: Resource = {
            "taskArn": arn, "clusterArn": owner["clusterArn"], "attachments": [],
            "taskDefinitionArn": owner["taskDefinition"],
            "group": f"service:{owner['serviceName']}",
            "launchType": owner["launchType"], "lastStatus": "RUNNING", "desiredStatus": "RUNNING",
            "startedBy": "ecs-svc/1", "version": 1, "_cluster": cluster, "containers": [
                {"name": "app", "lastStatus": "RUNNING", "taskArn": arn}]}
        if host is not None:
            task["containerInstanceArn"] = host["containerInstanceArn"]
        if owner["_mode"] in ("awsvpc", "fargate"):
            task["attachments"] = [self._task_eni(arn, index, host)]
        self.region.table("tasks")[arn] = task

    def _task_eni(self, arn: str, index: int, host: Optional[Resource]) -> Resource:
        subnets, uuid = self.subnets_of(None), self.world.hex(32)
        eni = make_eni(self.world, self.region, subnets[index % len(subnets)],
                       self.group_ids(None, None), self._ecs_arn(f"attachment/{uuid}"),
                       requester=AMAZON if host is None else None, _task=arn)
        if host is None:
            attach(self.world, eni, AMAZON, 1)
        else:
            instance = host["ec2InstanceId"]
            taken = [e for e in self.region.table("enis").values()
                     if e.get("Attachment", {}).get("InstanceId") == instance]
            attach(self.world, eni, self.world.account, len(taken), instance)
        details = {"subnetId": eni["SubnetId"], "networkInterfaceId": eni["NetworkInterfaceId"],
                   "macAddress": eni["MacAddress"], "privateIPv4Address": eni["PrivateIpAddress"]}
        return {"id": uuid, "type": "ElasticNetworkInterface", "status": "ATTACHED",
                "details": [{"name": k, "value": v} for k, v in details.items()]}

    def stop_tasks(self, cluster: str, service: str, count: int = 1) -> None:
        """Stops the oldest tasks and deletes their interfaces."""
        owner = self.region.table("services")[f"{cluster}/{service}"]
        mine = [a for a, t in self.region.table("tasks").items()
                if t["_cluster"] == cluster and t["group"] == f"service:{service}"]
        for arn in mine[:count]:
            del self.region.table("tasks")[arn]
            for key in [k for k, e in self.region.table("enis").items()
                        if e.get("_task") == arn]:
                self.remove_eni(key)
        owner["desiredCount"] -= len(mine[:count])
        owner["runningCount"] -= len(mine[:count])

    # --- foreign mirroring --------------------------------------------------
    def mirror(self, source: str, target: str, number: int = 1, vni: int = 4242,
               rules: int = 1, tags: Optional[dict[str, str]] = None) -> Resource:
        """Mirrors the instance source to the instance or NLB target."""
        table, world = self.region.table, self.world
        member, value, kind = self._mirror_target(target)
        old = [t for t in table("mirror_targets").values() if t.get(member) == value]
        if not old:
            key = world.new_id("tmt")
            old = [{"TrafficMirrorTargetId": key, member: value, "Type": kind,
                    "Description": "", "OwnerId": world.account, "Tags": tag_list(None, tags)}]
            table("mirror_targets")[key] = old[0]
        filter_id = world.new_id("tmf")
        table("mirror_filters")[filter_id] = {
            "TrafficMirrorFilterId": filter_id, "NetworkServices": [], "Description": "",
            "Tags": tag_list(None, tags)}
        for i in range(rules):
            rule = world.new_id("tmfr")
            table("mirror_rules")[rule] = {
                "TrafficMirrorFilterRuleId": rule, "TrafficMirrorFilterId": filter_id,
                "TrafficDirection": "ingress", "RuleNumber": 100 + i, "RuleAction": "accept",
                "DestinationCidrBlock": "0.0.0.0/0", "SourceCidrBlock": "0.0.0.0/0", "Tags": []}
        key = world.new_id("tms")
        table("mirror_sessions")[key] = made = {
            "TrafficMirrorSessionId": key, "TrafficMirrorFilterId": filter_id,
            "TrafficMirrorTargetId": old[0]["TrafficMirrorTargetId"], "OwnerId": world.account,
            "NetworkInterfaceId": self._first_eni(source), "SessionNumber": number,
            "PacketLength": 65535 if kind == "network-interface" else 8500,
            "VirtualNetworkId": vni, "Description": "", "Tags": tag_list(None, tags)}
        return made

    def shared_target(self, owner: str = "210987654321") -> Resource:
        """A mirror target shared by another account."""
        key = self.world.new_id("tmt")
        self.region.table("mirror_targets")[key] = made = {
            "TrafficMirrorTargetId": key, "Type": "network-load-balancer", "OwnerId": owner,
            "Description": "shared", "Tags": [], "NetworkLoadBalancerArn":
            f"arn:aws:elasticloadbalancing:{self.region.name}:{owner}:loadbalancer/net/far/0123"}
        return made

    def _first_eni(self, name: str) -> str:
        if name.startswith("eni-"):
            return name
        key = self.find("instances", name)["InstanceId"]
        return next(k for k, e in self.region.table("enis").items()
                    if e.get("Attachment", {}).get("InstanceId") == key)

    def _mirror_target(self, name: str) -> tuple[str, str, str]:
        for balancer in self.region.table("load_balancers").values():
            if balancer["LoadBalancerName"] == name:
                return ("NetworkLoadBalancerArn", balancer["LoadBalancerArn"],
                        "network-load-balancer")
        return "NetworkInterfaceId", self._first_eni(name), "network-interface"

    # --- principals and metrics ---------------------------------------------
    def key(self, id: str, secret: str, arn: str, token: Optional[str] = None,
            seconds: Optional[float] = None) -> None:
        """An access key; temporary if token and seconds are given."""
        self.world.add_key(id, secret, arn, token, seconds)

    def role(self, arn: str, **how: Any) -> None:
        """A role; how: trusted (ARNs), external_id, mfa, max_seconds, web_token."""
        self.world.roles[arn] = how

    def sso(self, token: str, roles: list[list[str]], user: str = "tester",
            expires_at: float = 1e12) -> None:
        """A token of the SSO portal and its [account, role] pairs."""
        self.world.sso_tokens[token] = {"roles": roles, "user": user, "expires_at": expires_at}

    def policy(self, policy: Any, arn: Optional[str] = None) -> None:
        """The policy of a principal; of the tester if no ARN is given."""
        arn = arn or f"arn:aws:iam::{self.world.account}:user/tester"
        self.world.policies[arn] = Policy.from_json(policy)

    def opt_in(self, name: str) -> None:
        """Enables an opt-in region."""
        self.world.opted_in.append(name)

    def metric(self, name: str, value: float, dimensions: dict[str, str],
               namespace: str = "AWS/EC2") -> None:
        """Sets a metric to one value in every period; an InstanceId may be a name."""
        names = dict(dimensions)
        if not names.get("InstanceId", "i-").startswith("i-"):
            names["InstanceId"] = self.find("instances", names["InstanceId"])["InstanceId"]
        row = {"namespace": namespace, "name": name, "dimensions": names, "value": value}
        self.region.table("metrics")[f"{namespace}/{name}/{sorted(names.items())}"] = row
