#!/usr/bin/env python3
"""Compares an HTTP archive with the lines of the same capture:

  tests/line/har.py ARCHIVE LINES [SCHEMAS]

Prints "ok NAME" or "not ok NAME" lines. SCHEMAS is the folder lib of npm's
har-schema.
"""
import base64
import datetime
import json
import os
import re
import sys

# RFC 3986 without userinfo and fragments
URI = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|([\w.~!$&'()*+,;=-]|%[0-9a-fA-F]{2})*)(:\d*)?"
                 r"(/([\w.~!$&'()*+,;=:@/-]|%[0-9a-fA-F]{2})*)?"
                 r"(\?([\w.~!$&'()*+,;=:@/?-]|%[0-9a-fA-F]{2})*)?", re.ASCII)
UNSEEN = {"request": ("method", ""), "response": ("status", 0)}


def time_us(text):
    at = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
    return round((at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc))
                 / datetime.timedelta(microseconds=1))


def body(text, encoding):
    return base64.b64decode(text) if encoding == "base64" else text


def differences(entry, line):
    """What an entry has other than its line."""
    capture, request, response = line["capture"], line["request"], line["response"]
    start = capture["requestStartUs"] if request else capture["responseStartUs"]
    timings, ours = entry["timings"], {}
    got = {
        "start": time_us(entry["startedDateTime"]), "capture": entry["_capture"],
        "meta": entry["_meta"], "server": entry["serverIPAddress"],
        "time": round(sum(timings.values()) * 1000), "phases": min(timings.values()) >= 0,
        "uri": bool(URI.fullmatch(entry["request"]["url"]))}
    want = {"start": start, "capture": capture, "meta": line["meta"],
            "server": line["meta"]["destination"], "time": round(entry["time"] * 1000),
            "phases": True, "uri": True}
    if capture["durationUs"] is not None:
        got["duration"], want["duration"] = round(entry["time"] * 1000), capture["durationUs"]
    for side, message in (("request", request), ("response", response)):
        key, value = UNSEEN[side]
        ours = entry[side]
        got[side], want[side] = ours[key], message[key] if message else value
        got[side + " half"], want[side + " half"] = "comment" in ours, not message
        if not message:
            continue
        got[side + " headers"], want[side + " headers"] = ours["headers"], message["headers"]
        got[side + " size"], want[side + " size"] = ours["bodySize"], capture[side + "WireBytes"]
        got[side + " cookies"] = [c["value"] for c in ours["cookies"] if c["name"]]
        name = {"request": "cookie", "response": "set-cookie"}[side]
        want[side + " cookies"] = [
            pair.partition("=")[2].strip(" ") for h in message["headers"] if h["name"].lower() == name
            for pair in h["value"].split(";")[:None if side == "request" else 1]
            if "=" in pair and pair.partition("=")[0].strip(" ")]
    if request:
        got["query"], want["query"] = entry["request"]["queryString"], request["url"]["parameters"]
        post = entry["request"].get("postData", {"text": ""})
        got["post"] = body(post["text"], post.get("_encoding"))
        want["post"] = body(request["body"], capture["requestBodyEncoding"])
    if response:
        content = entry["response"]["content"]
        got["content"] = body(content.get("text", ""), content.get("encoding"))
        want["content"] = body(response["body"], capture["responseBodyEncoding"])
        got["length"], want["length"] = content["size"], capture["responseBodyBytes"]
        got["saved"] = content.get("compression", 0)
        want["saved"] = capture["responseBodyBytes"] - capture["responseWireBytes"]
    return [f"{k}: {str(got[k])[:80]!r} is not {str(want[k])[:80]!r}" for k in want if got[k] != want[k]]


def schema_errors(archive, folder):
    """By jsonschema, with the references of har-schema."""
    import jsonschema
    import warnings

    warnings.simplefilter("ignore")  # what replaces RefResolver is too new
    schemas = {}
    for name in os.listdir(folder):
        if name.endswith(".json"):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                schemas[name + "#"] = json.load(f)
    store = {**schemas, **{k[:-1]: v for k, v in schemas.items()}}
    root = schemas["har.json#"]
    resolver = jsonschema.RefResolver("har.json", root, store=store)
    validator = jsonschema.Draft6Validator(root, resolver=resolver, format_checker=jsonschema.FormatChecker())
    return [f"{list(e.absolute_path)}: {e.message}"[:300] for e in validator.iter_errors(archive)]


def report(name, problems):
    print(f"{'not ok' if problems else 'ok'} {name}")
    for p in problems[:5]:
        print(f"#   {p}")
    return bool(problems)


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        archive = json.load(f)
    with open(sys.argv[2], encoding="utf-8") as f:
        lines = [json.loads(line) for line in f]
    log, failed = archive["log"], 0
    entries = log["entries"]
    failed += report("an entry for each line", [] if len(entries) == len(lines) and lines else
                     [f"{len(entries)} entries, {len(lines)} lines"])
    failed += report("version and creator", [] if log["version"] == "1.2" and
                     log["creator"]["name"] == "metlo-xdp" else [str(log["creator"])])
    failed += report("entries say what the lines say",
                     [f"{line['capture']['target']}: {d}" for entry, line in zip(entries, lines)
                      for d in differences(entry, line)])
    if len(sys.argv) > 3:
        failed += report("valid by har-schema", schema_errors(archive, sys.argv[3]))
    return failed > 0


sys.exit(main())
