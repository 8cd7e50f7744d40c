"""Many rows of one model by the ids of something, on the short road: one statement whose text is known already, and
instances made without the ORM's own work, which takes longer than the database's. For the paths on which rows come by
the hundred; the rest uses the ORM.
"""

import functools
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple, TypeVar

from django.db import connection, models
from django.db.models.base import ModelState

Row = TypeVar("Row", bound=models.Model)
Fix = Callable[[Any], Any]
_ANY: Final[Mapping[str, str]] = {
    "sqlite": "IN (SELECT value FROM json_each(%s))",
    "postgresql": "= ANY (%s::bigint[])",
}


class _Plan(NamedTuple):
    """How a model's rows are read. ``fixes``: what makes Python's value of the database's, by attribute."""

    columns: str
    table: str
    names: tuple[str, ...]
    fixes: tuple[tuple[str, Fix], ...]


def load(
    model: type[Row],
    ws: int,
    column: str,
    ids: Collection[int],
    *,
    only: tuple[str, ...] = (),
    order: str = "",
    lock: bool = False,
) -> list[Row]:
    """The rows of a workspace whose ``column`` is one of these ids. ``lock``: for writing, in the given order;
    ``only``: so much of them.
    """
    if not ids:
        return []
    rest = f'"{column}" {_ANY[connection.vendor]}' + (f' ORDER BY "{order}"' if order else "")
    some = json.dumps(list(ids))
    key = some if connection.vendor == "sqlite" else f"{{{some[1:-1]}}}"
    return fetch(model, ws, rest, key, only=only, lock=lock, keyed=column == model._meta.pk.attname)


def fetch(
    model: type[Row],
    ws: int,
    rest: str,
    *values: Any,
    only: tuple[str, ...] = (),
    lock: bool = False,
    keyed: bool = False,
    index: str = "",
    beside: Sequence[tuple[str, str]] = (),
) -> list[Row]:
    """The rows of a workspace for which ``rest`` is true: SQL without anything from outside in it. ``keyed``: ``rest``
    names rows by their ids. SQLite, which keeps no statistics here, would else walk the whole workspace by an index
    that begins with it; the plus takes that index out of its choice, and ``index`` is the only one it may choose.
    ``beside``: what else is read with each row, as (attribute, SQL), for example ``gathered``.
    """
    plan = _plan(model, connection.vendor, only)
    more, names = "".join(f", {sql}" for _, sql in beside), (*plan.names, *(name for name, _ in beside))
    end = " FOR UPDATE" if lock and connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        by = f" INDEXED BY {index}" if index and connection.vendor == "sqlite" else ""
        where = f"FROM {plan.table}{by} WHERE {'+ws' if keyed else 'ws'} = %s AND {rest}{end}"
        cursor.execute(f"SELECT {plan.columns}{more} {where}", [ws, *values])
        return [made(model, dict(zip(names, row, strict=True)), plan.fixes) for row in cursor.fetchall()]


def gathered(columns: str, source: str) -> str:
    """SQL for a list of lists, as JSON text: these columns of all rows of ``source``, which names the outer row."""
    if connection.vendor == "sqlite":
        return f"(SELECT json_group_array(json_array({columns})) FROM {source})"  # noqa: S608 - nothing from outside
    return f"(SELECT coalesce(json_agg(json_build_array({columns})), '[]')::text FROM {source})"  # noqa: S608


def made(model: type[Row], values: dict[str, Any], fixes: Sequence[tuple[str, Fix]] = ()) -> Row:
    """An instance of these values, one of every field."""
    row = model.__new__(model)
    for name, fix in fixes:
        if values[name] is not None:
            values[name] = fix(values[name])
    row.__dict__ = values
    state = row._state = ModelState()
    state.adding, state.db = False, "default"
    return row


@functools.cache
def _plan(model: type[models.Model], vendor: str, only: tuple[str, ...]) -> _Plan:
    fields = [one for one in model._meta.concrete_fields if not only or one.attname in only]
    # An expression has no declared type, so that SQLite's driver leaves the value to us.
    columns = ", ".join(f'+"{one.column}"' if vendor == "sqlite" else f'"{one.column}"' for one in fields)
    fixes = ((one.attname, _fix(one, vendor)) for one in fields)
    names = tuple(one.attname for one in fields)
    return _Plan(columns, f'"{model._meta.db_table}"', names, tuple((name, fix) for name, fix in fixes if fix))


def _fix(field: Any, vendor: str) -> Fix | None:
    if isinstance(field, models.JSONField):
        return json.loads
    if vendor != "sqlite":
        return None
    if isinstance(field, models.DateTimeField):
        return _instant
    if isinstance(field, models.DateField):
        return date.fromisoformat
    return bool if isinstance(field, models.BooleanField) else None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
