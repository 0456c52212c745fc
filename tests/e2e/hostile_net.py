"""The network of hostile.py and differential.py: TCP segments built by hand, a client that knows its
sequence numbers, and a recorder.

Client and server are real Linux TCP stacks in two network namespaces. An
injected segment carries the client's addresses and ports but comes from a packet
socket beside its stack, so the honest connection does not know of it. The
recorder sees what the mirror of the server's interface would see.
"""
import collections
import ctypes
import itertools
import os
import socket
import struct
import threading
import time

CLIENT, SERVER = "10.77.9.2", "10.77.9.1"
RAW_CLIENT = "10.77.9.3"  # of hostile_raw.py
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
ETH_P_ALL, ETH_P_IP = 3, 0x0800
SO_RCVBUFFORCE = 33
SOL_PACKET, PACKET_STATISTICS = 263, 6
MASK = 0xFFFFFFFF

libc = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    """Later sockets of this thread belong to the namespace."""
    fd = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    if libc.setns(fd, 0x40000000):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)


def ones_sum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def checksum(data):
    return ~ones_sum(data) & 0xFFFF


def timestamps(value, echo):
    return struct.pack("!BBBBII", 1, 1, 8, 10, value & MASK, echo & MASK)


class Link:
    """The client's end of the cable: builds and sends frames."""

    def __init__(self, interface, source, destination):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.bind((interface, 0))
        self.ethernet = destination + source + struct.pack("!H", ETH_P_IP)

    def send(self, sport, dport, seq, ack, flags, payload=b"", window=500,
             urgent=0, options=b"", bad_tcp=0, bad_ip=0, total_delta=0,
             header_words=None, partial=False, address=CLIENT, ip_options=b""):
        """bad_tcp and bad_ip are added to the checksums, total_delta to the
        length in the IP header; header_words replaces the data offset; partial
        leaves the TCP checksum to hardware that does not exist."""
        addresses = socket.inet_aton(address) + socket.inet_aton(SERVER)
        length = 20 + len(options) + len(payload)
        words = header_words or (20 + len(options)) // 4
        tcp = struct.pack("!HHIIBBHHH", sport, dport, seq & MASK, ack & MASK,
                          words << 4, flags, window, 0, urgent)
        tcp += options + payload
        pseudo = addresses + struct.pack("!BBH", 0, 6, length + total_delta)
        check = (checksum(pseudo + tcp) + bad_tcp) & 0xFFFF
        if partial:
            check = ones_sum(pseudo)
        tcp = tcp[:16] + struct.pack("!H", check) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45 + len(ip_options) // 4, 0,
                         20 + len(ip_options) + length + total_delta, 7,
                         0x4000, 64, 6, 0) + addresses + ip_options
        check = (checksum(ip) + bad_ip) & 0xFFFF
        ip = ip[:10] + struct.pack("!H", check) + ip[12:]
        self.socket.send(self.ethernet + ip + tcp)


class Recorder(threading.Thread):
    """Everything on an interface, and the initial sequence numbers in it.

    pause() adds to the time of later packets, so that a trick that needs
    silence costs none.
    """

    def __init__(self, interface):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                    socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self.socket.bind((interface, ETH_P_ALL))
        self.socket.settimeout(0.2)
        self.packets, self.numbers, self.stamps = [], {}, {}
        self.inboxes, self.raw_ports = {}, itertools.cycle(range(10000, 30000))
        self.ahead = 0.0
        self.running = True

    def run(self):
        while self.running:
            try:
                frame = self.socket.recv(65536)
            except TimeoutError:
                continue
            self.packets.append((time.time() + self.ahead, frame))
            self.learn(frame)

    def learn(self, frame):
        if frame[12:14] != b"\x08\x00" or frame[23] != 6:
            return
        if frame[30:34] == socket.inet_aton(RAW_CLIENT):
            inbox = self.inboxes.get(struct.unpack("!H", frame[36:38])[0])
            if inbox is not None:
                inbox.append(frame)
            return
        sport, dport, seq, _, words, flags = struct.unpack(
            "!HHIIBB", frame[34:48])
        if flags & (SYN | ACK) == SYN and frame[26:30] == \
                socket.inet_aton(CLIENT) and sport not in self.numbers:
            self.numbers[sport] = [seq, None]
        elif flags & SYN and flags & ACK and dport in self.numbers:
            self.numbers[dport][1] = seq
        elif words >> 4 >= 8 and frame[54:58] == b"\1\1\x08\x0a" and \
                frame[26:30] == socket.inet_aton(CLIENT):
            self.stamps[sport] = struct.unpack("!II", frame[58:66])

    def pause(self, seconds):
        time.sleep(0.002)  # what was sent before must be recorded before
        self.ahead += seconds

    def expect(self, port):
        """Forgets the port's last connection; call before connect()."""
        self.numbers.pop(port, None)

    def raw_port(self):
        return next(self.raw_ports)

    def inbox(self, port):
        """Where the packets to a port of RAW_CLIENT arrive from now on."""
        return self.inboxes.setdefault(port, collections.deque())

    def initial(self, port):
        end = time.time() + 5
        while time.time() < end:
            numbers = self.numbers.get(port)
            if numbers and numbers[1] is not None:
                return numbers
            time.sleep(0.0002)
        raise RuntimeError(f"no handshake of port {port} was recorded")

    def lost(self):
        """Packets that did not fit into the socket's buffer; call it once."""
        return struct.unpack("II", self.socket.getsockopt(
            SOL_PACKET, PACKET_STATISTICS, 8))[1]

    def save(self, path):
        time.sleep(0.3)
        self.running = False
        self.join()
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1))
            for when, frame in self.packets:
                second = int(when)
                out.write(struct.pack("<IIII", second,
                                      int((when - second) * 1e9), len(frame),
                                      len(frame)) + frame)


class Connection:
    """An honest client that knows where its stream stands."""

    def __init__(self, net, port, source=0):
        self.net, self.port = net, port
        self.sent = self.received = 0
        self.buffer = b""
        self.open(source)

    def open(self, source=0):
        self.sent = self.received = 0
        self.buffer = b""
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(1)
        self.socket.bind((CLIENT, source))
        self.source = self.socket.getsockname()[1]
        self.net.recorder.expect(self.source)
        self.socket.connect((SERVER, self.port))
        self.isn, self.irs = self.net.recorder.initial(self.source)

    def inject(self, ahead=0, ack_ahead=0, flags=ACK | PSH, payload=b"",
               ack=None, **options):
        self.net.link.send(
            self.source, self.port, self.isn + 1 + self.sent + ahead,
            self.irs + 1 + self.received + ack_ahead if ack is None else ack,
            flags, payload, **options)

    def stamp(self):
        """The latest timestamps of the client, value and echo."""
        return self.net.recorder.stamps.get(self.source, (0, 0))

    def send(self, data):
        self.socket.sendall(data)
        self.sent += len(data)

    def fill(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed by the server")
        self.received += len(data)
        self.buffer += data

    def response(self, head_only=False):
        """One response; returns its status."""
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, _, rest = self.buffer.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        status = int(lines[0].split()[1])
        fields = {k.strip().lower(): v.strip() for k, _, v in
                  (line.partition(b":") for line in lines[1:])}
        self.buffer = rest
        if status < 200:
            return self.response(head_only)
        length = 0 if head_only or status in (204, 304) else \
            int(fields.get(b"content-length", 0))
        while len(self.buffer) < length:
            self.fill()
        self.buffer = self.buffer[length:]
        return status

    def close(self, reset=False):
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        self.socket.close()
