"""The dates that an order has to keep or not to miss (N6), each with whose it is and whether somebody said it or only
the usual term says so. A date that cannot be known is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from doorstep.core.diagnosis.limits import KEPT, MARGIN
from doorstep.core.diagnosis.marketplace import Anchor, Marketplace, Term
from doorstep.core.status import Status


class What(StrEnum):
    """What ends on a date."""

    SHIP_BY = "ship_by"  # the channel wants a number by then
    CANCELLED = "cancelled"  # the channel cancels the order by itself
    DISPATCH = "dispatch"  # the supplier's own term
    REFUND = "refund"  # the marketplace gives the money back by itself
    DISPUTE = "dispute"  # the last good day to open a dispute
    PROTECTION = "protection"  # buyer protection ends
    CLOSES = "closes"  # no dispute can be opened any more
    PICKUP = "pickup"  # the parcel goes back


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One date. ``said``: somebody named it for this order; else it is computed from a usual term."""

    what: What
    at: datetime
    said: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """A purchase, as far as its dates go. Times aware, None = not known."""

    paid_at: datetime | None = None
    ships_out_by: datetime | None = None
    dispatched_at: datetime | None = None
    protection_ends_at: datetime | None = None


_KEPT: Final = frozenset({Status.AVAILABLE_FOR_PICKUP, Status.ATTEMPT_FAILED})


def of_sale(ship_by: datetime | None, cancel_after_d: int | None) -> Iterator[Deadline]:
    """Of an order that is not wholly sent: what its channel asks for. ``cancel_after_d``: the channel's own term."""
    if ship_by:
        yield Deadline(what=What.SHIP_BY, at=ship_by, said=True)
        if cancel_after_d is not None:
            yield Deadline(what=What.CANCELLED, at=ship_by + timedelta(days=cancel_after_d), said=False)


def of_purchase(bought: Bought, where: Marketplace) -> Iterator[Deadline]:
    """Of a purchase that is neither cancelled nor received: what its supplier and its marketplace promised."""
    due = bought.ships_out_by or _after(bought.paid_at, where.dispatch)
    if due and not bought.dispatched_at:
        yield Deadline(what=What.DISPATCH, at=due, said=bool(bought.ships_out_by))
        if where.refund and where.refund.anchor is Anchor.NUMBER_DUE:
            yield Deadline(what=What.REFUND, at=due + where.refund.span, said=False)
    yield from _protected(bought, where)


def of_parcel(status: Status, since: datetime | None, kept_until: datetime | None = None) -> Iterator[Deadline]:
    """Of a parcel: until when it waits to be picked up."""
    at = kept_until or (since + KEPT if since else None)
    if at and status in _KEPT:
        yield Deadline(what=What.PICKUP, at=at, said=bool(kept_until))


def _protected(bought: Bought, where: Marketplace) -> Iterator[Deadline]:
    ends, said = bought.protection_ends_at, bool(bought.protection_ends_at)
    if ends is None and where.protection and where.protection.anchor is Anchor.DISPATCHED:
        ends = _after(bought.dispatched_at, where.protection)
    if ends:
        yield Deadline(what=What.PROTECTION, at=ends, said=said)
        yield Deadline(what=What.DISPUTE, at=ends - (where.margin.span if where.margin else MARGIN), said=False)
    closes = where.closes
    if closes and closes.anchor in {Anchor.PROTECTION_ENDS, Anchor.PAID}:
        at = _after(ends if closes.anchor is Anchor.PROTECTION_ENDS else bought.paid_at, closes)
        if at:
            yield Deadline(what=What.CLOSES, at=at, said=False)


def _after(start: datetime | None, term: Term | None) -> datetime | None:
    return start + term.span if start and term else None
