"""Fault injection: the n-th call of an operation fails in a chosen way."""
from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Optional

from .errors import AwsError
from .filters import glob
from .world import World

# Faults that replace the call, and faults of its response.
BEFORE = ("throttle", "error", "500", "503", "deny", "cut_before")
AFTER = ("cut_after", "truncate", "short", "garbage", "slow")
# The call takes effect, and is answered, only after some seconds: later calls overtake it.
LATE = ("late",)


def throttled(service: str) -> AwsError:
    if service == "ec2":
        return AwsError("RequestLimitExceeded", "Request limit exceeded.", 503)
    if service in ("ecs", "servicequotas"):
        return AwsError("ThrottlingException", "Rate exceeded", 400)
    return AwsError("Throttling", "Rate exceeded", 400)


class Buckets:
    """Throttling by action: Settings.buckets."""

    def __init__(self) -> None:
        self.levels: dict[str, tuple[float, float]] = {}  # tokens, and when

    def empty(self, operation: str, world: World) -> bool:
        """Takes a token of the operation; whether there was none."""
        for pattern, (size, rate) in world.settings.buckets.items():
            if not glob(pattern, operation):
                continue
            tokens, when = self.levels.get(operation, (size, world.seconds()))
            tokens = min(size, tokens + rate * (world.seconds() - when))
            self.levels[operation] = (tokens - 1 if tokens >= 1 else tokens, world.seconds())
            return tokens < 1
        return False


@dataclass
class Fault:
    """operation: "ec2:CreateTags", with wildcards, or read, write, dryrun, any."""

    kind: str
    operation: str = "any"
    nth: int = 1  # counted from when the fault is set
    count: int = 1  # number of calls; -1: all from then on
    code: str = "InternalError"  # for kind "error"
    message: str = "An internal error has occurred"
    status: int = 500
    seconds: float = 0.0  # for the kinds slow, late, cut_after
    seen: int = 0
    fired: int = 0

    def wants(self, operation: str, category: str) -> bool:
        if self.operation == "any":
            hit = True
        elif self.operation in ("read", "write", "dryrun"):
            hit = self.operation == category
        else:
            hit = glob(self.operation, operation) and category != "dryrun"
        if not hit:
            return False
        self.seen += 1
        if self.seen < self.nth or (self.count >= 0 and self.fired >= self.count):
            return False
        self.fired += 1
        return True

    def error(self, service: str, operation: str) -> AwsError:
        if self.kind == "throttle":
            return throttled(service)
        if self.kind == "500":
            return AwsError("InternalError" if service == "ec2" else "InternalFailure",
                            "An internal error has occurred", 500)
        if self.kind == "503":
            return AwsError("Unavailable" if service == "ec2" else "ServiceUnavailable",
                            "The service is unavailable. Please try again shortly.", 503)
        if self.kind == "deny":
            if service == "ec2":
                return AwsError("UnauthorizedOperation",
                                "You are not authorized to perform this operation.", 403)
            code, status = ("AccessDeniedException", 400) if service in ("ecs", "servicequotas") \
                else ("AccessDenied", 403)
            return AwsError(code, f"not authorized to perform: {operation}", status)
        return AwsError(self.code, self.message, self.status)


class Faults:
    def __init__(self) -> None:
        self.all: list[Fault] = []

    def add(self, raw: dict[str, Any]) -> None:
        fault = Fault(**raw)
        if fault.kind not in BEFORE + AFTER + LATE:
            raise ValueError(f"kind must be one of {', '.join(BEFORE + AFTER + LATE)}")
        self.all.append(fault)

    def take(self, operation: str, category: str) -> Optional[Fault]:
        """Counts the call for every fault and returns the one that applies, if any."""
        hits = [f for f in self.all if f.wants(operation, category)]
        return hits[0] if hits else None

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(f) for f in self.all]
