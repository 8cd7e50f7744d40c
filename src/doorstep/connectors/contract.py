"""The whole contract of a connector. A connector DESCRIBES I/O and never does it.

    Trouble                what went wrong; never an empty answer
    ├── Busy               try again (retry_after seconds, if the vendor said)
    ├── Denied             credentials or permissions: stop until a person mends them
    ├── NotFound           the thing asked for does not exist there
    ├── Refused            understood and declined: asking again will not help
    └── Broken             an answer that cannot be right: HTML for JSON, garbage, 5xx

``ask``-like methods are generators (Flow): they yield Requests, get Answers, follow pages. Every Answer to a Request
with a ``what`` is handed to ``read``, which is pure and serves poll, webhook, replay and ``normalize`` alike.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, Protocol, TypeVar, runtime_checkable

from doorstep.connectors.values import (
    Answer,
    Checked,
    Delivery,
    Followed,
    Grant,
    Moved,
    Payment,
    Pushed,
    Received,
    Shipment,
    Synced,
)
from doorstep.core.message import Message
from doorstep.core.number import TrackingNumber
from doorstep.core.order import Mail, MatchedPurchase, Order, Purchase, SaidMark, StoreShipment, Track, TypedNumber
from doorstep.core.status import Status

__all__ = [
    "ALSO",
    "OWN",
    "Account",
    "Answer",
    "Broken",
    "Busy",
    "Can",
    "Carrier",
    "Challenged",
    "Checked",
    "Connectable",
    "Connector",
    "Delivery",
    "Denied",
    "Facts",
    "Field",
    "Flow",
    "Followed",
    "Follower",
    "Grant",
    "Granted",
    "Hooked",
    "Meta",
    "Moved",
    "NotFound",
    "Payment",
    "PaymentProvider",
    "Pushed",
    "Received",
    "Refused",
    "Renewing",
    "Request",
    "Shipment",
    "Shop",
    "Store",
    "Supplier",
    "Synced",
    "Teller",
    "Trouble",
    "Word",
]  # fmt: skip

OWN: Final = "own"  # Meta.hosts of a connector that talks to the merchant's own shop: the host of Account.base_url,
ALSO: Final = "hosts"  # and the hosts in this of its settings, which the connector found to be the shop's as well
T = TypeVar("T")


class Trouble(Exception):
    """Base of everything that went wrong. ``said`` is the vendor's own text (no secrets), for the console."""

    def __init__(self, said: str = "", *, message: Message | None = None) -> None:
        super().__init__(said)
        self.said = said
        self.message = message


class Busy(Trouble):
    """Too fast, or temporarily down. ``retry_after`` in seconds, None when the vendor does not say."""

    def __init__(self, said: str = "", *, retry_after: float | None = None, message: Message | None = None) -> None:
        super().__init__(said, message=message)
        self.retry_after = retry_after


class Denied(Trouble):
    """Wrong, expired or insufficient credentials; a signature that does not fit."""


class NotFound(Trouble):
    """The order, shop or number asked for does not exist there."""


class Refused(Trouble):
    """The vendor understood and declined; the same request will be declined again."""


class Broken(Trouble):
    """Not an answer of this API: HTML, garbage, 5xx, a shape that contradicts the documentation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. ``what`` names the kind of answer for ``read``; empty = plumbing (token, discovery):
    its answer is never stored. ``subject`` tells apart the answers of one kind (a page, a number), so that an
    unchanged answer can be recognized. ``context`` travels to the Answer. Secrets belong in ``headers``/``query``,
    which are neither logged nor stored, and in the ``body`` or the path only where somebody wants them there
    (``sealed``).
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    url: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    what: str = ""
    subject: str = ""
    context: Mapping[str, str] = field(default_factory=dict)
    sealed: bool = False  # the body, or the path, carries a secret: neither is shown, logged or kept
    changes: bool = False  # True: it changes something over there; an interrupted one is never repeated blindly


Flow = Generator[Request, Answer, T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One connection as a connector sees it. ``settings`` were discovered or chosen; ``credentials`` are secret.
    ``now`` is the instant of the call (tokens expire, signatures carry a time).
    """

    base_url: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A vendor word nobody has mapped. It became UNKNOWN; it is counted and shown to the merchant."""

    text: str
    sample: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything one Answer says. ``bad`` has one line per item that could not be read: the others are kept."""

    orders: tuple[Order, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    tracks: tuple[Track, ...] = ()
    mails: tuple[Mail, ...] = ()
    typed: tuple[TypedNumber, ...] = ()
    matches: tuple[MatchedPurchase, ...] = ()
    marks: tuple[SaidMark, ...] = ()
    words: tuple[Word, ...] = ()
    bad: tuple[str, ...] = ()


class Can(StrEnum):
    """What a connector is able to do; feeds the console's choices, ``core.channel`` and the docs table."""

    ORDERS = "orders"
    PUSH = "push"
    PARTIAL = "partial"  # part of the lines in one shipment
    EDIT = "edit"  # change the number of an accepted push
    READ_BACK = "read_back"
    WITHDRAW = "withdraw"
    DELIVERED = "delivered"  # the channel's API takes "delivered"
    TELL = "tell"  # the channel takes where a parcel is
    HOOKS = "hooks"
    PURCHASES = "purchases"
    TRACK = "track"
    FOLLOW = "follow"  # the vendor keeps a list of followed numbers
    MAIL = "mail"
    MANUAL = "manual"
    GRANT = "grant"  # a person allows it on the vendor's own page (OAuth 2.0)
    PAY = "pay"  # gives numbers to a payment provider
    SHOPPER = "shopper"  # a shopper's own account, connected in the app and never in the console


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One input of the connect form. ``where``: ``base_url``, or a key of settings or credentials (secret ones)."""

    name: str
    label: str
    secret: bool = False
    required: bool = True
    help: str = ""
    placeholder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """Who a connector is. ``basis``: the official schema or sample behind it. ``hosts``: the vendor's, or OWN.

    Carriers: ``carriers`` are our codes of whom it answers for, empty = an aggregator, for all. ``keys``: extra keys
    (postcode, phone, country ...) that it can use; the ledger's are put on each number, no others.
    ``proven``: how sure we are of its shapes. ``steps`` (how to get the key), ``limits`` and ``gaps`` (what it does not
    do) are plain sentences for its page in the documentation and in the console.
    """

    name: str
    label: str
    hosts: frozenset[str] | Literal["own"]
    polls_per_minute: int = 60  # of one account
    all_per_minute: int = 0  # of all accounts together, where the vendor counts by address; 0 = it does not
    batch: int = 1  # numbers (or ids) per call
    can: frozenset[Can] = frozenset()
    fields: tuple[Field, ...] = ()
    basis: str = ""
    docs: str = ""  # the vendor's documentation
    carriers: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    proven: Literal["recorded", "vendor sample", "documented only"] = "vendor sample"
    steps: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


@runtime_checkable
class Connector(Protocol):
    """What all kinds share. ``status`` maps vendor words; a word not in it becomes UNKNOWN. ``unseen`` lists documented
    words that no recording shows yet.
    """

    @property
    def meta(self) -> Meta: ...
    @property
    def status(self) -> Mapping[str, Status]: ...
    @property
    def unseen(self) -> frozenset[str]: ...
    def read(self, answer: Answer) -> Facts: ...


class Connectable(Connector, Protocol):
    """A connector with an account to test before it is saved."""

    def check(self, account: Account) -> Flow[Checked]: ...


class Hooked(Connector, Protocol):
    """A connector whose vendor calls us. ``subscribe`` returns credentials to save. ``receive`` raises Denied."""

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]: ...
    def receive(self, account: Account, delivery: Delivery) -> Received: ...


@runtime_checkable
class Challenged(Hooked, Protocol):
    """A vendor that asks our address a question (GET) before it calls us. The answer is sent as JSON where it begins
    with a brace, else as plain text. Raises Denied for what is no such question.
    """

    def answer_challenge(self, account: Account, address: str, query: Mapping[str, str]) -> bytes: ...


class Granted(Connectable, Protocol):
    """An account that a person allows on the vendor's own page. ``authorize``: where to send them. ``redeem``: what
    they came back with (the whole query) into credentials to save. Raises Denied when they said no, or somebody forged
    it.
    """

    def authorize(self, account: Account, grant: Grant) -> str: ...
    def redeem(self, account: Account, grant: Grant, query: Mapping[str, str]) -> Flow[Mapping[str, str]]: ...


@runtime_checkable
class Renewing(Connectable, Protocol):
    """Credentials that expire. ``stale``: by ``account.now``, with a margin; true where there are none yet, too.
    ``renew``: new ones, merged into the old; {} = these cannot be renewed. App runs it before ``check`` and before a
    flow begins, once for all workers, and commits before anything else is sent; and once more when a flow that has
    changed nothing is Denied.
    """

    def stale(self, account: Account) -> bool: ...
    def renew(self, account: Account) -> Flow[Mapping[str, str]]: ...


class Shop(Connectable, Protocol):
    """A shop. ``orders``: everything changed since (with the caller's overlap); ``order``: one, whole."""

    def orders(self, account: Account, since: datetime | None) -> Flow[None]: ...
    def order(self, account: Account, ref: str) -> Flow[None]: ...
    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]: ...
    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]: ...


class Store(Shop, Protocol):
    """A shop that a number can be taken back from (Can.WITHDRAW)."""

    def withdraw(self, account: Account, order: str, ref: str) -> Flow[None]: ...


class Teller(Store, Protocol):
    """A store that takes where a parcel is, as far as it has a word for that (``tells``). Telling it once more what it
    knows already changes nothing.
    """

    @property
    def tells(self) -> frozenset[Status]: ...
    def tell(self, account: Account, moved: Moved) -> Flow[None]: ...


class PaymentProvider(Connectable, Protocol):
    """Who holds the money and wants to see tracking. ``payments``: at most ``meta.batch``; one Synced each."""

    def give(self, account: Account, payments: Sequence[Payment]) -> Flow[tuple[Synced, ...]]: ...


class Supplier(Connectable, Protocol):
    """Who ships for the merchant. ``purchases``: everything changed since; ``purchase``: one, whole."""

    def purchases(self, account: Account, since: datetime | None) -> Flow[None]: ...
    def purchase(self, account: Account, ref: str) -> Flow[None]: ...


class Carrier(Connectable, Protocol):
    """A carrier or an aggregator. ``numbers``: at most ``meta.batch``. ``keys`` (postcode ...) ride on the number."""

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]: ...


class Follower(Carrier, Protocol):
    """A carrier account that keeps a list of numbers over there."""

    def follow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]: ...
    def unfollow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]: ...
    def recarrier(self, account: Account, number: TrackingNumber) -> Flow[Followed]: ...
