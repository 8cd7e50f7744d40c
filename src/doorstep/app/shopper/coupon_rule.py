"""Gives coupons by itself: to shoppers whose parcel is late beyond doubt, as the merchant ordered it, once an order."""

from datetime import timedelta
from typing import Final

from doorstep.app import clock
from doorstep.app.log import logger
from doorstep.app.shopper import coupons, page_view
from doorstep.core.diagnosis import Cause, Confidence
from doorstep.db.models import Coupon, Offer, Order

log = logger(__name__)
LATE: Final = frozenset({Cause.STALLED, Cause.OVERDUE, Cause.LOST, Cause.FIRST_INFO_LATE})
SURE: Final = frozenset({Confidence.CERTAIN, Confidence.LIKELY})
STEP: Final = 20  # orders looked at in one round of an offer
LOOK_S: Final = 120.0  # real seconds between two rounds
_place: dict[int, int] = {}  # of each offer the last order that this process looked at


def step() -> int:
    """One round: a few orders of each offer that is given by rule; returns how many were given."""
    given = 0
    for one in Offer.objects.filter(by_rule=True, ended_at=None).order_by("id"):
        given += sum(_consider(one, order_id) for order_id in _next(one))
    return given


def _next(offer: Offer) -> list[int]:
    """The next orders on their way that had no coupon yet, given or taken back. After the last one it begins anew."""
    had = Coupon.objects.filter(ws=offer.ws, order_id__isnull=False).values("order_id")
    moving = Order.objects.filter(ws=offer.ws, store_id=offer.store_id, numbered=True, before_connection=False)
    open_ = moving.filter(state__in=("partly_shipped", "shipped"), cancelled_at=None).exclude(id__in=had)
    ids = list(open_.filter(id__gt=_place.get(offer.id, 0)).order_by("id").values_list("id", flat=True)[:STEP])
    _place[offer.id] = ids[-1] if len(ids) == STEP else 0
    return ids


def _consider(offer: Offer, order_id: int) -> bool:
    """Give one if the shopper's own page says that it is late, and today's share is not used up."""
    since = clock.now() - timedelta(days=1)
    today = Coupon.objects.filter(ws=offer.ws, offer_id=offer.id, given_by=coupons.RULE, given_at__gt=since)
    if today.count() >= offer.a_day:
        return False
    page = page_view.page_view(offer.ws, order_id)
    found = [one for some in page.findings.values() for one in some] if page else []
    late = next((one for one in found if one.cause in LATE and one.confidence in SURE), None)
    if late is None:
        return False
    try:
        coupons.give(offer.ws, offer.id, order_id, coupons.RULE, late.cause.value)
    except coupons.Refused as problem:
        log.info("coupon.not_given", offer=offer.id, why=problem.message.id)
        return False
    return True
