"""setup --ports auto: the ports to which load balancers forward."""
from __future__ import annotations

from mirror.kit import CTRL_C, terminal

from .kit import Account, test


def group(account: Account, name: str, protocol: str, port: int, *targets: str) -> None:
    vpc = next(iter(account.table("vpcs")))
    arn = account("elbv2", "create-target-group", "--name", name, "--protocol", protocol,
                  "--port", str(port), "--vpc-id", vpc)["TargetGroups"][0]["TargetGroupArn"]
    account("elbv2", "register-targets", "--target-group-arn", arn, "--targets", *targets)


def ports(account: Account) -> set[tuple[int, int]]:
    return {(r["DestinationPortRange"]["FromPort"], r["DestinationPortRange"]["ToPort"])
            for r in account.table("mirror_rules").values() if r["TrafficDirection"] == "ingress"}


@test("setup --ports auto: only from target groups that contain sources")
def found(account: Account) -> None:
    web, other = account.instance("web-1"), account.instance("old")
    group(account, "http", "HTTP", 8080, f"Id={web}", f"Id={account.instance('web-2')},Port=8443")
    group(account, "again", "TCP", 8080, f"Id={web}")
    group(account, "udp", "UDP", 53, f"Id={web}")
    group(account, "others", "HTTP", 9000, f"Id={other}")
    run = account.set_up("--ports", "auto")
    assert "8080,8443" in run.err, run
    assert ports(account) == {(8080, 8080), (8443, 8443)}, ports(account)
    # The ports found are stored.
    group(account, "later", "HTTP", 7000, f"Id={web}")
    assert "up to date" in account.mirror("sync", "--yes").out
    account.mirror("setup", "--name", "metlo", "--ports", "auto", "--yes")
    assert (7000, 7000) in ports(account), ports(account)


@test("setup --ports auto: fails if no ports are known")
def unknown(account: Account) -> None:
    run = account.set_up("--ports", "auto", code=1)
    assert "name them with --ports" in run.err, run
    assert not account.table("mirror_sessions")


@test("setup: a VPC is selected at a terminal")
def whole_vpc(account: Account) -> None:
    vpc = next(iter(account.table("vpcs")))
    with terminal(account, "aws", "plan", "--region", "us-east-1", "--ports",  # type: ignore
                  "80", "--target", account.first_eni("collector-1"), term="dumb") as t:
        t.sees("What should be mirrored?").sees("[1]: ").types("6\r")
        t.sees("Everything running in").sees(vpc).sees("selected]: ").types("1\r")
        t.sees(f"Continue  with {vpc}").types(CTRL_C).expect(130)


@test("setup: the known ports are the default at a terminal")
def proposed(account: Account) -> None:
    group(account, "http", "HTTP", 8080, f"Id={account.instance('web-1')}")
    with terminal(account, "aws", "plan", "--region", "us-east-1", "--source",  # type: ignore
                  "tag:team=shop", "--target", account.first_eni("collector-1"),
                  term="dumb") as t:
        t.sees("Server ports").sees("8080").types(CTRL_C).expect(130)
