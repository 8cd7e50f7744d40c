"""What a push would do, shown before it is done."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from doorstep.app import loop
from doorstep.app.push import dry_run
from doorstep.core.roles import Action
from doorstep.db.models import Connection, Order
from doorstep.web.gate import Caller, member


@require_http_methods(["GET", "HEAD", "POST"])
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller, order_id: int) -> HttpResponse:
    """What would be given to the store for each parcel of the order; a POST asks the store as well."""
    order = Order.objects.filter(ws=caller.ws, id=order_id).first()
    if order is None:
        raise Http404
    runs = dry_run.of_order(caller.ws, order_id)
    store = Connection.objects.get(ws=caller.ws, id=order.store_id)
    if request.method == "POST":
        if not caller.may(Action.PUSH):
            raise PermissionDenied
        runs = loop.call(dry_run.ask_store(runs, store))
    context = {
        "here": "board",
        "order": order,
        "store": store,
        "runs": runs,
        "may_ask": caller.may(Action.PUSH) and any(one.shipment for one in runs),
    }
    return render(request, "console/dry_run.html", context)
