"""Starts a fake in its own process, runs the AWS CLI in this one and reports results."""
from __future__ import annotations

import contextlib
import functools
import gc
import io
import json
import os
import subprocess
import sys
import traceback
import urllib.request
from pathlib import Path
from typing import Any, Callable, Optional

ROOT = Path(__file__).resolve().parents[2]
TESTS: list[tuple[str, Callable[["Aws"], None]]] = []


def test(name: str) -> Callable[[Callable[["Aws"], None]], Callable[["Aws"], None]]:
    def register(function: Callable[["Aws"], None]) -> Callable[["Aws"], None]:
        TESTS.append((name, function))
        return function
    return register


class Refused(Exception):
    """Raised if the CLI ends with an error; code is that of AWS."""

    def __init__(self, text: str):
        super().__init__(text)
        self.code = text.split("(", 1)[1].split(")", 1)[0] if "(" in text else text.strip()


class Aws:
    """A running fake and its clients."""

    def __init__(self) -> None:
        command = [sys.executable, "-B", "-m", "fakeaws", "--parent", str(os.getpid())]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.ports = [int(p) for p in self.process.stdout.readline().split()]
        self.url = f"http://127.0.0.1:{self.ports[0]}"

    def __call__(self, *words: Any) -> Any:
        """Runs aws SERVICE OPERATION ...; arguments other than str are passed as JSON."""
        args = [w if isinstance(w, str) else json.dumps(w) for w in words]
        code, out, err = run_cli(["--endpoint-url", self.url, "--output", "json"] + args)
        if code:
            raise Refused(err)
        return json.loads(out) if out.strip() else {}

    def refuses(self, code: str, *words: Any) -> str:
        try:
            answer = self(*words)
        except Refused as refused:
            assert refused.code == code, f"{words}: {refused}, not {code}"
            return str(refused)
        raise AssertionError(f"{words}: answered {answer} instead of {code}")

    def ask(self, method: str, what: str, value: Any = None) -> Any:
        body = None if value is None else json.dumps(value).encode()
        with open_url(urllib.request.Request(f"{self.url}/_fake/{what}", body,
                                             method=method)) as answer:
            return json.load(answer)

    def reset(self, world: str = "small") -> None:
        self.ask("POST", "reset", {"world": world})

    def set(self, **settings: Any) -> None:
        self.ask("POST", "settings", settings)

    def make(self, what: str, **how: Any) -> None:
        self.ask("POST", "make", {"make": what, **how})

    def fault(self, **how: Any) -> None:
        self.ask("POST", "faults", how)

    def changes(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = self.ask("GET", "changes")
        return found

    def table(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", "world")["regions"]["us-east-1"].get(name, {})
        return found

    def named(self, table: str, name: str) -> Any:
        """Finds a resource by its Name tag."""
        return next(r for r in self.table(table).values()
                    if {"Key": "Name", "Value": name} in r.get("Tags", []))

    def first_eni(self, instance: str) -> str:
        key = self.named("instances", instance)["InstanceId"]
        return next(k for k, e in self.table("enis").items()
                    if e.get("Attachment", {}).get("InstanceId") == key)


def open_url(request: urllib.request.Request) -> Any:
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20)


@functools.lru_cache(maxsize=None)
def keep_models() -> None:
    """Caches parsed models; otherwise each run of the CLI would parse them again."""
    # Some packages of the CLI bundle botocore.
    names = [n for n in ("awscli.botocore.loaders", "botocore.loaders") if n in sys.modules]
    JSONFileLoader: Any = sys.modules[names[0]].JSONFileLoader  # type: ignore

    parsed: dict[str, Any] = {}
    load = JSONFileLoader.load_file

    def load_file(self: Any, path: str) -> Any:
        if path not in parsed:
            parsed[path] = load(self, path)
            gc.freeze()  # the garbage collector need not visit it again
        return parsed[path]
    JSONFileLoader.load_file = load_file


DRIVERS: dict[tuple[str, ...], Any] = {}
# With these in a command, or a configuration file, a driver is not used again.
ONCE = ("--no-sign-request", "--profile", "--region")


def driver(args: list[str]) -> Any:
    """One per environment: building the commands of a service takes most of a call."""
    from awscli.clidriver import create_clidriver  # type: ignore

    if os.environ.get("AWS_CONFIG_FILE") != os.devnull or set(ONCE) & set(args):
        return create_clidriver(args)
    key = tuple(f"{k}={v}" for k, v in sorted(os.environ.items()) if k.startswith("AWS_"))
    if key not in DRIVERS:
        DRIVERS[key] = create_clidriver(args)
    return DRIVERS[key]


def run_cli(args: list[str]) -> tuple[int, str, str]:
    """The AWS CLI inside this process: starting a new one takes most of a second."""
    from awscli.clidriver import AWSCLIEntryPoint  # type: ignore

    keep_models()
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = AWSCLIEntryPoint(driver(args)).main(args)
        except SystemExit as e:
            code = int(e.code or 0)
    return code, out.getvalue(), err.getvalue()


@contextlib.contextmanager
def environment(**values: Optional[str]) -> Any:
    before = {k: os.environ.get(k) for k in values}
    _set(values)
    try:
        yield
    finally:
        _set(before)


def _set(values: dict[str, Optional[str]]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def main() -> int:
    from fakeaws.models import NoModels, find
    from fakeaws.world import DEFAULT_KEY, DEFAULT_SECRET
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        del os.environ[name]
    try:
        find()
        from awscli.clidriver import AWSCLIEntryPoint  # type: ignore  # noqa: F401
    except (NoModels, ImportError) as e:
        print(f"skip fakeaws # {e}")
        return 0
    os.environ.update(AWS_ACCESS_KEY_ID=DEFAULT_KEY, AWS_SECRET_ACCESS_KEY=DEFAULT_SECRET,
                      AWS_DEFAULT_REGION="us-east-1", AWS_MAX_ATTEMPTS="1", AWS_PAGER="",
                      NO_PROXY="127.0.0.1", no_proxy="127.0.0.1",
                      AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null",
                      AWS_EC2_METADATA_DISABLED="true")
    aws, failed = Aws(), 0
    print(f"1..{len(TESTS)}")
    for name, function in TESTS:
        try:
            aws.reset()
            function(aws)
            bugs = [e["fake_bug"] for e in aws.ask("GET", "journal") if "fake_bug" in e]
            assert not bugs, bugs
            print(f"ok {name}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {name}")
            print("".join(f"#   {line}\n" for line in traceback.format_exc().splitlines()[-12:]),
                  end="", flush=True)
    aws.process.terminate()
    aws.process.wait(10)
    return 1 if failed else 0
