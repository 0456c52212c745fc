"""Builds responses from the output shapes of the model and nothing else.

A value that the model does not have is a fault of the fake: ContractBroken.
Names that begin with "_" belong to the fake and are never sent.
"""
from __future__ import annotations

import datetime
import json
from typing import Any
from xml.sax.saxutils import escape

from .errors import ContractBroken
from .models import Operation, Shape
from .scalars import LOWER_ENUMS, OPEN_ENUMS


def iso(when: datetime.datetime, ec2: bool = False) -> str:
    text = when.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (".000Z" if ec2 else f".{when.microsecond // 1000:03d}Z")


def _public(value: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in value.items() if not k.startswith("_") and v is not None}


def _checked(shape: Shape, value: Any, path: str) -> Any:
    """Checks that the model allows this scalar."""
    wanted: dict[str, Any] = {
        "string": str, "integer": int, "long": int, "boolean": bool, "blob": str,
        "float": (int, float), "double": (int, float), "timestamp": datetime.datetime}
    if shape.type not in wanted:
        raise ContractBroken(f"{path}: the type {shape.type} is not supported")
    if not isinstance(value, wanted[shape.type]) \
            or (isinstance(value, bool) and shape.type != "boolean"):
        raise ContractBroken(f"{path}: {value!r} is no {shape.type}")
    allowed = [e.lower() for e in shape.enum] if shape.name in LOWER_ENUMS else shape.enum
    if allowed and shape.name not in OPEN_ENUMS and value not in allowed:
        raise ContractBroken(f"{path}: {value!r} is none of {shape.enum}")
    return value


def _text(shape: Shape, value: Any, path: str, ec2: bool) -> str:
    value = _checked(shape, value, path)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return iso(value, ec2)
    return escape(str(value))


class XmlWriter:
    def __init__(self, ec2: bool):
        self.ec2 = ec2

    def members(self, shape: Shape, value: dict[str, Any], path: str) -> str:
        out = []
        public = _public(value)
        for name, below in public.items():
            member = shape.members.get(name)
            if member is None:
                raise ContractBroken(f"{path}: AWS has no member {name}")
            out.append(self.element(member.output_name(), member.shape, below,
                                    f"{path}.{name}"))
        for name in shape.required:
            if name not in public:
                raise ContractBroken(f"{path}: the member {name} is missing")
        return "".join(out)

    def element(self, tag: str, shape: Shape, value: Any, path: str) -> str:
        if shape.type == "structure":
            return f"<{tag}>{self.members(shape, value, path)}</{tag}>"
        if shape.type == "list":
            if not isinstance(value, list):
                raise ContractBroken(f"{path}: {value!r} is no list")
            item = shape.member.location or ("item" if self.ec2 else "member")
            body = "".join(self.element(item, shape.member.shape, v, f"{path}[]") for v in value)
            return f"<{tag}>{body}</{tag}>" if body else f"<{tag}/>"
        return f"<{tag}>{_text(shape, value, path, self.ec2)}</{tag}>"


def xml(operation: Operation, value: dict[str, Any], request_id: str) -> bytes:
    model, name = operation.model, operation.name
    ec2 = model.protocol == "ec2"
    namespace = model.namespace
    body = ""
    if operation.output is not None:
        body = XmlWriter(ec2).members(operation.output, value, name)
    elif _public(value) and not ec2:
        raise ContractBroken(f"{name} answers nothing")
    if ec2:
        if operation.output is None:
            body = "<return>true</return>"
        return (f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}Response xmlns="{namespace}/">\n'
                f"<requestId>{request_id}</requestId>{body}\n</{name}Response>").encode()
    if operation.wrapper:
        body = f"<{operation.wrapper}>{body}</{operation.wrapper}>"
    return (f'<{name}Response xmlns="{namespace}">\n{body}\n<ResponseMetadata><RequestId>'
            f"{request_id}</RequestId></ResponseMetadata>\n</{name}Response>\n").encode()


def _json(shape: Shape, value: Any, path: str) -> Any:
    if shape.type == "structure":
        public, out = _public(value), {}
        for name, below in public.items():
            member = shape.members.get(name)
            if member is None:
                raise ContractBroken(f"{path}: AWS has no member {name}")
            out[member.output_name()] = _json(member.shape, below, f"{path}.{name}")
        for name in shape.required:
            if name not in public:
                raise ContractBroken(f"{path}: the member {name} is missing")
        return out
    if shape.type == "list":
        return [_json(shape.member.shape, v, f"{path}[]") for v in value]
    value = _checked(shape, value, path)
    return value.timestamp() if isinstance(value, datetime.datetime) else value


def as_json(operation: Operation, value: dict[str, Any]) -> bytes:
    if operation.output is None:
        return b"{}"
    return json.dumps(_json(operation.output, value, operation.name)).encode()
