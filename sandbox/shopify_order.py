"""An order of the Shopify shop: lines, what locations still have to send of it, and what was sent."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from sandbox.catalog import Buyer

SHOP = "lantern-thread.myshopify.com"
CLIENT, SECRET = "5c1e0000000000000000000000000001", "shpss_sandbox0000000000000000000001"
CUSTOM_TOKEN = "shpat_sandbox0000000000000000000001"  # noqa: S105 - an older custom app's, which never runs out
Json = dict[str, Any]
_IDS = count(5_000_000_001)


def new_id() -> int:
    """Ids are numbers that only grow, over all kinds."""
    return next(_IDS)


def gid(kind: str, number: int) -> str:
    """The API's spelling of an id."""
    return f"gid://shopify/{kind}/{number}"


def stamp(at: datetime) -> str:
    """As the API writes instants."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class UserError(Exception):
    """What a mutation declines, in ``userErrors``."""

    def __init__(self, message: str, *field_path: str) -> None:
        super().__init__(message)
        self.field = list(field_path)


@dataclass(slots=True, kw_only=True)
class ShopifyLine:
    """``removed``: units taken off the order before they were sent."""

    sku: str
    title: str
    quantity: int
    ships: bool = True
    removed: int = 0
    id: int = field(default_factory=new_id)


@dataclass(slots=True, kw_only=True)
class Share:
    """What one location has to send: a fulfillment order. ``left`` by line id, under ids of its own."""

    location: int
    left: dict[int, int]
    status: str = "OPEN"
    ours: bool = True  # False: a fulfillment service sends it
    id: int = field(default_factory=new_id)
    line_ids: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.line_ids = {line: new_id() for line in self.left}

    def take(self, parts: dict[int, int]) -> None:
        """Sends so many of each line. Raises UserError for more than there is."""
        if self.status not in {"OPEN", "IN_PROGRESS"} or not self.ours:
            raise UserError(f"Fulfillment order {self.id} has an unfulfillable status= {self.status.lower()}.")
        for line, quantity in parts.items():
            if not 0 < quantity <= self.left.get(line, 0):
                raise UserError("Invalid fulfillment order line item quantity requested.", "fulfillment")
        for line, quantity in parts.items():
            self.left[line] -= quantity
        self.status = "IN_PROGRESS" if any(self.left.values()) else "CLOSED"


@dataclass(slots=True, kw_only=True)
class Fulfillment:
    """What was sent together. ``notified``: how often the buyer was mailed about it."""

    parts: dict[int, int]
    created_at: datetime
    shares: dict[int, dict[int, int]]
    company: str = ""
    numbers: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    status: str = "SUCCESS"
    events: list[tuple[int, str, datetime]] = field(default_factory=list)
    notified: int = 0
    id: int = field(default_factory=new_id)

    @property
    def shown(self) -> str:
        """The newest event, else that it is fulfilled."""
        if self.status == "CANCELLED":
            return "CANCELED"
        return max(self.events, key=lambda one: one[2])[1] if self.events else "FULFILLED"

    def renumber(self, told: Json) -> None:
        """The whole set of numbers anew."""
        self.company = told.get("company") or ""
        self.numbers = told.get("numbers") or ([told["number"]] if told.get("number") else [])
        self.urls = told.get("urls") or ([told["url"]] if told.get("url") else [])
        if self.urls and not self.numbers:
            raise UserError("Tracking url needs a tracking number.", "trackingInfo")


@dataclass(slots=True, kw_only=True)
class ShopifyOrder:
    """One order. ``shares`` is made of all lines, at one location, where none is given."""

    name: str
    buyer: Buyer
    lines: list[ShopifyLine]
    created_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None = None
    paid: str = "PAID"
    shares: list[Share] = field(default_factory=list)
    fulfillments: list[Fulfillment] = field(default_factory=list)
    id: int = field(default_factory=new_id)

    def __post_init__(self) -> None:
        if not self.shares:
            self.shares = [Share(location=1, left={one.id: one.quantity - one.removed for one in self.lines})]

    def unsent(self, line: ShopifyLine) -> int:
        """Units of a line that are neither removed nor in a fulfillment that stands."""
        sent = sum(one.parts.get(line.id, 0) for one in self.fulfillments if one.status == "SUCCESS")
        return max(0, line.quantity - line.removed - sent)

    def fulfill(self, taken: dict[int, dict[int, int]], at: datetime) -> Fulfillment:
        """A new fulfillment of so many of each line of each share. Raises UserError."""
        shares = {one.id: one for one in self.shares}
        if not set(taken) <= set(shares):
            raise UserError("Fulfillment order does not exist.", "fulfillment")
        if len({shares[one].location for one in taken}) > 1:
            raise UserError("All fulfillment orders must be assigned to the same location.", "fulfillment")
        parts: dict[int, int] = {}
        for ref, some in taken.items():
            shares[ref].take(some)
            for line, quantity in some.items():
                parts[line] = parts.get(line, 0) + quantity
        made = Fulfillment(parts=parts, created_at=at, shares=taken)
        self.fulfillments.append(made)
        return made

    def cancel(self, fulfillment: Fulfillment) -> None:
        """Takes a fulfillment back: what it held is to be sent again, by a fulfillment order of its own."""
        if fulfillment.status == "CANCELLED":
            raise UserError("Fulfillment is already cancelled.", "id")
        fulfillment.status = "CANCELLED"
        for ref, some in fulfillment.shares.items():
            share = next(one for one in self.shares if one.id == ref)
            self.shares.append(Share(location=share.location, left=dict(some)))
