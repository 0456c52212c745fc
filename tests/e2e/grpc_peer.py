#!/usr/bin/env python3
"""A gRPC server and client of python's grpcio, for test_grpc.sh.

  grpc_peer.py server ADDRESS LOG
  grpc_peer.py client ADDRESS CALLS

Messages are bytes without a schema. The server appends a line to LOG for each call: service,
method, status, messages and bytes of them in each direction, and the text of its
status. grpc_peer.js does the same with @grpc/grpc-js.
"""
import concurrent.futures
import json
import sys

import grpc

ERROR = "lost: 50 % of \u00fcber"


class Log:
    def __init__(self, path):
        self.file = open(path, "a", buffering=1)

    def call(self, method, status, message, got, sent):
        self.file.write(json.dumps(["lab.Echo", method, status, message, len(got), len(sent),
                                    sum(map(len, got)), sum(map(len, sent))]) + "\n")


def serve(address, path):
    log = Log(path)

    def unary(request, context):
        log.call("Unary", 0, "", [request], [request * 2])
        return request * 2

    def collect(requests, context):
        got = list(requests)
        sent = b"".join(got)
        log.call("Collect", 0, "", got, [sent])
        return sent

    def split(request, context):
        sent = [request[:i] for i in range(len(request))]
        log.call("Split", 0, "", [request], sent)
        yield from sent

    def chat(requests, context):
        got, sent = [], []
        for request in requests:
            got.append(request)
            sent.append(request + b"!")
            yield sent[-1]
        log.call("Chat", 0, "", got, sent)

    def fail(request, context):
        log.call("Fail", 5, ERROR, [request], [])
        context.abort(grpc.StatusCode.NOT_FOUND, ERROR)

    def late(request, context):
        log.call("Late", 13, ERROR, [request], [request])
        yield request
        context.abort(grpc.StatusCode.INTERNAL, ERROR)

    handlers = {"Unary": grpc.unary_unary_rpc_method_handler(unary),
                "Collect": grpc.stream_unary_rpc_method_handler(collect),
                "Split": grpc.unary_stream_rpc_method_handler(split),
                "Chat": grpc.stream_stream_rpc_method_handler(chat),
                "Fail": grpc.unary_unary_rpc_method_handler(fail),
                "Late": grpc.unary_stream_rpc_method_handler(late)}
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("lab.Echo", handlers),))
    server.add_insecure_port(address)
    server.start()
    server.wait_for_termination()


def calls(address, n):
    failed = 0
    with grpc.insecure_channel(address) as channel:
        def of(kind, method):
            return getattr(channel, kind)("/lab.Echo/" + method)
        for i in range(n):
            message = b"m" * (i % 50 + 1)
            of("unary_unary", "Unary")(message)
            of("stream_unary", "Collect")(iter([message] * 3))
            list(of("unary_stream", "Split")(message))
            list(of("stream_stream", "Chat")(iter([message] * 4)))
            for kind, method in (("unary_unary", "Fail"), ("unary_stream", "Late")):
                try:
                    answer = of(kind, method)(message)
                    list(answer)
                except grpc.RpcError as e:
                    failed += e.details() == ERROR
    if failed != 2 * n:
        sys.exit(f"{failed} calls failed as they should, of {2 * n}")


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve(*sys.argv[2:])
    else:
        calls(sys.argv[2], int(sys.argv[3]))
