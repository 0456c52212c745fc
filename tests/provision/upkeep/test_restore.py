"""sync restores every attribute that setup sets, says so, and touches nothing else.

ROWS change one attribute each, as people do with the AWS CLI; a last test compares the
parameters of every call of setup with the rows."""
from __future__ import annotations

import json
from typing import Any, Callable, NamedTuple

from mirror.kit import LONG, some

from .kit import Account, test
from .test_by_hand import ours

Ids = dict[str, Any]
World = dict[str, Any]


class Row(NamedTuple):
    name: str
    change: Callable[[Account, Ids], Any]
    says: str  # in the output of plan and sync


ROWS: list[Row] = []


def row(name: str, says: str) -> Callable[[Callable[[Account, Ids], Any]], None]:
    def register(change: Callable[[Account, Ids], Any]) -> None:
        ROWS.append(Row(name, change, says))
    return register


def plain(resource: Any) -> Any:
    """Without what differs although it means the same: ids of rules, the order of tags."""
    if isinstance(resource, list):
        items = [plain(r) for r in resource]
        named = all(isinstance(r, dict) and ("Key" in r or "IpProtocol" in r) for r in items)
        return sorted(items, key=lambda r: json.dumps(r, sort_keys=True)) if named else items
    if not isinstance(resource, dict):
        return resource
    return {k: plain(v) for k, v in resource.items()
            if k not in ("_born", "_next", "_since", "SecurityGroupRuleId")}


def world(account: Account) -> World:
    tables = account.ask("GET", "world")["regions"]["us-east-1"]
    return {f"{table}/{key}": plain(r) for table, rows in tables.items() for key, r in rows.items()
            if "_gone_at" not in r}


def differences(a: World, b: World) -> dict[str, Any]:
    return {k: (a.get(k), b.get(k)) for k in {**a, **b} if a.get(k) != b.get(k)}


def find_ids(account: Account) -> Ids:
    def only(table: str) -> str:
        key, = account.table(table)
        return str(key)
    groups = account.table("security_groups")
    own, = [k for k, g in groups.items() if g["GroupName"] == "metlo-mirror metlo"]
    foreign: str = account.named("instances", "collector-1")["SecurityGroups"][0]["GroupId"]

    def rules(group: str) -> list[str]:
        return [r["SecurityGroupRuleId"] for r in groups[group]["_rules"]
                if not r["IsEgress"] and r["FromPort"] == 4789]
    lb = ours(account, "load_balancers")
    listener, = [k for k, r in account.table("listeners").items() if r["LoadBalancerArn"] == lb]
    sessions = sorted(account.table("mirror_sessions"))
    return {"session": sessions[0], "other session": sessions[1], "lb": lb,
            "tg": ours(account, "target_groups"), "listener": listener,
            "filter": only("mirror_filters"), "target": only("mirror_targets"),
            "filter rule": sorted(account.table("mirror_rules"))[0], "group": own,
            "foreign": foreign, "own rule": rules(own)[0], "foreign rule": rules(foreign)[0]}


def made(account: Account, target: str = "nlb:new") -> Ids:
    """Sets up, also with a route for the user's tags."""
    account.set_up("--tag", "Team=a", target=target)
    return find_ids(account) if target == "nlb:new" else {}


# --- sessions ---------------------------------------------------------------
def session(*change: str) -> Callable[[Account, Ids], Any]:
    return lambda a, i: a("ec2", "modify-traffic-mirror-session", "--traffic-mirror-session-id",
                          i["other session"], *change)


for _words, _says in ((("--packet-length", "96"), "packet length"),
                      (("--session-number", "5"), "number"),
                      (("--virtual-network-id", "77"), "VNI"),
                      (("--description", "mine"), "description"),
                      (("--remove-fields", "description"), "description")):
    row("session " + " ".join(_words), _says)(session(*_words))


@row("session filter", "filter")
def _session_filter(a: Account, i: Ids) -> None:
    other = a("ec2", "create-traffic-mirror-filter")["TrafficMirrorFilter"]
    i["others"] = ["mirror_filters/" + other["TrafficMirrorFilterId"]]
    session("--traffic-mirror-filter-id", other["TrafficMirrorFilterId"])(a, i)


@row("session target", "target")
def _session_target(a: Account, i: Ids) -> None:
    other = a("ec2", "create-traffic-mirror-target", "--network-interface-id",
              a.first_eni("collector-2"))["TrafficMirrorTarget"]["TrafficMirrorTargetId"]
    i["others"] = ["mirror_targets/" + other]
    session("--traffic-mirror-target-id", other)(a, i)


# --- filter -----------------------------------------------------------------
@row("filter services", "network service amazon-dns")
def _services(a: Account, i: Ids) -> None:
    a("ec2", "modify-traffic-mirror-filter-network-services", "--traffic-mirror-filter-id",
      i["filter"], "--add-network-services", "amazon-dns")


# --- load balancer ----------------------------------------------------------
def balancer(key: str, value: str) -> Callable[[Account, Ids], Any]:
    return lambda a, i: a("elbv2", "modify-load-balancer-attributes", "--load-balancer-arn",
                          i["lb"], "--attributes", f"Key={key},Value={value}")


def group(key: str, value: str) -> Callable[[Account, Ids], Any]:
    return lambda a, i: a("elbv2", "modify-target-group-attributes", "--target-group-arn",
                          i["tg"], "--attributes", f"Key={key},Value={value}")


row("balancer cross-zone", "load_balancing.cross_zone.enabled=true of the load balancer")(
    balancer("load_balancing.cross_zone.enabled", "false"))
row("target group stickiness", "stickiness.enabled=true of the target group")(
    group("stickiness.enabled", "false"))
row("target group stickiness type", "stickiness.type=source_ip of the target group")(
    group("stickiness.type", "source_ip_dest_ip_proto"))


@row("balancer security group replaced", "restore the security groups of the load balancer")
def _replaced_group(a: Account, i: Ids) -> None:
    a("elbv2", "set-security-groups", "--load-balancer-arn", i["lb"], "--security-groups",
      i["foreign"])


@row("balancer security group added", "restore the security groups of the load balancer")
def _added_group(a: Account, i: Ids) -> None:
    a("elbv2", "set-security-groups", "--load-balancer-arn", i["lb"], "--security-groups",
      i["group"], i["foreign"])


@row("balancer address type", "restore the address type ipv4")
def _addresses(a: Account, i: Ids) -> None:
    a("elbv2", "set-ip-address-type", "--load-balancer-arn", i["lb"], "--ip-address-type",
      "dualstack")


@row("health check port", "restore the health check of the target group")
def _health_port(a: Account, i: Ids) -> None:
    a("elbv2", "modify-target-group", "--target-group-arn", i["tg"], "--health-check-port", "80")


@row("health check protocol", "restore the health check of the target group")
def _health_protocol(a: Account, i: Ids) -> None:
    a("elbv2", "modify-target-group", "--target-group-arn", i["tg"], "--health-check-protocol",
      "HTTP", "--health-check-path", "/up", "--matcher", "HttpCode=204")


@row("listener port", "restore the listener of the load balancer")
def _listener_port(a: Account, i: Ids) -> None:
    a("elbv2", "modify-listener", "--listener-arn", i["listener"], "--port", "4790")


@row("listener target group", "restore the listener of the load balancer")
def _listener_group(a: Account, i: Ids) -> None:
    vpc = a.table("load_balancers")[i["lb"]]["VpcId"]
    other = a("elbv2", "create-target-group", "--name", "other", "--protocol", "UDP", "--port",
              "4789", "--vpc-id", vpc)["TargetGroups"][0]["TargetGroupArn"]
    i["others"] = ["target_groups/" + other]
    a("elbv2", "modify-listener", "--listener-arn", i["listener"], "--default-actions",
      f"Type=forward,TargetGroupArn={other}")


@row("listener protocol", "restore the listener of the load balancer")
def _listener_protocol(a: Account, i: Ids) -> None:
    vpc = a.table("load_balancers")[i["lb"]]["VpcId"]
    other = a("elbv2", "create-target-group", "--name", "other", "--protocol", "TCP_UDP",
              "--port", "4789", "--vpc-id", vpc)["TargetGroups"][0]["TargetGroupArn"]
    i["others"] = ["target_groups/" + other]
    a("elbv2", "modify-listener", "--listener-arn", i["listener"], "--protocol", "TCP_UDP",
      "--default-actions", f"Type=forward,TargetGroupArn={other}")


def targets(operation: str, port: str = "") -> Callable[[Account, Ids], Any]:
    def change(a: Account, i: Ids) -> None:
        a("elbv2", operation, "--target-group-arn", i["tg"], "--targets",
          f"Id={a.instance('collector-1')}{port}")
    return change


row("registered target", "register the collector")(targets("deregister-targets"))


@row("registered target port", "register the collector")
def _target_port(a: Account, i: Ids) -> None:
    targets("deregister-targets")(a, i)
    targets("register-targets", ",Port=4790")(a, i)


# --- rules of security groups -----------------------------------------------
def modify_rule(which: str, **change: Any) -> Callable[[Account, Ids], Any]:
    def run(a: Account, i: Ids) -> None:
        where = i["group" if which == "own rule" else "foreign"]
        a("ec2", "modify-security-group-rules", "--group-id", where, "--security-group-rules",
          [{"SecurityGroupRuleId": i[which], "SecurityGroupRule": {
              "IpProtocol": "udp", "FromPort": 4789, "ToPort": 4789,
              "Description": "metlo-mirror deployment metlo", **change}}])
    return run


def revoke_rule(which: str) -> Callable[[Account, Ids], Any]:
    return lambda a, i: a("ec2", "revoke-security-group-ingress", "--group-id",
                          i["group" if which == "own rule" else "foreign"],
                          "--security-group-rule-ids", i[which])


def describe_rule(which: str, *text: str) -> Callable[[Account, Ids], Any]:
    return lambda a, i: a(
        "ec2", "update-security-group-rule-descriptions-ingress", "--group-id",
        i["group" if which == "own rule" else "foreign"], "--security-group-rule-descriptions",
        [{"SecurityGroupRuleId": i[which], **({"Description": text[0]} if text else {})}])


for _which in ("own rule", "foreign rule"):
    row(_which + " revoked", "allow ")(revoke_rule(_which))
    row(_which + " opened to everybody", "revoke the rule for udp 4789 from 0.0.0.0/0")(
        modify_rule(_which, CidrIpv4="0.0.0.0/0"))
    row(_which + " with all ports", "revoke the rule for all protocols")(
        modify_rule(_which, IpProtocol="-1", FromPort=-1, ToPort=-1, CidrIpv4="10.0.0.0/8"))
    row(_which + " described otherwise", "restore the description of the rule")(
        describe_rule(_which, "do not touch"))
    row(_which + " without description", "restore the description of the rule")(
        describe_rule(_which))


# --- tags -------------------------------------------------------------------
TAGGED = ("session", "target", "filter rule", "group", "own rule", "foreign rule", "lb", "tg",
          "listener")
OWN_KEYS = ("Name", "metlo-mirror:deployment", "metlo-mirror:made-by")


def untag(which: str, *keys: str) -> Callable[[Account, Ids], Any]:
    def change(a: Account, i: Ids) -> None:
        if i[which].startswith("arn:"):
            a("elbv2", "remove-tags", "--resource-arns", i[which], "--tag-keys", *keys)
        else:
            a("ec2", "delete-tags", "--resources", i[which], "--tags",
              *(f"Key={k}" for k in keys))
    return change


def retag(which: str, key: str, value: str) -> Callable[[Account, Ids], Any]:
    def change(a: Account, i: Ids) -> None:
        if i[which].startswith("arn:"):
            a("elbv2", "add-tags", "--resource-arns", i[which], "--tags",
              f"Key={key},Value={value}")
        else:
            a("ec2", "create-tags", "--resources", i[which], "--tags", f"Key={key},Value={value}")
    return change


for _which in TAGGED:
    row(_which + " without tags", "restore the tags of")(
        lambda a, i, w=_which: a.make("strip_tags", id=i[w]))
    for _key in (*OWN_KEYS, "Team"):
        row(f"{_which} without the tag {_key}", "the tags of")(untag(_which, _key))
    row(f"{_which} with another name", "restore the tags of")(retag(_which, "Name", "x"))
    row(f"{_which} with another tag of the user", "update the tags of")(retag(_which, "Team", "b"))
for _key in ("metlo-mirror:source", "Team"):
    row(f"session without the tag {_key}", "the tags of")(untag("session", _key))
@row("session without tags and description", "restore the tags of")
def _bare_session(a: Account, i: Ids) -> None:
    a.make("strip_tags", id=i["session"])
    a("ec2", "modify-traffic-mirror-session", "--traffic-mirror-session-id", i["session"],
      "--remove-fields", "description")


row("session with another source", "update the tags of")(
    retag("session", "metlo-mirror:source", "i-1"))
row("session of another deployment by its tag", "restore the tags of")(
    retag("session", "metlo-mirror:deployment", "nobody"))
row("target of another deployment by its tag", "restore the tags of")(
    retag("target", "metlo-mirror:deployment", "nobody"))
for _key in ("Name", "Team", "metlo-mirror:made-by"):
    row(f"filter without the tag {_key}", "store the settings in the tags")(untag("filter", _key))


def batches() -> list[list[Row]]:
    """The rows by themselves, or, as that takes minutes, those of different resources and
    settings together."""
    if LONG:
        return [[r] for r in ROWS]
    queues: dict[str, list[Row]] = {}
    for one in ROWS:
        of = next(w for w in (*TAGGED, "balancer", "target group", "health check", "listener",
                              "registered", "filter") if one.name.startswith(w))
        tags = " tag" in one.name or " another " in one.name
        of += " tags" if tags and " rule" not in of else ""
        of = one.name if of == "session" else of
        queues.setdefault(of, []).append(one)
    longest = max(len(q) for q in queues.values())
    return [[q[n] for q in queues.values() if n < len(q)] for n in range(longest)]


def restored(account: Account, rows: list[Row]) -> None:
    account.ask("POST", "restore", {})
    ids = find_ids(account)
    before = world(account)
    others: World = {}
    for one in rows:
        was = world(account)
        one.change(account, ids)
        assert differences(was, world(account)), f"{one.name} changed nothing"
        new = ids.pop("others", [])
        others |= {k: v for k, v in world(account).items() if k in new}
    changed = world(account)
    found = account.mirror("verify", "--no-metrics", "--json", code=None).json()["deployments"][0]["checks"]
    assert any(f["state"] in ("warn", "fail") for f in found), f"verify finds nothing: {found}"
    planned = account.mirror("sync", "--dry-run")
    assert world(account) == changed, "--dry-run changed something"
    run = account.mirror("sync", "--yes")
    for text in (planned.out, run.out):
        for one in rows:
            assert one.says in " ".join(text.split()), f"{one.name}: {one.says} not in: {text}"
    left = differences({**before, **others}, world(account))
    assert not left, f"not restored: {left} after {run.out}"
    again = account.mirror("sync", "--yes")
    assert "up to date" in again.out, again


@test("sync: restores each attribute of each resource, says so, and touches nothing else")
def each(account: Account) -> None:
    made(account)
    account.ask("POST", "save", {})
    for rows in batches():
        try:
            restored(account, rows)
        except AssertionError as e:
            raise AssertionError(f"{[r.name for r in rows]}: {e}") from e


@test("sync: restored attributes are changed back if a later step fails")
def undone(account: Account) -> None:
    made(account)
    account.ask("POST", "save", {})
    every = batches()
    for rows in (every[i - 1] for i in some(len(every), 3)):
        account.ask("POST", "restore", {})
        ids = find_ids(account)
        for one in rows:
            one.change(account, ids)
        account("ec2", "delete-traffic-mirror-session", "--traffic-mirror-session-id",
                sorted(account.table("mirror_sessions"))[-1])
        before = world(account)
        account.fault(kind="error", code="InvalidParameterValue", message="No.", status=400,
                      operation="ec2:CreateTrafficMirrorSession")
        run = account.mirror("sync", "--yes", code=1)
        left = differences(before, world(account))
        assert not left, f"{[r.name for r in rows]}: {left}\n{run}"


# What AWS does not let anybody change, or what setup repeats for AWS alone.
FIXED = """ClientToken DryRun
CreateSecurityGroup: GroupName Description VpcId
CreateTargetGroup: Name Protocol Port VpcId TargetType
CreateLoadBalancer: Name Subnets Scheme Type
CreateListener: LoadBalancerArn
CreateTrafficMirrorTarget: Description NetworkLoadBalancerArn
CreateTrafficMirrorFilter: Description
CreateTrafficMirrorFilterRule: TrafficMirrorFilterId
CreateTrafficMirrorSession: NetworkInterfaceId
RegisterTargets: TargetGroupArn
AuthorizeSecurityGroupIngress: GroupId
ModifyLoadBalancerAttributes: LoadBalancerArn
ModifyTargetGroupAttributes: TargetGroupArn"""
# The rows that change a parameter; a changed rule of the filter makes a new filter.
RESTORED = """CreateSecurityGroup: TagSpecifications=group
CreateTargetGroup: HealthCheckProtocol=health HealthCheckPort=health Tags=tg
CreateLoadBalancer: SecurityGroups=balancer IpAddressType=balancer Tags=lb
CreateListener: Port=listener Protocol=listener DefaultActions=listener Tags=listener
CreateTrafficMirrorTarget: TagSpecifications=target
CreateTrafficMirrorFilter: TagSpecifications=filter
CreateTrafficMirrorFilterRule: TagSpecifications=filter
CreateTrafficMirrorSession: TagSpecifications=session TrafficMirrorTargetId=session
CreateTrafficMirrorSession: TrafficMirrorFilterId=session SessionNumber=session
CreateTrafficMirrorSession: VirtualNetworkId=session PacketLength=session Description=session
RegisterTargets: Targets=registered
AuthorizeSecurityGroupIngress: IpPermissions=own TagSpecifications=own
ModifyLoadBalancerAttributes: Attributes=balancer
ModifyTargetGroupAttributes: Attributes=target
CreateTrafficMirrorFilterRule: TrafficDirection=filter RuleNumber=filter RuleAction=filter
CreateTrafficMirrorFilterRule: Protocol=filter DestinationPortRange=filter SourcePortRange=filter
CreateTrafficMirrorFilterRule: SourceCidrBlock=filter DestinationCidrBlock=filter"""


@test("sync: every parameter of every call of setup has a row that changes it")
def complete(account: Account) -> None:
    account.ask("DELETE", "journal")
    account.set_up("--tag", "Team=a", "--packet-length", "500")
    sent = {(e["operation"].partition(":")[2], p) for e in account.ask("GET", "journal")
            if e.get("category") == "write" for p in e["params"]}
    known = set()
    for line in (FIXED + "\n" + RESTORED).splitlines():
        call, _, words = line.rpartition(": ")
        for word in words.split():
            name, _, first = word.partition("=")
            assert not first or any(r.name.startswith(first) for r in ROWS), word
            known.add((call, name))
    missing = {(c, p) for c, p in sent if (c, p) not in known and ("", p) not in known}
    assert not missing, missing


@test("sync: a changed rule of the filter makes a new filter with all rules")
def filter_rules(account: Account) -> None:
    made(account)
    account.ask("POST", "save", {})

    def rules() -> list[Any]:
        used, = {s["TrafficMirrorFilterId"] for s in account.table("mirror_sessions").values()}
        return [plain({k: v for k, v in r.items() if not k.startswith("TrafficMirrorFilter")})
                for r in account.table("mirror_rules").values()
                if r["TrafficMirrorFilterId"] == used]
    for change in (("--destination-port-range", "FromPort=81,ToPort=81"),
                   ("--source-cidr-block", "10.0.0.0/8"), ("--protocol", "17"),
                   ("--rule-action", "reject"), ("--remove-fields", "destination-port-range")):
        account.ask("POST", "restore", {})
        before = rules()
        key = next(k for k, r in account.table("mirror_rules").items()
                   if "DestinationPortRange" in r)
        account("ec2", "modify-traffic-mirror-filter-rule", "--traffic-mirror-filter-rule-id", key,
                *change)
        assert "create a mirror filter" in account.mirror("sync", "--yes").out
        assert rules() == before, change
        assert len(account.table("mirror_filters")) == 1
        assert "up to date" in account.mirror("sync", "--yes").out


@test("sync: without the permission to restore tags, the rest is restored")
def not_permitted(account: Account) -> None:
    made(account)
    ids = find_ids(account)
    for which in ("session", "target", "lb"):
        account.make("strip_tags", id=ids[which])
    session("--packet-length", "96")(account, ids)
    for operation in ("ec2:CreateTags", "elbv2:AddTags"):
        account.fault(kind="deny", operation=operation, count=99)
    run = account.mirror("sync", "--yes")
    text = " ".join(run.err.split())
    assert "ec2:CreateTags is not permitted" in text, run
    assert "AddTags is not permitted" in text, run
    assert account.table("mirror_sessions")[ids["other session"]]["PacketLength"] == 8500
    account.ask("DELETE", "faults")
    account.mirror("sync", "--yes")
    assert "up to date" in account.mirror("sync", "--yes").out
