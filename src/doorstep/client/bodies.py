"""What the API takes: instants are text (2026-03-01T09:00:00Z), ids too.

Made from the API's description by `make docs`; do not edit it.
"""

from typing import Literal, NotRequired, TypedDict

from doorstep.client.words import Range, Status


class Answer(TypedDict):
    """An answer to the finding of that `key`: the buyer was told, later, it is no problem; or open it again."""

    key: str
    answer: Literal["fine", "later", "open", "told"]


class Table(TypedDict):
    """A table as CSV: its first row names the columns (order, tracking number, carrier, SKU, quantity)."""

    text: str
    name: NotRequired[str]


class Typed(TypedDict):
    """A tracking number, or a tracking link. `carrier` is our code or any name of the carrier; `confirmed`: it
    is a number although it does not look like one."""

    text: str
    carrier: NotRequired[str]
    confirmed: NotRequired[bool]


class CarrierOfNumber(TypedDict):
    """Who carries a number: our code, or any name of the carrier."""

    carrier: str


class NumberForOrder(TypedDict):
    """A number that ships some of an order. Empty `contents` = all lines that are in no parcel yet."""

    text: str
    carrier: NotRequired[str]
    confirmed: NotRequired[bool]
    contents: NotRequired[list["Piece"]]


class Piece(TypedDict):
    """Some of one line: `line` is the line's `ref`."""

    line: str
    quantity: int


class ManyParcels(TypedDict):
    """Parcels to follow."""

    parcels: list["ParcelWish"]


class ParcelWish(TypedDict):
    """A parcel to follow. `order` is the store's id or number of an order that is there; without it the parcel
    is of no connected shop, and `reference` is what its order is called."""

    number: str
    carrier: NotRequired[str]
    order: NotRequired[str]
    reference: NotRequired[str]


class Match(TypedDict):
    """Which order a purchase is for; null = for none of them."""

    order_id: str | None


class StoreResync(TypedDict):
    """A store, and which of its orders: by their date, in the workspace's days."""

    store_id: str
    range: NotRequired["Range"]


class WebhookWish(TypedDict):
    """An address that is to be told what changes, and what of it."""

    url: str
    label: NotRequired[str]
    types: NotRequired[list[str]]
    store_ids: NotRequired[list[str]]
    statuses: NotRequired[list["Status"]]
    shape: NotRequired[Literal["aftership", "doorstep", "seventeen_track"]]
    secret: NotRequired[str]


class WebhookChange(TypedDict):
    """What is to be different; what is left out stays."""

    url: NotRequired[str | None]
    label: NotRequired[str | None]
    types: NotRequired[list[str] | None]
    store_ids: NotRequired[list[str] | None]
    statuses: NotRequired[list["Status"] | None]


class Since(TypedDict):
    """From when on."""

    since: str
