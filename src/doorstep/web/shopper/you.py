"""A household's own matters: its name, zone and language, who lives in it, its data, and a word to the operator."""

from zoneinfo import available_timezones

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from doorstep.app import tongues
from doorstep.app.household import feedback as words
from doorstep.app.household import household_records, households
from doorstep.app.household.households import Refused
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import HOME, Caller, resident
from doorstep.web.typed import whole


@require_http_methods(["GET", "HEAD", "POST"])
@resident
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The page, and its form."""
    if request.method == "POST":
        values = {name: request.POST.get(name, "")[:100] for name in ("name", "tz")}
        locale = tongues.match(request.POST.get("locale", "")) or caller.workspace.locale
        households.change(caller.ws, **values, locale=locale, actor=caller.actor)
        return redirect("my_you")
    context = {
        "tab": "you",
        "household": caller.workspace,
        "owner": caller.may(Action.CLOSE),
        "me": caller.user.pk,
        "people": households.residents(caller.ws),
        "invited": households.invited(caller.ws),
        "asked": households.asked(caller.user),
        "others": caller.others,
        "zones": sorted(available_timezones()),
        "names": tongues.NAMES,
    }
    return render(request, "shopper/you.html", context)


@require_POST
@resident
def people(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Ask somebody in, take an invitation back, have somebody leave (oneself, or anybody by the owner)."""
    form = request.POST
    number = whole(form.get("who", ""))

    def act() -> None:
        if form.get("do") == "invite" and caller.may(Action.MEMBERS):
            households.invite(caller.workspace, form.get("email", ""), caller.user)
            tell(request, Message(id="my.share.sent"))
        elif form.get("do") == "uninvite" and caller.may(Action.MEMBERS):
            households.uninvite(caller.ws, number, caller.actor)
        elif form.get("do") == "remove" and (caller.may(Action.MEMBERS) or number == caller.user.pk):
            households.remove(caller.ws, number, caller.actor)

    attempt(request, act)
    return redirect("my_you")


@require_POST
@resident
def answer(request: HttpRequest, caller: Caller, invitation_id: int) -> HttpResponse:
    """Say yes or no to an invitation; with a yes the other household is shown."""
    yes = request.POST.get("do") == "yes"

    def answered() -> None:
        home = households.answer(caller.user, invitation_id, yes=yes)
        if yes:
            request.session[HOME] = home

    attempt(request, answered)
    return redirect("my")


@require_POST
@resident
def switch(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Show another household that they live in."""
    chosen = next((one for one in caller.others if str(one.id) == request.POST.get("household", "")), None)
    if chosen:
        request.session[HOME] = chosen.id
    return redirect("my")


@require_POST
@resident
def export(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Everything that is kept of the household, as a file."""
    answer = HttpResponse(household_records.pack(caller.workspace), content_type="application/zip")
    answer.headers["Content-Disposition"] = 'attachment; filename="household.zip"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@resident
def erase(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Erase the household, after the word was typed. Only its owner may."""
    wrong = None
    if request.method == "POST" and caller.may(Action.CLOSE):
        if request.POST.get("email", "").strip().lower() == caller.user.email.lower():
            household_records.erase(caller.ws, caller.actor)
            logout(request)
            answer = redirect("my_enter")
            answer.headers["Clear-Site-Data"] = '"cache", "storage"'
            return answer
        wrong = Message(id="my.erase.wrong")
    context = {"tab": "you", "owner": caller.may(Action.CLOSE), "email": caller.user.email, "wrong": wrong}
    return render(request, "shopper/erase.html", context, status=422 if wrong else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@resident
def feedback(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Write to who runs this installation."""
    typed, wrong = request.POST.get("body", "")[: words.LONGEST * 2], None
    if request.method == "POST":
        file = request.FILES.get("picture")
        most = (words.MOST_MB << 20) + 1  # what is larger is refused, and need not be read
        picture = file.read(most) if file else b""
        try:
            path = request.POST.get("from", "")
            words.give(caller.ws, caller.user.pk, caller.user.email, typed, path, picture)
            tell(request, Message(id="my.feedback.done"))
            return redirect("my")
        except Refused as problem:
            wrong = problem.message
    path = request.GET.get("from", "")
    context = {"tab": "you", "typed": typed, "wrong": wrong, "path": path, "most_mb": words.MOST_MB}
    return render(request, "shopper/feedback.html", context, status=422 if wrong else 200)
