"""Purchases that name no order of a shop: a person says whose they are, or enters what was bought elsewhere."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.connections import connection_view
from doorstep.app.receive import buying, matching
from doorstep.app.say import say
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Connection, Order, Purchase
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member
from doorstep.web.typed import whole

TOLD = 8  # lines that were left out, said one by one


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
    return redirect(reverse("order", args=[whole(back)]) if whole(back) else "purchases")


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


@require_POST
@member(Action.HANDLE)
def bought_many(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """Many lines at once; what is left out is said line by line."""
    account = _account(caller, connection_id)
    done: list[tuple[int, list[buying.Problem]]] = []
    lines = request.POST.get("lines", "")
    if attempt(request, lambda: done.append(buying.bought_many(account, lines, caller.actor))):
        count, problems = done[0]
        if count:
            tell(request, Message(id="done.bought", values={"count": count}))
        for place, why in problems[:TOLD]:
            said = Message(id="bought.left_out", values={"line": place, "why": say(why)})
            tell(request, said, wrong=True)
    return redirect("connection", account.id)


@require_POST
@member(Action.HANDLE)
def bought(request: HttpRequest, caller: Caller, order_id: int) -> HttpResponse:
    """This order was bought there."""
    order = Order.objects.filter(ws=caller.ws, id=order_id).first()
    if order is None:
        raise Http404
    chosen = request.POST.get("account", "")
    account = _account(caller, whole(chosen))
    odd: list[Message | None] = []
    number = request.POST.get("number", "")
    if attempt(request, lambda: odd.append(buying.bought(account, order, number, caller.actor))):
        tell(request, odd[0] or Message(id="done.bought", values={"count": 1}))
    return redirect("order", order.id)


def _account(caller: Caller, connection_id: int) -> Connection:
    found = next((one for one in buying.accounts(caller.ws) if one.id == connection_id), None)
    if found is None:
        raise Http404
    return found
