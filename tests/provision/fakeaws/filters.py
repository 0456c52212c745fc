"""Filter.N of EC2: names are paths into the resource, values have wildcards."""
from __future__ import annotations

import fnmatch
import re
from typing import Any

from .errors import AwsError, invalid
from .world import Resource


def at(resource: Any, path: str) -> list[str]:
    """All values at a path such as "Attachment.InstanceId", descending into lists."""
    found = [resource]
    for part in path.split("."):
        below: list[Any] = []
        for item in found:
            value = item.get(part) if isinstance(item, dict) else None
            below += value if isinstance(value, list) else [] if value is None else [value]
        found = below
    return [str(v).lower() if isinstance(v, bool) else str(v) for v in found]


def like(pattern: str, text: str) -> bool:
    """Matches the wildcards * and ?; a backslash escapes them."""
    parts = re.split(r"(\\.|[*?])", pattern)
    regex = "".join({"*": ".*", "?": "."}.get(p) or re.escape(p[1:] if p[:1] == "\\" else p)
                    for p in parts)
    return re.fullmatch(regex, text, re.S) is not None


def tags_of(resource: Resource) -> dict[str, str]:
    return {t["Key"]: t["Value"] for t in resource.get("Tags", [])}


def _wanted(resource: Resource, name: str, values: list[str], paths: dict[str, str]) -> bool:
    tags = tags_of(resource)
    if name.startswith("tag:"):
        there = [tags[name[4:]]] if name[4:] in tags else []
    elif name == "tag-key":
        there = list(tags)
    else:
        there = at(resource, paths[name])
    return any(like(v, t) for v in values for t in there)


def apply(items: list[Resource], filters: list[dict[str, Any]], paths: dict[str, str],
          tags: bool = True) -> list[Resource]:
    """The resources that match every filter."""
    names = []
    for f in filters:
        name, values = f.get("Name"), f.get("Values")
        if not name:
            raise AwsError("InvalidParameterCombination",
                           "The filter must have a name")
        if name not in paths and not (tags and (name == "tag-key" or name.startswith("tag:"))):
            raise invalid(f"The filter '{name}' is invalid")
        if name in names:
            raise invalid(f"The filter '{name}' is given more than once")
        names.append(name)
        if not values:
            raise invalid(f"The filter '{name}' has no value")
        if len(values) > 200:
            raise AwsError("FilterLimitExceeded", "The maximum number of filter values specified"
                           " on a single call is 200")
        items = [r for r in items if _wanted(r, name, values, paths)]
    return items


def glob(pattern: str, text: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern)
