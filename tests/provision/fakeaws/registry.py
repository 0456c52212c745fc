"""One call in progress, and the table of operation handlers."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable

from .errors import AwsError
from .models import Operation
from .sigv4 import Key
from .world import Region, Resource, World

READS = ("Describe", "List", "Get", "Assume")


@dataclass
class Call:
    world: World
    region: Region
    service: str
    operation: Operation
    params: dict[str, Any]
    key: Key
    mutated: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.operation.name

    @property
    def write(self) -> bool:
        return not self.name.startswith(READS)

    def get(self, name: str, default: Any = None) -> Any:
        return self.params.get(name, default)

    def table(self, name: str) -> dict[str, Resource]:
        return self.region.table(name)

    def seen(self, table: str) -> list[Resource]:
        """The resources visible to a request, given eventual consistency."""
        return [r for r in self.table(table).values() if self.world.visible(r)]

    def find(self, table: str, key: str) -> Resource | None:
        found = self.table(table).get(key)
        return found if found is not None and self.world.visible(found) else None

    def add(self, table: str, key: str, resource: Resource) -> Resource:
        self.table(table)[key] = self.world.born(resource)
        self.mutated.append(f"+{table}/{key}")
        return resource

    def changed(self, table: str, key: str) -> None:
        self.mutated.append(f"~{table}/{key}")

    def delete(self, table: str, key: str) -> None:
        del self.table(table)[key]
        self.mutated.append(f"-{table}/{key}")

    def arn(self, service: str, name: str) -> str:
        return self.world.arn(service, self.region.name, name)


Handler = Callable[[Call], dict[str, Any]]
_handlers: dict[tuple[str, str], Handler] = {}


def handles(service: str, *operations: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        for operation in operations:
            _handlers[(service, operation)] = handler
        return handler
    return register


def handler(service: str, operation: str) -> Handler:
    found = _handlers.get((service, operation))
    if found is None:
        raise AwsError("InvalidAction", f"The fake does not have the action {operation}", 501)
    return found


def known() -> list[str]:
    return sorted(f"{service}:{operation}" for service, operation in _handlers)
