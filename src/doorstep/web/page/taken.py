"""What a shopper takes along from the page: its days for a calendar, and its address as a QR code."""

import io

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from doorstep.app import clock, doors
from doorstep.app.doors import Entered
from doorstep.app.order.parcel_view import Seen
from doorstep.app.overview import ical
from doorstep.app.say import text
from doorstep.app.shopper import page_view
from doorstep.app.shopper.page_view import PageView
from doorstep.web.gate import visitor


@require_safe
@visitor("page")
def calendar(request: HttpRequest, door: Entered) -> HttpResponse:
    """The days on which parcels are expected, as a calendar that can be subscribed to."""
    page = page_view.page_view(door.ws, door.target_id)
    if page is None:
        raise Http404
    url = _address(door)
    name = f"{page.brand.name} {page.order_number}"
    body = ical.calendar(name, [_event(page, one, url) for one in page.expected], clock.now())
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="parcel.ics"'
    return answer


@require_safe
@visitor("page")
def qr(request: HttpRequest, door: Entered) -> HttpResponse:
    """The address of the page, to be read by a telephone."""
    drawn = io.BytesIO()
    segno.make(_address(door), error="m", micro=False).save(drawn, kind="svg", scale=4, border=3, xmldecl=False)
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")


def _event(page: PageView, parcel: Seen, url: str) -> ical.Event:
    """The same parcel keeps its event when its days change."""
    assert parcel.window is not None  # page.expected holds no others
    return ical.Event(
        uid=f"parcel-{parcel.id}@doorstep",
        at=parcel.window.start,
        last=parcel.window.end,
        summary=text("page.keep.calendar.event", store=page.brand.name, number=page.order_number),
        url=url,
    )


def _address(door: Entered) -> str:
    return doors.page_url(door.ws, door.target_id)
