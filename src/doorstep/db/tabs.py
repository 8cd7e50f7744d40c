"""On which of the board's tabs an order is: kept on the order, so that a tab is one index and never a search.

``sort_in`` computes it from parcels and pushes wherever one of them was written. What a tab means stands here alone.
"""

import json
from collections.abc import Collection, Mapping
from functools import cache
from typing import Final

from django.db import connection

from doorstep.db.queries import statement

# A tab -> the orders on it. Each is word for word the condition of an index (``db.models.bought.Order``): only so do
# both databases see that the index answers.
TABS: Final[Mapping[str, str]] = {
    "all": "",
    "unfulfilled": "\"state\" IN ('placed', 'partly_shipped')",
    "no_number": "\"state\" IN ('placed', 'partly_shipped') AND NOT \"numbered\"",
    "held": '"held"',
    "pushed": '"pushed"',
    "in_transit": '"moving"',
    "attention": '"attention"',
    "delivered": "\"state\" = 'delivered'",
    "tracked": '"numbered"',
    "untracked": 'NOT "numbered"',
}
FACTS: Final = ("numbered", "held", "pushed", "moving", "attention")
WRONG: Final = ("refused", "unsure")  # states of a push that want a person
MOVING: Final = (
    "picked_up",
    "in_transit",
    "customs",
    "arrived",
    "out_for_delivery",
    "available_for_pickup",
    "attempt_failed",
)

_IDS: Final = {
    "sqlite": "SELECT value FROM json_each(%s)",
    "postgresql": "SELECT value::bigint FROM json_array_elements_text(%s::json)",
}


_PARTS: Final = "SELECT 1 FROM doorstep_parcelline part"
_MINE: Final = "part.ws = mine.ws AND part.order_id = mine.id"
_PARCEL: Final = f"{_PARTS} JOIN doorstep_parcel parcel ON parcel.id = part.parcel_id WHERE {_MINE}"
_OPEN: Final = f"{_PARCEL} AND parcel.closed_at IS NULL"
_PUSH: Final = "SELECT 1 FROM doorstep_push push WHERE push.ws = mine.ws AND push.order_id = mine.id"
_NEWER: Final = """SELECT 1 FROM doorstep_push newer WHERE newer.ws = push.ws AND newer.order_id = push.order_id
    AND newer.parcel_id = push.parcel_id AND newer.version > push.version"""
# Who wrote last about the order: the shopper waits for an answer, or has one, or needs none.
_ASKED: Final = """(SELECT CASE WHEN said.answer_due_at IS NOT NULL THEN said."by" END FROM doorstep_threadmessage said
    WHERE said.ws = mine.ws AND said.order_id = mine.id ORDER BY said.id DESC LIMIT 1)"""
# A fact -> how it is computed of the order ``mine``.
_TOLD: Final[Mapping[str, str]] = {
    # One in the other and no join: SQLite would walk all numbers of the workspace for each order.
    "numbered": f"""EXISTS ({_PARTS} WHERE {_MINE} AND EXISTS (SELECT 1 FROM doorstep_parcelnumber held
        WHERE held.ws = part.ws AND held.parcel_id = part.parcel_id AND held.until IS NULL))""",  # noqa: S608 - words of this file
    "held": f"EXISTS ({_PUSH} AND push.state = 'held')",
    "pushed": f"EXISTS ({_PUSH} AND push.state = 'accepted')",
    "moving": f"EXISTS ({_OPEN} AND parcel.status IN {MOVING})",
    "attention": f"""(EXISTS ({_OPEN} AND parcel.action_by <> '')
        OR EXISTS ({_PUSH} AND push.state IN {WRONG} AND NOT EXISTS ({_NEWER}))
        OR EXISTS ({_PARTS} JOIN doorstep_parcel parcel ON parcel.id = part.parcel_id
            WHERE {_MINE} AND parcel.mark IN ('missing', 'damaged'))
        OR coalesce({_ASKED}, '') = 'shopper')""",
}


def sort_in(ws: int, orders: Collection[int]) -> None:
    """Bring the tabs of these orders up to date, in one statement that writes no order whose tabs are right."""
    if orders:
        with statement() as cursor:
            cursor.execute(_sort(connection.vendor), [ws, json.dumps(sorted(orders))])


@cache
def _sort(vendor: str) -> str:
    told = ", ".join(f"{sql} AS {name}" for name, sql in _TOLD.items())
    new = ", ".join(f"{name} = said.{name}" for name in FACTS)
    differs = " OR ".join(f"doorstep_order.{name} <> said.{name}" for name in FACTS)
    mine = f"SELECT mine.id, {told} FROM doorstep_order mine WHERE +mine.ws = %s AND mine.id IN ({_IDS[vendor]})"  # noqa: S608 - words of this file
    return f"UPDATE doorstep_order SET {new} FROM ({mine}) AS said WHERE doorstep_order.id = said.id AND ({differs})"  # noqa: S608 - words of this file


def count(ws: int, most: int) -> dict[str, int]:
    """How many orders each tab holds, counted no further than ``most``."""
    with connection.cursor() as cursor:
        cursor.execute(_count(connection.vendor), [value for _ in TABS for value in (ws, most)])
        return dict(zip(TABS, cursor.fetchone(), strict=True))


@cache
def _count(vendor: str) -> str:
    source = {
        tab: f"doorstep_order INDEXED BY {index(tab)}" if vendor == "sqlite" else "doorstep_order" for tab in TABS
    }
    each = (
        f"(SELECT count(*) FROM (SELECT 1 FROM {source[tab]} WHERE ws = %s{condition(tab)} LIMIT %s) AS counted)"  # noqa: S608 - words of this file
        for tab in TABS
    )
    return f"SELECT {', '.join(each)}"


def index(tab: str) -> str:
    """The index that answers for a tab (``db.models.bought``)."""
    return "order_placed_ix" if tab == "all" else f"order_{tab}_ix"


def of(ws: int, orders: Collection[int]) -> list[tuple[int, frozenset[str]]]:
    """On which tabs these orders are, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_of(connection.vendor), [json.dumps(sorted(orders)), ws])
        return [(row[0], frozenset(tab for tab, on in zip(TABS, row[1:], strict=True) if on)) for row in cursor]


@cache
def _of(vendor: str) -> str:
    on = ", ".join(f"({sql or 'true'})" for sql in TABS.values())
    # With the plus no index of the workspace comes in question: these few are read by their ids.
    these = f"FROM doorstep_order WHERE id IN ({_IDS[vendor]}) AND +ws = %s"
    return f"SELECT id, {on} {these} ORDER BY placed_at DESC, id DESC"


def condition(tab: str) -> str:
    """What narrows a statement down to a tab: '' or AND with the tab's condition."""
    return f" AND {TABS[tab]}" if TABS[tab] else ""
