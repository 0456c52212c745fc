#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds for fuzz_har: lines of several kinds.

usage: seeds_fuzz_har.py FOLDER
"""
import json
import os
import sys


def line(host="h", path="/a", target="/a?b=1", request=True, response=True, field=("Cookie", "a=1; b"),
         times=(1, 2, 3, 4), encoding="utf8"):
    fields = [{"name": field[0], "value": field[1]}]
    return json.dumps({
        "request": {"method": "GET", "url": {"host": host, "path": path, "parameters": []},
                    "headers": fields, "body": "x"} if request else None,
        "response": {"status": 200, "headers": fields, "body": "y"} if response else None,
        "meta": {"destination": "2001:db8::2", "destinationPort": 81},
        "capture": {"connection": "c", "protocol": "HTTP/1.1", "target": target,
                    "requestStartUs": times[0], "requestEndUs": times[1], "responseStartUs": times[2],
                    "responseEndUs": times[3], "requestBodyBytes": 1, "requestWireBytes": 1,
                    "responseBodyBytes": 1, "responseWireBytes": 2, "requestBodyEncoding": encoding,
                    "responseBodyEncoding": encoding, "reason": "OK", "responseProtocol": "HTTP/1.1"},
    }, separators=(",", ":"))


SEEDS = {
    "simple": line(), "no-response": line(response=False, times=(1, 2, None, None)),
    "no-request": line(request=False, times=(None, None, 1, 2)), "order": line(times=(9, 12, 3, 1)),
    "url": line(host="[::1]:80", path="/%zz\u00e9\u20ac\"|", target="https://h/?<>%4"),
    "set-cookie": line(field=("Set-Cookie", "a=b; Path=/; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Secure; HttpOnly")),
    "location": line(field=("Location", "/next"), encoding="base64"),
    "type": line(field=("Content-Type", "text/plain"), encoding="omitted"),
}


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, text in SEEDS.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(text.encode())


main()
