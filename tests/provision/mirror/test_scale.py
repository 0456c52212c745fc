"""Large accounts."""
from __future__ import annotations

from .kit import CTRL_A, CTRL_C, ENTER, Mirror, run_module, terminal, test


@test("an ECS service with 150 tasks, in pages of 7")
def tasks(m: Mirror) -> None:
    m.reset("small,ecs_tasks=150", page_size=7)
    words = ["aws", "setup", "--source", "ecs:prod/many", "--target", "nlb:new", "--collector",
             m.instance("collector-1"), "--ports", "80", "--open-groups", "--yes", "--json"]
    run = m(*words).expect(0, "and 130 more", "and 147 more like these")
    tree = run.json()
    assert tree["sessions"]["added"] == len(tree["sources"]) == 150, tree["sessions"]
    made = m.aws.table("mirror_sessions").values()
    assert len({s["NetworkInterfaceId"] for s in made}) == 150
    m.forget_calls()
    tree = m(*words).expect(0).json()
    assert tree["sessions"]["kept"] == 150 and not m.writes()
    m.aws.make("tasks", cluster="prod", service="many", count=3)
    tree = m(*words).expect(0).json()
    assert tree["sessions"] == {"added": 3, "changed": 0, "removed": 0, "kept": 150}
    listed = m("aws", "list", "--json").expect(0).json()["deployments"][0]["sessions"]
    assert len(listed) == 153 and {s["source"]["asked"] for s in listed} == {"ecs:prod/many"}
    warnings = m("aws", "sync").expect(0, "(and 152 more like it)").err.splitlines()
    assert sum("managed by another AWS service" in w for w in warnings) == 1, warnings
    m("aws", "remove", "--all", "--yes").expect(0, "Removed: 153 sessions")
    assert not m.aws.table("mirror_sessions")


@test("150 tasks to the interface of one collector: refused, naming the quota")
def too_many_for_eni(m: Mirror) -> None:
    m.reset("small,ecs_tasks=150")
    m("aws", "setup", "--source", "ecs:prod/many", "--target", m.eni("collector-1"), "--ports",
      "80", "--yes").expect(1, "150 sources would send to", "AWS allows 10", "--target nlb:new")
    m.unchanged()


@test("the 150th session fails: the 149 before it are rolled back")
def last_fails(m: Mirror) -> None:
    m.reset("small,ecs_tasks=150")
    m.aws.fault(operation="ec2:CreateTrafficMirrorSession", nth=150, kind="500")
    m("aws", "setup", "--source", "ecs:prod/many", "--target", "nlb:new", "--ports", "80",
      "--yes").expect(1, "All changes of this run were rolled back")
    m.unchanged()


@test("an account with 2000 interfaces: selected by tag and from lists")
def interfaces(m: Mirror) -> None:
    m.reset("small,many_enis=2000")
    m("aws", "list").expect(0)
    tree = m("aws", "plan", "--source", "tag:Name=many-7", "--target", "nlb:new", "--ports", "80",
             "--json").expect(0).json()
    assert len(tree["sources"]) == 4
    with terminal(m, "aws", "setup", "--region", "us-east-1", "--target", "nlb:new", "--ports",
                  "80") as t:
        t.sees("What should be mirrored?").types("2" + ENTER).sees("Network interfaces")
        t.sees("1-15 of 20").types("many-77-").sees("1-3 of 3").types(CTRL_A).sees("3 selected")
        t.types(ENTER).sees("Continue").types(ENTER)
        t.sees("Proceed?").types("y" + ENTER).sees("Done: 3 interfaces").expect(0)
    with terminal(m, "aws", "plan", "--region", "us-east-1", "--name", "x", term="dumb") as t:
        t.sees("1) EC2 instances").types("1\n").sees("60) ").sees("more; /text to search")
        t.types("/many-499\n").sees("many-499").types(CTRL_C).expect(130)
    m("aws", "remove", "--all", "--yes").expect(0)
    m.unchanged()


@test("overlapping sources among 300 instances: one session per interface")
def overlapping(m: Mirror) -> None:
    m.reset("small,instances=300", page_size=100)
    m.aws.ask("POST", "remember", {})
    tree = m("aws", "setup", "--source", "tag:Name=many-1", "--source", "tag:team=shop",
             "--source", m.instance("web-1"), "--source", m.eni("web-1"), "--target", "nlb:new",
             "--ports", "80", "--yes", "--json").expect(0).json()
    ids = [s["interface"] for s in tree["sources"]]
    assert len(ids) == len(set(ids)) == 5, ids
    m("aws", "remove", "--all", "--yes").expect(0)
    m.unchanged()


if __name__ == "__main__":
    run_module(jobs=3)
