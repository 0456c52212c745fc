"""Runs the program against deployments in a fake AWS and reports results."""
from __future__ import annotations

import os
import subprocess
import traceback
from typing import Any, Callable, Optional

from fakeaws.tests.kit import Aws
from mirror.kit import LIMIT, PROGRAM, Run, mine

TESTS: list[tuple[str, Callable[["Account"], None]]] = []


def test(name: str) -> Callable[[Callable[["Account"], None]], Callable[["Account"], None]]:
    def register(function: Callable[["Account"], None]) -> Callable[["Account"], None]:
        TESTS.append((name, function))
        return function
    return register


class Account(Aws):
    """A fake AWS with the program as its client; the AWS CLI plays other users."""

    def env(self, **more: str) -> dict[str, str]:
        """The environment of the program, which retries calls unlike the AWS CLI of the tests."""
        kept = {k: v for k, v in os.environ.items() if k != "AWS_MAX_ATTEMPTS"}
        return {**kept, "AWS_ENDPOINT_URL": self.url, **more}

    def start(self, *words: str, **env: str) -> "subprocess.Popen[str]":
        return subprocess.Popen([PROGRAM, "aws", *words], env=self.env(**env), text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def mirror(self, *words: str, code: Optional[int] = 0, **env: str) -> Run:
        process = self.start(*words, **env)
        out, err = process.communicate(timeout=LIMIT)
        run = Run(words, process.returncode, out, err)
        assert code is None or run.code == code, f"not code {code}: {run}"
        return run

    def reset_instant(self, world: str = "small") -> None:
        """Resets the fake to a new world in which no operation takes time."""
        self.reset(world)
        self.set(lb_seconds=0, health_seconds=0, eni_linger_seconds=0)

    def instance(self, name: str) -> str:
        key: str = self.named("instances", name)["InstanceId"]
        return key

    def set_up(self, *more: str, sources: tuple[str, ...] = ("tag:team=shop",),
               target: str = "nlb:new", code: int = 0) -> Run:
        args = ["setup", "--yes", "--ports", "80", "--target", target]
        for source in sources:
            args += ["--source", source]
        if target == "nlb:new":
            args += ["--collector", self.instance("collector-1")]
        return self.mirror(*args, "--open-groups", *more, code=code)

    def writes(self) -> list[str]:
        """Mutating calls, in order."""
        return [e["operation"] for e in self.ask("GET", "journal")
                if e.get("category") == "write"]

    def sessions(self) -> set[str]:
        """The mirrored interfaces."""
        return {s["NetworkInterfaceId"] for s in self.table("mirror_sessions").values()}

    def task_enis(self, service: str) -> set[str]:
        tasks = [a for a, t in self.table("tasks").items() if t["group"] == f"service:{service}"]
        return {k for k, e in self.table("enis").items() if e.get("_task") in tasks}


def prepare() -> Optional[str]:
    """The reason to skip all tests, or None."""
    from fakeaws.models import NoModels, find
    from fakeaws.world import DEFAULT_KEY, DEFAULT_SECRET
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        del os.environ[name]
    if not PROGRAM.exists():
        return f"{PROGRAM.name} is not built"
    try:
        find()
        from awscli.clidriver import AWSCLIEntryPoint  # type: ignore  # noqa: F401
    except (NoModels, ImportError) as e:
        return str(e)
    os.environ.update(AWS_ACCESS_KEY_ID=DEFAULT_KEY, AWS_SECRET_ACCESS_KEY=DEFAULT_SECRET,
                      AWS_DEFAULT_REGION="us-east-1", AWS_MAX_ATTEMPTS="1", AWS_PAGER="",
                      NO_PROXY="127.0.0.1", no_proxy="127.0.0.1", LC_ALL="C.UTF-8",
                      AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null",
                      AWS_EC2_METADATA_DISABLED="true")
    return None


def main(wanted: list[str]) -> int:
    why = prepare()
    if why:
        print(f"skip upkeep # {why}")
        return 0
    tests = mine([t for t in TESTS if not wanted or any(w in t[0] for w in wanted)])
    account, failed = Account(), 0
    print(f"1..{len(tests)}")
    for name, function in tests:
        try:
            account.reset_instant()
            function(account)
            bugs = [e["fake_bug"] for e in account.ask("GET", "journal") if "fake_bug" in e]
            assert not bugs, bugs
            print(f"ok {name}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {name}")
            print("".join(f"#   {line}\n" for line in traceback.format_exc().splitlines()[-25:]),
                  end="", flush=True)
    account.process.terminate()
    account.process.wait(10)
    return 1 if failed else 0
