"""Words that no connector knows: the list, what one of them means, what would come of it, and taking it back."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.order import order_view
from doorstep.app.receive import word_preview, words
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.core.status import Reason
from doorstep.db.models import Meaning, Word
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member


@require_safe
@member(Action.SEE)
def show_all(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Words of which nobody said what they mean, and what was said of others, with how far it has come."""
    said = words.said(caller.ws)
    context = {
        "here": "connections",
        "strange": words.strange(caller.ws),
        "said": said,
        "names": order_view.names(caller.ws, {one.by for one in said}),
        "running": any(one.open for one in said),
        "tables": sorted({(one.of, one.connector) for one in said if one.status}),
        "may": {action.value: caller.may(action) for action in Action},
    }
    return render(request, "console/words.html", context)


@require_safe
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller, word_id: int) -> HttpResponse:
    """One word: where it was said. A meaning in the address is tried on its parcels, not kept."""
    try:
        word, found = words.word(caller.ws, word_id), word_preview.found(caller.ws, word_id)
    except Word.DoesNotExist:
        raise Http404 from None
    said = next(
        (one for one in words.said(caller.ws) if (one.connector, one.word) == (word.connector, word.word)), None
    )
    status, reason = _asked(request.GET.get("status", ""), request.GET.get("reason", ""))
    tried: list[word_preview.Preview] = []
    if status and caller.may(Action.POLICY):
        try_it = (caller.ws, word_id, found.numbers, status, reason, caller.actor)
        attempt(request, lambda: tried.append(word_preview.preview(*try_it)))
    context = {
        "here": "connections",
        "word": word,
        "found": found,
        "said": said if said and said.status else None,
        "status": status or (said.status if said else ""),
        "reason": reason if status or not said else said.reason,
        "statuses": [one.value for one in words.MEANS],
        "reasons": [one.value for one in Reason],
        "nothing": words.NOTHING,
        "preview": tried[0] if tried else None,
        "may_say": caller.may(Action.POLICY),
    }
    return render(request, "console/word_means.html", context)


@require_POST
@member(Action.POLICY)
def say(request: HttpRequest, caller: Caller, word_id: int) -> HttpResponse:
    """Keep what the word means."""
    status, reason = _asked(request.POST.get("status", ""), request.POST.get("reason", ""))
    try:
        if attempt(request, lambda: words.say(caller.ws, word_id, status, reason, caller.actor)):
            tell(request, Message(id="done.word_said"))
            return redirect("words")
    except Word.DoesNotExist:
        raise Http404 from None
    return redirect("word", word_id)


@require_POST
@member(Action.POLICY)
def take_back(request: HttpRequest, caller: Caller, meaning_id: int) -> HttpResponse:
    """The word means nothing known again."""
    try:
        words.take_back(caller.ws, meaning_id, caller.actor)
    except Meaning.DoesNotExist:
        raise Http404 from None
    tell(request, Message(id="done.word_taken_back"))
    return redirect("words")


@require_safe
@member(Action.EXPORT)
def table(request: HttpRequest, caller: Caller, connector: str) -> HttpResponse:
    """What was said of a vendor's words, for whoever mends its connector."""
    answer = HttpResponse(words.table(caller.ws, connector), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{connector}-words.csv"'
    return answer


def _asked(status: str, reason: str) -> tuple[str, str]:
    """A reason beside a word that says nothing is left out."""
    return status, "" if status == words.NOTHING else reason
