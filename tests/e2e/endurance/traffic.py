"""Chunks of mirrored traffic with known transactions: most of it from mkhttp, and
what mkhttp does not make: other protocols on HTTP's port, brotli, resets, scans,
broken frames.
"""
import hashlib
import os
import random
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(TOP, "tests", "gen"))
import check  # noqa: E402

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
IDS = 4000      # numbers of transactions per chunk; the upper ones are ours
VNIS = (7000, 7001, 7002, 9)


def udp(payload, port=4789, length=None):
    return struct.pack("!HHHH", 50000, port, length or 8 + len(payload), 0) + payload


def outer(datagram, ipv6=False, protocol=17):
    ether = bytes.fromhex("020000000002020000000001")
    if ipv6:
        head = struct.pack("!IHBB", 6 << 28, len(datagram), protocol, 64)
        return ether + b"\x86\xdd" + head + b"\xfd" + bytes(14) + b"\x01\xfd" \
            + bytes(14) + b"\x02" + datagram
    return ether + b"\x08\x00" + struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, protocol, 0,
        bytes((10, 77, 2, 1)), bytes((10, 77, 2, 2))) + datagram


def vxlan(inner, vni, flags=8):
    return struct.pack("!B3xI", flags, vni << 8) + inner


class Conn:
    """One mirrored connection; its frames collect in a list."""

    def __init__(self, rng, number, port=80, ipv6=False, outer6=False):
        self.frames, self.ipv6, self.outer6 = [], ipv6, outer6
        self.address = 0x0ac80000 + (number >> 14)
        self.ports = (1024 + 0x2400 + number % 0x3fff % 0x1c00, port)
        self.seq = [rng.getrandbits(32), rng.getrandbits(32)]
        self.vni = rng.choice(VNIS)

    def segment(self, side, flags, data=b""):
        ports = self.ports if side == 0 else self.ports[::-1]
        tcp = struct.pack("!HHIIBBHHH", *ports, self.seq[side],
                          self.seq[1 - side] if flags & ACK else 0, 0x50, flags, 65535, 0, 0)
        addresses = [struct.pack("!I", self.address), b"\x0a\xff\x00\x02"]
        if side:
            addresses.reverse()
        if self.ipv6:
            ip = struct.pack("!IHBB", 6 << 28, len(tcp) + len(data), 6, 64) \
                + b"".join(b"\xfd\x07" + bytes(10) + a for a in addresses)
            kind = b"\x86\xdd"
        else:
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40 + len(data), 0, 0, 64, 6, 0,
                             *addresses)
            kind = b"\x08\x00"
        inner = bytes.fromhex("0200000000040200000000") + b"\x03" + kind + ip + tcp + data
        self.frames.append(outer(udp(vxlan(inner, self.vni)), self.outer6))
        self.seq[side] = (self.seq[side] + len(data) + bool(flags & (SYN | FIN))) % 2**32

    def open(self):
        self.segment(0, SYN)
        self.segment(1, SYN | ACK)
        self.segment(0, ACK)

    def send(self, side, data):
        for at in range(0, len(data), 1400):
            self.segment(side, ACK | PSH, data[at:at + 1400])
        self.segment(1 - side, ACK)

    def close(self):
        self.segment(0, FIN | ACK)
        self.segment(1, FIN | ACK)
        self.segment(0, ACK)


def brotli(text):
    """The text as a stored meta-block (RFC 7932, section 9.2) and an empty last one."""
    return ((len(text) - 1) << 4 | 1 << 20).to_bytes(3, "little") + text + b"\x03"


class Odd:
    """What mkhttp does not make. Each kind returns a list of frames; transactions
    that must be found are added to truth."""

    def __init__(self, rng, first, truth):
        self.rng, self.number, self.truth = rng, first, truth

    def conn(self, **options):
        self.number += 1
        return Conn(self.rng, self.number, **options)

    def exchange(self, name, c, coding=b"", text=None, end="close"):
        """A request and a response that must be found. The target has the name."""
        n = self.number
        text = text if text is not None else b"odd %d " % n * self.rng.randint(1, 300)
        body = brotli(text) if coding else text
        target = f"/v1/items/{n}?n={name}"
        c.open()
        c.send(0, b"GET %s HTTP/1.1\r\nHost: odd.example.com\r\nX-Id: %d\r\n\r\n"
               % (target.encode(), n))
        c.send(1, b"HTTP/1.1 200 OK\r\nX-Id: %d\r\n%sContent-Length: %d\r\n\r\n%s"
               % (n, coding, len(body), body))
        if end == "close":
            c.close()
        elif end == "reset":
            c.segment(self.rng.randrange(2), RST | ACK)
        self.truth[target] = ("GET", 200, 0, len(text), "",
                              hashlib.sha256(text).hexdigest()[:16], c.vni)
        return c.frames

    def br(self):
        return self.exchange("br", self.conn(), b"Content-Encoding: br\r\n")

    def ipv6(self):
        return self.exchange("ipv6", self.conn(ipv6=True, outer6=self.rng.random() < 0.5))

    def reset(self):
        return self.exchange("reset", self.conn(), end="reset")

    def never_closed(self):
        return self.exchange("open", self.conn(), end="")

    def websocket(self):
        c = self.conn()
        c.open()
        c.send(0, b"GET /odd/ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade"
               b"\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        c.send(1, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
               b"Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
        for _ in range(self.rng.randint(1, 8)):
            data = self.rng.randbytes(self.rng.randint(0, 125))
            side = self.rng.randrange(2)
            mask = bytes(4) if side == 0 else b""
            c.send(side, bytes((0x82, len(data) | (0x80 if side == 0 else 0))) + mask + data)
        if self.rng.random() < 0.7:
            c.close()
        return c.frames

    def tls(self):
        c = self.conn(port=self.rng.choice((80, 443)))
        c.open()
        hello = b"\x01\x00\x00\xf4\x03\x03" + self.rng.randbytes(242)
        c.send(0, b"\x16\x03\x01" + struct.pack("!H", len(hello)) + hello)
        for _ in range(self.rng.randint(1, 6)):
            data = self.rng.randbytes(self.rng.randint(20, 3000))
            c.send(self.rng.randrange(2), b"\x17\x03\x03" + struct.pack("!H", len(data)) + data)
        if self.rng.random() < 0.7:
            c.close()
        return c.frames

    def http2(self):
        c = self.conn()
        c.open()
        c.send(0, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
               + bytes.fromhex("0000050105000000018286848541"))
        c.send(1, bytes.fromhex("000000040000000000" "000000040100000000"))
        c.send(1, bytes.fromhex("0000010105000000018800000a000100000001") + self.rng.randbytes(10))
        if self.rng.random() < 0.7:
            c.close()
        return c.frames

    def garbage(self):
        c = self.conn()
        c.open()
        for _ in range(self.rng.randint(1, 6)):
            c.send(self.rng.randrange(2), self.rng.randbytes(self.rng.randint(1, 4000)))
        return c.frames

    def cut_off(self):
        """A request that is never finished, or whose response is missing."""
        c = self.conn()
        c.open()
        head = b"POST /odd/cut HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n" + b"z" * 4000
        c.send(0, head[:self.rng.randint(1, len(head))])
        if self.rng.random() < 0.5:
            c.segment(0, RST)
        return c.frames

    def half_open(self):
        frames = []
        for _ in range(self.rng.randint(1, 20)):
            c = self.conn()
            c.segment(0, SYN)
            frames += c.frames
        return frames

    def scan(self):
        frames = []
        for port in self.rng.sample(range(1, 20000), 60):
            c = self.conn(port=port)
            c.segment(0, SYN)
            c.segment(1, RST | ACK)
            frames += c.frames
        return frames

    def broken(self):
        """VXLAN that is wrong in one place, at a random one."""
        c = self.conn()
        c.segment(0, ACK | PSH, b"GET /odd/broken HTTP/1.1\r\nHost: h\r\n\r\n")
        whole = c.frames[0]
        inner = whole[50:]
        return [
            outer(udp(vxlan(inner, 1, flags=0))),
            outer(udp(vxlan(inner, 1), length=9)),
            outer(udp(vxlan(inner, 1), length=60000)),
            outer(udp(b"\x08\x00")),
            outer(udp(vxlan(b"", 7000))),
            outer(udp(vxlan(self.rng.randbytes(60), 7000))),
            outer(udp(vxlan(inner[:self.rng.randint(0, len(inner))], 7000))),
            whole[:self.rng.randint(14, len(whole))],
            whole[:14] + b"\x4f" + whole[15:],
        ]

    def noise(self):
        """Not VXLAN."""
        return [
            outer(udp(self.rng.randbytes(100), port=53)),
            outer(self.rng.randbytes(40), protocol=6),
            outer(b"\x08\x00" + bytes(30), protocol=1),
            outer(udp(b"x" * 50, port=5353), ipv6=True),
            b"\xff" * 6 + bytes.fromhex("020000000001" "0806" "0001080006040001") + bytes(20),
            self.rng.randbytes(self.rng.randint(14, 200)),
        ]

    KINDS = (br, ipv6, reset, never_closed, websocket, tls, http2, garbage, cut_off,
             half_open, scan, broken, noise)


# Options of mkhttp. A chunk without loss must be found complete.
CLEAN = (
    "--body 20-2000 --pipelined 20 --chunked 30 --gzip 30 --post 40 --dup 5000 --noise 5",
    "--body 0-9000 --chunked 40 --gzip 40 --post 20 --ipv6 50 --reorder 5000 --noise 20",
    "--body 20-800 --per-connection 1 --post 30 --delayed-acks --json",
    "--body 100-20000 --per-connection 40 --gzip 20 --post 50 --mss 536 --json",
    "--body 1-40000 --per-connection 3 --chunked 50 --gzip 50 --dup 10000 --reorder 10000",
)
LOSSY = (
    "--body 20-2000 --pipelined 30 --chunked 30 --gzip 30 --post 40 --loss 20000",
    "--body 1-300000 --per-connection 2 --loss 2000 --midstream 30 --reorder 5000",
    "--body 20-2000 --midstream 60 --loss 5000 --half-open 50 --half-open-bytes 200 --ipv6 30",
    "--body 5000-100000 --chunked 60 --gzip 60 --loss 10000 --dup 20000 --reorder 20000 "
    "--reorder-distance 400",
)


def frames_of(pcap):
    """The frames of a pcap file."""
    with open(pcap, "rb") as f:
        f.read(24)
        while head := f.read(16):
            yield f.read(struct.unpack("=IIII", head)[2])


def merged(rng, lists):
    """One list with the members of all, each in its order."""
    out = []
    order = [i for i, one in enumerate(lists) for _ in one]
    rng.shuffle(order)
    rest = [iter(one) for one in lists]
    for i in order:
        out.append(next(rest[i]))
    return out


class Chunk:
    """Frames in a file (see inject.py) and the transactions to be found in it:
    truth, as check.truth_of() returns them."""

    def __init__(self, rng, mkhttp, path, first, packets, lossy):
        self.path, self.lossy = path, lossy
        options = rng.choice(LOSSY if lossy else CLEAN).split()
        high = 1
        for name, value in zip(options, options[1:]):
            if name == "--body":
                high = int(value.partition("-")[2])
        transactions = min(3000, max(3, int(packets / (6 + high / 1500))))
        pcap, truth = path + ".pcap", path + ".truth"
        subprocess.run([mkhttp, "--whole", "--connections", "12", "--vnis", "3", "--first",
                        str(first), "--seed", str(rng.randrange(1, 2**31)), *options,
                        "--transactions", str(transactions), "--truth", truth, pcap],
                       check=True, stderr=subprocess.DEVNULL)
        self.truth = check.truth_of(truth)
        odd = Odd(rng, first + IDS // 4 * 3, self.truth)
        main = list(frames_of(pcap))
        others, n = [], 0
        while n < len(main) // 4:
            others.append(rng.choice(Odd.KINDS)(odd))
            n += len(others[-1])
        # Spread over the chunk, not all at once.
        frames = self.spread(rng, main, others)
        with open(path, "wb") as f:
            for frame in frames:
                f.write(struct.pack("!H", len(frame)) + frame)
        self.frames = len(frames)
        os.unlink(pcap)
        os.unlink(truth)

    @staticmethod
    def spread(rng, main, others):
        """A few of the others run at a time, at random places among main."""
        parts = 8
        out = []
        for p in range(parts):
            out += merged(rng, [main[len(main) * p // parts:len(main) * (p + 1) // parts],
                                *others[p::parts]])
        return out


if __name__ == "__main__":
    c = Chunk(random.Random(int(sys.argv[2])), os.path.join(TOP, "build/tests/gen/mkhttp"),
              sys.argv[1], 4000, 3000, len(sys.argv) > 3)
    print(c.frames, len(c.truth))
