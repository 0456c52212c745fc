"""Builds worlds by name, by size (many_enis=2000) or from a JSON file."""
from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any, Optional

from .build_services import Builder
from .world import Settings, World

Statement = dict[str, Any]

# An account with one of everything that AWS can and cannot mirror.
SMALL: list[Statement] = [
    {"make": "vpc", "name": "main"},
    {"make": "group", "name": "web", "ingress": ["tcp/80 0.0.0.0/0"]},
    {"make": "group", "name": "collector", "ingress": ["tcp/22 10.0.0.0/16"]},
    {"make": "instances", "name": "web", "count": 2, "enis": 2, "groups": ["web"],
     "tags": {"team": "shop"}},
    {"make": "instance", "name": "old", "type": "t2.micro"},
    {"make": "instance", "name": "asleep", "state": "stopped"},
    {"make": "instances", "name": "collector", "count": 2, "type": "c6i.large",
     "groups": ["collector"], "listens": [4789]},
    {"make": "alb", "name": "front"}, {"make": "clb", "name": "legacy"},
    {"make": "nlb", "name": "edge"}, {"make": "gwlbe", "name": "inspect"},
    {"make": "cluster", "name": "prod", "hosts": 2},
    {"make": "service", "cluster": "prod", "name": "api", "mode": "awsvpc", "tasks": 3},
    {"make": "service", "cluster": "prod", "name": "worker", "mode": "fargate", "tasks": 2},
    {"make": "service", "cluster": "prod", "name": "bridged", "mode": "bridge", "tasks": 2},
    {"make": "service", "cluster": "prod", "name": "hosted", "mode": "host", "tasks": 1},
    {"make": "role", "arn": "arn:aws:iam::123456789012:role/mirror", "external_id": None},
    {"make": "sso", "token": "fake-sso-token", "roles": [["123456789012", "Admin"]]},
]


def many_enis(number: int) -> list[Statement]:
    """Instances with four interfaces each, the last one with the rest."""
    rows = [{"make": "instances", "name": "many", "count": number // 4, "enis": 4}]
    return rows + [{"make": "enis", "count": number % 4}]


def ecs_tasks(number: int) -> list[Statement]:
    return [{"make": "service", "cluster": "prod", "name": "many", "mode": "fargate",
             "tasks": number}]


def instances(number: int) -> list[Statement]:
    return [{"make": "instances", "name": "many", "count": number}]


def clusters(number: int) -> list[Statement]:
    return [{"make": "cluster", "name": f"cluster-{i + 1}"} for i in range(number)]


NUMBERED = {"many_enis": many_enis, "ecs_tasks": ecs_tasks, "instances": instances,
            "clusters": clusters}


class BadWorld(Exception):
    """Raised for an invalid statement."""


def make(world: World, statements: list[Statement], region: Optional[str] = None) -> None:
    """Runs statements: "make" names a method of Builder, the rest are arguments."""
    for statement in statements:
        rest = dict(statement)
        name = rest.pop("make", "")
        builder = Builder(world, world.region(rest.pop("region", None) or region or world.home))
        method = getattr(builder, name, None)
        if name.startswith("_") or not callable(method):
            raise BadWorld(f"nothing can make a {name!r}")
        try:
            method(**rest)
        except (TypeError, KeyError, ValueError, StopIteration, IndexError) as e:
            raise BadWorld(f"{statement}: {type(e).__name__} {e}") from e


def set_settings(settings: Settings, values: dict[str, Any]) -> None:
    known = {f.name for f in fields(settings)}
    for name, value in values.items():
        if name not in known:
            raise BadWorld(f"there is no setting {name}, only {', '.join(sorted(known))}")
        setattr(settings, name, value)


def _from_file(path: Path) -> World:
    raw = json.loads(path.read_text())
    unknown = set(raw) - {"region", "account", "settings", "base", "make"}
    if unknown:
        raise BadWorld(f"{path}: unknown {', '.join(sorted(unknown))}")
    world = World(raw.get("region", "us-east-1"), raw.get("account", "123456789012"))
    set_settings(world.settings, raw.get("settings", {}))
    if raw.get("base"):
        _add(world, raw["base"])
    make(world, raw.get("make", []))
    return world


def _add(world: World, names: str) -> None:
    for part in names.split(","):
        name, equals, number = part.partition("=")
        if equals and name in NUMBERED and number.isdigit():
            if not world.region(world.home).table("vpcs"):
                make(world, SMALL)
            make(world, NUMBERED[name](int(number)))
        elif name == "small":
            make(world, SMALL)
        elif name != "empty":
            raise BadWorld(f"no world {part}: empty, small, FILE.json, "
                           + ", ".join(f"{n}=NUMBER" for n in NUMBERED))


def load(name: str, region: str = "us-east-1") -> World:
    """Builds a world from a name such as "small,many_enis=2000" or from a file."""
    if name.endswith(".json"):
        world = _from_file(Path(name))
    else:
        world = World(region)
        _add(world, name)
    world.remember()
    return world
