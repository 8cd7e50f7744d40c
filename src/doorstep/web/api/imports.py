"""Tables of numbers: brought, looked at, confirmed, taken back."""

from typing import Annotated

import msgspec
from msgspec import Meta as Limits

from doorstep.app.receive import imports
from doorstep.app.records.imports import Import, LookedAt, looked_at, newest
from doorstep.app.records.page import Page
from doorstep.core.message import Message
from doorstep.db.models import Connection
from doorstep.web.api.kinds import Short
from doorstep.web.api.problem import Declined
from doorstep.web.api.route import Ask, Made, route


class Table(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A table as CSV: its first row names the columns (order, tracking number, carrier, SKU, quantity)."""

    text: Annotated[str, Limits(min_length=1)]
    name: Short = ""


@route("GET", "/imports", "imports:read")
def list_imports(ask: Ask) -> Page[Import]:
    """The tables that were brought last."""
    return newest(ask.ws)


@route("GET", "/imports/{import_id}", "imports:read")
def get_import(ask: Ask, import_id: int) -> LookedAt:
    """One table: what each of its rows would do, or how far it is."""
    found = looked_at(ask.ws, import_id)
    if found is None:
        raise Declined("not_found")
    return found


@route("POST", "/imports", "imports:write", status=201)
def bring_table(ask: Ask, body: Table) -> Made[LookedAt]:
    """Bring a table. Nothing is done with it before it is confirmed."""
    if not body.text.strip():
        raise Declined("refused", Message(id="import.empty"))
    made = imports.bring(imports.sheets(ask.ws), body.text.encode(), body.name, ask.actor)
    return Made(get_import(ask, made), f"/imports/{made}")


@route("POST", "/imports/{import_id}/confirm", "imports:write")
def confirm_import(ask: Ask, import_id: int) -> LookedAt:
    """Give the numbers of all good rows to their orders. Done once, however often it is asked."""
    imports.confirm(_account(ask, import_id), import_id, {}, ask.actor)
    return get_import(ask, import_id)


@route("POST", "/imports/{import_id}/undo", "imports:write")
def undo_import(ask: Ask, import_id: int) -> LookedAt:
    """Take back what a table gave, but for what somebody has said again since."""
    imports.undo(_account(ask, import_id), import_id, ask.actor)
    return get_import(ask, import_id)


@route("DELETE", "/imports/{import_id}", "imports:write", status=204)
def discard_import(ask: Ask, import_id: int) -> None:
    """Forget a table's bytes; what was confirmed of it stays."""
    imports.discard(_account(ask, import_id), import_id, ask.actor)


def _account(ask: Ask, import_id: int) -> Connection:
    return imports.account_of(ask.ws, import_id)
