"""The order board: tabs, search and pages of orders. Reading only; what it costs does not grow with the orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from doorstep.app.ledger import search
from doorstep.app.overview.board_rows import Row, rows
from doorstep.db import tabs
from doorstep.db.load import fetch, load
from doorstep.db.models import Order

PAGE: Final = 50
COUNTED: Final = 999  # a tab with more than that says so
TABS: Final = tuple(tabs.TABS)
VIEWS: Final = ("tracked", "untracked")  # of them, those that are no tab of their own: chosen among the views
SHOWN: Final = (
    "id",
    "store_id",
    "number",
    "state",
    "person_id",
    "placed_at",
    "ship_by",
    "attention",
)

_MARK: Final = """
    SELECT (SELECT max(id) FROM doorstep_change WHERE ws = %s), (SELECT max(id) FROM doorstep_audit WHERE ws = %s)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of rows. ``after`` is the key of the next page, '' on the last."""

    rows: tuple[Row, ...]
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found, newest order first: each order's id and the tabs it is on. ``more``: it stopped looking."""

    orders: tuple[tuple[int, frozenset[str]], ...]
    more: bool

    def on(self, tab: str) -> list[int]:
        """The orders on a tab."""
        return [one for one, on in self.orders if tab in on]


def find(ws: int, query: str) -> Found | None:
    """The orders that a query may mean; None = nothing is looked for."""
    if not query.strip():
        return None
    ids = search.found(ws, query)
    return Found(orders=tuple(tabs.of(ws, ids)), more=len(ids) >= search.MOST)


def counts(ws: int, found: Found | None = None) -> dict[str, int]:
    """How many orders each tab holds; COUNTED + 1 stands for more."""
    if found is None:
        return tabs.count(ws, COUNTED + 1)
    return {tab: len(found.on(tab)) for tab in TABS}


def page(ws: int, tab: str = "all", found: Found | None = None, after: str = "", size: int = PAGE) -> Page:
    """A page of the board, newest order first. Raises ValueError for a tab or a key that cannot be."""
    if tab not in TABS:
        raise ValueError(f"no tab {tab!r}")
    key = _key(after) if after else None
    orders = _next(ws, tab, key, size + 1) if found is None else _found(ws, found.on(tab), key, size + 1)
    more = len(orders) > size
    orders = orders[:size]
    last = f"{orders[-1].placed_at.isoformat()}~{orders[-1].id}" if more else ""
    return Page(rows=rows(ws, orders), after=last)


def of(ws: int, ids: Sequence[int]) -> tuple[Row, ...]:
    """These orders of the workspace as rows, newest first."""
    orders = load(Order, ws, "id", ids, only=SHOWN)
    return rows(ws, sorted(orders, key=lambda one: (one.placed_at, one.id), reverse=True))


def mark(ws: int) -> str:
    """A text that is different when anything on the board may be different."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [ws, ws])
        return ".".join(str(one or 0) for one in cursor.fetchone())


def empty(ws: int) -> bool:
    """Whether this workspace has no order at all."""
    return not Order.objects.filter(ws=ws).exists()


def _key(after: str) -> tuple[datetime, int]:
    placed, _, order_id = after.partition("~")
    instant = datetime.fromisoformat(placed)
    if instant.tzinfo is None:
        raise ValueError("a page key needs an aware instant")
    return instant, int(order_id)


def _next(ws: int, tab: str, key: tuple[datetime, int] | None, limit: int) -> list[Order]:
    """By the tab's own index."""
    values: list[object] = [connection.ops.adapt_datetimefield_value(key[0]), key[1]] if key else []
    where = "true" if key is None else "(placed_at, id) < (%s, %s)"
    order = f"{where}{tabs.condition(tab)} ORDER BY placed_at DESC, id DESC LIMIT %s"
    return fetch(Order, ws, order, *values, limit, only=SHOWN, index=tabs.index(tab))


def _found(ws: int, ids: Sequence[int], key: tuple[datetime, int] | None, limit: int) -> list[Order]:
    """Of what a search found: it is not much."""
    orders = sorted(load(Order, ws, "id", ids, only=SHOWN), key=lambda one: (one.placed_at, one.id), reverse=True)
    return [one for one in orders if key is None or (one.placed_at, one.id) < key][:limit]
