"""Reads the history of parcels from a table in CSV: when ordered, handed over, delivered; from where to where, by whom.

A row that cannot be used is named with its line and the reason, and skipped. Dates are ISO 8601 and nothing else:
whether 03/04 is in March or in April cannot be known. A time without an offset is read as UTC, a date as its midnight.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from doorstep.core.lane import Passage, Route
from doorstep.core.message import Message

NEEDED: Final = ("handed_over", "delivered")
# How else the columns are called; beside these, "_at", "_date", "_time" and "_country" at the end make no difference.
_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "order": "ordered",
        "placed": "ordered",
        "handover": "handed_over",
        "handed": "handed_over",
        "shipped": "handed_over",
        "ship": "handed_over",
        "dispatched": "handed_over",
        "delivery": "delivered",
        "from": "origin",
        "to": "destination",
        "dest": "destination",
        "courier": "carrier",
        "method": "service",
        "shipping_method": "service",
    }
)
_COLUMNS: Final = frozenset({"ordered", "handed_over", "delivered", "origin", "destination", "carrier", "service"})
_ENDING: Final = re.compile(r"_(at|on|date|time|datetime|country|country_code)$")
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:?\d\d.*)?|\d{8}(T\d{4}.*)?")
_DAY: Final = timedelta(days=1)
_MOST_COLUMNS: Final = 200
_YEARS: Final = range(2000, 2100)
LONGEST: Final = timedelta(days=400)  # longer on the way than this is a mistake in the table


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A line of the table (1 = the first) that was not used, and why."""

    line: int
    why: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What was read."""

    passages: tuple[Passage, ...]
    skipped: tuple[Skipped, ...]


class Unusable(ValueError):
    """A row, or the whole table, cannot be used."""

    def __init__(self, name: str, **values: str | int) -> None:
        super().__init__(name)
        self.message = Message(id=f"passages.{name}", values=values)


def read_passages(text: str) -> Table:
    """Read a table with a line of column names; separated by comma, semicolon or tab. Unusable without the columns
    ``handed_over`` and ``delivered``.
    """
    plain = text.removeprefix("\ufeff")
    comma = max(",;\t", key=plain.partition("\n")[0].count)
    rows = csv.reader(io.StringIO(plain, newline=""), delimiter=comma)
    try:
        columns = _columns(next(rows, [])[:_MOST_COLUMNS])
    except csv.Error as problem:
        raise Unusable("not_csv", problem=str(problem)) from problem
    passages: list[Passage] = []
    skipped: list[Skipped] = []
    while True:
        try:
            cells = next(rows)
            if any(cell.strip() for cell in cells):
                passages.append(_passage(columns, cells))
        except StopIteration:
            return Table(passages=tuple(passages), skipped=tuple(skipped))
        except csv.Error as problem:
            why = Message(id="passages.not_csv", values={"problem": str(problem)})
            skipped.append(Skipped(line=rows.line_num, why=why))
        except Unusable as problem:
            skipped.append(Skipped(line=rows.line_num, why=problem.message))


def _columns(head: Sequence[str]) -> dict[str, int]:
    """Where each column stands."""
    found: dict[str, int] = {}
    for place, name in enumerate(head):
        plain = _ENDING.sub("", re.sub(r"[\s_-]+", "_", name.strip().casefold()))
        column = _NAMES.get(plain, plain)
        if column in _COLUMNS and column in found:
            raise Unusable("column_twice", column=column)
        found[column] = place
    missing = [column for column in NEEDED if column not in found]
    if missing:
        raise Unusable("no_column", columns=", ".join(missing))
    return found


def _passage(columns: Mapping[str, int], cells: Sequence[str]) -> Passage:
    said = {column: cells[place].strip() if place < len(cells) else "" for column, place in columns.items()}
    ordered, handed, delivered = (_time(said, column) for column in ("ordered", "handed_over", "delivered"))
    if handed is None:
        raise Unusable("not_handed_over")
    if ordered and ordered > handed + _DAY:
        raise Unusable("ordered_later", ordered=ordered.isoformat(), handed_over=handed.isoformat())
    if delivered and delivered < handed - _DAY:
        raise Unusable("delivered_earlier", delivered=delivered.isoformat(), handed_over=handed.isoformat())
    if delivered and delivered > handed + LONGEST:
        raise Unusable("too_long", delivered=delivered.isoformat(), handed_over=handed.isoformat())
    return Passage(
        route=Route(
            carrier="_".join(said.get("carrier", "").casefold().split()),
            service=" ".join(said.get("service", "").casefold().split()),
            origin=said.get("origin", "").upper(),
            destination=said.get("destination", "").upper(),
        ),
        ordered=min(ordered, handed) if ordered else None,
        handed_over=handed,
        delivered=max(delivered, handed) if delivered else None,  # a date alone may seem earlier than a time on it
    )


def _time(said: Mapping[str, str], column: str) -> datetime | None:
    text = said.get(column, "")
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text) if _ISO.fullmatch(text) else None
    except ValueError:
        at = None
    if at is None or at.year not in _YEARS:
        raise Unusable("not_a_date", column=column, text=text[:40])
    return at if at.tzinfo else at.replace(tzinfo=UTC)
