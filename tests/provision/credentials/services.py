"""Serves STS, the SSO portal, containers, instance metadata, and the calls of the program.

The secret of the key K is "K/secret"; the session token of keys that are issued says to whom.
"""
from __future__ import annotations

import datetime
import json
import ssl
import subprocess
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Optional

from fakeaws import sigv4

FUTURE, PAST = "2099-01-01T00:00:00Z", "2001-01-01T00:00:00Z"


def secret(key: str) -> str:
    return key + "/secret"


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[dict[str, Any]] = []  # calls of the program
    known = False  # tell the caller who it is, so that it goes on to other services
    hosts: list[str] = []  # that clients asked for as a proxy

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self, status: int, body: Any, **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def signer(self, body: bytes) -> tuple[str, Optional[str], str]:
        """The key, token and region of a signed request; raises if the signature is wrong."""
        request = sigv4.Request(self.command, self.path, list(self.headers.items()), body)
        token = request.header("x-amz-security-token")
        who = sigv4.verify(
            request, "sts", lambda k: sigv4.Key(k, secret(k), "arn", "id", token),
            datetime.datetime.now(datetime.timezone.utc))
        return who.key.key_id, token, who.region

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/oidc/token":
            asked = json.loads(body)
            if asked.get("refreshToken") != "good-refresh":
                self.answer(400, {"error": "invalid_grant"})
                return
            self.answer(200, {"accessToken": "renewed", "expiresIn": 28800, "tokenType": "Bearer",
                              "refreshToken": "good-refresh"})
            return
        form = dict(urllib.parse.parse_qsl(body.decode()))
        action = form["Action"]
        if action == "GetCallerIdentity":
            key, token, region = self.signer(body)
            self.seen.append({"key": key, "secret": secret(key), "token": token,
                              "region": region, "path": self.path.rstrip("/")})
            if self.known:
                self.answer(200, "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>"
                            "123456789012</Account></GetCallerIdentityResult>"
                            "</GetCallerIdentityResponse>", Content_Type="text/xml")
            else:
                self.error("AccessDenied", "seen")
            return
        if action == "AssumeRole":
            source, token, _ = self.signer(body)
            by = source + (":" + token if token else "")
        else:
            by = form.get("WebIdentityToken", "")
        if not by:
            self.error("InvalidIdentityToken", "no token")
            return
        if "denied" in form["RoleArn"]:
            self.error("AccessDenied", "not authorized")
            return
        name = form["RoleArn"].rpartition("/")[2]
        extra = form.get("ExternalId", "") + form.get("DurationSeconds", "")
        self.answer(200, f"<{action}Response><{action}Result><Credentials>"
                    f"<AccessKeyId>ASIA{name}</AccessKeyId>"
                    f"<SecretAccessKey>{secret('ASIA' + name)}</SecretAccessKey>"
                    f"<SessionToken>{name}-{extra}-for-{by}</SessionToken>"
                    f"<Expiration>{FUTURE}</Expiration></Credentials></{action}Result>"
                    f"</{action}Response>", Content_Type="text/xml")

    def error(self, code: str, text: str) -> None:
        self.answer(403, f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
                    f"<Message>{text}</Message></Error></ErrorResponse>", Content_Type="text/xml")

    def do_CONNECT(self) -> None:
        self.hosts.append(self.path.removesuffix(":443"))
        self.answer(502, "")

    def do_PUT(self) -> None:
        if self.path.startswith("/imds"):
            self.answer(200, "session", x_aws_ec2_metadata_token_ttl_seconds="21600")
        else:
            self.answer(404, "")

    def issued(self, key: str, token: str, expires: str = FUTURE) -> dict[str, str]:
        return {"AccessKeyId": key, "SecretAccessKey": secret(key), "Token": token,
                "Expiration": expires, "Code": "Success", "Type": "AWS-HMAC",
                "LastUpdated": PAST}

    def do_GET(self) -> None:
        url = urllib.parse.urlparse(self.path)
        parts = url.path.strip("/").split("/")
        expires = PAST if parts[0].endswith("-expired") else FUTURE
        if parts[0].startswith("container"):
            by = self.headers.get("Authorization", "nobody")
            self.answer(200, self.issued("ASIACONTAINER", f"container-for-{by}", expires))
        elif parts[0] == "v1imds" and parts[-1] == "security-credentials":
            self.answer(200, "hostrole")
        elif parts[0] == "v1imds":
            self.answer(200, self.issued("ASIAHOST", "host-token", expires))
        elif parts[0].startswith("imds") and parts[-1] == "region":
            self.answer(200, "eu-north-1")
        elif parts[0].startswith("imds") and parts[-1] == "security-credentials":
            self.answer(200, "hostrole")
        elif parts[0].startswith("imds"):
            self.answer(200, self.issued("ASIAHOST", "host-token", expires))
        elif parts[0] == "sso":
            query = dict(urllib.parse.parse_qsl(url.query))
            bearer = self.headers.get("x-amz-sso_bearer_token", "")
            if not bearer or bearer == "revoked":
                self.answer(401, {"message": "Session token not found or invalid"},
                            x_amzn_ErrorType="UnauthorizedException")
                return
            self.answer(200, {"roleCredentials": {
                "accessKeyId": "ASIASSO", "secretAccessKey": secret("ASIASSO"),
                "sessionToken": f"{query['role_name']}-{query['account_id']}-for-{bearer}",
                "expiration": 4070908800000}})
        else:
            self.answer(404, "")


def certify(folder: Path) -> ssl.SSLContext:
    """A certificate that only those trust who are told to: ca.pem."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder / "key.pem", "-out",
                    folder / "ca.pem", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


def serve(certificates: Optional[Path] = None) -> str:
    """Starts the server; returns its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    if certificates:
        server.socket = certify(certificates).wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http{'s' if certificates else ''}://127.0.0.1:{server.server_port}"
