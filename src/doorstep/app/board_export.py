"""What a view of the board shows, as a file: CSV of any length, or a workbook."""

import csv as sheets
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from openpyxl import Workbook

from doorstep.app import board
from doorstep.app.board_rows import Row
from doorstep.app.columns import plain
from doorstep.app.say import text
from doorstep.app.sheet_orders import harmless

AT_ONCE: Final = 500
WORKBOOK: Final = 100_000  # rows: a workbook is made in memory
KINDS: Final[Mapping[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def rows(ws: int, tab: str, query: str) -> Iterator[Row]:
    """All rows of a view, newest order first, read page by page. Raises ValueError for a tab that cannot be."""
    found, after = board.find(ws, query), ""
    while True:
        page = board.page(ws, tab, found, after, size=AT_ONCE)
        yield from page.rows
        after = page.after
        if not after:
            return


def csv(some: Iterable[Row], columns: Sequence[str]) -> Iterator[bytes]:
    """UTF-8 with a mark at its head, by which a spreadsheet knows it; a piece for every so many rows."""
    yield "\ufeff".encode() + _written([_titles(columns)])
    left = iter(some)
    while part := list(islice(left, AT_ONCE)):
        yield _written([_line(row, columns) for row in part])


def xlsx(some: Iterable[Row], columns: Sequence[str]) -> bytes:
    """A workbook of one sheet, its first row frozen."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(text("board.title"))
    sheet.freeze_panes = "A2"
    sheet.append(_titles(columns))
    for row in islice(some, WORKBOOK):
        sheet.append(_line(row, columns))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _titles(columns: Sequence[str]) -> list[str]:
    return [text(f"board.{one}") for one in columns]


def _line(row: Row, columns: Sequence[str]) -> list[str | int]:
    said = (plain(row, one) for one in columns)
    return [harmless(one) if isinstance(one, str) else one for one in said]


def _written(lines: Iterable[Sequence[str | int]]) -> bytes:
    file = io.StringIO(newline="")
    sheets.writer(file).writerows(lines)
    return file.getvalue().encode()
