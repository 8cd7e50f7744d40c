"""Many rows in one statement, all of them in one JSON parameter: the least work on both sides (measured). For the paths
on which rows come by the hundred; the rest uses the ORM.
"""

import functools
import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from django.db import connection, models

from doorstep.db.queries import instant, statement


def insert(rows: Sequence[models.Model], *, ignore: bool = False, replace: tuple[str, ...] = ()) -> None:
    """Add rows of one model. ``ignore``: one that breaks a unique constraint is left out. ``replace``: of one whose key
    is there already these fields are written.
    """
    if rows:
        _run(_insert(type(rows[0]), connection.vendor, ignore, replace), rows, _fields(type(rows[0])))


def put(rows: Sequence[models.Model], fields: tuple[str, ...]) -> None:
    """Write these fields of rows of one model that are there already."""
    if rows:
        model = type(rows[0])
        _run(_update(model, connection.vendor, fields), rows, (*_keys(model), *_named(model, fields)))


def keep(row: models.Model, fields: tuple[str, ...], *, new: bool) -> None:
    """Add a row, or write these fields of one that is there already."""
    if new:
        insert([row])
    else:
        put([row], fields)


def _run(sql: str, rows: Sequence[models.Model], fields: tuple[Any, ...]) -> None:
    plan = _written(fields)
    said = []
    for row in rows:
        values = row.__dict__
        said.append({name: as_said(values[attname]) if as_said else values[attname] for name, attname, as_said in plan})
    with statement() as cursor:
        cursor.execute(sql, [msgspec.json.encode(said).decode()])


@functools.cache
def _written(fields: tuple[Any, ...]) -> tuple[tuple[str, str, Callable[[Any], Any] | None], ...]:
    """Of each field its column, its attribute and how its value is written where JSON has none of its kind."""
    return tuple((one.column, one.attname, _writer(one)) for one in fields)


def _writer(field: Any) -> Callable[[Any], Any] | None:
    if isinstance(field, models.JSONField):
        return lambda value: None if value is None else json.dumps(value)
    if isinstance(field, models.DateTimeField):
        return lambda value: value and instant(value)
    return bytes if isinstance(field, models.BinaryField) else None  # which are written as base64


@functools.cache
def _fields(model: type[models.Model]) -> tuple[Any, ...]:
    """The columns to fill; an id that the database gives is its own."""
    return tuple(one for one in model._meta.concrete_fields if not isinstance(one, models.AutoField))


def _named(model: type[models.Model], names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(model._meta.get_field(name) for name in names)


@functools.cache
def _keys(model: type[models.Model]) -> tuple[Any, ...]:
    return tuple(model._meta.pk_fields)


@functools.cache
def _insert(model: type[models.Model], vendor: str, ignore: bool, replace: tuple[str, ...]) -> str:
    columns = ", ".join(f'"{one.column}"' for one in _fields(model))
    end = " ON CONFLICT DO NOTHING" if ignore else ""
    if replace:
        keys = ", ".join(f'"{one.column}"' for one in _keys(model))
        new = ", ".join(f'"{one.column}" = excluded."{one.column}"' for one in _named(model, replace))
        end = f" ON CONFLICT ({keys}) DO UPDATE SET {new}"
    source = _source(vendor, _fields(model))
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT {columns} FROM {source} WHERE true{end}'  # noqa: S608 - names of our own models


@functools.cache
def _update(model: type[models.Model], vendor: str, fields: tuple[str, ...]) -> str:
    table, named = model._meta.db_table, _named(model, fields)
    values = ", ".join(f'"{one.column}" = said."{one.column}"' for one in named)
    same = " AND ".join(f'"{table}"."{one.column}" = said."{one.column}"' for one in _keys(model))
    source = _source(vendor, (*_keys(model), *named))
    return f'UPDATE "{table}" SET {values} FROM {source} WHERE {same}'  # noqa: S608 - names of our own models


def _source(vendor: str, fields: Sequence[Any]) -> str:
    """The rows of the JSON parameter as a table ``said`` with the columns' own types."""
    if vendor == "sqlite":
        read = ", ".join(f'{_from_sqlite(one)} AS "{one.column}"' for one in fields)
        return f"(SELECT {read} FROM json_each(%s)) AS said"  # noqa: S608 - names of the model
    read = ", ".join(f'{_from_postgres(one)} AS "{one.column}"' for one in fields)
    types = ", ".join(f'"{one.column}" {_type(one)}' for one in fields)
    return f"(SELECT {read} FROM json_to_recordset(%s::json) AS row({types})) AS said"  # noqa: S608 - names of the model


def _from_sqlite(field: Any) -> str:
    value = f"json_extract(value, '$.{field.column}')"
    return f"from_base64({value})" if isinstance(field, models.BinaryField) else value


def _from_postgres(field: Any) -> str:
    if isinstance(field, models.BinaryField):
        return f"decode(\"{field.column}\", 'base64')"
    if isinstance(field, models.DateTimeField):
        return f"\"{field.column}\" AT TIME ZONE 'UTC'"
    return f'"{field.column}"::jsonb' if isinstance(field, models.JSONField) else f'"{field.column}"'


def _type(field: Any) -> str:
    if isinstance(field, (models.BinaryField, models.JSONField)):
        return "text"
    return "timestamp" if isinstance(field, models.DateTimeField) else str(field.db_type(connection))
