"""Suppliers: who gives numbers how, and how each of them did."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from doorstep.app import clock
from doorstep.app.connections import connection_view
from doorstep.app.figures import supplier_record
from doorstep.connectors import support
from doorstep.core.advice import ENOUGH, SCAN_WITHIN
from doorstep.core.roles import Action
from doorstep.web.gate import Caller, member

WINDOWS = (30, 90, 365)  # days


@require_safe
@member(Action.SEE)
def show_all(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The list, searched by ``q``."""
    query = request.GET.get("q", "").strip()[:60]
    found = support.find(query)
    groups = [(way, [one for one in found if one.best is way]) for way in support.Way]
    context = {
        "here": "connections",
        "query": query,
        "groups": [(way, some) for way, some in groups if some],
        "every": support.EVERY,
        "connected": {one.connector for one in connection_view.connection_list(caller.ws)["supplier"]},
        "may_connect": caller.may(Action.CONNECT),
    }
    return render(request, "console/suppliers.html", context)


@require_safe
@member(Action.SEE)
def record(request: HttpRequest, caller: Caller) -> HttpResponse:
    """How the suppliers did in the last days (``days``), for one store (``of``) or all."""
    said, of = request.GET.get("days", ""), request.GET.get("of", "")
    days = int(said) if said in map(str, WINDOWS) else WINDOWS[1]
    stores = connection_view.connection_list(caller.ws)["store"]
    store = next((one.id for one in stores if str(one.id) == of), 0)
    together, each = supplier_record.records(caller.ws, store, clock.now(), timedelta(days=days))
    context = {
        "here": "connections",
        "rows": each,
        "together": together,
        "days": days,
        "windows": WINDOWS,
        "stores": stores,
        "of": store,
        "enough": ENOUGH,
        "scan_days": SCAN_WITHIN.days,
    }
    return render(request, "console/supplier_record.html", context)
