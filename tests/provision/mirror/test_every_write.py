"""Each change of each plan fails, is lost, comes late or is interrupted, once.

Afterwards the output is true, and nothing is left, or "list" shows it and "remove" removes
it. METLO_TEST_LONG=1 runs all cases; otherwise one in PART, always the same ones, so that a
commit that passed passes again."""
from __future__ import annotations

import signal
import time
from typing import Any, Callable

from .kit import Mirror, Run, interrupt, run_module, some, test, wait_for

LATE = 0.5  # seconds after which a change takes effect
PART = 9
BACK = "All changes of this run were rolled back"
Words = list[str]
PLANS: dict[str, Callable[[Mirror], Words]] = {}


def plan(name: str) -> Callable[[Callable[[Mirror], Words]], None]:
    """Registers a function that prepares the account and returns a command; what is there
    before the function calls ready() belongs to others."""
    def register(function: Callable[[Mirror], Words]) -> None:
        PLANS[name] = function
    return register


def setup(m: Mirror, *more: str, target: str = "nlb:new") -> Words:
    words = ["aws", "setup", "--source", m.eni("web-1"), "--source", m.eni("web-2"), "--target",
             target, "--ports", "80,8443", "--open-groups", "--yes", *more]
    return words + ["--collector", m.instance("collector-1")] if target == "nlb:new" else words


@plan("setup with a new load balancer")
def _setup(m: Mirror) -> Words:
    return setup(m, "--tag", "CostCenter=7")


@plan("setup with an interface")
def _interface(m: Mirror) -> Words:
    return setup(m, target=m.eni("collector-2"))


@plan("setup with an endpoint")
def _endpoint(m: Mirror) -> Words:
    return setup(m, target=next(iter(m.aws.table("vpc_endpoints"))))


@plan("setup changes ports, sources and target")
def _change(m: Mirror) -> Words:
    m(*setup(m)).expect(0)
    return ["aws", "setup", "--ports", "443", "--source", m.eni("web-1"), "--source",
            m.eni("ecs-prod-1"), "--target", m.eni("collector-2"), "--vni", "4711", "--yes"]


@plan("sync restores what was changed by hand")
def _by_hand(m: Mirror) -> Words:
    m(*setup(m, "--tag", "Team=a", "--collector", m.instance("collector-2"))).expect(0)
    arn, = [k for k in m.aws.table("load_balancers") if "/metlo-metlo/" in k]
    group, = [k for k in m.aws.table("target_groups") if "/metlo-metlo/" in k]
    gone, changed = m.aws.table("mirror_sessions")
    m.aws("ec2", "delete-traffic-mirror-session", "--traffic-mirror-session-id", gone)
    m.aws("ec2", "modify-traffic-mirror-session", "--traffic-mirror-session-id", changed,
          "--packet-length", "96")
    m.aws("elbv2", "modify-load-balancer-attributes", "--load-balancer-arn", arn,
          "--attributes", "Key=load_balancing.cross_zone.enabled,Value=false")
    m.aws("elbv2", "modify-target-group", "--target-group-arn", group, "--health-check-port", "80")
    m.aws("elbv2", "deregister-targets", "--target-group-arn", group, "--targets",
          f"Id={m.instance('collector-2')}")
    m.aws("elbv2", "remove-tags", "--resource-arns", arn, "--tag-keys", "Team")
    return ["aws", "sync", "--yes"]


@plan("sync rebuilds from the tags of the filter")
def _rebuild(m: Mirror) -> Words:
    m(*setup(m)).expect(0)
    key, = m.aws.table("mirror_filters")
    tags = m.aws.table("mirror_filters")[key]["Tags"]
    m("aws", "remove", "--all", "--yes").expect(0)
    m.aws("ec2", "create-traffic-mirror-filter", "--tag-specifications",
          [{"ResourceType": "traffic-mirror-filter", "Tags": tags}])
    return ["aws", "sync", "--yes"]


@plan("sync restores tags")
def _tags(m: Mirror) -> Words:
    m(*setup(m)).expect(0)
    for table in ("mirror_sessions", "mirror_targets"):
        for key in m.aws.table(table):
            m.aws.make("strip_tags", id=key)
    return ["aws", "sync", "--yes"]


@plan("remove of a session")
def _one(m: Mirror) -> Words:
    m(*setup(m)).expect(0)
    return ["aws", "remove", "--session", next(iter(m.aws.table("mirror_sessions"))), "--yes"]


@plan("remove of a deployment")
def _all(m: Mirror) -> Words:
    m(*setup(m)).expect(0)
    return ["aws", "remove", "--name", "metlo", "--yes"]


def world(m: Mirror) -> Any:
    """All resources, without what the fake notes about them."""
    regions = m.aws.ask("GET", "world")["regions"]
    return {f"{region}/{table}/{key}": {k: v for k, v in r.items() if k not in ("_born", "_next")}
            for region, tables in regions.items() for table, rows in tables.items()
            for key, r in rows.items()}


def differences(a: Any, b: Any) -> dict[str, Any]:
    return {k: (a.get(k), b.get(k)) for k in {**a, **b} if a.get(k) != b.get(k)}


# --- what happens to the call -------------------------------------------------
def fails(m: Mirror, words: Words, nth: int) -> Run:
    m.aws.fault(operation="write", nth=nth, kind="500")
    return m(*words)


def is_lost(m: Mirror, words: Words, nth: int) -> Run:
    # libcurl itself repeats a request whose connection closes.
    m.aws.fault(operation="write", nth=nth, kind="cut_after", count=2)
    return m(*words)


def comes_late(m: Mirror, words: Words, nth: int) -> Run:
    m.aws.fault(operation="write", nth=nth, kind="late", seconds=LATE)
    return m(*words).expect(0)


def is_interrupted(m: Mirror, words: Words, nth: int) -> Run:
    m.aws.fault(operation="write", nth=nth, kind="late", seconds=LATE)
    process = m.start(*words)
    wait_for(lambda: process.poll() is not None
             or any("late" in e for e in m.aws.ask("GET", "journal")), f"write {nth}")
    interrupt(process, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[nth % 3])
    run = m.end(process, *words)
    time.sleep(0.05)
    return run


WAYS = (fails, is_lost, comes_late, is_interrupted)


def check(m: Mirror, words: Words, run: Run, before: Any, again: bool) -> None:
    """The output is true, and what is left can be completed or removed."""
    m.aws.ask("DELETE", "faults")
    text = " ".join((run.out + " " + run.err).split())
    now = world(m)
    if BACK in text or "nothing was changed" in text.lower():
        assert now == before, f"not as before: {differences(before, now)}\n{run}"
    if run.code == 0 and words[1] != "remove":
        m(*words).expect(0, "Nothing to change" if words[1] == "setup" else "up to date")
        assert world(m) == now, run
    if again and "--session" not in words:
        there = words[1] != "remove" or named(m)
        m(*words).expect(0 if there else 3)
    listed = {d["name"] for d in m("aws", "list", "--json").expect(0).json()["deployments"]}
    assert bool(listed) == named(m), f"list shows {listed}: {m.aws.changes()}\n{run}"
    m("aws", "remove", "--all", "--yes").expect(0)
    changes = m.aws.changes()
    assert not any(changes.values()), f"left: {changes}\n{run}"


def named(m: Mirror) -> bool:
    """Whether anything of the deployment exists."""
    return any(m.aws.changes()[what] for what in ("created", "changed"))


def every_write(m: Mirror, name: str, way: Callable[[Mirror, Words, int], Run]) -> None:
    m.reset()
    words = PLANS[name](m)
    m.aws.ask("POST", "save", {})
    m.forget_calls()
    m(*words).expect(0)
    n = len(m.writes())
    assert n > 0
    for nth in some(n, PART, 5 * list(PLANS).index(name) + 2 * WAYS.index(way)):
        m.aws.ask("POST", "restore", {})
        before = world(m)
        run = way(m, words, nth)
        try:
            check(m, words, run, before, nth % 2 == 0)
        except AssertionError as e:
            raise AssertionError(f"write {nth} of {n}: {e}") from e


def make_tests() -> None:
    for name in PLANS:
        for way in WAYS:
            def run(m: Mirror, name: str = name,
                    way: Callable[[Mirror, Words, int], Run] = way) -> None:
                every_write(m, name, way)
            test(f"{name}: each change {way.__name__.replace('_', ' ')}")(run)


make_tests()


@test("throttling by action only makes it slower")
def throttled(m: Mirror) -> None:
    m.aws.set(buckets={"ec2:CreateTrafficMirror*": [2, 4], "elbv2:*": [3, 5]})
    m("aws", "setup", "--source", "tag:team=shop", "--target", "nlb:new", "--collector",
      m.instance("collector-1"), "--ports", "80", "--yes", AWS_MAX_ATTEMPTS="").expect(
          0, "Done: 4 interfaces")
    assert any(e.get("outcome") == "RequestLimitExceeded" for e in m.journal("write"))
    m("aws", "remove", "--all", "--yes", AWS_MAX_ATTEMPTS="").expect(0)
    m.unchanged()


if __name__ == "__main__":
    run_module(jobs=4)
