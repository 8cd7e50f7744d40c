"""One subject of a diagnosis: a parcel of an order, or the order itself."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from doorstep.core.diagnosis import limits
from doorstep.core.diagnosis.facts import Mark, ParcelFacts
from doorstep.core.diagnosis.finding import Who
from doorstep.core.diagnosis.whole import Whole, arrived
from doorstep.core.message import Message
from doorstep.core.number import Confidence, Kind, Recognition, normalize, recognize
from doorstep.core.number.directory import carrier, carrier_named, related
from doorstep.core.status import Reason, Responsible, Status, action_by

UNSCANNED: Final = frozenset({Status.PENDING, Status.NOT_FOUND, Status.INFO_RECEIVED})
MOVING: Final = frozenset(
    {Status.PICKED_UP, Status.IN_TRANSIT, Status.CUSTOMS, Status.ARRIVED, Status.OUT_FOR_DELIVERY}
)
_WEEK: Final = timedelta(days=7)
_ACTS: Final = {Responsible.CARRIER: Who.CARRIER, Responsible.RECIPIENT: Who.SHOPPER}  # beside the sender


@dataclass(frozen=True, kw_only=True)
class Case(Whole):
    """A parcel; an empty one where the order itself is the subject."""

    parcel: ParcelFacts

    @property
    def each(self) -> "tuple[Case, ...]":
        """A case for each parcel that counts."""
        return tuple(replace(self, parcel=one) for one in self.parcels)

    @property
    def by_reason(self) -> Who:
        """Who can do something about the parcel's status and reason."""
        acting = action_by(self.parcel.status, self.parcel.reason)
        if acting is None:
            return Who.NOBODY
        return self.sender if acting is Responsible.SENDER else _ACTS.get(acting, Who.NOBODY)

    @cached_property
    def well_until(self) -> datetime:
        """The first date at which something would be said, if nothing happens until then."""
        dates = [date for one in self.each if not arrived(one.parcel) for date in one.road_dates]
        ahead = [date for date in (*dates, self.dispute_announced) if date and date > self.now]
        return min(ahead, default=self.now + _WEEK)

    # --- the number ---

    @property
    def number(self) -> str:
        return self.parcel.number

    @cached_property
    def recognition(self) -> Recognition:
        return recognize(self.parcel.number)

    @cached_property
    def is_order_number(self) -> bool:
        """Whether somebody gave the number of an order for a tracking number (S65)."""
        if not self.number:
            return False
        names = {normalize(name).lstrip("#") for name in self.order.ids}
        other = self.recognition.not_a
        return normalize(self.number).lstrip("#") in names or bool(other and other.sure and other.kind is Kind.ORDER_ID)

    @cached_property
    def is_something_else(self) -> bool:
        other = self.recognition.not_a if self.number else None
        return bool(other and other.sure and other.kind is not Kind.URL)

    @property
    def something_else(self) -> Message | None:
        other = self.recognition.not_a
        return other.message if other else None

    @property
    def nearest(self) -> str:
        """The valid number that was probably meant, '' if this one may be right."""
        meant = self.recognition.nearest if self.number and not self.recognition.candidates else None
        return meant.number if meant else ""

    @property
    def is_invalid(self) -> bool:
        """Whether its check digit is wrong, or the carrier calls it invalid."""
        other = self.recognition.not_a if self.number and not self.recognition.candidates else None
        mistyped = other is not None and other.kind is Kind.MISTYPED_NUMBER
        return mistyped or bool(self.nearest) or self.parcel.reason is Reason.INVALID_NUMBER

    @cached_property
    def carrier_code(self) -> str:
        """Our code of the carrier that is asked, '' if it is none that we know."""
        return carrier_named(self.parcel.carrier) if self.parcel.carrier else ""

    @property
    def carrier_name(self) -> str:
        """How the carrier that is asked is called; one that we do not know as it is given."""
        return carrier(self.carrier_code).name if self.carrier_code else self.parcel.carrier

    @property
    def no_carrier(self) -> bool:
        return not self.parcel.carrier

    @cached_property
    def likely_carrier(self) -> str:
        """The name of the carrier whose number it clearly looks like, '' where the one that is asked may well know it:
        it is the same, it carries the last mile for it, or its numbers look alike.
        """
        likely = [one for one in self.recognition.candidates if one.confidence is not Confidence.POSSIBLE]
        if not self.number or not likely or any(self._knows(one.carrier) for one in likely):
            return ""
        return carrier(likely[0].carrier).name

    def _knows(self, code: str) -> bool:
        return related(code, self.carrier_code) or self.carrier_code in carrier(code).partners

    @property
    def plausible(self) -> bool:
        return not (self.is_order_number or self.is_something_else or self.is_invalid)

    @property
    def replaced_number(self) -> str:
        return self.parcel.replaced_number if self.number_since else ""

    @property
    def number_since(self) -> datetime | None:
        return self.parcel.number_since

    # --- waiting for the first scan ---

    @property
    def unscanned(self) -> bool:
        parcel = self.parcel
        never = parcel.status is Status.EXPIRED and parcel.last_event_at is None
        return parcel.status in UNSCANNED or never

    @cached_property
    def limits(self) -> limits.Limits:
        return limits.limits(self.parcel.origin, self.parcel.destination, self.parcel.lane)

    @property
    def limits_measure(self) -> Message:
        return self.limits.measure

    @property
    def handed_over(self) -> datetime | None:
        return self.parcel.dispatched_at or self.order.dispatched_at

    @cached_property
    def waits_since(self) -> datetime:
        """Since when a number waits for its first scan; one that took another's place waits anew."""
        start = self.handed_over or self.number_since or self.paid
        return max(start, self.number_since) if self.replaced_number and self.number_since else start

    @property
    def label_only(self) -> bool:
        return self.parcel.status is Status.INFO_RECEIVED

    @property
    def label_since(self) -> datetime | None:
        return self.parcel.status_since

    @property
    def first_due(self) -> datetime:
        return self.waits_since + self.limits.first

    @property
    def check_due(self) -> datetime:
        return self.waits_since + self.limits.check

    @property
    def confirmed(self) -> bool:
        """Whether the source still said the same number after it had to be doubted."""
        at = self.parcel.number_confirmed_at
        return at is not None and at >= self.check_due

    @property
    def untracked_until(self) -> datetime:
        """How long to wait for what nobody scans: until it was promised, else until it would count as lost."""
        return self.due or self.waits_since + limits.LOST

    @property
    def small_classes(self) -> str:
        """The goods, where all of them are small ones that are often never scanned (S73)."""
        classes = self.order.item_classes
        return ", ".join(sorted(classes)) if classes and classes <= limits.SMALL else ""

    # --- on the road ---

    @property
    def on_the_road(self) -> bool:
        parcel = self.parcel
        still = parcel.status is Status.EXPIRED and parcel.last_event_at is not None
        return parcel.mark is not Mark.RECEIVED and (parcel.status in MOVING or still)

    @property
    def since(self) -> datetime:
        return self.parcel.status_since or self.parcel.last_event_at or self.placed

    @property
    def last_scan(self) -> datetime | None:
        return self.parcel.last_event_at or self.parcel.status_since

    @property
    def stalled_at(self) -> datetime | None:
        return self.last_scan + self.limits.stalled if self.last_scan else None

    @property
    def lost_at(self) -> datetime | None:
        return self.last_scan + self.limits.lost if self.last_scan else None

    @property
    def customs_due(self) -> datetime:
        return self.since + limits.CUSTOMS

    @property
    def customs_open(self) -> bool:
        return self.now <= self.customs_due

    @property
    def kept_until(self) -> datetime:
        return self.parcel.kept_until or self.since + limits.KEPT

    @property
    def kept_said(self) -> datetime | None:
        return self.parcel.kept_until

    @property
    def kept_usual(self) -> datetime | None:
        """The last day it is usually kept, where nobody says it."""
        return None if self.kept_said else self.kept_until

    @property
    def kept_measure(self) -> Message:
        return Message(id="finding.by.carrier" if self.parcel.kept_until else "finding.by.usual_kept")

    @property
    def usual_end(self) -> datetime | None:
        """When 85 of 100 parcels of the lane were at the door."""
        start = self.parcel.first_scan_at
        return start + self.limits.whole if start and self.limits.whole else None

    @property
    def first_scan(self) -> datetime | None:
        return self.parcel.first_scan_at

    @property
    def road_dates(self) -> tuple[datetime | None, ...]:
        """When something would be said about a parcel that moves, if no scan comes."""
        customs = self.customs_due if self.parcel.status is Status.CUSTOMS else None
        return self.stalled_at, customs, self.usual_end, self.due

    @property
    def reason(self) -> str:
        return self.parcel.reason.value if self.parcel.reason else ""

    @property
    def attempts(self) -> int | None:
        return self.parcel.attempts

    # --- asking ---

    @property
    def failing(self) -> datetime | None:
        return self.parcel.failing_since

    @property
    def down(self) -> datetime | None:
        return self.parcel.down_since

    @property
    def said(self) -> str:
        return self.parcel.said

    @property
    def asks_next(self) -> datetime | None:
        return self.parcel.asks_next
