#!/usr/bin/env python3
"""terminal.py COLUMNS COMMAND...: runs it with standard output and standard error on a
terminal of this width, copies what it prints, without CR, to standard output, and ends with
its exit code. SIGTERM is passed on."""
import fcntl
import os
import pty
import signal
import struct
import sys
import termios

columns, command = int(sys.argv[1]), sys.argv[2:]
leader, follower = pty.openpty()
fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
child = os.fork()
if not child:
    os.close(leader)
    os.dup2(follower, 1)
    os.dup2(follower, 2)
    os.execvp(command[0], command)
os.close(follower)
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
while True:
    try:
        data = os.read(leader, 65536)
    except OSError:  # EIO: the child has closed it
        break
    if not data:
        break
    sys.stdout.buffer.write(data.replace(b"\r", b""))
    sys.stdout.buffer.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
