"""The transition rules, as sentences."""

from itertools import product

import pytest

from doorstep.core.status import (
    CLOSED,
    NO_NEWS,
    RESPONSIBLE,
    Reason,
    Responsible,
    Status,
    action_by,
    closed,
    follows,
    responsible,
)

ROAD = (Status.PICKED_UP, Status.IN_TRANSIT, Status.CUSTOMS, Status.ARRIVED, Status.OUT_FOR_DELIVERY)


def test_every_reason_lies_with_somebody():
    assert set(RESPONSIBLE) == set(Reason)
    assert responsible(Reason.LOST) is Responsible.CARRIER
    assert responsible(None) is None


def test_an_unknown_word_never_becomes_the_headline():
    assert not any(follows(status, Status.UNKNOWN) for status in Status)


@pytest.mark.parametrize("event", sorted(NO_NEWS))
def test_no_news_never_overrides_real_news(event):
    real = set(Status) - {Status.PENDING, Status.UNKNOWN}
    assert not any(follows(status, event) for status in real)
    assert follows(Status.PENDING, event)


@pytest.mark.parametrize("event", ROAD)
def test_a_stray_scan_does_not_undo_a_delivery(event):
    assert not follows(Status.DELIVERED, event)


@pytest.mark.parametrize("event", [Status.RETURNING, Status.RETURNED, Status.EXCEPTION])
def test_a_return_or_a_problem_after_the_delivery_shows(event):
    assert follows(Status.DELIVERED, event)


def test_scans_on_the_way_back_do_not_look_like_the_way_there():
    assert not any(follows(Status.RETURNING, event) for event in ROAD)
    assert follows(Status.RETURNING, Status.RETURNED)
    assert not follows(Status.RETURNED, Status.DELIVERED)


def test_late_label_data_does_not_take_a_parcel_off_the_road():
    assert not any(follows(status, Status.INFO_RECEIVED) for status in ROAD)
    assert follows(Status.NOT_FOUND, Status.INFO_RECEIVED)
    assert follows(Status.INFO_RECEIVED, Status.INFO_RECEIVED)


def test_a_parcel_on_the_road_may_go_anywhere():
    ends = (*ROAD, Status.AVAILABLE_FOR_PICKUP, Status.ATTEMPT_FAILED, Status.DELIVERED, Status.EXCEPTION)
    assert all(follows(here, there) for here, there in product((*ROAD, Status.CANCELLED), ends))


def test_only_an_end_is_closed():
    assert {status for status in Status if closed(status)} == CLOSED
    assert not closed(Status.EXPIRED)


@pytest.mark.parametrize(
    ("status", "reason", "who"),
    [
        (Status.DELIVERED, Reason.DAMAGED, None),
        (Status.EXCEPTION, Reason.LOST, Responsible.SENDER),
        (Status.EXCEPTION, Reason.REFUSED, Responsible.SENDER),
        (Status.EXCEPTION, None, Responsible.SENDER),
        (Status.CUSTOMS, Reason.CUSTOMS_HELD, None),
        (Status.CUSTOMS, Reason.DUTIES_UNPAID, Responsible.RECIPIENT),
        (Status.CUSTOMS, None, None),
        (Status.EXCEPTION, Reason.DELAYED_WEATHER, None),
        (Status.AVAILABLE_FOR_PICKUP, None, Responsible.RECIPIENT),
        (Status.ATTEMPT_FAILED, Reason.WRONG_ADDRESS, Responsible.SENDER),
        (Status.ATTEMPT_FAILED, Reason.DELAYED_CARRIER, Responsible.RECIPIENT),
        (Status.RETURNING, None, Responsible.SENDER),
        (Status.IN_TRANSIT, None, None),
    ],
)
def test_who_has_to_act(status, reason, who):
    assert action_by(status, reason) is who
