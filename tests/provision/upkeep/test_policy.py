"""policy: each command works with the printed policy and needs every permission in it."""
from __future__ import annotations

import copy
import json
from typing import Any, Callable

from mirror.kit import CTRL_C, LIMIT, Run, Terminal, some, terminal, wait_for

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


# --- what a command does under a policy -------------------------------------
def prepared(account: Account, *more: str) -> None:
    account.reset_instant()
    all_allowed(account)
    source_in_other_vpc(account)
    account.set_up(*more, sources=SOURCES)


def source_in_other_vpc(account: Account) -> None:
    """Whether it reaches the target depends on route tables."""
    account.make("vpc", name="other", cidr="10.9.0.0/16")
    account.make("instance", name="far", vpc="other", tags={"team": "shop"})
    vpc = account.named("vpcs", "other")["VpcId"]
    table, = [k for k, t in account.table("route_tables").items() if t["VpcId"] == vpc]
    account.make("set_route", table=table, route={
        "DestinationCidrBlock": "10.0.0.0/16", "VpcPeeringConnectionId": "pcx-1",
        "State": "active"})


def setup_first(account: Account, policy: Policy) -> Run:
    """In an account without the service-linked role of ELB."""
    account.reset_instant()
    account.set(elb_role_exists=False)
    allow(account, policy)
    return account.set_up(sources=SOURCES, code=None)


def rolled_back(account: Account, result: Run) -> Run:
    """Counts a failure as a success if it was rolled back completely."""
    if not any(account.changes().values()) and "could not be removed" not in result.err:
        result.code = 0
    return result


def setup_fails(account: Account, policy: Policy) -> Run:
    """The last step fails for another reason, and everything is rolled back."""
    account.reset_instant()
    allow(account, policy)
    account.fault(kind="error", code="InvalidParameterValue", message="No.", status=400,
                  operation="ec2:CreateTrafficMirrorSession", nth=5)
    return rolled_back(account, account.set_up(sources=SOURCES, code=None))


def setup_changes(account: Account, policy: Policy) -> Run:
    """Changes the ports and adds a collector."""
    prepared(account)
    allow(account, policy)
    return account.mirror("setup", "--name", "metlo", "--ports", "81", "--yes", "--collector",
                          account.instance("collector-2"), code=None)


def many_sources(account: Account) -> list[str]:
    """More sources than fit into one tag."""
    for i in range(12):
        account.make("instance", name=f"more-{i}")
    return [w for i in range(12) for w in ("--source", account.instance(f"more-{i}"))]


def setup_shrinks(account: Account, policy: Policy) -> Run:
    """A spec that took several tags fits into one again."""
    prepared(account)
    account.mirror("setup", "--name", "metlo", "--yes", *many_sources(account))
    allow(account, policy)
    return account.mirror("setup", "--name", "metlo", "--yes", "--source", "tag:team=shop",
                          code=None)


def ask_at_terminal(account: Account, command: str, policy: Policy) -> Run:
    """Accepts the default region, lists ECS services, then presses Ctrl-C."""
    account.reset_instant()
    allow(account, policy)
    # Without cursor control lists are numbered.
    with terminal(account, "aws", command, term="dumb") as t:  # type: ignore[arg-type]
        ok = all(answers(t, text) for text in ("\r", "3\r", CTRL_C))
        if t.process.poll() is None:
            t.types(CTRL_C)
        t.process.wait(LIMIT)
        return Run((command,), 0 if ok else 1, t.text(), "")


def answers(t: Terminal, text: str) -> bool:
    """Answers a question; returns False if a refusal was printed instead."""
    def asked() -> bool:
        t.read_now()
        return any(end in t.text()[t.mark:] for end in ("[1]: ", "selected]: ", "not authorized")) \
            or t.process.poll() is not None

    wait_for(asked, "a question")
    output = t.text()[t.mark:]
    t.mark += len(output)
    if "not authorized" in output:
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


def name(account: Account, policy: Policy) -> Run:
    allow(account, policy)
    return account.mirror("names", code=None)


def verify(account: Account, policy: Policy) -> Run:
    """A check without permission reports that in its row."""
    allow(account, policy)
    result = account.mirror("verify", "--json", code=None)
    if result.code == 0:
        unknown = [r["detail"] for r in result.json()["deployments"][0]["checks"]
                   if "permission" in r["detail"]]
        if unknown:
            result.code, result.err = 4, "\n".join(unknown)
    return result


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
    """Deletes everything but a filter, whose tags hold the spec."""
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
    """The same, but the last step but one fails for another reason."""
    destroy(account)
    allow(account, policy)
    account.ask("POST", "remember", {})
    account.fault(kind="error", code="InvalidParameterValue", message="No.", status=400,
                  operation="ec2:CreateTrafficMirrorSession", nth=5)
    return rolled_back(account, account.mirror("sync", "--yes", code=None))


def sync_collectors(account: Account, policy: Policy) -> Run:
    """One collector was deregistered and another registered by hand."""
    prepared(account)
    group = next(iter(account.table("target_groups")))
    for action, name in (("deregister-targets", "collector-1"),
                         ("register-targets", "collector-2")):
        account("elbv2", action, "--target-group-arn", group, "--targets",
                f"Id={account.instance(name)}")
    allow(account, policy)
    return account.mirror("sync", "--yes", code=None)


def changed_by_hand(account: Account) -> None:
    prepared(account)
    group, = [g for g in account.table("target_groups") if "/metlo-metlo/" in g]
    account("elbv2", "modify-target-group", "--target-group-arn", group,
            "--health-check-port", "80")
    arn, = [b for b in account.table("load_balancers") if "/metlo-metlo/" in b]
    listener, = [k for k, r in account.table("listeners").items() if r["LoadBalancerArn"] == arn]
    key = account.named("instances", "collector-1")["SecurityGroups"][0]["GroupId"]
    rule = next(r for r in account.table("security_groups")[key]["_rules"]
                if r.get("Description", "").startswith("metlo-mirror"))
    account("elbv2", "set-security-groups", "--load-balancer-arn", arn, "--security-groups", key)
    account("elbv2", "set-ip-address-type", "--load-balancer-arn", arn, "--ip-address-type",
            "dualstack")
    account("elbv2", "modify-listener", "--listener-arn", listener, "--port", "4790")
    account("ec2", "modify-traffic-mirror-filter-network-services", "--traffic-mirror-filter-id",
            next(iter(account.table("mirror_filters"))), "--add-network-services", "amazon-dns")
    account("ec2", "update-security-group-rule-descriptions-ingress", "--group-id", key,
            "--security-group-rule-descriptions",
            f"SecurityGroupRuleId={rule['SecurityGroupRuleId']},Description=x")


def sync_restores(account: Account, policy: Policy) -> Run:
    changed_by_hand(account)
    allow(account, policy)
    return account.mirror("sync", "--yes", code=None)


def setup_restores(account: Account, policy: Policy) -> Run:
    changed_by_hand(account)
    allow(account, policy)
    return account.mirror("setup", "--name", "metlo", "--ports", "80", "--yes", code=None)


def sync_tag_fails(account: Account, policy: Policy) -> Run:
    """The response to a change of tags is lost: the tags are restored."""
    prepared(account)
    key = next(iter(account.table("mirror_filters")))
    account("ec2", "delete-tags", "--resources", key, "--tags", "Key=Name")
    allow(account, policy)
    account.ask("POST", "remember", {})
    # libcurl itself retries once on a reused connection.
    account.fault(kind="cut_after", operation="ec2:CreateTags", count=2)
    return rolled_back(account, account.mirror("sync", "--yes", code=None,
                                               AWS_MAX_ATTEMPTS="1"))


def setup_tags(account: Account, policy: Policy) -> Run:
    """Existing resources get other tags."""
    prepared(account, "--tag", "a=1")
    allow(account, policy)
    return account.mirror("setup", "--name", "metlo", "--tag", "b=2", "--yes", code=None)


def sync_balancer_tag_fails(account: Account, policy: Policy) -> Run:
    """The same for a load balancer."""
    prepared(account, "--tag", "a=1")
    arn, = [g for g in account.table("target_groups") if "/metlo-metlo/" in g]
    account("elbv2", "remove-tags", "--resource-arns", arn, "--tag-keys", "a")
    allow(account, policy)
    account.ask("POST", "remember", {})
    account.fault(kind="cut_after", operation="elbv2:AddTags", count=2)
    return rolled_back(account, account.mirror("sync", "--yes", code=None,
                                               AWS_MAX_ATTEMPTS="1"))


def setup_again(account: Account, policy: Policy) -> Run:
    allow(account, policy)
    return account.set_up(sources=SOURCES, code=None)


def sync_again(account: Account, policy: Policy) -> Run:
    allow(account, policy)
    return account.mirror("sync", "--yes", code=None)


VARIANTS: dict[str, list[Variant]] = {
    "setup": [setup_first, setup_fails, setup_changes, setup_shrinks, setup_restores,
              setup_tags, setup_asks],
    "plan": [plan, plan_asks], "list": [show], "names": [name], "verify": [verify], "remove": [remove],
    "sync": [sync_tasks, sync_rebuilds, sync_rebuild_fails, sync_collectors, sync_restores,
             sync_tag_fails, sync_balancer_tag_fails],
}
# The variants that change nothing if everything is up to date.
READING: dict[str, list[Variant]] = {
    "setup": [setup_again], "plan": [plan], "list": [show], "names": [name], "verify": [verify], "remove": [remove],
    "sync": [sync_again],
}


def called(account: Account) -> set[str]:
    """The permissions needed by the calls in the journal."""
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


def reports(result: Run, action: str) -> bool:
    text = " ".join((result.err + result.out).split())  # without the line breaks
    return action in text if result.code else f"{action} is not permitted" in text


def policy_test(command: str) -> None:
    """Sufficient: each variant succeeds. Minimal: without an action, a variant using it fails;
    one in three of them, for each command others, unless METLO_TEST_LONG=1."""
    @test(f"policy: {command} works with its policy and needs each permission")
    def run(account: Account) -> None:
        policy, uses = printed(account, command), {}
        for variant in VARIANTS[command]:
            prepared(account, "--collector", account.instance("collector-2"))
            result = variant(account, policy)
            assert result.code == 0, f"{variant.__name__}: {result}"
            uses[variant] = called(account)
        prepared(account, "--collector", account.instance("collector-2"))
        all_actions, turn = actions(policy), list(VARIANTS).index(command)
        idle = [action for action in (all_actions[i - 1] for i in some(len(all_actions), 3, turn))
                if not needs(account, command, without(policy, action), action, uses)]
        assert not idle, f"unnecessary permissions: {idle}"


def needs(account: Account, command: str, less: Policy, action: str,
          uses: dict[Variant, set[str]]) -> bool:
    name = action.partition(":")[2]
    if name.startswith(("Describe", "List", "Get")):
        # Reads come before any change, so the world can be reused.
        if not account.table("target_groups"):
            prepared(account, "--collector", account.instance("collector-2"))
        for variant in READING[command]:
            if reports(variant(account, less), action):
                return True
    return any(reports(variant(account, less), action)
               for variant in VARIANTS[command] if action in uses[variant])


for each_command in VARIANTS:
    policy_test(each_command)


@test("policy: prints an IAM policy for commands, features, region and account")
def form(account: Account) -> None:
    everything = printed(account)
    assert everything["Version"] == "2012-10-17"
    assert len(json.dumps(everything, separators=(",", ":"))) < 6144  # limit of a managed policy
    assert actions(printed(account, "setup", "plan", "list", "remove", "sync", "verify")) \
        == actions(everything)
    plain = printed(account, "setup", "--feature", "none")
    assert not [a for a in actions(plain) if a.startswith(("ecs:", "iam:"))], actions(plain)
    assert not [a for a in actions(plain) if a.startswith("elasticloadbalancing:Create")]
    some = printed(account, "setup", "--feature", "ecs")
    assert "ecs:ListTasks" in actions(some)
    narrow = printed(account, "setup", "--region", "cn-north-1", "--account", "123456789012")
    arns = [r for s in narrow["Statement"] for r in s["Resource"] if s["Resource"] != "*"]
    # A target may be shared by another account.
    arns.remove("arn:aws-cn:ec2:cn-north-1:*:traffic-mirror-target/*")
    assert arns and all(a.startswith("arn:aws-cn:") and ":cn-north-1:123456789012:" in a
                        for a in arns), arns
    account.mirror("policy", "fly", code=2)
    account.mirror("policy", "--feature", "fly", code=2)
    account.mirror("policy", "--account", "12", code=2)
    assert not account.ask("GET", "journal")


@test("policy: --feature none is enough without these features")
def no_features(account: Account) -> None:
    """The target is an interface whose groups are open already."""
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


@test("policy: is enough for targets of others, also of other accounts")
def targets_of_others(account: Account) -> None:
    account.make("shared_target")
    account("ec2", "create-traffic-mirror-target", "--network-interface-id",
            account.first_eni("collector-2"))
    shared, own = sorted(account.table("mirror_targets"), key=lambda k: account.table(
        "mirror_targets")[k]["OwnerId"] == "123456789012")
    allow(account, printed(account, "setup", "sync", "verify", "remove", "--account",
                           "123456789012"))
    for target in (shared, own, shared):
        account.set_up("--name", "x", target=target)
    account.set_up("--name", "x", "--vni", "4711", target=shared)
    session = next(iter(account.table("mirror_sessions")))
    account.ask("DELETE", "policies")
    account("ec2", "modify-traffic-mirror-session", "--traffic-mirror-session-id", session,
            "--virtual-network-id", "3")
    allow(account, printed(account, "setup", "sync", "verify", "remove"))
    account.mirror("sync", "--yes")
    account.mirror("remove", "--all", "--yes")
    assert sorted(account.table("mirror_targets")) == sorted((shared, own))


@test("policy: does not permit changes to foreign resources")
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
