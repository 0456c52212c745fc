"""The client of hostile.py that has no TCP stack: it does in the handshake what no
kernel does, and sends what the others can only inject.

Its address belongs to no interface, so that no stack answers for it. An opening
(OPENINGS) ends in an established connection that goes on like any other; the
server's kernel decides what of it had an effect.
"""
import collections
import struct
import time

from hostile_net import (ACK, FIN, MASK, PSH, RAW_CLIENT, RST, SYN, Connection,
                         timestamps)

MSS = 1400
OPENINGS, RAW_TRICKS = {}, {}
Packet = collections.namedtuple("Packet", "flags seq ack stamp payload")


def opening(function):
    OPENINGS[function.__name__] = function
    return function


def raw_trick(function):
    RAW_TRICKS[function.__name__] = function
    return function


def options_of(tcp):
    """The timestamp of a header, or None."""
    at, words = 20, tcp[12] >> 4
    while at + 1 < words * 4 and tcp[at]:
        if tcp[at] == 1:
            at += 1
            continue
        if tcp[at] == 8:
            return struct.unpack("!I", tcp[at + 2:at + 6])[0]
        at += max(tcp[at + 1], 2)
    return None


def parse(frame):
    ip = frame[14:]
    tcp = ip[(ip[0] & 15) * 4:struct.unpack("!H", ip[2:4])[0]]
    seq, ack, words, flags = struct.unpack("!IIBB", tcp[4:14])
    return Packet(flags, seq, ack, options_of(tcp), tcp[(words >> 4) * 4:])


class RawConnection(Connection):
    """Speaks TCP itself: no congestion control, and one timer."""

    def __init__(self, net, port, rng, stamped=True):
        self.rng, self.stamped = rng, stamped
        self.source = net.recorder.raw_port()
        self.clock, self.echo, self.window = rng.randrange(1 << 31), 0, 60000
        self.unacked, self.echoing = b"", False
        self.isn, self.irs = rng.randrange(1 << 32), 0
        super().__init__(net, port)

    def open(self, source=0):
        """Takes the port; the handshake is that of an opening."""
        self.inbox = self.net.recorder.inbox(self.source)
        if source:
            self.handshake((self.isn + self.sent + 70000) & MASK)

    def restart(self, isn):
        self.isn, self.irs = isn & MASK, 0
        self.sent = self.received = 0
        self.buffer = self.unacked = b""
        self.echoing = False

    def stamp(self):
        return (self.clock, self.echo) if self.echoing else (0, 0)

    def own_options(self):
        self.clock += 1
        return timestamps(self.clock, self.echo) if self.echoing else b""

    def segment(self, seq, flags, payload=b"", ack=None, **options):
        options.setdefault("options", self.own_options())
        if ack is None:
            ack = self.irs + 1 + self.received if flags & ACK else 0
        self.net.link.send(self.source, self.port, seq, ack, flags, payload,
                           window=self.window, address=RAW_CLIENT, **options)

    def inject(self, ahead=0, ack_ahead=0, flags=ACK | PSH, payload=b"",
               ack=None, **options):
        options.setdefault("options", b"")
        self.segment(self.isn + 1 + self.sent + ahead, flags, payload,
                     self.irs + 1 + self.received + ack_ahead
                     if ack is None else ack, **options)

    def next(self, timeout):
        """The next packet of the server, or None."""
        end = time.monotonic() + timeout
        while not self.inbox:
            if time.monotonic() > end:
                return None
            time.sleep(0.0002)
        return parse(self.inbox.popleft())

    def quiet(self):
        """What the server answered until now does not count."""
        while self.next(0.004):
            pass

    def syn(self, isn, payload=b"", flags=SYN, ack=0):
        options = struct.pack("!BBH", 2, 4, MSS)
        if self.stamped:
            self.clock += 1
            options += timestamps(self.clock, 0)
        self.segment(isn, flags, payload, ack, options=options)

    def answer(self, isn, most=0):
        """Waits for the SYN-ACK of isn; resets what else the server believes, as
        RFC 9293 wants it. False: it did not come."""
        while True:
            p = self.next(0.15)
            if p is None or p.flags & RST:
                return False
            taken = (p.ack - isn - 1) & MASK
            if p.flags & SYN and p.flags & ACK and taken <= most:
                self.restart(isn)
                self.irs, self.sent = p.seq, taken
                self.echoing = self.stamped and p.stamp is not None
                self.echo = p.stamp or 0
                return True
            if p.flags & ACK:
                self.net.link.send(self.source, self.port, p.ack, 0, RST,
                                   address=RAW_CLIENT)
                return False

    def handshake(self, isn, payload=b"", ack=True):
        for _ in range(12):
            self.syn(isn, payload)
            if self.answer(isn, len(payload)):
                break
        else:
            raise TimeoutError("no SYN-ACK")
        if ack:
            self.segment(self.isn + 1 + self.sent, ACK)

    def put(self, data, **options):
        """One segment of the stream."""
        self.segment(self.isn + 1 + self.sent, ACK | PSH, data, **options)
        self.account(data)

    def account(self, data):
        self.sent += len(data)
        self.unacked += data

    def send(self, data):
        for at in range(0, len(data), MSS):
            self.put(data[at:at + MSS])

    def again(self):
        start = self.isn + 1 + self.sent - len(self.unacked)
        for at in range(0, len(self.unacked), MSS):
            self.segment(start + at, ACK | PSH, self.unacked[at:at + MSS])

    def fill(self):
        end = time.monotonic() + 2
        while time.monotonic() < end:
            p = self.next(0.25)
            if p is None:
                self.again()
                continue
            if self.take(p):
                return
        raise TimeoutError("no answer")

    def take(self, p):
        """Has the packet new bytes?"""
        expected = (self.irs + 1 + self.received) & MASK
        if p.flags & RST:
            if p.seq == expected:
                raise ConnectionError("reset by the server")
            return False
        left = (self.isn + 1 + self.sent - p.ack) & MASK
        if p.flags & ACK and left <= len(self.unacked):
            self.unacked = self.unacked[len(self.unacked) - left:]
        if p.stamp is not None and p.seq == expected:
            self.echo = p.stamp
        new = p.payload if p.seq == expected and self.window else b""
        self.received += len(new)
        self.buffer += new
        if p.payload or p.flags & FIN:
            self.segment(self.isn + 1 + self.sent, ACK)
        if p.flags & FIN and p.seq == expected:
            raise ConnectionError("closed by the server")
        return bool(new)

    def await_close(self):
        """The server's FIN, which it answers with its own."""
        try:
            while True:
                self.fill()
        except ConnectionError:
            self.received += 1
        self.segment(self.isn + 1 + self.sent, ACK | FIN)
        self.sent += 1

    def close(self, reset=False):
        if reset:
            self.inject(flags=RST)
            return
        self.segment(self.isn + 1 + self.sent, ACK | FIN)
        self.sent += 1
        self.quiet()
        self.received += 1
        self.segment(self.isn + 1 + self.sent, ACK)


def near(s, isn):
    """Another ISN of the same tuple, or the same again."""
    return (isn + s.rng.choice((0, 0, 1, -1, 40, -40, 1000, -1000, 70000, -70000,
                                1 << 24, 1 << 31, s.rng.randrange(1 << 32)))
            ) & MASK


# --- before the handshake, and in its middle ----------------------------------
@opening
def open_plain(s):
    s.c.stamped = s.rng.randrange(3) > 0
    s.c.handshake(s.c.isn)


@opening
def open_after_strays(s):
    """Segments of no connection."""
    c = s.c
    for _ in range(s.rng.randrange(1, 4)):
        flags = s.rng.choice((ACK, ACK | PSH, ACK | FIN, RST, SYN | ACK, PSH))
        c.segment(near(s, c.isn), flags,
                  s.rng.choice((b"", s.decoy())) if flags != RST else b"",
                  s.rng.choice((0, s.rng.randrange(1 << 32))))
        s.net.recorder.pause(s.rng.choice((0, 0, 3)))
    c.quiet()
    c.handshake(c.isn)


@opening
def open_after_other_syn(s):
    """A half-open connection that the server gives up, with another ISN."""
    c = s.c
    for _ in range(s.rng.randrange(1, 4)):
        other = near(s, c.isn)
        c.syn(other, s.rng.choice((b"", b"", s.decoy())))
        if s.rng.randrange(2):
            c.quiet()
        if s.rng.randrange(2):
            c.segment(other + 1, RST)
        if s.rng.randrange(3) == 0:
            s.net.recorder.pause(s.rng.choice((3, 20)))
    c.quiet()
    c.handshake(c.isn)
    taken(s)


def taken(s):
    """With TCP Fast Open the server may have taken what came with the SYN."""
    if s.c.sent:
        s.c.response()


@opening
def open_while_attacked(s):
    """In SYN-RECEIVED: what the server drops, refuses or takes for the end."""
    c = s.c
    c.syn(c.isn)
    if not c.answer(c.isn):
        c.handshake(c.isn, ack=False)
    for _ in range(s.rng.randrange(1, 4)):
        kind = s.rng.randrange(9)
        at = c.isn + 1
        if kind == 0:
            c.segment(at, ACK | PSH, s.decoy(), c.irs + s.rng.choice(
                (0, 2, 100, 1 << 20, 1 << 31)))
        elif kind == 1:
            c.segment(at, s.rng.choice((PSH, FIN, 0)), s.decoy())
        elif kind == 2:
            c.segment(c.isn, SYN | ACK, s.rng.choice((b"", s.decoy())),
                      c.irs + 1)
        elif kind == 3:
            c.segment(at + s.rng.choice((-1, 1, 1000, 1 << 20)), RST)
        elif kind == 4:
            c.segment(at, FIN | ACK, b"", c.irs + s.rng.choice((0, 2, 9999)))
        elif kind == 5:
            c.segment(at, ACK | PSH, s.decoy(), bad_tcp=s.rng.randrange(1, 99))
        elif kind == 6:
            c.segment(at + s.rng.choice((100000, 1 << 25)), ACK | PSH,
                      s.decoy())
        elif kind == 7:
            c.syn(near(s, c.isn), s.rng.choice((b"", s.decoy())))
        elif c.echoing:
            c.segment(at, ACK | PSH, s.decoy(), options=timestamps(
                c.clock - s.rng.choice((1000, 1 << 28)), c.echo))
        s.net.recorder.pause(s.rng.choice((0, 0, 3)))
    c.quiet()
    if s.rng.randrange(2):
        c.segment(c.isn + 1, ACK)
        if s.rng.randrange(2):
            s.net.recorder.pause(0)
    establish(s)


def establish(s):
    """Whether the attack ended the half-open connection or not."""
    c = s.c
    c.quiet()
    data = s.get()
    c.send(data)
    try:
        c.response()
    except (OSError, ValueError):
        c.handshake(near(s, c.isn))


@opening
def open_with_early_data(s):
    """Data that the client sends before the SYN-ACK."""
    c = s.c
    c.syn(c.isn)
    for _ in range(s.rng.randrange(1, 3)):
        c.segment(c.isn + 1, s.rng.choice((PSH, ACK | PSH)), s.decoy(),
                  s.rng.choice((0, s.rng.randrange(1 << 32))))
    if not c.answer(c.isn):
        c.handshake(c.isn)
        return
    c.segment(c.isn + 1, ACK)


@opening
def open_fast(s):
    """Data on the SYN, which the server may take, or drop."""
    c, data = s.c, s.get()
    if s.rng.randrange(3) == 0:
        c.syn(c.isn, data[:s.rng.randrange(1, len(data))])
    if s.rng.randrange(4) == 0:
        c.syn(c.isn)
    c.handshake(c.isn, data[:1300], ack=s.rng.randrange(2) == 0)
    if s.rng.randrange(2):
        # the server has what it has acknowledged
        c.sent, rest = 0, data[c.sent:]
        c.sent = len(data) - len(rest)
        c.send(rest)
    elif not c.sent:
        c.send(data)
    elif c.sent < len(data):
        c.send(data[c.sent:])
    c.response()


@opening
def open_without_bare_ack(s):
    c, data = s.c, s.get(pad=300)
    c.handshake(c.isn, ack=False)
    cut = s.rng.randrange(1, len(data))
    if s.rng.randrange(2):
        c.inject(cut, payload=data[cut:], options=c.own_options())
        s.net.recorder.pause(0)
        if s.rng.randrange(2):
            c.put(data[:cut])
            c.account(data[cut:])
        else:
            c.put(data)
    else:
        c.put(data)
    c.response()


@opening
def open_after_fin(s):
    """The handshake's last segment is the end."""
    c = s.c
    c.handshake(c.isn, ack=False)
    if s.rng.randrange(2):
        c.put(s.get())
        c.unacked = b""
    c.segment(c.isn + 1 + c.sent, FIN | ACK)
    c.sent += 1
    time.sleep(0.01)
    c.quiet()
    s.net.recorder.pause(s.rng.choice((0, 3)))
    c.handshake(near(s, c.isn))


# --- the tuple again ----------------------------------------------------------
def established(s):
    """A connection with some requests or none."""
    c = s.c
    c.handshake(c.isn)
    for _ in range(s.rng.randrange(0, 3)):
        s.exchange()
    return c


def again(s, *pauses):
    """The same tuple after a pause, with an ISN near one that it has had."""
    c = s.c
    s.net.recorder.pause(s.rng.choice(pauses))
    c.handshake(near(s, s.rng.choice((c.isn, c.isn + c.sent))))


@opening
def open_again_after_restart(s):
    """The client loses its memory: a SYN in the established connection."""
    c = s.c
    c.handshake(c.isn)
    for _ in range(s.rng.randrange(1, 3)):
        for _ in range(s.rng.randrange(0, 3)):
            s.exchange()
        again(s, 0, 3, 20)


@opening
def open_again_after_reset(s):
    c = established(s)
    c.close(reset=True)
    again(s, 0, 0, 3)


@opening
def open_again_after_close(s):
    """The client closes first, and uses the port again at once."""
    c = established(s)
    c.close()
    c.quiet()
    again(s, 0, 0, 3)


@opening
def open_again_in_time_wait(s):
    """The server closes first: its TIME-WAIT takes a SYN beyond the last byte."""
    c = s.c
    c.handshake(c.isn)
    c.send(s.get(extra=b"Connection: close\r\n"))
    c.response()
    c.await_close()
    c.quiet()
    if s.rng.randrange(3) == 0:
        c.inject(flags=ACK | PSH, payload=s.decoy())
        c.quiet()
    again(s, 0, 0, 3)


# --- segments that only such a client can send --------------------------------
@raw_trick
def garbage_in_front(s):
    """New bytes behind ones that the server has: it drops the old ones."""
    data, n = s.get(), s.rng.choice((1, 5, 100))
    n = min(n, s.c.sent)
    s.c.inject(-n, payload=b"z" * n + data, options=s.c.own_options())
    s.c.account(data)
    s.c.response()


@raw_trick
def repeated_otherwise(s):
    data = s.get()
    s.exchange(data)
    s.c.inject(-len(data), payload=data.replace(b"/c", b"/d"),
               options=s.c.own_options())


@raw_trick
def client_window_closed(s):
    """The server probes; the answers have another window."""
    c = s.c
    c.window = 0
    c.segment(c.isn + 1 + c.sent, ACK)
    data = s.get()
    c.put(data)
    end = time.monotonic() + s.rng.choice((0.02, 0.25))
    while time.monotonic() < end:
        p = c.next(0.02)
        if p:
            c.take(p)
    c.window = 60000
    c.segment(c.isn + 1 + c.sent, ACK)
    c.response()


@raw_trick
def window_probe(s):
    """The first byte alone, then everything."""
    data = s.get()
    for _ in range(s.rng.randrange(1, 3)):
        s.c.inject(payload=data[:1], options=s.c.own_options())
        s.net.recorder.pause(s.rng.choice((0, 3)))
    s.exchange(data)


@raw_trick
def beyond_the_window(s):
    """Bytes that the server drops, and whose place the stream reaches."""
    body = b"b" * 100000
    data = s.get(method="POST", extra=b"Content-Length: %d\r\n" % len(body))
    s.c.inject(len(data) + s.rng.choice((70000, 80000, 99000)),
               payload=b"\r\n\r\n" + s.decoy(), options=s.c.own_options())
    s.net.recorder.pause(s.rng.choice((0, 3)))
    for at in range(0, len(data) + len(body), 14000):
        s.c.send((data + body)[at:at + 14000])
        s.c.quiet()
    s.c.response()


@raw_trick
def without_timestamps(s):
    s.c.put(s.get(), options=b"")
    s.c.response()


@raw_trick
def timestamps_after_the_end(s):
    """Options behind the end of the options count for nobody."""
    s.c.put(s.get(), options=struct.pack("!BBBBII", 0, 1, 8, 10,
                                         (s.c.clock - 5000) & MASK, s.c.echo))
    s.c.response()


@raw_trick
def two_timestamps(s):
    """The last one counts."""
    value, echo = s.c.stamp()
    if not value:
        return
    old, now = (timestamps(v, echo) for v in (value - 5000, value))
    s.c.inject(payload=s.decoy(), options=now + old)
    s.c.put(s.get(), options=old + now)
    s.c.response()


@raw_trick
def signed(s):
    """An MD5 signature (RFC 2385) that nobody agreed on."""
    s.c.inject(payload=s.rng.choice((s.decoy(), s.get().replace(b"/c", b"/d"))),
               options=s.c.own_options() + b"\x01\x01\x13\x12" + bytes(16))


@raw_trick
def source_route(s):
    """IP options that hosts refuse (RFC 7126)."""
    s.c.inject(payload=s.decoy(), options=s.c.own_options(),
               ip_options=s.rng.choice((
                   b"\x83\x07\x04\x0a\x4d\x09\x03\x00",
                   b"\x89\x07\x04\x0a\x4d\x09\x03\x00")))


@raw_trick
def bent_ip_options(s):
    s.c.inject(payload=s.decoy(), options=s.c.own_options(),
               ip_options=s.rng.choice((b"\x83\x01\x00\x00", b"\x07\x50\x04\x00",
                                        b"\x44\x02\x00\x00")))


@raw_trick
def bytes_shuffled(s):
    data = s.get(pad=0)
    order = list(range(len(data)))
    s.rng.shuffle(order)
    for at in order:
        s.c.inject(at, payload=data[at:at + s.rng.randrange(1, 4)],
                   options=s.c.own_options())
    s.c.account(data)
    s.c.response()
