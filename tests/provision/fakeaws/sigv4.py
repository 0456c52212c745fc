"""AWS Signature Version 4, verified independently from the specification.

It shares no code with a client, so that two independent readings of the
specification meet here.
"""
from __future__ import annotations

import datetime
import hashlib
import hmac
import re
import urllib.parse
from dataclasses import dataclass
from typing import Callable, Optional

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = datetime.timedelta(minutes=5)
EMPTY = hashlib.sha256(b"").hexdigest()


class Refused(Exception):
    """Raised for a bad signature; kind: missing, malformed, key, token, expired, skewed, scope,
    body or signature."""

    def __init__(self, kind: str, text: str):
        super().__init__(text)
        self.kind = kind


@dataclass
class Request:
    """A request exactly as received."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> Optional[str]:
        values = [v for k, v in self.headers if k.lower() == name]
        return ",".join(v.strip() for v in values) if values else None


@dataclass
class Key:
    """A valid access key. expires is None for a permanent one."""

    key_id: str
    secret: str
    arn: str
    user_id: str
    token: Optional[str] = None
    expires: Optional[datetime.datetime] = None


@dataclass
class Verified:
    key: Key
    region: str
    service: str


def quote(text: str, safe: str = "") -> str:
    return urllib.parse.quote(text, safe="-_.~" + safe)


def canonical_path(path: str) -> str:
    """Normalises the path and encodes it once more, as all services but S3 do."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts[-1:] = []
        elif part not in ("", "."):
            parts.append(part)
    text = "/" + "/".join(parts)
    if path.endswith(("/", "/.", "/..")) and text != "/":
        text += "/"
    return quote(text, "/")


def canonical_query(query: str) -> str:
    pairs = []
    for item in query.split("&") if query else []:
        name, _, value = item.partition("=")
        pairs.append((quote(urllib.parse.unquote(name)), quote(urllib.parse.unquote(value))))
    return "&".join(f"{k}={v}" for k, v in sorted(pairs))


def canonical_request(request: Request, signed: list[str], body_hash: str) -> str:
    path, _, query = request.target.partition("?")
    lines = []
    for name in signed:
        values = [re.sub(r" +", " ", v.strip()) for k, v in request.headers if k.lower() == name]
        lines.append(f"{name}:{','.join(values)}\n")
    return "\n".join([request.method, canonical_path(path), canonical_query(query),
                      "".join(lines), ";".join(signed), body_hash])


def signature(secret: str, scope: str, date_time: str, canonical: str) -> str:
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    to_sign = "\n".join([ALGORITHM, date_time, scope,
                         hashlib.sha256(canonical.encode()).hexdigest()])
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def _fields(value: str) -> dict[str, str]:
    kind, _, rest = value.partition(" ")
    if kind != ALGORITHM:
        raise Refused("malformed", f"the algorithm {kind} is not supported")
    fields: dict[str, str] = {}
    for item in rest.split(","):
        name, equals, text = item.strip().partition("=")
        if not equals or name in fields:
            raise Refused("malformed", "the Authorization header is malformed")
        fields[name] = text
    if set(fields) != {"Credential", "SignedHeaders", "Signature"}:
        raise Refused("malformed", "Authorization header requires 'Credential', 'Signature' and"
                      " 'SignedHeaders' and nothing else")
    return fields


def _signed_headers(request: Request, value: str) -> list[str]:
    signed = value.split(";")
    if signed != sorted(signed) or len(set(signed)) != len(signed) or value != value.lower():
        raise Refused("malformed", "SignedHeaders must be sorted, in lower case and unique")
    there = {k.lower() for k, _ in request.headers}
    for name in signed:
        if name not in there:
            raise Refused("malformed", f"the signed header {name} is not in the request")
    must = {"host"} | {n for n in there if n.startswith("x-amz-")}
    for name in sorted(must - set(signed)):
        raise Refused("malformed", f"the header {name} must be signed")
    return signed


def _date(request: Request, scope_date: str, now: datetime.datetime) -> str:
    text = request.header("x-amz-date")
    if not text or not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", text):
        raise Refused("malformed", "a valid X-Amz-Date is needed")
    try:
        when = datetime.datetime.strptime(text, "%Y%m%dT%H%M%SZ")
    except ValueError:
        raise Refused("malformed", "a valid X-Amz-Date is needed") from None
    when = when.replace(tzinfo=datetime.timezone.utc)
    if not text.startswith(scope_date):
        raise Refused("scope", "Date in Credential scope does not match YYYYMMDD from ISO-8601"
                      f" version of date from HTTP: '{scope_date}' != '{text[:8]}'")
    if abs(now - when) > SKEW:
        earlier = when < now
        raise Refused("skewed", f"Signature {'expired' if earlier else 'not yet current'}: {text}"
                      f" is {'now earlier' if earlier else 'still later'} than"
                      f" {now.strftime('%Y%m%dT%H%M%SZ')} {'-' if earlier else '+'} 5 min.")
    return text


def verify(request: Request, service: str, find_key: Callable[[str], Optional[Key]],
           now: datetime.datetime) -> Verified:
    """Returns the principal and the region of a request, or raises Refused."""
    value = request.header("authorization")
    if value is None:
        raise Refused("missing", "Missing Authentication Token")
    fields = _fields(value)
    scope = fields["Credential"].split("/")
    if len(scope) != 5 or scope[4] != "aws4_request":
        raise Refused("malformed", "Credential must have exactly 5 slash-delimited elements")
    key_id, date, region, scope_service, _ = scope
    signed = _signed_headers(request, fields["SignedHeaders"])
    key = find_key(key_id)
    if key is None:
        raise Refused("key", "The security token included in the request is invalid.")
    if scope_service != service:
        raise Refused("scope", f"Credential should be scoped to correct service: '{service}'.")
    date_time = _date(request, date, now)
    if request.header("x-amz-security-token") != key.token:
        raise Refused("token", "The security token included in the request is invalid.")
    if key.expires is not None and key.expires <= now:
        raise Refused("expired", "The security token included in the request is expired")
    body_hash = hashlib.sha256(request.body).hexdigest()
    told = request.header("x-amz-content-sha256")
    if told is not None and told != body_hash:
        raise Refused("body", "The provided 'x-amz-content-sha256' header does not match what was"
                      " computed.")
    canonical = canonical_request(request, signed, body_hash)
    wanted = signature(key.secret, "/".join(scope[1:]), date_time, canonical)
    if not hmac.compare_digest(wanted, fields["Signature"]):
        raise Refused("signature", "The request signature we calculated does not match the"
                      " signature you provided. Check your AWS Secret Access Key and signing"
                      " method. Consult the service documentation for details.\n\nThe Canonical"
                      f" String for this request should have been\n'{canonical}'")
    return Verified(key, region, scope_service)
