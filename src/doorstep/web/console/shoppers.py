"""What the shopper of an order said: the answers to "has it arrived?", photos, messages; and answering them."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from doorstep.app import photos, threads
from doorstep.app.order_view import OrderView
from doorstep.core.diagnosis import Mark
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Order
from doorstep.web.console.answers import tell
from doorstep.web.gate import Caller, member


def shown(view: OrderView) -> Mapping[str, Any]:
    """What the order's screen shows of it."""
    ws, order_id = view.order.ws, view.order.id
    damaged = any(one.mark == Mark.DAMAGED for one in view.parcels)
    return {"thread": threads.said(ws, order_id), "photos": photos.of_order(ws, order_id) if damaged else ()}


@require_POST
@member(Action.HANDLE)
def answer(request: HttpRequest, caller: Caller, order_id: int) -> HttpResponse:
    """Answer the shopper."""
    if not Order.objects.filter(ws=caller.ws, id=order_id).exists():
        raise Http404
    if threads.answer(caller.ws, order_id, request.POST.get("body", ""), caller.actor):
        tell(request, Message(id="done.answered"))
    else:
        tell(request, Message(id="thread.empty"), wrong=True)
    return redirect(f"{reverse('order', args=[order_id])}#thread")


@require_safe
@member(Action.SEE)
def photo(request: HttpRequest, caller: Caller, order_id: int, photo_id: int) -> HttpResponse:
    """A photo as it was sent; whatever is in its bytes, a browser takes it for nothing but a picture."""
    kept = photos.one(caller.ws, order_id, photo_id)
    if kept is None:
        raise Http404
    answer = HttpResponse(bytes(kept.body), content_type=kept.kind)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Content-Disposition"] = f'inline; filename="photo-{kept.id}.{kept.kind.partition("/")[2]}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
