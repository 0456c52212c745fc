"""Signatures and parameters that no correct client sends."""
import datetime
import hashlib
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Optional

from fakeaws.sigv4 import EMPTY, Request, canonical_request, signature
from fakeaws.world import DEFAULT_KEY, DEFAULT_SECRET

from .kit import Aws, environment, open_url, test

TARGET_GROUP = ("Action=CreateTargetGroup&Version=2015-12-01&Name=t&TargetType=instance"
                "&HealthCheckIntervalSeconds=")
FORM = "application/x-www-form-urlencoded; charset=utf-8"


def send(aws: Aws, body: str, headers: Optional[dict[str, str]] = None, service: str = "ec2",
         minutes: int = 0, signed_body: Optional[str] = None, secret: str = DEFAULT_SECRET) -> str:
    """Sends a hand-signed request; returns the error code or "ok"."""
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/us-east-1/{service}/aws4_request"
    all_headers = {"Host": aws.url[7:], "X-Amz-Date": stamp, "Content-Type": FORM,
                   **(headers or {})}
    names = sorted(n.lower() for n in all_headers)
    digest = hashlib.sha256((signed_body or body).encode()).hexdigest()
    canonical = canonical_request(Request("POST", "/", list(all_headers.items()), b""), names,
                                  digest)
    all_headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={DEFAULT_KEY}/{scope}, SignedHeaders={';'.join(names)},"
        f" Signature={signature(secret, scope, stamp, canonical)}")
    try:
        with open_url(urllib.request.Request(aws.url, body.encode(), all_headers)):
            return "ok"
    except urllib.error.HTTPError as e:
        text = e.read().decode()
        if "__type" in text:
            return text.split('"')[3].split("#")[-1]
        return text.split("<Code>")[1].split("</Code>")[0]


def ec2(action: str, **params: Any) -> str:
    return urllib.parse.urlencode({"Action": action, "Version": "2016-11-15",
                                   **{k.replace("__", "."): v for k, v in params.items()}})


@test("the published example yields its signature")
def example(_: Aws) -> None:
    # get-vanilla of the official test suite.
    request = Request("GET", "/", [("Host", "example.amazonaws.com"),
                                   ("X-Amz-Date", "20150830T123600Z")], b"")
    canonical = canonical_request(request, ["host", "x-amz-date"], EMPTY)
    assert signature("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                     "20150830/us-east-1/service/aws4_request", "20150830T123600Z", canonical) == \
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"


@test("wrong keys, secrets, scopes, bodies and clocks are refused")
def refused(aws: Aws) -> None:
    body = ec2("DescribeVpcs")
    assert send(aws, body) == "ok"
    assert send(aws, body, secret="x") == "SignatureDoesNotMatch"
    assert send(aws, body, service="ecs") == "SignatureDoesNotMatch"
    assert send(aws, body, signed_body=body + "&X=1") == "SignatureDoesNotMatch"
    assert send(aws, body, minutes=-10) == "RequestExpired"
    assert send(aws, body, minutes=10) == "RequestExpired"
    assert send(aws, body, {"X-Amz-Security-Token": "none"}) == "AuthFailure"
    assert send(aws, body, {"X-Amz-Content-Sha256": EMPTY}) == "SignatureDoesNotMatch"
    aws.refuses("MissingParameter", "--no-sign-request", "ec2", "describe-vpcs")
    with environment(AWS_ACCESS_KEY_ID="AKIAFAKEFAKEFAKE9999"):
        aws.refuses("AuthFailure", "ec2", "describe-vpcs")
        aws.refuses("InvalidClientTokenId", "sts", "get-caller-identity")
        aws.refuses("UnrecognizedClientException", "ecs", "list-clusters")
    aws.set(clock_offset=1000)
    aws.refuses("RequestExpired", "ec2", "describe-vpcs")
    aws.refuses("InvalidSignatureException", "ecs", "list-clusters")


@test("unknown, missing and ill-typed parameters of EC2")
def parameters(aws: Aws) -> None:
    filter_id = "tmf-00000000000000000"
    for body, code in (
            (ec2("DescribeVpcs", Foo="1"), "UnknownParameter"),
            (ec2("DescribeVpcs", Filter__1__Nam="x"), "UnknownParameter"),
            (ec2("DescribeVpcs", Filters__1__Name="x"), "UnknownParameter"),
            (ec2("DescribeVpcs", VpcId="vpc-1"), "UnknownParameter"),
            (ec2("DescribeVpcs", VpcId__2="vpc-1"), "InvalidParameterValue"),
            (ec2("DescribeVpcs", DryRun="True"), "InvalidParameterValue"),
            (ec2("DescribeVpcs", MaxResults="x"), "InvalidParameterValue"),
            (ec2("DescribeVpcs", MaxResults="2000"), "InvalidParameterValue"),
            (ec2("DeleteTrafficMirrorFilter"), "MissingParameter"),
            (ec2("CreateTrafficMirrorFilterRule", TrafficMirrorFilterId=filter_id,
                 TrafficDirection="both", RuleNumber=1, RuleAction="accept",
                 SourceCidrBlock="0.0.0.0/0", DestinationCidrBlock="0.0.0.0/0"),
             "InvalidParameterValue"),
            (ec2("CreateTrafficMirrorFilterRule", TrafficMirrorFilterId=filter_id,
                 TrafficDirection="ingress", RuleNumber=1, RuleAction="accept",
                 SourceCidrBlock="0.0.0.0/0"), "MissingParameter"),
            (ec2("CreateTrafficMirrorTarget"), "MissingParameter"),
            (ec2("Nothing"), "InvalidAction"),
            ("Action=DescribeVpcs&Version=2000-01-01", "NoSuchVersion"),
            (ec2("DescribeVpcs") + "&DryRun=true&DryRun=true", "InvalidParameterCombination")):
        found = send(aws, body)
        assert found == code, (body, found)
    assert aws.changes()["created"] == []


@test("filter rules have tags and their own Describe call")
def newer(aws: Aws) -> None:
    key = aws("ec2", "create-traffic-mirror-filter")["TrafficMirrorFilter"]
    body = ec2("CreateTrafficMirrorFilterRule",
               TrafficMirrorFilterId=key["TrafficMirrorFilterId"], TrafficDirection="ingress",
               RuleNumber=1, RuleAction="accept", SourceCidrBlock="::/0",
               DestinationCidrBlock="::/0", TagSpecification__1__ResourceType=
               "traffic-mirror-filter-rule", TagSpecification__1__Tag__1__Key="k",
               TagSpecification__1__Tag__1__Value="v")
    assert send(aws, body) == "ok"
    rule = next(iter(aws.table("mirror_rules").values()))
    assert rule["Tags"] == [{"Key": "k", "Value": "v"}]
    assert send(aws, ec2("DescribeTrafficMirrorFilterRules", TrafficMirrorFilterId=key[
        "TrafficMirrorFilterId"])) == "ok"


@test("the query services and ECS are equally strict")
def others(aws: Aws) -> None:
    elb = "Action=DescribeLoadBalancers&Version=2015-12-01"
    for body, code in ((elb, "ok"), (elb + "&Names=", "ok"),
                       (elb + "&Names.1=x", "ValidationError"),
                       (elb + "&Name.member.1=x", "ValidationError"),
                       (elb + "&PageSize=500", "ValidationError"),
                       (TARGET_GROUP + "4", "ValidationError"),
                       ("Action=CreateListener&Version=2015-12-01", "ValidationError")):
        found = send(aws, body, service="elasticloadbalancing")
        assert found == code, (body, found)
    target = {"X-Amz-Target": "AmazonEC2ContainerServiceV20141113.ListServices",
              "Content-Type": "application/x-amz-json-1.1"}
    for body, code in (('{"cluster":"prod"}', "ok"), ('{"Cluster":"prod"}',
                                                      "InvalidParameterException"),
                       ('{"cluster":7}', "SerializationException"), ("{", "SerializationException"),
                       ('{"cluster":"prod","launchType":"x"}', "InvalidParameterException")):
        found = send(aws, body, target, "ecs")
        assert found == code, (body, found)
