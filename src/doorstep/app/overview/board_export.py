"""What a view of the board shows, as a file: CSV of any length, or a workbook."""

from collections.abc import Iterable, Iterator, Sequence

from doorstep.app import spread
from doorstep.app.overview import board
from doorstep.app.overview.board_rows import Row
from doorstep.app.overview.columns import plain
from doorstep.app.say import text
from doorstep.app.spread import AT_ONCE, KINDS

__all__ = ["KINDS", "csv", "rows", "xlsx"]


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
    """A piece for every so many rows."""
    return spread.csv(_titles(columns), _lines(some, columns))


def xlsx(some: Iterable[Row], columns: Sequence[str]) -> bytes:
    """A workbook of one sheet."""
    return spread.xlsx(text("board.title"), _titles(columns), _lines(some, columns))


def _titles(columns: Sequence[str]) -> list[str]:
    return [text(f"board.{one}") for one in columns]


def _lines(some: Iterable[Row], columns: Sequence[str]) -> Iterator[list[str | int]]:
    return ([plain(row, one) for one in columns] for row in some)
