"""More on an order's screen: answers to findings, notes, and what the shopper saw at another time."""

from datetime import datetime
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from doorstep.app import clock
from doorstep.app.order import acks, back_then, notes
from doorstep.app.order.order_view import OrderView, order_view
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member
from doorstep.web.typed import whole

_EARLIEST: Final = 1970  # nobody tracked a parcel on the web before that


@require_POST
@member(Action.HANDLE)
def ack(request: HttpRequest, caller: Caller, order_id: int) -> HttpResponse:
    """Answer one of the order's findings, or open it again."""
    view, now = _order(caller, order_id), clock.now()
    wanted = (request.POST.get("parcel", ""), request.POST.get("key", ""))
    known = acks.answered(caller.ws, order_id, view.findings, now)
    one = next((one for one in known if (str(one.parcel_id), one.key) == wanted), None)
    said = request.POST.get("do", "")
    if one is None:
        tell(request, Message(id="ack.gone"), wrong=True)
    elif said == "open":
        acks.take_back(caller.ws, order_id, one, caller.actor)
    else:
        attempt(request, lambda: acks.answer(caller.ws, order_id, one, said, caller.actor))
    return redirect("today") if request.POST.get("back") == "today" else redirect("order", order_id)


@require_POST
@member(Action.HANDLE)
def note(request: HttpRequest, caller: Caller, order_id: int) -> HttpResponse:
    """Write a note down, or take one's own away."""
    _order(caller, order_id)
    removed = request.POST.get("remove", "")
    if removed:
        notes.remove(caller.ws, order_id, whole(removed), caller.actor)
    else:
        attempt(request, lambda: notes.add(caller.ws, order_id, request.POST.get("text", ""), caller.actor))
    return redirect("order", order_id)


@require_safe
@member(Action.SEE)
def then(request: HttpRequest, caller: Caller, order_id: int) -> HttpResponse:
    """What the shopper's page showed at a time, which is local to the workspace."""
    view, now = _order(caller, order_id), clock.now()
    at, wrong = _time(request.GET.get("at", ""), now)
    context = {
        "here": "board",
        "view": view,
        "at": at,
        "typed": timezone.localtime(at).strftime("%Y-%m-%dT%H:%M"),
        "wrong": wrong,
        "then": back_then.seen(caller.ws, view.order, at),
    }
    return render(request, "console/then.html", context)


def _time(text: str, now: datetime) -> tuple[datetime, bool]:
    """A typed local time, never ahead of now; True = it could not be read."""
    if not text:
        return now, False
    try:
        local = datetime.fromisoformat(text)
        at = local if local.tzinfo else timezone.make_aware(local)
    except (ValueError, OverflowError):
        return now, True
    return (min(at, now), False) if at.year >= _EARLIEST else (now, True)


def _order(caller: Caller, order_id: int) -> OrderView:
    view = order_view(caller.ws, order_id, clock.now())
    if view is None:
        raise Http404
    return view
