"""Credentials inside AWS: instance metadata (IMDSv2) and the container endpoint."""
from __future__ import annotations

import json
from typing import Optional

from .dispatch import Answer, Fake
from .render import iso
from .sigv4 import Key, Request

ROLE = "fake-instance-role"
CONTAINER_TOKEN = "fake-container-authorization"
BASE = "/latest/meta-data/"


def _text(body: str, status: int = 200) -> Answer:
    return Answer(status, "text/plain", body.encode())


def _document(key: Key, container: bool) -> str:
    assert key.expires is not None
    document = {"AccessKeyId": key.key_id, "SecretAccessKey": key.secret, "Token": key.token,
                "Expiration": iso(key.expires)[:-5] + "Z"}
    if container:
        document["RoleArn"] = f"arn:aws:iam::{key.arn.split(':')[4]}:role/fake-task-role"
    else:
        document.update(Code="Success", Type="AWS-HMAC", LastUpdated="2026-01-01T00:00:00Z")
    return json.dumps(document)


class Instance:
    """Stands for http://169.254.169.254, on another port."""

    def __init__(self, fake: Fake):
        self.fake = fake
        self.tokens: dict[str, float] = {}

    def _new_token(self, request: Request) -> Answer:
        life = request.header("x-aws-ec2-metadata-token-ttl-seconds") or ""
        if not life.isdigit() or not 1 <= int(life) <= 21600:
            return _text("Bad Request", 400)
        if request.header("x-forwarded-for"):
            return _text("Forbidden", 403)
        token = "AQAEAFAKE" + self.fake.world.hex(40)
        self.tokens[token] = self.fake.world.seconds() + int(life)
        answer = _text(token)
        answer.headers["x-aws-ec2-metadata-token-ttl-seconds"] = life
        return answer

    def _allowed(self, request: Request) -> bool:
        token = request.header("x-aws-ec2-metadata-token")
        if token is None:
            return self.fake.world.settings.imds_v1
        return self.tokens.get(token, 0) > self.fake.world.seconds()

    def _value(self, path: str) -> Optional[str]:
        world = self.fake.world
        if path == BASE + "iam/security-credentials/":
            return ROLE
        if path == BASE + f"iam/security-credentials/{ROLE}":
            return _document(world.temporary_key(
                f"arn:aws:sts::{world.account}:assumed-role/{ROLE}/i-0fake"), False)
        if path == BASE + "placement/region":
            return world.home
        if path == BASE + "placement/availability-zone":
            return world.home + "a"
        if path == "/latest/dynamic/instance-identity/document":
            return json.dumps({"region": world.home, "accountId": world.account,
                               "instanceId": "i-0fake"})
        return None

    def respond(self, request: Request) -> Answer:
        with self.fake.lock:
            if request.target == "/latest/api/token":
                answer = self._new_token(request) if request.method == "PUT" \
                    else _text("Method Not Allowed", 405)
            elif not self._allowed(request):
                answer = _text("Unauthorized", 401)
            else:
                value = self._value(request.target) if request.method == "GET" else None
                answer = _text("Not Found", 404) if value is None else _text(value)
            self.fake.journal.add({"operation": f"imds:{request.method} {request.target}",
                                   "category": "read", "status": answer.status})
            return answer


class Container:
    """Stands for http://169.254.170.2, on another port: any path below /v2/."""

    def __init__(self, fake: Fake):
        self.fake = fake

    def respond(self, request: Request) -> Answer:
        world = self.fake.world
        with self.fake.lock:
            if request.method != "GET" or not request.target.startswith("/v2/"):
                answer = _text(json.dumps({"code": "NotFound", "message": "not found"}), 404)
            elif request.header("authorization") not in (None, CONTAINER_TOKEN):
                answer = _text(json.dumps({"code": "AccessDenied", "message": "denied"}), 403)
            elif request.target.startswith("/v2/guarded") \
                    and request.header("authorization") is None:
                answer = _text(json.dumps({"code": "AccessDenied", "message": "denied"}), 403)
            else:
                key = world.temporary_key(
                    f"arn:aws:sts::{world.account}:assumed-role/fake-task-role/task")
                answer = Answer(200, "application/json", _document(key, True).encode())
            self.fake.journal.add({"operation": f"container:{request.method} {request.target}",
                                   "category": "read", "status": answer.status})
            return answer
