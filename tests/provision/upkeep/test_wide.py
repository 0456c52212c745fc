"""list --all-regions and --json-progress."""
from __future__ import annotations

import json
import signal

from .kit import Account, test
from .test_sync import TASKS, add_tasks


@test("list --all-regions: what is in any enabled region")
def regions(account: Account) -> None:
    assert "no mirror sessions in" in account.mirror("list", "--all-regions").out
    account.set_up()
    text = account.mirror("list", "--all-regions").out
    assert "us-east-1" in text and "eu-west-1" not in text, text
    listed = json.loads(account.mirror("list", "--all-regions", "--json").out)["regions"]
    assert [r["region"] for r in listed] == sorted(r["region"] for r in listed)
    assert len(listed) > 10
    assert {r["region"]: len(r["deployments"]) for r in listed}["us-east-1"] == 1
    assert sum(len(r["deployments"]) for r in listed) == 1
    account.mirror("list", "--all-regions", "--name", "metlo")
    assert "in any region" in account.mirror("list", "--all-regions", "--name", "x", code=3).err
    account.mirror("list", "--all-regions", "--region", "us-east-1", code=2)
    without = account.mirror("list", "--all-regions", AWS_DEFAULT_REGION="", AWS_REGION="")
    assert "us-east-1" in without.out
    account.fault(kind="deny", operation="ec2:DescribeTrafficMirrorSessions", nth=2, count=1)
    run = account.mirror("list", "--all-regions", code=4)
    assert run.err.count("is not listed") == 1 and "us-east-1" in run.out, run


def events(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@test("--json-progress: each line of standard error is an object")
def progress(account: Account) -> None:
    run = account.set_up("--json-progress")
    seen = events(run.err)
    names = [e["event"] for e in seen]
    steps = next(e["steps"] for e in seen if e["event"] == "begin")
    assert names.count("begin") == names.count("done") == steps, names
    assert "check" in names and names[-1] == "result", names
    assert [e["step"] for e in seen if e["event"] == "done"] == list(range(1, steps + 1))
    assert any(str(e["id"]).startswith("tms-") for e in seen if e["event"] == "done")
    assert seen[-1]["outcome"] == "done" and seen[-1]["deployment"] == "metlo"
    add_tasks(account)
    account.reset_instant()
    account.fault(kind="error", code="InvalidParameterValue", message="No.\n\u001b[1m", status=400,
                  operation="ec2:CreateTrafficMirrorSession", nth=2)
    seen = events(account.set_up("--json-progress", code=1).err)
    names = [e["event"] for e in seen]
    for name in ("failed", "rollback", "undone", "message", "result"):
        assert name in names, names
    assert names.index("failed") < names.index("rollback") < names.index("undone")
    # Errors, too.
    seen = events(account.mirror("remove", "--all", "--json-progress", code=2).err)
    assert [e["event"] for e in seen] == ["message"] and "--yes is missing" in str(seen[0]), seen
    for wrong in ("--no-such-option", "--name"):
        seen = events(account.mirror("remove", "--json-progress", wrong, code=2).err)
        assert [e["event"] for e in seen] == ["message"] and wrong in str(seen[0]), seen


@test("--json-progress: sync --watch")
def watch(account: Account) -> None:
    account.set_up(sources=TASKS)
    add_tasks(account)
    process = account.start("sync", "--watch", "--interval", "1", "--json-progress")
    assert process.stderr is not None
    seen: list[dict[str, object]] = []
    while not any(e["event"] == "done" for e in seen):
        seen.append(json.loads(process.stderr.readline()))
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    seen += events(err)
    assert process.returncode == 0
    assert any(e["event"] == "done" and e["deployment"] == "metlo" and e["step"] == 1
               for e in seen), seen
