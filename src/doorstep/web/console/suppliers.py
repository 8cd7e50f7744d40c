"""Suppliers: who gives numbers how."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from doorstep.app import connection_view
from doorstep.connectors import support
from doorstep.core.roles import Action
from doorstep.web.gate import Caller, member


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
