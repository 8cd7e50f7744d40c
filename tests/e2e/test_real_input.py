"""Real input through the whole ledger: mails of shops and carriers become parcels, answers of 17TRACK timelines."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from doorstep.app.inbox import keep
from doorstep.app.reading.understand import understand
from doorstep.app.receive import mailbox, manual, smtp
from doorstep.app.shopper.page_view import PageView, page_view
from doorstep.core.mailmatch import Proof
from doorstep.db.models import Inbox, Number, Order, ParcelLine, ParcelNumber
from tests.app.ledger import START, Ledger, ledger, woo

CORPORA = Path(__file__).parents[2].parent / "shared" / "corpora"
MAILS, TRACKS = CORPORA / "emails", CORPORA / "carrier_responses" / "17track"
MEMBER = Proof(how="member", why_not="")
if not CORPORA.is_dir():
    pytest.skip(f"no real input at {CORPORA}", allow_module_level=True)
pytestmark = pytest.mark.django_db


def labels(file: str) -> list[Any]:
    said = json.loads((MAILS / file).read_text(encoding="utf-8"))
    return [pytest.param(MAILS / name, label, id=name) for name, label in said.items()]


@pytest.mark.parametrize(("path", "label"), labels("expected_rekeyed.share.json"))
def test_mail_becomes_a_parcel_with_its_numbers_and_carrier(path: Path, label: dict[str, Any]) -> None:
    """A mail that names an order goes on by itself; one that names none waits until a person says whose it is."""
    shop = ledger()
    order = place(shop, 1, next(iter(label["order_ids"]), "1001"))
    row = hear(shop, path)
    if not label["order_ids"]:
        assert (row.state, (row.error or {}).get("id")) == ("needs_look", "mail.no_order")
        assert [one.mail.subject for one in mailbox.look_list(shop.ws)] != []
        accept(shop, row, order)
    assert not mailbox.look_list(shop.ws)
    assert held(order) == {(one["number"], one["courier"]) for one in label["tracking"]}


@pytest.mark.parametrize(("path", "label"), labels("expected.share.json"))
def test_the_labelled_numbers_and_nothing_else_are_taken_from_every_mail(path: Path, label: dict[str, Any]) -> None:
    """Everything it could belong to is there, its sender is proven, and a person gives what waits to an order."""
    shop = ledger()
    orders = [place(shop, ref, number) for ref, number in enumerate(["1001", *label["order_ids"]], 1)]
    row = hear(shop, path)
    if row.state == "needs_look":
        accept(shop, row, orders[0])
    taken = set(Number.objects.filter(ws=shop.ws).values_list("text", flat=True))
    assert taken == {one["number"] for one in label["tracking"]}
    assert not taken & {*label["must_not_report"], *label["order_ids"]}
    assert {text for order in orders for text, _ in held(order)} == taken


def test_published_answer_becomes_a_timeline() -> None:
    body = json.loads((TRACKS / "api-evangelist/examples/get-track-info.json").read_text(encoding="utf-8"))
    page = tracked(
        "1Z999AA10123456784", datetime(2026, 6, 9, tzinfo=UTC), lambda shop: shop.track(body["response"]["body"])
    )
    assert page.headline == "status.out_for_delivery"
    assert told(page) == [
        ("out_for_delivery", "2026-06-13T09:30:00", "Out for Delivery", "Louisville, KY, US"),
        ("arrived", "2026-06-13T04:45:00", "Arrived at destination hub", "Louisville, KY, US"),
        ("in_transit", "2026-06-11T22:15:00", "Departed facility", "Hong Kong International Airport, HK"),
        ("info_received", "2026-06-10T14:00:00", "Shipment information received", "Shenzhen, Guangdong, CN"),
    ]
    assert {scan.zone for scan in page.parcels[0].scans} == {""}  # the answer says none


def test_published_push_becomes_a_timeline() -> None:
    body = json.loads((TRACKS / "api-evangelist/examples/webhook-push-payload.json").read_text(encoding="utf-8"))
    page = tracked(
        "1Z999AA10123456784",
        datetime(2026, 6, 9, tzinfo=UTC),
        lambda shop: shop.arrival(shop.carrier, "push", body["payload"]),
    )
    assert page.headline == "status.delivered"
    assert told(page) == [
        ("delivered", "2026-06-13T14:22:00", "Delivered", "Austin, TX, US"),
        ("out_for_delivery", "2026-06-13T09:30:00", "Out for Delivery", "Louisville, KY, US"),
    ]


@pytest.mark.parametrize("name", ["packages_response", "packages_response_with_unknown_state"])
def test_packages_of_the_web_site_become_a_timeline(name: str) -> None:
    """Every package there has the same number; each tells its last event, in local time. No state says what it means
    but one (10, on its way); without one the words are read, and they say that it arrived.
    """
    body = json.loads((TRACKS / f"pyseventeentrack/{name}.json").read_text(encoding="utf-8"))
    lasts = [(one.get("FPackageState"), json.loads(one["FLastEvent"])) for one in body["Json"] if one["FLastEvent"]]
    expected = [
        (
            "in_transit" if state == 10 else "arrived",
            datetime.fromisoformat(last["a"]).isoformat(),
            last["z"],
            ", ".join(filter(None, (last["c"], last["d"]))),
        )
        for state, last in lasts
    ]
    assert {text for _, _, text, _ in expected} == {"Arrival at Destination Post"}
    page = tracked("1234567890987654321", datetime(2018, 4, 20, tzinfo=UTC), lambda shop: shop.track(body))
    assert sorted(told(page)) == sorted(expected)
    assert {scan.zone for scan in page.parcels[0].scans} == {""}


def place(shop: Ledger, ref: int, number: str, at: datetime = START) -> Order:
    """An order with this number in the shop."""
    said = woo(ref, at=at, lines=((500 + ref, "LAMP-1", 9),))
    shop.hears(shop.woo({**said, "number": number}))
    return shop.order(ref)


def hear(shop: Ledger, path: Path) -> Inbox:
    """A mail forwarded by a member; returns its row once it is read."""
    keep([smtp.arrival(path.read_bytes(), MEMBER, shop.ws, shop.mailbox.id)])
    settle()
    return Inbox.objects.get(ws=shop.ws, connection_id=shop.mailbox.id)


def accept(shop: Ledger, row: Inbox, order: Order) -> None:
    mailbox.accept(shop.ws, row.id, order.id, "user:1")
    settle()


def settle() -> None:
    while understand():
        pass


def held(order: Order) -> set[tuple[str, str]]:
    """(text, carrier) of the numbers on the order's parcels."""
    parcels = ParcelLine.objects.filter(ws=order.ws, order_id=order.id).values("parcel_id")
    ids = ParcelNumber.objects.filter(ws=order.ws, parcel_id__in=parcels, until=None).values("number_id")
    return set(Number.objects.filter(id__in=ids).values_list("text", "carrier"))


def tracked(number: str, placed_at: datetime, answer: Callable[[Ledger], Any]) -> PageView:
    """The page of an order that had this number when the answer came."""
    shop = ledger()
    order = place(shop, 1, "1001", placed_at)
    manual.type_number(shop.ws, order.id, number, actor="user:1", confirmed=True)
    shop.hears(answer(shop))
    page = page_view(shop.ws, order.id)
    assert page and [one.text for one in page.parcels[0].current] == [number]
    return page


def told(page: PageView) -> list[tuple[str, str, str, str]]:
    """(status, local time as said, words, place), the newest first."""
    (parcel,) = page.parcels
    assert not [one for one in parcel.scans if one.stranger]
    return [(one.status, one.local.isoformat() if one.local else "", one.text, one.place) for one in parcel.scans]
