"""Lanes and rhythms are learned from the ledger, and used where it is asked next and where a parcel is shown."""

from datetime import timedelta

import pytest

from doorstep.app import clock
from doorstep.app.figures import lanes
from doorstep.app.figures.estimates import window
from doorstep.app.ledger import scans
from doorstep.app.settle.watching import next_ask
from doorstep.core.event import TrackingEvent
from doorstep.core.lane import Lane, Route
from doorstep.core.rhythm import Rhythms
from doorstep.core.status import Status
from doorstep.db.models import Number, Parcel, ParcelNumber, Watch
from tests.app.ledger import OTHER, START, Ledger, cj, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WAY = {"carrier": "cjpacket", "origin": "CN", "destination": "PT"}


@pytest.fixture
def one() -> Ledger:
    return ledger()


def delivered(ws: int, days: float, n: int) -> Parcel:
    """A parcel of some days ago that took so many days."""
    handed = clock.now() - (20 + n) * DAY
    done = handed + days * DAY
    return Parcel.objects.create(
        ws=ws, status="delivered", handed_at=handed, first_scan_at=handed, closed_at=done, silence_h=30.0, **WAY
    )


def underway(ws: int, days: float = 1.0, **more: object) -> Parcel:
    at = clock.now() - days * DAY
    facts = {"status": "in_transit", "status_since": at, "handed_at": at, "last_event_at": at}
    return Parcel.objects.create(ws=ws, **(WAY | facts | more))


def history(ws: int, count: int = 40) -> list[Parcel]:
    return [delivered(ws, 8 + n % 5, n) for n in range(count)]


def test_the_way_of_a_parcel_is_kept(one: Ledger) -> None:
    one.hears(one.woo(woo()), one.cj(cj(number=OTHER, method="CJPacket Liquid")))
    scans = [
        scan(3.5, "InTransit_PickedUp", "Accepted"),
        scan(4.5, "InTransit_Arrival", "Arrived"),
        scan(4.75, "OutForDelivery_Other", "Out"),
        scan(5, "Delivered_Other", "Delivered"),
    ]
    one.hears(one.track(track17(OTHER, *scans, key=3011)))
    (parcel,) = one.parcels()
    assert (parcel.carrier, parcel.origin, parcel.destination) == ("china_post", "CN", "PT")
    assert parcel.handed_at == START + 3 * DAY
    assert parcel.out_at == START + 4.75 * DAY
    assert parcel.silence_h == 24.0
    passage = lanes.passage_of(parcel)
    assert passage.route == Route(carrier="china_post", origin="CN", destination="PT")
    assert passage.delivered == START + 5 * DAY
    assert passage.silence == DAY


def test_a_lane_is_learned_from_parcels_that_are_there(one: Ledger) -> None:
    history(one.ws)
    lane = lanes.learned(one.ws, clock.now()).lane(Route(**WAY))
    assert lane.parcels == 40
    assert lane.transit_p50 is not None
    assert 8 * DAY < lane.transit_p50 < 12 * DAY
    assert lane.silence_p85 == timedelta(hours=30)


def test_what_others_parcels_took_is_not_learned(one: Ledger) -> None:
    history(one.ws)
    other = ledger(email="charlie@example.org")
    assert lanes.learned(other.ws, clock.now()).lane(Route(**WAY)) == Lane()


def test_it_is_learned_anew_once_a_day_and_few_are_kept_in_memory(one: Ledger, monkeypatch) -> None:
    now = clock.now()
    before = lanes.learned(one.ws, now)
    history(one.ws)
    assert lanes.learned(one.ws, now + timedelta(hours=23)) is before
    assert lanes.learned(one.ws, now + DAY).lane(Route(**WAY)).parcels == 40
    monkeypatch.setattr(lanes, "WORKSPACES", 1)
    lanes.learned(ledger(email="bob@example.org").ws, now)
    assert len(lanes._kept) == 1


def test_a_parcel_on_its_way_back_teaches_nothing(one: Ledger) -> None:
    history(one.ws)
    Parcel.objects.filter(ws=one.ws).update(status="returned")
    assert lanes.learned(one.ws, clock.now()).lane(Route(**WAY)) == Lane()


def test_a_rhythm_is_learned_from_when_news_was_found(one: Ledger) -> None:
    for n, parcel in enumerate(history(one.ws)):
        number = Number.objects.create(ws=one.ws, text=f"N{n}", norm=f"N{n}", norm_reversed=f"{n}N")
        ParcelNumber.objects.create(ws=one.ws, parcel_id=parcel.id, number_id=number.id, role="local", since=START)
        told = (START - n * DAY).replace(hour=9)
        heard = scans.Heard(number.id, 1)
        arrived = [
            TrackingEvent(source="1", raw_text=text, status=Status.DELIVERED, instant=instant)
            for text, instant in (("Delivered", told), ("Handed over", None))
        ]
        heard.hear(arrived, scans.Hearing(told + timedelta(minutes=20), 1, 1, complete=True))
        scans.store(one.ws, [heard])
    own = lanes.learned(one.ws, clock.now())
    found = own.rhythm(Route(**WAY)).door
    assert found is not None
    assert found.after(START.replace(hour=12), 1).hour == 8
    assert own.rhythm(Route(carrier="ups")) == Rhythms()


def test_a_long_lane_is_asked_about_rarely_at_first(one: Ledger) -> None:
    history(one.ws)
    now = clock.now()
    watch = Watch(ws=one.ws, asked_at=now, answer="events")
    far, near = underway(one.ws, 0.1), underway(one.ws, 9.0)
    assert next_ask(far, watch, START, now) - now > timedelta(hours=12)  # type: ignore[operator]
    assert next_ask(near, watch, START, now) - now <= timedelta(hours=4)  # type: ignore[operator]


def test_a_parcel_gets_a_window_from_own_history(one: Ledger) -> None:
    history(one.ws)
    now = clock.now()
    found = window(underway(one.ws), lanes.learned(one.ws, now), now)
    assert found is not None
    assert now.date() + 6 * DAY < found.start <= found.end < now.date() + 14 * DAY
    assert (found.sure, found.parcels) == ("good", 40)


@pytest.mark.parametrize("days", [2, 0])
def test_the_carriers_own_word_goes_first_until_its_day_is_over(one: Ledger, days: int) -> None:
    history(one.ws)
    now = clock.now()
    own = lanes.learned(one.ws, now)
    said = window(underway(one.ws, eta_to=now.date() + days * DAY), own, now)
    assert said is not None
    assert (said.end, said.sure) == (now.date() + days * DAY, "said")
    past = window(underway(one.ws, eta_to=now.date() - DAY), own, now)
    assert past is not None
    assert past.sure == "good"


def test_nobody_is_told_what_nobody_can_say(one: Ledger) -> None:
    now = clock.now()
    own = lanes.learned(one.ws, now)
    assert window(underway(one.ws), own, now) is None  # no history
    history(one.ws)
    own = lanes.learned(one.ws, now + 2 * DAY)
    assert window(underway(one.ws, days=90), own, now) is None  # none ever took so long
    assert window(underway(one.ws, status="returning"), own, now) is None
    assert window(underway(one.ws, closed_at=now), own, now) is None
