"""What many tests begin with is made once in a process, and its rows are put back for every other test: making it the
real way took half of the time of all pages.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final, TypeVar

from django.db import connection, transaction

from doorstep.db.models import Workspace

T = TypeVar("T")
Rows = dict[str, tuple[list[str], list[tuple[Any, ...]]]]
_OF_DJANGO: Final = frozenset({"django_migrations", "django_content_type", "auth_permission"})
_made: dict[Callable[[], Any], tuple[Any, Rows]] = {}


def once(make: Callable[[], T]) -> T:
    """What ``make`` returns, with all rows that it leaves in a database without workspaces. Where there is one
    already it is simply called: its rows might be in the way.
    """
    if Workspace.objects.exists():
        return make()
    if make in _made:
        made, rows = _made[make]
        _put_back(rows)
        copy: T = deepcopy(made)
        return copy
    new = make()
    _made[make] = deepcopy(new), _rows()
    return new


def _rows() -> Rows:
    found: Rows = {}
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - _OF_DJANGO:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - a table of our own
            if rows := cursor.fetchall():
                found[table] = [column[0] for column in cursor.description], rows
    return found


def _put_back(kept: Rows) -> None:
    quote = connection.ops.quote_name
    with transaction.atomic(), connection.cursor() as cursor:  # keys to other tables are checked at its end
        for table, (columns, rows) in kept.items():
            line = f"({', '.join(['%s'] * len(columns))})"
            into = f"{quote(table)} ({', '.join(map(quote, columns))})"
            values = [value for row in rows for value in row]
            cursor.execute(f"INSERT INTO {into} VALUES {', '.join([line] * len(rows))}", values)  # noqa: S608
