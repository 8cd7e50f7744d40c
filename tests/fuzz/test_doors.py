"""Whatever somebody shows at a door: it opens to its own secret and to nothing else, and nothing breaks it."""

import os
from typing import Any, get_args
from urllib.parse import quote_from_bytes

import pytest
from django.test import Client
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from doorstep.app import doors, loop, vault
from doorstep.app.api import api_keys
from doorstep.app.overview import deadlines
from doorstep.db.models import Connection, User
from doorstep.urls import urlpatterns
from doorstep.web.hooks.receive import Hooks
from tests.app.ledger import Ledger, ledger
from tests.fuzz.hostile import TEXTS

LONG = "DOORSTEP_LONG" in os.environ
KINDS = get_args(doors.Kind)
TRIED = settings(
    max_examples=400 if LONG else 25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ROADS = sorted(str(one.pattern) for one in urlpatterns if "<str:token>" in str(one.pattern))
HEADERS = {
    b"range": [b"bytes=0-", b"bytes=-1", b"bytes=9-1,", b"bytes=" + b"0-," * 500, b"lines=1"],
    b"content-length": [b"-1", b"9" * 40, b"x"],
    b"content-type": [b"", b"multipart/form-data; boundary=", b"text/plain; charset=nothing", b"\xff"],
    b"content-encoding": [b"gzip", b"br, zstd"],
    b"expect": [b"100-continue"],
    b"x-wc-webhook-signature": [b"", b"\xff" * 40, b"=" * 9000],
}


@pytest.fixture
def shop(db: None) -> Ledger:
    return ledger(email="alice@example.org")


@pytest.fixture
def tokens(shop: Ledger) -> dict[doors.Kind, str]:
    """A live one of every kind."""
    return {kind: doors.token_of(doors.ensure(shop.ws, kind, shop.store.id)) for kind in KINDS}


@st.composite
def spoiled(draw: Any, secret: str) -> str:
    """Another text than the secret, and near it."""
    at, how = draw(st.integers(0, len(secret))), draw(st.integers(0, 5))
    more = draw(st.text(min_size=1, max_size=3) | st.sampled_from(["=", "/", "%00", "\0", " ", ".ics", "\u200b", "A"]))
    made = (
        secret[:at] + more + secret[at:],
        secret[:at] + secret[at + 1 :],
        secret[:at] + more + secret[at + 1 :],
        secret.swapcase(),
        secret * 2,
        secret[:at],
    )[how]
    assume(made != secret)
    return str(made)


@TRIED
@given(st.data())
def test_a_door_opens_to_its_own_token_only(tokens: dict[doors.Kind, str], data: st.DataObject) -> None:
    """Pages, hooks, letters' links, calendars, invitations and all others: one table, one way in."""
    kind = data.draw(st.sampled_from(KINDS))
    assert doors.find(kind, tokens[kind]) and doors.enter(kind, tokens[kind])
    for other in (data.draw(spoiled(tokens[kind])), tokens[data.draw(st.sampled_from(KINDS))]):
        assert other == tokens[kind] or (doors.find(kind, other) is None and doors.enter(kind, other) is None)


@TRIED
@given(st.data())
def test_a_key_is_good_as_a_whole_only(shop: Ledger, data: st.DataObject) -> None:
    _, secret = api_keys.make(shop.ws, "a program", api_keys.SCOPES, 30, "user:1")
    assert api_keys.enter(secret)
    assert api_keys.enter(data.draw(spoiled(secret))) is None


def test_texts_that_break_readers_open_nothing(shop: Ledger) -> None:
    for place, said in enumerate(TEXTS):
        kind = KINDS[place % len(KINDS)]
        assert doors.enter(kind, said) is None and doors.find(kind, said) is None
        assert api_keys.enter(said) is None and api_keys.enter(api_keys.PREFIX + said) is None


@pytest.mark.django_db
@pytest.mark.parametrize("road", ROADS)
def test_a_made_up_token_in_an_address_is_not_found(road: str) -> None:
    client = Client(raise_request_exception=False)
    for said in TEXTS if LONG else (*TEXTS[:40:4], "a" * 2000, "\u202e", "%00", "..", "%2e%2e"):
        token = quote_from_bytes(said.encode("utf-8", "surrogatepass") or b" ", safe="")
        path = f"/{road}".replace("<str:token>", token).replace("<int:inbox_id>", "1")
        for method in ("GET", "POST"):
            assert 400 <= client.generic(method, path).status_code < 500, (method, said[:40])


def test_a_calendar_opens_to_the_whole_address_only(shop: Ledger) -> None:
    address = deadlines.feed_url(deadlines.open_feed(shop.ws, User.objects.get(email="alice@example.org").pk, "user:1"))
    path = address[address.index("/calendar/") :]
    client = Client(raise_request_exception=False)
    whole = client.get(path)
    assert whole.status_code == 200 and whole.content.startswith(b"BEGIN:VCALENDAR")
    for said in ("bytes=0-", "bytes=5-2", "bytes=" + "0-," * 900, "x"):
        assert client.get(path, headers={"Range": said}).content[:15] == b"BEGIN:VCALENDAR"
    for other in (path[:-4], path[:-5] + ".ics", path.replace(".ics", ".ICS"), path + "/", path.swapcase(), path * 2):
        assert client.get(other).status_code == 404, other


async def asked(hooks: Hooks, method: str, path: str, headers: list[tuple[bytes, bytes]], query: bytes) -> int:
    """The status that one request to the hooks' application gets."""
    sent: list[Any] = []
    events = iter([{"type": "http.request", "body": b'{"id":1}', "more_body": False}])

    async def more() -> Any:
        return next(events, {"type": "http.disconnect"})

    async def send(event: Any) -> None:
        sent.append(event)

    scope = {"type": "http", "method": method, "path": path, "headers": headers, "query_string": query}
    await hooks(scope, more, send)
    return int(sent[0]["status"])


def hooked() -> list[str]:
    """The tokens of the hooks of a store, a supplier and a carrier."""
    shop = ledger(email="alice@example.org")
    Connection.objects.update(credentials_enc=vault.seal({"hook_secret": "a secret", "api_key": "another"}))
    return [doors.hook_url(one).rpartition("/")[2] for one in (shop.store, shop.supplier, shop.carrier)]


@pytest.mark.django_db(transaction=True)
async def test_no_header_query_or_path_breaks_the_address_of_webhooks() -> None:
    """Strangers reach it: nothing without a signature is taken, and nothing is our own error."""
    hooks, tokens = Hooks(), await loop.in_db(hooked)
    for token in tokens:
        for name, values in HEADERS.items():
            for value in values:
                status = await asked(hooks, "POST", f"/hooks/{token}", [(name, value), (name, value)], b"")
                assert status in {200, 400, 401}, (name, value[:40])
        for query in (b"", b"\xff=\xfe", b"a=" + b"b" * 90_000, b"&" * 5000, b"hub.challenge=%00", b"a=1&a=2"):
            assert 400 <= await asked(hooks, "GET", f"/hooks/{token}", [], query) < 500, query[:40]
    for said in TEXTS:
        for method in ("GET", "POST", "PUT", "OPTIONS"):
            assert 400 <= await asked(hooks, method, f"/hooks/{said}", [], b"") < 500, (method, said[:40])
