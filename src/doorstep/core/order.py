"""What was bought, what moves, and who said which number.

The classes here are what connectors hand over (facts) and what rules decide on. Times are aware UTC. ``ref`` is always
the other side's own id, as text.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from doorstep.core.event import TrackingEvent
from doorstep.core.number.value import Role as Role  # noqa: PLC0414 (parcels' numbers have it too: importable from here)
from doorstep.core.state import OrderState as OrderState  # noqa: PLC0414 (rules that need no facts import it there)
from doorstep.core.state import TrackAnswer as TrackAnswer  # noqa: PLC0414
from doorstep.core.status import Reason


class PurchaseState(StrEnum):
    """How far a supplier is with a purchase."""

    UNPAID = "unpaid"
    PAID = "paid"  # paid, nothing has left yet
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Stock(StrEnum):
    """Where the goods of a purchase lie."""

    PRIVATE = "private"
    WAREHOUSE = "warehouse"
    FACTORY = "factory"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A quantity of one order line inside a parcel. ``line`` is the store's line ref."""

    line: str
    qty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a store order. Lines that need no shipping and cancelled quantities count for nothing."""

    ref: str
    qty: int
    sku: str = ""
    title: str = ""
    qty_cancelled: int = 0
    needs_shipping: bool = True
    item_class: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who receives the order. Personal data: stored in one table only, erasable."""

    email: str = ""
    phone: str = ""
    name: str = ""
    city: str = ""
    postcode: str = ""
    country: str = ""
    locale: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreShipment:
    """A fulfillment that a store already has. Empty ``contents`` = the store does not say which lines."""

    ref: str
    number: str
    carrier: str = ""  # the store's own text
    url: str = ""
    contents: tuple[Content, ...] = ()
    shipped_at: datetime | None = None
    delivered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A store order as its store tells it: a whole snapshot, the newest ``updated_at`` wins.

    ``transaction`` is the payment service's own id of the payment, '' where the store does not say it. ``coupons``: the
    codes that were used in it, where the store says so.
    ``shipments`` is None when the answer does not say what was shipped (not the same as "nothing was shipped").
    """

    ref: str
    number: str
    placed_at: datetime
    lines: tuple[Line, ...]
    updated_at: datetime | None = None
    paid_at: datetime | None = None
    cancelled_at: datetime | None = None
    awaiting_payment: bool = False
    transaction: str = ""
    ship_by: datetime | None = None
    buyer: Buyer | None = None
    shipments: tuple[StoreShipment, ...] | None = None
    coupons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidNumber:
    """A number as somebody said it, before anyone believes it. ``carrier`` is their text, not our code."""

    text: str
    role: Role
    carrier: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseLine:
    """A line of a purchase. ``order`` is the store order as the supplier knows it (its id or its number)."""

    ref: str
    order: str
    qty: int
    line: str = ""  # the store's line ref, if the supplier kept it
    sku: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """The merchant's order at a supplier, as the supplier tells it: a whole snapshot. One purchase = one parcel;
    a supplier that splits makes several purchases. ``dispatch_evidence`` says in the supplier's words why
    ``dispatched_at`` is believed.
    """

    ref: str
    lines: tuple[PurchaseLine, ...]
    state: PurchaseState
    updated_at: datetime | None = None
    buy_account: str = ""
    method: str = ""  # shipping method, the supplier's words
    stock: Stock = Stock.UNKNOWN
    ordered_at: datetime | None = None
    paid_at: datetime | None = None
    ships_out_by: datetime | None = None
    dispatched_at: datetime | None = None
    dispatch_evidence: str = ""
    protection_ends_at: datetime | None = None
    numbers: tuple[SaidNumber, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What one source says about one number. ``complete``: these are all events the source has, so an earlier
    event that is missing now is gone. ``last_mile`` is another number found in the answer.
    """

    number: str
    answer: TrackAnswer
    carrier: str = ""  # our carrier code; '' when the vendor names none that we know
    carrier_key: str = ""  # the vendor's own key, kept
    events: tuple[TrackingEvent, ...] = ()
    complete: bool = True
    last_mile: SaidNumber | None = None
    eta_from: date | None = None
    eta_to: date | None = None
    reason: Reason | None = None
    said: str = ""  # the vendor's error text, if any


class MailKind(StrEnum):
    """What a mail is about."""

    SHIPPED = "shipped"
    MOVING = "moving"  # a carrier's or shop's later notice about a parcel
    DELIVERED = "delivered"
    FORWARD_CONFIRMATION = "forward_confirmation"  # a mailbox provider asks to confirm forwarding
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What was found in one mail. ``sender`` is the domain the original mail claims; whether that is proven is
    decided where the mail was received and comes beside the raw bytes. ``orders`` are order ids and numbers as
    written in the mail. ``unsure`` may be tracking numbers: a person judges them, where ``numbers`` is empty.
    """

    kind: MailKind
    message_id: str
    sender: str
    subject: str
    sent_at: datetime | None = None
    orders: tuple[str, ...] = ()
    numbers: tuple[SaidNumber, ...] = ()
    unsure: tuple[SaidNumber, ...] = ()
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedNumber:
    """A number typed (or, with ``removed``, taken back) by a person on one order. Empty ``contents`` = all lines not
    yet allotted. ``carrier_only``: a word about who carries the number, and no word about the order.
    """

    order: str  # the store's order ref
    number: SaidNumber
    contents: tuple[Content, ...] = ()
    removed: bool = False
    carrier_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidMark:
    """What the recipient says of a parcel: '' = nothing any more, else ``core.diagnosis.Mark``. ``number`` is one that
    the parcel has.
    """

    number: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedPurchase:
    """A person says which order a purchase is for that names none itself. ``supplier`` and ``store`` are ids of
    connections, ``purchase`` and ``order`` what those call them; no order = it is nobody's.
    """

    supplier: str
    purchase: str
    store: str = ""
    order: str = ""
