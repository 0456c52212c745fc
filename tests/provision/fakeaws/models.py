"""The official service models, found at run time, plus later additions of AWS.

The models are those of botocore (Debian: python3-botocore). newer.json beside
this file adds the few operations and members that a model of 2022 lacks.
"""
from __future__ import annotations

import functools
import gzip
import importlib.util
import json
import os
from pathlib import Path
from typing import Any, Optional

DEBIAN = Path("/usr/lib/python3/dist-packages/botocore")
NEWER = Path(__file__).with_name("newer.json")

# service: folder and version of its model, the name in signatures.
SERVICES = {
    "ec2": ("ec2/2016-11-15", "ec2"),
    "elbv2": ("elbv2/2015-12-01", "elasticloadbalancing"),
    "elb": ("elb/2012-06-01", "elasticloadbalancing"),
    "ecs": ("ecs/2014-11-13", "ecs"),
    "sts": ("sts/2011-06-15", "sts"),
    "cloudwatch": ("cloudwatch/2010-08-01", "monitoring"),
    "servicequotas": ("service-quotas/2019-06-24", "servicequotas"),
    "sso": ("sso/2019-06-10", "awsssoportal"),
}


class NoModels(Exception):
    """Raised if botocore is not installed."""


class Shape:
    """One shape of a model: a scalar, a list or a structure."""

    def __init__(self, model: "Model", name: str):
        self.model = model
        self.name = name
        self.raw: dict[str, Any] = model.shapes[name]
        self.type: str = self.raw["type"]
        self.required: list[str] = self.raw.get("required", [])
        self.enum: list[str] = self.raw.get("enum", [])

    @functools.cached_property
    def members(self) -> dict[str, "Member"]:
        return {name: Member(self.model, name, ref)
                for name, ref in self.raw.get("members", {}).items()}

    @functools.cached_property
    def member(self) -> "Member":
        """The members of a list."""
        return Member(self.model, "member", self.raw["member"])


class Member:
    """A member: a shape and its name on the wire."""

    def __init__(self, model: "Model", name: str, ref: dict[str, Any]):
        self.name = name
        self.ref = ref
        self.location: Optional[str] = ref.get("locationName")
        self.shape = model.shape(ref["shape"])

    def ec2_input_name(self) -> str:
        name = self.ref.get("queryName") or self.location or self.name
        return name if "queryName" in self.ref else name[0].upper() + name[1:]

    def output_name(self) -> str:
        return self.location or self.name


class Operation:
    def __init__(self, model: "Model", name: str, raw: dict[str, Any]):
        self.model = model
        self.name = name
        self.input: Optional[Shape] = None
        self.output: Optional[Shape] = None
        self.wrapper: Optional[str] = None
        if "input" in raw:
            self.input = model.shape(raw["input"]["shape"])
        if "output" in raw:
            self.output = model.shape(raw["output"]["shape"])
            self.wrapper = raw["output"].get("resultWrapper")


class Model:
    """One service."""

    def __init__(self, service: str, raw: dict[str, Any]):
        self.service = service
        self.signing_name = SERVICES[service][1]
        self.metadata: dict[str, Any] = raw["metadata"]
        self.version: str = self.metadata["apiVersion"]
        self.protocol: str = self.metadata["protocol"]
        self.namespace: str = self.metadata.get("xmlNamespace", "")
        self.shapes: dict[str, Any] = raw["shapes"]
        self.operations: dict[str, Any] = raw["operations"]
        self._shapes: dict[str, Shape] = {}

    def shape(self, name: str) -> Shape:
        if name not in self._shapes:
            self._shapes[name] = Shape(self, name)
        return self._shapes[name]

    @functools.lru_cache(maxsize=None)
    def operation(self, name: str) -> Optional[Operation]:
        raw = self.operations.get(name)
        return Operation(self, name, raw) if raw is not None else None


def find() -> Path:
    """The folder botocore/data: FAKEAWS_MODELS, Debian's, or Python's own."""
    places = []
    if os.environ.get("FAKEAWS_MODELS"):
        places.append(Path(os.environ["FAKEAWS_MODELS"]))
    places.append(DEBIAN / "data")
    spec = importlib.util.find_spec("botocore")
    if spec and spec.origin:
        places.append(Path(spec.origin).parent / "data")
    for place in places:
        if (place / "ec2").is_dir():
            return place
    raise NoModels("no botocore (Debian and Ubuntu: python3-botocore) in "
                   + ", ".join(str(p) for p in places))


def _read(folder: Path) -> Any:
    plain = folder / "service-2.json"
    if plain.exists():
        return json.loads(plain.read_bytes())
    with gzip.open(folder / "service-2.json.gz") as f:
        return json.load(f)


def _add(raw: dict[str, Any], newer: dict[str, Any]) -> None:
    """Adds missing members and keeps existing ones."""
    for name, operation in newer.get("operations", {}).items():
        old = raw["operations"].setdefault(name, operation)
        if "output" in operation:
            old.setdefault("output", operation["output"])
    for name, shape in newer.get("shapes", {}).items():
        old = raw["shapes"].setdefault(name, shape)
        for member, ref in shape.get("members", {}).items():
            old["members"].setdefault(member, ref)


def load(place: Optional[Path] = None) -> dict[str, Model]:
    """All services, by their name."""
    place = place or find()
    newer = json.loads(NEWER.read_text())
    models = {}
    for service, (folder, _) in SERVICES.items():
        raw = _read(place / folder)
        _add(raw, newer.get(service, {}))
        models[service] = Model(service, raw)
    return models
