"""The state: regions with tables of resources, access keys and settings.

A resource is a dict with the member names of the official output shape; names
that begin with "_" are the fake's own (what a clock or a reference needs).
"""
from __future__ import annotations

import copy
import datetime
import hashlib
import time
from dataclasses import asdict, dataclass, field
from typing import Any, Optional

from .policy import Policy
from .sigv4 import Key

Resource = dict[str, Any]
Table = dict[str, Resource]

# All regions; True for opt-in regions.
REGIONS = {
    "us-east-1": False, "us-east-2": False, "us-west-1": False, "us-west-2": False,
    "ca-central-1": False, "sa-east-1": False, "eu-west-1": False, "eu-west-2": False,
    "eu-west-3": False, "eu-central-1": False, "eu-north-1": False, "ap-south-1": False,
    "ap-northeast-1": False, "ap-northeast-2": False, "ap-northeast-3": False,
    "ap-southeast-1": False, "ap-southeast-2": False, "af-south-1": True, "me-south-1": True,
    "eu-south-1": True, "ap-east-1": True,
}
OTHER_PARTITIONS = {"cn-north-1": "aws-cn", "cn-northwest-1": "aws-cn",
                    "us-gov-west-1": "aws-us-gov", "us-gov-east-1": "aws-us-gov"}
DEFAULT_KEY = "AKIAFAKEFAKEFAKE0001"
DEFAULT_SECRET = "not/a/real/secret/only/for/the/fake+aws1"


@dataclass
class Settings:
    """The behaviour of this AWS; times in seconds."""

    page_size: Optional[int] = None  # largest page
    consistency_requests: int = 0  # requests that do not see a new resource yet
    consistency_seconds: float = 0
    lb_seconds: float = 0.2  # provisioning -> active
    lb_fails: bool = False  # provisioning -> failed
    health_seconds: float = 0.2  # initial -> healthy or unhealthy
    drain_seconds: float = 0
    eni_linger_seconds: float = 0.2  # how long the ENIs of a load balancer outlive it
    latency_seconds: float = 0
    clock_offset: float = 0  # clock of AWS minus that of this machine
    sessions_per_eni: int = 3
    sources_per_eni_target: int = 10
    sources_per_big_target: int = 100  # on the largest instance sizes
    rules_per_filter: int = 10
    sessions: int = 10000
    targets: int = 10000
    filters: int = 10000
    rules_per_group: int = 60
    security_groups: int = 2500
    network_load_balancers: int = 50
    target_groups: int = 3000
    dry_run_checks: bool = False  # DryRun validates references, too
    target_protects_lb: bool = True  # a mirror target's NLB cannot be deleted
    mirror_fargate: bool = True
    mirror_lb: bool = True
    elb_role_exists: bool = True  # if not, iam:CreateServiceLinkedRole is needed
    token_seconds: float = 3600  # lifetime of credentials from STS, SSO and IMDS
    imds_v1: bool = False  # accept requests for metadata without a token
    # Token buckets, as EC2 has one for each action: {"ec2:Create*": [size, refill per second]}
    buckets: dict[str, list[float]] = field(default_factory=dict)


@dataclass
class Region:
    name: str
    tables: dict[str, Table] = field(default_factory=dict)
    # ClientToken: operation, parameters and response of the first call.
    tokens: dict[str, tuple[str, Any, Any]] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        return self.tables.setdefault(name, {})

    def free_address(self, resource: Resource) -> None:
        """Returns the address of a deleted resource to its subnet, if it has one."""
        subnet = self.table("subnets").get(resource.get("SubnetId", ""))
        if subnet is not None:
            subnet["AvailableIpAddressCount"] += 1


class World:
    def __init__(self, region: str = "us-east-1", account: str = "123456789012"):
        self.account = account
        self.home = region
        self.settings = Settings()
        self.regions: dict[str, Region] = {}
        self.opted_in: list[str] = []
        self.keys: dict[str, Key] = {}
        self.policies: dict[str, Policy] = {}  # by ARN of the principal; none: all allowed
        self.roles: dict[str, dict[str, Any]] = {}
        self.sso_tokens: dict[str, dict[str, Any]] = {}
        self.requests = 0
        self._ids = 0
        self._start: dict[str, Any] = {}
        self.add_key(DEFAULT_KEY, DEFAULT_SECRET, f"arn:aws:iam::{account}:user/tester")

    # --- time ---------------------------------------------------------------
    def seconds(self) -> float:
        return time.time() + self.settings.clock_offset

    def now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.seconds(), datetime.timezone.utc)

    # --- names --------------------------------------------------------------
    def hex(self, length: int = 17) -> str:
        """Unique for each call, but the same in every run."""
        self._ids += 1
        return "0" + hashlib.sha256(str(self._ids).encode()).hexdigest()[:length - 1]

    def new_id(self, prefix: str) -> str:
        return f"{prefix}-{self.hex()}"

    def partition(self, region: str) -> str:
        return OTHER_PARTITIONS.get(region, "aws")

    def arn(self, service: str, region: str, name: str) -> str:
        return f"arn:{self.partition(region)}:{service}:{region}:{self.account}:{name}"

    # --- regions ------------------------------------------------------------
    def region(self, name: str) -> Region:
        if name not in self.regions:
            self.regions[name] = Region(name)
        return self.regions[name]

    def region_usable(self, name: str) -> bool:
        return REGIONS.get(name) is False or name in self.opted_in or name in OTHER_PARTITIONS

    # --- principals ---------------------------------------------------------
    def add_key(self, key_id: str, secret: str, arn: str, token: Optional[str] = None,
                seconds: Optional[float] = None) -> Key:
        expires = None
        if seconds is not None:
            expires = self.now().replace(microsecond=0) + datetime.timedelta(seconds=seconds)
        name = arn.rsplit("/", 1)[-1]
        user_id = f"AROAFAKEFAKEFAKE00001:{name}" if token else f"AIDAFAKE{name.upper()[:12]}"
        self.keys[key_id] = Key(key_id, secret, arn, user_id, token, expires)
        return self.keys[key_id]

    def temporary_key(self, arn: str, seconds: Optional[float] = None) -> Key:
        digits = hashlib.sha256(self.hex().encode()).hexdigest().upper()
        return self.add_key("ASIAFAKE" + digits[:12], "temporary/secret/" + digits[12:35], arn,
                            "FakeSessionToken//" + digits * 4 + "==",
                            self.settings.token_seconds if seconds is None else seconds)

    def policy_of(self, arn: str) -> Policy:
        """The policy of a principal; sessions of a role have that of the role."""
        if arn in self.policies:
            return self.policies[arn]
        if ":assumed-role/" in arn:
            role = arn.replace(":sts:", ":iam:").replace(":assumed-role/", ":role/")
            role = role.rsplit("/", 1)[0]
            if role in self.policies:
                return self.policies[role]
        return Policy.all()

    # --- what is visible ----------------------------------------------------
    def born(self, resource: Resource) -> Resource:
        resource["_born"] = [self.requests, self.seconds()]
        return resource

    def visible(self, resource: Resource) -> bool:
        request, when = resource.get("_born", [-10 ** 9, 0])
        return (self.requests - request > self.settings.consistency_requests
                and self.seconds() - when >= self.settings.consistency_seconds)

    def tick(self) -> None:
        """Deletes resources whose grace period is over."""
        now = self.seconds()
        for region in self.regions.values():
            for name in ("enis", "registrations"):
                table = region.table(name)
                for key in [k for k, r in table.items() if r.get("_gone_at", now + 1) <= now]:
                    region.free_address(table[key])
                    del table[key]

    # --- inspection by tests ------------------------------------------------
    def dump(self) -> dict[str, Any]:
        self.tick()
        return {"account": self.account, "home": self.home, "settings": asdict(self.settings),
                "regions": {name: copy.deepcopy(region.tables)
                            for name, region in self.regions.items()
                            if any(region.tables.values())}}

    def remember(self) -> None:
        """Makes the current state the base of changes()."""
        self._start = self.dump()["regions"]

    def changes(self) -> dict[str, list[str]]:
        """What was created, deleted or changed since: REGION/TABLE/ID."""
        def flat(regions: dict[str, Any]) -> dict[str, Any]:
            return {f"{region}/{table}/{key}": {k: v for k, v in r.items()
                                                if k not in ("_born", "_next")}
                    for region, tables in regions.items()
                    for table, rows in tables.items() for key, r in rows.items()}
        before, after = flat(self._start), flat(self.dump()["regions"])
        return {"created": [k for k in after if k not in before],
                "deleted": [k for k in before if k not in after],
                "changed": [k for k in after if k in before and after[k] != before[k]]}
