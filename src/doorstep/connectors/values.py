"""What is handed over between app and a connector, beside requests: answers, shipments, webhooks, grants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from doorstep.core.message import Message
from doorstep.core.order import Content
from doorstep.core.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, or what a webhook or a mail brought. ``headers`` lower-case, ``received_at`` aware UTC."""

    what: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    context: Mapping[str, str] = field(default_factory=dict)
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A successful connection test. ``external_id`` is the natural key of the account over there; ``settings`` were
    discovered and are saved; ``credentials`` were obtained (tokens) and are saved; ``notes`` are shown to the merchant.
    """

    external_id: str
    label: str
    settings: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """What is given to a store. Empty ``contents`` = all lines not shipped yet. ``replaces``: the remote ref of our own
    earlier push that this one edits, ``former`` the number that it gave. ``carrier`` is our code, ``carrier_name`` how
    the channel wants it called, and ``carrier_beside`` its own name for the second field of a channel whose list does
    not have it.
    ``notify``: may the store mail the shopper. ``key`` is the same on every repetition.
    """

    order: str
    number: str
    key: str
    carrier: str = ""
    carrier_name: str = ""
    carrier_beside: str = ""
    url: str = ""
    contents: tuple[Content, ...] = ()
    shipped_at: datetime | None = None
    notify: bool = True
    replaces: str = ""
    former: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """The store took it. ``ref`` is the store's id of the shipment."""

    ref: str
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Where a parcel is, for a channel that shows it. ``ref``: the store's id of the shipment, as ``Pushed`` said.
    ``key`` is the same on every repetition.
    """

    order: str
    ref: str
    number: str
    status: Status
    at: datetime
    key: str
    city: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One attempt to be allowed in by a person (OAuth 2.0, RFC 6749). ``redirect``: our address that the person comes
    back to. ``verifier``: of PKCE (RFC 7636); ``signing.challenge(verifier)`` goes to the vendor.
    """

    state: str
    redirect: str
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A number for a payment provider: which payment (capture, transaction), what was shipped. ``carrier_name`` is how
    the provider wants the carrier called. ``key`` is the same on every repetition.
    """

    transaction: str
    number: str
    key: str
    carrier: str = ""
    carrier_name: str = ""
    shipped_at: datetime | None = None
    notify: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What the provider made of one ``Payment``; ``said`` is its own text."""

    key: str
    state: Literal["synced", "pending", "no_transaction", "invalid_number", "unknown_carrier", "refused"]
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An inbound webhook as received. ``headers`` lower-case."""

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A webhook that was verified. ``answer`` None = a ping (accept, learn nothing). ``key``: the vendor's delivery id,
    '' when it has none. ``knock``: the signature does not cover the body, so fetch before believing. ``learned``:
    credentials to save first, such as which key the vendor signs with; ``renew`` then fetches it.
    """

    answer: Answer | None
    key: str = ""
    knock: bool = False
    learned: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The vendor's remote state of one number after ``follow`` or ``recarrier``. ``asked``: the vendor will not tell of
    it by itself, and answers when it is asked. ``retry_after`` in seconds.

    ``again_at``: what the vendor ends by itself is begun once more then, or with the next question after it; None = it
    does not end. ``untold``: why the vendor tells of no number of the account by itself, though it could.
    """

    number: str
    remote: Literal["registered", "asked", "rejected", "stopped"]
    carrier_key: str = ""
    said: str = ""
    retry_after: float | None = None
    again_at: datetime | None = None
    untold: Message | None = None
