"""ClientToken: repeating a create makes no second resource."""
from __future__ import annotations

import copy
from typing import Any

from .errors import AwsError, invalid
from .registry import Call, Handler


def idempotent(create: Handler) -> Handler:
    """Repeats the first response for the same token and parameters."""
    def handler(call: Call) -> dict[str, Any]:
        token = call.get("ClientToken")
        if token is None:
            return create(call)
        if not 1 <= len(token) <= 64 or not token.isascii():
            raise invalid("The client token must be 1 to 64 ASCII characters long")
        rest = {k: v for k, v in call.params.items() if k not in ("ClientToken", "DryRun")}
        key = f"{call.name}/{token}"
        if key in call.region.tokens:
            _, params, answer = call.region.tokens[key]
            if params != rest:
                raise AwsError("IdempotentParameterMismatch",
                               "The client token is already used with other parameters")
            return copy.deepcopy(answer)
        answer = {**create(call), "ClientToken": token}
        call.region.tokens[key] = (call.name, rest, copy.deepcopy(answer))
        return answer
    return handler
