"""--tag: every resource of a deployment carries the tags, now and after changes."""
from __future__ import annotations

import json

from .kit import Account, test
from .test_by_hand import ours
from .test_sync import remember, sync, untouched

TABLES = ("mirror_filters", "mirror_rules", "mirror_targets", "mirror_sessions", "security_groups",
          "load_balancers", "target_groups", "listeners")


def own_tags(account: Account) -> list[dict[str, str]]:
    """The tags of each resource of ours, without our own."""
    found = []
    rules = [r for g in account.table("security_groups").values() for r in g["_rules"]]
    for resources in [account.table(t).values() for t in TABLES] + [rules]:
        for r in resources:
            tags = {t["Key"]: t["Value"] for t in r.get("Tags", r.get("_tags", []))}
            if "metlo-mirror:deployment" in tags:
                found.append({k: v for k, v in tags.items()
                              if k != "Name" and not k.startswith("metlo-mirror:")})
    return found


@test("setup --tag: on everything that is created; kept, changed and removed later")
def tags(account: Account) -> None:
    account.set_up("--tag", "CostCenter=4711", "--tag", "team=api: x/y@z")
    want = {"CostCenter": "4711", "team": "api: x/y@z"}
    found = own_tags(account)
    assert len(found) >= 10 and all(t == want for t in found), found
    assert all(r["Tags"] for r in account.table("mirror_rules").values())
    rules = [r for g in account.table("security_groups").values() for r in g["_rules"]
             if r.get("Description", "").startswith("metlo-mirror deployment ")]
    assert len(rules) >= 2 and all(r["Tags"] for r in rules), rules
    assert "up to date" in sync(account).out
    listed = json.loads(account.mirror("list", "--json").out)
    assert listed["deployments"][0]["tags"] == want, listed
    assert "CostCenter=4711" in account.mirror("list").out
    # A tag of others stays; a changed one is restored.
    session = next(iter(account.table("mirror_sessions")))
    account("ec2", "create-tags", "--resources", session, "--tags", "Key=team,Value=else",
            "Key=other,Value=1")
    assert "update the tags of " + session in sync(account).out
    assert sorted(map(len, own_tags(account)))[-2:] == [2, 3]
    account.set_up("--tag", "team=web")
    assert all(t.get("team") == "web" and "CostCenter" not in t for t in own_tags(account))
    account.set_up("--tag", "none")
    assert [t for t in own_tags(account) if t] == [{"other": "1"}], own_tags(account)
    assert "up to date" in sync(account).out


@test("setup --tag: undone on every resource if a later change fails")
def tags_undone(account: Account) -> None:
    account.set_up("--tag", "a=1", "--tag", "b=2")
    remember(account)
    for operation in ("elbv2:AddTags", "ec2:CreateTags"):
        for nth in (1, 2, 3):
            account.fault(kind="error", code="InvalidParameterValue", message="No.", status=400,
                          operation=operation, nth=nth)
            account.set_up("--tag", "b=3", "--tag", "c=4", code=1)
            untouched(account)
            account.ask("DELETE", "faults")


@test("setup --tag: refuses what AWS would")
def refused(account: Account) -> None:
    for tag, why in (("x", "KEY=VALUE"), ("=x", "KEY=VALUE"), ("aws:x=1", "another key"),
                     ("AWS:x=1", "another key"), ("metlo-mirror:spec=1", "another key"),
                     ("Name=1", "another key"), ("k" * 129 + "=1", "at most 128"),
                     ("k=" + "v" * 257, "value 256"), ("k=<b>", "AWS allows"),
                     ("k=a\nb", "AWS allows"), ("k=\u202e", "AWS allows")):
        run = account.mirror("plan", "--tag", tag, code=2)
        assert why in run.err, (tag, run)
    account.set_up("--tag", "k" * 128 + "=" + "\u00e9" * 256)
    assert all(len(t) == 1 for t in own_tags(account))
    account.reset_instant()
    many = [w for i in range(47) for w in ("--tag", f"k{i}={'v' * 200}")]
    assert "fewer --tag" in account.set_up(*many, code=1).err
