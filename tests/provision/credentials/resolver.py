"""What botocore finds: reads one JSON object {env, profile} per line, writes one per line."""
from __future__ import annotations

import json
import os
import sys
from typing import Any, Optional

OLDEST = (1, 35)  # earlier ones lack services sections and the hosts of EKS pod identity


def usable() -> bool:
    try:
        import botocore
    except ImportError:
        return False
    return tuple(map(int, botocore.__version__.split(".")[:2])) >= OLDEST


def find(env: dict[str, str], profile: Optional[str], service: Optional[str],
         call: bool) -> dict[str, Any]:
    """service: whose endpoint to find, which takes long; None: none."""
    import botocore.session
    os.environ.clear()
    os.environ.update(env)
    session = botocore.session.Session(profile=profile)
    found = session.get_credentials()
    if found is None:
        return {"error": "no credentials"}
    keys = found.get_frozen_credentials()
    region = session.get_config_variable("region")
    result = {"key": keys.access_key, "secret": keys.secret_key, "token": keys.token or None,
              "region": region}
    if not service:
        return result
    client = session.create_client(service, region_name=region or "us-east-1")
    if call:  # whether the certificate of the server is trusted
        try:
            client.get_caller_identity()
        except client.exceptions.ClientError:
            pass
    return {**result, "endpoint": client.meta.endpoint_url}


def in_child(question: dict[str, Any]) -> dict[str, Any]:
    """Each in a process of its own, without a terminal to ask on."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.setsid()
        for fd in (0, 2):
            os.dup2(os.open("/dev/null", os.O_RDWR), fd)
        try:
            answer = find(question["env"], question["profile"], question["service"],
                          question["call"])
        except BaseException as e:  # pylint: disable=broad-except
            answer = {"error": f"{type(e).__name__}: {e}"}
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as f:
        answer = json.loads(f.read())
    os.waitpid(child, 0)
    return answer


def main() -> None:
    if "--check" in sys.argv:
        sys.exit(0 if usable() else 1)
    import botocore.credentials  # noqa: F401
    import botocore.session  # noqa: F401
    for line in sys.stdin:
        print(json.dumps(in_child(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
