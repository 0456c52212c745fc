"""Service Quotas: a plan that the account cannot have fails before the first change."""
from __future__ import annotations

from .kit import Account, test
from .test_sync import remember, untouched


def refused(account: Account, *words: str, **settings: int) -> None:
    """With these quotas, and then with one more of each."""
    account.reset_instant()
    account.set(**settings)
    remember(account)
    text = " ".join(account.set_up(code=1).err.split())
    for word in words:
        assert word in text, (word, text)
    untouched(account)
    account.set(**{k: v + 1 for k, v in settings.items()})
    account.set_up()


@test("quotas: those of the account count, not the documented ones")
def quotas(account: Account) -> None:
    groups = len(account.table("security_groups"))
    balancers = [b for b in account.table("load_balancers").values() if b["Type"] == "network"]
    refused(account, f"would have {groups + 1} security groups", f"AWS allows {groups}",
            "--quota-code L-E79EC296", security_groups=groups)
    refused(account, f"would have {len(balancers) + 1} network load balancers",
            "quota L-69A177A2 of Service Quotas", network_load_balancers=len(balancers))
    account.reset_instant()
    refused(account, "target groups", "L-B22855CB", target_groups=len(account.table(
        "target_groups")))


@test("quotas: rules of a security group, counted by address block and group")
def rules(account: Account) -> None:
    account.set(rules_per_group=1)
    text = " ".join(account.set_up(code=1).err.split())
    assert "inbound rules, but AWS allows 1 (quota L-0EA8095F" in text, text
    account.set(rules_per_group=100)
    account.set_up()


@test("quotas: not permitted or not reachable, the documented ones are assumed")
def unknown(account: Account) -> None:
    for kind in ("deny", "500", "throttle", "cut_before"):
        account.reset_instant()
        account.fault(kind=kind, operation="servicequotas:*", count=-1)
        run = account.set_up()
        text = " ".join((run.out + run.err).split())
        assert "those that AWS documents" in text, run
        calls = [e for e in account.ask("GET", "journal")
                 if e.get("operation") == "servicequotas:ListServiceQuotas"]
        assert 1 <= len(calls) <= 2, calls  # a throttled call is repeated once
        account.ask("DELETE", "faults")
        account.mirror("remove", "--name", "metlo", "--yes")
