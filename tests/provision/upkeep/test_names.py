"""names and sync --names: who is behind the addresses that a collector sees."""
from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from typing import Any

from .kit import Account, test
from .test_sync import add_tasks


def parse(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@test("names: instances, tasks, load balancers and subnets by VNI and address")
def names(account: Account) -> None:
    assert "no deployment" in account.mirror("names", code=3).err
    account.set_up("--vni", "77", sources=("ecs:prod/api", "tag:team=shop"))
    found = parse(account.mirror("names").out)
    assert found and all(set(e) == {"vni", "address", "name", "labels"} for e in found)
    assert {e["vni"] for e in found} == {77}
    by_address = {e["address"]: e for e in found}
    assert len(by_address) == len(found)
    enis = account.table("enis")
    mirrored = account.sessions()
    vpcs = {enis[e]["VpcId"] for e in mirrored}
    for key, eni in enis.items():
        entry = by_address.get(eni["PrivateIpAddress"])
        assert (entry is not None) == (eni["VpcId"] in vpcs), (key, entry)
        if entry:
            assert entry["labels"]["interface"] == key
            assert ("session" in entry["labels"]) == (key in mirrored)
    for key in account.task_enis("api"):
        entry = by_address[enis[key]["PrivateIpAddress"]]
        assert entry["name"] == "prod/api" and entry["labels"]["ecs_service"] == "api"
        assert entry["labels"]["source"] == "ecs:prod/api", entry
    web = account.named("instances", "web-1")
    entry = by_address[web["PrivateIpAddress"]]
    assert entry["name"] == "web-1" and entry["labels"]["instance"] == web["InstanceId"]
    assert entry["labels"]["tag:team"] == "shop" and "tag:Name" not in entry["labels"]
    balancers = [e for e in found if e["labels"].get("load_balancer")]
    assert {e["labels"]["load_balancer_type"] for e in balancers} >= {"application", "network"}
    for subnet in account.table("subnets").values():
        assert (subnet["CidrBlock"] in by_address) == (subnet["VpcId"] in vpcs)
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/names"
        run = account.mirror("names", "--output", path, "--name", "metlo")
        assert not run.out
        with open(path, encoding="utf-8") as f:
            assert parse(f.read()) == found
        assert os.listdir(folder) == ["names"]
        account.mirror("names", "--output", folder + "/no/names", code=1)
        # A link stays; what is no file is written to and never replaced.
        os.symlink("names", folder + "/link")
        account.mirror("names", "--output", folder + "/link")
        assert os.path.islink(folder + "/link") and not os.path.islink(path)
        os.symlink("/dev/stdout", folder + "/stdout")
        assert parse(account.mirror("names", "--output", folder + "/stdout").out) == found
        os.symlink("/dev/full", folder + "/full")
        assert "No space left" in account.mirror("names", "--output", folder + "/full", code=1).err
        assert sorted(os.listdir(folder)) == ["full", "link", "names", "stdout"]
    account.mirror("names", "--name", "other", code=3)


@test("names: secondary addresses, IPv6 and hostile tags")
def hostile(account: Account) -> None:
    account.set_up("--vni", "77")
    key = next(iter(account.sessions()))
    account("ec2", "create-tags", "--resources", key, "--tags",
            json.dumps({"Key": "Name", "Value": "a\"b\n{\u202e"}))
    found = [e for e in parse(account.mirror("names").out)
             if e["labels"].get("interface") == key]
    assert found and {e["name"] for e in found} == {"a\"b\n{\u202e"}
    assert account.mirror("names").out.count("\u202e") == 0


@test("sync --watch --names: kept current")
def watch(account: Account) -> None:
    account.set_up(sources=("ecs:prod/api",))
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/names"
        process = account.start("sync", "--watch", "--interval", "1", "--names", path)

        def tasks() -> set[str]:
            with open(path, encoding="utf-8") as f:
                return {e["labels"]["interface"] for e in parse(f.read())
                        if "session" in e["labels"]}
        try:
            for _ in range(2):
                end = time.monotonic() + 40
                while not os.path.exists(path) or tasks() != account.task_enis("api"):
                    assert time.monotonic() < end, "the file is not current"
                    time.sleep(0.2)
                add_tasks(account)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
    account.mirror("sync", "--yes", "--names", "/no/such/folder/x", code=1)
