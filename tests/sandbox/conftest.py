"""A world of one's own for each test, and somebody who listens to its webhooks."""

import asyncio
import json
import secrets
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sandbox import aggregator, store, supplier
from sandbox.clock import Clock
from sandbox.oauth import signature
from sandbox.serve import HOST, Ports, listen, serve
from sandbox.world import World

SHARED = Path(__file__).resolve().parents[3] / "shared"


@dataclass
class Reply:
    """Status, headers and the decoded body."""

    status: int
    headers: Any
    body: Any


@dataclass
class Town:
    """A running world and a client that speaks to each vendor as the vendor wants it."""

    world: World
    ports: Ports
    session: aiohttp.ClientSession
    token: str = ""

    async def _send(self, method: str, url: str, **how: Any) -> Reply:
        for _ in range(10):
            async with self.session.request(method, url, **how) as answer:
                text = await answer.text()
                if answer.status != 429 or how.get("headers", {}).get("impatient"):
                    body = json.loads(text) if text[:1] in {"{", "["} else text
                    return Reply(answer.status, answer.headers, body)
            await asyncio.sleep(0.4)
        raise AssertionError("429 ten times")

    async def shop(self, method: str, path: str, query: Any = (), body: Any = None, **changed: str) -> Reply:
        """A signed call; ``changed`` replaces oauth parameters."""
        url = f"http://{HOST}:{self.ports.store}/wp-json{path}"
        oauth = {
            "oauth_consumer_key": store.KEY,
            "oauth_nonce": secrets.token_hex(8),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(int(self.world.clock.now().timestamp())),
            **changed,
        }
        pairs = [*query, *((name, value) for name, value in oauth.items() if name != "oauth_signature")]
        signed = changed.get("oauth_signature") or signature(method, url, pairs, store.SECRET)
        return await self._send(method, url, params=[*pairs, ("oauth_signature", signed)], json=body)

    async def track(self, verb: str, items: Any, key: str = aggregator.KEY, **headers: str) -> Reply:
        """A call to 17TRACK."""
        url = f"http://{HOST}:{self.ports.aggregator}{aggregator.BASE}/{verb}"
        return await self._send("POST", url, json=items, headers={"17token": key, **headers})

    async def cj(self, method: str, path: str, *, query: Any = (), body: Any = None, **headers: str) -> Reply:
        """A call to CJ with the token that ``login`` got."""
        url = f"http://{HOST}:{self.ports.supplier}{supplier.BASE}{path}"
        send = {"CJ-Access-Token": self.token, **headers}
        return await self._send(method, url, params=list(query), json=body, headers=send)

    async def login(self) -> dict[str, Any]:
        """Gets a token."""
        reply = await self.cj("POST", "/authentication/getAccessToken", body={"apiKey": supplier.API_KEY})
        self.token = reply.body["data"]["accessToken"]
        return reply.body["data"]

    async def control(self, method: str, path: str, body: Any = None) -> Reply:
        """A call to the control door."""
        return await self._send(method, f"http://{HOST}:{self.ports.control}/control/{path}", json=body)

    async def days(self, days: float) -> None:
        """Time passes."""
        self.world.clock.jump(timedelta(days=days))
        self.world.happen()


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    """An idle world in real time on free ports."""
    world = World(clock=Clock(datetime.now(UTC), 1), seed=7, post=None)
    ports = Ports(control=0, store=0, supplier=0, aggregator=0)
    async with serve(world, ports, idle=True) as real, aiohttp.ClientSession() as session:
        yield Town(world, real, session)


@dataclass
class Ear:
    """Hears webhooks. ``answers`` are the statuses of the next replies; 200 afterwards."""

    url: str
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def until(self, enough: int) -> list[tuple[dict[str, str], bytes]]:
        """Waits for that many, at most five seconds."""
        for _ in range(500):
            if len(self.heard) >= enough:
                return self.heard
            await asyncio.sleep(0.01)
        raise AssertionError(f"heard {len(self.heard)} of {enough}")


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    """A server on the loopback."""
    sock = listen(0)
    listener = Ear(f"http://{HOST}:{sock.getsockname()[1]}/hooks/unguessable")

    async def hear(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        listener.heard.append((headers, await request.read()))
        return web.Response(status=listener.answers.pop(0) if listener.answers else 200)

    app = web.Application()
    app.add_routes([web.post("/hooks/unguessable", hear)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.SockSite(runner, sock).start()
    yield listener
    await runner.cleanup()


@pytest.fixture(scope="session")
def vendor_schema() -> Callable[[str], Any]:
    """Reads a vendor's schema from beside the repository, or skips."""

    def read(path: str) -> Any:
        file = SHARED / "specs" / path
        if not file.exists():
            pytest.skip(f"the vendors' schemas are not here: {file.name}")
        return json.loads(file.read_text(encoding="utf-8"))

    return read


@pytest.fixture
def python() -> str:
    """The interpreter that runs the tests."""
    return sys.executable
