"""One number asked of 17TRACK without a database, against a server on the loopback that answers as documented."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from doorstep.app import ask as asking
from doorstep.app.ask import ask
from doorstep.connectors.contract import Denied
from doorstep.core.number import TrackingNumber
from doorstep.core.order import TrackAnswer
from tests.house import free_port

CASES = Path(__file__).parents[1] / "connectors" / "carriers" / "seventeen_track"
NUMBER = TrackingNumber(text="9261290100130739674442")


def case(name: str) -> dict[str, object]:
    (path,) = CASES.parent.parent.glob(f"*/seventeen_track/{name}.json")
    body: dict[str, object] = json.loads(path.read_text())["body"]
    return body


@pytest.fixture
async def said(settings, monkeypatch) -> AsyncIterator[list[dict[str, object]]]:
    """What the server answers to ``gettrackinfo``, one after the other; the last one stays."""
    answers: list[dict[str, object]] = []

    async def handle(request: web.Request) -> web.Response:
        if request.headers["17token"] != "good":
            return web.json_response(case("bad_key"))
        if request.path.endswith("/register"):
            accepted = [{"number": NUMBER.text, "carrier": 21051, "origin": 1}]
            return web.json_response({"code": 0, "data": {"accepted": accepted, "rejected": []}})
        return web.json_response(answers.pop(0) if len(answers) > 1 else answers[0])

    app = web.Application()
    app.router.add_post("/track/v2.2/{call}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    settings.HOST_MAP = f"api.17track.net=127.0.0.1:{port}"
    monkeypatch.setattr(asking, "PATIENCE", (0.0, 0.01, 0.01))
    yield answers
    await runner.cleanup()


async def test_the_events_of_a_number_are_told(said):
    said.append(case("delivered"))
    track = await ask(NUMBER, "good")
    assert track is not None and track.answer is TrackAnswer.EVENTS and track.events


async def test_a_wrong_key_is_denied(said):
    with pytest.raises(Denied):
        await ask(NUMBER, "bad")


async def test_nothing_said_is_none(said):
    said.append({"code": 0, "data": {"accepted": [], "rejected": []}})
    assert await ask(NUMBER, "good") is None
