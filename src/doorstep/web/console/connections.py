"""Stores, suppliers and carriers: the list, connecting one, and each one's screen."""

from collections.abc import Callable
from functools import partial
from typing import Final, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from doorstep.app import doors, loop
from doorstep.app import say as sentences
from doorstep.app.connections import account_check, connect, connect_list, connection_view, granting
from doorstep.app.connections.connection_view import ABILITIES, KINDS, Shown
from doorstep.app.ledger import told
from doorstep.app.receive import mailbox, words
from doorstep.app.vendors import health
from doorstep.app.vendors.accounts import message_of
from doorstep.connectors.accounts import FACTS
from doorstep.connectors.contract import Can, Checked, Meta, Trouble
from doorstep.connectors.registry import Kind
from doorstep.core.channel import stages
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Connection
from doorstep.web.console import imports, links
from doorstep.web.console.answers import tell
from doorstep.web.gate import Caller, member
from doorstep.web.typed import whole

_DO: Final[dict[str, Callable[[int, int, str], None]]] = {
    "pause": connect.pause,
    "resume": connect.resume,
    "remove": connect.remove,
    "up": partial(connect.move, up=True),
    "down": partial(connect.move, up=False),
}


@require_safe
@member(Action.SEE)
def show_all(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Everything connected, with state and freshness."""
    kinds, order = connection_view.connection_list(caller.ws), connection_view.ranked(caller.ws)
    kinds["carrier"].sort(key=lambda one: order.index(one.id) if one.id in order else len(order))
    context = {
        "order": order if len(order) > 1 else (),
        "here": "connections",
        "kinds": {kind: rows for kind, rows in kinds.items() if rows or connect.choices(cast(Kind, kind))},
        "vitals": {one.id: health.vitals(caller.ws, one.id) for one in kinds["carrier"]},
        "strange": len(words.strange(caller.ws)),
        "address": connection_view.mail_address(caller.ws),
        "may_connect": caller.may(Action.CONNECT),
    }
    return render(request, "console/connections.html", context)


@require_safe
@member(Action.CONNECT)
def choose(request: HttpRequest, caller: Caller) -> HttpResponse:
    """What can be connected, searched by ``q``."""
    query = request.GET.get("q", "").strip()[:60]
    context = {"here": "connections", "query": query, "kinds": connect_list.offers(caller.ws, query)}
    return render(request, "console/connect_choose.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@member(Action.CONNECT)
def make(request: HttpRequest, caller: Caller, kind: str, name: str) -> HttpResponse:
    """The connect form. It is saved only after the other side really answered; secrets are never shown again."""
    meta, again = _meta(kind, name), _again(request, caller, kind, name)
    context: dict[str, object] = {
        "here": "connections",
        "meta": meta,
        "kind": kind,
        "given": connection_view.typed(caller.ws, again.id) if again else {},
        "again": again,
        "redirect": granting.redirect_address() if Can.GRANT in meta.can else "",
        "alone": _alone(meta),
        "detail": {"meta": meta, "abilities": [(can.value, can in meta.can) for can in ABILITIES[kind]]},
    }
    if request.method == "POST":
        form = {field.name: request.POST.get(field.name, "") for field in meta.fields}
        form["label"] = request.POST.get("label", "") or (again.label if again else "")
        again_id = again.id if again else 0
        try:
            if request.POST.get("do") == "grant" or not _alone(meta):
                page = granting.begin(caller.ws, caller.user.pk, kind, name, form, again_id)
                return render(request, "console/connect_go.html", {"here": "connections", "meta": meta, "page": page})
            before = connect.known(caller.ws, again_id, kind, name, form)
            checked = loop.call(connect.check(kind, name, form, before))
            row = connect.save(caller.ws, caller.actor, kind, name, form, checked, again_id)
            return _saved(request, row, checked)
        except (Trouble, TimeoutError) as trouble:
            context["trouble"] = _told(trouble)
        context["given"] = {field.name: form[field.name] for field in meta.fields if not field.secret}
    return render(request, "console/connect.html", context, status=422 if "trouble" in context else 200)


def _alone(meta: Meta) -> bool:
    """Whether what is typed can be enough, without anybody's yes on the vendor's page: a token can be."""
    return Can.GRANT not in meta.can or any(field.name == "access_token" for field in meta.fields)


@require_safe
@member(Action.CONNECT)
def granted(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Where a person comes back to from a vendor's page (OAuth sends them with GET). What they bring is good once, and
    for the person only who was sent there.
    """
    back = granting.take(caller.ws, caller.user.pk, request.GET.get("state", ""))
    if back is None:
        context: dict[str, object] = {"here": "connections", "trouble": Message(id="granting.unknown")}
        return render(request, "console/connect_back.html", context, status=422)
    try:
        checked = loop.call(granting.redeem(back, request.GET.dict()))
        row = connect.save(caller.ws, caller.actor, back.kind, back.name, back.form, checked, back.again)
        return _saved(request, row, checked)
    except (Trouble, TimeoutError) as trouble:
        context = {"here": "connections", "trouble": _told(trouble), "back": back}
        return render(request, "console/connect_back.html", context, status=422)


def _told(trouble: Trouble | TimeoutError) -> Message:
    return message_of(trouble) if isinstance(trouble, Trouble) else Message(id="refuse.too_slow")


def _saved(request: HttpRequest, row: Connection, checked: Checked) -> HttpResponse:
    """It is kept: have the vendor call us where it can, and say what there is to say."""
    note = loop.call(connect.subscribe(row))
    tell(request, Message(id="done.connected", values={"label": row.label}))
    for one in [*checked.notes, note] if note else checked.notes:
        tell(request, one)
    return redirect("connection", row.id)


def _again(request: HttpRequest, caller: Caller, kind: str, name: str) -> Shown | None:
    """The connection that is to be connected once more."""
    asked = request.POST.get("again") or request.GET.get("again") or ""
    if not asked:
        return None
    one = connection_view.connection(caller.ws, whole(asked))
    if one is None or (one.kind, one.connector) != (kind, name):
        raise Http404
    return one


@require_safe
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """One connection: how fresh it is, what it could not read, pause and remove; a store's look-up address."""
    one = _shown(caller, connection_id)
    hook = connection_view.hook_address(caller.ws, one.id) if caller.may(Action.CONNECT) else ""
    context = {
        "here": "connections",
        "one": one,
        "vitals": health.vitals(caller.ws, one.id) if one.kind == "carrier" else None,
        "detail": connection_view.detail(caller.ws, one),
        "words": words.strange(caller.ws, one.connector),
        "lookup": connection_view.lookup_address(caller.ws, one.id) if one.kind == "store" else "",
        "address": connection_view.mail_address(caller.ws) if "mail" in one.can else "",
        "hook": hook if "hooks" in one.can else "",
        "hook_how": _hook_how(one, hook),
        "may": {action.value: caller.may(action) for action in Action},
    }
    context |= _channel(caller, one) if one.kind == "store" else {}
    context |= _account(caller, one) if one.kind == "supplier" and one.can else {}
    context |= imports.tables(caller, one.id) if one.connector in {"sheet_link", "fulfilled_by"} else {}
    context |= links.shown(caller, one.id) if one.connector == "agent" and caller.may(Action.KEYS) else {}
    return render(request, "console/connection.html", context)


@require_POST
@member(Action.CONNECT)
def act(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """Pause, resume or remove; ask a carrier account before or after its neighbour."""
    one = _shown(caller, connection_id)
    verb = request.POST.get("do", "")
    if verb not in _DO:
        raise Http404
    if verb in {"up", "down"} and one.id not in connection_view.ranked(caller.ws):
        raise Http404
    _DO[verb](caller.ws, one.id, caller.actor)
    if verb in {"up", "down"}:
        return redirect("connections")
    tell(request, Message(id=f"done.connection.{verb}", values={"label": one.label}))
    return redirect("connections") if verb == "remove" else redirect("connection", one.id)


@require_POST
@member(Action.KEYS)
def lookup_link(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """Make a store's look-up address, or close it for good."""
    one = _shown(caller, connection_id)
    if one.kind != "store":
        raise Http404
    if request.POST.get("do") == "make":
        doors.lookup_url(caller.ws, one.id)
    else:
        doors.revoke(caller.ws, "lookup", one.id, caller.actor)
    return redirect("connection", one.id)


@require_POST
@member(Action.KEYS)
def make_mailbox(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Make the workspace's forwarding address."""
    mailbox.address(caller.ws)
    return redirect("connections")


def _hook_how(one: Shown, address: str) -> Message:
    """What to do with the webhook's address: a vendor that takes it only by hand has a sentence of its own."""
    by_hand = f"{one.connector}.hook_by_hand"
    key = by_hand if sentences.known(by_hand) else "hook.how"
    return Message(id=key, values={"address": address, "name": one.name})


def _channel(caller: Caller, one: Shown) -> dict[str, object]:
    """What a store shows its buyers at each stage, and by whom."""
    there = told.there(Connection.objects.get(ws=caller.ws, id=one.id))
    return {"channel": there, "stages": stages(there) if there.shows else ()}


def _account(caller: Caller, one: Shown) -> dict[str, object]:
    """How a supplier's account works, and what of it is right and wrong."""
    kind, items = account_check.checked(Connection.objects.get(ws=caller.ws, id=one.id))
    wrong = sum(item.state == "wrong" for item in items)
    return {"account": kind.value, "account_facts": FACTS, "checks": items, "wrong": wrong}


def _meta(kind: str, name: str) -> Meta:
    if kind not in KINDS:
        raise Http404
    found = next((one for one in connect.choices(cast(Kind, kind)) if one.name == name), None)
    if found is None:
        raise Http404
    return found


def _shown(caller: Caller, connection_id: int) -> Shown:
    one = connection_view.connection(caller.ws, connection_id)
    if one is None:
        raise Http404
    return one
