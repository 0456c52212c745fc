"""Controls a running fake from the shell; FAKEAWS_URL is its URL.

  python3 -m fakeaws.ctl get changes|world|journal|settings|faults|operations
  python3 -m fakeaws.ctl calls [read|write|dryrun]     one line a call: operation outcome
  python3 -m fakeaws.ctl fault kind=throttle operation=write nth=2 [count=1 ...]
  python3 -m fakeaws.ctl set page_size=5 ...
  python3 -m fakeaws.ctl make service cluster=prod name=x mode=fargate tasks=3
  python3 -m fakeaws.ctl policy FILE
  python3 -m fakeaws.ctl remember                      changes count from here on
  python3 -m fakeaws.ctl reset WORLD                   a new world, no faults, no journal
  python3 -m fakeaws.ctl clear faults|journal|policies
"""
from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from typing import Any


def ask(method: str, what: str, value: Any = None) -> Any:
    body = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(f"{os.environ['FAKEAWS_URL']}/_fake/{what}", body,
                                     method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as e:
        raise SystemExit(f"fakeaws.ctl: {json.load(e)['error']}") from e


def pairs(words: list[str]) -> dict[str, Any]:
    """Parses name=JSON or name=text."""
    out: dict[str, Any] = {}
    for word in words:
        name, _, text = word.partition("=")
        try:
            out[name] = json.loads(text)
        except ValueError:
            out[name] = text
    return out


def calls(words: list[str]) -> None:
    for entry in ask("GET", "journal"):
        if not words or entry.get("category") in words:
            print(entry.get("operation", "?"), entry.get("outcome", entry["status"]))


def main(words: list[str]) -> int:
    if not words:
        print(__doc__)
        return 2
    command, rest = words[0], words[1:]
    if command == "get":
        print(json.dumps(ask("GET", rest[0]), indent=1))
    elif command == "calls":
        calls(rest)
    elif command == "fault":
        ask("POST", "faults", pairs(rest))
    elif command == "set":
        ask("POST", "settings", pairs(rest))
    elif command == "make":
        ask("POST", "make", {"make": rest[0], **pairs(rest[1:])})
    elif command == "policy":
        with open(rest[0], encoding="utf-8") as f:
            ask("POST", "make", {"make": "policy", "policy": json.load(f)})
    elif command == "remember":
        ask("POST", "remember", {})
    elif command == "reset":
        ask("POST", "reset", {"world": rest[0]})
    elif command == "clear":
        ask("DELETE", rest[0])
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
