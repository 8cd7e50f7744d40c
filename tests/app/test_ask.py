"""One number asked about without a database, against a server on the loopback that answers as documented."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from doorstep.app.track import ask as asking
from doorstep.app.track import environment
from doorstep.app.track.ask import ask_each
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


async def asked(**forms: str) -> tuple[asking.Asked, ...]:
    """17TRACK asked with a key."""
    return await ask_each(NUMBER, {name: {"api_key": key} for name, key in forms.items()}, list(forms))


async def test_the_events_of_a_number_are_told(said):
    said.append(case("delivered"))
    (one,) = await asked(seventeen_track="good")
    assert one.knows and one.track.answer is TrackAnswer.EVENTS and one.track.events


async def test_a_wrong_key_is_denied(said):
    (one,) = await asked(seventeen_track="bad")
    assert isinstance(one.trouble, Denied) and not one.knows and one.track is None


async def test_nothing_said_is_none(said):
    said.append({"code": 0, "data": {"accepted": [], "rejected": []}})
    (one,) = await asked(seventeen_track="good")
    assert (one.track, one.trouble, one.knows) == (None, None, False)


async def test_whoever_refuses_is_passed_over_until_one_knows_the_number(said, settings):
    said.append(case("delivered"))
    settings.HOST_MAP += f",api.aftership.com={settings.HOST_MAP.partition('=')[2]}"
    first, second = await asked(aftership="bad", seventeen_track="good")
    assert (first.name, second.name) == ("aftership", "seventeen_track")
    assert first.trouble is not None and second.knows
    assert len(await asked(seventeen_track="good", aftership="good")) == 1  # nobody else is asked then


def test_accounts_are_whole_or_not_there():
    some = {"UPS_CLIENT_ID": "me", "AFTERSHIP_API_KEY": "k", "SEVENTEEN_TRACK_API_KEY": "", "HOME": "/root"}
    assert list(environment.named(some)) == ["aftership"]
    assert {"client_id", "client_secret"} <= set(environment.named({**some, "UPS_CLIENT_SECRET": "s"})["ups"])
    assert environment.named({}) == {}


def test_the_carriers_own_account_is_asked_before_aggregators():
    keys = {"AFTERSHIP_API_KEY": "k", "UPS_CLIENT_ID": "me", "UPS_CLIENT_SECRET": "s", "POSTNORD_API_KEY": "k"}
    forms = environment.named(keys)
    assert list(environment.in_order(forms, "ups")) == ["ups", "aftership"]
    assert list(environment.in_order(forms, "")) == ["aftership"]
