"""What a member is told, by their own choice: by mail, by push, once a day."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from doorstep.app.telling import alerts, push_seal
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.web.console.answers import tell
from doorstep.web.gate import Caller, member
from doorstep.web.page.follow import turned


@require_http_methods(["GET", "HEAD", "POST"])
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The choice of whoever looks."""
    chosen, hour, wrong = alerts.choice(caller.ws, caller.user.pk, caller.role), "", False
    if request.method == "POST":
        hour = request.POST.get("daily_at", "").strip()
        wrong = bool(hour) and not (hour.isdecimal() and len(hour) < 3 and int(hour) < 24)
        if not wrong:
            mail, push = request.POST.getlist("mail"), request.POST.getlist("push")
            alerts.choose(caller.ws, caller.user.pk, mail, push, int(hour) if hour else None)
            tell(request, Message(id="done.alerts_saved"))
            return redirect("alerts")
    context = {
        "here": "settings",
        "tab": "alerts",
        "kinds": list(alerts.KINDS),
        "chosen": chosen,
        "hour": hour if wrong or chosen.daily_at is None else str(chosen.daily_at),
        "wrong": Message(id="alerts.no_hour") if wrong else None,
        "key": push_seal.public_key(),
    }
    return render(request, "console/alerts.html", context, status=422 if wrong else 200)


@require_POST
@member(Action.SEE)
def push(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Turn messages on this device on or off, or only look. Says what holds now."""
    on = turned(request, caller.ws, user_id=caller.user.pk)
    return JsonResponse({"on": bool(on)}, status=422 if on is None else 200)
