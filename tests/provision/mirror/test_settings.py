"""Where region, endpoints and profile come from: as for the AWS CLI."""
from __future__ import annotations

import tempfile

from fakeaws.world import DEFAULT_KEY, DEFAULT_SECRET

from .kit import Mirror, run_module, test


@test("endpoints: --endpoint-url, then the variable of the service, then the general one")
def endpoints(m: Mirror) -> None:
    dead, url = "http://127.0.0.1:9", m.aws.url
    m("aws", "list", AWS_ENDPOINT_URL=dead).expect(1, "127.0.0.1:9")
    services = {f"AWS_ENDPOINT_URL_{s}": url for s in ("EC2", "ECS", "STS",
                                                       "ELASTIC_LOAD_BALANCING_V2")}
    m("aws", "list", AWS_ENDPOINT_URL=dead, **services).expect(0)
    m("aws", "list", "--endpoint-url", url, AWS_ENDPOINT_URL=dead,
      AWS_ENDPOINT_URL_EC2=dead).expect(0)
    with tempfile.NamedTemporaryFile("w") as config:
        config.write(f"[profile p]\nendpoint_url = {url}\n"
                     f"aws_access_key_id = {DEFAULT_KEY}\n"
                     f"aws_secret_access_key = {DEFAULT_SECRET}\n")
        config.flush()
        files = {"AWS_CONFIG_FILE": config.name, "AWS_ENDPOINT_URL": ""}
        m("aws", "list", "--profile", "p", **files).expect(0)
        m("aws", "list", "--profile", "nosuch", AWS_REGION="", **files).expect(
            2, 'there is no profile "nosuch"', config.name)
        m("aws", "list", AWS_PROFILE="nosuch", **files).expect(
            1, 'AWS_PROFILE: there is no profile "nosuch"', config.name)
        m("aws", "list", AWS_PROFILE="p", **files).expect(0)


@test("endpoints: the section that services of the profile names")
def services(m: Mirror) -> None:
    dead = "http://127.0.0.1:1"
    with tempfile.NamedTemporaryFile("w") as config:
        config.write(f"[default]\nservices = here\nendpoint_url = {dead}\n[services here]\n")
        for service in ("ec2", "elastic_load_balancing_v2", "ecs", "sts", "cloudwatch"):
            config.write(f"{service} =\n  endpoint_url = {m.aws.url}\n")
        config.flush()
        files = {"AWS_CONFIG_FILE": config.name, "AWS_ENDPOINT_URL": ""}
        m("aws", "list", **files).expect(0)
        # Variables take precedence, and all of it can be switched off.
        m("aws", "list", **{**files, "AWS_ENDPOINT_URL": dead}).expect(1, dead)
        m("aws", "list", **files, AWS_ENDPOINT_URL_EC2=dead).expect(1, dead)
        m("aws", "list", **files, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true",
          HTTPS_PROXY=dead).expect(1, "https://sts.us-east-1.amazonaws.com")


@test("roles: what a refused role lacks, and that nobody can be asked for a code")
def roles(m: Mirror) -> None:
    role = "arn:aws:iam::123456789012:role/R"
    keys = (f"[profile b]\naws_access_key_id = {DEFAULT_KEY}\n"
            f"aws_secret_access_key = {DEFAULT_SECRET}\n"
            f"[profile r]\nrole_arn = {role}\nsource_profile = b\n")
    with tempfile.NamedTemporaryFile("w") as config:
        config.write(f"{keys}[profile m]\nrole_arn = {role}\nsource_profile = b\n"
                     "mfa_serial = arn:aws:iam::123456789012:mfa/u\n")
        config.flush()
        for profile, text in (("r", "the trust policy of the role must permit it"),
                              ("m", "there is no terminal to prompt for it")):
            m("aws", "list", "--profile", profile, AWS_CONFIG_FILE=config.name).expect(
                4, role, text)


@test("throttling: says what to do, whatever the service calls it")
def throttled(m: Mirror) -> None:
    for service, operation in (("ec2", "DescribeInstances"), ("sts", "GetCallerIdentity"),
                               ("elbv2", "DescribeLoadBalancers")):
        m.aws.fault(operation=f"{service}:{operation}", kind="throttle", count=-1)
        m("aws", "list").expect(1, operation, "try again in a minute")
        m.aws.ask("DELETE", "faults")


BAD = [("verify --endpoint-url ftp://x", "is not the URL of an endpoint"),
       ("list --endpoint-url http://", "is not the URL of an endpoint"),
       ("sync --endpoint-url https://u@h/", "is not the URL of an endpoint"),
       ("setup --endpoint-url https://h/?q", "is not the URL of an endpoint"),
       ("names --region us_east", "is not the name of a region"),
       ("policy --region US", "is not the name of a region"),
       ("plan --subnet x-1", "is not a subnet"), ("remove --session tmf-1", "is not a mirror session"),
       ("verify --collector-metrics ftp://x", "neither a URL of http or https nor a file"),
       ("names --output=", "the name of the file is empty"),
       ("sync --metrics=", "the name of the file is empty"),
       ("sync --names=", "the name of the file is empty"),
       ("list --profile nosuch", 'there is no profile "nosuch"')]


@test("bad values are errors of usage before any call")
def bad_values(m: Mirror) -> None:
    m.forget_calls()
    for command, text in BAD:
        m("aws", *command.split()).expect(2, text)
    assert not m.aws.ask("GET", "journal")


@test("an empty region or endpoint counts as not given")
def empty_values(m: Mirror) -> None:
    m("aws", "list", "--region", "", "--endpoint-url=").expect(0, "us-east-1")


@test("each command has the options that it uses")
def options_in_use(m: Mirror) -> None:
    help_of = {c: m("aws", c, "--help").out for c in ("policy", "names", "list", "setup")}
    for option in ("profile", "endpoint-url", "json", "verbose", "name"):
        assert f"--{option}" not in help_of["policy"], option
        m("aws", "policy", f"--{option}", "x").expect(2, f"--{option} is not an option of policy")
    assert "--region" in help_of["policy"] and "--json" not in help_of["names"]
    assert "--profile" in help_of["list"] and "--json" in help_of["setup"]


@test("without a configured region, that of the instance is used")
def region_of_instance(m: Mirror) -> None:
    none = {"AWS_REGION": "", "AWS_DEFAULT_REGION": "",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{m.aws.ports[1]}"}
    m("aws", "list", **none).expect(2, "no region configured")
    m("aws", "list", **none, AWS_EC2_METADATA_DISABLED="").expect(0, "us-east-1")
    m("aws", "list", "--region", "eu-west-1", **none, AWS_EC2_METADATA_DISABLED="").expect(
        0, "nothing in eu-west-1")


if __name__ == "__main__":
    run_module()
