"""Numbers from a table: brought, looked at, confirmed, taken back; and a shop that is a file."""

from collections.abc import Callable, Mapping
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.order import order_view
from doorstep.app.receive import imports, sheet_orders
from doorstep.app.receive.imports import Givable, Import
from doorstep.connectors.contract import Facts
from doorstep.connectors.suppliers.sheets.columns import FIELDS
from doorstep.connectors.suppliers.sheets.table import MOST_BYTES
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Connection, Inbox
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member
from doorstep.web.typed import whole

SHOWN: Final = 200  # rows of each kind on the screen; all of them are counted


@require_safe
@member(Action.HANDLE)
def show_all(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Where a table is brought, and those that were."""
    rows = imports.newest(imports.sheets(caller.ws))
    context = {"here": "look", "imports": rows, "names": order_view.names(caller.ws, {one.by for one in rows})}
    return render(request, "console/imports.html", context)


@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """An empty table with the names of its columns; for suppliers too, so it asks for no login."""
    answer = HttpResponse(imports.TEMPLATE, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="tracking-numbers.csv"'
    return answer


@require_POST
@member(Action.HANDLE)
def bring(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Keep an uploaded file or pasted lines, and show what they would do. ``account``: the supplier they are of."""
    name, body = brought(request)
    made: list[int] = []
    account = _bringer(caller, request.POST.get("account", ""))

    def keep() -> None:
        if not body.strip():
            raise ValueError(Message(id="import.empty"))
        made.append(imports.bring(account, body, name, caller.actor))

    return redirect("import", made[0]) if attempt(request, keep) else redirect("imports")


def brought(request: HttpRequest) -> tuple[str, bytes]:
    """(name, bytes) of the uploaded file, else of what was pasted."""
    file = request.FILES.get("file")
    if file is None:
        return "", request.POST.get("lines", "").encode()
    return file.name or "", file.read(MOST_BYTES + 1)


@require_safe
@member(Action.HANDLE)
def show(request: HttpRequest, caller: Caller, inbox_id: int) -> HttpResponse:
    """What a table would do, or how far it is done. Reading it changes nothing."""
    account, one = _import(caller, inbox_id)
    context: dict[str, object] = {"here": "look", "one": one, "most": SHOWN}
    context |= looked(account, one, chosen(request.GET))
    return render(request, "console/import.html", context)


def looked(account: Connection, one: Import, columns: Mapping[str, int], given: Givable = None) -> dict[str, object]:
    """For a template: what a table that nobody has confirmed would do, and the choice of its columns; of one that is
    done, the rows that were left out.
    """
    if one.state != "open" and (one.state != "done" or given is not None):
        return {}
    look = imports.look(account, one.id, columns, given)
    if look.table is None:
        return {"look": look}
    rows = [(due, "new" if due.state == "new" else "known") for due in look.due[:SHOWN]]
    fields = [(field, look.table.places.get(field, -1)) for field in FIELDS]
    return {"look": look, "rows": rows, "problems": look.problems[:SHOWN], "fields": fields, "columns": columns}


def chosen(said: Mapping[str, str]) -> dict[str, int]:
    """The columns that a person named; -1 = none holds it."""
    texts = {field: said.get(field, "") for field in FIELDS}
    return {field: int(text) for field, text in texts.items() if text.lstrip("-").isdecimal() and len(text) < 4}


@require_POST
@member(Action.HANDLE)
def act(request: HttpRequest, caller: Caller, inbox_id: int) -> HttpResponse:
    """Confirm a table, take back what it gave, or forget it."""
    account, _ = _import(caller, inbox_id)
    verb, counts = request.POST.get("do", ""), list[int]()
    do: dict[str, Callable[[], object]] = {
        "confirm": lambda: counts.append(imports.confirm(account, inbox_id, chosen(request.POST), caller.actor)),
        "undo": lambda: counts.append(imports.undo(account, inbox_id, caller.actor)),
        "discard": lambda: imports.discard(account, inbox_id, caller.actor),
    }
    if verb not in do:
        raise Http404
    if attempt(request, do[verb]):
        tell(request, Message(id=f"done.import.{verb}", values={"count": sum(counts)}))
    return redirect("imports") if verb == "discard" else redirect("import", inbox_id)


def tables(caller: Caller, account_id: int) -> dict[str, object]:
    """For the template of a supplier: the tables that came from it."""
    rows = imports.newest(Connection.objects.get(ws=caller.ws, id=account_id))
    return {"tables": rows, "table_names": order_view.names(caller.ws, {one.by for one in rows})}


@require_POST
@member(Action.HANDLE)
def orders(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """A shop that is a file: look what an uploaded file of orders says, or read it."""
    store, found = _file_shop(caller, connection_id), list[Facts]()
    taken, body = request.POST.get("do") == "take", brought(request)[1]

    def read() -> None:
        if not body.strip():
            raise ValueError(Message(id="import.empty"))
        if taken:
            found.append(sheet_orders.take(store.ws, store.id, body, caller.actor))
        else:
            found.append(sheet_orders.look(store.ws, store.id, body))

    if not attempt(request, read):
        return redirect("connection", store.id)
    facts = found[0]
    if taken:
        tell(request, Message(id="done.orders_read", values={"count": len(facts.orders)}))
    context = {
        "here": "connections",
        "store": store,
        "facts": facts,
        "orders": facts.orders[:SHOWN],
        "bad": facts.bad[:SHOWN],
        "taken": taken,
    }
    return render(request, "console/store_orders.html", context)


@require_safe
@member(Action.EXPORT)
def numbers(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """The numbers of a shop's orders as a file, for a shop that takes them by hand."""
    store = _file_shop(caller, connection_id)
    answer = HttpResponse(sheet_orders.numbers(store.ws, store.id), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="numbers.csv"'
    return answer


def _file_shop(caller: Caller, connection_id: int) -> Connection:
    live = Connection.objects.exclude(state="removed")
    store = live.filter(ws=caller.ws, id=connection_id, kind="store", connector="csv").first()
    if store is None:
        raise Http404
    return store


def _bringer(caller: Caller, said: str) -> Connection:
    """The supplier that a table is of; nobody's is the workspace's own."""
    if not said:
        return imports.sheets(caller.ws)
    mine = Connection.objects.filter(ws=caller.ws, kind="supplier", connector="fulfilled_by", state="active")
    account = mine.filter(id=whole(said)).first()
    if account is None:
        raise Http404
    return account


def _import(caller: Caller, inbox_id: int) -> tuple[Connection, Import]:
    try:
        account = imports.account_of(caller.ws, inbox_id)
        return account, imports.one(account, inbox_id)
    except (Inbox.DoesNotExist, Connection.DoesNotExist):
        raise Http404 from None
