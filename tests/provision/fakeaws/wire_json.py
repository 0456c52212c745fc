"""Parses requests of the JSON protocol and validates each member."""
from __future__ import annotations

import json
from typing import Any

from .errors import AwsError
from .models import Operation, Shape
from .scalars import BadValue, check_list, from_json


def _invalid(service: str, message: str) -> AwsError:
    if service == "ecs":
        return AwsError("InvalidParameterException", message)
    if service == "servicequotas":
        return AwsError("IllegalArgumentException", message)
    return AwsError("ValidationError", message)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def _value(service: str, shape: Shape, value: Any, path: str) -> Any:
    if shape.type == "structure":
        if not isinstance(value, dict):
            raise AwsError("SerializationException", f"{path} must be an object")
        return _structure(service, shape, value, path)
    if shape.type == "list":
        if not isinstance(value, list):
            raise AwsError("SerializationException", f"{path} must be a list")
        items = [_value(service, shape.member.shape, v, f"{path}[{i}]")
                 for i, v in enumerate(value)]
        try:
            check_list(shape, items)
        except BadValue as problem:
            raise _invalid(service, f"{path} {problem}") from problem
        return items
    try:
        return from_json(shape, value)
    except BadValue as problem:
        if problem.kind == "type":
            raise AwsError("SerializationException", f"{path} {problem}") from problem
        raise _invalid(service, f"{path} {problem}") from problem


def _structure(service: str, shape: Shape, value: dict[str, Any], path: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    by_wire = {m.output_name(): m for m in shape.members.values()}
    for wire, below in value.items():
        if wire not in by_wire:
            # AWS would ignore an unknown member, but it is a mistake of the client.
            raise _invalid(service, f"Unknown member {path}.{wire}")
        member = by_wire[wire]
        values[member.name] = _value(service, member.shape, below, f"{path}.{wire}")
    for name in shape.required:
        if name not in values:
            raise _invalid(service, f"{path}.{name} must not be null")
    return values


def read(operation: Operation, body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_unique)
    except ValueError as e:
        raise AwsError("SerializationException", f"not JSON: {e}") from e
    if not isinstance(value, dict):
        raise AwsError("SerializationException", "Start of structure expected")
    if operation.input is None:
        return {}
    return _structure(operation.model.service, operation.input, value, operation.name)
