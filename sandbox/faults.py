"""Trouble on request: makes a vendor misbehave for its next calls."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
VENDORS = (
    *("store", "supplier", "aggregator", "ebay", "etsy", "amazon", "shopify", "generic", "aliexpress", "printful"),
    *("ups", "usps", "fedex", "dhl_unified", "aftership", "paypal"),
)
SLOW_SECONDS = 3.0
CALLS = 20_000  # remembered


class Fault(StrEnum):
    """What goes wrong."""

    DENIED = "401"
    BUSY = "429"
    DOWN = "500"
    HTML = "html"  # a maintenance page with status 200
    GARBAGE = "garbage"  # cut-off JSON with status 200
    SLOW = "slow"  # the right answer, late
    LOST = "lost"  # the work is done and the connection dies before the answer
    CUT = "cut"  # the same, in the middle of the answer


@dataclass(slots=True)
class Planned:
    """``calls`` that are still to fail; only those whose method and path begin as given."""

    fault: Fault
    calls: int
    method: str = ""
    path: str = ""
    seconds: float = SLOW_SECONDS

    def fits(self, request: web.Request) -> bool:
        """Does it apply to this call?"""
        return self.calls > 0 and request.method.startswith(self.method) and request.path.startswith(self.path)


@dataclass(slots=True)
class Faults:
    """What is planned, by vendor."""

    planned: dict[str, list[Planned]] = field(default_factory=dict)
    calls: dict[str, deque[float]] = field(default_factory=dict)  # when (monotonic) each vendor was called lately

    def plan(self, vendor: str, planned: Planned) -> None:
        """Adds trouble. Raises ValueError for a vendor that does not exist."""
        if vendor not in VENDORS:
            raise ValueError(f"no vendor {vendor!r}; there are {', '.join(VENDORS)}")
        self.planned.setdefault(vendor, []).append(planned)

    def clear(self) -> None:
        """Everybody behaves again."""
        self.planned.clear()

    def take(self, vendor: str, request: web.Request) -> Planned | None:
        """The trouble this call meets; counts it down."""
        for planned in self.planned.get(vendor, ()):
            if planned.fits(request):
                planned.calls -= 1
                return planned
        return None

    def left(self) -> dict[str, int]:
        """How many calls are still to fail, by vendor."""
        return {vendor: sum(one.calls for one in planned) for vendor, planned in self.planned.items()}


Words = Mapping[Fault, Callable[[], web.Response]]


def troubled(faults: Faults, vendor: str, own_words: Words) -> Middleware:
    """The middleware of one vendor. ``own_words`` says how this vendor puts DENIED and BUSY."""

    @web.middleware
    async def meet(request: web.Request, handler: Handler) -> web.StreamResponse:
        faults.calls.setdefault(vendor, deque(maxlen=CALLS)).append(asyncio.get_running_loop().time())
        planned = faults.take(vendor, request)
        if planned is None:
            return await handler(request)
        if planned.fault is Fault.SLOW:
            await request.read()  # it goes on with what it has, also when the caller has hung up
            await asyncio.sleep(planned.seconds)
            return await handler(request)
        if planned.fault is Fault.LOST:
            await handler(request)
            if request.transport:
                request.transport.abort()
            return web.Response()
        if planned.fault is Fault.CUT:
            return await _half(request, await handler(request))
        return own_words[planned.fault]() if planned.fault in own_words else _plain(planned.fault)

    return meet


async def _half(request: web.Request, whole: web.StreamResponse) -> web.StreamResponse:
    """Says how long the answer is and hangs up in the middle of it."""
    body = whole.body if isinstance(whole, web.Response) and isinstance(whole.body, bytes) else b"{}"
    answer = web.StreamResponse(status=whole.status, headers={"Content-Type": "application/json"})
    answer.content_length = len(body)
    await answer.prepare(request)
    await answer.write(body[: len(body) // 2])
    if request.transport:
        request.transport.abort()
    return answer


def _plain(fault: Fault) -> web.Response:
    if fault is Fault.HTML:
        return web.Response(
            text="<!doctype html><title>Maintenance</title><h1>Back soon</h1>", content_type="text/html"
        )
    if fault is Fault.GARBAGE:
        return web.Response(text='{"data": [{"id": 1, "numb', content_type="application/json")
    if fault is Fault.BUSY:
        return web.Response(status=429, headers={"Retry-After": "2"}, text="Too Many Requests")
    return web.Response(status=int(fault.value), text="Internal Server Error")
