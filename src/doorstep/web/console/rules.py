"""A store's rules, each choice weighed; what they would do now; and what carriers are called there."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from doorstep.app import clock
from doorstep.app.connections import connection_view
from doorstep.app.figures import supplier_record
from doorstep.app.ledger import policies, told
from doorstep.app.push import again, dry_run, naming, rules
from doorstep.app.settle.tells import takes
from doorstep.core.advice import SCAN_WITHIN, advise, first_scan_advice, remarks
from doorstep.core.channel import stages
from doorstep.core.message import Message
from doorstep.core.number import carriers
from doorstep.core.policy import MailBy, Policy, Tell, When, Which
from doorstep.core.roles import Action
from doorstep.core.status import Status
from doorstep.db.models import Connection
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member
from doorstep.web.typed import fits, whole

LONGEST_H = 24 * 60  # two months: a longer wait than that is a mistake


@require_http_methods(["GET", "HEAD", "POST"])
@member(Action.POLICY)
def show(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """The rules of one store. Saving makes a new version, for what is not pushed yet; trying saves nothing."""
    store = _store(caller, connection_id)
    policy, version = policies.current(caller.ws, store.id)
    context = {**_context(store), "policy": policy, "version": version, "runs": None}
    if request.method == "POST" and request.POST.get("do") == "try":

        def try_out() -> None:
            context["policy"] = read_policy(request.POST)
            context["runs"] = dry_run.of_store(caller.ws, store.id, context["policy"])

        attempt(request, try_out)
    elif request.method == "POST" and attempt(request, lambda: _save(request, caller, store)):
        tell(request, Message(id="done.rules_saved"))
        changes = again.list_changes(caller.ws, store.id)
        return redirect("rules_again" if changes else "rules", store.id)
    context["remarks"] = remarks(context["policy"], replace(told.there(store), label=store.label))
    return render(request, "console/rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member(Action.POLICY)
def push_again(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """What the store has and would get differently under its rules now; nothing is pushed again unconfirmed (S60)."""
    store = _store(caller, connection_id)
    if request.method == "POST":
        chosen = {whole(one) for one in request.POST.getlist("order")}
        done = again.confirm(caller.ws, store.id, chosen, caller.actor)
        tell(request, Message(id="done.pushed_again", values={"n": done}), wrong=not done)
        return redirect("rules", store.id)
    changes = again.list_changes(caller.ws, store.id)
    context = {
        "here": "connections",
        "store": store,
        "changes": changes,
        "orders": len({one.order_id for one in changes}),
    }
    return render(request, "console/again.html", context)


@require_safe
@member(Action.SEE)
def try_latest(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """What the rules that the store has would do with its latest orders. Nothing is sent."""
    store = _store(caller, connection_id)
    runs = dry_run.of_store(caller.ws, store.id, policies.current(caller.ws, store.id)[0])
    return render(request, "console/store_dry_run.html", {"here": "connections", "store": store, "runs": runs})


@require_http_methods(["GET", "HEAD", "POST"])
@member(Action.POLICY)
def names(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """What carriers are called in the store; a POST gives one of them another name there."""
    store = _store(caller, connection_id)
    if request.method == "POST":
        code, name = request.POST.get("carrier", ""), request.POST.get("name", "")
        if attempt(request, lambda: naming.choose(caller.ws, store.id, code, name, caller.actor)):
            tell(request, Message(id="done.carrier_named"))
        return redirect("carrier_names", store.id)
    context = {
        "here": "connections",
        "store": store,
        "channel": told.there(store),
        "called": naming.called(store),
        "carriers": carriers(),
    }
    return render(request, "console/carrier_names.html", context)


def _store(caller: Caller, connection_id: int) -> Connection:
    store = Connection.objects.filter(ws=caller.ws, id=connection_id, kind="store").first()
    if store is None or connection_view.connection(caller.ws, connection_id) is None:
        raise Http404
    return store


def _save(request: HttpRequest, caller: Caller, store: Connection) -> None:
    rules.save(caller.ws, store.id, read_policy(request.POST), caller.actor)


def _context(store: Connection) -> dict[str, Any]:
    """What does not depend on what was chosen."""
    there = told.there(store)
    together, each = supplier_record.records(store.ws, store.id, clock.now())
    return {
        "here": "connections",
        "store": store,
        "channel": there,
        "ways": advise(together),
        "first_scan": first_scan_advice(together),
        "suppliers": each,
        "scan_days": SCAN_WITHIN.days,
        "stages": stages(there),
        "whiches": list(Which),
        "mailers": list(MailBy),
        "tells": _tells(store),
    }


def _tells(store: Connection) -> list[Tell]:
    """The choices that make a difference there."""
    there = takes(store)
    if not there:
        return []
    return [one for one in Tell if one is not Tell.MOVES or there - {Status.DELIVERED}]


def read_policy(form: QueryDict | Mapping[str, str]) -> Policy:
    """The policy that a filled-in form describes. Raises ValueError with a Message that names the field."""
    try:
        when, which, mail_by = When(form.get("when", "")), Which(form.get("which", "")), MailBy(form.get("mail_by", ""))
        tell_it = Tell(form.get("tell", Tell.NOTHING.value))
    except ValueError:
        raise ValueError(Message(id="refuse.choice")) from None
    return Policy(
        when=when,
        which=which,
        mail_by=mail_by,
        tell=tell_it,
        delay_h=_hours(form, "delay_h") or 0,
        max_hold_h=_hours(form, "max_hold_h"),
        first_scan_hold="first_scan_hold" in form,
    )


def _hours(form: QueryDict | Mapping[str, str], name: str) -> int | None:
    """Whole hours, None for an empty field."""
    text = (form.get(name) or "").strip()
    if not text:
        return None
    if not fits(text) or int(text) > LONGEST_H:
        raise ValueError(Message(id=f"refuse.{name}", values={"text": text[:20], "most": LONGEST_H}))
    return int(text)
