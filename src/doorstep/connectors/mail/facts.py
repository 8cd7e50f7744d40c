"""Everything that one mail says, each part with how sure it is and why. Nothing of it is believed yet: who really sent
the mail is proven elsewhere.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from doorstep.core.message import Message
from doorstep.core.number import Confidence
from doorstep.core.order import MailKind, Role


class Said(StrEnum):
    """What a mail says has happened. The words of parcel statuses where there is one."""

    ORDERED = "ordered"
    SHIPPED = "shipped"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    ATTEMPT_FAILED = "attempt_failed"
    EXCEPTION = "exception"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    INFORMATIONAL = "informational"  # a digest: speaks of many things, announces none
    UNKNOWN = "unknown"


KINDS = {
    Said.SHIPPED: MailKind.SHIPPED,
    Said.IN_TRANSIT: MailKind.MOVING,
    Said.OUT_FOR_DELIVERY: MailKind.MOVING,
    Said.AVAILABLE_FOR_PICKUP: MailKind.MOVING,
    Said.ATTEMPT_FAILED: MailKind.MOVING,
    Said.EXCEPTION: MailKind.MOVING,
    Said.RETURNED: MailKind.MOVING,
    Said.DELIVERED: MailKind.DELIVERED,
}  # every other is MailKind.OTHER


class Sign(StrEnum):
    """Why a number is taken for one, the strongest first. The values are the ends of message ids."""

    TAUGHT = "taught"  # a person marked its place in another mail of this sender
    MARKUP = "markup"  # schema.org data in the mail names it
    LINK = "link"  # it stands in a link about it
    LABEL = "label"  # words like "tracking number" stand before it
    BESIDE = "beside"  # its carrier, or a word like "parcel", stands beside it
    FORM = "form"  # only its own form speaks for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A tracking number. ``carrier`` is our code, '' where nothing names one; ``url`` the link it stood in, or ''.
    ``evidence``: why it is one, and why it is that carrier's.
    """

    number: str
    carrier: str
    role: Role
    confidence: Confidence
    signs: tuple[Sign, ...]
    evidence: tuple[Message, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A text that might have been a tracking number and was not taken for one."""

    text: str
    why: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that was bought. ``qty`` is None where the mail does not say how many."""

    title: str
    qty: int | None = None
    sku: str = ""


class About(StrEnum):
    """What a date in a mail is about."""

    ORDERED = "ordered"
    SHIPPED = "shipped"
    EXPECTED = "expected"  # the delivery, or the first day it may come
    EXPECTED_BY = "expected_by"  # the last day it may come
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidDate:
    """A day as written. ``day`` is None where it cannot be read without guessing (04/07, no year and no Date line)."""

    about: About
    text: str
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingLink:
    """A link about a parcel. ``carrier`` is whose page it is ('' = somebody else's); ``number`` '' = it holds none."""

    url: str
    carrier: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """What one mail says. Of forwarded mails the innermost counts.

    ``merchant``: our name of a known shop (``amazon``), else the shop's own, '' if nothing tells. ``sender`` is the
    domain that the mail claims. ``sent_at`` aware UTC. ``orders`` as written. ``unsure`` are texts of a shipping mail
    for a person to judge. ``language`` ISO 639-1, '' if unclear. ``status_from``: markup | subject | text, '' for
    unknown. ``confirmation``: the link that confirms a forwarding, '' for every other mail.
    """

    status: Said
    merchant: str
    sender: str
    subject: str
    message_id: str
    sent_at: datetime | None
    language: str
    orders: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    tracking: tuple[Tracked, ...] = ()
    unsure: tuple[Tracked, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    dates: tuple[SaidDate, ...] = ()
    links: tuple[TrackingLink, ...] = ()
    status_from: str = ""
    forwarded: bool = False
    confirmation: str = ""

    @property
    def kind(self) -> MailKind:
        """What the mail is about, as far as it decides anything."""
        return MailKind.FORWARD_CONFIRMATION if self.confirmation else KINDS.get(self.status, MailKind.OTHER)
