"""Home: what needs somebody today, and the way between workspaces."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from doorstep.app import clock
from doorstep.app.members import workspaces
from doorstep.app.order import acks
from doorstep.app.overview import today
from doorstep.core.roles import Member
from doorstep.db.models import Door, Order, Parcel
from doorstep.db.tabs import sort_in
from doorstep.db.urgency import candidates
from tests.app.ledger import Ledger, cj, scan, track17, woo
from tests.web.conftest import NUMBER, login

FAILED = (scan(5.0, "OutForDelivery_Other", "Out"), scan(5.5, "DeliveryFailure_NoBody", "Nobody at home"))


@pytest.fixture(autouse=True)
def forgotten() -> None:
    today._kept.clear()


def test_what_needs_somebody_is_grouped_with_its_date_and_answered_with_a_press(
    shop: Ledger, order: Order, alice: Client
) -> None:
    shop.hears(shop.track(track17(NUMBER, *FAILED, key=3011)))
    (group, *_) = [one for one in today.today(shop.ws, clock.now()).urgent.groups if one.needs[0].order == "1001"]
    need = group.needs[0]
    screen = alice.get("/today").content.decode()
    assert f'href="/orders/{order.id}"' in screen
    assert need.said.key in screen
    assert group.urgent_at == need.said.finding.next_at
    said = {"parcel": str(need.said.parcel_id), "key": need.said.key, "do": "fine", "back": "today"}
    assert alice.post(f"/orders/{order.id}/ack", said, follow=True).content.decode().count(need.said.key) == 0


def late_orders(shop: Ledger, count: int) -> None:
    """Orders that were placed long before the shop's own and wait for a number."""
    at = clock.now() - timedelta(days=30)
    Order.objects.bulk_create(
        Order(
            ws=shop.ws, store_id=shop.store.id, external_id=f"late-{n}", number=f"late-{n}", paid_at=at,
            placed_at=at + timedelta(minutes=n), said_at=at, heard_at=at,
        )
        for n in range(count)
    )  # fmt: skip


def orders_of(found: today.Today) -> set[str]:
    return {need.order for group in found.urgent.groups for need in group.needs}


def test_newest_order_that_is_most_urgent_is_found_behind_any_number_of_older_ones(
    shop: Ledger, order: Order, alice: Client
) -> None:
    late_orders(shop, 60)
    shop.hears(shop.track(track17(NUMBER, *FAILED, key=3011)))
    now = clock.now()
    assert candidates(shop.ws, now, 0, 1).some == ((order.id, "1001"),)
    first = today.today(shop.ws, now)
    assert (first.urgent.first, first.urgent.last, first.urgent.count) == (1, today.TOGETHER, 62)
    rest = today.today(shop.ws, now, first.urgent.last)
    assert (rest.urgent.first, rest.urgent.more) == (today.TOGETHER + 1, False)
    assert not orders_of(first) & orders_of(rest)
    assert orders_of(first) | orders_of(rest) == {"1001", "1002", *(f"late-{n}" for n in range(60))}
    screen = alice.get("/today").content.decode()
    assert "open orders 1 to 50 of 62" in screen
    assert f'href="/orders/{order.id}"' in screen
    assert f'href="/orders/{order.id}"' not in alice.get("/today?after=50").content.decode()
    assert f'href="/orders/{order.id}"' in alice.get("/today?after=12345").content.decode()


def test_answered_findings_make_room_for_the_next(shop: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    late_orders(shop, 12)
    now = clock.now()
    monkeypatch.setattr(today, "TOGETHER", 4)
    monkeypatch.setattr(today, "PAGE", 4)
    shown = orders_of(today.today(shop.ws, now))
    assert len(shown) == 4
    for group in today.today(shop.ws, now).urgent.groups:
        for need in group.needs:
            acks.answer(shop.ws, need.order_id, need.said, "fine", "user:1")
    after = today.today(shop.ws, now)
    assert len(orders_of(after)) == 4
    assert not shown & orders_of(after)


def test_parcel_that_nobody_scans_is_looked_at_however_its_order_stands(shop: Ledger, order: Order) -> None:
    late = clock.now() - timedelta(days=40)
    Order.objects.filter(id=order.id).update(state="shipped")
    unseen = {"first_scan_at": None, "last_event_at": None, "status_since": late, "handed_at": late}
    Parcel.objects.filter(ws=shop.ws).update(status="not_found", **unseen)
    sort_in(shop.ws, [order.id])
    order.refresh_from_db()
    assert not (order.attention or order.moving)
    assert (order.id, "1001") in candidates(shop.ws, clock.now(), 0, 9).some
    assert "1001" in orders_of(today.today(shop.ws, clock.now()))


def test_what_today_asks_for_does_not_grow_with_the_orders(shop: Ledger) -> None:
    now = clock.now()
    today.today(shop.ws, now)  # lanes are learned once a day
    asked = []
    for count in (3, 40):
        Order.objects.filter(ws=shop.ws, external_id__startswith="late-").delete()
        late_orders(shop, count)
        today._kept.clear()
        with CaptureQueriesContext(connection) as queries:
            assert len(orders_of(today.today(shop.ws, now))) >= count
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 40


def test_flow_counts_each_station_that_an_order_has_passed(shop: Ledger, alice: Client) -> None:
    shop.hears(shop.woo(woo(1003, at=clock.now() - timedelta(days=90))))
    counts = {one.name: one.count for one in today.today(shop.ws, clock.now()).flow}
    assert counts == {"order": 2, "number": 1, "pushed": 0, "moving": 1, "delivered": 0}
    assert "Orders of the last 30 days" in alice.get("/today").content.decode()


def test_way_is_slow_when_parcels_take_longer_than_earlier_ones(shop: Ledger) -> None:
    now = clock.now()
    Parcel.objects.filter(ws=shop.ws).update(handed_at=now - timedelta(days=40), carrier="china_post", destination="PT")
    for _ in range(40):
        Parcel.objects.create(
            ws=shop.ws, status="delivered", carrier="china_post", origin="CN", destination="PT",
            handed_at=now - timedelta(days=20), closed_at=now - timedelta(days=11),
            first_scan_at=now - timedelta(days=19), silence_h=30.0,
        )  # fmt: skip
    from doorstep.app.figures import lanes

    lanes._kept.clear()
    (way,) = today.today(shop.ws, now).ways
    assert (way.moving, way.late) == (1, 1)
    assert way.usual_days is not None
    assert 7 <= way.usual_days <= 11
    lanes._kept.clear()


def test_today_is_computed_anew_when_something_changed_or_time_has_passed(shop: Ledger) -> None:
    now = clock.now()
    first = today.today(shop.ws, now)
    assert today.today(shop.ws, now + timedelta(minutes=4)) is first
    assert today.today(shop.ws, now + timedelta(minutes=6)) is not first
    second = today.today(shop.ws, now + timedelta(minutes=6))
    shop.hears(shop.woo(woo(1003)))
    assert today.today(shop.ws, now + timedelta(minutes=6)) is not second


def test_first_steps_go_away_when_they_are_done(shop: Ledger, page: str, alice: Client, charlie: Client) -> None:
    assert "First steps" not in alice.get("/today").content.decode()
    Door.objects.filter(ws=shop.ws, kind="page").delete()
    assert "A shopper&#x27;s page seen" in alice.get("/today").content.decode()
    assert "Paste a tracking number" in charlie.get("/today").content.decode()


def test_stranger_sees_nothing_of_it(shop: Ledger, charlie: Client) -> None:
    screen = charlie.get("/today").content.decode()
    assert not re.search(r"\b1001\b", screen)
    assert "17TRACK" not in screen


def test_somebody_in_two_workspaces_goes_from_one_to_the_other(shop: Ledger, charlie: Client) -> None:
    assert "Other workspaces" not in charlie.get("/").content.decode()
    workspaces.join(shop.ws, "charlie@example.org", "correct horse battery", Member.VIEWER)
    assert "Other workspaces" in charlie.get("/").content.decode()
    assert not re.search(r"\b1001\b", charlie.get("/").content.decode())
    charlie.post("/workspace", {"workspace": str(shop.ws)})
    assert "1001" in charlie.get("/").content.decode()
    assert login("bob@example.org").post("/workspace", {"workspace": "1"}).status_code == 404


def test_number_that_is_gone_again_leaves_its_tab(shop: Ledger) -> None:
    order = shop.order(1001)
    assert order.numbered
    assert order.moving
    Parcel.objects.filter(ws=shop.ws).update(closed_at=clock.now())
    sort_in(shop.ws, [order.id])
    order.refresh_from_db()
    assert not order.moving


def test_new_order_is_sorted_in_by_what_is_known_of_it(shop: Ledger) -> None:
    shop.hears(shop.woo(woo(1004, lines=((801, "LAMP-1", 1),))))
    order = shop.order(1004)
    assert not (order.numbered or order.moving or order.held or order.attention)
    shop.hears(shop.cj(cj(ref="260620000000000099", order="1004", number="YT2621284011070434", sku_line="801")))
    order.refresh_from_db()
    assert order.numbered
