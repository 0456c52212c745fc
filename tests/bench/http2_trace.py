#!/usr/bin/env python3
"""Records HTTP/2 between h2load and nginx, as VXLAN would mirror it.

  tests/bench/http2_trace.py REQUESTS FILE

20 streams at a time on each of 4 connections; every response is 900 bytes of JSON.
Writes a pcap file and FILE.truth, nginx's log in the form of mkhttp's. Needs root, h2load and nginx; runs them in a network
namespace without a name, on its loopback.
"""
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ADDRESS = "10.77.1.1"
STREAMS, CONNECTIONS = 20, 4
BODY = 900
ROOM = 512 << 20  # of the socket's buffer: nothing may be lost
ALL, SO_RCVBUFFORCE, PACKET_STATISTICS, SOL_PACKET = 3, 33, 6, 263


def missing():
    """Why it cannot run here, or None."""
    if os.geteuid():
        return "needs root"
    absent = [p for p in ("h2load", "nginx", "ip", "ethtool", "unshare") if not shutil.which(p)]
    return f"{absent[0]} is not installed" if absent else None


def record(requests, path):
    subprocess.run(["unshare", "--net", "--mount", sys.executable, os.path.abspath(__file__), str(requests),
                    path], check=True)


def config(folder):
    text = '{\\"id\\":\\"$request_id\\",\\"text\\":\\"'
    text += "a" * (BODY - len('{"id":"","text":""}') - 32) + '\\"}'
    with open(folder + "/nginx.conf", "w") as f:
        f.write(f"""daemon off;
pid {folder}/pid;
error_log {folder}/error;
events {{ worker_connections 64; }}
http {{
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	log_format seen "$request_method\\t$request_uri\\t$status\\t0\\t$body_bytes_sent";
	access_log {folder}/seen seen buffer=64k;
	keepalive_requests 100000000;
	default_type application/json;
	server {{
		listen {ADDRESS}:80 http2;
		location / {{ return 200 "{text}"; }}
	}}
}}
""")


class Recorder(threading.Thread):
    """Keeps what the loopback sends until stop()."""

    def __init__(self):
        super().__init__()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
        self.socket.bind(("lo", ALL))
        self.socket.settimeout(0.2)
        self.frames, self.ended = [], False

    def run(self):
        while True:
            try:
                frame, address = self.socket.recvfrom(65536)
            except socket.timeout:
                if self.ended:
                    return
                continue
            # The loopback shows every frame twice.
            if address[2] == socket.PACKET_OUTGOING:
                self.frames.append((time.time_ns(), frame))

    def stop(self):
        self.ended = True
        self.join()
        _, lost = struct.unpack("II", self.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        if lost:
            sys.exit(f"http2_trace: {lost} frames were not recorded")


def write(path, frames):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))
        for ns, frame in frames:
            udp = struct.pack("!HHHHBBHI", 50000, 4789, len(frame) + 16, 0, 8, 0, 0, 7 << 8)
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, len(frame) + 36, 0, 0x4000, 64, 17, 0,
                             b"\x0a\x4d\0\2", b"\x0a\x4d\0\1")
            outer = b"\x02\0\0\0\0\2\x02\0\0\0\0\1\x08\0" + ip + udp
            n = len(outer) + len(frame)
            f.write(struct.pack("<IIII", ns // 10**9, ns % 10**9, n, n) + outer + frame)


def listening():
    try:
        socket.create_connection((ADDRESS, 80)).close()
        return True
    except OSError:
        return False


def main(requests, path):
    folder = tempfile.mkdtemp(prefix="metlo-http2-trace.")
    for command in (f"ip addr add {ADDRESS}/32 dev lo", "ip link set lo mtu 1500 up",
                    "ethtool -K lo tso off gso off gro off"):
        subprocess.run(command.split(), check=True, stdout=subprocess.DEVNULL)
    config(folder)
    # Each connection of h2load begins at the first address: one list for each.
    share = requests // CONNECTIONS
    loads = []
    for c in range(CONNECTIONS):
        with open(f"{folder}/urls{c}", "w") as f:
            f.writelines(f"http://{ADDRESS}/item/{i}?page={i % 10}\n"
                         for i in range(c * share, (c + 1) * share))
        loads.append(["h2load", "-n", str(share), "-c", "1", "-m", str(STREAMS), "-t", "1",
                      "-i", f"{folder}/urls{c}"])
    nginx = subprocess.Popen(["nginx", "-c", folder + "/nginx.conf"], stderr=subprocess.DEVNULL)
    try:
        while not listening():
            if nginx.poll() is not None:
                sys.exit("http2_trace: nginx does not start")
            time.sleep(0.05)
        recorder = Recorder()
        recorder.start()
        running = [subprocess.Popen(load, stdout=subprocess.DEVNULL) for load in loads]
        if any([p.wait() for p in running]):
            sys.exit("http2_trace: h2load failed")
        recorder.stop()
    finally:
        nginx.terminate()
        nginx.wait()
    write(path, recorder.frames)
    shutil.copy(folder + "/seen", path + ".truth")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
