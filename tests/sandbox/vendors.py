"""Drives connectors against the sandbox's vendors over real HTTP, and holds what was said to the vendors' schemas."""

import functools
import importlib.util
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from aiohttp import web

from doorstep.connectors.contract import Account, Answer, Connector, Facts, Flow, Request
from sandbox.clock import Clock
from sandbox.serve import HOST, listen
from tests.connectors.flow import AT_MOST, check_request

T = TypeVar("T")
SPECS = Path(__file__).resolve().parents[3] / "shared/specs"


@dataclass
class Line:
    """A line to one vendor: every host of it ends at ``url``. ``read`` is what the connector read in the answers."""

    url: str
    session: aiohttp.ClientSession
    clock: Clock
    said: list[tuple[Request, Answer]] = field(default_factory=list)
    read: list[Facts] = field(default_factory=list)

    async def run(self, connector: Connector, account: Account, flow: Flow[T]) -> T:
        """The flow's result. Raises Trouble."""
        try:
            step = next(flow)
            for _ in range(AT_MOST):
                check_request(connector, account, step)
                answer = await self._send(step)
                self.said.append((step, answer))
                if step.what and answer.status == 200:
                    self.read.append(connector.read(answer))
                step = flow.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        raise AssertionError(f"more than {AT_MOST} requests")

    async def _send(self, request: Request) -> Answer:
        there = urlsplit(request.url)
        headers = {**request.headers, "Host": there.netloc}
        sent = self.session.request(
            request.method, self.url + there.path, params=request.query, headers=headers, data=request.body or None
        )
        async with sent as answer:
            return Answer(
                what=request.what,
                status=answer.status,
                headers={name.lower(): value for name, value in answer.headers.items()},
                body=await answer.read(),
                context=request.context,
                received_at=self.clock.now(),
            )


@asynccontextmanager
async def line(app: web.Application, clock: Clock) -> AsyncIterator[Line]:
    """The application on the loopback, and a line to it."""
    sock = listen(0)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.SockSite(runner, sock).start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Line(f"http://{HOST}:{sock.getsockname()[1]}", session, clock)
    finally:
        await runner.cleanup()


def specification(file: str, *, strict: bool) -> Any:
    """A vendor's own schema; skips where it is not beside the repository."""
    if not (SPECS / "derived/contract.py").exists():
        pytest.skip("../shared is absent: no schemas of the vendors")
    return _contract().Spec(file, strict=strict)


@functools.cache
def _contract() -> Any:
    """The module that reads the schemas; one for all, because it keeps what it has read (a megabyte takes seconds)."""
    spec = importlib.util.spec_from_file_location("contract", SPECS / "derived/contract.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def problems(file: str, said: list[tuple[Request, Answer]], *, prefix: str = "") -> list[str]:
    """What in these exchanges is not as the OpenAPI file has it. ``prefix`` stands before its paths. Requests are held
    to it strictly; of answers only what is declared.
    """
    strict, loose = specification(file, strict=True), specification(file, strict=False)
    return [
        f"{request.method} {request.url}: {one}"
        for request, answer in said
        for one in _problems(strict, loose, prefix, request, answer)
    ]


def _problems(strict: Any, loose: Any, prefix: str, request: Request, answer: Answer) -> Iterator[str]:
    path = urlsplit(request.url).path.removeprefix(prefix)
    template = next((one for one in strict.doc["paths"] if _matches(one, path)), None)
    if template is None:
        yield "no such operation"
        return
    declared = strict.params(request.method, template)
    given = dict(request.query)
    yield from (f"parameter {name} is not declared" for name in given if ("query", name) not in declared)
    needed = {name for (where, name), always in declared.items() if where == "query" and always}
    yield from (f"parameter {name} is missing" for name in needed - set(given))
    if request.body:
        yield from strict.request(request.method, template, _content(request))
    if answer.body and answer.status < 300:
        yield from loose.response(request.method, template, answer.status, json.loads(answer.body))
    elif str(answer.status) not in strict.doc["paths"][template][request.method.lower()]["responses"]:
        yield f"status {answer.status} is not declared"


def _matches(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(template)), path) is not None


def _content(request: Request) -> Any:
    """JSON, or a form with its booleans as such."""
    if "json" in request.headers.get("Content-Type", ""):
        return json.loads(request.body)
    words = {"true": True, "false": False}
    return {name: words.get(value, value) for name, value in parse_qsl(request.body.decode())}
