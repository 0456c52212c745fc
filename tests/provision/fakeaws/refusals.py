"""The error of each service for a rejected signature."""
from __future__ import annotations

from .errors import AwsError
from .sigv4 import Refused

NOT_VALID = "AWS was not able to validate the provided access credentials"


def refusal(service: str, why: Refused) -> AwsError:
    text = str(why)
    if service == "ec2":
        if why.kind in ("expired", "skewed"):
            return AwsError("RequestExpired", "Request has expired.")
        if why.kind in ("key", "token"):
            return AwsError("AuthFailure", NOT_VALID, 401)
        if why.kind == "missing":
            return AwsError("MissingParameter",
                            "The request must contain the parameter AWSAccessKeyId")
        if why.kind == "malformed":
            return AwsError("IncompleteSignature", text, 400)
        return AwsError("SignatureDoesNotMatch", text, 403)
    if service in ("ecs", "servicequotas"):
        code = {"expired": "ExpiredTokenException", "key": "UnrecognizedClientException",
                "token": "UnrecognizedClientException",
                "missing": "MissingAuthenticationTokenException",
                "malformed": "IncompleteSignatureException"}
        return AwsError(code.get(why.kind, "InvalidSignatureException"), text)
    code = {"expired": "ExpiredToken", "key": "InvalidClientTokenId",
            "token": "InvalidClientTokenId", "missing": "MissingAuthenticationToken",
            "malformed": "IncompleteSignature", "skewed": "SignatureDoesNotMatch"}
    return AwsError(code.get(why.kind, "SignatureDoesNotMatch"), text,
                    400 if why.kind == "malformed" else 403)
