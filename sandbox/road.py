"""What the carriers of the sandbox share: whose number it is, how many calls a second they bear, who is let in."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from aiohttp import web

from sandbox.clock import Clock
from sandbox.permits import NoPermit, Permits
from sandbox.shipment import Scan, Shipment

CLIENT, SECRET = "sandbox-carrier-app", "sandbox-carrier-secret"
Codes = Mapping[str, tuple[str, ...]]  # 17TRACK's sub status, in which the world thinks: the carrier's own words


class Busy(Exception):
    """More calls in a second than the carrier bears."""


@dataclass(slots=True)
class Road:
    """``known`` are the world's parcels by number."""

    clock: Clock
    known: Mapping[str, Shipment]
    per_second: int
    _calls: list[float] = field(default_factory=list)

    def scans(self, number: str) -> tuple[Scan, ...]:
        """What the carrier knows now, newest first; empty for a number that it does not have (yet)."""
        shipment = self.known.get(number)
        return tuple(reversed(shipment.seen(self.clock.now(), number))) if shipment else ()

    def spend(self) -> None:
        """Counts a call of the last real second. Raises Busy."""
        now = asyncio.get_running_loop().time()
        self._calls = [at for at in self._calls if at > now - 1]
        if len(self._calls) >= self.per_second:
            raise Busy
        self._calls.append(now)


def permits(clock: Clock, random: Random, lives: timedelta) -> Permits:
    """Tokens for an application itself (client credentials)."""
    return Permits(clock=clock, random=random, client=CLIENT, secret=SECRET, redirect="", lives=lives)


def let_in(held: Permits, request: web.Request) -> None:
    """Raises NoPermit without a token that is good now."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer":
        raise NoPermit("invalid_token")
    held.of(token)
