"""What a shopper takes along from the page: its days for a calendar, and its address as a QR code."""

import io
from datetime import timedelta
from typing import Final

import segno
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from doorstep.app import clock, page_view
from doorstep.app.doors import Entered
from doorstep.app.page_view import PageView
from doorstep.app.parcel_view import Seen
from doorstep.app.say import text
from doorstep.web.gate import visitor

_LINE: Final = 73  # octets of a line before it is folded (RFC 5545, 3.1)


@require_safe
@visitor("page")
def calendar(request: HttpRequest, door: Entered) -> HttpResponse:
    """The days on which parcels are expected, as a calendar that can be subscribed to."""
    page = page_view.page_view(door.ws, door.target_id)
    if page is None:
        raise Http404
    url = _address(request)
    events = [line for one in page.expected for line in _event(page, one, url)]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Doorstep//EN", "METHOD:PUBLISH", *events, "END:VCALENDAR"]
    answer = HttpResponse("".join(map(_folded, lines)), content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="parcel.ics"'
    return answer


@require_safe
@visitor("page")
def qr(request: HttpRequest, door: Entered) -> HttpResponse:
    """The address of the page, to be read by a telephone."""
    drawn = io.BytesIO()
    segno.make(_address(request), error="m", micro=False).save(drawn, kind="svg", scale=4, border=3, xmldecl=False)
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")


def _event(page: PageView, parcel: Seen, url: str) -> list[str]:
    """All-day; the end is not part of it. The same parcel keeps its event when its days change."""
    assert parcel.window is not None  # page.expected holds no others
    title = text("page.keep.calendar.event", store=page.brand.name, number=page.order_number)
    return [
        "BEGIN:VEVENT",
        f"UID:parcel-{parcel.id}@doorstep",
        f"DTSTAMP:{clock.now():%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{parcel.window.start:%Y%m%d}",
        f"DTEND;VALUE=DATE:{parcel.window.end + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(title)}",
        f"URL:{url}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _address(request: HttpRequest) -> str:
    return settings.PUBLIC_URL + "/".join(request.path.split("/")[:3])


def _escaped(words: str) -> str:
    for sign in ("\\", ";", ","):
        words = words.replace(sign, f"\\{sign}")
    return " ".join(words.split())


def _folded(line: str) -> str:
    """A content line, cut between characters where it is long."""
    parts, rest = [], line
    while len(rest.encode()) > _LINE:
        cut = _LINE
        while len(rest[:cut].encode()) > _LINE:
            cut -= 1
        parts.append(rest[:cut])
        rest = rest[cut:]
    return "\r\n ".join((*parts, rest)) + "\r\n"
