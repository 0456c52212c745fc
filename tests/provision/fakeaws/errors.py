"""Error responses of AWS in the format of each protocol."""
from __future__ import annotations

import json
from xml.sax.saxutils import escape


class AwsError(Exception):
    """Raised to end a call with this code, message and HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class ContractBroken(Exception):
    """Raised if the fake is about to send what AWS cannot send."""


def not_found(code: str, what: str, item: str) -> AwsError:
    return AwsError(code, f"The {what} '{item}' does not exist")


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message)


def body(protocol: str, error: AwsError, request_id: str, namespace: str) -> tuple[str, bytes]:
    """Content type and body of an error response."""
    code, message = escape(error.code), escape(error.message)
    if protocol == "ec2":
        text = ('<?xml version="1.0" encoding="UTF-8"?>\n'
                f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message>"
                f"</Error></Errors><RequestID>{request_id}</RequestID></Response>")
        return "text/xml;charset=UTF-8", text.encode()
    if protocol == "query":
        kind = "Sender" if error.status < 500 else "Receiver"
        text = (f'<ErrorResponse xmlns="{namespace}">\n  <Error>\n    <Type>{kind}</Type>\n'
                f"    <Code>{code}</Code>\n    <Message>{message}</Message>\n  </Error>\n"
                f"  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n")
        return "text/xml", text.encode()
    if protocol == "rest-json":
        return "application/json", json.dumps({"message": error.message}).encode()
    # ECS prefixes some codes with the namespace of its model; clients strip it.
    kind = f"com.amazonaws.ecs#{error.code}" if "ClusterNotFound" in error.code else error.code
    return ("application/x-amz-json-1.1",
            json.dumps({"__type": kind, "message": error.message}).encode())
