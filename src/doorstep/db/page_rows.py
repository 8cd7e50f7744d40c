"""Everything that a shopper's page of one order is made from, as one text. Equal texts are equal pages, but for what
only time changes: so a page that was drawn can be shown again (measured: a tenth of drawing it).
"""

from functools import cache
from typing import Final

from django.db import connection, models

from doorstep.db.models import (
    Archived,
    Brand,
    ChannelState,
    Claim,
    Connection,
    Cooldown,
    Coupon,
    Feed,
    Line,
    Number,
    NumberLink,
    Order,
    Parcel,
    ParcelLine,
    ParcelNumber,
    Photo,
    Purchase,
    Resync,
    Scans,
    Schedule,
    ThreadMessage,
    Watch,
)

# The order's parcels, the orders that share them, their numbers.
_WITH: Final = """
    WITH p AS (SELECT DISTINCT parcel_id AS id FROM doorstep_parcelline WHERE ws = %(ws)s AND order_id = %(order)s),
        o AS (SELECT order_id AS id FROM doorstep_parcelline WHERE ws = %(ws)s AND parcel_id IN (SELECT id FROM p)
            UNION SELECT %(order)s),
        n AS (SELECT number_id AS id FROM doorstep_parcelnumber WHERE ws = %(ws)s AND parcel_id IN (SELECT id FROM p)
            UNION SELECT to_id FROM doorstep_numberlink WHERE ws = %(ws)s AND from_id IN (
                SELECT number_id FROM doorstep_parcelnumber WHERE ws = %(ws)s AND parcel_id IN (SELECT id FROM p)))"""
_ROWS: Final[tuple[tuple[type[models.Model], str], ...]] = (
    (Order, "id IN (SELECT id FROM o)"),
    (Line, "order_id = %(order)s"),
    (ParcelLine, "parcel_id IN (SELECT id FROM p)"),
    (Parcel, "id IN (SELECT id FROM p)"),
    (ParcelNumber, "parcel_id IN (SELECT id FROM p)"),
    (Number, "id IN (SELECT id FROM n)"),
    (NumberLink, "from_id IN (SELECT id FROM n)"),
    (Watch, "number_id IN (SELECT id FROM n)"),
    (Schedule, "number_id IN (SELECT id FROM n)"),
    (Scans, "number_id IN (SELECT id FROM n)"),
    (Archived, "number_id IN (SELECT id FROM n)"),
    (Claim, "number_id IN (SELECT id FROM n)"),
    (Purchase, "id IN (SELECT purchase_id FROM doorstep_parcel WHERE ws = %(ws)s AND id IN (SELECT id FROM p))"),
    (ChannelState, "parcel_id IN (SELECT id FROM p)"),
    (Cooldown, "scope = 'parcel' AND target_id IN (SELECT id FROM p)"),
    (Resync, "scope = 'parcel' AND target_id IN (SELECT id FROM p)"),
    (Brand, "store_id = (SELECT store_id FROM doorstep_order WHERE id = %(order)s)"),
    (Photo, "order_id = %(order)s"),
    (ThreadMessage, "order_id = %(order)s"),
    (Coupon, "order_id = %(order)s"),
    (Connection, "true"),
    (Feed, "true"),
)
# What of these a page shows: a feed is asked every few minutes, and that alone changes no page. A brand's key is new
# with every change.
_SHOWN: Final[dict[type[models.Model], tuple[str, ...]]] = {
    Brand: ("key",),
    Coupon: ("id", "state"),
    Connection: ("id", "label", "kind", "connector", "state"),
    Feed: ("connection_id", "name", "answer"),
    Photo: ("id", "number_id"),
}


def page_rows(ws: int, order_id: int) -> str:
    """The text, by one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(connection.vendor), {"ws": ws, "order": order_id})
        return "\n".join(map(str, cursor.fetchone()))


@cache
def _statement(vendor: str) -> str:
    gather, row = ("json_group_array", "json_array") if vendor == "sqlite" else ("json_agg", "json_build_array")
    parts = []
    for model, condition in _ROWS:
        fields = [one for one in model._meta.concrete_fields if one.column in _SHOWN.get(model, (one.column,))]
        columns = ", ".join(_column(one, vendor) for one in fields)
        parts.append(
            f"(SELECT {gather}({row}({columns})) FROM {model._meta.db_table} WHERE ws = %(ws)s AND {condition})"  # noqa: S608 - names from the models
        )
    return f"{_WITH} SELECT {', '.join(parts)}"


def _column(field: "models.Field[object, object]", vendor: str) -> str:
    binary = vendor == "sqlite" and isinstance(field, models.BinaryField)
    return f'hex("{field.column}")' if binary else f'"{field.column}"'
