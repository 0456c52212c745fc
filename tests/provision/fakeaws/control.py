"""/_fake/: how tests inspect and control the fake."""
from __future__ import annotations

import copy
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from . import worlds
from .policy import BadPolicy
from .sigv4 import Request
from .world import World

if TYPE_CHECKING:
    from .dispatch import Answer, Fake


class Control:
    def __init__(self, fake: "Fake"):
        self.fake = fake

    def _get(self, what: str) -> Any:
        world = self.fake.world
        if what == "world":
            return world.dump()
        if what == "changes":
            return world.changes()
        if what == "settings":
            return asdict(world.settings)
        if what == "faults":
            return self.fake.faults.dump()
        if what == "journal":
            return self.fake.journal.entries
        if what == "operations":
            from .registry import known
            return known()
        raise KeyError(what)

    def _post(self, what: str, value: Any) -> None:
        fake = self.fake
        many = value if isinstance(value, list) else [value]
        if what == "faults":
            for fault in many:
                fake.faults.add(fault)
        elif what == "settings":
            worlds.set_settings(fake.world.settings, value)
        elif what == "make":
            worlds.make(fake.world, many)
        elif what == "remember":
            fake.world.remember()
        elif what == "reset":
            self._replace(worlds.load(value["world"]))
        elif what == "save":
            fake.saved = copy.deepcopy(fake.world)
        elif what == "restore" and fake.saved is not None:
            self._replace(copy.deepcopy(fake.saved))
        else:
            raise KeyError(what)

    def _replace(self, world: World) -> None:
        fake = self.fake
        fake.world = world
        fake.faults.all.clear()
        fake.buckets.levels.clear()
        fake.journal.entries.clear()

    def _delete(self, what: str) -> None:
        if what == "faults":
            self.fake.faults.all.clear()
        elif what == "journal":
            self.fake.journal.entries.clear()
        elif what == "policies":
            self.fake.world.policies.clear()
        else:
            raise KeyError(what)

    def respond(self, request: Request) -> "Answer":
        from .dispatch import Answer

        what = request.target[len("/_fake/"):]
        with self.fake.lock:
            try:
                value: Any = {}
                if request.method == "GET":
                    value = self._get(what)
                elif request.method == "POST":
                    self._post(what, json.loads(request.body or b"{}"))
                elif request.method == "DELETE":
                    self._delete(what)
                return Answer(200, "application/json",
                              (json.dumps(value, default=str, indent=1) + "\n").encode())
            except (KeyError, TypeError, ValueError, BadPolicy, worlds.BadWorld) as e:
                return Answer(400, "application/json",
                              (json.dumps({"error": f"{type(e).__name__}: {e}"}) + "\n").encode())
