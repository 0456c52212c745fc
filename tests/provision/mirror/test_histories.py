"""Random histories of an account: set-up, changes by hand, sync, faults, interrupts, remove.

After every command: what belongs to others is as it was, and what the output states is true.
At the end nothing of ours is left. METLO_TEST_LONG=1 plays 200 histories, otherwise 10,
from HISTORY_SEED on; HISTORY=SEED plays one and prints its commands."""
from __future__ import annotations

import json
import os
import random
import re
from typing import Any, Callable

from fakeaws.tests.kit import Refused

from .kit import LONG, Mirror, Run, interrupt, run_module, test, wait_for

COUNT = 200 if LONG else 10
FIRST = int(os.environ.get("HISTORY_SEED", "0"))  # for other histories than these
NAMES = ("shop", "metlo")
BACK = "All changes of this run were rolled back"
OUR_RULE = "metlo-mirror deployment "
World = dict[str, Any]


def world(m: Mirror) -> World:
    """All resources, without what the fake notes about them."""
    regions = m.aws.ask("GET", "world")["regions"]
    return {f"{table}/{key}": {k: v for k, v in r.items() if k not in ("_born", "_next")}
            for tables in regions.values() for table, rows in tables.items()
            for key, r in rows.items()}


def rules(group: Any) -> set[str]:
    """The rules of a security group, each by itself, without ours."""
    found = set()
    for rule in group.get("IpPermissions", []):
        peers = [x for k in ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds")
                 for x in rule.get(k, [])]
        found |= {json.dumps([rule.get("IpProtocol"), rule.get("FromPort"), rule.get("ToPort"), p],
                             sort_keys=True)
                  for p in peers if not str(p.get("Description")).startswith(OUR_RULE)}
    return found


def of_others(key: str, resource: Any) -> Any:
    """What must not change in a resource of others."""
    if resource is None:
        return None
    if key.startswith("security_groups/"):
        return rules(resource)
    return {k: v for k, v in resource.items() if k != "AvailableIpAddressCount"}


def tagged(w: World, table: str, name: str) -> set[str]:
    tag = {"Key": "metlo-mirror:deployment", "Value": name}
    return {k.partition("/")[2] for k, r in w.items() if k.startswith(table + "/")
            and tag in r.get("Tags", []) + r.get("_tags", [])}


class History:
    def __init__(self, m: Mirror, seed: int):
        self.m, self.random = m, random.Random(seed)
        self.loud = "HISTORY" in os.environ
        self.ours: set[str] = set()
        self.stripped = False
        self.log: list[str] = []
        m.reset()
        m.aws.make("mirror", source="collector-2", target="collector-1", number=9)
        m.aws("ec2", "create-traffic-mirror-filter", "--description", "metlo-mirror other")
        m.aws.set(consistency_seconds=self.random.choice((0, 0, 0.15)))

    def note(self, text: str) -> None:
        self.log.append(text)
        if self.loud:
            print("# " + text, flush=True)

    # --- commands -------------------------------------------------------------
    def with_fault(self, words: list[str]) -> Run:
        m, kind = self.m, self.random.choice(("500", "throttle", "cut_after", "late", "interrupt"))
        nth = self.random.randint(1, 14)
        self.note(f"{kind} at write {nth}:")
        if kind != "interrupt":
            m.aws.fault(operation="write", nth=nth, kind=kind, seconds=0.2,
                        count=2 if kind == "cut_after" else 1)
            return m(*words)
        m.aws.fault(operation="write", nth=nth, kind="late", seconds=0.3)
        m.forget_calls()
        process = m.start(*words)
        wait_for(lambda: process.poll() is not None
                 or any("late" in e for e in m.aws.ask("GET", "journal")), "the change")
        interrupt(process)
        return m.end(process, *words)

    def run(self, *words: str, faults: bool = True) -> Run:
        before = world(self.m)
        all_words = ["aws", *words]
        bad = faults and self.random.random() < 0.4
        run = self.with_fault(all_words) if bad else self.m(*all_words)
        self.m.aws.ask("DELETE", "faults")
        after = world(self.m)
        self.note(f"{' '.join(words)} -> {run.code}")
        self.ours |= set(after) - set(before)
        try:
            self.judge(run, before, after)
        except AssertionError as e:
            raise AssertionError("\n".join(self.log + [str(e), str(run)])) from e
        return run

    def judge(self, run: Run, before: World, after: World) -> None:
        for key in (k for k in before if k not in self.ours):
            was, now = of_others(key, before[key]), of_others(key, after.get(key))
            assert was == now, f"touched {key}, which is of others: {was} {now}"
        assert run.code in (0, 1, 3, 130), "unexpected exit code"
        text = " ".join((run.out + " " + run.err).split())
        if re.search(f"{BACK}|[Nn]othing was changed|Nothing to change|Nothing to remove", text):
            changed = {k: (before.get(k), after.get(k)) for k in {**before, **after}
                       if before.get(k) != after.get(k)}
            assert not changed, f"claims that nothing changed, but: {changed}"
        for left in re.findall(r"\b(?:tm[sft]|sg)-[0-9a-f]+\b",
                               text.partition("could not be removed")[2]):
            assert any(left in k for k in after), f"{left} does not exist"
        command = run.words[1] if len(run.words) > 1 else ""
        if run.code == 0 and command == "setup":
            self.judge_setup(text, after)
        if run.code == 0 and command == "remove":
            self.judge_remove(run, text, before, after)

    def judge_setup(self, text: str, after: World) -> None:
        found = re.search(r"(\d+) interfaces? (?:is|are) mirrored, VNI \d+, deployment (\S+) in",
                          text)
        assert found, "does not say what is mirrored"
        have = len(tagged(after, "mirror_sessions", found[2]))
        assert have == int(found[1]), f"{have} sessions, not {found[1]}"

    def judge_remove(self, run: Run, text: str, before: World, after: World) -> None:
        found = re.search(r"Removed: (\d+) session", text)
        gone = {k for k in before if k.startswith("mirror_sessions/")} - set(after)
        assert not found or int(found[1]) == len(gone), f"{len(gone)} sessions were removed"
        names = NAMES if "--all" in run.words else [
            run.words[i + 1] for i, w in enumerate(run.words) if w == "--name"]
        for name in names:
            left = [k for k in after if f'"{name}"' in json.dumps(after[k])
                    and "metlo-mirror:deployment" in json.dumps(after[k])]
            assert not left or "stays" in text, f"removed {name}, but {left} are left"

    def judge_names(self, now: World) -> None:
        """A line for each address of each mirrored interface, with the session's VNI."""
        run = self.m("aws", "names")
        assert run.code in (0, 3), run
        lines = [json.loads(line) for line in run.out.splitlines()]
        have = {(line["vni"], line["address"]) for line in lines if "/" not in line["address"]}
        for key in (k for n in NAMES for k in tagged(now, "mirror_sessions", n)):
            session = now["mirror_sessions/" + key]
            eni = now.get("enis/" + session["NetworkInterfaceId"])
            assert not eni or (session["VirtualNetworkId"], eni["PrivateIpAddress"]) in have, \
                "\n".join(self.log + [f"no name for {key}: {lines}"])

    # --- what happens -----------------------------------------------------------
    def setup(self) -> None:
        m, r = self.m, self.random
        sources = ["tag:team=shop", m.eni("web-1"), "ecs:prod/api", "alb:front",
                   m.instance("old"), "ecs:prod/bridged"]
        words = ["setup", "--yes", "--name", r.choice(NAMES), "--ports",
                 r.choice(("80", "80,443", "all"))]
        for source in r.sample(sources, r.randint(1, 3)):
            words += ["--source", source]
        target = r.choice(("nlb:new", "nlb:new", "eni:auto", m.eni("collector-1"),
                           next(iter(m.aws.table("vpc_endpoints")))))
        words += ["--target", target]
        if target in ("nlb:new", "eni:auto"):
            words += ["--collector", m.instance("collector-1")]
        if r.random() < 0.2:
            words.append("--take-over")
        if r.random() < 0.5:
            words.append("--open-groups")
        if r.random() < 0.3:
            words += ["--packet-length", r.choice(("128", "all"))]
        if r.random() < 0.3:
            words += ["--tag", r.choice(("Team=a", "Team=b", "Cost=1"))]
        self.run(*words)

    def sync(self) -> None:
        self.run("sync", *(["--dry-run"] if self.random.random() < 0.2 else ["--yes"]))

    def remove(self) -> None:
        r, sessions = self.random, sorted(k for k in self.ours if k.startswith("mirror_sessions/"))
        there = [s for s in sessions if s.partition("/")[2] in self.m.aws.table("mirror_sessions")]
        if there and r.random() < 0.3:
            self.run("remove", "--yes", "--session", r.choice(there).partition("/")[2])
        else:
            self.run("remove", "--yes", *r.choice((["--all"], ["--name", r.choice(NAMES)])),
                     *(["--take-over"] if r.random() < 0.2 else []))

    def read(self) -> None:
        before = world(self.m)
        words = self.random.choice((["list"], ["plan", "--name", "x", "--source", "tag:team=shop",
                                               "--target", "nlb:new", "--ports", "80"]))
        self.m("aws", *words).expect(0)
        self.judge_names(before)
        self.m("aws", "verify", "--no-metrics")
        assert world(self.m) == before

    def elsewhere(self) -> None:
        """The sources change."""
        m, r = self.m, self.random
        what = r.choice(("add", "stop", "terminate", "tag"))
        self.note(f"elsewhere: {what}")
        if what == "add":
            m.aws.make("tasks", cluster="prod", service="api", count=1)
        elif what == "stop":
            m.aws.make("stop_tasks", cluster="prod", service="api", count=1)
        elif what == "terminate":
            m.aws.make("terminate", name="web-2")
        else:
            m.aws("ec2", "create-tags", "--resources", m.instance("collector-2"), "--tags",
                  "Key=team,Value=shop")

    def by_hand(self) -> None:
        """Somebody changes what is ours."""
        r = self.random
        there = sorted(k for k in self.ours if k in world(self.m))
        changes: dict[str, Callable[[str], Any]] = {
            "mirror_sessions": self.change_session, "mirror_rules": self.delete_rule,
            "load_balancers": self.change_balancer, "target_groups": self.change_group,
            "listeners": self.delete_listener}
        possible = [k for k in there if k.partition("/")[0] in changes]
        if not possible:
            return
        if r.random() < 0.3 and not self.stripped:
            self.stripped = True
            table = r.choice(("mirror_sessions", "mirror_targets", "load_balancers",
                              "target_groups", "security_groups"))
            self.note(f"by hand: no tags of {table}")
            for key in (k for k in there if k.startswith(table + "/")):
                self.m.aws.make("strip_tags", id=key.partition("/")[2])
            return
        table, _, key = r.choice(possible).partition("/")
        self.note(f"by hand: {changes[table].__name__} {key}")
        try:
            changes[table](key)
        except Refused as e:
            self.note(f"  refused: {e.code}")

    def change_session(self, key: str) -> None:
        if self.random.random() < 0.4:
            self.m.aws("ec2", "delete-traffic-mirror-session", "--traffic-mirror-session-id", key)
        else:
            self.m.aws("ec2", "modify-traffic-mirror-session", "--traffic-mirror-session-id", key,
                       *self.random.choice((["--packet-length", "96"],
                                            ["--virtual-network-id", "77"],
                                            ["--session-number", "5"])))

    def delete_rule(self, key: str) -> None:
        self.m.aws("ec2", "delete-traffic-mirror-filter-rule", "--traffic-mirror-filter-rule-id",
                   key)

    def change_balancer(self, key: str) -> None:
        self.m.aws("elbv2", "modify-load-balancer-attributes", "--load-balancer-arn", key,
                   "--attributes", "Key=load_balancing.cross_zone.enabled,Value=false")

    def change_group(self, key: str) -> None:
        if self.random.random() < 0.5:
            self.m.aws("elbv2", "modify-target-group", "--target-group-arn", key,
                       "--health-check-port", "80")
        else:
            self.m.aws("elbv2", "modify-target-group-attributes", "--target-group-arn", key,
                       "--attributes", "Key=stickiness.enabled,Value=false")

    def delete_listener(self, key: str) -> None:
        self.m.aws("elbv2", "delete-listener", "--listener-arn", key)

    def play(self) -> None:
        moves = (self.setup, self.setup, self.by_hand, self.by_hand, self.sync, self.sync,
                 self.elsewhere, self.remove, self.read)
        self.setup()
        for _ in range(self.random.randint(4, 9)):
            self.random.choice(moves)()
        self.m.aws.set(consistency_seconds=0)
        self.run("remove", "--all", "--yes", faults=False)
        left = self.ours & set(world(self.m))
        assert not left, "\n".join(self.log + [f"left: {sorted(left)}"])


def make_tests() -> None:
    only = os.environ.get("HISTORY")
    for seed in [int(only)] if only else range(FIRST, FIRST + COUNT):
        test(f"history {seed}: nothing left, nothing touched, nothing false")(
            lambda m, seed=seed: History(m, seed).play())


make_tests()

if __name__ == "__main__":
    run_module(jobs=1 if "HISTORY" in os.environ else 4)
