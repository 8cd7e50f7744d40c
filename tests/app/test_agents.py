"""Suppliers behind a private link."""

from datetime import timedelta

import pytest

from doorstep.app import clock, loop, tries
from doorstep.app.connections import connect
from doorstep.app.receive import agents, imports
from doorstep.connectors.contract import Refused
from doorstep.connectors.suppliers.agent import ships
from doorstep.db.models import Audit, Connection, Door, Order
from tests.app.ledger import OTHER, USPS, Ledger, ledger, woo
from tests.app.ledger import connect as connected

pytestmark = pytest.mark.django_db
TWO = ((501, "LAMP-1", 2), (502, "BULB", 1))


@pytest.fixture
def one() -> Ledger:
    one = ledger()
    one.hears(one.woo(woo(1001, lines=TWO)), one.woo(woo(1002)), one.woo(woo(1003, status="cancelled")))
    return one


@pytest.fixture
def lamps(one: Ledger) -> Connection:
    return connected(one.ws, "supplier", "agent", one.store.connected_at, settings={"skus": "lamp-*"})


def waiting(account: Connection) -> list[tuple[str, str, int]]:
    return [(one.order.number, one.line.sku, one.qty) for one in agents.wanted(account)]


def holder(url: str) -> agents.Holder | None:
    return agents.enter(url.rpartition("/")[2])


def test_a_supplier_is_connected_by_its_name():
    form = {"supplier": " Lamps ", "skus": ""}
    assert loop.call(connect.check("supplier", "agent", form)).external_id == "lamps"
    with pytest.raises(Refused):
        loop.call(connect.check("supplier", "agent", {"supplier": " ", "skus": ""}))


@pytest.mark.parametrize(
    ("skus", "sku", "is_theirs"), [("", "X", True), ("lamp-*, X", "x", True), ("LAMP-*", "BULB", False)]
)
def test_a_supplier_ships_its_skus(skus, sku, is_theirs):
    assert ships(skus, sku) is is_theirs


def test_a_supplier_sees_what_waits_for_it_and_no_more(one, lamps):
    assert waiting(lamps) == [("1001", "LAMP-1", 2), ("1002", "LAMP-1", 2)]
    Order.objects.filter(id=one.order(1002).id).update(before_connection=True)
    assert waiting(lamps) == [("1001", "LAMP-1", 2)]


def test_its_number_stands_for_its_lines_only(one, lamps):
    who = holder(agents.make(one.ws, lamps.id, "Ana", 90, "user:1").url)
    assert who is not None and (who.name, who.account.id) == ("Ana", lamps.id)
    file_id = imports.bring(lamps, f"1001 {USPS}\n1003 {OTHER}\n".encode(), "", who.actor)
    given = agents.given(agents.wanted(lamps))
    seen = imports.look(lamps, file_id, {}, given)
    assert [bad.message.id for bad in seen.problems] == ["import.no_order"]
    assert imports.confirm(lamps, file_id, {}, who.actor, given) == 1
    assert (one.order(1001).state, waiting(lamps)) == ("partly_shipped", [("1002", "LAMP-1", 2)])
    assert one.pushes()[0].contents == [["501", 2]]
    assert Audit.objects.filter(actor=who.actor, verb="numbers.rows").count() == 1


@pytest.mark.parametrize(
    ("row", "key"), [("1001,LX123456785CN,BULB,", "import.no_sku"), ("1001,LX123456785CN,LAMP-1,3", "import.too_many")]
)
def test_it_gives_no_number_to_what_is_not_its(one, lamps, row, key):
    file_id = imports.bring(lamps, f"order,tracking,sku,quantity\n{row}\n".encode(), "", "agent:1")
    seen = imports.look(lamps, file_id, {}, agents.given(agents.wanted(lamps)))
    assert [bad.message.id for bad in seen.problems] == [key]
    assert imports.look(lamps, file_id, {}, {}).problems[0].message.id == "import.no_order"


def test_a_link_ends_when_it_is_closed_or_over_or_its_supplier_is_paused(one, lamps):
    url = agents.make(one.ws, lamps.id, "Ana", 30, "user:1").url
    other = agents.make(one.ws, lamps.id, "Rui", 30, "user:1")
    agents.revoke(one.ws, lamps.id, other.id, "user:1")
    assert holder(other.url) is None and [link.name for link in agents.links(one.ws, lamps.id)] == ["Ana"]
    Connection.objects.filter(id=lamps.id).update(state="paused")
    assert holder(url) is None
    Connection.objects.filter(id=lamps.id).update(state="active")
    assert holder(url) is not None
    Door.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert holder(url) is None and agents.links(one.ws, lamps.id) == []


def test_links_are_named_and_end_and_are_this_workspaces(one, lamps):
    for name, days in ((" ", 30), ("Ana", 4000)):
        with pytest.raises(ValueError, match=r"agent\.link"):
            agents.make(one.ws, lamps.id, name, days, "user:1")
    other = ledger(email="charlie@example.org")
    with pytest.raises(Connection.DoesNotExist):
        agents.make(other.ws, lamps.id, "Ana", 30, "user:2")
    link = agents.make(one.ws, lamps.id, "Ana", 30, "user:1")
    with pytest.raises(Door.DoesNotExist):
        agents.revoke(other.ws, lamps.id, link.id, "user:2")


def test_a_link_that_is_used_too_often_rests(one, lamps, monkeypatch):
    monkeypatch.setitem(tries.LIMITS, "link", 2)
    url = agents.make(one.ws, lamps.id, "Ana", 30, "user:1").url
    assert holder(url) and holder(url)
    with pytest.raises(tries.TooMany):
        holder(url)
