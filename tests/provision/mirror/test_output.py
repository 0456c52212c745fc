"""What people read: widths, names, and nothing said twice."""
from __future__ import annotations

import re

from .kit import CTRL_C, ENTER, Mirror, run_module, terminal, test

SOURCES = ("tag:team=shop", "ecs:prod/api", "ecs:prod/worker", "alb:front")


def set_up(m: Mirror, *more: str) -> list[str]:
    words = ["aws", "setup", "--target", "nlb:new", "--collector", m.instance("collector-1"),
             "--ports", "80", "--yes", *more]
    for source in SOURCES:
        words += ["--source", source]
    return words


def too_wide(text: str, columns: int) -> list[str]:
    return [line for line in text.splitlines() if len(line) > columns]


@test("tables fit the terminal, or 80 columns in a file, and no id is cut")
def tables(m: Mirror) -> None:
    m.aws("ec2", "create-tags", "--resources", m.instance("web-1"), "--tags",
          "Key=Name,Value=a-long-name-of-an-instance-" + 40 * "x" + " and a blank")
    m.aws.make("mirror", source="collector-2", target="collector-1")
    words = set_up(m, "--name", "a-deployment-with-a-long-name", "--open-groups")
    m(*words).expect(0)
    ids = set(m.aws.table("mirror_sessions")) | {
        s["NetworkInterfaceId"] for s in m.aws.table("mirror_sessions").values()}
    for columns in (70, 80, 132):
        with terminal(m, "aws", "list", "--all", columns=columns) as t:
            t.expect(0)
            lines = [line for line in t.text().splitlines() if "reading" not in line]
            wide = too_wide("\n".join(lines), columns)
            assert not wide, wide
            assert not ids - set(re.findall(r"\b(?:tms|eni)-[0-9a-f]+\b", "\n".join(lines)))
    out = m("aws", "list", "--all").expect(0).out
    table = "\n".join(line for line in out.splitlines() if re.match(r" +(tms-|eni-)", line))
    assert not too_wide(table, 80), out
    assert not ids - set(re.findall(r"\b(?:tms|eni)-[0-9a-f]+\b", out))


@test("on a terminal, a message of several lines keeps its lines")
def lines_stay(m: Mirror) -> None:
    with terminal(m, "aws", "list", columns=80, AWS_ACCESS_KEY_ID="",
                  AWS_SECRET_ACCESS_KEY="") as t:
        t.expect(4)
        found = [line.strip() for line in t.text().splitlines()]
        assert any(line.endswith("Tried:") for line in found), found
        assert "environment: AWS_ACCESS_KEY_ID is not set" in found, found


@test("the interfaces of tasks have the name of their service, not an ARN")
def task_names(m: Mirror) -> None:
    run = m(*set_up(m)).expect(0, "mirror eni-", "(worker)")
    assert "attachment/" not in run.err, run
    assert "arn:" not in m("aws", "list").expect(0).out


@test("one warning for what one security group lacks")
def one_warning(m: Mirror) -> None:
    words = set_up(m, "--collector", m.instance("collector-2"))
    run = m(*words).expect(0, "does not allow UDP and TCP 4789")
    assert run.err.count("does not allow") == 1, run


@test("at 80 columns the question for ports shows all that may be answered")
def ports_prompt(m: Mirror) -> None:
    words = ["aws", "setup", "--region", "us-east-1", "--name", "x", "--source",
             "tag:team=shop", "--target", "nlb:new", "--collector", m.instance("collector-1")]
    with terminal(m, *words, columns=80) as t:
        t.sees("Server ports").sees("auto").sees("all").sees("80")
        t.types("auto" + ENTER).sees("no load balancer has the sources as targets")
        t.types(CTRL_C).expect(130)
        lines = [line for line in t.text().splitlines() if "reading" not in line]
        assert not too_wide("\n".join(lines), 80), lines


@test("list names what an interrupted removal left, until it is deleted")
def left(m: Mirror) -> None:
    m(*set_up(m, "--open-groups")).expect(0)
    m.aws.fault(kind="500", operation="elbv2:DeleteLoadBalancer", count=-1)
    m("aws", "remove", "--all", "--yes").expect(1)
    m.aws.ask("DELETE", "faults")
    balancer, = [k for k in m.aws.table("load_balancers") if "/metlo-metlo/" in k]
    m("aws", "list").expect(0, "left the load balancer metlo-metlo (billed until it is deleted)",
                            "the target group metlo-metlo", "the security group sg-",
                            "to delete: metlo-mirror aws remove --name metlo")
    assert balancer in m("aws", "list", "--json").json()["deployments"][0]["orphans"]
    m("aws", "remove", "--name", "metlo", "--yes").expect(0)
    m.unchanged()
    m("aws", "list").expect(0, "mirrors nothing")


if __name__ == "__main__":
    run_module()
