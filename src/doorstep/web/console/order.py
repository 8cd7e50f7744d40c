"""The order's screen, and what can be done on it."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from doorstep.app import clock, doors
from doorstep.app.order import acks, notes
from doorstep.app.order.order_view import OrderView, names, order_view
from doorstep.app.push import by_hand, payments, pushes
from doorstep.app.receive import buying, manual, matching
from doorstep.app.telling import mailed
from doorstep.app.track import resync
from doorstep.core.message import Message
from doorstep.core.number import carriers
from doorstep.core.roles import Action
from doorstep.web.asked import asked
from doorstep.web.console import shoppers
from doorstep.web.console.answers import attempt, named_carrier, tell
from doorstep.web.gate import Caller, member
from doorstep.web.typed import fits


@require_safe
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller, order_id: int) -> HttpResponse:
    """Everything about one order."""
    view, now = _order(caller, order_id), clock.now()
    written = notes.of(caller.ws, order_id)
    answered = acks.answered(caller.ws, order_id, view.findings, now)
    context = {
        "here": "board",
        "view": view,
        "findings": answered,
        "notes": written,
        "writers": names(caller.ws, {one.by for one in written} | {one.by for one in answered}),
        "may": {one.value: caller.may(one) for one in Action},
        "names": {one.id: at for at, one in enumerate(view.parcels, 1)},
        "carriers": carriers(),
        "payments": payments.shown(caller.ws, order_id) if view.order.transaction else [],
        "by_hand": by_hand.tasks(view.order, view.store, view.parcels, view.pushes),
        "asked": asked(caller.ws, view.parcels, now),
        "unmatched": matching.unmatched(caller.ws),
        "buy_accounts": buying.accounts(caller.ws),
        "doubt": request.GET.get("doubt", "")[:400],
        "mails": mailed.of_order(caller.ws, order_id),
        **shoppers.shown(view, request.GET.get("reply", "")),
    }
    return render(request, "console/order.html", context)


@require_POST
@member(Action.HANDLE)
def type_number(request: HttpRequest, caller: Caller, order_id: int) -> HttpResponse:
    """Put a typed number on the chosen quantities of the order's lines. A doubtful one has to be confirmed."""
    view = _order(caller, order_id)
    text = request.POST.get("text", "")[:400]

    def add() -> None:
        manual.type_number(
            caller.ws,
            order_id,
            text,
            actor=caller.actor,
            carrier=named_carrier(request.POST.get("carrier", "")),
            contents=_contents(request, view),
            confirmed="confirmed" in request.POST,
        )

    try:
        return _done(request, order_id, add, Message(id="done.number_added"))
    except manual.Doubtful as doubtful:
        tell(request, doubtful.message, wrong=True)
        return redirect(f"{reverse('order', args=[order_id])}?{urlencode({'doubt': text})}#items")


@require_POST
@member(Action.HANDLE)
def change_carrier(request: HttpRequest, caller: Caller, order_id: int, number_id: int) -> HttpResponse:
    """Name another carrier for a number, and ask it."""
    _number(_order(caller, order_id), number_id)

    def change() -> None:
        manual.change_carrier(caller.ws, number_id, named_carrier(request.POST.get("carrier", "")), caller.actor)

    return _done(request, order_id, change, Message(id="done.carrier_changed"))


@require_POST
@member(Action.HANDLE)
def remove_number(request: HttpRequest, caller: Caller, order_id: int, number_id: int) -> HttpResponse:
    """Say that a number is not this order's."""
    _number(_order(caller, order_id), number_id)

    def remove() -> None:
        manual.remove_number(caller.ws, order_id, number_id, caller.actor)

    return _done(request, order_id, remove, Message(id="done.number_removed"))


@require_POST
@member(Action.RESYNC)
def ask(request: HttpRequest, caller: Caller, order_id: int, parcel_id: int) -> HttpResponse:
    """Ask the carrier about a parcel now."""
    if all(one.id != parcel_id for one in _order(caller, order_id).parcels):
        raise Http404
    answer = resync.ask_parcel(caller.ws, parcel_id, "console", caller.actor)
    if answer.message:
        tell(request, answer.message, wrong=True)
    return redirect("order", order_id)


@require_POST
@member(Action.PUSH)
def push_again(request: HttpRequest, caller: Caller, order_id: int, push_id: int) -> HttpResponse:
    """Give a number to the store once more."""
    _push(_order(caller, order_id), push_id)
    return _done(
        request, order_id, lambda: pushes.try_again(caller.ws, push_id, caller.actor), Message(id="done.push_again")
    )


@require_POST
@member(Action.PUSH)
def withdraw(request: HttpRequest, caller: Caller, order_id: int, push_id: int) -> HttpResponse:
    """Take a number back from the store."""
    _push(_order(caller, order_id), push_id)
    return _done(
        request, order_id, lambda: pushes.withdraw(caller.ws, push_id, caller.actor), Message(id="done.withdraw")
    )


@require_POST
@member(Action.PUSH)
def push_old(request: HttpRequest, caller: Caller, order_id: int) -> HttpResponse:
    """Let an order that is older than the connection be pushed too."""
    _order(caller, order_id)
    return _done(
        request, order_id, lambda: pushes.push_old_order(caller.ws, order_id, caller.actor), Message(id="done.push_old")
    )


@require_POST
@member(Action.HANDLE)
def page_link(request: HttpRequest, caller: Caller, order_id: int) -> HttpResponse:
    """Make the shopper's link, or close it for good."""
    _order(caller, order_id)
    if request.POST.get("do") == "make":
        doors.page_url(caller.ws, order_id)
    elif caller.may(Action.KEYS):
        doors.revoke(caller.ws, "page", order_id, caller.actor)
        tell(request, Message(id="done.page_revoked"))
    return redirect("order", order_id)


def _order(caller: Caller, order_id: int) -> OrderView:
    view = order_view(caller.ws, order_id, clock.now())
    if view is None:
        raise Http404
    return view


def _number(view: OrderView, number_id: int) -> None:
    if all(number.id != number_id for parcel in view.parcels for number in parcel.numbers):
        raise Http404


def _push(view: OrderView, push_id: int) -> None:
    if all(one.id != push_id for given in view.pushes.values() for one in given):
        raise Http404


def _contents(request: HttpRequest, view: OrderView) -> list[tuple[str, int]]:
    """The quantities chosen; all that is left says nothing, so that the parcel takes whatever is not allotted yet.
    Raises ValueError with a Message.
    """
    chosen = {row.line.external_id: _quantity(request, row.line.id, row.left) for row in view.matrix if row.left}
    if not any(chosen.values()) and chosen:
        raise ValueError(Message(id="refuse.nothing_chosen"))
    if all(chosen[row.line.external_id] == row.left for row in view.matrix if row.left):
        return []
    return [(line, qty) for line, qty in chosen.items() if qty]


def _quantity(request: HttpRequest, line_id: int, left: int) -> int:
    text = request.POST.get(f"qty-{line_id}", str(left)).strip() or "0"
    if not fits(text) or int(text) > left:
        raise ValueError(Message(id="refuse.quantity", values={"text": text[:20], "left": left}))
    return int(text)


def _done(request: HttpRequest, order_id: int, what: Callable[[], object], message: Message) -> HttpResponse:
    if attempt(request, what):
        tell(request, message)
    return redirect("order", order_id)
