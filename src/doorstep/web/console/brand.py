"""How the shoppers' pages of a store look: the form, and a preview of what is typed before it is saved."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from doorstep.app import brands, clock
from doorstep.app.connections import connection_view, domains
from doorstep.app.household import grants, households, shop_accounts
from doorstep.app.vendors.accounts import message_of
from doorstep.connectors.contract import Trouble
from doorstep.core import colour
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Brand, Connection
from doorstep.web.console.answers import tell
from doorstep.web.gate import Caller, member
from doorstep.web.headers import POLICY, framed_by

_FIELDS = (
    "name", "words", "colour", "ground", "phone", "email", "site", "answer_h", "powered", "app",
    "support", "support_to", "accounts_at", "accounts_client",
)  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@member(Action.POLICY)
def show(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """The form. What cannot be kept is said beside its field, and nothing of it is saved."""
    store = _store(caller, connection_id)
    row = brands.of(caller.ws, store.id) or Brand(ws=caller.ws, store_id=store.id)
    form: Mapping[str, Any] = _typed(row)
    wrong: Mapping[str, Message] = {}
    if request.method == "POST":
        form, file = request.POST.dict(), request.FILES.get("logo")
        try:
            _really(store, form)
            most = (brands.MOST_LOGO_KB << 10) + 1
            brands.save(caller.ws, store.id, form, file.read(most) if file else b"", caller.actor)
            tell(request, Message(id="done.brand_saved"))
            return redirect("brand", store.id)
        except brands.Wrong as problem:
            wrong = problem.messages
    answer = render(
        request, "console/brand.html", _context(caller, store, row, form, wrong), status=422 if wrong else 200
    )
    answer.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@member(Action.POLICY)
def preview(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """A page as the shopper would see it, of what is typed (posted) or saved. Saves nothing."""
    store = _store(caller, connection_id)
    row = brands.of(caller.ws, store.id) or Brand(ws=caller.ws, store_id=store.id)
    if request.method == "POST":
        values, _ = brands.read(request.POST.dict())
        for name, value in values.items():
            if value is not None:
                setattr(row, name, value)
    style = f"{reverse('brand_style', args=[store.id])}?{urlencode({'colour': row.colour, 'ground': row.ground})}"
    context = {"brand": brands.look_of(row, store.label), "style": style, "now": clock.now()}
    return framed_by(render(request, "page/preview.html", context), ["'self'"])


@require_safe
@member(Action.POLICY)
def style(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """The style sheet of two colours that are not saved yet; what is no colour is left out."""
    _store(caller, connection_id)
    try:
        said = [colour.parse(request.GET.get(name, "")) for name in ("colour", "ground")]
    except ValueError:
        said = ["", ""]
    return HttpResponse(brands.style(*said), content_type="text/css; charset=utf-8")


def _context(
    caller: Caller, store: Connection, row: Brand, form: Mapping[str, Any], wrong: Mapping[str, Message]
) -> dict[str, Any]:
    lookup = connection_view.lookup_address(caller.ws, store.id)
    token = lookup.rpartition("/")[2]
    widget = f'<script src="{settings.PUBLIC_URL}/static/widget.js" data-lookup="{token}" async></script>'
    return {
        "here": "connections",
        "store": store,
        "form": form,
        "wrong": wrong,
        "logo": row.key if row.logo_kind else "",
        "most_kb": brands.MOST_LOGO_KB,
        "app_open": households.open_here(),
        "followers": grants.followers(caller.ws, store.id),
        "support_ways": brands.SUPPORT,
        "redirect": shop_accounts.address() if store.connector == shop_accounts.AT else "",
        "origin": shop_accounts.origin(),
        "corrected": brands.corrected(row.colour, row.ground),
        "widget": widget if token and row.frames else "",
        **_domain(caller, store),
    }


def _really(store: Connection, form: Mapping[str, Any]) -> None:
    """Where shoppers are to sign in is asked first, as soon as the form is right otherwise. Raises brands.Wrong."""
    values, wrong = brands.read(form)
    at, client = values["accounts_at"], values["accounts_client"]
    if wrong or not client:
        return
    if store.connector != shop_accounts.AT:
        raise brands.Wrong({"accounts_at": Message(id="shop_accounts.none")})
    try:
        shop_accounts.try_out(at, client)
    except Trouble as trouble:
        raise brands.Wrong({"accounts_at": message_of(trouble)}) from trouble
    except TimeoutError:
        raise brands.Wrong({"accounts_at": Message(id="refuse.too_slow")}) from None


def _domain(caller: Caller, store: Connection) -> dict[str, Any]:
    """The store's own domain, and what its owner has to do to prove it."""
    door = domains.of(caller.ws, store.id)
    return {
        "domain": door,
        "domain_proof": domains.proof(door) if door else "",
        "domain_file": f"https://{door.label}{domains.FILE}" if door else "",
        "public_host": urlsplit(settings.PUBLIC_URL).hostname,
    }


def _typed(row: Brand) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in _FIELDS}, "frames": "\n".join(row.frames)}


def _store(caller: Caller, connection_id: int) -> Connection:
    store = Connection.objects.filter(ws=caller.ws, id=connection_id, kind="store").first()
    if store is None:
        raise Http404
    return store
