"""The shopper's page of one order, and what the shopper says there. Reading it changes nothing, but
the hour in which it was opened is written down (``app.shopper.views``).
"""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app import clock, photos
from doorstep.app.doors import Entered
from doorstep.app.order.parcel_view import Seen
from doorstep.app.receive import manual
from doorstep.app.say import spoken
from doorstep.app.shopper import page_view, threads, views
from doorstep.app.shopper.page_view import PageView
from doorstep.app.track import resync
from doorstep.core.message import Message
from doorstep.web.asked import asked
from doorstep.web.gate import visitor
from doorstep.web.page.kept import KEPT, Keepable, key_of, shown_again
from doorstep.web.page.tongue import said_in

SHOPPER: Final = "shopper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """What could not be taken: where on the page (a parcel's id, ``thread``), why, and what was typed."""

    place: int | str
    message: Message
    typed: str = ""


@require_safe
@shown_again
@visitor("page")
def show(request: HttpRequest, door: Entered) -> HttpResponse:
    """The page."""
    key, path = key_of(door), f"{request.path}{said_in(request)} {spoken()}"
    if known := KEPT.get(path, key):
        views.note(door.ws, door.target_id)
        return Keepable(known)
    page = page_view.page_view(door.ws, door.target_id)
    if page is None:
        return _gone(request)
    views.note(door.ws, door.target_id)
    drawn, counting = _drawn(request, door, page)
    if counting:
        return drawn
    KEPT.put(path, key, drawn.content)
    return Keepable(drawn.content)


@require_POST
@visitor("page")
def ask(request: HttpRequest, door: Entered) -> HttpResponse:
    """Ask the carrier now, about a parcel of this order. The page then tells what came of it."""
    page = page_view.page_view(door.ws, door.target_id)
    parcel = _named(request, page)
    if parcel:
        resync.ask_parcel(door.ws, parcel.id, "page", SHOPPER)
    return _back(request)


@require_POST
@visitor("page")
def mark(request: HttpRequest, door: Entered) -> HttpResponse:
    """Say that a parcel is here, is not, or came damaged; or take that back. Only what the page offers is taken."""
    page = page_view.page_view(door.ws, door.target_id)
    parcel, word = _named(request, page), request.POST.get("mark", "")
    if page and parcel and (word in page.asks[parcel.id].answers or (parcel.mark and not word)):
        manual.say_mark(door.ws, parcel.current[0].text, word, SHOPPER)
    return _back(request, f"#parcel-{parcel.id}" if parcel else "")


@require_POST
@visitor("page")
def photo(request: HttpRequest, door: Entered) -> HttpResponse:
    """Take a photo of a damage that was said."""
    page = page_view.page_view(door.ws, door.target_id)
    parcel = _named(request, page)
    if page is None or parcel is None or parcel.mark != "damaged":
        return _back(request)
    file = request.FILES.get("photo")
    try:
        most = (photos.MOST_MB << 20) + 1  # what is larger is refused, and need not be read
        photos.keep(door.ws, door.target_id, parcel.current[0].id, file.read(most) if file else b"")
    except photos.Unwanted as problem:
        return _wrong(request, door, page, Wrong(place=parcel.id, message=problem.message))
    return _back(request, f"#parcel-{parcel.id}")


@require_POST
@visitor("page")
def write(request: HttpRequest, door: Entered) -> HttpResponse:
    """Write to the shop."""
    page = page_view.page_view(door.ws, door.target_id)
    if page is None:
        return _gone(request)
    typed = request.POST.get("body", "")[: threads.LONGEST * 2]
    try:
        threads.ask(door.ws, door.target_id, typed)
    except threads.Unsent as problem:
        return _wrong(request, door, page, Wrong(place="thread", message=problem.message, typed=typed))
    return _back(request, "#thread")


def _drawn(
    request: HttpRequest, door: Entered, page: PageView, wrong: Wrong | None = None
) -> tuple[HttpResponse, bool]:
    """The page, and whether something on it counts in seconds."""
    resyncs = asked(door.ws, page.parcels, clock.now())
    context = {
        "page": page,
        "here": _here(request),
        "said": said_in(request),
        "asked": resyncs,
        "wrong": wrong,
        "most_mb": photos.MOST_MB,
    }
    drawn = render(request, "page/order.html", context, status=422 if wrong else 200)
    return drawn, bool(resyncs.outcomes or resyncs.waits)


def _wrong(request: HttpRequest, door: Entered, page: PageView, wrong: Wrong) -> HttpResponse:
    return _drawn(request, door, page, wrong)[0]


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "page/gone.html", status=404)


def _here(request: HttpRequest) -> str:
    """The path of the page itself."""
    return "/".join(request.path.split("/")[:3])


def _back(request: HttpRequest, place: str = "") -> HttpResponse:
    return HttpResponseRedirect(_here(request) + said_in(request) + place, status=303)


def _named(request: HttpRequest, page: PageView | None) -> Seen | None:
    """The parcel of this order that a form is about."""
    parcel_id = request.POST.get("parcel", "")
    return next((one for one in page.parcels if str(one.id) == parcel_id), None) if page else None
