"""What a diagnosis is made from: an order with its parcels, as far as somebody knows it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.core.lane import Lane
from doorstep.core.state import OrderState, TrackAnswer
from doorstep.core.status import Reason, Status


class Canceller(StrEnum):
    """Who cancelled an order."""

    BUYER = "buyer"
    SELLER = "seller"
    MARKETPLACE = "marketplace"
    UNKNOWN = "unknown"


class Mark(StrEnum):
    """A shopper's own word about a parcel, whatever the carrier says."""

    NONE = ""
    RECEIVED = "received"
    MISSING = "missing"  # said to be delivered, and not there
    DAMAGED = "damaged"


class Trouble(StrEnum):
    """Why asking about a number fails."""

    NONE = ""
    BUSY = "busy"
    DENIED = "denied"  # the access is refused until a person renews it
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """An order as the one who waits for it knows it. Times aware, None = not known.

    ``ids``: all that the order is called, to tell its number from a tracking number. ``supplied``: a supplier ships it
    for the merchant, who is then the buyer here; otherwise the merchant sells to the shopper. ``unsent``: pieces that
    are in no parcel, None = not known. ``ships_out_by``: the seller's own term. ``delivery_due_at``: the latest day
    that was promised. ``protection_ends_at``: as the marketplace says. ``seller_asked_at`` and ``seller_answered_at``:
    the last question and the last answer; ``contact_invalid``: nothing written to the seller arrives.
    ``store_silent_since``: since when the store answers nothing about the order, None = it does. ``item_classes``: of
    all goods.
    """

    placed_at: datetime
    state: OrderState = OrderState.PLACED
    ids: frozenset[str] = frozenset()
    supplied: bool = False
    needs_shipping: bool = True
    unsent: int | None = None
    item_classes: frozenset[str] = frozenset()
    paid_at: datetime | None = None
    ships_out_by: datetime | None = None
    dispatched_at: datetime | None = None
    delivery_due_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_by: Canceller = Canceller.UNKNOWN
    protection_ends_at: datetime | None = None
    seller_asked_at: datetime | None = None
    seller_answered_at: datetime | None = None
    contact_invalid: bool = False
    store_silent_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelFacts:
    """A parcel of the order. Times aware, None = not known; '' = not known or none.

    ``ref``: what its findings are told by. ``carrier``: our code, or any spelling of its name.
    ``number_confirmed_at``: when its source last said this same number; ``replaced_number``: the one it took the
    place of at ``number_since``. ``tracked`` False: the service scans nothing. ``origin`` and ``destination``: ISO
    3166-1 alpha-2. ``lane``: what own history says of its way. ``kept_until``: how long the carrier keeps it after
    an attempt or at a pickup point, as it says itself. ``answer``: what the carrier answered last.
    ``failing_since``: since when asking for this number fails, ``trouble`` how, ``said`` what was answered,
    ``asks_next`` when it is tried again; ``down_since``: since when the carrier's service fails for every number.
    """

    ref: str = ""
    number: str = ""
    carrier: str = ""
    number_since: datetime | None = None
    number_confirmed_at: datetime | None = None
    replaced_number: str = ""
    tracked: bool | None = None
    dispatched_at: datetime | None = None
    origin: str = ""
    destination: str = ""
    lane: Lane | None = None
    status: Status = Status.PENDING
    reason: Reason | None = None
    status_since: datetime | None = None
    first_scan_at: datetime | None = None
    last_event_at: datetime | None = None
    attempts: int | None = None
    kept_until: datetime | None = None
    answer: TrackAnswer | None = None
    mark: Mark = Mark.NONE
    failing_since: datetime | None = None
    trouble: Trouble = Trouble.NONE
    said: str = ""
    asks_next: datetime | None = None
    down_since: datetime | None = None
