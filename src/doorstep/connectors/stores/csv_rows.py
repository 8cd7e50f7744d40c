"""A table of orders, one line of an order in each row, read by the names in its first row: ours, or those of the files
that Shopify and WooCommerce export. A row that cannot be read is named, and its order is left out: without one of its
lines an order would look changed.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from doorstep.core.order import Buyer, Content, Line, Order, StoreShipment

# Our name of a column, and other spellings of it (lower case, letters and digits only).
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "order": ("ordernumber", "orderid", "name", "id"),
    "placed_at": ("createdat", "orderdate", "date", "placed"),
    "updated_at": ("updated", "modified", "modifiedat"),
    "cancelled_at": ("canceledat",),
    "line": ("lineid", "lineitemid", "itemid"),
    "sku": ("lineitemsku", "itemsku", "productsku"),
    "title": ("lineitemname", "itemname", "product", "productname"),
    "quantity": ("lineitemquantity", "qty", "itemquantity"),
    "cancelled": ("cancelledquantity", "refundedquantity"),
    "needs_shipping": ("lineitemrequiresshipping", "requiresshipping"),
    "email": ("billingemail", "customeremail", "buyeremail"),
    "phone": ("shippingphone",),
    "buyer": ("shippingname", "customername", "recipient"),
    "city": ("shippingcity",),
    "postcode": ("shippingzip", "shippingpostcode", "zip", "postalcode"),
    "country": ("shippingcountry", "countrycode"),
    "tracking_number": ("tracking", "trackingno", "trackingcode"),
    "carrier": ("trackingcompany", "shippingcarrier"),
    "tracking_url": ("trackinglink",),
    "shipped_at": ("shipped", "fulfilledat", "shipdate"),
}
NEEDED: Final = ("order", "placed_at", "quantity")
DELIMITERS: Final = ",;\t|"
ROWS_AT_MOST: Final = 200_000
MOST_COLUMNS: Final = 200
_NO: Final = frozenset({"no", "false", "0", "n"})


class Unreadable(ValueError):
    """The table as a whole: ``missing`` are our names of columns that it does not have."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


@dataclass(slots=True)
class _Order:
    """Rows of one order, in the order of the file; ``numbers``: what was sent under each."""

    row: Mapping[str, str]
    lines: dict[str, Line] = field(default_factory=dict)
    numbers: dict[str, tuple[Mapping[str, str], list[Content]]] = field(default_factory=dict)


def read_table(text: str, zone: str, bad: list[str]) -> Iterator[Order]:
    """The orders of a table. ``zone``: of times without an offset, '' = not known. Raises Unreadable, and csv.Error."""
    orders: dict[str, _Order] = {}
    spoilt: dict[str, None] = {}
    numbered = False
    for place, row in _rows(text):
        if place > ROWS_AT_MOST:
            bad.append(f"row {place}: the file is too long; the rows from here on were not read")
            spoilt[row.get("order", "")] = None
            break
        numbered = numbered or "tracking_number" in row
        try:
            _add(orders, row)
        except ValueError as error:
            bad.append(f"row {place}: {error}")
            spoilt[row.get("order", "")] = None
    for ref, order in orders.items():
        try:
            whole = _read(ref, order, zone, numbered=numbered)
        except ValueError as error:
            bad.append(f"order {ref}: {error}")
            continue
        if ref in spoilt:
            bad.append(f"order {ref}: left out because of a row above")
        else:
            yield whole


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """(row in the file, values by our names). Raises Unreadable."""
    first = next(iter(text.splitlines()), "")
    delimiter = max(DELIMITERS, key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    places = _places(next(rows, [])[:MOST_COLUMNS])
    missing = tuple(one for one in NEEDED if one not in places)
    if missing:
        raise Unreadable(missing)
    for row in rows:
        if any(map(str.strip, row)):
            yield rows.line_num, {name: row[at].strip() for name, at in places.items() if at < len(row)}


def _places(head: list[str]) -> Mapping[str, int]:
    """Where each of our columns is: under our own name, else under the first of its other spellings."""
    plain = [re.sub(r"[\W_]", "", one).lower() for one in head]
    found = {name: (name.replace("_", ""), *others) for name, others in COLUMNS.items()}
    return {
        name: plain.index(next(one for one in said if one in plain))
        for name, said in found.items()
        if set(said) & set(plain)
    }


def _add(orders: dict[str, _Order], row: Mapping[str, str]) -> None:
    """ValueError naming what is wrong with the row."""
    ref = row.get("order", "")
    if not ref:
        raise ValueError("no order number")
    order = orders.setdefault(ref, _Order(row=row))
    quantity, cancelled = _whole(row, "quantity"), _whole(row, "cancelled") if row.get("cancelled") else 0
    name = row.get("line") or row.get("sku") or row.get("title") or "line"
    line, known = name, 1
    while line in order.lines:
        known += 1
        line = f"{name} ({known})"
    order.lines[line] = Line(
        ref=line,
        qty=quantity,
        qty_cancelled=min(cancelled, quantity),
        sku=row.get("sku", ""),
        title=row.get("title", ""),
        needs_shipping=row.get("needs_shipping", "").lower() not in _NO,
    )
    number = row.get("tracking_number")
    if number and quantity:
        order.numbers.setdefault(number, (row, []))[1].append(Content(line=line, qty=quantity))


def _whole(row: Mapping[str, str], name: str) -> int:
    said = row.get(name, "")
    if not re.fullmatch(r"[0-9]{1,6}([.,]0+)?", said):
        raise ValueError(f"“{said[:40]}” is not a quantity")
    return int(re.split(r"[.,]", said)[0])


def _read(ref: str, order: _Order, zone: str, *, numbered: bool) -> Order:
    """ValueError for a time that cannot be placed."""
    row = order.row
    placed = _instant(row, "placed_at", zone)
    if placed is None:
        raise ValueError("no time of the order")
    return Order(
        ref=ref,
        number=ref,
        placed_at=placed,
        lines=tuple(order.lines.values()),
        updated_at=_instant(row, "updated_at", zone),
        cancelled_at=_instant(row, "cancelled_at", zone),
        buyer=Buyer(
            email=row.get("email", ""),
            phone=row.get("phone", ""),
            name=row.get("buyer", ""),
            city=row.get("city", ""),
            postcode=row.get("postcode", "").lstrip("'"),  # a spreadsheet's mark for "this is text"
            country=row.get("country", ""),
        ),
        shipments=tuple(_read_shipment(one, said, zone) for one, said in order.numbers.items()) if numbered else None,
    )


def _read_shipment(number: str, said: tuple[Mapping[str, str], list[Content]], zone: str) -> StoreShipment:
    row, contents = said
    return StoreShipment(
        ref=number,
        number=number,
        carrier=row.get("carrier", ""),
        url=row.get("tracking_url", ""),
        contents=tuple(contents),
        shipped_at=_instant(row, "shipped_at", zone),
    )


def _instant(row: Mapping[str, str], name: str, zone: str) -> datetime | None:
    """ISO 8601, also with a space before the offset as Shopify writes it. ValueError where it has none and the file's
    time zone is not known.
    """
    said = row.get(name, "")
    if not said:
        return None
    try:
        at = datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", said))
    except ValueError:
        raise ValueError(f"“{said[:40]}” is not a time like 2026-06-01 10:30:00 +0200") from None
    if at.tzinfo is None and not zone:
        raise ValueError(f"“{said[:40]}” has no offset; enter the file's time zone in the connection's settings")
    try:
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (KeyError, OSError, ValueError):  # ZoneInfo's ways to say that there is no such zone
        raise ValueError(f"there is no time zone “{zone[:40]}”") from None
    except OverflowError:
        raise ValueError(f"“{said[:40]}” is out of range") from None
