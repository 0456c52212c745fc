"""The commands that read, against moto on loopback; boto3 fills the account.

moto has no mirror sessions: an empty list of them is added. What it lacks else must end in a
message, not in a wrong result.
"""
from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import boto3
from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = (ROOT / os.environ.get("O", "build") / "metlo-mirror").resolve()
REGION = "eu-central-1"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEMULATOR", "AWS_SECRET_ACCESS_KEY": "none"}


def no_sessions(self: Any) -> ActionResult:
    del self
    return ActionResult({"TrafficMirrorSessions": []})


class Account:
    """Two web servers and a collector in a VPC, an ECS service, an NLB for the servers."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.home = tempfile.TemporaryDirectory()
        ec2, elb = self.client("ec2"), self.client("elbv2")
        self.vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [ec2.create_subnet(
            VpcId=self.vpc, CidrBlock=f"10.9.{i}.0/24",
            AvailabilityZone=REGION + zone)["Subnet"]["SubnetId"]
            for i, zone in enumerate("ab")]
        image = ec2.describe_images()["Images"][0]["ImageId"]
        self.servers, self.collector = [], ""
        for i, name in enumerate(("web-1", "web-2", "collector")):
            run = ec2.run_instances(
                ImageId=image, InstanceType="m5.large", MinCount=1, MaxCount=1,
                SubnetId=self.subnets[i % 2], TagSpecifications=[
                    {"ResourceType": "instance", "Tags": [
                        {"Key": "Name", "Value": name},
                        {"Key": "team", "Value": "none" if name == "collector" else "shop"}]}])
            self.servers.append(run["Instances"][0]["InstanceId"])
        self.collector = self.servers.pop()
        self.enis = {i["InstanceId"]: i["NetworkInterfaces"][0]["NetworkInterfaceId"]
                     for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]}
        balancer = elb.create_load_balancer(Name="front", Type="network",
                                            Subnets=self.subnets)["LoadBalancers"][0]
        group = elb.create_target_group(Name="web", Protocol="TCP", Port=8080,
                                        VpcId=self.vpc)["TargetGroups"][0]["TargetGroupArn"]
        elb.register_targets(TargetGroupArn=group, Targets=[{"Id": i} for i in self.servers])
        elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="TCP", Port=80,
                            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.url, region_name=REGION,
                            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
                            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"])

    def run(self, *words: str, code: int = 0) -> str:
        env = {"PATH": os.environ["PATH"], "HOME": self.home.name, "LC_ALL": "C.UTF-8",
               "AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION, **KEYS}
        run = subprocess.run([PROGRAM, "aws", *words], env=env, stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=120, check=False)
        assert run.returncode == code, f"{words}: {run.returncode}\n{run.stdout}\n{run.stderr}"
        return run.stdout


def planned(account: Account) -> None:
    common = ("--target", "nlb:new", "--collector", account.collector, "--json")
    plan = json.loads(account.run("plan", "--source", "tag:team=shop", "--ports", "auto",
                                  *common))
    assert {s["interface"] for s in plan["sources"]} == {account.enis[i]
                                                         for i in account.servers}, plan
    assert "8080" in json.dumps(plan["filter"]), plan["filter"]
    plan = json.loads(account.run("plan", "--source", account.servers[0], "--ports", "80",
                                  *common))
    assert len(plan["sources"]) == 1, plan
    account.run("plan", "--source", "i-0123456789abcdef0", "--ports", "80", *common, code=1)


def exported(account: Account) -> None:
    code = account.run("plan", "--source", "tag:team=shop", "--target",
                       account.enis[account.collector], "--ports", "80", "--output", "terraform")
    assert code.count('resource "aws_ec2_traffic_mirror_session"') == 2, code


def listed(account: Account) -> None:
    assert json.loads(account.run("list", "--json"))["deployments"] == []
    assert account.run("names", code=3) == ""  # no deployment
    account.client("ec2").create_traffic_mirror_filter(Description="of others")
    assert json.loads(account.run("list", "--json"))["deployments"] == []


def quotas(account: Account) -> None:
    """moto does not list quotas: an error of the server, after which the defaults count."""
    text = account.run("plan", "--source", "tag:team=shop", "--ports", "80", "--target",
                       "nlb:new", "--collector", account.collector)
    assert "those that AWS documents" in " ".join(text.split()), text


def main() -> int:
    if not PROGRAM.exists():
        print("skip moto # metlo-mirror is not built")
        return 0
    os.environ.update(KEYS, NO_PROXY="127.0.0.1", no_proxy="127.0.0.1",
                      AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null")
    if not hasattr(EC2Response, "describe_traffic_mirror_sessions"):
        EC2Response.describe_traffic_mirror_sessions = no_sessions
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    account, failed = Account(f"http://{host}:{port}"), 0
    for name, function in (("plan", planned), ("export", exported), ("list, names", listed),
                           ("quotas", quotas)):
        try:
            function(account)
            print(f"ok moto: {name}", flush=True)
        except (AssertionError, KeyError, ValueError) as e:
            failed += 1
            print(f"not ok moto: {name}")
            print("".join(f"#   {line}\n" for line in str(e).splitlines()[-25:]), end="")
    server.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
