"""STS: GetCallerIdentity and AssumeRole*."""
from __future__ import annotations

import re
from typing import Any

from .errors import AwsError
from .registry import Call, handles
from .sigv4 import Key
from .world import World


def _of(world: World, arn: str) -> str:
    account = arn.split(":")[4]
    return account if account else world.account


@handles("sts", "GetCallerIdentity")
def caller(call: Call) -> dict[str, Any]:
    return {"UserId": call.key.user_id, "Account": _of(call.world, call.key.arn),
            "Arn": call.key.arn}


def credentials(key: Key) -> dict[str, Any]:
    return {"AccessKeyId": key.key_id, "SecretAccessKey": key.secret, "SessionToken": key.token,
            "Expiration": key.expires}


def _session(call: Call, refusal: AwsError) -> dict[str, Any]:
    role_arn, name = call.params["RoleArn"], call.params["RoleSessionName"]
    role = call.world.roles.get(role_arn)
    if role is None:
        raise refusal
    seconds = call.get("DurationSeconds", 3600)
    if seconds > role.get("max_seconds", 3600):
        raise AwsError("ValidationError", "The requested DurationSeconds exceeds the"
                       " MaxSessionDuration set for this role.")
    arn = role_arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/" + name
    key = call.world.temporary_key(arn, min(seconds, call.world.settings.token_seconds))
    call.mutated.append(f"+keys/{key.key_id}")
    return {"Credentials": credentials(key),
            "AssumedRoleUser": {"AssumedRoleId": key.user_id, "Arn": arn}}


@handles("sts", "AssumeRole")
def assume_role(call: Call) -> dict[str, Any]:
    role_arn = call.params["RoleArn"]
    denied = AwsError("AccessDenied", f"User: {call.key.arn} is not authorized to perform:"
                      f" sts:AssumeRole on resource: {role_arn}", 403)
    role = call.world.roles.get(role_arn, {})
    trusted = role.get("trusted", ["*"])
    if "*" not in trusted and call.key.arn not in trusted \
            and not any(re.sub(r":assumed-role/([^/]+)/.*", r":role/\1", call.key.arn)
                        .replace(":sts:", ":iam:") == t for t in trusted):
        raise denied
    if role.get("external_id") is not None and call.get("ExternalId") != role["external_id"]:
        raise denied
    if role.get("mfa") and not (call.get("SerialNumber") and call.get("TokenCode")):
        raise denied
    return _session(call, denied)


@handles("sts", "AssumeRoleWithWebIdentity")
def web_identity(call: Call) -> dict[str, Any]:
    role = call.world.roles.get(call.params["RoleArn"], {})
    if "web_token" in role and call.params["WebIdentityToken"] != role["web_token"]:
        raise AwsError("InvalidIdentityToken", "Couldn't retrieve verification key from your"
                       " identity provider, please reference AssumeRoleWithWebIdentity"
                       " documentation for requirements")
    answer = _session(call, AwsError("AccessDenied", "Not authorized to perform"
                                     " sts:AssumeRoleWithWebIdentity", 403))
    return {**answer, "SubjectFromWebIdentityToken": "system:serviceaccount:default:tester"}
