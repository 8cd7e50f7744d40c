"""Holds every statement of a request against one rule: what is read from a table of tenants names the workspace.

A statement that finds its rows by an unguessable token, or by whom a user is, comes before the workspace is known:
those are listed. Everything else would be a way round the gate. A change may name its rows by their ids alone: they
were read before.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.apps import apps
from django.core.signals import request_finished, request_started
from django.db import connection

BEFORE: Final = (
    r'FROM "doorstep_membership" WHERE .*"user_id" =',  # where a user belongs
    r"token_sha256",  # a door: what it opens is known afterwards
    r'FROM "doorstep_householdinvitation" WHERE .*"email" =',  # an invitation: whose address was proven
    r'FROM "doorstep_brand" WHERE "doorstep_brand"."app" ',  # stores that their merchants opened for everybody
    r'FROM "doorstep_grant" WHERE .*"store_ws" =',  # a merchant counts who accepted a store of theirs
    r'^(UPDATE|DELETE) .*WHERE "?\w+"?\."id" (=|IN)',  # rows that were read before
)
_SAYS_WHOSE: Final = re.compile(r'"ws"|\bws\b')


def tenants() -> frozenset[str]:
    """The tables whose rows belong to a workspace."""
    models = apps.get_app_config("doorstep").get_models()
    return frozenset(one._meta.db_table for one in models if any(field.name == "ws" for field in one._meta.fields))


def goes_round(sql: str, tables: frozenset[str]) -> bool:
    """Whether a statement reads or changes rows of tenants without saying whose."""
    if not re.match(r"\s*(SELECT|WITH|UPDATE|DELETE)", sql, re.IGNORECASE):
        return False  # a new row says whose it is: the column takes no NULL
    named = set(re.findall(r"doorstep_[a-z_]+", sql)) & tables
    after = sql.partition("WHERE")[2] or sql.partition(" ON ")[2]
    return bool(named) and not _SAYS_WHOSE.search(after) and not any(re.search(one, sql) for one in BEFORE)


@contextmanager
def watching(tables: frozenset[str] | None = None) -> Iterator[list[str]]:
    """The statements that went round, of all requests while the context lasts."""
    found: list[str] = []
    under_way: list[bool] = []
    held = tenants() if tables is None else tables

    def begins(**_: Any) -> None:
        under_way.append(True)

    def ends(**_: Any) -> None:
        del under_way[:]

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if under_way and goes_round(sql, held):
            found.append(sql)
        return execute(sql, params, many, context)

    request_started.connect(begins)
    request_finished.connect(ends)
    try:
        with connection.execute_wrapper(look):
            yield found
    finally:
        request_started.disconnect(begins)
        request_finished.disconnect(ends)


@contextmanager
def naming(ws: int) -> Iterator[list[str]]:
    """The statements that name this workspace while the context lasts."""
    found: list[str] = []

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if str(ws) in repr(params):
            found.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield found
