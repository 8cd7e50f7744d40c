"""Rows that give numbers to orders, and what is wrong with those that do not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from doorstep.connectors.suppliers.sheets import columns
from doorstep.connectors.suppliers.sheets.exports import Export, export_of
from doorstep.connectors.suppliers.sheets.table import Rows
from doorstep.core.message import Message

LONGEST: Final = 200  # letters of an order number, a tracking number, a carrier
_LOST: Final = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)  # what a spreadsheet makes of too many digits
_WHOLE: Final = re.compile(r"([0-9]{1,6})(?:[.,]0+)?")
_WITHOUT_NAMES: Final = ("order", "number", "carrier", "sku", "quantity", "shipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row that can be read. ``place``: of the file, from 1. ``quantity`` 0 = not stated. ``shipped`` as written."""

    place: int
    order: str
    number: str
    carrier: str = ""
    sku: str = ""
    quantity: int = 0
    shipped: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A row that is left out: ``field`` is the column that is wrong, ``message`` says what, and what to do."""

    place: int
    field: str
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file as it was understood. ``head``: names of the columns, or numbers where it has none. ``places``: where each
    field is; without one of ``columns.NEEDED`` there are neither rows nor problems, and a person has to say it.
    ``export``: which service wrote it, '' = none that is known.
    """

    head: tuple[str, ...]
    places: Mapping[str, int]
    export: str = ""
    rows: tuple[Row, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields that must be there and are not."""
        return tuple(one for one in columns.NEEDED if one not in self.places)


def understood(cells: Rows, chosen: Mapping[str, int] | None = None) -> Table:
    """Reads a table. ``chosen``: where a person says that a field is (-1 = nowhere); it goes before the names."""
    first = cells[0][1]
    export = export_of(first)
    named = columns.found(first) | (columns.places(first, export.names) if export else {})
    headed = bool(named) or not any(map(_digits, first))
    width = max(len(row) for _, row in cells)
    head = tuple(first[at] if headed and at < len(first) else f"{at + 1}" for at in range(width))
    by_place = {} if headed else {field: at for at, field in enumerate(_WITHOUT_NAMES[:width])}
    places = {**by_place, **named, **(chosen or {})}
    places = {field: at for field, at in places.items() if 0 <= at < width}
    table = Table(head=head, places=places, export=export.label if export else "")
    if table.missing:
        return table
    read = [_read(place, row, places, export) for place, row in cells[headed:]]
    return replace(
        table,
        rows=tuple(one for one in read if isinstance(one, Row)),
        problems=tuple(one for one in read if isinstance(one, Problem)),
    )


def _digits(cell: str) -> bool:
    return any(map(str.isdigit, cell))


def _read(place: int, row: tuple[str, ...], places: Mapping[str, int], export: Export | None) -> Row | Problem:
    said = {field: row[at] if at < len(row) else "" for field, at in places.items()}
    for field in columns.NEEDED:
        if message := _wrong(field, said[field]):
            return Problem(place=place, field=field, message=message)
    quantity = said.get("quantity", "")
    whole = _WHOLE.fullmatch(quantity)
    if quantity and not (whole and int(whole[1])):
        message = Message(id="sheet.row.quantity", values={"said": quantity[:40]})
        return Problem(place=place, field="quantity", message=message)
    carrier = export.carrier(said.get("carrier", "")) if export else said.get("carrier", "")
    return Row(
        place=place,
        order=said["order"],
        number=said["number"],
        carrier=carrier[:LONGEST],
        sku=said.get("sku", ""),
        quantity=int(whole[1]) if whole else 0,
        shipped=said.get("shipped", "")[:40],
    )


def _wrong(field: str, said: str) -> Message | None:
    values = {"said": said[:40]}
    if not any(map(str.isalnum, said)):
        return Message(id=f"sheet.row.no_{field}")
    if said.startswith("="):
        return Message(id="sheet.row.formula", values=values)
    if _LOST.fullmatch(said):
        return Message(id="sheet.row.lost_digits", values=values)
    return Message(id="sheet.row.long", values=values) if len(said) > LONGEST else None
