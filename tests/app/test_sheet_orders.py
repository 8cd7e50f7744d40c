"""Orders from an uploaded file, and the numbers for it."""

import csv
import io

import pytest

from doorstep.app.receive import manual, sheet_orders
from doorstep.connectors.contract import Broken, Refused
from doorstep.db.models import Audit, Connection, Inbox, Line, Order
from tests.app.ledger import CJP, START, USPS, Ledger, connect, ledger

pytestmark = pytest.mark.django_db
TABLE = b"order,placed_at,sku,quantity\n=1+1,2026-06-01 10:00,LAMP,2\n=1+1,2026-06-01 10:00,BULB,1\n2,soon,LAMP,1\n"


@pytest.fixture
def one() -> Ledger:
    return ledger()


@pytest.fixture
def shop(one: Ledger) -> Connection:
    return connect(one.ws, "store", "csv", START, settings={"zone": "Europe/Lisbon"})


def rows(one: Ledger, shop: Connection) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sheet_orders.numbers(one.ws, shop.id).decode())))


def test_a_look_keeps_nothing_and_names_what_is_wrong(one, shop):
    facts = sheet_orders.look(one.ws, shop.id, TABLE)
    assert ([order.ref for order in facts.orders], len(facts.bad)) == (["=1+1"], 1)
    assert not Inbox.objects.exists()


def test_orders_are_imported_and_brought_up_to_date(one, shop):
    for quantity in (2, 3):
        sheet_orders.take(one.ws, shop.id, TABLE.replace(b"LAMP,2", b"LAMP,%d" % quantity), "user:1")
    order = Order.objects.get(ws=one.ws, store_id=shop.id)
    assert list(Line.objects.filter(order_id=order.id, sku="LAMP").values_list("qty", flat=True)) == [3]
    assert Audit.objects.filter(verb="orders.import").count() == 2


def test_numbers_are_told_as_a_table_that_runs_nothing(one, shop):
    sheet_orders.take(one.ws, shop.id, TABLE, "user:1")
    order = Order.objects.get(ws=one.ws, store_id=shop.id)
    assert rows(one, shop) == []
    manual.type_number(one.ws, order.id, USPS, actor="user:1", contents=[("LAMP", 2)])
    manual.type_number(one.ws, order.id, CJP, actor="user:1", contents=[("BULB", 1)])
    told = rows(one, shop)
    assert [(row["order"], row["line"], row["quantity"], row["tracking_number"]) for row in told] == [
        ("'=1+1", "LAMP", "2", USPS),
        ("'=1+1", "BULB", "1", CJP),
    ]
    assert told[0]["carrier"] == "USPS" and USPS in told[0]["tracking_url"]


def test_what_is_no_table_is_refused_and_nothing_is_kept(one, shop):
    with pytest.raises(Broken):
        sheet_orders.take(one.ws, shop.id, b"hello", "user:1")
    with pytest.raises(Refused):
        sheet_orders.look(one.ws, shop.id, b"x" * (sheet_orders.MAX_BYTES + 1))
    assert not Inbox.objects.exists() and not Audit.objects.filter(verb="orders.import").exists()


def test_only_this_tenants_files_shops_take_files(one, shop):
    with pytest.raises(Connection.DoesNotExist):
        sheet_orders.look(one.ws, one.store.id, TABLE)
    with pytest.raises(Connection.DoesNotExist):
        sheet_orders.look(one.ws + 1, shop.id, TABLE)
    with pytest.raises(Connection.DoesNotExist):
        sheet_orders.numbers(one.ws + 1, shop.id)
