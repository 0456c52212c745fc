"""policy: each command works with exactly what is printed, and needs each of it."""
from __future__ import annotations

import copy
import json
from typing import Any, Callable

from mirror.kit import CTRL_C, LIMIT, Run, Terminal, terminal, wait_for

from .kit import Account, test

Policy = dict[str, Any]
Variant = Callable[[Account, Policy], Run]
SOURCES = ("tag:team=shop", "ecs:prod/api", "ecs:prod/bridged")


def printed(account: Account, *args: str) -> Policy:
    policy: Policy = account.mirror("policy", *args).json()
    return policy


def actions(policy: Policy) -> list[str]:
    return sorted({a for s in policy["Statement"] for a in s["Action"]})


def without(policy: Policy, action: str) -> Policy:
    less = copy.deepcopy(policy)
    for statement in less["Statement"]:
        statement["Action"] = [a for a in statement["Action"] if a != action]
    less["Statement"] = [s for s in less["Statement"] if s["Action"]]
    return less


def allow(account: Account, policy: Policy) -> None:
    account.ask("POST", "make", {"make": "policy", "policy": policy})


def all_allowed(account: Account) -> None:
    account.ask("DELETE", "policies")


# --- what a command does, under a policy ------------------------------------
def prepared(account: Account, *more: str) -> None:
    account.calm()
    all_allowed(account)
    account.set_up(*more, sources=SOURCES)


def setup_anew(account: Account, policy: Policy) -> Run:
    """In an account that never had a load balancer."""
    account.calm()
    account.set(elb_role_exists=False)
    allow(account, policy)
    return account.set_up(sources=SOURCES, code=None)


def back_as_it_was(account: Account, ended: Run) -> Run:
    """A failure that left nothing is what was to be shown."""
    if not any(account.changes().values()) and "could not be removed" not in ended.err:
        ended.code = 0
    return ended


def setup_fails(account: Account, policy: Policy) -> Run:
    """The last step fails for another reason; all that was made is taken back."""
    account.calm()
    allow(account, policy)
    account.fault(kind="error", code="InvalidParameterValue", message="No.", status=400,
                  operation="ec2:CreateTrafficMirrorSession", nth=5)
    return back_as_it_was(account, account.set_up(sources=SOURCES, code=None))


def setup_changes(account: Account, policy: Policy) -> Run:
    """Other ports, and another collector."""
    prepared(account)
    allow(account, policy)
    return account.mirror("setup", "--name", "metlo", "--ports", "81", "--yes", "--collector",
                          account.instance("collector-2"), code=None)


def many_sources(account: Account) -> list[str]:
    """More than one tag can remember."""
    for i in range(12):
        account.make("instance", name=f"more-{i}")
    return [w for i in range(12) for w in ("--source", account.instance(f"more-{i}"))]


def setup_shrinks(account: Account, policy: Policy) -> Run:
    """The spec took several tags, and takes one."""
    prepared(account)
    account.mirror("setup", "--name", "metlo", "--yes", *many_sources(account))
    allow(account, policy)
    return account.mirror("setup", "--name", "metlo", "--yes", "--source", "tag:team=shop",
                          code=None)


def ask_at_terminal(account: Account, command: str, policy: Policy) -> Run:
    """The region by default, then ECS services, which are listed; then Ctrl-C."""
    account.calm()
    allow(account, policy)
    # Lists are numbered on such a terminal.
    with terminal(account, "aws", command, term="dumb") as t:  # type: ignore[arg-type]
        ok = all(answers(t, text) for text in ("\r", "3\r", CTRL_C))
        if t.process.poll() is None:
            t.types(CTRL_C)
        t.process.wait(LIMIT)
        return Run((command,), 0 if ok else 1, t.text(), "")


def answers(t: Terminal, text: str) -> bool:
    """False when something is refused instead of asked."""
    def asked() -> bool:
        t.read_now()
        return any(end in t.text()[t.mark:] for end in ("[1]: ", "selected]: ", "not authorized")) \
            or t.process.poll() is not None

    wait_for(asked, "a question")
    said = t.text()[t.mark:]
    t.mark += len(said)
    if "not authorized" in said:
        return False
    t.types(text)
    return True


def plan_asks(account: Account, policy: Policy) -> Run:
    return ask_at_terminal(account, "plan", policy)


def setup_asks(account: Account, policy: Policy) -> Run:
    return ask_at_terminal(account, "setup", policy)


def plan(account: Account, policy: Policy) -> Run:
    allow(account, policy)
    args = [w for s in SOURCES for w in ("--source", s)]
    return account.mirror("plan", *args, "--target", "nlb:new", "--ports", "80", "--collector",
                          account.instance("collector-1"), code=None)


def show(account: Account, policy: Policy) -> Run:
    allow(account, policy)
    return account.mirror("list", code=None)


def verify(account: Account, policy: Policy) -> Run:
    """What cannot be looked at is told in a row."""
    allow(account, policy)
    ended = account.mirror("verify", "--json", code=None)
    if ended.code == 0:
        unknown = [r["detail"] for r in ended.json()["deployments"][0]["checks"]
                   if "permission" in r["detail"]]
        if unknown:
            ended.code, ended.err = 4, "\n".join(unknown)
    return ended


def remove(account: Account, policy: Policy) -> Run:
    if not account.table("mirror_sessions"):
        prepared(account)
    allow(account, policy)
    return account.mirror("remove", "--name", "metlo", "--yes", code=None)


def sync_tasks(account: Account, policy: Policy) -> Run:
    prepared(account)
    account("ec2", "delete-traffic-mirror-filter-rule", "--traffic-mirror-filter-rule-id",
            next(iter(account.table("mirror_rules"))))
    account.make("tasks", cluster="prod", service="api", count=1)
    account("ec2", "delete-tags", "--resources", account.instance("web-2"), "--tags", "Key=team")
    allow(account, policy)
    return account.mirror("sync", "--yes", code=None)


def destroy(account: Account) -> None:
    """All is gone but a filter, in whose tags it is written what is wanted."""
    prepared(account)
    tags = next(iter(account.table("mirror_filters").values()))["Tags"]
    account.mirror("remove", "--all", "--yes")
    account("ec2", "create-traffic-mirror-filter", "--tag-specifications",
            [{"ResourceType": "traffic-mirror-filter", "Tags": tags}])


def sync_rebuilds(account: Account, policy: Policy) -> Run:
    destroy(account)
    allow(account, policy)
    return account.mirror("sync", "--yes", code=None)


def sync_rebuild_fails(account: Account, policy: Policy) -> Run:
    """... and the last step but one fails for another reason."""
    destroy(account)
    allow(account, policy)
    account.ask("POST", "remember", {})
    account.fault(kind="error", code="InvalidParameterValue", message="No.", status=400,
                  operation="ec2:CreateTrafficMirrorSession", nth=5)
    return back_as_it_was(account, account.mirror("sync", "--yes", code=None))


def sync_collectors(account: Account, policy: Policy) -> Run:
    """A collector was taken out by hand, another put in."""
    prepared(account)
    group = next(iter(account.table("target_groups")))
    for action, name in (("deregister-targets", "collector-1"),
                         ("register-targets", "collector-2")):
        account("elbv2", action, "--target-group-arn", group, "--targets",
                f"Id={account.instance(name)}")
    allow(account, policy)
    return account.mirror("sync", "--yes", code=None)


def sync_tag_fails(account: Account, policy: Policy) -> Run:
    """Of a change of tags no answer comes: the tags are put back."""
    prepared(account)
    key = next(iter(account.table("mirror_filters")))
    account("ec2", "delete-tags", "--resources", key, "--tags", "Key=Name")
    allow(account, policy)
    account.ask("POST", "remember", {})
    # libcurl itself sends again what a kept connection has swallowed.
    account.fault(kind="cut_after", operation="ec2:CreateTags", count=2)
    return back_as_it_was(account, account.mirror("sync", "--yes", code=None,
                                                  AWS_MAX_ATTEMPTS="1"))


def setup_again(account: Account, policy: Policy) -> Run:
    allow(account, policy)
    return account.set_up(sources=SOURCES, code=None)


def sync_again(account: Account, policy: Policy) -> Run:
    allow(account, policy)
    return account.mirror("sync", "--yes", code=None)


VARIANTS: dict[str, list[Variant]] = {
    "setup": [setup_anew, setup_fails, setup_changes, setup_shrinks, setup_asks],
    "plan": [plan, plan_asks], "list": [show], "verify": [verify], "remove": [remove],
    "sync": [sync_tasks, sync_rebuilds, sync_rebuild_fails, sync_collectors, sync_tag_fails],
}
# Of these, those that leave a world in which nothing is to be done as it is.
READING: dict[str, list[Variant]] = {
    "setup": [setup_again], "plan": [plan], "list": [show], "verify": [verify], "remove": [remove],
    "sync": [sync_again],
}


def called(account: Account) -> set[str]:
    """The permissions that the calls of the program have needed since the last look."""
    prefix = {"elbv2": "elasticloadbalancing"}
    found = set()
    for entry in account.ask("GET", "journal"):
        service, _, name = entry.get("operation", ":").partition(":")
        found.add(f"{prefix.get(service, service)}:{name}")
        if service == "elbv2" and name.startswith("Create"):
            found |= {"elasticloadbalancing:AddTags", "iam:CreateServiceLinkedRole"}
        if service == "ec2" and name.startswith("Create"):
            found.add("ec2:CreateTags")
    return found


def complains(ended: Run, action: str) -> bool:
    return ended.code != 0 and action in ended.err + ended.out


def policy_test(command: str) -> None:
    """Enough: each variant succeeds. Needed: without an action, a variant that it is for fails."""
    @test(f"policy: {command} works with what is printed for it, and needs each permission")
    def run(account: Account) -> None:
        policy, uses = printed(account, command), {}
        for variant in VARIANTS[command]:
            prepared(account, "--collector", account.instance("collector-2"))
            ended = variant(account, policy)
            assert ended.code == 0, f"{variant.__name__}: {ended}"
            uses[variant] = called(account)
        prepared(account, "--collector", account.instance("collector-2"))
        idle = [action for action in actions(policy)
                if not needs(account, command, without(policy, action), action, uses)]
        assert not idle, f"nothing needs {idle}"


def needs(account: Account, command: str, less: Policy, action: str,
          uses: dict[Variant, set[str]]) -> bool:
    name = action.partition(":")[2]
    if name.startswith(("Describe", "List", "Get")):
        # Reading comes before any change, so that the world can stay as it is.
        if not account.table("target_groups"):
            prepared(account, "--collector", account.instance("collector-2"))
        for variant in READING[command]:
            if complains(variant(account, less), action):
                return True
    return any(complains(variant(account, less), action)
               for variant in VARIANTS[command] if action in uses[variant])


for each_command in VARIANTS:
    policy_test(each_command)


@test("policy: what is printed is an IAM policy, for commands, features, region and account")
def form(account: Account) -> None:
    everything = printed(account)
    assert everything["Version"] == "2012-10-17"
    assert len(json.dumps(everything, separators=(",", ":"))) < 6144  # a managed policy's limit
    assert actions(printed(account, "setup", "plan", "list", "remove", "sync", "verify")) \
        == actions(everything)
    plain = printed(account, "setup", "--feature", "none")
    assert not [a for a in actions(plain) if a.startswith(("ecs:", "iam:"))], actions(plain)
    assert not [a for a in actions(plain) if a.startswith("elasticloadbalancing:Create")]
    some = printed(account, "setup", "--feature", "ecs")
    assert "ecs:ListTasks" in actions(some)
    narrow = printed(account, "setup", "--region", "cn-north-1", "--account", "123456789012")
    arns = [r for s in narrow["Statement"] for r in s["Resource"] if s["Resource"] != "*"]
    assert arns and all(a.startswith("arn:aws-cn:") and ":cn-north-1:123456789012:" in a
                        for a in arns), arns
    account.mirror("policy", "fly", code=2)
    account.mirror("policy", "--feature", "fly", code=2)
    account.mirror("policy", "--account", "12", code=2)
    assert not account.ask("GET", "journal")


@test("policy: without features they are not used")
def no_features(account: Account) -> None:
    """An interface as the target, whose groups are open: the policy without extras is enough."""
    account.make("group", name="open", ingress=["udp/4789 10.0.0.0/16"])
    account.make("instance", name="eager", groups=["open"])
    account.ask("POST", "remember", {})
    args = ("--yes", "--ports", "80", "--source", "tag:team=shop", "--target",
            account.first_eni("eager"))
    allow(account, printed(account, "setup", "sync", "verify", "remove", "--feature", "none"))
    account.mirror("setup", *args)
    account.mirror("sync", "--yes")
    account.mirror("verify", "--no-metrics")
    account.mirror("remove", "--all", "--yes")
    assert not any(account.changes().values()), account.changes()


@test("policy: what others made cannot be changed with it")
def others(account: Account) -> None:
    account.make("mirror", source="web-1", target="collector-2")
    allow(account, printed(account))
    session = next(iter(account.table("mirror_sessions")))
    account.refuses("UnauthorizedOperation", "ec2", "delete-traffic-mirror-session",
                    "--traffic-mirror-session-id", session)
    account.refuses("UnauthorizedOperation", "ec2", "create-tags", "--resources", session,
                    "--tags", "Key=metlo-mirror:made-by,Value=metlo-mirror")
    balancer = next(iter(account.table("load_balancers")))
    account.refuses("AccessDenied", "elbv2", "delete-load-balancer", "--load-balancer-arn",
                    balancer)
    account.refuses("AccessDenied", "elbv2", "add-tags", "--resource-arns", balancer,
                    "--tags", "Key=metlo-mirror:made-by,Value=metlo-mirror")
