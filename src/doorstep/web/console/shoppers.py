"""What the shopper of an order said: the answers to "has it arrived?", photos, messages; and answering them."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from doorstep.app import photos
from doorstep.app.order.order_view import OrderView
from doorstep.app.shopper import answer_mail, attached, coupons, page_view, saved_replies, talks, threads
from doorstep.core.diagnosis import Mark
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.web.console.answers import tell
from doorstep.web.gate import Caller, member


def shown(view: OrderView, reply_id: str = "") -> Mapping[str, Any]:
    """What the order's screen shows of it. ``reply_id``: the saved reply that was chosen, '' = none."""
    order = view.order
    talk = threads.said(order.ws, order.id)
    damaged = any(one.mark == Mark.DAMAGED for one in view.parcels)
    found: dict[str, Any] = {
        "thread": talk,
        "photos": photos.of_order(order.ws, order.id) if damaged or talk.said else (),
        "of_a_mail": photos.OF_A_MAIL,
        "coupon": coupons.of_order(order.ws, order.id),
        "offers": [one for one in coupons.accounts(order.ws, store=order.store_id) if one.enough],
    }
    if talk.said:
        page = page_view.page_view(order.ws, order.id)
        replies = [
            (one, saved_replies.filled(one, order.number, view.store.label)) for one in saved_replies.of(order.ws)
        ]
        found |= {
            "talk": talks.talk(order.ws, order.id),
            "handlers": talks.handlers(order.ws),
            "facts": [(attached.key(one), attached.said([one])[0]) for one in attached.offered(page)] if page else [],
            "replies": replies,
            "typed": next((body for one, body in replies if str(one.id) == reply_id), ""),
            "mailed": answer_mail.way(order),
        }
    return found


@require_POST
@member(Action.HANDLE)
def answer(request: HttpRequest, caller: Caller, order_id: int) -> HttpResponse:
    """Answer the shopper, with the facts that were ticked as they are now; it is mailed where it may be."""
    page = page_view.page_view(caller.ws, order_id)
    if page is None:
        raise Http404
    facts = attached.chosen(page, request.POST.getlist("fact"))
    with transaction.atomic():
        said = threads.answer(caller.ws, order_id, request.POST.get("body", ""), caller.actor, facts)
        if said:
            answer_mail.intend(caller.ws, order_id, said)
            if "close" in request.POST:
                threads.close(caller.ws, order_id, caller.actor)
    if said:
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
