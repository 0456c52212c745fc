"""sync and remove after changes by hand: attributes, removed tags, removed resources."""
from __future__ import annotations

from .kit import Account, test
from .test_sync import TASKS, add_tasks, remember, sync, untouched


def ours(account: Account, table: str) -> str:
    arn, = [a for a in account.table(table) if "/metlo-metlo/" in a]
    return arn


def attributes(account: Account, of: str, arn: str) -> dict[str, str]:
    found = account("elbv2", f"describe-{of}-attributes", f"--{of}-arn", arn)["Attributes"]
    return {a["Key"]: a["Value"] for a in found}


@test("sync: restores every attribute that setup sets")
def by_hand(account: Account) -> None:
    account.set_up()
    remember(account)
    lb, tg = ours(account, "load_balancers"), ours(account, "target_groups")
    session = next(iter(account.table("mirror_sessions")))
    account("ec2", "modify-traffic-mirror-session", "--traffic-mirror-session-id", session,
            "--packet-length", "96")
    account("elbv2", "modify-load-balancer-attributes", "--load-balancer-arn", lb,
            "--attributes", "Key=load_balancing.cross_zone.enabled,Value=false")
    account("elbv2", "modify-target-group-attributes", "--target-group-arn", tg, "--attributes",
            "Key=stickiness.enabled,Value=false", "Key=load_balancing.cross_zone.enabled,"
            "Value=false")
    account("elbv2", "modify-target-group", "--target-group-arn", tg, "--health-check-port", "80")
    failed = account.mirror("verify", "--no-metrics", code=6)
    assert "metlo-mirror aws sync" in failed.out, failed
    sync(account)
    assert account.table("mirror_sessions")[session]["PacketLength"] == 8500
    assert attributes(account, "load-balancer", lb)["load_balancing.cross_zone.enabled"] == "true"
    of_group = attributes(account, "target-group", tg)
    assert of_group["stickiness.enabled"] == "true", of_group
    assert of_group["load_balancing.cross_zone.enabled"] == "use_load_balancer_configuration"
    assert account.table("target_groups")[tg]["HealthCheckPort"] == "4789"
    assert "up to date" in sync(account).out


@test("sync: a restored attribute is changed back if a later step fails")
def by_hand_undone(account: Account) -> None:
    account.set_up(sources=TASKS)
    tg = ours(account, "target_groups")
    account("elbv2", "modify-target-group", "--target-group-arn", tg, "--health-check-port", "80")
    account("elbv2", "modify-target-group-attributes", "--target-group-arn", tg, "--attributes",
            "Key=stickiness.enabled,Value=false")
    add_tasks(account, 1)
    remember(account)
    account.fault(kind="error", code="InvalidParameterValue", message="No.", status=400,
                  operation="ec2:CreateTrafficMirrorSession")
    sync(account, code=1)
    untouched(account)


@test("setup: --packet-length all unsets the length")
def unset_length(account: Account) -> None:
    account.set_up("--packet-length", "200")
    account.set_up("--packet-length", "all")
    assert {s["PacketLength"] for s in account.table("mirror_sessions").values()} == {8500}


def strip(account: Account, *tables: str) -> None:
    """Removes all tags of the resources in these tables."""
    for table in tables:
        for key in account.table(table):
            if key.startswith("arn:"):
                tags = account("elbv2", "describe-tags", "--resource-arns", key)
                keys = [t["Key"] for t in tags["TagDescriptions"][0]["Tags"]]
                if any(k.startswith("metlo-mirror:") for k in keys):
                    account("elbv2", "remove-tags", "--resource-arns", key, "--tag-keys", *keys)
            elif any(t["Key"].startswith("metlo-mirror:")
                     for t in account.table(table)[key].get("Tags", [])):
                account("ec2", "delete-tags", "--resources", key)


@test("sync: a session without its tags is still ours, and gets them back")
def lost_session_tags(account: Account) -> None:
    account.set_up()
    remember(account)
    before = set(account.table("mirror_sessions"))
    strip(account, "mirror_sessions", "mirror_targets")
    assert "restore the tags" in sync(account).out
    assert set(account.table("mirror_sessions")) == before
    assert "up to date" in sync(account).out
    assert account.mirror("verify", "--no-metrics")


@test("remove: finds what lost its tags, also after its load balancer was deleted")
def lost_tags(account: Account) -> None:
    everything = ("mirror_filters", "mirror_targets", "mirror_sessions", "security_groups",
                  "load_balancers", "target_groups")
    for keep, without_balancer in ((0, False), (0, True), (1, True)):
        account.reset_instant()
        groups = set(account.table("security_groups"))
        account.set_up()
        strip(account, *(t for t in everything if not keep or t != "mirror_sessions"))
        if without_balancer:
            for key in account.table("mirror_sessions") if not keep else ():
                account("ec2", "delete-traffic-mirror-session", "--traffic-mirror-session-id", key)
            if not keep:
                account("ec2", "delete-traffic-mirror-target", "--traffic-mirror-target-id",
                        *account.table("mirror_targets"))
                account("elbv2", "delete-load-balancer", "--load-balancer-arn",
                        ours(account, "load_balancers"))
        account.mirror("remove", "--name", "metlo", "--yes")
        for table in everything[:3]:
            assert not account.table(table), (table, account.table(table))
        assert set(account.table("security_groups")) == groups
        assert not any("metlo" in k for k in (*account.table("load_balancers"),
                                              *account.table("target_groups")))


@test("remove: a resource of others that bears our description stays")
def copied_mark(account: Account) -> None:
    copy = account("ec2", "create-traffic-mirror-filter", "--description", "metlo-mirror other")
    account.set_up()
    account.mirror("remove", "--all", "--yes")
    assert list(account.table("mirror_filters")) == [
        copy["TrafficMirrorFilter"]["TrafficMirrorFilterId"]]
