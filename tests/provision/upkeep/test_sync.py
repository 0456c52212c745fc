"""sync: sessions follow their sources."""
from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from typing import Any, Callable

from mirror.kit import CTRL_C, Run, terminal

from .kit import Account, test

TASKS = ("ecs:prod/api",)


def replace_tasks(account: Account, count: int = 1, service: str = "api") -> None:
    account.make("tasks", cluster="prod", service=service, count=count)
    account.make("stop_tasks", cluster="prod", service=service, count=count)


def add_tasks(account: Account, count: int = 1) -> None:
    account.make("tasks", cluster="prod", service="api", count=count)


def remember(account: Account) -> None:
    account.ask("POST", "remember", {})
    account.ask("DELETE", "journal")


def untouched(account: Account) -> None:
    changes = account.changes()
    assert not any(changes.values()), changes


def sync(account: Account, *args: str, code: int = 0) -> Run:
    return account.mirror("sync", "--yes", *args, code=code)


# --- updates ----------------------------------------------------------------
@test("sync: replaced tasks")
def replaced(account: Account) -> None:
    account.set_up(sources=TASKS)
    assert account.sessions() == account.task_enis("api")
    replace_tasks(account, 2)
    remember(account)
    result = sync(account)
    assert account.sessions() == account.task_enis("api")
    assert account.writes() == ["ec2:CreateTrafficMirrorSession"] * 2, account.writes()
    assert "2 sessions to add, 0 to change, 0 to remove, 1 to keep" in result.out, result
    remember(account)
    result = sync(account)
    assert "up to date, 3 sessions" in result.out, result
    untouched(account)
    calls = account.ask("GET", "journal")
    assert not [c for c in calls if c.get("category") in ("write", "dryrun")], calls


@test("sync: 60 of 150 tasks were replaced")
def many(account: Account) -> None:
    account.reset_instant("small,ecs_tasks=150")
    account.set(page_size=25)
    account.set_up(sources=("ecs:prod/many",))
    assert len(account.sessions()) == 150
    replace_tasks(account, 60, "many")
    remember(account)
    sync(account)
    assert account.sessions() == account.task_enis("many") and len(account.sessions()) == 150
    assert account.writes() == ["ec2:CreateTrafficMirrorSession"] * 60
    assert len({s["VirtualNetworkId"] for s in account.table("mirror_sessions").values()}) == 1


@test("sync: an instance was terminated, another has its tag")
def instance_gone(account: Account) -> None:
    account.set_up()
    account.make("terminate", name="web-2")
    account.make("instance", name="web-3", tags={"team": "shop"}, enis=2)
    sync(account)
    wanted = {k for k, e in account.table("enis").items() if e.get("Attachment", {}).get(
        "InstanceId") in (account.instance("web-1"), account.instance("web-3"))}
    assert account.sessions() == wanted and len(wanted) == 4


@test("sync: a missing source is a warning, the others stay")
def named_gone(account: Account) -> None:
    account.set_up(sources=(account.instance("web-1"), account.instance("web-2")))
    account.make("terminate", name="web-2")
    remember(account)
    result = sync(account)
    assert "warning" in result.err and account.instance("web-2") in result.err, result
    assert len(account.sessions()) == 2
    untouched(account)


@test("sync: an untagged instance is no longer mirrored; foreign sessions stay")
def untagged(account: Account) -> None:
    account.set_up()
    account.make("mirror", source="web-2", target="collector-2", number=7, vni=1)
    before = {k for k, s in account.table("mirror_sessions").items() if s["SessionNumber"] == 7}
    account("ec2", "delete-tags", "--resources", account.instance("web-2"), "--tags", "Key=team")
    result = sync(account)
    assert "0 sessions to add, 0 to change, 2 to remove, 2 to keep" in result.out, result
    left = account.table("mirror_sessions")
    assert before < set(left) and len(left) == 3, left


@test("sync: a VPC with exclusions: new instances are mirrored, excluded ones are not")
def whole_vpc(account: Account) -> None:
    vpc = next(iter(account.table("vpcs")))
    account.set_up("--exclude", "ecs:prod/api", "--exclude", "tag:team=shop", sources=(vpc,))
    before = account.sessions()
    collectors = {account.first_eni("collector-1")}
    shop = {k for k, e in account.table("enis").items() if e.get("Attachment", {}).get(
        "InstanceId") in (account.instance("web-1"), account.instance("web-2"))}
    assert account.task_enis("worker") < before, before
    assert not before & (collectors | shop | account.task_enis("api")), before
    assert account.first_eni("old") not in before  # t2.micro
    account.make("instance", name="new")
    account.make("instance", name="shop-new", tags={"team": "shop"})
    add_tasks(account)
    result = sync(account)
    assert "1 session to add" in result.out, result
    assert account.sessions() == before | {account.first_eni("new")}
    assert "up to date" in sync(account).out


def registered(account: Account) -> set[str]:
    return {r["Id"] for r in account.table("registrations").values() if "_gone_at" not in r}


@test("sync: collectors follow their Auto Scaling group")
def scaling(account: Account) -> None:
    tag = "aws:autoscaling:groupName"
    for i in range(2):
        account.make("instance", name=f"asg-{i}", tags={tag: "collectors"}, listens=[4789],
                     groups=["collector"], zone=i)
    args = ("--collector", f"tag:{tag}=collectors", "--source", "tag:team=shop", "--target",
            "nlb:new", "--ports", "80", "--open-groups", "--yes")
    account.mirror("setup", *args)
    assert registered(account) == {account.instance(f"asg-{i}") for i in range(2)}
    account.make("instance", name="asg-2", tags={tag: "collectors"}, listens=[4789],
                 groups=["collector"])
    account.make("terminate", name="asg-0")
    account.mirror("verify", "--no-metrics", code=6)
    sync(account)
    assert registered(account) == {account.instance(f"asg-{i}") for i in (1, 2)}
    assert "up to date" in sync(account).out
    account.mirror("verify", "--no-metrics")
    account.make("instance", name="eager", tags={tag: "collectors", "team": "shop"})
    sync(account)
    assert account.first_eni("eager") not in account.sessions()
    account.mirror("setup", "--name", "metlo", "--collector", "asg-1", "--yes", code=2)


@test("sync: a collector was terminated, the others stay")
def collector_gone(account: Account) -> None:
    account.set_up("--collector", account.instance("collector-2"))
    first, second = account.instance("collector-1"), account.instance("collector-2")
    account.make("terminate", name="collector-1")
    account.make("instance", name="more", tags={"team": "shop"})
    result = sync(account)
    assert f"{first} no longer exists" in result.err and registered(account) == {second}, result
    assert account.first_eni("more") in account.sessions()


@test("sync: to a mirror target shared by another account")
def shared(account: Account) -> None:
    account.make("shared_target")
    target = next(iter(account.table("mirror_targets")))
    account.ask("POST", "remember", {})
    result = account.mirror("setup", "--yes", "--ports", "80", "--source", "ecs:prod/api",
                            "--target", target)
    assert "210987654321" in result.err, result
    assert account.sessions() == account.task_enis("api")
    replace_tasks(account)
    sync(account)
    assert account.sessions() == account.task_enis("api")
    account.mirror("verify", "--no-metrics")
    account.mirror("setup", "--yes", "--name", "metlo", "--packet-length", "9000", code=1)
    account.mirror("remove", "--all", "--yes")
    assert list(account.table("mirror_targets")) == [target]
    assert not account.table("mirror_sessions") and not account.table("mirror_filters")
    account.mirror("setup", "--yes", "--ports", "80", "--source", "ecs:prod/api", "--target",
                   "tmt-00000000000000000", code=1)


@test("verify: to a foreign mirror target of this account")
def given(account: Account) -> None:
    account.make("mirror", source="old", target="collector-1")
    target = next(iter(account.table("mirror_targets")))
    account.mirror("setup", "--yes", "--ports", "80", "--source", "tag:team=shop", "--target",
                   target)
    found = account.mirror("verify", "--no-metrics", "--json", code=6).json()
    rows = {r["check"]: r["state"] for r in found["deployments"][0]["checks"]}
    assert rows["security-group"] == "fail" and rows["target"] == "ok", rows
    account.mirror("remove", "--all", "--yes")
    assert list(account.table("mirror_targets")) == [target]


@test("sync: filter, target and collectors are restored")
def repairs(account: Account) -> None:
    account.set_up()
    rule = next(iter(account.table("mirror_rules")))
    account("ec2", "delete-traffic-mirror-filter-rule", "--traffic-mirror-filter-rule-id", rule)
    listener = next(iter(a for a, row in account.table("listeners").items()
                         if row["Protocol"] == "UDP"))
    account("elbv2", "delete-listener", "--listener-arn", listener)
    sync(account)
    assert any(row["Protocol"] == "UDP" for row in account.table("listeners").values())
    assert len(account.table("mirror_filters")) == 1 and len(account.table("mirror_rules")) == 2
    filters = {s["TrafficMirrorFilterId"] for s in account.table("mirror_sessions").values()}
    assert filters == set(account.table("mirror_filters"))
    assert "up to date" in sync(account).out


@test("sync: one of two deployments, or both")
def two(account: Account) -> None:
    account.set_up(sources=TASKS)
    account.set_up("--name", "second", sources=("ecs:prod/worker",),
                   target=account.first_eni("collector-2"))
    replace_tasks(account, 1, "api")
    replace_tasks(account, 1, "worker")
    sync(account, "--name", "second")
    assert account.task_enis("worker") <= account.sessions()
    assert not account.task_enis("api") <= account.sessions()
    result = sync(account)
    assert account.sessions() == account.task_enis("api") | account.task_enis("worker")
    assert "second: up to date" in result.out and "metlo: 1 session to add" in result.out, result
    sync(account, "--name", "third", code=3)


@test("sync: no deployment")
def none(account: Account) -> None:
    assert "no deployment" in sync(account, code=3).err


# --- confirmation -----------------------------------------------------------
@test("sync: changes nothing without --yes and without a terminal")
def unasked(account: Account) -> None:
    account.set_up(sources=TASKS)
    replace_tasks(account)
    remember(account)
    result = account.mirror("sync", code=2)
    assert "--yes" in result.err, result
    result = account.mirror("sync", "--dry-run")
    assert "1 session to add" in result.out and "mirror eni-" in result.out, result
    untouched(account)
    kinds = {e.get("category") for e in account.ask("GET", "journal")}
    assert "dryrun" in kinds and "write" not in kinds, kinds


@test("sync: asks at a terminal: yes, no, Ctrl-C")
def asks(account: Account) -> None:
    account.set_up(sources=TASKS)
    replace_tasks(account)
    remember(account)
    for keys, code, text in (("n\r", 1, "othing was changed"), (CTRL_C, 130, "othing was changed"),
                             ("y\r", 0, "done")):
        untouched(account)
        with terminal(account, "aws", "sync") as t:  # type: ignore[arg-type]
            t.sees("mirror eni-").sees("Apply this change?").types(keys).sees(text).expect(code)
    assert account.sessions() == account.task_enis("api")


@test("sync: --json")
def as_json(account: Account) -> None:
    account.set_up(sources=TASKS)
    replace_tasks(account)
    found = account.mirror("sync", "--json", "--dry-run").json()
    assert found["deployments"][0]["outcome"] == "done", found
    found = sync(account, "--json").json()["deployments"][0]
    assert found["deployment"] == "metlo" and found["outcome"] == "done", found
    assert len(found["steps"]) == 1, found
    assert account.sessions() == account.task_enis("api")


# --- failures ---------------------------------------------------------------
@test("sync: a failure at each write is rolled back; the next run succeeds")
def each_write(account: Account) -> None:
    def damage() -> None:
        account.set_up(sources=TASKS)
        rule = next(iter(account.table("mirror_rules")))
        account("ec2", "delete-traffic-mirror-filter-rule", "--traffic-mirror-filter-rule-id",
                rule)
        add_tasks(account, 2)
        remember(account)

    damage()
    sync(account)
    writes = account.writes()
    assert len(writes) >= 9, writes
    for nth, operation in enumerate(writes, 1):
        account.reset_instant()
        damage()
        account.fault(kind="error", code="InvalidParameterValue", message="No.", status=400,
                      operation="write", nth=nth)
        result = sync(account, code=1)
        assert "InvalidParameterValue" in result.err or "No." in result.err, result
        # After the first deletion nothing is rolled back; the next run finishes.
        if not operation.startswith("ec2:Delete"):
            untouched(account)
        sync(account)
        assert account.sessions() == account.task_enis("api")
        assert len(account.table("mirror_filters")) == 1
        assert "up to date" in sync(account).out


@test("sync: a lost response creates no duplicate")
def cut(account: Account) -> None:
    account.set_up(sources=TASKS)
    add_tasks(account, 2)
    account.fault(kind="cut_after", operation="ec2:CreateTrafficMirrorSession", nth=1)
    sync(account)
    assert account.sessions() == account.task_enis("api")
    assert len(account.table("mirror_sessions")) == 5


@test("sync: a missing permission is named, nothing is changed")
def denied(account: Account) -> None:
    account.set_up(sources=TASKS)
    add_tasks(account)
    remember(account)
    account.ask("POST", "make", {"make": "policy", "policy": {
        "deny": ["ec2:CreateTrafficMirrorSession"]}})
    result = sync(account, code=4)
    assert "ec2:CreateTrafficMirrorSession" in result.err, result
    untouched(account)


@test("sync: a task that stops during the run does not affect the others")
def race(account: Account) -> None:
    account.set_up(sources=TASKS)
    add_tasks(account, 3)
    account.fault(kind="error", code="InvalidNetworkInterfaceID.NotFound", status=400,
                  message="The networkInterface ID does not exist", count=2,
                  operation="ec2:CreateTrafficMirrorSession", nth=2)
    result = sync(account)
    assert "planning again" in result.err, result
    assert account.sessions() == account.task_enis("api")
    # The number of attempts is limited.
    add_tasks(account, 1)
    account.fault(kind="error", code="InvalidNetworkInterfaceID.NotFound", status=400,
                  message="The networkInterface ID does not exist", count=-1,
                  operation="ec2:CreateTrafficMirrorSession")
    assert "faster" in sync(account, code=1).err


@test("sync: an interface that AWS refuses is left out, the others are mirrored")
def refused(account: Account) -> None:
    account.set_up(sources=TASKS)
    before = account.task_enis("api")
    add_tasks(account, 3)
    new = sorted(account.task_enis("api") - before)
    account.make("set_eni", eni=new[1], mirrorable=False)
    result = sync(account)
    assert f"{new[1]} is left out" in result.err, result
    assert account.sessions() == account.task_enis("api") - {new[1]}


# --- watching ---------------------------------------------------------------
class Watcher:
    """A running sync --watch and its output so far."""

    def __init__(self, account: Account, *args: str):
        self.process = account.start("sync", "--watch", "--interval", "1", *args)
        self.printed = ""
        assert self.process.stderr is not None
        os.set_blocking(self.process.stderr.fileno(), False)
        self.until(lambda: "watching" in self.printed)

    def read(self) -> None:
        assert self.process.stderr is not None
        try:
            self.printed += os.read(self.process.stderr.fileno(), 65536).decode()
        except BlockingIOError:
            pass

    def until(self, so: Callable[[], Any]) -> None:
        for _ in range(600):
            self.read()
            if so():
                return
            assert self.process.poll() is None, f"ended early: {self.printed}"
            time.sleep(0.05)
        raise AssertionError(f"timed out: {self.printed}")

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.read()
        return code


@test("sync --watch: follows tasks, continues after errors, ends on SIGTERM")
def watch(account: Account) -> None:
    account.set_up(sources=TASKS)
    watcher = Watcher(account)
    try:
        replace_tasks(account, 2)
        watcher.until(lambda: account.sessions() == account.task_enis("api"))
        watcher.until(lambda: watcher.printed.count(": mirror eni-") == 2)
        account.fault(kind="throttle", operation="read", count=3)
        account.fault(kind="deny", operation="ec2:DescribeTrafficMirrorSessions", nth=2)
        watcher.until(lambda: "retrying in" in watcher.printed)
        replace_tasks(account, 1)
        watcher.until(lambda: account.sessions() == account.task_enis("api"))
        watcher.until(lambda: watcher.printed.count(": mirror eni-") == 3)
    finally:
        code = watcher.end()
    assert code == 0 and "no change is incomplete" in watcher.printed, (code, watcher.printed)
    assert not [line for line in watcher.printed.splitlines()
                if not line.startswith("metlo-mirror: ")], watcher.printed


def counts(path: str) -> dict[str, float]:
    with open(path, encoding="utf-8") as f:
        lines = [line.rsplit(" ", 1) for line in f if not line.startswith("#")]
    return {name.removeprefix("metlo_mirror_"): float(value) for name, value in lines}


@test("sync --metrics: counts changes, sessions and failures")
def metrics(account: Account) -> None:
    account.set_up(sources=TASKS)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/metlo.prom"
        # Foreseeable names may be links that others have made.
        os.symlink(f"{folder}/elsewhere", f"{path}.tmp")
        replace_tasks(account, 1)
        sync(account, "--metrics", path)
        os.unlink(f"{path}.tmp")
        assert os.listdir(folder) == ["metlo.prom"]
        os.umask(mask := os.umask(0o022))
        assert os.stat(path).st_mode & 0o777 == 0o666 & ~mask, path
        found = counts(path)
        assert found['looks_total{result="ok"}'] == 1 and found["aws_calls_total"] > 10, found
        assert found['session_changes_total{change="added"}'] == 1, found
        assert found['sessions{deployment="metlo"}'] == 3, found
        assert found['interfaces_wanted{deployment="metlo"}'] == 3, found
        assert abs(found["last_ok_timestamp_seconds"] - time.time()) < 3600, found
        watcher = Watcher(account, "--metrics", path)
        try:
            account.fault(kind="error", code="InvalidParameterValue", message="No.", status=400,
                          operation="ec2:CreateTrafficMirrorSession")
            add_tasks(account)
            watcher.until(lambda: counts(path).get('session_changes_total{change="added"}') == 1
                          and counts(path)['looks_total{result="failed"}'] == 1)
        finally:
            code = watcher.end()
        found = counts(path)
        assert code == 0 and found["rollbacks_total"] == 1, (code, found)
        assert found['sessions{deployment="metlo"}'] == 4, found
        assert os.listdir(folder) == ["metlo.prom"]
        sync(account, "--metrics", f"{folder}/missing/file", code=1)


@test("sync --watch: SIGINT during a step rolls back the change")
def watch_interrupted(account: Account) -> None:
    account.set_up(sources=TASKS)
    before = account.sessions()
    watcher = Watcher(account)
    try:
        account.fault(kind="slow", seconds=3, operation="ec2:CreateTrafficMirrorSession", nth=2)
        add_tasks(account, 3)
        watcher.until(lambda: ": mirror eni-" in watcher.printed)
    finally:
        code = watcher.end(signal.SIGINT)
    assert code == 0 and "rolled back: mirror eni-" in watcher.printed, (code, watcher.printed)
    assert account.sessions() == before
    sync(account)
    assert account.sessions() == account.task_enis("api")


@test("sync --watch: waits for a deployment that does not exist yet")
def watch_early(account: Account) -> None:
    watcher = Watcher(account, "--name", "metlo")
    try:
        watcher.until(lambda: "does not exist" in watcher.printed)
        account.set_up(sources=TASKS)
        replace_tasks(account)
        watcher.until(lambda: account.sessions() == account.task_enis("api"))
    finally:
        code = watcher.end()
    assert code == 0, watcher.printed


@test("sync --watch: cannot be combined with --dry-run or --json")
def watch_usage(account: Account) -> None:
    assert "--dry-run" in account.mirror("sync", "--watch", "--dry-run", code=2).err
    assert "--json" in account.mirror("sync", "--watch", "--json", code=2).err
