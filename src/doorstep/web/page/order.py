"""The shopper's page of one order."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app import clock, page_view, resync
from doorstep.app.doors import Entered
from doorstep.app.parcel_view import Seen
from doorstep.app.say import spoken
from doorstep.web.asked import asked
from doorstep.web.gate import visitor
from doorstep.web.page.kept import KEPT, key_of
from doorstep.web.page.tongue import said_in


@require_safe
@visitor("page")
def show(request: HttpRequest, door: Entered) -> HttpResponse:
    """The page. Reading it changes nothing."""
    key, said = key_of(door), said_in(request)
    path = f"{request.path}{said} {spoken()}"
    if known := KEPT.get(path, key):
        return HttpResponse(known)
    page = page_view.page_view(door.ws, door.target_id)
    if page is None:
        return render(request, "page/gone.html", status=404)
    resyncs = asked(door.ws, page.parcels, clock.now())
    drawn = render(request, "page/order.html", {"page": page, "here": request.path, "said": said, "asked": resyncs})
    if not resyncs.outcomes and not resyncs.waits:  # those count in seconds
        KEPT.put(path, key, drawn.content)
    return drawn


@require_POST
@visitor("page")
def ask(request: HttpRequest, door: Entered) -> HttpResponse:
    """Ask the carrier now, about a parcel of this order. The page then tells what came of it."""
    page = page_view.page_view(door.ws, door.target_id)
    parcel = _named(page.parcels if page else (), request.POST.get("parcel", ""))
    if parcel:
        resync.ask_parcel(door.ws, parcel.id, "page", "shopper")
    return HttpResponseRedirect(request.path.removesuffix("/resync") + said_in(request), status=303)


def _named(parcels: tuple[Seen, ...], parcel_id: str) -> Seen | None:
    return next((one for one in parcels if str(one.id) == parcel_id), None)
