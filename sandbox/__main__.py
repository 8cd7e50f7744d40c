"""``python -m sandbox``: starts the world, prints where it is, stops on SIGINT and SIGTERM."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sandbox.chance import SHOP
from sandbox.clock import Clock
from sandbox.mailer import AUTHSERV_ID, MEMBER, Post
from sandbox.marketplaces import NAMES
from sandbox.serve import Ports, serve
from sandbox.world import PLEASANT_SEED, World

NAMED = ", ".join(NAMES)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs until told to stop. Exit code 2 with a sentence for wrong arguments."""
    parser = _parser()
    wanted = parser.parse_args(arguments)
    if bool(wanted.smtp) != bool(wanted.mail_to):
        parser.error("--smtp and --mail-to go together")
    try:
        clock = Clock.from_environment(os.environ)
    except ValueError as problem:
        parser.error(str(problem))
    asyncio.run(_live(wanted, clock))


def _four(text: str) -> Ports:
    """``control,store,supplier,aggregator``."""
    control, store, supplier, aggregator = (int(port) for port in text.split(","))
    return Ports(control=control, store=store, supplier=supplier, aggregator=aggregator)


def _channels(text: str) -> tuple[str, ...]:
    """The first is where most orders come from. Raises ValueError for one that does not exist."""
    names = tuple(text.split(","))
    if not set(names) <= {SHOP, *NAMES}:
        raise ValueError(text)
    return names


def _host_and_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon:
        raise ValueError(text)
    return host, int(port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A simulated world for Doorstep.")
    parser.add_argument(
        "--port", type=int, default=8800, help="control; store, supplier, aggregator, vendors are the next four"
    )
    parser.add_argument(
        "--ports", type=_four, metavar="A,B,C,D", help="control,store,supplier,aggregator (0 = any free port)"
    )
    parser.add_argument("--vendors-port", type=int, default=0, help="with --ports: of the vendors known by their hosts")
    parser.add_argument(
        "--channels", type=_channels, default=(SHOP,), metavar="A,B", help=f"where orders come from: {SHOP} or {NAMED}"
    )
    parser.add_argument("--seed", type=int, default=PLEASANT_SEED, help="the same seed tells the same story")
    parser.add_argument(
        "--smtp", type=_host_and_port, metavar="HOST:PORT", help="where shipping mails go; none without it"
    )
    parser.add_argument("--mail-to", default="", metavar="ADDRESS", help="the forwarding address they are sent to")
    parser.add_argument("--member", default=MEMBER, help="who forwards some of them by hand")
    parser.add_argument("--authserv-id", default=AUTHSERV_ID, help="the provider that vouches for their sender")
    parser.add_argument("--dkim-key", type=Path, help="a PEM private key: letters are then DKIM-signed")
    parser.add_argument("--push-url", default="", help="where the aggregator pushes to")
    parser.add_argument("--idle", action="store_true", help="no orders but those placed through the control door")
    parser.add_argument("--quiet", action="store_true", help="print nothing")
    return parser


async def _live(wanted: argparse.Namespace, clock: Clock) -> None:
    world = World(clock=clock, seed=wanted.seed, post=_post(wanted), channels=wanted.channels)
    world.aggregator.push_address = wanted.push_url
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(world, _ports(wanted), idle=wanted.idle) as addresses:
        if not wanted.quiet:
            sys.stdout.write(f"sandbox {addresses}\n")
            sys.stdout.flush()
        await stop.wait()


def _ports(wanted: argparse.Namespace) -> Ports:
    first: int = wanted.port
    named: Ports | None = wanted.ports
    if named:
        return replace(named, vendors=wanted.vendors_port)
    return Ports(control=first, store=first + 1, supplier=first + 2, aggregator=first + 3, vendors=first + 4)


def _post(wanted: argparse.Namespace) -> Post | None:
    if not wanted.smtp:
        return None
    host, port = wanted.smtp
    key = wanted.dkim_key.read_bytes() if wanted.dkim_key else b""
    return Post(
        host=host, port=port, to=wanted.mail_to, member=wanted.member, authserv_id=wanted.authserv_id, dkim_key=key
    )


if __name__ == "__main__":
    main()
