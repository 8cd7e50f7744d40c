"""Webhooks in the shapes of other systems: Doorstep's own receivers of those take them."""

import json
from datetime import timedelta

import pytest

from doorstep.app import clock
from doorstep.app.compat import aftership, ends
from doorstep.app.receive import manual
from doorstep.app.records import tracked
from doorstep.app.webhooks.shapes import SHAPES, News
from doorstep.connectors.carriers.aftership import AfterShip
from doorstep.connectors.carriers.seventeen_track import SeventeenTrack
from doorstep.connectors.contract import Account, Delivery, Denied
from doorstep.core.status import Status
from doorstep.db.models import Parcel
from tests.app.ledger import CJP, USPS, Ledger, cj, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db(transaction=True)
WAY = (scan(3.6, "InTransit_PickedUp", "Accepted"), scan(5.0, "OutForDelivery_Other", "Out for delivery"))


@pytest.fixture
def shop() -> Ledger:
    shop = ledger(email="alice@example.org")
    shop.hears(shop.woo(woo(1001)), shop.cj(cj(number=CJP)), shop.track(track17(CJP, *WAY, key=190271, local=USPS)))
    return shop


def news(shop: Ledger) -> News:
    parcel = Parcel.objects.get(ws=shop.ws)
    return News(
        ws=shop.ws,
        mark="msg_1",
        type="parcel.status",
        at=clock.now(),
        old="picked_up",
        new=parcel.status,
        object="parcel",
        subject_id=parcel.id,
        about=None,
    )


def delivery(name: str, body: bytes) -> tuple[Delivery, str]:
    shape = SHAPES[name]
    secret = shape.new_secret()
    headers = shape.sign("msg_1", body, [secret, shape.new_secret()], clock.now())
    return Delivery(headers=headers, body=body, received_at=clock.now()), secret


def account(**secrets: str) -> Account:
    return Account(credentials=secrets, now=clock.now())


def test_aftership_s_receiver_takes_a_webhook(shop: Ledger) -> None:
    body = SHAPES["aftership"].body(news(shop))
    assert body is not None
    told, secret = delivery("aftership", body)
    receiver = AfterShip()
    received = receiver.receive(account(api_key="k", webhook_secret=secret), told)
    facts = receiver.read(received.answer)
    (track,) = facts.tracks
    assert (received.key, track.number, track.carrier) == ("msg_1", USPS, "usps")
    assert [one.status for one in track.events] == [Status.PICKED_UP, Status.OUT_FOR_DELIVERY]
    assert json.loads(body)["is_tracking_first_tag"] is True and json.loads(body)["msg"]["tag"] == "OutForDelivery"
    with pytest.raises(Denied):
        receiver.receive(account(api_key="k", webhook_secret="another"), told)


def test_17track_s_receiver_takes_a_push(shop: Ledger) -> None:
    body = SHAPES["seventeen_track"].body(news(shop))
    assert body is not None
    told, secret = delivery("seventeen_track", body)
    receiver = SeventeenTrack()
    facts = receiver.read(receiver.receive(account(api_key=secret), told).answer)
    assert [(one.number, one.carrier) for one in facts.tracks] == [(USPS, "usps")]
    assert json.loads(body)["data"]["track_info"]["latest_status"]["status"] == "OutForDelivery"
    with pytest.raises(Denied):
        receiver.receive(account(api_key="another"), told)


def test_the_number_is_told_that_a_program_follows(shop: Ledger) -> None:
    one = tracked.by_text(shop.ws, [CJP])[CJP]
    assert one.local is not None and one.local.text == USPS
    mile = aftership.tracking(one, clock.now())["last_mile"]
    assert (mile["tracking_number"], mile["slug"]) == (USPS, "usps")
    ends.end(shop.ws, one, ends.STOPPED, "key:1")
    for name in ("aftership", "seventeen_track"):
        assert SHAPES[name].body(news(shop)) is None, "a program stopped it"
    ends.end(shop.ws, one, "", "key:1")
    assert json.loads(SHAPES["aftership"].body(news(shop)) or b"")["msg"]["tracking_number"] == USPS


def test_what_has_no_number_any_more_is_not_told(shop: Ledger) -> None:
    order_id = manual.follow_number(shop.ws, "LX123456785CN", "", "user:1")
    (row,) = Parcel.objects.filter(ws=shop.ws).order_by("-id")[:1]
    one = tracked.of_parcel(shop.ws, row.id)
    assert one is not None and one.changed - one.since < timedelta(days=1)
    manual.remove_number(shop.ws, order_id, one.number.id, "user:1")
    assert tracked.of_parcel(shop.ws, row.id) is None
    told = News(
        ws=shop.ws, mark="m", type="parcel.scan", at=clock.now(), old=None, new=None, object="parcel",
        subject_id=row.id, about=None,
    )  # fmt: skip
    assert SHAPES["aftership"].body(told) is None
    assert SHAPES["seventeen_track"].body(told) is None
