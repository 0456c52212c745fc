"""--target eni:auto: sources on the interfaces of the collectors."""
from __future__ import annotations

import json

from .kit import Account, test
from .test_sync import remember, sync, untouched


def place(account: Account, *more: str, code: int = 0) -> list[str]:
    words = ["--collector", account.instance("collector-1"),
             "--collector", account.instance("collector-2")]
    account.set_up(*words, *more, target="eni:auto", code=code)
    return words


def zones(account: Account) -> dict[str, tuple[str, str]]:
    """The zones of each session's source and target."""
    enis, targets = account.table("enis"), account.table("mirror_targets")
    return {k: (enis[s["NetworkInterfaceId"]]["AvailabilityZone"],
                enis[targets[s["TrafficMirrorTargetId"]]["NetworkInterfaceId"]][
                    "AvailabilityZone"])
            for k, s in account.table("mirror_sessions").items()}


@test("eni:auto: set up, list, verify, plan, export, sync and remove")
def placed(account: Account) -> None:
    account.mirror("setup", "--source", "tag:team=shop", "--target", "eni:auto", "--ports", "80",
                   "--yes", code=1)
    account.mirror("setup", "--source", "tag:team=shop", "--target", "eni:auto", "--ports", "80",
                   "--subnet", "subnet-1", "--yes", code=2)
    remember(account)
    place(account)
    collectors = {account.table("enis")[t["NetworkInterfaceId"]]["AvailabilityZone"]
                  for t in account.table("mirror_targets").values()}
    found = zones(account)
    assert len(found) == 4 and found
    assert all(to == source for source, to in found.values() if source in collectors), found
    assert "up to date" in sync(account).out
    assert "interfaces of the collectors" in account.mirror("plan", "--name", "metlo").out
    listed = account.mirror("list").out
    assert "other interfaces of" in listed, listed
    run = account.mirror("verify", "--no-metrics", "--json", code=None)
    rows = run.json()["deployments"][0]["checks"]
    row, = [r for r in rows if r["check"] == "target"]
    assert row["state"] == "ok" and "collector interface" in row["detail"], rows
    assert not [r for r in rows if r["state"] == "fail"], rows
    plan = json.loads(account.mirror("plan", "--name", "metlo", "--json").out)
    forms = {f["target"]: f["monthly"] for f in plan["cost"]["targets"]}
    assert forms["eni:auto"] < forms["nlb:new"] and abs(
        forms["eni:auto"] - plan["cost"]["monthly"]) < 0.01, plan["cost"]
    code = account.mirror("plan", "--name", "metlo", "--output", "terraform").out
    for target in account.table("mirror_targets"):
        assert f'"{target}"' in code, code
    account.mirror("remove", "--name", "metlo", "--yes")
    untouched(account)


@test("eni:auto: a collector that stops loses its sources, one move at a time")
def moved(account: Account) -> None:
    place(account)
    before = {k: s["TrafficMirrorTargetId"] for k, s in account.table("mirror_sessions").items()}
    account.make("set_instance", name="collector-1", state="stopped")
    remember(account)
    sync(account)
    after = {k: s["TrafficMirrorTargetId"] for k, s in account.table("mirror_sessions").items()}
    assert set(after) == set(before)
    assert len(set(after.values())) == 1 and set(after.values()) < set(before.values())
    changed = [k for k in after if after[k] != before[k]]
    writes = account.writes()
    assert writes == ["ec2:ModifyTrafficMirrorSession"] * len(changed) + [
        "ec2:DeleteTrafficMirrorTarget"], writes
    assert "up to date" in sync(account).out


@test("eni:auto: a collector of the largest size takes more sources than others")
def largest(account: Account) -> None:
    for size, code in (("16xlarge", 1), ("32xlarge", 0)):
        account.reset_instant()
        for i in range(11):
            account.make("instance", name=f"crowd-{i}", tags={"team": "crowd"})
        account.make("instance", name="big", type=f"c6i.{size}", listens=[4789])
        remember(account)
        run = account.mirror("setup", "--source", "tag:team=crowd", "--target", "eni:auto",
                             "--collector", account.instance("big"), "--ports", "80",
                             "--open-groups", "--yes", code=code)
        if code:
            assert "1 too few: AWS allows 10" in " ".join(run.err.split()), run
            untouched(account)
    assert len(account.table("mirror_sessions")) == 11
    assert len(account.table("mirror_targets")) == 1
    account.mirror("remove", "--all", "--yes")
    untouched(account)


@test("eni:auto: from and to a load balancer, the collectors are kept")
def changed(account: Account) -> None:
    account.set_up("--collector", account.instance("collector-2"))
    account.mirror("setup", "--name", "metlo", "--target", "eni:auto", "--open-groups", "--yes")
    assert not any("metlo" in k for k in account.table("load_balancers"))
    assert len(set(zones(account))) == 4
    assert "up to date" in sync(account).out
    account.mirror("setup", "--name", "metlo", "--target", "nlb:new", "--collector",
                   account.instance("collector-1"), "--open-groups", "--yes")
    assert any("metlo" in k for k in account.table("load_balancers"))
    assert len(account.table("mirror_targets")) == 1
    assert "up to date" in sync(account).out
