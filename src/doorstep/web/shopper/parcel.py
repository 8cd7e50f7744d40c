"""One parcel or order of the list: the order's page, with what the household keeps beside it.

An order of the household's own is found in its workspace. One of a store is found through a grant, and nowhere else;
every press goes through it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from doorstep.app import clock, photos
from doorstep.app.household import grants, household_news, household_parcels, household_sellers, shop_accounts
from doorstep.app.household.households import Refused
from doorstep.app.order.parcel_view import Seen
from doorstep.app.receive import manual
from doorstep.app.shopper import page_view, threads
from doorstep.app.shopper.page_view import Answerable, PageView
from doorstep.app.track import resync
from doorstep.core.message import Message
from doorstep.core.number import carriers
from doorstep.db.models import Order
from doorstep.web.asked import asked
from doorstep.web.console.answers import attempt, named_carrier, tell
from doorstep.web.gate import Caller, resident
from doorstep.web.page.order import SHOPPER, Wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An order that this household may see, and where its page is."""

    order: Order
    grant_id: int
    here: str
    page: PageView

    @property
    def own(self) -> bool:
        """Whether it is the household's own, not a store's."""
        return not self.grant_id


@require_safe
@resident
def show(request: HttpRequest, caller: Caller, order_id: int, grant_id: int = 0) -> HttpResponse:
    """The page."""
    return _drawn(request, caller, _opened(caller, grant_id, order_id))


@require_POST
@resident
def act(request: HttpRequest, caller: Caller, what: str, order_id: int, grant_id: int = 0) -> HttpResponse:
    """A press on the page."""
    opened = _opened(caller, grant_id, order_id)
    press = _PRESSES.get(what) or (_OF_STORES if grant_id else _OWN).get(what)
    if press is None:
        raise Http404
    try:
        place = press(request, caller, opened)
    except _NotTaken as problem:
        return _drawn(request, caller, opened, problem.wrong)
    return HttpResponseRedirect(opened.here + place, status=303)


class _NotTaken(Exception):
    """What was sent cannot be taken; the page says why, and keeps what was typed."""

    def __init__(self, wrong: Wrong) -> None:
        super().__init__(wrong.message.id)
        self.wrong = wrong


def _opened(caller: Caller, grant_id: int, order_id: int) -> Opened:
    """The order, through the only ways there are. Raises Http404."""
    if grant_id:
        order = grants.open_order(caller.ws, grant_id, order_id, caller.user.pk)
    else:
        order = household_parcels.own_order(caller.ws, order_id)
    page = page_view.page_view(order.ws, order.id) if order else None
    if order is None or page is None:
        raise Http404
    if grant_id:
        return Opened(order=order, grant_id=grant_id, here=reverse("my_order", args=[grant_id, order_id]), page=page)
    asks = {parcel: _at_home(one) for parcel, one in page.asks.items()}
    return Opened(order=order, grant_id=0, here=reverse("my_parcel", args=[order_id]), page=replace(page, asks=asks))


def _at_home(one: Answerable) -> Answerable:
    """Where no shop reads the answers: no photo goes to one, and the steps name another way."""
    told = tuple(Message(id="my.guide.tell") if step.id == "page.guide.tell" else step for step in one.steps)
    return replace(one, steps=told, photos=0, more=False)


def _drawn(request: HttpRequest, caller: Caller, opened: Opened, wrong: Wrong | None = None) -> HttpResponse:
    kept = household_parcels.kept(caller.ws, opened.grant_id, opened.order.id)
    brand = shop_accounts.seller_of(opened.order) if opened.own else opened.page.brand
    ways = household_sellers.ways(kept, brand)
    context = {
        "tab": "parcels",
        "here": opened.here,
        "page": opened.page,
        "own": opened.own,
        "shop": brand,
        "app": True,
        "kept": kept,
        "ways": ways,
        "silent": household_sellers.unreachable(ways),
        "asked": asked(opened.order.ws, opened.page.parcels, clock.now()),
        "wrong": wrong,
        "most_mb": photos.MOST_MB,
        "carriers": carriers() if opened.own else (),
        "told": household_news.is_told(caller.ws, caller.user.pk),
        "muted": str(opened.order.id) in household_news.choice(caller.ws, caller.user.pk).muted,
    }
    return render(request, "shopper/parcel.html", context, status=422 if wrong else 200)


def _named(request: HttpRequest, page: PageView) -> Seen | None:
    """The parcel that a form is about."""
    parcel_id = request.POST.get("parcel", "")
    return next((one for one in page.parcels if str(one.id) == parcel_id), None)


def _ask(request: HttpRequest, caller: Caller, opened: Opened) -> str:
    """Ask the carrier now."""
    parcel = _named(request, opened.page)
    if parcel:
        resync.ask_parcel(opened.order.ws, parcel.id, "page", caller.actor if opened.own else SHOPPER)
    return f"#parcel-{parcel.id}" if parcel else ""


def _mark(request: HttpRequest, caller: Caller, opened: Opened) -> str:
    """Say that it is here, is not, or came damaged; or take that back."""
    parcel, word = _named(request, opened.page), request.POST.get("mark", "")
    if parcel and (word in opened.page.asks[parcel.id].answers or (parcel.mark and not word)):
        actor = caller.actor if opened.own else SHOPPER
        manual.say_mark(opened.order.ws, parcel.current[0].text, word, actor)
    return f"#parcel-{parcel.id}" if parcel else ""


def _keep(request: HttpRequest, caller: Caller, opened: Opened) -> str:
    """Call it something."""
    household_parcels.keep_label(caller.ws, opened.grant_id, opened.order.id, request.POST.get("label", ""))
    tell(request, Message(id="my.kept"))
    return ""


def _away(request: HttpRequest, caller: Caller, opened: Opened) -> str:
    """Put it away, or back."""
    away = request.POST.get("away") == "1"
    household_parcels.put_away(caller.ws, opened.grant_id, opened.order.id, away=away)
    tell(request, Message(id="my.away.done" if away else "my.away.undone"))
    return ""


def _way(request: HttpRequest, caller: Caller, opened: Opened) -> str:
    """Say that a way to the seller does not work, or does again."""
    dead = request.POST.get("dead") == "1"
    household_sellers.mark(caller.ws, opened.grant_id, opened.order.id, request.POST.get("way", ""), dead=dead)
    return "#seller"


def _seller(request: HttpRequest, caller: Caller, opened: Opened) -> str:
    """Write down how the seller is reached."""
    household_sellers.write_down(caller.ws, 0, opened.order.id, request.POST.dict())
    tell(request, Message(id="my.kept"))
    return "#seller"


def _mute(request: HttpRequest, caller: Caller, opened: Opened) -> str:
    """Be told nothing of it, or again."""
    muted = request.POST.get("muted") == "1"
    household_news.mute(caller.ws, caller.user.pk, opened.order.id, muted=muted)
    tell(request, Message(id="my.news.muted" if muted else "my.news.unmuted"))
    return "#news"


def _carrier(request: HttpRequest, caller: Caller, opened: Opened) -> str:
    """Have a number asked about under another carrier."""
    held = [one for parcel in opened.page.parcels for one in parcel.current]
    number = next((one for one in held if str(one.id) == request.POST.get("number", "")), None)
    if number is None:
        raise Http404

    def reload() -> None:
        code = named_carrier(request.POST.get("other", ""))
        if not code:
            raise Refused("my.carrier.which")
        household_parcels.reload_carrier(caller.ws, number.id, code, caller.actor)

    if attempt(request, reload):
        tell(request, Message(id="my.carrier.done"))
    return ""


def _photo(request: HttpRequest, caller: Caller, opened: Opened) -> str:
    """Send the store a photo of a damage that was said."""
    parcel, file = _named(request, opened.page), request.FILES.get("photo")
    if parcel is None or parcel.mark != "damaged":
        return ""
    try:
        most = (photos.MOST_MB << 20) + 1  # what is larger is refused, and need not be read
        photos.keep(opened.order.ws, opened.order.id, parcel.current[0].id, file.read(most) if file else b"")
    except photos.Unwanted as problem:
        raise _NotTaken(Wrong(place=parcel.id, message=problem.message)) from None
    return f"#parcel-{parcel.id}"


def _write(request: HttpRequest, caller: Caller, opened: Opened) -> str:
    """Write to the store."""
    typed = request.POST.get("body", "")[: threads.LONGEST * 2]
    try:
        threads.ask(opened.order.ws, opened.order.id, typed)
    except threads.Unsent as problem:
        raise _NotTaken(Wrong(place="thread", message=problem.message, typed=typed)) from None
    return "#thread"


_PRESSES: Final[Mapping[str, Any]] = {
    "resync": _ask,
    "mark": _mark,
    "keep": _keep,
    "away": _away,
    "way": _way,
    "mute": _mute,
}
_OWN: Final[Mapping[str, Any]] = {"seller": _seller, "carrier": _carrier}
_OF_STORES: Final[Mapping[str, Any]] = {"photo": _photo, "message": _write}
