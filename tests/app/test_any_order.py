"""DESIGN 2.5: any order and repetition of the same inbox rows gives the same ledger and the same outbox."""

import json
import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.app.inbox import Arrival, keep
from doorstep.app.ledger import scans
from doorstep.app.reading.understand import understand
from doorstep.app.receive import manual
from doorstep.db.models import (
    Claim,
    Connection,
    Inbox,
    Line,
    Number,
    NumberLink,
    Order,
    Outbox,
    Parcel,
    ParcelLine,
    ParcelNumber,
    Purchase,
    Push,
)
from tests.app.ledger import CJP, START, USPS, Ledger, cj, ledger, scan, track17, woo

NEWER = "CJPKL7160102188YQ"
MAIL = (
    "From: shop <orders@supplier.example>\nSubject: Order #1002 has been shipped\nMessage-ID: <m1@supplier.example>\n"
    "Content-Type: text/plain\n\nYour order #1002 was handed over to DHL.\nTracking number: LX123456785CN\n"
)


def said(one: Ledger) -> list[Arrival]:
    """A busy week of two orders: snapshots old and new, a replaced number, echoes, scans that come and go, a mail, and
    what the shopper says of it."""
    two = ((501, "LAMP-1", 2), (502, "BULB", 1))
    day = timedelta(days=1)
    picked, arrived = scan(3.5, "InTransit_PickedUp", "Accepted"), scan(4.5, "InTransit_Arrival", "Arrived")
    return [
        one.woo(woo(lines=two)),
        one.woo(woo(lines=two[:1], modified=START + day)),
        one.woo(woo(1002, lines=((601, "RING", 1),))),
        one.cj(cj(status="UNSHIPPED", left=None)),
        one.cj(cj()),
        one.cj(cj(number=NEWER)),
        one.woo(woo(lines=two[:1], shipped=(("t1", CJP, "CJPacket"),), modified=START + 4 * day)),
        one.track(track17(CJP, picked, local=USPS)),
        one.track(track17(USPS, picked, arrived)),
        one.track(track17(USPS, picked, scan(5, "Delivered_Other", "Delivered"))),
        one.mail(MAIL, proven="supplier.example", how="dkim"),
        one.cj(cj("260620000000000777", "1002", number="LX987654321CN", method="China Post", sku_line="601")),
        _marked(one, USPS, "missing", START + 5.5 * day),
        _marked(one, CJP, "received", START + 6 * day),
    ]


def _marked(one: Ledger, number: str, mark: str, at: datetime) -> Arrival:
    """What the shopper says of a parcel."""
    people = manual.by_hand(one.ws, "supplier", "manual")
    body = json.dumps({"number": number, "mark": mark}).encode()
    return Arrival(ws=one.ws, connection_id=people.id, dedup_key=f"mark:{mark}", received_at=at, what="mark", body=body)


def bring(one: Ledger, rows: list[Arrival], order: list[int], groups: list[int]) -> None:
    """Bring the rows in this order, understanding after some of them."""
    for place, index in enumerate(order):
        keep([rows[index]])
        if place in groups:
            _understand()
    _understand()
    Inbox.objects.filter(ws=one.ws, state__in=["read", "needs_look"]).update(state="new")  # a replay changes nothing
    _understand()


def _understand() -> None:
    while understand():
        pass


def state(ws: int) -> dict[str, Any]:
    """Everything that counts, by natural names instead of ids."""
    orders = {row.id: row.external_id for row in Order.objects.filter(ws=ws)}
    lines = {row.id: row.external_id for row in Line.objects.filter(ws=ws)} | {0: ""}
    numbers = {row.id: row.norm for row in Number.objects.filter(ws=ws)}
    purchases = {row.id: row.external_id for row in Purchase.objects.filter(ws=ws)}
    sources = {str(row.id): row.connector for row in Connection.objects.filter(ws=ws)}
    parcels = {
        parcel.id: tuple(
            sorted(
                (numbers[row.number_id], row.role, row.since.isoformat(), row.until is None)
                for row in ParcelNumber.objects.filter(ws=ws, parcel_id=parcel.id)
            )
        )
        for parcel in Parcel.objects.filter(ws=ws)
    }
    return {
        "orders": sorted(Order.objects.filter(ws=ws).values_list("external_id", "number", "state", "cancelled_at")),
        "lines": sorted(Line.objects.filter(ws=ws).values_list("external_id", "qty", "qty_cancelled")),
        "purchases": sorted(Purchase.objects.filter(ws=ws).values_list("external_id", "state", "dispatched_at")),
        "numbers": sorted(Number.objects.filter(ws=ws).values_list("norm", "carrier", "generation")),
        "claims": sorted(
            (sources.get(row.source, row.source), row.group, numbers[row.number_id], row.gone, row.first_said)
            for row in Claim.objects.filter(ws=ws)
        ),
        "links": sorted((numbers[r.from_id], numbers[r.to_id], r.kind) for r in NumberLink.objects.filter(ws=ws)),
        "parcels": sorted(
            (parcels[row.id], row.status, row.reason, row.mark, purchases.get(row.purchase_id or 0, ""))
            for row in Parcel.objects.filter(ws=ws)
        ),
        "contents": sorted(
            (parcels[row.parcel_id], orders[row.order_id], lines[row.line_id], row.qty, row.how)
            for row in ParcelLine.objects.filter(ws=ws)
        ),
        "events": sorted(
            (numbers[heard.number_id], one.said.local, one.said.raw_text, one.said.status, one.known_at, one.said.told)
            for heard in scans.of(ws, numbers).values()
            for one in heard.events()
        ),
        "pushes": sorted(
            (orders[row.order_id], parcels[row.parcel_id], row.version, numbers[row.number_id], row.state, row.contents)
            for row in Push.objects.filter(ws=ws)
        ),
        "outbox": sorted(
            (row.lane, row.state, parcels[Push.objects.get(id=row.payload_ref).parcel_id])
            for row in Outbox.objects.filter(ws=ws, lane="push")
        ),
    }


COUNT = 14


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(600)
@settings(max_examples=200 if "DOORSTEP_LONG" in os.environ else 8, deadline=None)
@given(
    order=st.permutations(range(COUNT)),
    repeated=st.lists(st.integers(0, COUNT - 1), max_size=6),
    groups=st.lists(st.integers(0, COUNT - 1), max_size=COUNT),
)
def test_any_order_and_repetition_gives_the_same_ledger(
    order: list[int], repeated: list[int], groups: list[int]
) -> None:
    straight, shuffled = ledger(), ledger()
    shuffled.at = straight.at
    rows, again = said(straight), said(shuffled)
    assert len(rows) == COUNT
    bring(straight, rows, list(range(COUNT)), [])
    bring(shuffled, again, [*order, *repeated], groups)
    assert state(shuffled.ws) == state(straight.ws)
