"""The list of everything that a household waits for, and adding to it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from doorstep.app.household import grants, household_parcels, households, postboxes
from doorstep.app.household.household_parcels import GROUPS, Ambiguous
from doorstep.app.receive import mailbox, manual
from doorstep.core.message import Message
from doorstep.core.number import carriers
from doorstep.web.console.answers import attempt, named_carrier, tell
from doorstep.web.gate import Caller, resident


@require_safe
@resident
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The list, or what was put away."""
    away, query = "away" in request.GET, request.GET.get("q", "").strip()[:100]
    found = household_parcels.entries(caller.ws, away=away, query=query)
    context = {
        "tab": "parcels",
        "groups": [(name, some) for name in GROUPS if (some := [one for one in found if one.group == name])],
        "away": away,
        "query": query,
        "asks_nobody": not household_parcels.has_carriers(caller.ws),
        "asked": households.asked(caller.user),
        "offers": grants.offers(caller.ws, caller.user),
        "unread": postboxes.troubled(caller.ws),
        "waiting": mailbox.waiting(caller.ws),
    }
    return render(request, "shopper/parcels.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@resident
def add(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Follow a parcel by its number. What is doubtful or ambiguous is asked about, and nothing is lost."""
    typed = {name: (request.POST.get(name) or request.GET.get(name, "")).strip()[:400] for name in ("number", "label")}
    context: dict[str, object] = {"tab": "add", **typed}
    if request.method == "POST":
        made: list[int] = []

        def follow() -> None:
            code = named_carrier(request.POST.get("other", "")) or named_carrier(request.POST.get("carrier", ""))
            confirmed = "confirmed" in request.POST
            made.append(
                household_parcels.add(
                    caller.ws, typed["number"], code, typed["label"], caller.actor, confirmed=confirmed
                )
            )

        try:
            if attempt(request, follow):
                tell(request, Message(id="my.added"))
                return redirect("my_parcel", made[0])
        except manual.Doubtful as doubtful:
            context["doubt"] = doubtful.message
        except Ambiguous as several:
            context["choices"] = several.choices
    context["carriers"] = carriers()
    return render(request, "shopper/add.html", context, status=422 if request.method == "POST" else 200)
