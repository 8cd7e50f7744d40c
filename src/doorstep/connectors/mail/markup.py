"""schema.org data inside a mail: what shops write for mail programs to read. JSON-LD and microdata come out alike."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from selectolax.lexbor import LexborNode

from doorstep.connectors.mail.facts import About, Item, Said, SaidDate

MAX_JSON: Final = 200_000  # characters of one block
MAX_THINGS: Final = 2000
MAX_UP: Final = 60  # ancestors looked at for the thing that a property belongs to
_MERCHANT: Final = ("merchant", "seller", "broker", "vendor")
_ITEM_LISTS: Final = ("itemShipped", "orderedItem", "itemOffered", "acceptedOffer")
# https://schema.org/OrderStatus
_STATUS: Final = {
    "OrderCancelled": Said.CANCELLED,
    "OrderReturned": Said.RETURNED,
    "OrderProblem": Said.EXCEPTION,
    "OrderPickupAvailable": Said.AVAILABLE_FOR_PICKUP,
    "OrderInTransit": Said.SHIPPED,
    "OrderDelivered": Said.DELIVERED,
    "OrderProcessing": Said.ORDERED,
    "OrderPaymentDue": Said.ORDERED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A parcel that markup names."""

    number: str
    carrier: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """What the markup of one mail says."""

    parcels: tuple[Parcel, ...] = ()
    orders: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    dates: tuple[SaidDate, ...] = ()
    links: tuple[str, ...] = ()
    merchant: str = ""
    status: Said = Said.UNKNOWN


Thing = Mapping[str, Any]
NOTHING: Final = Markup()


def from_json(blocks: Sequence[str]) -> list[Thing]:
    """The things in JSON-LD blocks; a block that is broken counts for nothing."""
    found: list[Thing] = []
    for block in blocks:
        if len(block) > MAX_JSON:
            continue
        try:
            read = json.loads(re.sub(r"^\s*(?:<!--|//\s*<!\[CDATA\[)|(?:-->|//\s*\]\]>)\s*$", "", block), strict=False)
        except (ValueError, RecursionError):
            continue
        found.extend(one for one in (read if isinstance(read, list) else [read]) if isinstance(one, dict))
    return found


def from_tree(root: LexborNode) -> list[Thing]:
    """The outermost things of microdata."""
    things: dict[int, dict[str, Any]] = {}
    outermost: list[Thing] = []
    nodes = {node.mem_id: node for node in root.css("[itemscope], [itemprop]")[:MAX_THINGS]}  # one may match twice
    for node in nodes.values():
        attributes = node.attributes
        value: Any
        if "itemscope" in attributes:
            value = things[node.mem_id] = {"@type": (attributes.get("itemtype") or "").rpartition("/")[2]}
        else:
            value = _value(node, attributes)
        name, owner = attributes.get("itemprop"), _owner(node, things)
        if name and owner is not None:
            for one in name.split():
                owner.setdefault(one, []).append(value)
        elif "itemscope" in attributes:
            outermost.append(value)
    return outermost


def said(things: Sequence[Thing]) -> Markup:
    """Everything of interest in them, however deep."""
    all_ = list(_every(things))
    statuses = {_STATUS.get(_last(_text(one.get("orderStatus"))), Said.UNKNOWN) for one in all_} - {Said.UNKNOWN}
    parcels = {one.number: one for one in map(_parcel, all_) if one.number}
    return Markup(
        parcels=tuple(parcels.values()),
        orders=tuple(dict.fromkeys(filter(None, (_text(one.get("orderNumber")) for one in all_)))),
        items=tuple(dict.fromkeys(item for one in all_ for item in _items(one))),
        dates=tuple(dict.fromkeys(day for one in all_ for day in _dates(one))),
        links=tuple(dict.fromkeys(filter(None, (link for one in all_ for link in _links(one))))),
        merchant=next(filter(None, (_name(one.get(key)) for one in all_ for key in _MERCHANT)), ""),
        status=statuses.pop() if len(statuses) == 1 else Said.UNKNOWN,
    )


def _every(things: Sequence[Thing]) -> Iterator[Thing]:
    """Each thing and those inside it, without recursion."""
    queue: list[Any] = list(things)
    for _ in range(MAX_THINGS):
        if not queue:
            return
        one = queue.pop(0)
        if isinstance(one, dict):
            yield one
            queue.extend(value for value in one.values() if isinstance(value, dict | list))
        elif isinstance(one, list):
            queue.extend(one[:200])


def _parcel(thing: Thing) -> Parcel:
    carrier = _name(thing.get("carrier")) or _name(thing.get("provider"))
    return Parcel(number=_text(thing.get("trackingNumber")), carrier=carrier, url=_text(thing.get("trackingUrl")))


def _items(thing: Thing) -> Iterator[Item]:
    """Products by name; the quantity stands beside the product, on what holds it."""
    for key in _ITEM_LISTS:
        for one in _list(thing.get(key)):
            inner = one if isinstance(one, dict) else {}
            title = _text(inner.get("name"))
            if title and not any(inner.get(deeper) for deeper in _ITEM_LISTS):
                count = inner.get("orderQuantity") or thing.get("orderQuantity") or thing.get("eligibleQuantity")
                yield Item(title=title, qty=_count(count), sku=_text(inner.get("sku")))


def _dates(thing: Thing) -> Iterator[SaidDate]:
    for key, about in (
        ("expectedArrivalFrom", About.EXPECTED),
        ("expectedArrivalUntil", About.EXPECTED_BY),
        ("orderDate", About.ORDERED),
    ):
        if text := _text(thing.get(key)):
            yield SaidDate(about=about, text=text, day=_day(text))


def _links(thing: Thing) -> Iterator[str]:
    """Where a parcel is followed: its own link, or a TrackAction's target."""
    yield _text(thing.get("trackingUrl"))
    if _last(_text(thing.get("@type"))) == "TrackAction":
        yield _text(thing.get("url"))
        for target in _list(thing.get("target")):
            inner = target if isinstance(target, dict) else {"url": target}
            yield _text(inner.get("urlTemplate") or inner.get("url") or inner.get("@id"))


def _value(node: LexborNode, attributes: Mapping[str, str | None]) -> str:
    for name in ("content", "datetime", "href", "src"):
        if attributes.get(name):
            return (attributes[name] or "").strip()
    return " ".join(node.text().split())[:500]


def _owner(node: LexborNode, things: Mapping[int, dict[str, Any]]) -> dict[str, Any] | None:
    above = node.parent
    for _ in range(MAX_UP):
        if above is None:
            return None
        if above.mem_id in things:
            return things[above.mem_id]
        above = above.parent
    return None


def _list(value: object) -> list[Any]:
    return value[:200] if isinstance(value, list) else [value]


def _text(value: object) -> str:
    """A text, or the first of several; a number as it is written."""
    first = _list(value)[:1]
    return str(first[0]).strip()[:2000] if first and isinstance(first[0], str | int) else ""


def _name(value: object) -> str:
    """The name of an organization, given as text or as a thing."""
    first = next(iter(_list(value)), None)
    return _text(first.get("name")) if isinstance(first, dict) else _text(first)


def _count(value: object) -> int | None:
    first = next(iter(_list(value)), None)
    text = _text(first.get("value")) if isinstance(first, dict) else _text(first)
    return int(text) if text.isdecimal() and len(text) < 6 else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _last(text: str) -> str:
    """``https://schema.org/OrderInTransit`` → ``OrderInTransit``."""
    return text.rpartition("/")[2]
