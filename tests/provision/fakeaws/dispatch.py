"""Handles one API request from the wire to the response."""
from __future__ import annotations

import copy
import sys
import threading
import time
import traceback
import uuid
from dataclasses import dataclass, field
from typing import Any, Optional

from . import errors, render, wire_json, wire_query
from .authorize import denied
from .errors import AwsError, ContractBroken
from .faults import AFTER, LATE, Buckets, Fault, Faults, throttled
from .journal import Journal
from .models import Model, Operation
from .refusals import refusal
from .registry import READS, Call, handler
from .sigv4 import Key, Refused, Request, verify
from .world import World

UNSIGNED = {"AssumeRoleWithWebIdentity"}


@dataclass
class Answer:
    status: int
    content_type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    fault: Optional[Fault] = None


@dataclass
class Asked:
    """The service, operation and parameters of a request."""

    model: Model
    protocol: str
    operation: str
    wire: dict[str, Any]


class Fake:
    """The fake: a world, its endpoints and its journal."""

    def __init__(self, models: dict[str, Model], world: World, journal: Journal):
        self.models = models
        self.world = world
        self.journal = journal
        self.faults = Faults()
        self.buckets = Buckets()
        self.saved: Optional[World] = None
        self.lock = threading.RLock()

    # --- request ------------------------------------------------------------
    def _by_target(self, request: Request, target: str) -> Asked:
        prefix, _, operation = target.partition(".")
        for name, prefixes in (("ecs", ["AmazonEC2ContainerServiceV20141113"]),
                               ("servicequotas", ["ServiceQuotasV20190624"]),
                               ("cloudwatch", ["GraniteServiceVersion20100801"])):
            if prefix in prefixes:
                version = "1.0" if name == "cloudwatch" else "1.1"
                if request.header("content-type") != f"application/x-amz-json-{version}":
                    raise AwsError("UnknownOperationException", "the Content-Type is not"
                                   f" application/x-amz-json-{version}", 404)
                return Asked(self.models[name], "json", operation, {})
        raise AwsError("UnknownOperationException", f"no service has the target {target}", 404)

    def asked(self, request: Request) -> Asked:
        target = request.header("x-amz-target")
        if request.method != "POST" or request.target != "/":
            raise AwsError("InvalidRequest", f"{request.method} {request.target}: all requests"
                           " are POST /", 404)
        if target:
            return self._by_target(request, target)
        content = (request.header("content-type") or "").replace(" ", "").lower()
        if content not in ("application/x-www-form-urlencoded",
                           "application/x-www-form-urlencoded;charset=utf-8"):
            raise AwsError("MalformedQueryString", f"the Content-Type {content} is not that of a"
                           " form", 404)
        form = wire_query.form(request.body)
        for model in self.models.values():
            if model.version == form.get("Version") and model.protocol in ("ec2", "query"):
                return Asked(model, model.protocol, form.get("Action", ""), form)
        raise AwsError("NoSuchVersion", f"The requested version ({form.get('Version')}) is not"
                       " valid", 400)

    # --- response -----------------------------------------------------------
    def _operation(self, asked: Asked) -> Operation:
        operation = asked.model.operation(asked.operation)
        if operation is None:
            code = "InvalidAction" if asked.protocol != "json" else "UnknownOperationException"
            raise AwsError(code, f"The action {asked.operation} is not valid for this web service")
        return operation

    def _caller(self, asked: Asked, request: Request) -> tuple[Key, str]:
        if asked.operation in UNSIGNED and request.header("authorization") is None:
            return Key("", "", "anonymous", ""), self.world.home
        try:
            who = verify(request, asked.model.signing_name, self.world.keys.get,
                         self.world.now())
        except Refused as why:
            raise refusal(asked.model.service, why) from why
        if not self.world.region_usable(who.region):
            raise refusal(asked.model.service,
                          Refused("key", f"the region {who.region} is not enabled"))
        return who.key, who.region

    def _call(self, asked: Asked, request: Request, entry: dict[str, Any]) -> bytes:
        operation = self._operation(asked)
        key, region = self._caller(asked, request)
        entry.update(region=region, key=key.key_id)
        if asked.protocol == "json":
            params = wire_json.read(operation, request.body)
        else:
            params = wire_query.read(operation, asked.wire)
        entry["params"] = params
        call = Call(self.world, self.world.region(region), asked.model.service, operation,
                    params, key)
        refused = denied(call)
        if refused:
            raise refused
        if self.buckets.empty(f"{call.service}:{call.name}", self.world):
            raise throttled(call.service)
        run = handler(asked.model.service, operation.name)
        if params.get("DryRun"):
            if self.world.settings.dry_run_checks:
                run(Call(copy.deepcopy(self.world), copy.deepcopy(call.region), call.service,
                         operation, params, key))
            raise AwsError("DryRunOperation",
                           "Request would have succeeded, but DryRun flag is set.", 412)
        entry["mutated"] = call.mutated
        value = run(call)
        if asked.protocol == "json":
            return render.as_json(operation, value)
        return render.xml(operation, value, entry["id"])

    def _answer(self, asked: Asked, request: Request, entry: dict[str, Any]) -> Answer:
        kind = "text/xml;charset=UTF-8" if asked.protocol != "json" \
            else "application/x-amz-json-1.1"
        try:
            body = self._call(asked, request, entry)
            entry["outcome"], entry["status"] = "ok", 200
            return Answer(200, kind, body)
        except AwsError as error:
            return self._refuse(asked, error, entry)
        except ContractBroken as broken:
            bug = str(broken)
        except Exception:  # must not look like a network error to the client
            bug = traceback.format_exc()
        print(f"fakeaws: {bug}", file=sys.stderr, flush=True)
        entry["fake_bug"] = bug
        return self._refuse(asked, AwsError("InternalFailure", f"fakeaws: {bug}", 500), entry)

    def _refuse(self, asked: Asked, error: AwsError, entry: dict[str, Any]) -> Answer:
        entry["outcome"], entry["status"] = error.code, error.status
        entry["message"] = error.message
        kind, body = errors.body(asked.protocol, error, entry["id"], asked.model.namespace)
        headers = {}
        if asked.protocol == "json" and asked.model.protocol == "query":
            headers["x-amzn-query-error"] = f"{error.code};Sender"
        return Answer(error.status, kind, body, headers)

    def answer(self, request: Request) -> Answer:
        """Returns the response to a request, after adding it to the journal."""
        with self.lock:
            self.world.requests += 1
            self.world.tick()
            entry: dict[str, Any] = {"n": self.world.requests, "time": self.world.seconds(),
                                     "id": str(uuid.uuid4())}
            try:
                asked = self.asked(request)
            except AwsError as error:
                entry.update(outcome=error.code, status=error.status, message=error.message)
                self.journal.add(entry)
                kind, body = errors.body("query", error, entry["id"], "")
                return Answer(error.status, kind, body)
            fault = self._fault(asked, entry)
        if fault and fault.kind in LATE:
            self.journal.add({"n": entry["n"], "late": entry["operation"]})
            time.sleep(fault.seconds)
        with self.lock:
            answer = self._with_fault(fault, asked, request, entry)
            self.journal.add(entry)
            answer.headers["x-amzn-RequestId"] = entry["id"]
            return answer

    def _fault(self, asked: Asked, entry: dict[str, Any]) -> Optional[Fault]:
        operation = f"{asked.model.service}:{asked.operation}"
        dry = asked.wire.get("DryRun") == "true"
        category = "dryrun" if dry else "read" if asked.operation.startswith(READS) else "write"
        entry.update(operation=operation, category=category, wire=asked.wire)
        fault = self.faults.take(operation, category)
        if fault:
            entry["fault"] = fault.kind
        return fault

    def _with_fault(self, fault: Optional[Fault], asked: Asked, request: Request,
                    entry: dict[str, Any]) -> Answer:
        if fault and fault.kind not in AFTER + LATE:
            answer = self._refuse(asked, fault.error(asked.model.service, entry["operation"]),
                                  entry)
        else:
            answer = self._answer(asked, request, entry)
        answer.fault = fault
        return answer
