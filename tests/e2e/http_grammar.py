"""Random HTTP/1 connections for differential.py: what clients send, what they
should not, and what only an attacker does.

connection() returns the steps of one connection. Every request has a target of
its own, so that a request can be told from every other one, and from text in a
body that looks like one (targets that contain "decoy").
"""
import dataclasses

METHODS = (["GET"] * 12 + ["POST"] * 12 + ["PUT", "DELETE", "HEAD", "HEAD",
                                           "OPTIONS", "PATCH"] * 2 +
           ["TRACE", "PROPFIND", "M-SEARCH", "LOCK", "QUERY"])
ODD_METHODS = ["get", "Post", "FOO", "G3T", "X" * 40, "", "GE T", "G\0T", "PRI",
               "HTTP/1.1", "GET\t", "CONNECT", "\x80GET", "G(T", "_GET", "A-B_C"]
VERSIONS = [" HTTP/1.1"] * 40 + [" HTTP/1.0"] * 6
ODD_VERSIONS = ["", " HTTP/0.9", " HTTP/2.0", " HTTP/1.2", " HTTP/1.9",
                " HTTP/1.11", " http/1.1", " HTTP/1.1 ", "  HTTP/1.1", "\tHTTP/1.1",
                " HTTP/01.1", " HTTP/1.", " HTTP/1", " HTTP/11", " HTTP /1.1",
                " HTTP/1.1\t", " HTTP/1,1", " HTTPS/1.1", " ICY/1.1", " HTTP/1.1x"]
# Inside values and lines.
ODD_BYTES = ["\0", "\t", "\x0b", "\x0c", "\r", "\n", "\x7f", "\x80", "\xff",
             "\xa0", "\xc3\xa9", " ", ":", ",", ";", '"', "\\", "%00", "%0a"]
HOSTS = ["Host: h\r\n"] * 30 + [
    "", "Host:h\r\n", "host: h:80\r\n", "Host: \r\n", "Host: a\r\nHost: b\r\n",
    "Host: h h\r\n", "Host: u:p@h\r\n", "Host : h\r\n", " Host: h\r\n",
    "Host: [::1]:1\r\n", "Host: h\n", "Host:\r\n h\r\n", "Host: h\0\r\n"]
FIELDS = ["Accept: */*\r\n", "User-Agent: x\r\n", "Cookie: a=b; c=d\r\n",
          "X-Empty:\r\n", "X-Two: a\r\nX-Two: b\r\n", "X-Tab:\ta\t\r\n",
          "X_Under: a\r\n", "X-Obs: caf\xe9\r\n", "X-Utf: caf\xc3\xa9\r\n"]
ODD_FIELDS = ["no colon\r\n", ": empty name\r\n", "X-Fold: a\r\n b\r\n",
              "X-Fold: a\r\n\tContent-Length: 3\r\n", "X-Nul: a\0b\r\n",
              "X-Cr: a\rb\r\n", "X-Cr: a\rTransfer-Encoding: chunked\r\n",
              "X-Lf: a\nX-Next: b\n", "X Space: a\r\n", "X-Sp : a\r\n",
              "\r\r\n", "X-Long: " + "v" * 3000 + "\r\n", "X(): a\r\n",
              "X-Vt:\x0ba\r\n", "\x80X: a\r\n", "X\0: a\r\n", ":\r\n", " \r\n",
              "X-Fold:\r\n \r\n \r\n", "X-Cr: a\r\r\n", "\tX-Tab: a\r\n",
              "Expect: 100-continue\r\n", "Expect: later\r\n",
              "Connection: close\r\n", "Connection: keep-alive\r\n",
              "Connection: close, x\r\n", "Connection: Upgrade\r\n",
              "Connection: content-length\r\n", "Keep-Alive: timeout=1\r\n",
              "Proxy-Connection: close\r\n", "TE: trailers\r\n", "Trailer: x\r\n",
              "Connection: Upgrade\r\nUpgrade: websocket\r\n"
              "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
              "Sec-WebSocket-Version: 13\r\n",
              "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
              "HTTP2-Settings: AAMAAABk\r\n", "Upgrade: x\r\n"]
LENGTHS = ["Content-Length: +%d", "Content-Length: 0x%x", "Content-Length: %d ",
           "Content-Length:%d", "Content-Length: \t%d\t", "Content-Length: %d, %d",
           "Content-Length: %d\r\nContent-Length: %d", "content-length: 00%d",
           "Content-Length: %d\r\nContent-Length: 1", "Content-Length: %d;a=b",
           "Content-Length: %d.0", "Content-Length: -%d", "Content-Length:\r\n %d",
           "Content-Length: %d\0", "Content-Length: 1\r\nContent-Length: %d",
           "Content-Length : %d", "Content_Length: %d", "Content-Length: %d,",
           "Content-Length: 18446744073709551615", "Content-Length: ",
           "Content-Length: 99999999999999999999", "Content-Length: \x0b%d",
           "Content-Length: %d 1", "X: y\nContent-Length: %d", "Content-Length: %de0",
           "Content-Length: %d\r\nX: \x00", "Content-Length: '%d'", "Content-Length: ,%d"]
CHUNKED = ["Transfer-Encoding: Chunked", "transfer-encoding:chunked",
           "Transfer-Encoding: \tchunked ", "Transfer-Encoding: gzip, chunked",
           "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity",
           "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked;a=b",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
           "Transfer-Encoding: chunked, chunked", "Transfer-Encoding : chunked",
           "Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
           "Transfer-Encoding:\r\n chunked", "Transfer-Encoding: \x0bchunked",
           "Transfer-Encoding: ,chunked", "Transfer-Encoding: chunked,",
           "Transfer-Encoding: \"chunked\"", "Transfer_Encoding: chunked",
           "Transfer-Encoding: chunked\0", "Transfer-Encoding: \xa0chunked",
           "Transfer-Encoding: chunked\r\n x", " Transfer-Encoding: chunked",
           "X: y\nTransfer-Encoding: chunked", "Transfer-Encoding: chunke\r\n d"]
SIZES = ["%x"] * 20 + ["%X", "0%x", "%020x", "%x;a", "%x;a=b", "%x; a = \"q;\"",
                       "%x ", "%x\t", " %x", "0x%x", "+%x", "-%x", "%x;\x00", "%xg",
                       "%x;a=\"b\\\"c\"", "%x\r", "%x;a\rb", "%x;a\nb", "%x,",
                       "1%016x", "%x\x0b", "%x ;a", "\t%x", "%x;" + "e" * 400]


@dataclasses.dataclass
class Step:
    """Bytes to send, cut at random places; then wait for a response or not."""
    data: bytes
    wait: bool


def pick(rng, usual, odd, one_in):
    return rng.choice(odd if rng.randrange(one_in) == 0 else usual)


class Grammar:
    """odd: one in so many choices is an unusual one."""

    def __init__(self, rng, number):
        self.rng, self.number = rng, number
        self.odd = rng.choice((5, 12, 25, 60, 1000))
        self.requests = 0

    def is_odd(self, times=1):
        return self.rng.randrange(self.odd * times) == 0

    def target(self):
        """The first letter selects the server's response."""
        rng, self.requests = self.rng, self.requests + 1
        path = f"/{rng.choice('lllckneb')}{self.number}/{self.requests}"
        if rng.randrange(3) == 0:
            path += "?" + "q" * rng.choice((1, 9, 100, 1000))
        if not self.is_odd():
            return path
        odd = rng.choice(ODD_BYTES)
        return rng.choice((
            f"http://h{path}", f"HTTP://u:p@h:80{path}", f"https://h{path}",
            f"h{path}", f"{path} x", f"{path}{odd}y", f"{path}#f{odd}", f"/{path}",
            f"/.{path}", f"{path}/../x", f"/{odd}{path}", f"*{path}", "*", "/", "",
            f"{path}?{'v' * 5000}", f"h:{self.requests}", f"{path}%zz", f" {path}",
            f"{path}?a HTTP/1.1", f"{path} HTTP/1.0", f"http:{path}", f"{path}\\",
            f"{path}?{'v' * 17000}", f"?{path}", f"http://{path}", f"//h{path}"))

    def eol(self):
        return self.rng.choice(("\n", "\r", "\r\r\n", " \r\n")) if self.is_odd(4) \
            else "\r\n"

    def decoy(self):
        self.requests += 1
        return (f"GET /decoy/{self.number}/{self.requests} HTTP/1.1\r\n"
                "Host: h\r\n\r\n")

    def content(self):
        rng = self.rng
        size = rng.choice((0, 1, 2, 5, 16, 60, 300, 3000))
        return rng.choice(("b" * size, self.decoy(), "\r\n\r\n" + self.decoy(),
                           "0\r\n\r\n" + self.decoy(), "b" * size,
                           "".join(chr(rng.randrange(256)) for _ in range(size)),
                           "a=b\r\n" + self.decoy() + "c" * size))

    def chunk(self, data):
        rng = self.rng
        size = SIZES[0]
        if self.is_odd():
            size = rng.choice(SIZES)
        end = self.rng.choice(("\n", "", "\r", "xx", "\r\n\r\n")) if self.is_odd(8) \
            else "\r\n"
        return size % len(data) + self.eol() + data + end

    def chunks(self, data):
        rng, out = self.rng, ""
        while data:
            n = rng.randrange(1, len(data) + 1)
            out += self.chunk(data[:n])
            data = data[n:]
        last = rng.choice(("00", "0;a=b", "000000000000000000", "0 ", "0x0", "-0",
                           "", "0\t;x")) if self.is_odd(4) else "0"
        trailer = rng.choice(("X-Trailer: a\r\n", "Content-Length: 5\r\n", "bad\r\n",
                              "Transfer-Encoding: chunked\r\n", "X: a\r\n b\r\n",
                              "X: a\n", "X-Sp : a\r\n", "X: \0\r\n")) \
            if rng.randrange(6) == 0 else ""
        return out + last + self.eol() + trailer + self.eol()

    def framing(self, data):
        """Fields and a body, which need not agree."""
        rng = self.rng
        kind = rng.randrange(10)
        odd = self.is_odd()
        if kind < 5:
            field = "Content-Length: %d"
            if odd:
                field = rng.choice(LENGTHS)
            field = field.replace("%x", "%d")
            n = len(data) + (rng.choice((-1, 1, 5, 100)) if self.is_odd(6) else 0)
            n = max(n, 0)
            return field.replace("%d", str(n)) + "\r\n", data
        if kind < 9:
            field = rng.choice(CHUNKED) if odd else "Transfer-Encoding: chunked"
            return field + "\r\n", self.chunks(data) if not self.is_odd(6) else data
        both = ["Transfer-Encoding: chunked",
                f"Content-Length: {rng.choice((0, 3, len(data)))}"]
        rng.shuffle(both)
        if odd:
            both[both[0][0] == "C"] = rng.choice(CHUNKED)
        body = self.chunks(data)
        return "\r\n".join(both) + "\r\n", body if rng.randrange(3) else data

    def request(self):
        rng = self.rng
        method = pick(rng, METHODS, ODD_METHODS, self.odd)
        version = pick(rng, VERSIONS, ODD_VERSIONS, self.odd)
        space = rng.choice(("  ", "\t", "", "\r", " \x0b", " \0")) if self.is_odd(4) \
            else " "
        text = method + space + self.target() + version + self.eol()
        fields = [rng.choice(HOSTS) if self.is_odd() else HOSTS[0]]
        for _ in range(rng.randrange(4)):
            fields.append(pick(rng, FIELDS, ODD_FIELDS, self.odd))
        if self.is_odd(20):
            fields.append("".join(f"X-Many-{i}: {i}\r\n" for i in range(
                rng.choice((90, 250, 300, 1100)))))
        if self.is_odd(20):
            fields.append("X-Huge: " + "h" * rng.choice((9000, 17000, 70000)) + "\r\n")
        body = ""
        if method in ("POST", "PUT", "PATCH", "Post") or self.is_odd():
            framing, body = self.framing(self.content())
            fields.insert(rng.randrange(len(fields) + 1), framing)
        return (text + "".join(fields) + self.eol() + body).encode("latin-1")

    def mutate(self, data):
        """A few bytes changed, left out or doubled."""
        rng, data = self.rng, bytearray(data)
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(data))
            kind = rng.randrange(4)
            if kind == 0:
                del data[at]
            elif kind == 1:
                data[at:at] = rng.choice(ODD_BYTES).encode("latin-1")
            elif kind == 2:
                data[at] = rng.randrange(256)
            else:
                data[at:at] = data[at:at + rng.randrange(1, 30)]
            if not data:
                break
        return bytes(data)

    def between(self):
        """What is no request."""
        return self.rng.choice((b"\r\n", b"\n", b"\r\n\r\n\r\n", b"\r", b"\0",
                                b" ", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                                bytes.fromhex("16030100c4010000c00303") + bytes(40),
                                b"x" * 100 + b"\r\n\r\n"))

    def connection(self):
        rng, steps = self.rng, []
        for _ in range(rng.choice((1, 2, 3, 4, 6))):
            data = self.request()
            if self.is_odd(6):
                data = self.between() + data
            if self.is_odd(3):
                data = self.mutate(data) or b"\n"
            steps.append(Step(data, rng.randrange(3) > 0))
        if self.is_odd(4):
            last = steps[-1]
            last.data = last.data[:rng.randrange(len(last.data)) + 1]
        return steps


def connection(rng, number):
    return Grammar(rng, number).connection()
