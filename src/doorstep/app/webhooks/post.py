"""One request to an endpoint, by the house's only HTTP client: public addresses only, no redirects, within bounds."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from yarl import URL

from doorstep.app import clock, http
from doorstep.app.vendors.accounts import message_of
from doorstep.connectors.contract import Request, Trouble
from doorstep.core.message import Message

TIMEOUT_S: Final = 10.0
GONE: Final = 410  # "do not send any more" (Standard Webhooks)
LONGEST_REST_S: Final = 3600.0  # that an answer may ask for


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a request. ``status`` 0 = no answer, ``trouble`` says why. ``rest``: seconds it asked us to wait."""

    status: int = 0
    ms: int = 0
    body: bytes = b""
    trouble: Message | None = None
    rest: float = 0.0

    @property
    def taken(self) -> bool:
        """Whether the endpoint took it."""
        return 200 <= self.status < 300


async def post(url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Send it. Whatever goes wrong is an Outcome."""
    began, host = clock.monotonic(), URL(url).host or ""
    whole = {"Content-Type": "application/json", **headers}
    request = Request(method="POST", url=url, headers=whole, body=body, sealed=True, changes=True)  # a path may let in
    try:
        async with asyncio.timeout(TIMEOUT_S):
            answer = await http.send(request, frozenset({host}))
    except Trouble as trouble:
        return Outcome(ms=_since(began), trouble=message_of(trouble))
    except TimeoutError:
        late = Message(id="webhook.late", values={"host": host, "seconds": TIMEOUT_S})
        return Outcome(ms=_since(began), trouble=late)
    rest = answer.headers.get("retry-after", "")
    return Outcome(
        status=answer.status,
        ms=_since(began),
        body=answer.body,
        rest=min(float(rest), LONGEST_REST_S) if rest.isascii() and rest.isdecimal() else 0.0,
    )


def signing_time() -> datetime:
    """When a request is signed: receivers compare it with their own clock, so it is the machine's, never a demo's."""
    return datetime.fromtimestamp(clock.machine(), UTC)


def _since(began: float) -> int:
    return round((clock.monotonic() - began) * 1000)
