"""What somebody is told of their household's own parcels: one page, this device, and the link in the mails."""

from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from doorstep.app.doors import Entered
from doorstep.app.household import household_news
from doorstep.app.household.household_news import MAILS, NIGHT, TOLD, Choice
from doorstep.app.telling import push_seal
from doorstep.core.message import Message
from doorstep.web.console.answers import tell
from doorstep.web.gate import Caller, resident, visitor
from doorstep.web.page.follow import turned

HOURS: Final = tuple(range(24))


@require_http_methods(["GET", "HEAD", "POST"])
@resident
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The page, and its form."""
    if request.method == "POST":
        household_news.choose(caller.ws, caller.user.pk, _chosen(request))
        tell(request, Message(id="my.kept"))
        return redirect("my_news")
    chosen = household_news.choice(caller.ws, caller.user.pk)
    context = {
        "tab": "you",
        "every": [one.value for one in TOLD],
        "chosen": chosen,
        "mails": MAILS,
        "night": chosen.quiet or NIGHT,
        "hours": HOURS,
        "zone": caller.workspace.tz,
        "key": push_seal.public_key(),
    }
    return render(request, "shopper/news.html", context)


@require_POST
@resident
def push(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Turn messages on this device on or off, or only look. Says what holds now."""
    on = turned(request, caller.ws, user_id=caller.user.pk)
    if on and request.POST.get("do") == "begin":
        household_news.begin(caller.ws, caller.user.pk)
    return JsonResponse({"on": bool(on)}, status=422 if on is None else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@visitor("news")
def leave(request: HttpRequest, door: Entered) -> HttpResponse:
    """Stop the mails, by a press here or by one click of a mail program (RFC 8058); or have them again."""
    chosen = household_news.choice(door.ws, door.target_id)
    if request.method == "POST":
        again = request.POST.get("do") == "again"
        household_news.set_mails(door.ws, door.target_id, (chosen.mail or "at_once") if again else "")
    context = {"tab": "", "on": bool(household_news.choice(door.ws, door.target_id).mail), "door": True}
    return render(request, "shopper/quiet.html", context)


def _chosen(request: HttpRequest) -> Choice:
    """What the form says. What none of its fields offers counts as not chosen."""
    form = request.POST
    mail, hours = form.get("mail", ""), [_hour(form.get(name, "")) for name in ("daily_at", "quiet_from", "quiet_to")]
    daily_at, begins, ends = hours
    quiet = (begins, ends) if "quiet" in form and begins is not None and ends is not None else None
    return Choice(
        what=frozenset(one.value for one in TOLD if one.value in form.getlist("what")),
        mail=mail if mail in MAILS else "",
        daily_at=household_news.MORNING if daily_at is None else daily_at,
        quiet=quiet,
    )


def _hour(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 3 and int(text) in HOURS else None
