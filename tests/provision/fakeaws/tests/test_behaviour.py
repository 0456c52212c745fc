"""Tokens, DryRun, permissions, consistency, faults, credentials."""
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from typing import Any

from .kit import Aws, Refused, environment, open_url, test
from .test_mirror import new_filter, session_words, target

CREATE = ("ec2", "create-traffic-mirror-filter")
UNKNOWN = ("AccessDenied", "UnauthorizedOperation")


@test("a client token never creates a second resource")
def client_token(aws: Aws) -> None:
    words = CREATE + ("--client-token", "one")
    first = aws(*words)
    assert first["ClientToken"] == "one"
    assert aws(*words) == first
    aws.refuses("IdempotentParameterMismatch", *words, "--description", "x")
    assert len(aws.table("mirror_filters")) == 1
    aws.fault(kind="cut_after", operation="ec2:CreateTrafficMirrorFilter")
    words = CREATE + ("--client-token", "two")
    try:
        aws(*words)
        raise AssertionError("the connection was not cut")
    except Refused:
        pass
    assert len(aws.table("mirror_filters")) == 2
    aws(*words)
    assert len(aws.table("mirror_filters")) == 2


@test("DryRun changes nothing and reports whether it is allowed")
def dry_run(aws: Aws) -> None:
    aws.refuses("DryRunOperation", *CREATE, "--dry-run")
    aws.make("policy", policy={"allow": ["ec2:Describe*"]})
    aws.refuses("UnauthorizedOperation", *CREATE, "--dry-run")
    assert aws.changes() == {"created": [], "deleted": [], "changed": []}
    aws.make("policy", policy={"allow": ["*"]})
    none = "0" * 17
    words = session_words(aws.first_eni("web-1"), f"tmt-{none}", f"tmf-{none}")
    aws.refuses("DryRunOperation", *words, "--dry-run")
    aws.set(dry_run_checks=True)
    aws.refuses("InvalidTrafficMirrorTargetId.NotFound", *words, "--dry-run")
    assert aws.changes()["created"] == []


@test("IAM policies are evaluated, including tags and resources")
def policy(aws: Aws) -> None:
    def allow(*statements: dict[str, Any]) -> None:
        aws.make("policy", policy={"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", **s} for s in statements]})
    tags = ("--tag-specifications", "ResourceType=traffic-mirror-filter,Tags=[{Key=a,Value=b}]")
    allow({"Action": ["ec2:CreateTrafficMirrorFilter"], "Resource": "*"})
    aws(*CREATE)
    aws.refuses("UnauthorizedOperation", *CREATE, *tags)
    allow({"Action": "ec2:CreateTrafficMirrorFilter", "Resource":
           "arn:aws:ec2:*:*:traffic-mirror-filter/*"}, {"Action": "ec2:CreateTags",
                                                        "Resource": "*"})
    aws(*CREATE, *tags)
    aws.refuses("AccessDenied", "elbv2", "describe-load-balancers")
    aws.refuses("AccessDeniedException", "ecs", "list-clusters")
    aws.refuses("UnauthorizedOperation", "ec2", "describe-vpcs")
    assert aws("sts", "get-caller-identity")["Account"] == "123456789012"


@test("eventual consistency: new resources appear later")
def consistency(aws: Aws) -> None:
    aws.set(consistency_requests=2)
    key = new_filter(aws)
    look = ("ec2", "describe-traffic-mirror-filters", "--traffic-mirror-filter-ids", key)
    aws.refuses("InvalidTrafficMirrorFilterId.NotFound", *look)
    assert not aws("ec2", "describe-traffic-mirror-filters")["TrafficMirrorFilters"]
    assert len(aws(*look)["TrafficMirrorFilters"]) == 1


@test("faults: throttling, errors, cut connections, broken answers")
def faults(aws: Aws) -> None:
    for kind, code in (("throttle", "RequestLimitExceeded"), ("500", "InternalError"),
                       ("503", "Unavailable"), ("deny", "UnauthorizedOperation")):
        aws.fault(kind=kind, operation="write")
        aws.refuses(code, *CREATE)
    aws.fault(kind="error", code="SomethingElse", status=400, operation="ec2:Create*", nth=2)
    aws(*CREATE)
    aws.refuses("SomethingElse", *CREATE)
    aws.ask("DELETE", "faults")
    for kind, made in (("cut_before", 0), ("cut_after", 1), ("truncate", 1), ("short", 1),
                       ("garbage", 1)):
        before = len(aws.table("mirror_filters"))
        aws.fault(kind=kind, operation="write")
        try:
            aws(*CREATE)
        except Refused:
            pass
        after = len(aws.table("mirror_filters"))
        assert after - before == made, (kind, after - before)
    aws.fault(kind="slow", seconds=0.3, operation="read")
    aws("ec2", "describe-vpcs")


@test("a connection cut before the change has no effect; the CLI retries")
def retried(aws: Aws) -> None:
    aws.fault(kind="cut_before", operation="write")
    aws.fault(kind="throttle", operation="write", nth=2)
    with environment(AWS_MAX_ATTEMPTS="4", AWS_RETRY_MODE="standard"):
        new_filter(aws)
    assert len(aws.table("mirror_filters")) == 1
    kinds = [e.get("fault") for e in aws.ask("GET", "journal")]
    assert kinds == ["cut_before", "throttle", None], kinds


@test("the journal has requests, responses and changes")
def journal(aws: Aws) -> None:
    t, f = target(aws), new_filter(aws)
    aws(*session_words(aws.first_eni("web-1"), t, f))
    entries = aws.ask("GET", "journal")
    assert [e["operation"] for e in entries] == [
        "ec2:CreateTrafficMirrorTarget", "ec2:CreateTrafficMirrorFilter",
        "ec2:CreateTrafficMirrorSession"]
    assert entries[2]["params"]["SessionNumber"] == 1
    assert entries[2]["mutated"][0].startswith("+mirror_sessions/tms-")
    assert len(aws.changes()["created"]) == 3


@test("roles: trust, external id, expiry")
def roles(aws: Aws) -> None:
    arn = "arn:aws:iam::123456789012:role/mirror"
    words = ("sts", "assume-role", "--role-arn", arn, "--role-session-name", "me")
    aws.make("role", arn=arn, external_id="secret")
    aws.refuses("AccessDenied", *words)
    found = aws(*words, "--external-id", "secret")
    keys = found["Credentials"]
    temporary = {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY":
                 keys["SecretAccessKey"], "AWS_SESSION_TOKEN": keys["SessionToken"]}
    with environment(**temporary):
        assert aws("sts", "get-caller-identity")["Arn"].endswith(":assumed-role/mirror/me")
        aws.set(clock_offset=200)
        aws("ec2", "describe-vpcs")
    with environment(**{**temporary, "AWS_SESSION_TOKEN": "other"}):
        aws.refuses("AuthFailure", "ec2", "describe-vpcs")
    aws.make("key", id="ASIAFAKEFAKEFAKE0002", secret="s", token="t", seconds=-1,
             arn="arn:aws:sts::123456789012:assumed-role/mirror/me")
    with environment(AWS_ACCESS_KEY_ID="ASIAFAKEFAKEFAKE0002", AWS_SECRET_ACCESS_KEY="s",
                     AWS_SESSION_TOKEN="t"):
        aws.refuses("RequestExpired", "ec2", "describe-vpcs")
        aws.refuses("ExpiredToken", "sts", "get-caller-identity")
        aws.refuses("ExpiredTokenException", "ecs", "list-clusters")
    found = aws("--no-sign-request", "sts", "assume-role-with-web-identity", "--role-arn", arn,
                "--role-session-name", "web", "--web-identity-token", "token")
    assert found["AssumedRoleUser"]["Arn"].endswith("/web")


@test("the CLI finds instance metadata and container credentials")
def metadata(aws: Aws) -> None:
    none = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    imds = f"http://127.0.0.1:{aws.ports[1]}"
    with environment(**none, AWS_EC2_METADATA_DISABLED=None,
                     AWS_EC2_METADATA_SERVICE_ENDPOINT=imds + "/"):
        assert "fake-instance-role" in aws("sts", "get-caller-identity")["Arn"]
    full = f"http://127.0.0.1:{aws.ports[2]}/v2/guarded"
    with environment(**none, AWS_CONTAINER_CREDENTIALS_FULL_URI=full,
                     AWS_CONTAINER_AUTHORIZATION_TOKEN="fake-container-authorization"):
        assert "fake-task-role" in aws("sts", "get-caller-identity")["Arn"]
    try:
        open_url(urllib.request.Request(imds + "/latest/meta-data/placement/region"))
        raise AssertionError("metadata without a token")
    except urllib.error.HTTPError as e:
        assert e.code == 401


@test("the SSO portal returns credentials only for a known token")
def sso(aws: Aws) -> None:
    url = aws.url + "/federation/credentials?role_name=Admin&account_id=123456789012"
    request = urllib.request.Request(url, headers={"x-amz-sso_bearer_token": "fake-sso-token"})
    with open_url(request) as answer:
        keys = json.load(answer)["roleCredentials"]
    assert keys["accessKeyId"].startswith("ASIA") and keys["expiration"] > 1e12
    with environment(AWS_ACCESS_KEY_ID=keys["accessKeyId"], AWS_SECRET_ACCESS_KEY=keys[
            "secretAccessKey"], AWS_SESSION_TOKEN=keys["sessionToken"]):
        assert "AWSReservedSSO_Admin" in aws("sts", "get-caller-identity")["Arn"]
    for bad, code in ((urllib.request.Request(url), 401), (urllib.request.Request(
            url.replace("Admin", "Other"), headers=dict(request.headers)), 403)):
        try:
            open_url(bad)
            raise AssertionError("not refused")
        except urllib.error.HTTPError as e:
            assert e.code == code


@test("the aws programs on this machine get the same responses")
def programs(aws: Aws) -> None:
    found = {p for p in ("/usr/bin/aws", shutil.which("aws")) if p and os.path.exists(p)}
    assert found
    query = [{"Id": "m1", "MetricStat": {"Period": 300, "Stat": "Sum", "Metric": {
        "Namespace": "AWS/EC2", "MetricName": "NetworkMirrorOut"}}}]
    for program in found:
        for words, wanted in (
                (["ec2", "describe-vpcs", "--query", "length(Vpcs)"], "1"),
                (["ec2", "create-traffic-mirror-filter", "--query",
                  "length(TrafficMirrorFilter.IngressFilterRules)"], "0"),
                (["cloudwatch", "get-metric-data", "--start-time", "2026-01-01T00:00:00Z",
                  "--end-time", "2026-01-01T01:00:00Z", "--metric-data-queries",
                  json.dumps(query), "--query", "length(MetricDataResults)"], "1")):
            done = subprocess.run([program, "--endpoint-url", aws.url, "--output", "json", *words],
                                  capture_output=True, text=True, check=False, timeout=60)
            assert done.stdout.strip() == wanted, (program, words, done.stdout, done.stderr)
