"""A merchant's own program on the loopback: it is sent webhooks, checks them, and answers as a test says."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Sent:
    """One request that came in."""

    headers: dict[str, str]
    raw: bytes

    @property
    def mark(self) -> str:
        return self.headers["webhook-id"]

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.raw)
        return found


@dataclass(slots=True)
class Receiver:
    """``answers``: (status, body, headers) of the next requests; 200 when none is left."""

    port: int = 0
    seen: list[Sent] = field(default_factory=list)
    answers: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/told"

    @property
    def types(self) -> list[str]:
        return [one.body["type"] for one in self.seen]

    def fails(self, *statuses: int, body: str = "", **headers: str) -> None:
        """The next requests are answered so."""
        self.answers += [(status, body, {k.replace("_", "-"): v for k, v in headers.items()}) for status in statuses]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append(Sent(headers, await request.read()))
        status, body, said = self.answers.pop(0) if self.answers else (200, "", {})
        return web.Response(status=status, text=body, headers=said)


@contextlib.asynccontextmanager
async def receiving(settings: Any) -> AsyncIterator[Receiver]:
    """A receiver that the operator allows, as long as the context lasts."""
    one = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", one.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    for port in range(18_700, 18_800):
        site = web.TCPSite(runner, "127.0.0.1", port)
        try:
            await site.start()
        except OSError:
            continue
        one.port = port
        break
    before = settings.ALLOW_HOSTS
    settings.ALLOW_HOSTS = ",".join(filter(None, (before, f"127.0.0.1:{one.port}")))
    yield one
    await runner.cleanup()
