"""Setup and removal that fail, or are interrupted, at each of their changes."""
from __future__ import annotations

import signal
from typing import Any

from .kit import Mirror, Run, interrupt, run_module, test, wait_for

FAILS = {1, 4}
WAIT = 30  # seconds that a slow answer takes: it is not waited for


def words_of(m: Mirror) -> list[str]:
    """All kinds of steps: a load balancer of its own, rules in a group of others, 2 ports."""
    return ["aws", "setup", "--source", m.eni("web-1"), "--source", m.eni("web-2"), "--target",
            "nlb:new", "--collector", m.instance("collector-1"), "--ports", "80,8443",
            "--open-groups", "--yes"]


def number_of_writes(m: Mirror, words: list[str]) -> int:
    m.forget_calls()
    m(*words).ends(0)
    return len(m.writes())


def setup_fails(m: Mirror, nth: int, **fault: Any) -> Run:
    m.aws.ask("DELETE", "faults")
    # The HTTP library itself repeats a call whose connection ends.
    count = 2 if fault["kind"].startswith("cut") else 1
    m.aws.fault(operation="write", nth=nth, count=count, **fault)
    run = m(*words_of(m))
    m.aws.ask("DELETE", "faults")
    assert run.code in FAILS, f"write {nth}, {fault}: {run}"
    run.ends(run.code, "All changes of this run were rolled back", "step ")
    try:
        m.unchanged()
    except AssertionError as e:
        raise AssertionError(f"after write {nth}, {fault}: {e}\n{run}") from e
    return run


def and_succeeds_after(m: Mirror) -> None:
    m(*words_of(m)).ends(0, "Done: 2 interfaces")
    m(*words_of(m)).ends(0, "Nothing to change")
    m("aws", "remove", "--all", "--yes").ends(0)
    m.unchanged()


def each_write(m: Mirror, **fault: Any) -> None:
    n = number_of_writes(m, words_of(m))
    assert n >= 15, n
    m("aws", "remove", "--all", "--yes").ends(0)
    m.unchanged()
    for nth in range(1, n + 1):
        setup_fails(m, nth, **fault)
        and_succeeds_after(m)


@test("setup: AWS answers 500 to one change after another: nothing is left")
def setup_500(m: Mirror) -> None:
    each_write(m, kind="500")


@test("setup: the connection ends before each change: nothing is left")
def setup_cut_before(m: Mirror) -> None:
    each_write(m, kind="cut_before")


@test("setup: the connection ends after each change was made: nothing is left")
def setup_cut_after(m: Mirror) -> None:
    each_write(m, kind="cut_after")


@test("setup: the same where AWS shows what is new only later")
def setup_cut_after_late(m: Mirror) -> None:
    n = number_of_writes(m, words_of(m))
    creates = [i for i, o in enumerate(m.writes(), 1) if ":Create" in o and "Rule" not in o]
    m("aws", "remove", "--all", "--yes").ends(0)
    assert len(creates) == 8 and n > 8
    for nth in creates:
        # What is made before is seen at once, so that only the lost one is waited for.
        m.forget_calls()
        m.aws.fault(operation="write", nth=nth, kind="slow", seconds=WAIT)
        process = m.start(*words_of(m))
        wait_for(lambda: len(m.writes()) >= nth, f"write {nth}")  # pylint: disable=W0640
        m.aws.set(consistency_seconds=1.5)
        interrupt(process)
        m.end(process).ends(130, "All changes of this run were rolled back")
        m.aws.set(consistency_seconds=0)
        m.aws.ask("DELETE", "faults")
        m.unchanged()
    m.aws.set(consistency_seconds=0.5)
    m(*words_of(m)).ends(0, "Done: 2 interfaces")
    m("aws", "remove", "--all", "--yes").ends(0)
    m.unchanged()


@test("setup: the answer to each change makes no sense: nothing is left")
def setup_garbage(m: Mirror) -> None:
    each_write(m, kind="garbage")


@test("setup: one failure of each change is made good by calling again")
def setup_retried(m: Mirror) -> None:
    n = number_of_writes(m, words_of(m))
    m("aws", "remove", "--all", "--yes").ends(0)
    for kind in ("throttle", "cut_after"):
        for nth in range(1, n + 1):
            m.aws.fault(operation="write", nth=nth, kind=kind)
            m(*words_of(m), AWS_MAX_ATTEMPTS="2").ends(0, "Done: 2 interfaces")
            m.aws.ask("DELETE", "faults")
            m("aws", "remove", "--all", "--yes").ends(0)
            m.unchanged()


@test("setup: what cannot be taken back is named, and remove takes it away")
def leftovers(m: Mirror) -> None:
    m.aws.fault(operation="ec2:CreateTrafficMirrorSession", nth=2, kind="500")
    m.aws.fault(operation="ec2:DeleteTrafficMirrorFilter", count=-1, kind="500")
    run = m(*words_of(m)).ends(1, "these resources could not be removed", "tmf-",
                               "aws remove --name metlo")
    left, = m.aws.table("mirror_filters")
    assert left in run.err
    assert not m.aws.table("mirror_sessions") and not m.aws.table("mirror_targets")
    tree = m("aws", "list", "--json").ends(0).json()
    assert [d["name"] for d in tree["deployments"]] == ["metlo"]
    m.aws.ask("DELETE", "faults")
    m("aws", "remove", "--name", "metlo", "--yes").ends(0)
    m.unchanged()


@test("a change of ports, sources and target fails at each of its changes: as before, or finished later")
def changes_fail(m: Mirror) -> None:
    groups = m.aws.table("security_groups")

    def begin() -> list[str]:
        m.reset()
        m(*words_of(m)).ends(0)
        m.aws.ask("POST", "remember", {})
        m.forget_calls()
        return ["aws", "setup", "--ports", "443", "--source", m.eni("web-1"), "--source",
                m.eni("ecs-prod-1"), "--target", m.eni("collector-2"), "--vni", "4711", "--yes"]

    n = number_of_writes(m, begin())
    assert n >= 13, n
    back = later = 0
    for kind, count in (("500", 1), ("cut_after", 2)):
        for nth in range(1, n + 1):
            words = begin()
            m.aws.fault(operation="write", nth=nth, kind=kind, count=count)
            run = m(*words)
            m.aws.ask("DELETE", "faults")
            assert run.code == 1, f"{kind} {nth}: {run}"
            if "All changes of this run were rolled back" in run.err:
                m.unchanged()
                back += 1
            else:
                run.ends(1, "steps are done; run the command again to finish")
                later += 1
            m(*words).ends(0, "2 interfaces are mirrored, VNI 4711")
            m(*words).ends(0, "Nothing to change")
            assert len(m.aws.table("mirror_sessions")) == 2
            assert len(m.aws.table("mirror_filters")) == len(m.aws.table("mirror_targets")) == 1
            assert len(m.aws.table("target_groups")) == 0
            m("aws", "remove", "--all", "--yes").ends(0)
            assert m.aws.table("security_groups") == groups
    assert back and later, (back, later)


@test("setup: JSON says the outcome, the failure and each step's state")
def json_outcome(m: Mirror) -> None:
    m.aws.fault(operation="ec2:CreateTrafficMirrorSession", kind="error", status=400,
                code="NetworkInterfaceNotSupported", message="must be attached to Nitro")
    tree = m(*words_of(m), "--json").ends(1).json()
    assert tree["outcome"] == "rolled-back" and not tree["interrupted"]
    assert "NetworkInterfaceNotSupported" in tree["error"]
    states = [s["state"] for s in tree["steps"]]
    assert states.count("failed") == 1 and states[-1] == "planned" and "undone" in states
    m.unchanged()


@test("remove: fails at one change after another; again does the rest")
def remove_fails(m: Mirror) -> None:
    m(*words_of(m)).ends(0)
    remove = ["aws", "remove", "--all", "--yes"]
    n = number_of_writes(m, remove)
    m.unchanged()
    for kind in ("500", "cut_before", "cut_after"):
        for nth in range(1, n + 1):
            m(*words_of(m)).ends(0)
            m.aws.fault(operation="write", nth=nth, kind=kind,
                        count=2 if kind.startswith("cut") else 1)
            run = m(*remove)
            m.aws.ask("DELETE", "faults")
            assert run.code == 1, f"{kind} {nth}: {run}"
            run.ends(1, "steps are done; run the command again to finish")
            m(*remove).ends(0)
            m.unchanged()


@test("list and plan: no answer to each question they ask")
def reads_fail(m: Mirror) -> None:
    m(*words_of(m)).ends(0)
    m.forget_calls()
    m("aws", "list").ends(0)
    for nth in range(1, len(m.journal("read")) + 1):
        m.aws.fault(operation="read", nth=nth, kind="500")
        run = m("aws", "list").ends(1, "cannot read the account", "Internal")
        assert not run.out, run
        m.aws.ask("DELETE", "faults")
    m.aws.make("policy", policy={"allow": ["*"], "deny": ["ec2:DescribeInstances"]})
    m("aws", "list").ends(4, "Grant ec2:DescribeInstances to", "aws policy")


def interrupted_setup(m: Mirror, nth: int, by: int) -> None:
    """The answer to the n-th change takes too long for somebody."""
    m.forget_calls()
    m.aws.fault(operation="write", nth=nth, kind="slow", seconds=WAIT)
    process = m.start(*words_of(m))
    wait_for(lambda: len(m.writes()) >= nth or process.poll() is not None, f"write {nth}")
    interrupt(process, by)
    run = m.end(process, *words_of(m))
    m.aws.ask("DELETE", "faults")
    run.ends(130, "Rolling back this run", "Interrupted. All changes of this run were rolled back")
    try:
        m.unchanged()
    except AssertionError as e:
        raise AssertionError(f"interrupted at write {nth}: {e}\n{run}") from e


@test("setup: interrupted at each change: nothing is left")
def interrupts(m: Mirror) -> None:
    n = number_of_writes(m, words_of(m))
    m("aws", "remove", "--all", "--yes").ends(0)
    for nth in range(1, n + 1):
        interrupted_setup(m, nth, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[nth % 3])
    and_succeeds_after(m)


@test("setup: interrupted while it waits for the load balancer, and again while it takes back")
def interrupted_wait(m: Mirror) -> None:
    m.aws.set(lb_seconds=600, eni_linger_seconds=1)
    process = m.start(*words_of(m))
    wait_for(lambda: m.writes()[-1:] == ["ec2:AuthorizeSecurityGroupIngress"]
             and len(m.writes()) > 9 and m.aws.ask("GET", "journal")[-1]["operation"]
             .endswith("DescribeLoadBalancers"), "the wait")
    interrupt(process)
    wait_for(lambda: "elbv2:DeleteLoadBalancer" in m.writes(), "the roll-back")
    interrupt(process)
    m.end(process).ends(130, "Interrupted. All changes of this run were rolled back")
    m.unchanged()


@test("setup: interrupted while it reads or asks for permission: nothing was changed")
def interrupted_early(m: Mirror) -> None:
    for category in ("read", "dryrun"):
        m.forget_calls()
        m.aws.fault(operation=category, nth=3, kind="slow", seconds=WAIT)
        process = m.start(*words_of(m))
        wait_for(lambda: len(m.journal(category)) >= 3, category)  # pylint: disable=W0640
        interrupt(process)
        m.end(process).ends(130, "nterrupted")
        assert not m.writes()
        m.aws.ask("DELETE", "faults")


@test("remove: interrupted at each change; again does the rest")
def interrupted_remove(m: Mirror) -> None:
    remove = ["aws", "remove", "--all", "--yes"]
    m(*words_of(m)).ends(0)
    n = number_of_writes(m, remove)
    for nth in range(1, n + 1):
        m(*words_of(m)).ends(0)
        m.forget_calls()
        m.aws.fault(operation="write", nth=nth, kind="slow", seconds=WAIT)
        process = m.start(*remove)
        wait_for(lambda: len(m.writes()) >= nth, f"write {nth}")  # pylint: disable=W0640
        interrupt(process)
        m.end(process, *remove).ends(130, "run the command again to finish")
        m.aws.ask("DELETE", "faults")
        run = m(*remove)
        assert run.code == 0, run
        m.unchanged()


if __name__ == "__main__":
    run_module(jobs=4)
