"""Who has an answer already is told so without its being drawn again, as long as nothing was committed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from doorstep.app import clock
from doorstep.db.models import Order, Parcel
from doorstep.web.api.route import ROUTES
from tests.app.ledger import Ledger
from tests.app.ledger import ledger as another
from tests.web.api.contract import Program, program

OFTEN = 200  # a server of PostgreSQL counts all its databases' changes together: what runs beside is in the way


def asked(me: Program, path: str, tag: str) -> tuple[int, int]:
    """The status, and how many statements it took."""
    with CaptureQueriesContext(connection) as queries:
        return me.get(path, if_none_match=tag).status_code, len(queries)


@pytest.mark.django_db(transaction=True)
def test_what_is_unchanged_is_not_drawn_again(me: Program, shop: Ledger) -> None:
    first = me.get("/parcels")
    tag = first.headers["ETag"]
    status, drawn = asked(me, "/parcels", tag)
    assert (status, drawn > 1) == (304, True)
    seen = 1 if connection.vendor == "sqlite" else 2  # the key; what was committed
    assert any(asked(me, "/parcels", f'"other", W/{tag}') == (304, seen) for _ in range(OFTEN))
    assert me.get("/parcels", if_none_match='"other"').content == first.content
    assert asked(me, "/parcels?limit=1", '"other"')[0] == 200
    Order.objects.filter(ws=shop.ws).update(number="another")
    assert asked(me, "/parcels", tag) == (304, drawn)
    charlie = program(another(email="charlie@example.org").ws)
    theirs = charlie.get("/parcels", if_none_match=tag)
    assert (theirs.status_code, theirs.json()["data"]) == (200, [])
    assert program(shop.ws, "orders:read").get("/parcels", if_none_match=tag).status_code == 403
    Parcel.objects.filter(ws=shop.ws).update(mark="received")
    assert asked(me, "/parcels", tag) == (200, drawn)


def test_what_is_steady_is_the_same_on_another_day(me: Program, shop: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    steady = [one.path for one in ROUTES if one.steady and "{" not in one.path]
    assert {"/orders", "/parcels", "/numbers", "/purchases", "/pushes", "/events"} == set(steady)
    paths = [path if path != "/events" else f"/events?order_id={shop.order(1001).id}" for path in steady]
    today = [me.get(path).content for path in paths]
    later = clock.now() + timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert [me.get(path).content for path in paths] == today
