"""The situations. {URL} and {HOME} are replaced; "(unset)" removes a variable."""
from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Optional

from .services import FUTURE, PAST


@dataclass
class Case:
    name: str
    want: Optional[str]  # the access key that metlo-mirror must find; "error"
    config: str = ""
    credentials: str = ""
    env: dict[str, str] = field(default_factory=dict)
    profile: Optional[str] = None  # --profile
    more: dict[str, str] = field(default_factory=dict)  # other files below HOME
    also: tuple[str, ...] = ()  # further members to compare: region, path; or only the host
    service: str = "sts"  # whose endpoint is compared
    call: bool = False  # botocore calls STS, too
    reason: str = ""  # why the results differ; "": they must not

    def files(self) -> dict[str, str]:
        files = dict(self.more)
        if self.config:
            files[".aws/config"] = self.config
        if self.credentials:
            files[".aws/credentials"] = self.credentials
        return files


def keys(name: str) -> str:
    return f"aws_access_key_id = {name}\naws_secret_access_key = {name}/secret\n"


def env_keys(name: str, **more: str) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": name + "/secret", **more}


def role(name: str) -> str:
    return f"role_arn = arn:aws:iam::123456789012:role/{name}\n"


def sso_cache(key: str, **members: Any) -> dict[str, str]:
    token = {"accessToken": "bearer", "expiresAt": FUTURE, "region": "us-east-1",
             "startUrl": "https://corp/start", **members}
    name = hashlib.sha1(key.encode()).hexdigest()
    return {f".aws/sso/cache/{name}.json": json.dumps(token)}


def output(**members: Any) -> dict[str, str]:
    return {"out.json": json.dumps({"Version": 1, "AccessKeyId": "ASIAPROC",
                                    "SecretAccessKey": "ASIAPROC/secret",
                                    "SessionToken": "proc", **members})}


PROCESS = "credential_process = cat {HOME}/out.json\n"
SESSION = ("[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp/start\n"
           "[profile s]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = R\n")
LEGACY = ("[profile s]\nsso_region = us-east-1\nsso_start_url = https://corp/start\n"
          "sso_account_id = 111122223333\nsso_role_name = R\n")
CLIENT = {"clientId": "id", "clientSecret": "cs", "registrationExpiresAt": FUTURE}
IMDS = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "{URL}/imds/"}
CONTAINER = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{URL}/container/x"}
WEB = {"AWS_WEB_IDENTITY_TOKEN_FILE": "{HOME}/jwt", "AWS_ROLE_ARN": "arn:aws:iam::1:role/WEB"}
JWT = {"jwt": "eyJ.web"}
BASE = f"[profile base]\n{keys('AKIABASE')}"
LOGIN = {".aws/login/cache/" + hashlib.sha256(b"arn:me").hexdigest() + ".json": json.dumps({
    "accessToken": {"accessKeyId": "ASIALOGIN", "secretAccessKey": "ASIALOGIN/secret",
                    "sessionToken": "login", "accountId": "1", "expiresAt": FUTURE},
    "refreshToken": "r", "dpopKey": "-", "clientId": "c"})}

def hosts() -> list[Case]:
    """AWS's own endpoints of two services in each partition, and their variants."""
    variants: dict[str, tuple[str, dict[str, str]]] = {
        "regular": ("", {}),
        "FIPS": ("", {"AWS_USE_FIPS_ENDPOINT": "true"}),
        "dual-stack": ("", {"AWS_USE_DUALSTACK_ENDPOINT": "true"}),
        "FIPS and dual-stack of the profile": (
            "use_fips_endpoint = true\nuse_dualstack_endpoint = true\n", {}),
        "FIPS switched off by a variable": ("use_fips_endpoint = true\n",
                                            {"AWS_USE_FIPS_ENDPOINT": "false"})}
    return [Case(f"endpoint of {service} in {region}: {name}", None,
                 f"[default]\n{keys('AKIADEF')}{config}", also=("host",), service=service,
                 env={"AWS_REGION": region, "AWS_DEFAULT_REGION": region,
                      "HTTPS_PROXY": "{URL}", **env,
                      **({"AWS_ENDPOINT_URL_STS": "(unset)"} if service == "sts" else {})})
            for region in ("eu-central-1", "us-gov-west-1", "cn-north-1")
            for service, used in (("sts", variants), ("ec2", ("FIPS", "dual-stack")))
            for name, (config, env) in variants.items() if name in used]


def bundles() -> list[Case]:
    """Which file of CA certificates the calls trust."""
    config = f"[default]\n{keys('AKIADEF')}"
    tls = {"AWS_ENDPOINT_URL_STS": "{TLS}/sts", "AWS_MAX_ATTEMPTS": "1"}
    settings: list[tuple[str, str, str, dict[str, str]]] = [
        ("none", "error", "", {}),
        ("AWS_CA_BUNDLE", "AKIADEF", "", {"AWS_CA_BUNDLE": "{CA}"}),
        ("ca_bundle of the profile", "AKIADEF", "ca_bundle = {CA}\n", {}),
        ("AWS_CA_BUNDLE wins", "AKIADEF", "ca_bundle = {HOME}/none\n", {"AWS_CA_BUNDLE": "{CA}"}),
        ("AWS_CA_BUNDLE without the file", "error", "ca_bundle = {CA}\n",
         {"AWS_CA_BUNDLE": "{HOME}/none"})]
    return [Case(f"CA bundle: {name}", want, config + lines, env={**tls, **env}, call=True)
            for name, want, lines, env in settings]


def more() -> list[Case]:
    default = f"[default]\n{keys('AKIADEF')}"
    full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    unset = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "(unset)"}
    return [
        # --- environment: empty, partial, blanks
        Case("environment: empty keys count as not set", "AKIADEF", default,
             env={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}),
        Case("environment: an empty secret", "error", default,
             env={"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": ""}),
        Case("environment: an empty session token", "AKIAENV",
             env=env_keys("AKIAENV", AWS_SESSION_TOKEN="")),
        Case("environment: blanks around the key", "error",
             env={"AWS_ACCESS_KEY_ID": " AKIAENV ", "AWS_SECRET_ACCESS_KEY": "AKIAENV/secret"},
             reason="such a key cannot be valid and is refused at once"),
        Case("environment: an empty AWS_PROFILE", "AKIADEF", default, env={"AWS_PROFILE": ""},
             reason="an empty variable counts as not set: so users clear it for one command"),
        Case("environment: an expiry that is no time", "error",
             env=env_keys("ASIAENV", AWS_CREDENTIAL_EXPIRATION="soon")),
        Case("environment: an expiry with a blank and an offset", "ASIAENV",
             env=env_keys("ASIAENV", AWS_CREDENTIAL_EXPIRATION="2099-01-01 00:00:00+02:00")),
        Case("environment: an empty expiry", "ASIAENV",
             env=env_keys("ASIAENV", AWS_CREDENTIAL_EXPIRATION="")),
        # --- files
        Case("a section without 'profile' in the configuration file", "error",
             f"[base]\n{keys('AKIABASE')}", profile="base"),
        Case("[profile default]", "AKIADEF", f"[profile default]\n{keys('AKIADEF')}"),
        Case("both [default] and [profile default]", "AKIADEF",
             f"[default]\n{keys('AKIAOTHER')}[profile default]\n{keys('AKIADEF')}"),
        Case("a section 'profile x' in the credentials file", "error",
             credentials=f"[profile x]\n{keys('AKIAX')}", profile="x"),
        Case("a profile with a tab and quotes", "AKIAT", f"[profile\t'x y']\n{keys('AKIAT')}",
             profile="x y"),
        Case("upper case names of settings", "AKIADEF",
             "[default]\nAWS_ACCESS_KEY_ID = AKIADEF\nAWS_SECRET_ACCESS_KEY = AKIADEF/secret\n"),
        Case("lines that end with CR LF", "AKIADEF", default.replace("\n", "\r\n")),
        Case("half a pair in the credentials file", "error",
             credentials="[default]\naws_access_key_id = AKIADEF\n"),
        Case("the pair in two files", "error", "[default]\naws_secret_access_key = AKIADEF/secret\n",
             "[default]\naws_access_key_id = AKIADEF\n"),
        Case("an empty profile", "error", "[profile x]\nregion = eu-west-1\n", profile="x"),
        # --- roles
        Case("role of a role of a role", "ASIAC", BASE
             + f"[profile a]\n{role('A')}source_profile = base\n"
             f"[profile b]\n{role('B')}source_profile = a\n"
             f"[profile c]\n{role('C')}source_profile = b\n", profile="c"),
        Case("role: source_profile and credential_source", "error", BASE
             + f"[profile r]\n{role('R')}source_profile = base\ncredential_source = Environment\n",
             profile="r"),
        Case("role: credential_source that does not exist", "error",
             f"[profile r]\n{role('R')}credential_source = Nowhere\n", profile="r"),
        Case("role: credential_source = Environment without keys", "error",
             f"[profile r]\n{role('R')}credential_source = Environment\n", profile="r"),
        Case("role: credential_source = EcsContainer without a container", "error",
             f"[profile r]\n{role('R')}credential_source = EcsContainer\n", profile="r"),
        Case("role: credential_source in lower case", "error",
             f"[profile r]\n{role('R')}credential_source = environment\n",
             env=env_keys("AKIAENV"), profile="r"),
        Case("role from a source with a process", "ASIAA",
             f"[profile p]\n{PROCESS}[profile a]\n{role('A')}source_profile = p\n",
             profile="a", more=output(Expiration=FUTURE)),
        Case("role from a source with web identity", "ASIAA",
             f"[profile w]\n{role('P')}web_identity_token_file = {{HOME}}/jwt\n"
             f"[profile a]\n{role('A')}source_profile = w\n", profile="a", more=JWT),
        Case("role with a session name", "ASIAR", BASE + f"[profile r]\n{role('R')}"
             "source_profile = base\nrole_session_name = me\n", profile="r"),
        # --- process
        Case("credential_process: no version", "error", f"[profile p]\n{PROCESS}", profile="p",
             more=output(Version=None)),
        Case("credential_process: the version is text", "error", f"[profile p]\n{PROCESS}",
             profile="p", more=output(Version="1")),
        Case("credential_process: no JSON", "error",
             "[profile p]\ncredential_process = echo hello\n", profile="p"),
        Case("credential_process: without a secret", "error", f"[profile p]\n{PROCESS}",
             profile="p", more=output(SecretAccessKey=None),
             reason="botocore notices only when it signs"),
        Case("credential_process: the program does not exist", "error",
             "[profile p]\ncredential_process = {HOME}/nothing\n", profile="p"),
        # --- SSO
        Case("SSO: the registration of the client has expired", "error", SESSION, profile="s",
             more=sso_cache("corp", expiresAt=PAST, refreshToken="good-refresh",
                            **{**CLIENT, "registrationExpiresAt": PAST})),
        Case("SSO: no client that could renew", "error", SESSION, profile="s",
             more=sso_cache("corp", expiresAt=PAST, refreshToken="good-refresh")),
        Case("SSO, old style: never renewed", "error", LEGACY, profile="s",
             more=sso_cache("https://corp/start", expiresAt=PAST, refreshToken="good-refresh",
                            **CLIENT)),
        Case("SSO: the cache holds no JSON", "error", SESSION, profile="s",
             more={k: "{" for k in sso_cache("corp")}),
        Case("SSO: no account", "error", SESSION.replace("sso_account_id = 111122223333\n", ""),
             profile="s", more=sso_cache("corp")),
        # --- container
        Case("container: a relative URI comes first", "error",
             env={**CONTAINER, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x",
                  "AWS_EC2_METADATA_DISABLED": "true"}),
        Case("container: https to any host", "error",
             env={full: "https://127.0.0.1:1/x", "AWS_EC2_METADATA_DISABLED": "true"}),
        Case("container: localhost by name", "ASIACONTAINER",
             env={full: "{LOCALHOST}/container/x"}),
        Case("container: the authorization file does not exist", "error",
             env={**CONTAINER, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "{HOME}/none"}),
        Case("container: a line break in the authorization", "error",
             env={**CONTAINER, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\nb"}),
        Case("container: an empty URI", "ASIAHOST", env={**IMDS, full: ""},
             reason="an empty variable counts as not set"),
        # --- instance metadata
        Case("instance metadata: a mode that does not exist", "error",
             env={**unset, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv5"}),
        Case("instance metadata: an endpoint wins over the mode", "ASIAHOST",
             env={**IMDS, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv6"}),
        Case("instance metadata: an endpoint that is no URL", "error",
             env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": "not a url"}),
        Case("instance metadata: version 1 only", "error",
             env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": "{URL}/v1imds/"},
             reason="version 1 is never used: any forged request of a server could query it"),
        Case("instance metadata: version 1 only, and switched off", "error",
             env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": "{URL}/v1imds/",
                  "AWS_EC2_METADATA_V1_DISABLED": "true"}),
        # --- web identity
        Case("web identity: an empty file", "error", env=WEB, more={"jwt": ""}),
        Case("web identity: denied", "error",
             env={**WEB, "AWS_ROLE_ARN": "arn:aws:iam::1:role/denied"}, more=JWT),
    ]


CASES = [
    # --- environment
    Case("environment keys", "AKIAENV", env=env_keys("AKIAENV")),
    Case("environment keys with a session token", "ASIAENV",
         env=env_keys("ASIAENV", AWS_SESSION_TOKEN="tok")),
    Case("environment: AWS_SECURITY_TOKEN comes first", "ASIAENV",
         env=env_keys("ASIAENV", AWS_SESSION_TOKEN="new", AWS_SECURITY_TOKEN="old")),
    Case("environment: a key without its secret", "error",
         f"[default]\n{keys('AKIADEF')}", env={"AWS_ACCESS_KEY_ID": "AKIAENV"}),
    Case("environment: a secret without its key", "error",
         f"[default]\n{keys('AKIADEF')}", env={"AWS_SECRET_ACCESS_KEY": "x"},
         reason="half a pair is an error here; the next source may be another account"),
    Case("environment: expired", "error",
         env=env_keys("ASIAENV", AWS_CREDENTIAL_EXPIRATION=PAST)),
    Case("environment: not yet expired", "ASIAENV",
         env=env_keys("ASIAENV", AWS_CREDENTIAL_EXPIRATION=FUTURE)),
    Case("environment keys win over AWS_PROFILE", "AKIAENV", BASE,
         env=env_keys("AKIAENV", AWS_PROFILE="base")),
    Case("--profile wins over environment keys", "AKIABASE", BASE, env=env_keys("AKIAENV"),
         profile="base"),
    Case("a malformed file does not matter for environment keys", "AKIAENV", "what is this\n",
         env=env_keys("AKIAENV"),
         reason="botocore reads the files first; their error is reported only if they are needed"),
    # --- profiles
    Case("default profile of the credentials file", "AKIADEF",
         credentials=f"[default]\n{keys('AKIADEF')}"),
    Case("default profile of the configuration file", "AKIADEF",
         f"[default]\n{keys('AKIADEF')}"),
    Case("both files: keys of the credentials file", "AKIACRED",
         f"[default]\n{keys('AKIACONF')}", f"[default]\n{keys('AKIACRED')}"),
    Case("both files: settings of the credentials file", "AKIADEF",
         "[default]\nregion = eu-west-1\n", f"[default]\nregion = eu-west-2\n{keys('AKIADEF')}",
         env={"AWS_REGION": "(unset)", "AWS_DEFAULT_REGION": "(unset)"}, also=("region",)),
    Case("AWS_PROFILE", "AKIABASE", BASE, env={"AWS_PROFILE": "base"}),
    Case("AWS_DEFAULT_PROFILE", "AKIABASE", BASE, env={"AWS_DEFAULT_PROFILE": "base"}),
    Case("AWS_PROFILE and AWS_DEFAULT_PROFILE", "AKIABASE",
         BASE + f"[profile other]\n{keys('AKIAOTHER')}",
         env={"AWS_PROFILE": "base", "AWS_DEFAULT_PROFILE": "other"},
         reason="AWS CLI 2 prefers AWS_PROFILE, botocore alone AWS_DEFAULT_PROFILE"),
    Case("AWS_PROFILE does not exist", "error", BASE, env={"AWS_PROFILE": "nobody"}),
    Case("AWS_PROFILE does not exist, with environment keys", "error", BASE,
         env=env_keys("AKIAENV", AWS_PROFILE="nobody")),
    Case("indented settings, comments, a quoted name", "AKIAQ",
         "# x\n[profile \"a b\"]\n  ; y\n  aws_access_key_id: AKIAQ\n\n"
         "  aws_secret_access_key=AKIAQ/secret\n", profile="a b"),
    Case("a comment after a value is part of it", "error",
         "[default]\naws_access_key_id = AKIADEF\naws_secret_access_key = AKIADEF/secret # c\n",
         reason="such a secret cannot be valid and is refused at once"),
    Case("AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE", "AKIAX",
         env={"AWS_CONFIG_FILE": "~/c", "AWS_SHARED_CREDENTIALS_FILE": "{HOME}/k",
              "AWS_PROFILE": "x"},
         more={"c": "[profile x]\nregion = eu-west-1\n", "k": f"[x]\n{keys('AKIAX')}"}),
    Case("AWS_REGION and AWS_DEFAULT_REGION", "AKIADEF", f"[default]\n{keys('AKIADEF')}",
         env={"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, also=("region",),
         reason="AWS CLI 2 prefers AWS_REGION, which botocore alone does not read"),
    # --- roles
    Case("role with source_profile", "ASIAR", BASE + f"[profile r]\n{role('R')}"
         "source_profile = base\nexternal_id = ext\nduration_seconds = 900\n", profile="r"),
    Case("role: a duration that is not a number is ignored", "ASIAR", BASE
         + f"[profile r]\n{role('R')}source_profile = base\nduration_seconds = 1h\n", profile="r"),
    Case("role of a role", "ASIAQ", BASE + f"[profile r]\n{role('R')}source_profile = base\n"
         f"[profile q]\n{role('Q')}source_profile = r\n", profile="q"),
    Case("role: keys of the source win over its own role", "ASIAQ",
         f"[profile r]\n{role('R')}{keys('AKIAR')}source_profile = base\n" + BASE
         + f"[profile q]\n{role('Q')}source_profile = r\n", profile="q"),
    Case("role: a profile that names itself", "ASIAR",
         f"[profile r]\n{role('R')}{keys('AKIAR')}source_profile = r\n", profile="r"),
    Case("role: a loop", "error", f"[profile a]\n{role('A')}source_profile = b\n"
         f"[profile b]\n{role('B')}source_profile = a\n", profile="a"),
    Case("role: the source does not exist", "error",
         f"[profile a]\n{role('A')}source_profile = b\n", profile="a"),
    Case("role: neither source_profile nor credential_source", "error",
         f"[profile a]\n{role('A')}", profile="a"),
    Case("role with credential_source = Environment", "ASIAA",
         f"[profile a]\n{role('A')}credential_source = Environment\n", env=env_keys("AKIAENV"),
         profile="a"),
    Case("role with credential_source = EcsContainer", "ASIAA",
         f"[profile a]\n{role('A')}credential_source = EcsContainer\n", env=CONTAINER,
         profile="a"),
    Case("role with credential_source = Ec2InstanceMetadata", "ASIAA",
         f"[profile a]\n{role('A')}credential_source = Ec2InstanceMetadata\n", env=IMDS,
         profile="a"),
    Case("role from a source with SSO", "ASIAA",
         SESSION + f"[profile a]\n{role('A')}source_profile = s\n", profile="a",
         more=sso_cache("corp")),
    Case("role: denied", "error", BASE + f"[profile r]\n{role('denied')}source_profile = base\n",
         profile="r"),
    Case("role: a code is required, and there is no terminal", "error",
         BASE + f"[profile r]\n{role('R')}source_profile = base\nmfa_serial = arn:mfa\n",
         profile="r"),
    # --- web identity
    Case("web identity of the environment", "ASIAWEB", env=WEB, more=JWT),
    Case("web identity of a profile", "ASIAP",
         f"[profile w]\n{role('P')}web_identity_token_file = {{HOME}}/jwt\n", profile="w",
         more=JWT),
    Case("web identity: the environment overrides the profile", "ASIAWEB",
         f"[profile w]\n{role('P')}web_identity_token_file = {{HOME}}/jwt\n",
         env={**WEB, "AWS_PROFILE": "w"}, more=JWT),
    Case("web identity: --profile excludes the environment", "ASIAP",
         f"[profile w]\n{role('P')}web_identity_token_file = {{HOME}}/jwt\n", env=WEB,
         profile="w", more=JWT),
    Case("web identity: the role of a profile comes first", "ASIAR",
         BASE + f"[profile r]\n{role('R')}source_profile = base\n",
         env={**WEB, "AWS_PROFILE": "r"}, more=JWT),
    Case("web identity comes before the keys of a profile", "ASIAWEB",
         f"[default]\n{keys('AKIADEF')}", env=WEB, more=JWT),
    Case("web identity without a role", "error",
         env={"AWS_WEB_IDENTITY_TOKEN_FILE": "{HOME}/jwt"}, more=JWT),
    Case("web identity without its file", "error", env=WEB),
    # --- SSO
    Case("SSO with a session", "ASIASSO", SESSION, profile="s", more=sso_cache("corp")),
    Case("SSO, old style", "ASIASSO", LEGACY, profile="s",
         more=sso_cache("https://corp/start")),
    Case("SSO: not logged in", "error", SESSION, profile="s"),
    Case("SSO: the token expires soon and is renewed", "ASIASSO", SESSION, profile="s",
         more=sso_cache("corp", expiresAt="{SOON}", refreshToken="good-refresh", **CLIENT)),
    Case("SSO: the expired token is renewed", "ASIASSO", SESSION, profile="s",
         more=sso_cache("corp", expiresAt=PAST, refreshToken="good-refresh", **CLIENT)),
    Case("SSO: the expired token cannot be renewed", "error", SESSION, profile="s",
         more=sso_cache("corp", expiresAt=PAST, refreshToken="bad", **CLIENT)),
    Case("SSO: renewing fails, the token is still valid", "ASIASSO", SESSION, profile="s",
         more=sso_cache("corp", expiresAt="{SOON}", refreshToken="bad", **CLIENT)),
    Case("SSO, old style: expired", "error", LEGACY, profile="s",
         more=sso_cache("https://corp/start", expiresAt=PAST)),
    Case("SSO: the portal revoked the login", "error", SESSION, profile="s",
         more=sso_cache("corp", accessToken="revoked")),
    Case("SSO session that does not exist", "error",
         "[profile s]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = R\n", profile="s"),
    Case("SSO: profile and session contradict each other", "error",
         SESSION + "sso_region = eu-west-1\n", profile="s", more=sso_cache("corp")),
    Case("SSO session for a token only: keys of the profile", "AKIAS",
         "[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp/start\n"
         f"[profile s]\nsso_session = corp\n{keys('AKIAS')}", profile="s"),
    Case("SSO comes before the keys of a profile", "ASIASSO", SESSION,
         f"[s]\n{keys('AKIAS')}", profile="s", more=sso_cache("corp")),
    # --- process
    Case("credential_process", "ASIAPROC", f"[profile p]\n{PROCESS}", profile="p",
         more=output(Expiration=FUTURE)),
    Case("credential_process: without an expiry", "ASIAPROC", f"[profile p]\n{PROCESS}",
         profile="p", more=output()),
    Case("credential_process: expired", "error", f"[profile p]\n{PROCESS}", profile="p",
         more=output(Expiration=PAST)),
    Case("credential_process: version 2", "error", f"[profile p]\n{PROCESS}", profile="p",
         more=output(Version=2)),
    Case("credential_process: fails", "error", "[profile p]\ncredential_process = false\n",
         profile="p"),
    Case("credential_process over several lines, with quotes", "ASIAPROC",
         "[profile p]\ncredential_process = sh -c\n  \"cat {HOME}/out.json # no comment\"\n",
         profile="p", more=output()),
    Case("credential_process comes before keys of the configuration file", "ASIAPROC",
         f"[profile p]\n{PROCESS}{keys('AKIAP')}", profile="p", more=output()),
    Case("credential_process comes after keys of the credentials file", "AKIAP",
         f"[profile p]\n{PROCESS}", f"[p]\n{keys('AKIAP')}", profile="p", more=output()),
    # --- container
    Case("container", "ASIACONTAINER", env=CONTAINER),
    Case("container with an authorization token", "ASIACONTAINER",
         env={**CONTAINER, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "secret"}),
    Case("container with an authorization file", "ASIACONTAINER",
         env={**CONTAINER, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "x",
              "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "{HOME}/auth"}, more={"auth": "filed"}),
    Case("container: a host that is not local", "error",
         env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/x"}),
    Case("container: expired", "error",
         env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{URL}/container-expired/x"}),
    Case("the default profile comes before the container", "AKIADEF",
         f"[default]\n{keys('AKIADEF')}", env=CONTAINER),
    # --- instance metadata
    Case("instance metadata", "ASIAHOST", env=IMDS),
    Case("instance metadata: endpoint in the profile", "ASIAHOST",
         "[default]\nec2_metadata_service_endpoint = {URL}/imds/\n",
         env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": "(unset)"}),
    Case("instance metadata: expired keys, or a wrong clock", "ASIAHOST",
         env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": "{URL}/imds-expired/"}),
    Case("instance metadata: turned off", "error", env={**IMDS, "AWS_EC2_METADATA_DISABLED":
                                                        "true"}),
    Case("the container comes before instance metadata", "ASIACONTAINER",
         env={**IMDS, **CONTAINER}),
    Case("the region of the instance", "AKIADEF", f"[default]\n{keys('AKIADEF')}",
         env={**IMDS, "AWS_REGION": "(unset)", "AWS_DEFAULT_REGION": "(unset)"},
         also=("region",), reason="AWS CLI 2 asks instance metadata, botocore alone does not"),
    # --- login
    Case("login_session", "ASIALOGIN", "[profile l]\nlogin_session = arn:me\n", profile="l",
         more=LOGIN, reason="botocore needs its optional part botocore[crt] for it"),
    # --- endpoints
    Case("endpoint: AWS_ENDPOINT_URL", "AKIADEF", f"[default]\n{keys('AKIADEF')}",
         env={"AWS_ENDPOINT_URL_STS": "(unset)", "AWS_ENDPOINT_URL": "{URL}/all"},
         also=("path",)),
    Case("endpoint: AWS_ENDPOINT_URL_STS comes first", "AKIADEF", f"[default]\n{keys('AKIADEF')}",
         env={"AWS_ENDPOINT_URL": "{URL}/all"}, also=("path",)),
    Case("endpoint: endpoint_url of the profile", "AKIADEF",
         f"[default]\n{keys('AKIADEF')}endpoint_url = {{URL}}/profile\n",
         env={"AWS_ENDPOINT_URL_STS": "(unset)"}, also=("path",)),
    Case("endpoint: services section", "AKIADEF",
         f"[default]\n{keys('AKIADEF')}endpoint_url = {{URL}}/profile\nservices = mine\n"
         "[services mine]\nec2 =\n  endpoint_url = {URL}/ec2\nsts =\n  endpoint_url = {URL}/svc\n",
         env={"AWS_ENDPOINT_URL_STS": "(unset)"}, also=("path",)),
    Case("endpoint: AWS_ENDPOINT_URL wins over a services section", "AKIADEF",
         f"[default]\n{keys('AKIADEF')}services = mine\n"
         "[services mine]\nsts =\n  endpoint_url = {URL}/svc\n",
         env={"AWS_ENDPOINT_URL_STS": "(unset)", "AWS_ENDPOINT_URL": "{URL}/all"},
         also=("path",)),
    Case("endpoint: ignored", "error",
         f"[default]\n{keys('AKIADEF')}endpoint_url = {{URL}}/profile\n",
         env={"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "{URL}/all",
              "HTTPS_PROXY": "{URL}"},
         reason="the real endpoint, which the test does not reach"),
    # --- nothing
    Case("nothing at all", "error"),
] + hosts() + bundles() + more()
