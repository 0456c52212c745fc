#!/usr/bin/env python3
"""Clients that never finish a request: tests/e2e/slow_clients.py ADDRESS PORT N

Opens N connections that send a request byte by byte, prints "open" and continues
until standard input ends. Reopens connections that the server closes.
"""
import select
import socket
import sys

REQUEST = b"GET /healthz HTTP/1.1\r\nX-Slow: " + b"a" * 2000


def main():
    address, port, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    clients = [None] * n
    announced = False
    while True:
        for i in range(n):
            try:
                if clients[i] is None:
                    sock = socket.create_connection((address, port), 0.2)
                    clients[i] = [sock, 0]
                sock, sent = clients[i]
                sock.send(REQUEST[sent:sent + 1])
                clients[i][1] += 1
            except OSError:
                if clients[i]:
                    clients[i][0].close()
                clients[i] = None
        if not announced:
            print("open", flush=True)
            announced = True
        if select.select([sys.stdin], [], [], 0.5)[0]:
            return


main()
