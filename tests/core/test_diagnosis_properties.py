"""Whatever an order looks like, something true and useful is said about it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.diagnosis import (
    Canceller,
    Cause,
    Confidence,
    Mark,
    OrderFacts,
    ParcelFacts,
    Trouble,
    diagnose,
    marketplace,
    marketplaces,
)
from doorstep.core.lane import Lane
from doorstep.core.order import OrderState, TrackAnswer
from doorstep.core.status import Reason, Status
from tests.core.sentences import sentence

PAID = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NEVER_AGAIN = {Cause.ORDER_CANCELLED, Cause.ARRIVED, Cause.NOTHING_TO_SHIP}
CALM = NEVER_AGAIN | {Cause.ALL_WELL}


def on(days):
    return PAID + days * DAY


moments = st.none() | st.integers(-20, 120).map(on)
spans = st.none() | st.integers(0, 60).map(timedelta)
lanes = st.none() | st.builds(
    Lane,
    parcels=st.integers(0, 30),
    first_scan_p85=spans,
    transit_p50=spans,
    transit_p85=spans,
    silence_p85=spans,
    silence_p98=spans,
)
orders = st.builds(
    OrderFacts,
    placed_at=st.just(PAID),
    state=st.sampled_from(OrderState),
    ids=st.just(frozenset({"1001"})),
    supplied=st.booleans(),
    needs_shipping=st.booleans(),
    unsent=st.none() | st.integers(0, 3),
    item_classes=st.sampled_from([frozenset(), frozenset({"sewing"}), frozenset({"sewing", "phones"})]),
    paid_at=moments,
    ships_out_by=moments,
    dispatched_at=moments,
    delivery_due_at=moments,
    cancelled_at=moments,
    cancelled_by=st.sampled_from(Canceller),
    protection_ends_at=moments,
    seller_asked_at=moments,
    seller_answered_at=moments,
    contact_invalid=st.booleans(),
    store_silent_since=moments,
)
parcels = st.builds(
    ParcelFacts,
    ref=st.sampled_from(["1", "2"]),
    number=st.sampled_from(["", "LB123456785CN", "LB12345678SCN", "1Z999AA10123456784", "1001", "+49 151 12345678"]),
    carrier=st.sampled_from(["", "usps", "china_post"]),
    number_since=moments,
    number_confirmed_at=moments,
    replaced_number=st.sampled_from(["", "OLD"]),
    tracked=st.none() | st.booleans(),
    dispatched_at=moments,
    origin=st.sampled_from(["", "CN", "DE"]),
    destination=st.sampled_from(["", "DE"]),
    lane=lanes,
    status=st.sampled_from(Status),
    reason=st.none() | st.sampled_from(Reason),
    status_since=moments,
    first_scan_at=moments,
    last_event_at=moments,
    attempts=st.none() | st.integers(1, 3),
    kept_until=moments,
    answer=st.none() | st.sampled_from(TrackAnswer),
    mark=st.sampled_from(Mark),
    failing_since=moments,
    trouble=st.sampled_from(Trouble),
    said=st.sampled_from(["", "HTTP 503"]),
    asks_next=moments,
    down_since=moments,
)
several = st.lists(parcels, max_size=3, unique_by=lambda one: one.ref)
markets = st.sampled_from(["", *marketplaces()]).map(marketplace)
days = st.integers(0, 100).map(on)


@given(orders, several, days, markets)
def test_every_state_of_an_order_says_something_or_that_all_is_well_until_when(order, parcels, now, market):
    found = diagnose(order, parcels, now, market)
    assert found
    assert all(one.evidence and one.advice for one in found)
    assert all(one.next_at >= now if one.next_at else one.cause in NEVER_AGAIN for one in found)
    assert len({(one.cause, one.parcel) for one in found}) == len(found)
    assert [one.cause for one in found if one.cause in CALM] in ([], [found[0].cause])
    ranks = [list(Confidence).index(one.confidence) for one in found]
    assert ranks == sorted(ranks)


@given(orders, several, days, markets)
def test_everything_that_is_said_has_a_sentence(order, parcels, now, market):
    for one in diagnose(order, parcels, now, market):
        measured = (one.measure,) if one.measure else ()
        assert all(map(sentence, (one.message, *one.evidence, *one.advice, *measured)))


@given(orders, several, days, markets)
def test_evidence_does_not_change_with_the_day(order, parcels, now, market):
    """An answer given to a finding is tied to its evidence: it must still fit tomorrow."""
    today, tomorrow = (
        {
            (one.cause, one.parcel, one.confidence): one.evidence
            for one in diagnose(order, parcels, at, market)
            if one.cause not in CALM
        }
        for at in (now, now + DAY)
    )
    assert all(today[key] == tomorrow[key] for key in today.keys() & tomorrow.keys())


@given(orders, several, days, markets)
def test_until_its_date_all_stays_well(order, parcels, now, market):
    (first, *_) = diagnose(order, parcels, now, market)
    if first.cause is Cause.ALL_WELL:
        later = diagnose(order, parcels, first.next_at, market)
        assert [one.cause for one in later] == [Cause.ALL_WELL]


@given(orders, several, days)
def test_a_parcel_that_nobody_knows_counts_for_nothing(order, parcels, now):
    nobody = ParcelFacts(ref="9", status=Status.NOT_FOUND)
    assert diagnose(order, [*parcels, nobody], now) == diagnose(order, parcels, now)
