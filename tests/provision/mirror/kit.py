"""Runs metlo-mirror as a user would, each instance against its own fake AWS."""
from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback
from pathlib import Path
from typing import Any, Callable, Iterator

from fakeaws.tests.kit import Aws
from fakeaws.world import DEFAULT_KEY, DEFAULT_SECRET

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = (ROOT / os.environ.get("O", "build") / "metlo-mirror").resolve()
LIMIT = 60  # seconds; anything slower hangs
LONG = os.environ.get("METLO_TEST_LONG") == "1"
TESTS: list[tuple[str, Callable[["Mirror"], None]]] = []


def test(name: str) -> Callable[[Callable[["Mirror"], None]], Callable[["Mirror"], None]]:
    def register(function: Callable[["Mirror"], None]) -> Callable[["Mirror"], None]:
        TESTS.append((name, function))
        return function
    return register


def some(n: int, one_in: int, first: int = 0) -> range:
    """The numbers from 1 to n, or one in one_in of them unless METLO_TEST_LONG=1. They are
    always the same ones, so that a commit that passed passes again."""
    return range(1, n + 1) if LONG else range(1 + first % one_in, n + 1, one_in)


class Run:
    """Output and exit code of a finished run."""

    def __init__(self, words: tuple[str, ...], code: int, out: str, err: str):
        self.words, self.code, self.out, self.err = words, code, out, err

    def __str__(self) -> str:
        return f"{' '.join(self.words)}: {self.code}\n{self.out}\n--- stderr\n{self.err}"

    def json(self) -> Any:
        return json.loads(self.out)

    def expect(self, code: int, *texts: str) -> "Run":
        """Asserts the exit code and that all texts were printed, ignoring line breaks."""
        assert self.code == code, f"exit code {self.code}, not {code}: {self}"
        output = " ".join((self.out + " " + self.err).split())
        for text in texts:
            assert text in output, f"did not print {text!r}: {self}"
        return self


class Mirror:
    """The program and the fake AWS that it calls."""

    def __init__(self) -> None:
        self.aws = Aws()
        self.home = tempfile.TemporaryDirectory()
        self.region = True

    def reset(self, world: str = "small", **settings: Any) -> None:
        """Resets the fake to a new world in which no operation takes time."""
        self.aws.reset(world)
        self.aws.set(lb_seconds=0, health_seconds=0, eni_linger_seconds=0, **settings)
        self.aws.ask("POST", "remember", {})

    def env(self, **more: str) -> dict[str, str]:
        env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": self.home.name,
               "LC_ALL": "C.UTF-8", "AWS_ENDPOINT_URL": self.aws.url,
               "AWS_ACCESS_KEY_ID": DEFAULT_KEY, "AWS_SECRET_ACCESS_KEY": DEFAULT_SECRET,
               "AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1",
               "AWS_EC2_METADATA_DISABLED": "true", **more}
        return {k: v for k, v in env.items() if v}

    def start(self, *words: str, **env: str) -> "subprocess.Popen[str]":
        return subprocess.Popen([PROGRAM, *words], env=self.env(**env), text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def end(self, process: "subprocess.Popen[str]", *words: str) -> Run:
        out, err = process.communicate(timeout=LIMIT)
        return Run(words, process.returncode, out, err)

    def __call__(self, *words: str, **env: str) -> Run:
        return self.end(self.start(*words, **env), *words)

    def instance(self, name: str) -> str:
        key: str = self.aws.named("instances", name)["InstanceId"]
        return key

    def eni(self, instance: str) -> str:
        return self.aws.first_eni(instance)

    def journal(self, category: str) -> list[dict[str, Any]]:
        return [e for e in self.aws.ask("GET", "journal") if e.get("category") == category]

    def writes(self) -> list[str]:
        return [e["operation"] for e in self.journal("write")]

    def forget_calls(self) -> None:
        self.aws.ask("DELETE", "journal")

    def unchanged(self) -> None:
        """Asserts that nothing was created, deleted or changed since the reset."""
        changes = self.aws.changes()
        assert not any(changes.values()), changes


class Terminal:
    """The program on a pseudo-terminal: types keys and reads the screen."""

    def __init__(self, mirror: Mirror, *words: str, rows: int = 40, columns: int = 120,
                 term: str = "xterm", **env: str):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.raw = b""
        self.mark = 0  # end of the last text found; the search continues here
        self.process = subprocess.Popen(
            [PROGRAM, *words], env=mirror.env(TERM=term, **env), stdin=slave, stdout=slave,
            stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0))

    def text(self) -> str:
        """Everything written so far, without control sequences."""
        text = self.raw.decode("utf-8", "replace")
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text).replace("\r", "")

    def _read(self, seconds: float) -> bool:
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self.master, 65536)
        except OSError as e:
            if e.errno != errno.EIO:
                raise
            piece = b""
        self.raw += piece
        return bool(piece)

    def read_now(self) -> None:
        """Reads what the program has written so far."""
        while self._read(0.02):
            pass

    def sees(self, text: str) -> "Terminal":
        """Waits until the program writes text after the last text found."""
        end = time.monotonic() + LIMIT
        while True:
            at = self.text().find(text, self.mark)
            if at >= 0:
                self.mark = at + len(text)
                return self
            left = end - time.monotonic()
            assert left > 0 and (self._read(min(left, 1)) or self.process.poll() is None), \
                f"did not show {text!r} after: {self.text()[self.mark:]}"

    def types(self, keys: str) -> "Terminal":
        os.write(self.master, keys.encode())
        return self

    def expect(self, code: int) -> "Terminal":
        end = time.monotonic() + LIMIT
        while self.process.poll() is None and time.monotonic() < end:
            self._read(0.05)
        while self._read(0):
            pass
        if self.process.poll() is None:
            self.process.kill()
            raise AssertionError(f"still running: {self.text()[-2000:]}")
        assert self.process.returncode == code, \
            f"exit code {self.process.returncode}, not {code}: {self.text()[-3000:]}"
        assert termios.tcgetattr(self.slave)[:4] == self.before[:4], \
            "terminal attributes were not restored"
        return self

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@contextlib.contextmanager
def terminal(mirror: Mirror, *words: str, **how: Any) -> Iterator[Terminal]:
    t = Terminal(mirror, *words, **how)
    try:
        yield t
    finally:
        t.close()


UP, DOWN, ENTER, ESCAPE, SPACE = "\x1b[A", "\x1b[B", "\r", "\x1b", " "
CTRL_A, CTRL_C, CTRL_D, CTRL_U, BACKSPACE = "\x01", "\x03", "\x04", "\x15", "\x7f"


def wait_for(what: Callable[[], Any], why: str) -> Any:
    end = time.monotonic() + LIMIT
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < end, f"timed out waiting for {why}"
        time.sleep(0.01)


def interrupt(process: "subprocess.Popen[str]", by: int = signal.SIGINT) -> None:
    process.send_signal(by)


def _run(mirror: Mirror, name: str, function: Callable[[Mirror], None]) -> bool:
    start = time.monotonic()
    try:
        mirror.reset()
        function(mirror)
        bugs = [e["fake_bug"] for e in mirror.aws.ask("GET", "journal") if "fake_bug" in e]
        assert not bugs, bugs
        print(f"ok {name}\n# {time.monotonic() - start:.1f} s", flush=True)
        return True
    except Exception:  # pylint: disable=broad-except
        print(f"not ok {name}")
        print("".join(f"#   {line}\n" for line in traceback.format_exc().splitlines()[-40:]),
              end="", flush=True)
        return False


def main(only: list[str]) -> int:
    from fakeaws.models import NoModels, find
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        del os.environ[name]
    try:
        find()
    except NoModels as e:
        print(f"skip metlo-mirror # {e}")
        return 0
    if not PROGRAM.exists():
        print(f"skip metlo-mirror # {PROGRAM.name} is not built")
        return 0
    # Credentials for the AWS CLI, with which some tests change the account.
    os.environ.update(AWS_ACCESS_KEY_ID=DEFAULT_KEY, AWS_SECRET_ACCESS_KEY=DEFAULT_SECRET,
                      AWS_DEFAULT_REGION="us-east-1", AWS_MAX_ATTEMPTS="1", AWS_PAGER="",
                      NO_PROXY="127.0.0.1", no_proxy="127.0.0.1",
                      AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null",
                      AWS_EC2_METADATA_DISABLED="true")
    chosen = [(n, f) for n, f in TESTS if not only or any(o in n for o in only)]
    mirror = Mirror()
    failed = sum(not _run(mirror, n, f) for n, f in mine(chosen))
    mirror.aws.process.terminate()
    mirror.aws.process.wait(10)
    return 1 if failed else 0


def mine(tests: list[Any]) -> list[Any]:
    """Those of this job."""
    part, parts = (int(x) for x in os.environ.get("MIRROR_TESTS_PART", "0/1").split("/"))
    return tests[part::parts]


def run_module(jobs: int = 1, run: Callable[[list[str]], int] = main) -> None:
    """Runs the tests whose names contain one of the arguments, in parallel jobs with a fake
    AWS each: the tests wait more than they compute."""
    if jobs == 1 or "MIRROR_TESTS_PART" in os.environ:
        sys.exit(run(sys.argv[1:]))
    children = [subprocess.Popen([sys.executable, "-B", "-m", *_module(), *sys.argv[1:]],
                                 env={**os.environ, "MIRROR_TESTS_PART": f"{i}/{jobs}"},
                                 stdout=subprocess.PIPE, text=True) for i in range(jobs)]
    results = [child.communicate()[0] for child in children]
    sys.stdout.write("".join(results))
    sys.exit(any(child.returncode for child in children))


def _module() -> list[str]:
    spec = sys.modules["__main__"].__spec__
    assert spec is not None
    return [spec.name]
