#!/usr/bin/env python3
"""Maps lines of version 2 to version 1: tests/line/v1.py <lines >lines

Version 1 had requestTimeUs and responseTimeUs, the times of the first bytes, and
only the statuses of interim responses. What version 2 added is left out. The
flag midstream was set for every transaction of a connection that the capture
joined midway, which a line of version 2 does not show.
"""
import json
import sys

ADDED = ("schema", "kind", "id", "connection", "collector", "interface",
         "requestStartUs", "requestEndUs", "responseStartUs", "responseEndUs",
         "durationUs", "requestWireBytes", "responseWireBytes", "responseProtocol",
         "reason", "requestTrailers", "responseTrailers", "progress")


def version1(line):
    """The line as version 1 had it, with its keys in their order."""
    capture, old = line["capture"], {}
    for key, value in capture.items():
        if key == "requestStartUs":
            old["requestTimeUs"] = value
        elif key == "responseStartUs":
            old["responseTimeUs"] = value
        elif key == "interim":
            old[key] = [response["status"] for response in value]
        elif key not in ADDED:
            old[key] = value
    return {**line, "capture": old}


def main():
    for text in sys.stdin.buffer:
        line = version1(json.loads(text))
        print(json.dumps(line, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    sys.exit(main())
