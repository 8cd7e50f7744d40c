"""The help centre, privacy and terms: for everybody, in the language of whoever reads."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from doorstep.app.household import help_centre, house_rules
from doorstep.app.household.house_rules import What
from doorstep.app.say import speaking, spoken
from doorstep.web.gate import at_home
from doorstep.web.shopper.enter import anybody


@require_safe
@anybody
def show(request: HttpRequest) -> HttpResponse:
    """The topics, or what was found."""
    query = request.GET.get("q", "").strip()[:100]
    with speaking(_language(request)):
        topics = [(name, [help_centre.article(one) for one in some]) for name, some in help_centre.TOPICS.items()]
        found = help_centre.found(query) if query else ()
        return render(request, "shopper/help.html", {"tab": "help", "topics": topics, "query": query, "found": found})


@require_safe
@anybody
def article(request: HttpRequest, name: str) -> HttpResponse:
    """One article."""
    if name not in help_centre.ARTICLES:
        raise Http404
    with speaking(_language(request)):
        context = {
            "tab": "help",
            "article": help_centre.article(name),
            "statuses": help_centre.statuses() if name == "statuses" else (),
            "reasons": help_centre.reasons() if name == "exceptions" else (),
        }
        return render(request, "shopper/article.html", context)


@require_safe
@anybody
def rules(request: HttpRequest, what: What) -> HttpResponse:
    """Privacy, or the terms."""
    with speaking(_language(request)):
        return render(request, "shopper/rules.html", {"tab": "", "what": what, "written": house_rules.written(what)})


def _language(request: HttpRequest) -> str:
    """Of the household, for who lives in one, with what the frame shows to them; else as for everybody."""
    caller = at_home(request)
    if caller is None:
        return spoken()
    request.caller = caller  # type: ignore[attr-defined]  # read by the templates' frame
    return spoken() if "lang" in request.GET else caller.workspace.locale
