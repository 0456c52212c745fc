"""Pages and their continuation tokens."""
from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any, Optional

from .registry import Call

NOT_PART = ("NextToken", "MaxResults", "Marker", "PageSize", "nextToken", "maxResults")


def _digest(call: Call) -> str:
    rest = {k: v for k, v in call.params.items() if k not in NOT_PART}
    text = json.dumps([call.name, call.region.name, rest], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class BadToken(Exception):
    """Raised for a token of another call."""


def page(call: Call, items: list[Any], token: Optional[str], size: Optional[int],
         limit: int) -> tuple[list[Any], Optional[str]]:
    """Returns one page and the token of the next. size: requested; limit: of AWS."""
    start = 0
    if token is not None:
        try:
            digest, start = json.loads(base64.b64decode(token, validate=True))
        except (binascii.Error, ValueError, TypeError):
            raise BadToken() from None
        if digest != _digest(call):
            raise BadToken()
    size = min(size or limit, limit)
    if call.world.settings.page_size:
        size = min(size, call.world.settings.page_size)
    end = start + size
    if end >= len(items):
        return items[start:], None
    return items[start:end], base64.b64encode(json.dumps([_digest(call), end]).encode()).decode()
