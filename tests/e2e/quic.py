#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A QUIC server and client of aioquic, and what the client itself says of its
connections.

  quic.py server PORT RETRY-PORT CERT KEY
                                       runs until it is ended; on RETRY-PORT it first
                                       sends a Retry packet
  quic.py client PORT RETRY-PORT ADDRESS...
                                       prints a line of JSON for each connection
"""
import asyncio
import hashlib
import json
import ssl
import sys

try:
    from aioquic import tls
    from aioquic.asyncio import QuicConnectionProtocol, connect, serve
    from aioquic.quic.configuration import QuicConfiguration
    from aioquic.quic.packet import QuicProtocolVersion
except ImportError:
    sys.exit(1)

V1, V2 = QuicProtocolVersion.VERSION_1, QuicProtocolVersion.VERSION_2
BODY = 2 << 20  # bytes of each response
# Settings of the client's configuration, and whether by way of the Retry.
CLIENTS = (
    ("www.example.com", {"alpn_protocols": ["h3"]}, False),
    ("two.example.com", {"alpn_protocols": ["hq-interop", "h3"],
                         "original_version": V2, "supported_versions": [V2]}, False),
    ("negotiated.example.com", {"alpn_protocols": ["h3"], "original_version": V1,
                                "supported_versions": [V2, V1]}, False),
    # A hello that does not fit into one packet.
    ("large.example.com", {"alpn_protocols": ["h3"], "quantum_readiness_test": True}, False),
    ("retry.example.com", {"alpn_protocols": ["h3"]}, True),
    ("chacha.example.com", {"alpn_protocols": ["h3"],
                            "cipher_suites": [tls.CipherSuite.CHACHA20_POLY1305_SHA256]}, False),
)
hello = bytearray()


class Server(QuicConnectionProtocol):
    def quic_event_received(self, event):
        if getattr(event, "end_stream", False):
            self._quic.send_stream_data(event.stream_id, bytes(BODY), end_stream=True)
            self.transmit()


class Client(QuicConnectionProtocol):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.received, self.done = 0, asyncio.Event()

    def quic_event_received(self, event):
        self.received += len(getattr(event, "data", None) or b"")
        if getattr(event, "end_stream", False):
            self.done.set()


def watch_hello():
    """Keeps the last ClientHello that this process sent."""
    push = tls.push_client_hello

    def pushed(buf, message):
        start = buf.tell()
        push(buf, message)
        hello[:] = buf.data_slice(start, buf.tell())

    tls.push_client_hello = pushed


def vectors(data, size, at=0):
    n = int.from_bytes(data[at:at + size], "big")
    return data[at + size:at + size + n], at + size + n


def ja4(message):
    """JA4 of a ClientHello with its header, made anew from its definition."""
    _, at = vectors(message, 1, 38)
    ciphers, at = vectors(message, 2, at)
    _, at = vectors(message, 1, at)
    extensions, _ = vectors(message, 2, at)
    kinds, signatures, alpn = [], "", "00"
    while extensions:
        kind, (data, end) = extensions[:2].hex(), vectors(extensions, 2, 2)
        extensions = extensions[end:]
        kinds.append(kind)
        if kind == "000d":
            signatures = "_" + ",".join(data[i:i + 2].hex() for i in range(2, len(data), 2))
        if kind == "0010":
            name, _ = vectors(data, 1, 2)
            alpn = chr(name[0]) + chr(name[-1])
    suites = sorted(ciphers[i:i + 2].hex() for i in range(0, len(ciphers), 2))
    rest = sorted(k for k in kinds if k not in ("0000", "0010"))

    def digest(text):
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    return (f"q13d{len(suites):02}{len(kinds):02}{alpn}_{digest(','.join(suites))}_"
            f"{digest(','.join(rest) + signatures)}")


async def server(port, retry_port, cert, key):
    for p, retry in ((port, False), (retry_port, True)):
        conf = QuicConfiguration(is_client=False, alpn_protocols=["h3", "hq-interop"],
                                 supported_versions=[V2, V1])
        conf.load_cert_chain(cert, key)
        await serve("::", int(p), configuration=conf, create_protocol=Server, retry=retry)
    print("ready", flush=True)
    await asyncio.Event().wait()


async def one(address, port, name, settings):
    conf = QuicConfiguration(is_client=True, server_name=name, verify_mode=ssl.CERT_NONE,
                             **settings)
    async with connect(address, port, configuration=conf, create_protocol=Client) as c:
        stream = c._quic.get_next_available_stream_id()
        c._quic.send_stream_data(stream, b"GET", end_stream=True)
        c.transmit()
        await asyncio.wait_for(c.done.wait(), 120)
        if c.received != BODY:
            raise RuntimeError(f"{c.received} bytes")
        crypto = c._quic.tls
        return {"port": c._transport.get_extra_info("sockname")[1], "sni": name,
                "version": "2" if c._quic._version == V2 else "1",
                "alpnOffered": settings["alpn_protocols"], "ja4": ja4(bytes(hello)),
                "cipher": "TLS_" + crypto.key_schedule.cipher_suite.name,
                "tlsVersion": "TLS 1.3", "retry": name.startswith("retry"), "flags": []}


async def client(port, retry_port, *addresses):
    watch_hello()
    for address in addresses:
        for name, settings, retry in CLIENTS:
            print(json.dumps(await one(address, int(retry_port if retry else port), name,
                                       settings)), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "server":
        asyncio.run(server(*sys.argv[2:]))
    elif sys.argv[1] == "client":
        asyncio.run(client(*sys.argv[2:]))
