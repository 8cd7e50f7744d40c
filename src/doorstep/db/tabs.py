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


def _parcels(which: str) -> str:
    return (
        "EXISTS (SELECT 1 FROM doorstep_parcelline part JOIN doorstep_parcel parcel ON parcel.id = part.parcel_id"
        f" WHERE part.ws = mine.ws AND part.order_id = mine.id AND parcel.closed_at IS NULL AND {which})"  # noqa: S608 - words of this file
    )


def _pushes(which: str) -> str:
    return f"EXISTS (SELECT 1 FROM doorstep_push push WHERE push.ws = mine.ws AND push.order_id = mine.id AND {which})"  # noqa: S608 - words of this file


def _words(values: Collection[str]) -> str:
    return ", ".join(f"'{one}'" for one in values)


_TOLD: Final[Mapping[str, str]] = {
    "numbered": "EXISTS (SELECT 1 FROM doorstep_parcelline part JOIN doorstep_parcelnumber held ON held.ws = part.ws"
    " AND held.parcel_id = part.parcel_id WHERE part.ws = mine.ws AND part.order_id = mine.id AND held.until IS NULL)",
    "held": _pushes("push.state = 'held'"),
    "pushed": _pushes("push.state = 'accepted'"),
    "moving": _parcels(f"parcel.status IN ({_words(MOVING)})"),
    "attention": "("
    + _parcels("parcel.action_by <> ''")
    + " OR "
    + _pushes(
        f"push.state IN ({_words(WRONG)}) AND NOT EXISTS (SELECT 1 FROM doorstep_push newer WHERE newer.ws = push.ws"  # noqa: S608 - words of this file
        " AND newer.order_id = push.order_id AND newer.parcel_id = push.parcel_id AND newer.version > push.version)"
    )
    + ")",
}


def sort_in(ws: int, orders: Collection[int]) -> None:
    """Bring the tabs of these orders up to date, in one statement that writes no order whose tabs are right."""
    if orders:
        with statement() as cursor:
            cursor.execute(_sort(connection.vendor), [ws, json.dumps(sorted(orders))])


@cache
def _sort(vendor: str) -> str:
    ids = "SELECT value FROM json_each(%s)"
    if vendor == "postgresql":
        ids = "SELECT value::bigint FROM json_array_elements_text(%s::json)"
    told = ", ".join(f"{sql} AS {name}" for name, sql in _TOLD.items())
    return (
        f"UPDATE doorstep_order SET {', '.join(f'{name} = said.{name}' for name in FACTS)} FROM (SELECT mine.id, {told}"  # noqa: S608 - words of this file
        f" FROM doorstep_order mine WHERE mine.ws = %s AND mine.id IN ({ids})) AS said"
        f" WHERE doorstep_order.id = said.id AND ({' OR '.join(f'doorstep_order.{one} <> said.{one}' for one in FACTS)})"
    )


def count(ws: int, most: int) -> dict[str, int]:
    """How many orders each tab holds, counted no further than ``most``."""
    with connection.cursor() as cursor:
        cursor.execute(_count(), [value for _ in TABS for value in (ws, most)])
        return dict(zip(TABS, cursor.fetchone(), strict=True))


@cache
def _count() -> str:
    each = (
        f"(SELECT count(*) FROM (SELECT 1 FROM doorstep_order WHERE ws = %s{condition(tab)} LIMIT %s) AS some)"  # noqa: S608 - words of this file
        for tab in TABS
    )
    return f"SELECT {', '.join(each)}"


def condition(tab: str) -> str:
    """What narrows a statement down to a tab: '' or AND with the tab's condition."""
    return f" AND {TABS[tab]}" if TABS[tab] else ""
