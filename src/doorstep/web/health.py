"""For those who run Doorstep and their programs: is it alive, is it ready, how is it doing. Beside Django."""

import asyncio
import hmac
from ipaddress import ip_address
from typing import Final

from django.conf import settings

from doorstep.app import clock
from doorstep.app.loop import in_db
from doorstep.app.operate import backlogs, readiness
from doorstep.app.process.bridge import Receive, Scope, Send, plain
from doorstep.app.say import say
from doorstep.web.hooks.receive import headers_of

WITHIN_S: Final = 5.0  # the database answers, or it counts as away
FRESH_S: Final = 1.0  # an answer is good for so long, however many ask
FORWARDED: Final = frozenset(
    {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"}
)


class Health:
    """The ASGI application of ``/healthz``, ``/readyz`` and ``/metrics``. ``works``: this process does what waits, so a
    backlog that does not move is its own fault.
    """

    def __init__(self, *, works: bool) -> None:
        self._works = works
        self._known: tuple[float, int, str] = (0.0, 0, "")  # until, status and text of the last look

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One question."""
        if scope["method"] not in {"GET", "HEAD"}:
            await plain(send, 405, "Ask with GET.")
        elif scope["path"] == "/healthz":
            await plain(send, 200, "alive")
        elif scope["path"] == "/readyz":
            await plain(send, *await self._ready())
        elif may_read_metrics(scope):
            await _metrics(send)
        else:
            await plain(send, 403, "Metrics are shown to this machine, or with the token of DOORSTEP_METRICS_TOKEN.")

    async def _ready(self) -> tuple[int, str]:
        until, status, text = self._known
        if until < clock.monotonic():
            status, text = await self._look()
            self._known = clock.monotonic() + FRESH_S, status, text
        return status, text

    async def _look(self) -> tuple[int, str]:
        try:
            found = await asyncio.wait_for(in_db(readiness.examine, self._works), WITHIN_S)
        except TimeoutError:
            return 503, "The database does not answer in time."
        status = 503 if any(one.grade == "bad" for one in found) else 200
        return status, "\n".join(say(one.message) for one in found) or "ready"


def may_read_metrics(scope: Scope) -> bool:
    """Who shows the token; without one set, who asks from this machine and for nobody else."""
    headers = headers_of(scope)
    if settings.METRICS_TOKEN:
        wanted = f"Bearer {settings.METRICS_TOKEN}"
        return hmac.compare_digest(headers.get("authorization", "").encode(), wanted.encode())
    client = scope.get("client") or ("0.0.0.0",)  # noqa: S104 - nobody's address
    return ip_address(client[0]).is_loopback and not FORWARDED & headers.keys()


async def _metrics(send: Send) -> None:
    page = await in_db(backlogs.page)
    headers = [(b"content-type", backlogs.CONTENT_TYPE.encode()), (b"content-length", str(len(page)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": page})
