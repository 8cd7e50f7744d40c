"""Purchases that name no order of a shop: a person says whose they are."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from doorstep.app import connection_view, matching
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Purchase
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member


@require_safe
@member(Action.SEE)
def show_all(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The list, newest first."""
    context = {
        "here": "look",
        "purchases": matching.unmatched(caller.ws),
        "orders": connection_view.open_orders(caller.ws),
        "may_handle": caller.may(Action.HANDLE),
    }
    return render(request, "console/purchases.html", context)


@require_POST
@member(Action.HANDLE)
def act(request: HttpRequest, caller: Caller, purchase_id: int) -> HttpResponse:
    """Give a purchase to the order that was named, or take it from the one that a person gave it to. ``order``: its
    number; ``back`` returns to the order's screen.
    """

    def do() -> None:
        if request.POST.get("do") == "part":
            matching.part(caller.ws, purchase_id, caller.actor)
            return
        order_id = connection_view.order_by_number(caller.ws, request.POST.get("order", ""))
        if order_id is None:
            raise ValueError(Message(id="mail.no_such_order"))
        matching.match(caller.ws, purchase_id, order_id, caller.actor)

    try:
        done = attempt(request, do)
    except Purchase.DoesNotExist:
        raise Http404 from None
    if done:
        tell(request, Message(id="done.purchase.part" if request.POST.get("do") == "part" else "done.purchase.match"))
    back = request.POST.get("back", "")
    return redirect(reverse("order", args=[int(back)]) if back.isdecimal() and len(back) < 20 else "purchases")


@require_POST
@member(Action.HANDLE)
def this_is(request: HttpRequest, caller: Caller, order_id: int) -> HttpResponse:
    """On an order's screen: this order is that purchase."""
    chosen = request.POST.get("purchase", "")
    known = {str(one.purchase.id): one.purchase.id for one in matching.unmatched(caller.ws)}
    if not matching.has(caller.ws, order_id) or chosen not in known:
        raise Http404
    matching.match(caller.ws, known[chosen], order_id, caller.actor)
    tell(request, Message(id="done.purchase.match"))
    return redirect("order", order_id)
