"""Setup and removal that fail or are interrupted at their changes.

METLO_TEST_LONG=1: at each of them in each way; otherwise at each in one way or more."""
from __future__ import annotations

import signal
import time
from typing import Any

from .kit import Mirror, Run, interrupt, run_module, some, test, wait_for

FAILS = {1, 4}
WAIT = 30  # seconds; the response to a read takes longer than the test waits
LATE = 1.2  # seconds after which a change takes effect: longer than an interrupt takes


def words_of(m: Mirror) -> list[str]:
    """Steps of every type: a new load balancer, rules in a foreign group, 2 ports."""
    return ["aws", "setup", "--source", m.eni("web-1"), "--source", m.eni("web-2"), "--target",
            "nlb:new", "--collector", m.instance("collector-1"), "--ports", "80,8443",
            "--open-groups", "--yes"]


def number_of_writes(m: Mirror, words: list[str]) -> int:
    m.forget_calls()
    m(*words).expect(0)
    return len(m.writes())


def setup_fails(m: Mirror, nth: int, **fault: Any) -> Run:
    m.aws.ask("DELETE", "faults")
    # libcurl itself repeats a request whose connection closes.
    count = 2 if fault["kind"].startswith("cut") else 1
    m.aws.fault(operation="write", nth=nth, count=count, **fault)
    run = m(*words_of(m))
    m.aws.ask("DELETE", "faults")
    assert run.code in FAILS, f"write {nth}, {fault}: {run}"
    run.expect(run.code, "All changes of this run were rolled back", "step ")
    try:
        m.unchanged()
    except AssertionError as e:
        raise AssertionError(f"after write {nth}, {fault}: {e}\n{run}") from e
    return run


def and_succeeds_after(m: Mirror) -> None:
    m(*words_of(m)).expect(0, "Done: 2 interfaces")
    m(*words_of(m)).expect(0, "Nothing to change")
    m("aws", "remove", "--all", "--yes").expect(0)
    m.unchanged()


KINDS = ("500", "cut_before", "cut_after", "garbage")


def each_write(m: Mirror, **fault: Any) -> None:
    n = number_of_writes(m, words_of(m))
    assert n >= 15, n
    m("aws", "remove", "--all", "--yes").expect(0)
    m.unchanged()
    for nth in some(n, len(KINDS), KINDS.index(fault["kind"])):
        setup_fails(m, nth, **fault)
    and_succeeds_after(m)


@test("setup: each change in turn gets a 500: everything is rolled back")
def setup_500(m: Mirror) -> None:
    each_write(m, kind="500")


@test("setup: the connection closes before each change: everything is rolled back")
def setup_cut_before(m: Mirror) -> None:
    each_write(m, kind="cut_before")


@test("setup: the connection closes after each change: everything is rolled back")
def setup_cut_after(m: Mirror) -> None:
    each_write(m, kind="cut_after")


@test("setup: the same when AWS is eventually consistent")
def setup_cut_after_late(m: Mirror) -> None:
    n = number_of_writes(m, words_of(m))
    creates = [i for i, o in enumerate(m.writes(), 1) if ":Create" in o and "Rule" not in o]
    m("aws", "remove", "--all", "--yes").expect(0)
    assert len(creates) == 8 and n > 8
    for i in some(len(creates), 3):
        nth = creates[i - 1]
        # Earlier resources are visible at once; only the lost one takes waiting.
        m.forget_calls()
        m.aws.fault(operation="write", nth=nth, count=2, kind="cut_after", seconds=LATE)
        process = m.start(*words_of(m))
        wait_for(lambda: len(m.writes()) >= nth, f"write {nth}")  # pylint: disable=W0640
        m.aws.set(consistency_seconds=1.5)
        interrupt(process)
        m.end(process).expect(130, "All changes of this run were rolled back")
        m.aws.set(consistency_seconds=0)
        m.aws.ask("DELETE", "faults")
        m.unchanged()
    m.aws.set(consistency_seconds=0.5)
    m(*words_of(m)).expect(0, "Done: 2 interfaces")
    m("aws", "remove", "--all", "--yes").expect(0)
    m.unchanged()


@test("setup: the response to each change is garbage: everything is rolled back")
def setup_garbage(m: Mirror) -> None:
    each_write(m, kind="garbage")


@test("setup: a single failure of each change is retried")
def setup_retried(m: Mirror) -> None:
    n = number_of_writes(m, words_of(m))
    m("aws", "remove", "--all", "--yes").expect(0)
    for i, kind in enumerate(("throttle", "cut_after")):
        for nth in some(n, 4, 2 * i):
            m.aws.fault(operation="write", nth=nth, kind=kind)
            m(*words_of(m), AWS_MAX_ATTEMPTS="2").expect(0, "Done: 2 interfaces")
            m.aws.ask("DELETE", "faults")
            m("aws", "remove", "--all", "--yes").expect(0)
            m.unchanged()


@test("setup: resources that cannot be rolled back are named, and remove deletes them")
def leftovers(m: Mirror) -> None:
    m.aws.fault(operation="ec2:CreateTrafficMirrorSession", nth=2, kind="500")
    m.aws.fault(operation="ec2:DeleteTrafficMirrorFilter", count=-1, kind="500")
    run = m(*words_of(m)).expect(1, "these resources could not be removed", "tmf-",
                                 "aws remove --name metlo")
    left, = m.aws.table("mirror_filters")
    assert left in run.err
    assert not m.aws.table("mirror_sessions") and not m.aws.table("mirror_targets")
    tree = m("aws", "list", "--json").expect(0).json()
    assert [d["name"] for d in tree["deployments"]] == ["metlo"]
    m.aws.ask("DELETE", "faults")
    m("aws", "remove", "--name", "metlo", "--yes").expect(0)
    m.unchanged()


@test("changes of ports, sources and target fail: rolled back, or finished by the next run")
def changes_fail(m: Mirror) -> None:
    groups = m.aws.table("security_groups")

    def begin() -> list[str]:
        m.reset()
        m(*words_of(m)).expect(0)
        m.aws.ask("POST", "remember", {})
        m.forget_calls()
        return ["aws", "setup", "--ports", "443", "--source", m.eni("web-1"), "--source",
                m.eni("ecs-prod-1"), "--target", m.eni("collector-2"), "--vni", "4711", "--yes"]

    n = number_of_writes(m, begin())
    assert n >= 13, n
    back = later = 0
    for count, kind in enumerate(("500", "cut_after"), 1):
        for nth in some(n, 3, count):
            words = begin()
            m.aws.fault(operation="write", nth=nth, kind=kind, count=count)
            run = m(*words)
            m.aws.ask("DELETE", "faults")
            assert run.code == 1, f"{kind} {nth}: {run}"
            if "All changes of this run were rolled back" in run.err:
                m.unchanged()
                back += 1
            else:
                run.expect(1, "steps are done; run the command again to finish")
                later += 1
            m(*words).expect(0, "2 interfaces are mirrored, VNI 4711")
            m(*words).expect(0, "Nothing to change")
            assert len(m.aws.table("mirror_sessions")) == 2
            assert len(m.aws.table("mirror_filters")) == len(m.aws.table("mirror_targets")) == 1
            assert len(m.aws.table("target_groups")) == 0
            m("aws", "remove", "--all", "--yes").expect(0)
            assert m.aws.table("security_groups") == groups
    assert back and later, (back, later)


@test("setup: JSON has the outcome, the failure and the state of each step")
def json_outcome(m: Mirror) -> None:
    m.aws.fault(operation="ec2:CreateTrafficMirrorSession", kind="error", status=400,
                code="NetworkInterfaceNotSupported", message="must be attached to Nitro")
    tree = m(*words_of(m), "--json").expect(1).json()
    assert tree["outcome"] == "rolled-back" and not tree["interrupted"]
    assert "NetworkInterfaceNotSupported" in tree["error"]
    states = [s["state"] for s in tree["steps"]]
    assert states.count("failed") == 1 and states[-1] == "planned" and "undone" in states
    m.unchanged()


@test("remove: fails at each change in turn; the next run finishes")
def remove_fails(m: Mirror) -> None:
    m(*words_of(m)).expect(0)
    remove = ["aws", "remove", "--all", "--yes"]
    n = number_of_writes(m, remove)
    m.unchanged()
    for i, kind in enumerate(("500", "cut_before", "cut_after")):
        for nth in some(n, 3, i):
            m(*words_of(m)).expect(0)
            m.aws.fault(operation="write", nth=nth, kind=kind,
                        count=2 if kind.startswith("cut") else 1)
            run = m(*remove)
            m.aws.ask("DELETE", "faults")
            assert run.code == 1, f"{kind} {nth}: {run}"
            run.expect(1, "steps are done; run the command again to finish")
            m(*remove).expect(0)
            m.unchanged()


@test("list and plan: each read fails in turn")
def reads_fail(m: Mirror) -> None:
    m(*words_of(m)).expect(0)
    m.forget_calls()
    m("aws", "list").expect(0)
    for nth in range(1, len(m.journal("read")) + 1):
        m.aws.fault(operation="read", nth=nth, kind="500")
        run = m("aws", "list").expect(1, "cannot read the account", "Internal")
        assert not run.out, run
        m.aws.ask("DELETE", "faults")
    m.aws.make("policy", policy={"allow": ["*"], "deny": ["ec2:DescribeInstances"]})
    m("aws", "list").expect(4, "Grant ec2:DescribeInstances to", "aws policy")


def late(m: Mirror) -> bool:
    """Is a call waiting to take effect?"""
    return any("late" in e for e in m.aws.ask("GET", "journal"))


def interrupted_setup(m: Mirror, nth: int, by: int) -> None:
    """The n-th change takes effect late, and the user interrupts before that."""
    m.forget_calls()
    m.aws.fault(operation="write", nth=nth, kind="late", seconds=LATE)
    process = m.start(*words_of(m))
    wait_for(lambda: late(m) or process.poll() is not None, f"write {nth}")
    interrupt(process, by)
    run = m.end(process, *words_of(m))
    m.aws.ask("DELETE", "faults")
    run.expect(130, "Rolling back this run",
               "Interrupted. All changes of this run were rolled back")
    time.sleep(0.2)
    try:
        m.unchanged()
    except AssertionError as e:
        raise AssertionError(f"interrupted at write {nth}: {e}\n{run}") from e


@test("setup: interrupted at each change: everything is rolled back")
def interrupts(m: Mirror) -> None:
    n = number_of_writes(m, words_of(m))
    m("aws", "remove", "--all", "--yes").expect(0)
    for nth in some(n, 4):
        interrupted_setup(m, nth, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[nth % 3])
    and_succeeds_after(m)


@test("setup: interrupted while a session is modified late: the old VNI is back and stays")
def interrupted_change(m: Mirror) -> None:
    m(*words_of(m), "--vni", "7").expect(0)
    m.aws.ask("POST", "remember", {})
    m.forget_calls()
    m.aws.fault(operation="ec2:ModifyTrafficMirrorSession", kind="late", seconds=LATE)
    process = m.start(*words_of(m), "--vni", "8")
    wait_for(lambda: late(m), "the change")
    interrupt(process)
    m.end(process).expect(130, "All changes of this run were rolled back")
    time.sleep(LATE)
    assert {s["VirtualNetworkId"] for s in m.aws.table("mirror_sessions").values()} == {7}


@test("setup: interrupted before a new security group is visible: it is deleted")
def interrupted_group(m: Mirror) -> None:
    m.aws.set(consistency_seconds=1)
    m.aws.fault(operation="ec2:CreateSecurityGroup", nth=1, kind="late", seconds=0.3)
    process = m.start(*words_of(m))
    wait_for(lambda: any("late" in e for e in m.aws.ask("GET", "journal")), "the change")
    interrupt(process)
    m.end(process).expect(130, "rolled back")
    m.aws.set(consistency_seconds=0)
    m.unchanged()


@test("setup: interrupted while waiting for the load balancer, and again during the rollback")
def interrupted_wait(m: Mirror) -> None:
    m.aws.set(lb_seconds=600, eni_linger_seconds=1)
    process = m.start(*words_of(m))
    wait_for(lambda: m.writes()[-1:] == ["ec2:AuthorizeSecurityGroupIngress"]
             and len(m.writes()) > 9 and m.aws.ask("GET", "journal")[-1]["operation"]
             .endswith("DescribeLoadBalancers"), "the wait")
    interrupt(process)
    wait_for(lambda: "elbv2:DeleteLoadBalancer" in m.writes(), "the roll-back")
    interrupt(process)
    m.end(process).expect(130, "Interrupted. All changes of this run were rolled back")
    m.unchanged()


@test("setup: interrupted while reading or checking permissions: nothing was changed")
def interrupted_early(m: Mirror) -> None:
    for category in ("read", "dryrun"):
        m.forget_calls()
        m.aws.fault(operation=category, nth=3, kind="slow", seconds=WAIT)
        process = m.start(*words_of(m))
        wait_for(lambda: len(m.journal(category)) >= 3, category)  # pylint: disable=W0640
        interrupt(process)
        run = m.end(process).expect(130, "nterrupted")
        assert "may or may not" not in run.err, run
        assert not m.writes()
        m.aws.ask("DELETE", "faults")


@test("remove: interrupted at each change; the next run finishes")
def interrupted_remove(m: Mirror) -> None:
    remove = ["aws", "remove", "--all", "--yes"]
    m(*words_of(m)).expect(0)
    n = number_of_writes(m, remove)
    for nth in (*some(n - 1, 4), n):
        m(*words_of(m)).expect(0)
        m.forget_calls()
        m.aws.fault(operation="write", nth=nth, kind="late", seconds=LATE)
        process = m.start(*remove)
        wait_for(lambda: late(m), f"write {nth}")
        interrupt(process)
        run = m.end(process, *remove)
        m.aws.ask("DELETE", "faults")
        if nth == n:  # nothing was left to be done
            run.expect(0)
            m.unchanged()
            continue
        run.expect(130, "run the command again to finish")
        run = m(*remove)
        assert run.code == 0, run
        m.unchanged()


if __name__ == "__main__":
    run_module(jobs=4)
