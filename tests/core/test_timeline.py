"""One truth from many sources: whatever the order and repetition of what they say."""

from dataclasses import replace
from datetime import timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.event import InstantFrom, TrackingEvent
from doorstep.core.order import TrackAnswer
from doorstep.core.repeats import repeats
from doorstep.core.status import Reason, Responsible, Status
from doorstep.core.timeline import belonging, current, event_key, merge
from doorstep.core.timeline import own as own_scans
from tests.core.scans import NOW, scan, told

TIMELESS = TrackingEvent(source="a", raw_text="label", status=Status.INFO_RECEIVED)


@given(told, st.randoms(use_true_random=False), st.integers(1, 3))
def test_order_and_repetition_change_nothing(said, random, times_said):
    again = said * times_said
    random.shuffle(again)
    assert merge(again) == merge(said)
    assert current(again, NOW) == current(said, NOW)
    assert repeats(again) == repeats(said)
    assert belonging(again, NOW) == belonging(said, NOW)


@given(told)
def test_every_scan_is_kept_exactly_once(said):
    merged = merge(said)
    assert {event_key(one) for one in merged} == {event_key(one) for one in said}
    assert len({event_key(one) for one in merged}) == len(merged)
    own, strangers = belonging(said, NOW)
    assert sorted(map(repr, own + strangers)) == sorted(map(repr, merged))
    assert merge(own_scans(said, NOW)) == own
    assert own_scans(said, None) == list(said)


@given(told)
def test_instants_of_a_timeline_never_go_back(said):
    instants = [one.instant for one in merge(said) if one.instant]
    assert instants == sorted(instants)


@given(told)
def test_a_parcel_is_never_unknown_and_its_headline_is_one_of_its_scans(said):
    now = current(said, NOW)
    assert now.status is not Status.UNKNOWN
    assert not now.headline_key or now.headline_key in {event_key(one) for one in said}


def test_identity_is_the_raw_words_and_not_our_reading():
    one, other = scan(Status.UNKNOWN, text="Zugestellt"), scan(Status.DELIVERED, text="Zugestellt", position=4)
    assert event_key(one) == event_key(other)
    assert len(event_key(one)) == 16
    assert merge([one, other]) == (other,)
    assert event_key(scan(Status.DELIVERED, place="Bonn")) != event_key(scan(Status.DELIVERED, place="Köln"))
    assert event_key(scan(Status.DELIVERED, source="b")) != event_key(scan(Status.DELIVERED))


def test_an_instant_that_we_derived_is_not_part_of_identity():
    plain = scan(Status.IN_TRANSIT, local=True)
    derived = TrackingEvent(
        source="a",
        raw_text="in_transit",
        status=Status.IN_TRANSIT,
        local=plain.local,
        instant=NOW - timedelta(hours=8),
        instant_from=InstantFrom.SOURCE_ZONE,
    )
    assert event_key(plain) == event_key(derived)
    assert merge([plain, derived]) == (derived,)


def test_fields_do_not_run_into_one_another():
    left = TrackingEvent(source="a", raw_code="1", raw_text="23", status=Status.UNKNOWN)
    right = TrackingEvent(source="a", raw_code="12", raw_text="3", status=Status.UNKNOWN)
    assert event_key(left) != event_key(right)


def test_a_scan_that_lost_a_name_keeps_its_identity():
    said = scan(Status.DELIVERED, text="Signed by Ines")
    assert event_key(replace(said, raw_text="Signed by …", key=event_key(said))) == event_key(said)


def test_late_scan_does_not_undo_delivery():
    now = current([scan(Status.DELIVERED, -2), scan(Status.OUT_FOR_DELIVERY, -1), scan(Status.IN_TRANSIT, -0.5)], NOW)
    assert now.status is Status.DELIVERED
    assert now.since == NOW - timedelta(days=2)


def test_a_return_after_the_delivery_is_the_headline():
    now = current([scan(Status.RETURNING, -1, reason=Reason.REFUSED), scan(Status.DELIVERED, -2)], NOW)
    assert (now.status, now.reason) == (Status.RETURNING, Reason.REFUSED)
    assert (now.responsible, now.action_by) == (Responsible.RECIPIENT, Responsible.SENDER)


def test_a_problem_before_the_delivery_is_over():
    assert current([scan(Status.EXCEPTION, -3), scan(Status.DELIVERED, -2)], NOW).status is Status.DELIVERED


def test_a_status_began_with_its_first_scan_and_is_driven_by_its_last():
    first, last = scan(Status.IN_TRANSIT, -3, text="left"), scan(Status.IN_TRANSIT, -1, text="moved on")
    now = current([last, scan(Status.UNKNOWN, 0, text="?"), first], NOW)
    assert (now.since, now.headline_key, now.source) == (first.instant, event_key(last), "a")


def test_a_scan_far_ahead_is_kept_and_does_not_drive():
    ahead = scan(Status.DELIVERED, 1.1)
    said = [scan(Status.IN_TRANSIT, -1), ahead]
    assert current(said, NOW).status is Status.IN_TRANSIT
    assert ahead in merge(said)
    assert current(said, NOW + timedelta(hours=1)).status is Status.DELIVERED


def test_without_news_the_last_answer_decides():
    assert current([], NOW).status is Status.PENDING
    assert current([], NOW, TrackAnswer.NOTHING).status is Status.NOT_FOUND
    assert current([], NOW, TrackAnswer.REJECTED).status is Status.PENDING
    assert current([scan(Status.UNKNOWN)], NOW, TrackAnswer.EVENTS).status is Status.PENDING
    assert current([scan(Status.IN_TRANSIT)], NOW, TrackAnswer.NOT_FOUND).status is Status.IN_TRANSIT


def test_a_scan_without_time_follows_its_predecessor():
    said = [scan(Status.PICKED_UP, -1, position=1), TIMELESS]
    assert merge(said)[0] is TIMELESS
    assert current([TIMELESS], NOW).since is None


def test_a_flight_to_the_west_keeps_the_order_of_its_source():
    leaves = scan(Status.IN_TRANSIT, -1, text="left Shanghai", local=True, position=0)
    lands = scan(Status.ARRIVED, -1.2, text="arrived in Los Angeles", local=True, position=1)
    assert merge([lands, leaves]) == (leaves, lands)


def test_an_order_that_contradicts_the_days_is_not_believed():
    late = scan(Status.DELIVERED, -1, local=True, position=0)
    early = scan(Status.PICKED_UP, -9, local=True, position=1)
    assert merge([late, early]) == (early, late)


def test_the_same_scan_told_by_two_sources_is_marked():
    one, two = scan(Status.DELIVERED, -1, source="a"), scan(Status.DELIVERED, -1, source="b", text="Delivered!")
    assert repeats([one, two]) == {event_key(two)}
    assert not repeats([one, scan(Status.UNKNOWN, -1, source="b"), TIMELESS])
    assert not repeats([one, scan(Status.DELIVERED, -1, text="signed")])


def test_the_same_words_in_the_same_minute_are_one_scan_whatever_two_readers_make_of_them():
    one = scan(Status.PICKED_UP, -1, source="a", text="Picked up by  the carrier")
    other = scan(Status.IN_TRANSIT, -1, source="b", text="picked up by the Carrier")
    assert repeats([one, other]) == {event_key(other)}
    assert repeats([replace(one, raw_text=""), replace(other, raw_text="", status=Status.UNKNOWN)]) == frozenset()


def test_the_same_scan_is_marked_where_one_source_names_no_zone():
    plain, zoned = scan(Status.DELIVERED, -1, source="a", local=True), scan(Status.DELIVERED, -1, source="b")
    zoned = replace(zoned, local=plain.local)
    assert repeats([plain, zoned]) == repeats([zoned, plain]) == {event_key(plain)}


def test_scans_long_before_the_purchase_are_another_parcels():
    old, just, later = scan(Status.DELIVERED, -30), scan(Status.INFO_RECEIVED, -1.9), scan(Status.IN_TRANSIT, 0)
    assert belonging([later, just, old, TIMELESS], NOW) == ((TIMELESS, just, later), (old,))
    assert belonging([old], None) == ((old,), ())


def test_a_local_time_gets_the_benefit_of_the_doubt():
    doubtful = scan(Status.PICKED_UP, -2.4, local=True)
    assert belonging([doubtful], NOW) == ((doubtful,), ())
    assert belonging([scan(Status.PICKED_UP, -2.6, local=True)], NOW)[0] == ()


def test_an_offset_is_part_of_what_was_said():
    zone = timezone(timedelta(hours=8))
    at = NOW.astimezone(zone)
    plain = TrackingEvent(source="a", raw_text="x", status=Status.PICKED_UP, local=at.replace(tzinfo=None))
    offset = TrackingEvent(source="a", raw_text="x", status=Status.PICKED_UP, local=plain.local, offset=480, instant=at)
    assert event_key(plain) != event_key(offset)
