"""What must not be missed: a calendar and a list, and the feed that carries them into anybody's own calendar."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from doorstep.app import clock, doors
from doorstep.app.overview import deadlines
from doorstep.app.overview.deadlines import Due
from doorstep.core.deadline import What
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Connection
from doorstep.web.console.answers import tell
from doorstep.web.gate import Caller, member
from doorstep.web.typed import whole

WEEKS = 5


@require_safe
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The dates, filtered by kind (``what``) and by store or supplier (``of``)."""
    now, what, of = clock.now(), request.GET.get("what", ""), request.GET.get("of", "")
    only = [What(what)] if what in list(What) else []
    found = deadlines.upcoming(caller.ws, now, only, whole(of))
    live = Connection.objects.filter(ws=caller.ws, kind__in=("store", "supplier")).exclude(state="removed")
    door = deadlines.feed_door(caller.ws, caller.user.pk)
    context = {
        "here": "deadlines",
        "missed": [one for one in found if one.at < now],
        "days": [(day, list(some)) for day, some in groupby((one for one in found if one.at >= now), key=_day)],
        "weeks": _weeks(now, found),
        "whats": list(What),
        "what": what,
        "of": of,
        "connections": live.order_by("kind", "label"),
        "feed": deadlines.feed_url(door) if door else "",
    }
    return render(request, "console/deadlines.html", context)


@require_POST
@member(Action.SEE)
def feed(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Make the address of one's own calendar, or close it for good."""
    if request.POST.get("do") == "make":
        deadlines.open_feed(caller.ws, caller.user.pk, caller.actor)
    else:
        doors.revoke(caller.ws, "ical", caller.user.pk, caller.actor)
        tell(request, Message(id="done.feed.revoke"))
    return redirect("deadlines")


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The feed. The token in the address is all the right there is."""
    body = deadlines.feed(token)
    if body is None:
        raise Http404
    return HttpResponse(body, content_type="text/calendar; charset=utf-8")


def _day(one: Due) -> date:
    return timezone.localtime(one.at).date()


def _weeks(now: datetime, found: Sequence[Due]) -> list[list[tuple[date, int, str]]]:
    """Five weeks from this one on: each day with how many dates it has, and the part of the list that they are in."""
    counts, today = Counter(map(_day, found)), timezone.localdate(now)
    monday = today - timedelta(days=today.weekday())
    days = [monday + timedelta(days=at) for at in range(7 * WEEKS)]
    ahead = {_day(one) for one in found if one.at >= now}
    cells = [(day, counts[day], f"day-{day}" if day in ahead else "missed") for day in days]
    return [cells[at : at + 7] for at in range(0, len(days), 7)]
