"""A number pasted by somebody: what it is, whose it is, and following it."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from doorstep.app.receive import manual
from doorstep.core.message import Message
from doorstep.core.number import Candidate, carrier, carriers, recognize, tracking_link
from doorstep.core.roles import Action
from doorstep.web.console.answers import attempt, named_carrier, tell
from doorstep.web.gate import Caller, member


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A carrier that the number may belong to."""

    code: str
    name: str
    confidence: str
    link: str
    evidence: tuple[Message, ...]


@require_http_methods(["GET", "HEAD", "POST"])
@member(Action.HANDLE)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """GET looks at a number and changes nothing; POST follows it as an order made by hand."""
    doubt: Message | None = None
    if request.method == "POST":
        made: list[int] = []

        def follow() -> None:
            text, confirmed = request.POST.get("number", ""), "confirmed" in request.POST
            other = recognize(text).not_a
            if other and not confirmed:
                raise manual.Doubtful(other.message)
            code = named_carrier(request.POST.get("other", "")) or named_carrier(request.POST.get("carrier", ""))
            made.append(manual.follow_number(caller.ws, text, code, caller.actor, confirmed=confirmed))

        try:
            if attempt(request, follow):
                tell(request, Message(id="done.followed"))
                return redirect("order", made[0])
        except manual.Doubtful as doubtful:
            doubt = doubtful.message
    text = (request.POST.get("number") or request.GET.get("number", "")).strip()[:400]
    context: dict[str, object] = {"here": "board", "number": text, "carriers": carriers()}
    if text:
        seen = recognize(text)
        context |= {
            "seen": seen,
            "candidates": [_choice(one) for one in seen.candidates],
            "not_a": seen.not_a.message if seen.not_a else None,
            "nearest": seen.nearest.reason if seen.nearest else None,
            "doubt": doubt,
        }
    return render(request, "console/recognize.html", context)


def _choice(one: Candidate) -> Choice:
    return Choice(
        code=one.carrier,
        name=carrier(one.carrier).name,
        confidence=one.confidence.value,
        link=tracking_link(one.carrier, one.number),
        evidence=one.evidence,
    )
