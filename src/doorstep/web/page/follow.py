"""Being told about an order, by mail or by push; and stopping it. Reading changes nothing: mail scanners press links,
and only a form, or a mail program's one click (RFC 8058), does anything.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from doorstep.app import brands, doors
from doorstep.app.doors import Entered
from doorstep.app.say import spoken
from doorstep.app.telling import following, push_seal, readers, web_push
from doorstep.db.models import Order, Person
from doorstep.web.gate import visitor
from doorstep.web.page.tongue import said_in

LONGEST = 254  # of an address, as it is typed


@require_http_methods(["GET", "HEAD", "POST"])
@visitor("page")
def show(request: HttpRequest, door: Entered) -> HttpResponse:
    """The form for mails, and the switch for messages on this device."""
    order = Order.objects.filter(ws=door.ws, id=door.target_id).first()
    if order is None:
        return _gone(request)
    typed, wrong, sent = request.POST.get("address", "")[: LONGEST + 1], None, False
    if request.method == "POST":
        try:
            following.ask(door.ws, order.id, typed, spoken())
            sent = True
        except following.Refused as problem:
            wrong = problem.message
    context = {
        "brand": brands.look(door.ws, order.store_id),
        "order": order,
        "back": "/".join(request.path.split("/")[:3]),
        "said": said_in(request),
        "by_mail": following.by_mail(order),
        "key": push_seal.public_key(),
        "typed": typed,
        "wrong": wrong,
        "sent": sent,
    }
    return render(request, "page/follow.html", context, status=422 if wrong else 200)


def turned(request: HttpRequest, ws: int, *, order: Order | None = None, user_id: int = 0) -> bool | None:
    """Turn a browser's messages on or off, or only look; whether they are on now, None = it cannot have them."""
    typed = {name: request.POST.get(name, "")[:2000] for name in ("address", "p256dh", "auth")}
    about = {"order_id": order.id if order else 0, "user_id": user_id}
    try:
        if request.POST.get("do") == "begin":
            web_push.begin(ws, typed, spoken(), order=order, user_id=user_id)
        elif request.POST.get("do") == "end":
            web_push.end(ws, typed["address"], **about)
    except web_push.Refused:
        return None
    return web_push.known(ws, typed["address"], **about)


@require_POST
@visitor("page")
def push(request: HttpRequest, door: Entered) -> HttpResponse:
    """A browser wants messages about the order, or no more. Says what holds now."""
    order = Order.objects.filter(ws=door.ws, id=door.target_id).first()
    if order is None:
        return JsonResponse({"on": False}, status=404)
    on = turned(request, door.ws, order=order)
    return JsonResponse({"on": bool(on)}, status=422 if on is None else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@visitor("leave")
def leave(request: HttpRequest, door: Entered) -> HttpResponse:
    """A buyer's mails: none about this order, none from the store, or again. One click of a mail program stops all of
    the store's: they cannot be told apart there.
    """
    order = Order.objects.filter(ws=door.ws, id=door.target_id).first()
    person = Person.objects.filter(ws=door.ws, id=order.person_id or 0).exclude(email="").first() if order else None
    if order is None or person is None:
        return _gone(request)
    done = request.POST.get("do", "store") if request.method == "POST" else ""
    if done == "again":
        readers.start_again(door.ws, order.store_id, order.id, person.email)
    elif done:
        readers.stop(door.ws, order.store_id, order.id if done == "order" else 0, person.email)
    stopped = readers.stopped(door.ws, order.store_id, order.id, person.email)
    return _leaving(request, order, {"stopped": stopped, "buyer": True})


@require_http_methods(["GET", "HEAD", "POST"])
@visitor("follow")
def follow(request: HttpRequest, door: Entered) -> HttpResponse:
    """The mails that somebody asked for: confirmed, or stopped (which one click of a mail program does)."""
    row = following.find(door.ws, door.target_id)
    order = Order.objects.filter(ws=door.ws, id=row.order_id).first() if row else None
    if row is None or order is None:
        return _gone(request)
    if request.method == "POST":
        if request.POST.get("do") == "confirm":
            following.confirm(row)
        else:
            store_too = request.POST.get("do") == "store"
            readers.stop(door.ws, row.store_id, 0 if store_too else row.order_id, row.address)
        row = following.find(door.ws, row.id) or row  # no redirect: mail programs follow none (RFC 8058, 3.1)
    stopped, asked = row.ended_at is not None, row.confirmed_at is None
    return _leaving(request, order, {"stopped": stopped, "asked": asked, "address": row.address})


def _leaving(request: HttpRequest, order: Order, about: dict[str, object]) -> HttpResponse:
    brand = brands.look(order.ws, order.store_id)
    page = doors.page_url(order.ws, order.id).removeprefix(settings.PUBLIC_URL) + said_in(request)
    return render(request, "page/leave.html", {"brand": brand, "order": order, "page": page, **about})


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "page/gone.html", status=404)
