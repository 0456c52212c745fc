"""Starts the fake: PYTHONPATH=tests/provision python3 -m fakeaws [options].

Prints one line when it listens: the ports of the API, of the instance metadata
and of the container credentials. Ends at SIGTERM, SIGINT, or --parent's end.
"""
from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from . import (by_hand, cloudwatch, ec2_groups, ec2_instances, ec2_mirror,  # noqa: F401
               ec2_network, ec2_repair, ec2_sessions, ecs, elb_balancers, elb_classic,
               elb_listeners, elb_targets, service_quotas, sts)
from . import metadata, models, worlds
from .control import Control
from .dispatch import Fake
from .journal import Journal
from .server import api, listen
from .world import DEFAULT_KEY, DEFAULT_SECRET


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fakeaws", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="of the API; 0 = any free one")
    parser.add_argument("--imds-port", type=int, default=0)
    parser.add_argument("--container-port", type=int, default=0)
    parser.add_argument("--world", default="small",
                        help="empty, small, many_enis=N, ... (with commas) or FILE.json")
    parser.add_argument("--region", default="us-east-1", help="where the world is")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON",
                        help="a setting, such as page_size=5")
    parser.add_argument("--journal", metavar="FILE", help="all calls, as JSON lines")
    parser.add_argument("--state", metavar="FILE", help="the world, written at the end")
    parser.add_argument("--env", metavar="FILE",
                        help="written when ready: the shell variables that a client needs")
    parser.add_argument("--models", metavar="DIR", help="another botocore/data")
    parser.add_argument("--parent", type=int, metavar="PID", help="end when this process has ended")
    return parser.parse_args()


def write_env(path: str, region: str, ports: tuple[int, int, int]) -> None:
    port, imds, container = ports
    values = {
        "FAKEAWS_URL": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": DEFAULT_KEY,
        "AWS_SECRET_ACCESS_KEY": DEFAULT_SECRET, "AWS_DEFAULT_REGION": region,
        "FAKEAWS_IMDS": f"http://127.0.0.1:{imds}",
        "FAKEAWS_CONTAINER": f"http://127.0.0.1:{container}/v2/credentials"}
    temporary = path + ".tmp"
    Path(temporary).write_text("".join(f"{k}='{v}'\n" for k, v in values.items()))
    os.rename(temporary, path)


def wait(parent: int | None) -> None:
    """Runs until a signal or until the parent process ends."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(0.5):
        if parent is not None and not Path(f"/proc/{parent}").exists():
            return


def main() -> int:
    args = arguments()
    try:
        loaded = models.load(Path(args.models) if args.models else None)
        world = worlds.load(args.world, args.region)
        worlds.set_settings(world.settings, {
            name: json.loads(value) for name, _, value in (s.partition("=") for s in args.set)})
    except (models.NoModels, worlds.BadWorld, ValueError, OSError) as e:
        print(f"fakeaws: {e}", file=sys.stderr)
        return 1
    fake = Fake(loaded, world, Journal(args.journal))
    servers = [listen(args.port, api(fake, Control(fake))),
               listen(args.imds_port, metadata.Instance(fake).respond),
               listen(args.container_port, metadata.Container(fake).respond)]
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    ports = tuple(server.server_address[1] for server in servers)
    if args.env:
        write_env(args.env, world.home, ports)  # type: ignore[arg-type]
    print(*ports, flush=True)
    wait(args.parent)
    if args.state:
        Path(args.state).write_text(json.dumps(fake.world.dump(), default=str, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
