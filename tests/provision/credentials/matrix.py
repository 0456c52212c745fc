"""Compares what metlo-mirror and botocore find in each situation: the same, or a reason."""
from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path
from typing import Any, Optional

from mirror.kit import PROGRAM, mine, run_module

from .cases import CASES, Case
from .services import Service, serve


class Compare:
    def __init__(self) -> None:
        self.url = serve()
        self.certificates = tempfile.TemporaryDirectory()
        self.tls = serve(Path(self.certificates.name))
        self.home = tempfile.TemporaryDirectory()
        self.resolver = subprocess.Popen(
            [sys.executable, "-B", "-m", "credentials.resolver"], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={"HOME": self.home.name, "PATH": os.environ["PATH"]})

    def text(self, text: str) -> str:
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=10)
        return text.replace("{URL}", self.url).replace("{HOME}", self.home.name).replace(
            "{LOCALHOST}", self.url.replace("127.0.0.1", "localhost")).replace(
            "{TLS}", self.tls).replace("{CA}", self.certificates.name + "/ca.pem").replace(
            "{SOON}", soon.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def env(self, case: Case) -> dict[str, str]:
        env = {"HOME": self.home.name, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
               "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
               "AWS_MAX_ATTEMPTS": "1", "AWS_ENDPOINT_URL_STS": self.url + "/sts",
               "AWS_ENDPOINT_URL_SSO": self.url + "/sso",
               "AWS_ENDPOINT_URL_SSO_OIDC": self.url + "/oidc",
               "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.url + "/nothing/",
               **{k: self.text(v) for k, v in case.env.items()}}
        return {k: v for k, v in env.items() if v != "(unset)"}

    def write(self, case: Case) -> None:
        """Both programs may rewrite caches, so each gets files of its own."""
        for path in Path(self.home.name).iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name, content in case.files().items():
            path = Path(self.home.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.text(content), encoding="utf-8")

    def botocore(self, case: Case) -> dict[str, Any]:
        self.write(case)
        endpoint = case.call or {"path", "host"} & set(case.also)
        assert self.resolver.stdin and self.resolver.stdout
        self.resolver.stdin.write(json.dumps({"env": self.env(case),
                                              "profile": case.profile,
                                              "service": case.service if endpoint else None,
                                              "call": case.call}) + "\n")
        answer: dict[str, Any] = json.loads(self.resolver.stdout.readline())
        if "endpoint" in answer:
            answer["host"] = urllib.parse.urlparse(answer["endpoint"]).hostname
            answer["path"] = answer.pop("endpoint").removeprefix(self.url).rstrip("/")
        return answer

    def ours(self, case: Case) -> dict[str, Any]:
        self.write(case)
        Service.seen.clear()
        Service.hosts.clear()
        Service.known = case.service != "sts"
        words = ["aws", "list"] + (["--profile", case.profile] if case.profile else [])
        run = subprocess.run([PROGRAM, *words], env=self.env(case), stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=60, check=False,
                             start_new_session=True)
        if "host" in case.also:
            return {"host": Service.hosts[0]} if Service.hosts else {"error": run.stderr}
        if not Service.seen:
            return {"error": run.stderr}
        return dict(Service.seen[0])

    def same(self, case: Case) -> Optional[str]:
        """None, or the difference."""
        theirs, ours = self.botocore(case), self.ours(case)
        members = case.also if "host" in case.also else ("key", "secret", "token", *case.also)
        if case.want is not None:  # guards against a situation that tests nothing
            got = ours.get("key", "error")
            if got != case.want:
                return f"metlo-mirror found {got}, not {case.want}: {ours}"
        equal = ("error" in theirs) == ("error" in ours) and \
            all(theirs.get(m) == ours.get(m) for m in members)
        if equal and case.reason:
            return f"no difference, but a reason is given: {case.reason}"
        if not equal and not case.reason:
            return f"botocore: {theirs}\nmetlo-mirror: {ours}"
        return None


def main(wanted: list[str]) -> int:
    if not PROGRAM.exists():
        print("skip credentials # metlo-mirror is not built")
        return 0
    cases = mine([c for c in CASES if not wanted or any(w in c.name for w in wanted)])
    compare, failed = Compare(), 0
    print(f"1..{len(cases)}")
    for case in cases:
        why = compare.same(case)
        failed += why is not None
        print(f"{'not ok' if why else 'ok'} credentials: {case.name}"
              + (f" (differs: {case.reason})" if case.reason and not why else ""), flush=True)
        for line in (why or "").splitlines():
            print(f"#   {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    run_module(jobs=3, run=main)
