"""The portal of IAM Identity Center: GetRoleCredentials."""
from __future__ import annotations

import json
import urllib.parse
from typing import TYPE_CHECKING

from . import render
from .errors import AwsError
from .sigv4 import Request

if TYPE_CHECKING:
    from .dispatch import Answer, Fake


def _role(fake: "Fake", request: Request) -> str:
    """Returns the ARN of the role session or refuses."""
    token = request.header("x-amz-sso_bearer_token")
    known = fake.world.sso_tokens.get(token or "")
    if known is None or known.get("expires_at", 1e12) < fake.world.seconds():
        raise AwsError("UnauthorizedException", "Session token not found or invalid", 401)
    path, _, query = request.target.partition("?")
    params = dict(urllib.parse.parse_qsl(query, strict_parsing=True))
    if request.method != "GET" or path != "/federation/credentials" \
            or set(params) != {"role_name", "account_id"}:
        raise AwsError("InvalidRequestException", "GET /federation/credentials with role_name and"
                       " account_id is expected")
    account, role = params["account_id"], params["role_name"]
    if [account, role] not in known["roles"]:
        raise AwsError("ForbiddenException", "No access", 403)
    return f"arn:aws:sts::{account}:assumed-role/AWSReservedSSO_{role}/{known['user']}"


def credentials(fake: "Fake", request: Request) -> "Answer":
    from .dispatch import Answer

    with fake.lock:
        entry = {"n": fake.world.requests, "operation": "sso:GetRoleCredentials",
                 "category": "read", "outcome": "ok", "status": 200}
        try:
            key = fake.world.temporary_key(_role(fake, request))
        except (AwsError, ValueError) as e:
            error = e if isinstance(e, AwsError) else AwsError("InvalidRequestException", str(e))
            entry.update(outcome=error.code, status=error.status)
            fake.journal.add(entry)
            return Answer(error.status, "application/json",
                          json.dumps({"message": error.message}).encode(),
                          {"x-amzn-ErrorType": error.code})
        fake.journal.add(entry)
        operation = fake.models["sso"].operation("GetRoleCredentials")
        assert operation is not None and key.expires is not None
        return Answer(200, "application/json", render.as_json(operation, {"roleCredentials": {
            "accessKeyId": key.key_id, "secretAccessKey": key.secret, "sessionToken": key.token,
            "expiration": int(key.expires.timestamp() * 1000)}}))
