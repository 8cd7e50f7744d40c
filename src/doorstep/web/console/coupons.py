"""Coupons: what there is of them and what they cost, their codes, and giving one to the shopper of an order."""

from collections.abc import Mapping
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.shopper import coupons
from doorstep.app.shopper.coupons import Account
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Connection, Coupon, Order
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member
from doorstep.web.typed import whole

_SHOWN = 100  # codes that were given
_MOST_BYTES = 1 << 20
_USUAL: Final = {"days": "60", "a_day": "10"}  # of a new offer


@require_safe
@member(Action.SEE)
def show_all(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The offers with what each cost so far, and the form for another one."""
    return _offers(request, caller, _USUAL)


def _offers(request: HttpRequest, caller: Caller, form: Mapping[str, str]) -> HttpResponse:
    """The screen with the form as it was filled in."""
    stores = Connection.objects.filter(ws=caller.ws, kind="store").exclude(state="removed").order_by("label")
    context = {"here": "messages", "accounts": coupons.accounts(caller.ws), "stores": stores, "form": form}
    return render(request, "console/coupons.html", context | {"may_policy": caller.may(Action.POLICY)})


@require_POST
@member(Action.POLICY)
def make(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Make an offer; where something is wrong with it, the form comes back as it was typed."""
    made: list[int] = []
    store, form = whole(request.POST.get("store", "")), request.POST.dict()
    if attempt(request, lambda: made.append(coupons.offer(caller.ws, store, form, caller.actor))):
        tell(request, Message(id="done.offer"))
        return redirect("coupon_offer", made[0])
    return _offers(request, caller, form)


@require_safe
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller, offer_id: int) -> HttpResponse:
    """One offer: its codes, whom they were given to, which were used."""
    account = _account(caller, offer_id)
    given = Coupon.objects.filter(ws=caller.ws, offer_id=offer_id).exclude(state="free")
    rows = list(given.order_by("-given_at", "-id")[:_SHOWN])
    orders = Order.objects.filter(ws=caller.ws).in_bulk([one.order_id for one in rows if one.order_id])
    context = {
        "here": "messages",
        "account": account,
        "rows": [(one, orders.get(one.order_id or 0)) for one in rows],
        "may_policy": caller.may(Action.POLICY),
        "most": coupons.MOST_CODES,
    }
    return render(request, "console/coupon.html", context)


@require_POST
@member(Action.POLICY)
def act(request: HttpRequest, caller: Caller, offer_id: int) -> HttpResponse:
    """Add codes, make some, say which were used, or end it."""
    _account(caller, offer_id)
    do, ws, actor = request.POST.get("do", ""), caller.ws, caller.actor
    counted: list[int] = []
    if do == "end":
        coupons.end(ws, offer_id, actor)
        tell(request, Message(id="done.coupon.end"))
        return redirect("coupon_offer", offer_id)
    if do == "make":
        count = whole(request.POST.get("count", ""))
        done = attempt(request, lambda: counted.append(coupons.make(ws, offer_id, count, actor)))
    elif do == "add":
        done = attempt(request, lambda: counted.append(coupons.add(ws, offer_id, _text(request), actor)))
    elif do == "redeemed":
        done = attempt(request, lambda: counted.append(coupons.bring_redeemed(ws, offer_id, _text(request), actor)))
    else:
        raise Http404
    if done:
        tell(request, Message(id=f"done.coupon.{do}", values={"count": counted[0]}))
    return redirect("coupon_offer", offer_id)


@require_safe
@member(Action.POLICY)
def export(request: HttpRequest, caller: Caller, offer_id: int) -> HttpResponse:
    """The codes that nobody has yet."""
    _account(caller, offer_id)
    answer = HttpResponse(coupons.export(caller.ws, offer_id), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="codes.csv"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@require_POST
@member(Action.HANDLE)
def give(request: HttpRequest, caller: Caller, order_id: int) -> HttpResponse:
    """Give the shopper of an order a coupon, or take an unused one back."""
    if not Order.objects.filter(ws=caller.ws, id=order_id).exists():
        raise Http404
    if request.POST.get("do") == "back":
        if attempt(request, lambda: coupons.take_back(caller.ws, order_id, caller.actor)):
            tell(request, Message(id="done.coupon.back"))
        return redirect("order", order_id)
    offer_id = _account(caller, whole(request.POST.get("offer", ""))).offer.id
    if attempt(request, lambda: coupons.give(caller.ws, offer_id, order_id, caller.actor)):
        tell(request, Message(id="done.coupon.give"))
    return redirect("order", order_id)


def _account(caller: Caller, offer_id: int) -> Account:
    found = coupons.accounts(caller.ws, only=offer_id) if offer_id else []
    if not found:
        raise Http404
    return found[0]


def _text(request: HttpRequest) -> str:
    """What was pasted, or the file."""
    file = request.FILES.get("file")
    return file.read(_MOST_BYTES).decode("utf-8-sig", "replace") if file else request.POST.get("codes", "")
