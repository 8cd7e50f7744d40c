"""A supplier's private link: what waits for a number, and the numbers that they bring. No script and no cookie."""

import csv
import io
from collections.abc import Callable, Sequence

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.receive import agents, imports
from doorstep.app.receive.agents import Holder, Wanted
from doorstep.app.receive.imports import Import
from doorstep.connectors.contract import Refused
from doorstep.core.message import Message
from doorstep.db.models import Inbox
from doorstep.web.console.imports import SHOWN, brought, chosen, looked
from doorstep.web.gate import supplier


@require_safe
@supplier
def show(request: HttpRequest, who: Holder) -> HttpResponse:
    """What waits for a number, and the tables that this link brought."""
    return _list(request, who)


@require_POST
@supplier
def bring(request: HttpRequest, who: Holder) -> HttpResponse:
    """Keep a file, pasted lines, or what was typed beside the orders; show what it would do."""
    name, body = brought(request)
    body = body if body.strip() else _typed(request, agents.wanted(who.account))
    if not body:
        return _list(request, who, Message(id="import.empty"))
    try:
        file_id = imports.bring(who.account, body, name, who.actor)
    except Refused as refused:
        return _list(request, who, refused.message)
    return _to("agent_table", request, file_id)


@require_safe
@supplier
def table(request: HttpRequest, who: Holder, inbox_id: int) -> HttpResponse:
    """What a table would do, or how far it is."""
    return _table(request, who, inbox_id)


@require_POST
@supplier
def act(request: HttpRequest, who: Holder, inbox_id: int) -> HttpResponse:
    """Confirm a table, take back what it gave, or forget it."""
    _mine(who, inbox_id)
    verb = request.POST.get("do", "")
    do: dict[str, Callable[[], object]] = {
        "confirm": lambda: imports.confirm(who.account, inbox_id, chosen(request.POST), who.actor, _given(who)),
        "undo": lambda: imports.undo(who.account, inbox_id, who.actor),
        "discard": lambda: imports.discard(who.account, inbox_id, who.actor),
    }
    if verb not in do:
        raise Http404
    try:
        do[verb]()
    except ValueError as refused:
        return _table(request, who, inbox_id, refused.args[0])
    return _to("agent", request) if verb == "discard" else _to("agent_table", request, inbox_id)


def _list(request: HttpRequest, who: Holder, error: Message | None = None) -> HttpResponse:
    context = {
        "link": _token(request),
        "who": who,
        "wanted": agents.wanted(who.account),
        "tables": [one for one in imports.newest(who.account) if one.by == who.actor],
        "error": error,
    }
    return render(request, "agent/orders.html", context, status=422 if error else 200)


def _table(request: HttpRequest, who: Holder, inbox_id: int, error: Message | None = None) -> HttpResponse:
    one = _mine(who, inbox_id)
    context = {"link": _token(request), "who": who, "one": one, "most": SHOWN, "error": error}
    context |= looked(who.account, one, chosen(request.GET or request.POST), _given(who))
    return render(request, "agent/table.html", context, status=422 if error else 200)


def _mine(who: Holder, inbox_id: int) -> Import:
    """A table that came through this very link."""
    try:
        one = imports.one(who.account, inbox_id)
    except Inbox.DoesNotExist:
        raise Http404 from None
    if one.by != who.actor:
        raise Http404
    return one


def _given(who: Holder) -> imports.Givable:
    return agents.given(agents.wanted(who.account))


def _typed(request: HttpRequest, some: Sequence[Wanted]) -> bytes:
    """What was typed beside the orders, as the table that it might have been."""
    written = io.StringIO(newline="")
    lines = csv.writer(written)
    lines.writerow(("order", "tracking_number", "carrier", "sku", "quantity"))
    carrier, typed = request.POST.get("carrier", "")[:60], 0
    for one in some:
        number = request.POST.get(f"number-{one.line.id}", "").strip()[:400]
        same = [other for other in some if (other.order.id, other.line.sku) == (one.order.id, one.line.sku)]
        named = (one.line.sku, one.qty) if one.line.sku and len(same) == 1 else ("", "")
        if number:
            lines.writerow((one.order.number, number, carrier, *named))
            typed += 1
    return written.getvalue().encode() if typed else b""


def _token(request: HttpRequest) -> str:
    assert request.resolver_match is not None  # a view of an address
    return str(request.resolver_match.kwargs["token"])


def _to(name: str, request: HttpRequest, *more: int) -> HttpResponse:
    return HttpResponseRedirect(reverse(name, args=[_token(request), *more]), status=303)
