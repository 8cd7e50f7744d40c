"""Tables as files for a spreadsheet: CSV of any length, or a workbook. Nothing in a cell is run when it is opened."""

import csv as sheets
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from openpyxl import Workbook

AT_ONCE: Final = 500
WORKBOOK: Final = 100_000  # rows: a workbook is made in memory
KINDS: Final[Mapping[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Cell = str | int | float | None


def harmless(cell: object) -> str:
    """A spreadsheet runs what begins like a formula; an apostrophe says that it is text."""
    text = str(cell)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} else text


def csv(titles: Sequence[str], lines: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """UTF-8 with a mark at its head, by which a spreadsheet knows it; a piece for every so many lines."""
    yield "\ufeff".encode() + _written([titles])
    left = iter(lines)
    while part := list(islice(left, AT_ONCE)):
        yield _written(part)


def xlsx(name: str, titles: Sequence[str], lines: Iterable[Sequence[Cell]]) -> bytes:
    """A workbook of one sheet, its first row frozen."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    for line in (titles, *islice(lines, WORKBOOK)):
        sheet.append(_safe(line))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _written(lines: Iterable[Sequence[Cell]]) -> bytes:
    file = io.StringIO(newline="")
    sheets.writer(file).writerows(map(_safe, lines))
    return file.getvalue().encode()


def _safe(line: Sequence[Cell]) -> list[Cell]:
    return [harmless(one) if isinstance(one, str) else one for one in line]
