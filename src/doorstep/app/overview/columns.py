"""The columns of the board: which there are, which somebody chose, and what each says of an order in plain text."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from django.utils import timezone

from doorstep.app.overview.board_rows import Row
from doorstep.app.say import text
from doorstep.core.number import carrier

COLUMNS: Final = (
    "order",
    "store",
    "buyer",
    "items",
    "number",
    "carrier",
    "status",
    "last",
    "expected",
    "push",
    "progress",
    "ship_by",
    "placed",
)
USUAL: Final = ("order", "buyer", "items", "number", "status", "push", "progress", "placed")


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """The columns of these names in their own order, the order's number always among them; the usual ones for none."""
    wanted = {"order", *names} & set(COLUMNS)
    return tuple(one for one in COLUMNS if one in wanted) if len(wanted) > 1 else USUAL


def plain(row: Row, column: str) -> str | int:
    """What a column says of an order, for a spreadsheet: times in the active zone, states in words."""
    return _PLAIN[column](row)


def carriers(row: Row) -> list[str]:
    """The names of the carriers of its numbers."""
    return list(dict.fromkeys(carrier(code).name for _, code in row.numbers if code))


def _instant(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""


def _status(row: Row) -> str:
    return text(f"status.{row.status}") if row.status else text(f"order.{row.state}")


_PLAIN: Final[Mapping[str, Callable[[Row], str | int]]] = {
    "order": lambda row: row.number,
    "store": lambda row: row.store,
    "buyer": lambda row: row.buyer,
    "items": lambda row: row.items,
    "number": lambda row: " ".join(number for number, _ in row.numbers),
    "carrier": lambda row: ", ".join(carriers(row)),
    "status": _status,
    "last": lambda row: _instant(row.last_event_at),
    "expected": lambda row: row.expected.isoformat() if row.expected else "",
    "push": lambda row: text(f"push.state.{row.push}") if row.push else "",
    "progress": lambda row: text(f"stage.{row.stage.name}"),
    "ship_by": lambda row: _instant(row.ship_by),
    "placed": lambda row: _instant(row.placed_at),
}
