"""An order as the subject of a diagnosis, with every date and answer that the rules ask for.

The rules name these properties. A date that cannot be known is None, and what would say it stays unsaid.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from doorstep.core.diagnosis import limits
from doorstep.core.diagnosis.facts import Mark, OrderFacts, ParcelFacts
from doorstep.core.diagnosis.finding import Who
from doorstep.core.diagnosis.marketplace import Anchor, Marketplace, Term
from doorstep.core.message import Message
from doorstep.core.state import OrderState
from doorstep.core.status import Status

SENT: Final = frozenset({OrderState.PARTLY_SHIPPED, OrderState.SHIPPED, OrderState.PARTLY_DELIVERED})


def arrived(parcel: ParcelFacts) -> bool:
    """Whether a parcel is with its shopper, whoever says so; what is missing or damaged is not."""
    said = parcel.mark is Mark.RECEIVED or parcel.status is Status.DELIVERED
    return said and parcel.mark not in {Mark.MISSING, Mark.DAMAGED}


def _measure(market: Marketplace, term: Term | None) -> Message | None:
    if term is None:
        return None
    known = "marketplace" if term.verified else "hearsay"
    return Message(id=f"finding.by.{known}", values={"name": market.name, "checked": term.checked.isoformat()})


@dataclass(frozen=True, kw_only=True)
class Whole:
    """The order. ``parcels`` are those of its parcels that count."""

    order: OrderFacts
    parcels: tuple[ParcelFacts, ...]
    market: Marketplace
    now: datetime

    # --- who is who ---

    @property
    def sender(self) -> Who:
        return Who.SUPPLIER if self.order.supplied else Who.MERCHANT

    @property
    def buyer(self) -> Who:
        return Who.MERCHANT if self.order.supplied else Who.SHOPPER

    # --- the order ---

    @property
    def placed(self) -> datetime:
        return self.order.placed_at

    @property
    def paid(self) -> datetime:
        return self.order.paid_at or self.order.placed_at

    @property
    def cancelled(self) -> bool:
        return self.order.state is OrderState.CANCELLED or self.order.cancelled_at is not None

    @property
    def cancelled_at(self) -> datetime | None:
        return self.order.cancelled_at

    @property
    def unsent(self) -> int | None:
        """Pieces in no parcel, where that is known and some are."""
        return self.order.unsent or None

    @property
    def waiting(self) -> bool:
        """Whether something of the order is in no parcel."""
        nothing_yet = not self.parcels and self.order.state is not OrderState.DELIVERED
        return self.order.needs_shipping and bool(nothing_yet or self.order.unsent)

    @property
    def said_sent(self) -> bool:
        """Whether the seller says that it was sent, though no parcel holds it."""
        return not self.parcels and (self.order.state in SENT or self.order.dispatched_at is not None)

    @property
    def sent_at(self) -> datetime | None:
        return self.order.dispatched_at

    @property
    def dispatched(self) -> datetime | None:
        """When the order left, or the first of its parcels."""
        left = (one.dispatched_at for one in self.parcels if one.dispatched_at)
        return self.order.dispatched_at or min(left, default=None)

    @property
    def number_due(self) -> datetime:
        """Until when a number is due: the seller's own term, else the marketplace's, else the usual one."""
        usual = self.market.dispatch.span if self.market.dispatch else limits.SHIPPED_MAIL
        return self.order.ships_out_by or self.paid + usual

    @property
    def refund_due(self) -> datetime | None:
        return self._term(self.market.refund)

    @property
    def store_silent(self) -> datetime | None:
        return self.order.store_silent_since

    @property
    def due(self) -> datetime | None:
        """The latest promised day."""
        return self.order.delivery_due_at

    @property
    def arrived(self) -> bool:
        """Whether everything is where it should be."""
        if any(one.mark in {Mark.MISSING, Mark.DAMAGED} for one in self.parcels):
            return False
        here = bool(self.parcels) and all(map(arrived, self.parcels)) and not self.order.unsent
        return here or self.order.state is OrderState.DELIVERED

    @property
    def arrived_at(self) -> datetime | None:
        """When the last parcel was delivered, as its carrier says."""
        told = [one for one in self.parcels if one.status is Status.DELIVERED]
        return max((one.status_since or one.last_event_at or self.placed for one in told), default=None)

    @property
    def said_received(self) -> bool:
        return any(one.mark is Mark.RECEIVED for one in self.parcels)

    @property
    def asked_seller(self) -> datetime | None:
        """When the seller was asked something that is not answered."""
        asked, answered = self.order.seller_asked_at, self.order.seller_answered_at
        return None if asked and answered and answered >= asked else asked

    @property
    def answer_due(self) -> datetime | None:
        span = self.market.answer.span if self.market.answer else limits.ANSWER
        return self.asked_seller + span if self.asked_seller else None

    # --- the buyer's protection ---

    @cached_property
    def protection_ends(self) -> datetime | None:
        return self.order.protection_ends_at or self._term(self.market.protection)

    @cached_property
    def dispute_opens(self) -> datetime | None:
        return self._term(self.market.opens)

    @cached_property
    def dispute_closes(self) -> datetime | None:
        return self._term(self.market.closes) or self.protection_ends

    @property
    def dispute_end(self) -> datetime | None:
        """After that a dispute must not be counted on."""
        return min((date for date in (self.protection_ends, self.dispute_closes) if date), default=None)

    @property
    def dispute_ahead(self) -> datetime | None:
        """When a dispute can be opened, while that is still to come."""
        return self.dispute_opens if self.dispute_opens and self.now < self.dispute_opens else None

    @property
    def dispute_early(self) -> bool:
        return self.dispute_by is not None and self.now <= self.dispute_by

    @property
    def dispute_pressing(self) -> bool:
        """Whether the last sensible day is over and the protection is not."""
        return self.dispute_end is not None and not self.dispute_early and self.now <= self.dispute_end

    @property
    def dispute_late(self) -> bool:
        """Whether the protection is over, and a dispute may still be taken."""
        end, closes = self.dispute_end, self.dispute_closes
        return end is not None and closes is not None and end < self.now <= closes

    @property
    def margin(self) -> timedelta:
        return self.market.margin.span if self.market.margin else limits.MARGIN

    @cached_property
    def dispute_by(self) -> datetime | None:
        """The last sensible day: before the end by the margin, and not before a dispute can be opened."""
        end = self.dispute_end
        if end is None:
            return None
        return max(end - self.margin, min(self.dispute_opens or end - self.margin, end))

    @property
    def dispute_announced(self) -> datetime | None:
        return self.dispute_by - self.margin if self.dispute_by else None

    @property
    def dispute_measure(self) -> Message | None:
        """What the dates of a dispute go by."""
        if self.order.protection_ends_at and not self._term(self.market.closes):
            return Message(id="finding.by.order")
        term = self.market.closes if self._term(self.market.closes) else self.market.protection
        return _measure(self.market, term)

    @property
    def number_due_measure(self) -> Message | None:
        """What the term for a number goes by."""
        if self.order.ships_out_by:
            return Message(id="finding.by.seller")
        return _measure(self.market, self.market.dispatch) or Message(id="finding.by.usual_dispatch")

    @property
    def refund_checked(self) -> datetime | None:
        return self.cancelled_at + limits.REFUND if self.cancelled_at else None

    @property
    def newest_scan(self) -> datetime | None:
        return max((one.last_event_at for one in self.parcels if one.last_event_at), default=None)

    def _term(self, term: Term | None) -> datetime | None:
        """The date of a term, None where its anchor is not known."""
        if term is None:
            return None
        start = {
            Anchor.PAID: self.order.paid_at,
            Anchor.NUMBER_DUE: self.number_due,
            Anchor.DISPATCHED: self.dispatched,
            Anchor.DELIVERY_DUE: self.due,
            Anchor.PROTECTION_ENDS: self.order.protection_ends_at,
        }[term.anchor]
        return start + term.span if start else None
