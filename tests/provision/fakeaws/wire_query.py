"""Parses requests of the query protocols (a form) and validates each member.

What comes back has the names of the model: {"Filters": [{"Name": ...}]}.
"""
from __future__ import annotations

import urllib.parse
from typing import Any, Optional, Union

from .errors import AwsError
from .models import Model, Operation, Shape
from .scalars import BadValue, check_list, from_text

# The form "A.1.B=x" becomes the tree {"A": {"1": {"B": "x"}}}.
Tree = dict[str, Union[str, "Tree"]]


def form(body: bytes) -> dict[str, str]:
    """The parameters, each given only once."""
    try:
        text = body.decode("ascii")
        pairs = urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text),
                                       encoding="utf-8", errors="strict")
    except (UnicodeDecodeError, ValueError) as e:
        raise AwsError("MalformedQueryString", f"The query string is malformed: {e}", 404) from e
    params: dict[str, str] = {}
    for name, value in pairs:
        if name in params:
            raise AwsError("InvalidParameterCombination",
                           f"The parameter {name} is given more than once")
        params[name] = value
    return params


def tree(params: dict[str, str]) -> Tree:
    root: Tree = {}
    for name, value in params.items():
        parts = name.split(".")
        at = root
        for part in parts[:-1]:
            below = at.setdefault(part, {})
            if isinstance(below, str):
                raise AwsError("UnknownParameter", f"The parameter {name} is not recognized")
            at = below
        if parts[-1] in at:
            raise AwsError("UnknownParameter", f"The parameter {name} is not recognized")
        at[parts[-1]] = value
    return root


class Reader:
    """Parses one request according to its model."""

    def __init__(self, model: Model):
        self.ec2 = model.protocol == "ec2"

    def unknown(self, path: str) -> AwsError:
        return AwsError("UnknownParameter" if self.ec2 else "ValidationError",
                        f"The parameter {path} is not recognized")

    def missing(self, path: str) -> AwsError:
        if self.ec2:
            return AwsError("MissingParameter", f"The request must contain the parameter {path}")
        return AwsError("ValidationError",
                        f"1 validation error detected: Value null at '{path}' failed to satisfy"
                        " constraint: Member must not be null")

    def refused(self, path: str, value: Any, problem: BadValue) -> AwsError:
        if not self.ec2:
            return AwsError("ValidationError",
                            f"1 validation error detected: Value '{value}' at '{path}' failed to"
                            f" satisfy constraint: Member {problem}")
        if problem.kind in ("min", "max"):
            return AwsError("InvalidParameterValue", f"Value ( {value} ) for parameter {path} is"
                            f" invalid. {problem}")
        return AwsError("InvalidParameterValue",
                        f"Invalid value '{value}' for {path}: {problem}")

    def structure(self, shape: Shape, node: Tree, path: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        known = set()
        for name, member in shape.members.items():
            wire = member.ec2_input_name() if self.ec2 else member.output_name()
            known.add(wire)
            where = f"{path}{wire}"
            if wire in node:
                values[name] = self.value(member.shape, node[wire], where)
            elif name in shape.required:
                raise self.missing(where)
        for wire in node:
            if wire not in known:
                raise self.unknown(f"{path}{wire}")
        return values

    def value(self, shape: Shape, node: Union[str, Tree], path: str) -> Any:
        if shape.type == "structure":
            if isinstance(node, str):
                raise self.unknown(path)
            return self.structure(shape, node, path + ".")
        if shape.type == "list":
            return self.items(shape, node, path)
        if not isinstance(node, str):
            raise self.unknown(f"{path}.{next(iter(node))}")
        try:
            return from_text(shape, node)
        except BadValue as problem:
            raise self.refused(path, node, problem) from problem

    def items(self, shape: Shape, node: Union[str, Tree], path: str) -> list[Any]:
        if not self.ec2 and not shape.raw.get("flattened"):
            if node == "":
                return []  # an empty list is sent as "Name="
            name = shape.member.location or "member"
            if isinstance(node, str) or set(node) != {name}:
                raise self.unknown(path)
            node, path = node[name], f"{path}.{name}"
        if isinstance(node, str):
            raise self.unknown(path)
        if set(node) != {str(i + 1) for i in range(len(node))}:
            raise AwsError("InvalidParameterValue",
                           f"The items of {path} are not numbered from 1 on")
        items = [self.value(shape.member.shape, node[str(i + 1)], f"{path}.{i + 1}")
                 for i in range(len(node))]
        try:
            check_list(shape, items)
        except BadValue as problem:
            raise self.refused(path, items, problem) from problem
        return items


def read(operation: Operation, params: dict[str, str]) -> dict[str, Any]:
    """The members of a request without Action and Version."""
    rest = {k: v for k, v in params.items() if k not in ("Action", "Version")}
    shape: Optional[Shape] = operation.input
    reader = Reader(operation.model)
    if shape is None:
        if rest:
            raise reader.unknown(next(iter(rest)))
        return {}
    return reader.structure(shape, tree(rest), "")
