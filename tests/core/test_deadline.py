"""Which dates an order has, whose they are, and which are only usual."""

from datetime import UTC, datetime, timedelta

from doorstep.core.deadline import Bought, What, of_parcel, of_purchase, of_sale
from doorstep.core.diagnosis import NOWHERE, marketplace
from doorstep.core.diagnosis.limits import KEPT, MARGIN
from doorstep.core.status import Status

AT = datetime(2026, 6, 1, tzinfo=UTC)
ALI = marketplace("aliexpress")


def days(found: object) -> dict[What, tuple[int, bool]]:
    return {one.what: ((one.at - AT).days, one.said) for one in found}  # type: ignore[attr-defined]


def test_channel_says_by_when_to_ship_and_when_it_cancels() -> None:
    assert days(of_sale(AT, 7)) == {What.SHIP_BY: (0, True), What.CANCELLED: (7, False)}
    assert days(of_sale(AT, None)) == {What.SHIP_BY: (0, True)}
    assert days(of_sale(None, 7)) == {}


def test_dispatch_and_refund_end_with_the_dispatch() -> None:
    waiting = Bought(paid_at=AT, ships_out_by=AT + timedelta(days=5))
    assert days(of_purchase(waiting, ALI)) == {What.DISPATCH: (5, True), What.REFUND: (5, False)}
    assert days(of_purchase(waiting, NOWHERE)) == {What.DISPATCH: (5, True)}
    assert days(of_purchase(Bought(paid_at=AT), marketplace("wish"))) == {What.DISPATCH: (7, False)}
    assert days(of_purchase(Bought(paid_at=AT), ALI)) == {}
    sent = Bought(ships_out_by=AT, dispatched_at=AT)
    assert What.DISPATCH not in days(of_purchase(sent, ALI))


def test_protection_is_the_shops_own_date_else_the_usual_one() -> None:
    ends = AT + timedelta(days=40)
    own = days(of_purchase(Bought(dispatched_at=AT, protection_ends_at=ends), ALI))
    assert own == {What.PROTECTION: (40, True), What.DISPUTE: (30, False), What.CLOSES: (55, False)}
    usual = days(of_purchase(Bought(dispatched_at=AT), ALI))
    assert usual == {What.PROTECTION: (60, False), What.DISPUTE: (50, False), What.CLOSES: (75, False)}
    anywhere = days(of_purchase(Bought(protection_ends_at=ends), NOWHERE))
    assert anywhere == {What.PROTECTION: (40, True), What.DISPUTE: (40 - MARGIN.days, False)}


def test_end_of_disputes_that_counts_from_the_payment_needs_the_payment() -> None:
    assert days(of_purchase(Bought(paid_at=AT), marketplace("temu"))) == {What.CLOSES: (90, False)}
    assert days(of_purchase(Bought(), marketplace("temu"))) == {}


def test_parcel_waits_so_long_as_is_said_or_usual() -> None:
    assert days(of_parcel(Status.AVAILABLE_FOR_PICKUP, AT)) == {What.PICKUP: (KEPT.days, False)}
    assert days(of_parcel(Status.ATTEMPT_FAILED, AT, AT + timedelta(days=3))) == {What.PICKUP: (3, True)}
    assert days(of_parcel(Status.AVAILABLE_FOR_PICKUP, None)) == {}
    assert days(of_parcel(Status.IN_TRANSIT, AT)) == {}
