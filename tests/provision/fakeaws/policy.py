"""The subset of IAM that evaluates identity policies."""
from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, field
from typing import Any, Optional


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _matches(pattern: str, text: str) -> bool:
    # Unlike fnmatch, IAM has no [..].
    pattern = re.sub(r"\[", "[[]", pattern)
    return fnmatch.fnmatchcase(text, pattern)


class BadPolicy(Exception):
    """Raised for a policy that IAM would reject or that this subset does not support."""


Context = dict[str, str]  # condition keys of a request, such as "aws:ResourceTag/team"
OPERATORS = ("StringEquals", "StringLike")


@dataclass
class Condition:
    """Evaluates a condition; a key missing from the request matches none."""

    operator: str
    key: str
    values: list[str]

    def met(self, context: Context) -> bool:
        found = context.get(self.key.lower())
        if found is None:
            return False
        if self.operator == "StringEquals":
            return found in self.values
        return any(_matches(v, found) for v in self.values)


@dataclass
class Statement:
    allow: bool
    actions: list[str]
    resources: list[str]
    conditions: list[Condition] = field(default_factory=list)

    def applies(self, action: str, resource: str, context: Context) -> bool:
        return (any(_matches(a.lower(), action.lower()) for a in self.actions)
                and any(r == "*" or (resource != "*" and _matches(r, resource))
                        for r in self.resources)
                and all(c.met(context) for c in self.conditions))


@dataclass
class Policy:
    statements: list[Statement] = field(default_factory=list)

    @staticmethod
    def all() -> "Policy":
        return Policy([Statement(True, ["*"], ["*"])])

    @staticmethod
    def from_json(value: Any) -> "Policy":
        """An IAM document, or the short {"allow": [...], "deny": [...]}."""
        if not isinstance(value, dict):
            raise BadPolicy("a policy is an object")
        if "Statement" not in value:
            if set(value) - {"allow", "deny"}:
                raise BadPolicy("only allow and deny are known")
            return Policy([Statement(True, value.get("allow", ["*"]), ["*"]),
                           Statement(False, value.get("deny", []), ["*"])])
        if value.get("Version") != "2012-10-17":
            raise BadPolicy("Version must be 2012-10-17")
        statements = value["Statement"]
        if isinstance(statements, dict):
            statements = [statements]
        return Policy([Policy._statement(s) for s in statements])

    @staticmethod
    def _statement(raw: dict[str, Any]) -> Statement:
        unknown = set(raw) - {"Sid", "Effect", "Action", "Resource", "Condition"}
        if unknown:
            raise BadPolicy(f"unknown element {sorted(unknown)[0]}")
        if "Sid" in raw and not re.fullmatch(r"[A-Za-z0-9]*", raw["Sid"]):
            raise BadPolicy(f"the Sid {raw['Sid']} has other characters than letters and digits")
        if raw.get("Effect") not in ("Allow", "Deny"):
            raise BadPolicy("Effect must be Allow or Deny")
        actions, resources = _list(raw["Action"]), _list(raw["Resource"])
        for action in actions:
            if action != "*" and not re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9*?]+", action):
                raise BadPolicy(f"the action {action} is malformed")
        for resource in resources:
            if resource != "*" and not re.fullmatch(r"arn:[^:]+:[^:]*:[^:]*:[^:]*:.+", resource):
                raise BadPolicy(f"the resource {resource} is no ARN")
        conditions = []
        for operator, keys in raw.get("Condition", {}).items():
            if operator not in OPERATORS:
                raise BadPolicy(f"the condition operator {operator} is not known here")
            conditions += [Condition(operator, k, _list(v)) for k, v in keys.items()]
        return Statement(raw["Effect"] == "Allow", actions, resources, conditions)

    def allows(self, action: str, resource: str = "*",
               context: Optional[Context] = None) -> bool:
        hits = [s.allow for s in self.statements if s.applies(action, resource, context or {})]
        return bool(hits) and all(hits)
