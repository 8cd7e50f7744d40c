"""Which mails a store's shoppers get, when, and in which words; with a preview of what is typed on a real parcel."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from doorstep.app import tongues
from doorstep.app.ledger import policies
from doorstep.app.order.order_view import names
from doorstep.app.say import say
from doorstep.app.telling import letter_rules, letter_trial, letters
from doorstep.app.telling.letters import Words
from doorstep.core.channel import channel
from doorstep.core.letter import MILESTONES, WORDS, Event, problems
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Connection, LetterRules, LetterText
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member
from doorstep.web.headers import POLICY

_TYPED = ("quiet_from", "quiet_to", "gap_h", "daily_at", "zone", "followers")


@require_http_methods(["GET", "HEAD", "POST"])
@member(Action.POLICY)
def show(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """The mails of a store, and the rules for when they go."""
    store = _store(caller, connection_id)
    form, on, wrong = _saved(caller, store)
    if request.method == "POST":
        form, on = request.POST.dict(), request.POST.getlist("on")
        try:
            letter_rules.save(caller.ws, store.id, form, on, caller.actor)
            tell(request, Message(id="done.letters_saved"))
            return redirect("letters", store.id)
        except letters.Wrong as problem:
            wrong = problem.messages
    context = {
        "here": "connections",
        "store": store,
        "form": form,
        "on": on,
        "wrong": wrong,
        "events": MILESTONES,
        "own": _own(caller, store),
        "languages": tongues.NAMES,
        "policy": policies.current(caller.ws, store.id)[0],
        "may_mail": channel(store.connector).may_mail,
        "no_server": not settings.EMAIL_HOST,
        "most_extra": letter_rules.MOST_EXTRA,
        "longest_gap": letter_rules.LONGEST_GAP_H,
    }
    return render(request, "console/letters.html", context, status=422 if wrong else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@member(Action.POLICY)
def edit(request: HttpRequest, caller: Caller, connection_id: int, event: str, language: str) -> HttpResponse:
    """The words of one mail in one language: saved, put back, brought back from an earlier version."""
    store, kind = _store(caller, connection_id), _event(event, language)
    words, wrong = letters.words(caller.ws, store.id, kind, language), dict[str, Message]()
    if request.method == "POST":
        try:
            _change(request, caller, store, kind, language)
            tell(request, Message(id="done.letter_saved"))
            return redirect("letter", store.id, event, language)
        except letters.Wrong as problem:
            wrong, words = dict(problem.messages), _typed(request)
    kept = letters.versions(caller.ws, store.id, kind, language)
    context = {
        "here": "connections",
        "store": store,
        "event": kind.value,
        "language": language,
        "languages": tongues.NAMES,
        "words": words,
        "wrong": wrong,
        "versions": kept,
        "names": names(caller.ws, {one.by for one in kept}),
        "places": [one for one in WORDS if one != "news" or kind is Event.DIGEST],
        "sample": letter_trial.sample(caller.ws, store.id, kind, request.GET.get("order", "")[:64]),
    }
    answer = render(request, "console/letter.html", context, status=422 if wrong else 200)
    answer.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@member(Action.POLICY)
def preview(request: HttpRequest, caller: Caller, connection_id: int, event: str, language: str) -> HttpResponse:
    """The mail as its reader would see it, of what is typed (posted) or saved. Saves and sends nothing."""
    store, kind = _store(caller, connection_id), _event(event, language)
    words = letters.words(caller.ws, store.id, kind, language)
    if request.method == "POST":
        words = _typed(request)
        if wrong := problems(words.subject, words.body):
            said = format_html("<!doctype html><title>.</title><p>{}</p>", say(next(iter(wrong.values()))))
            return _framed(HttpResponse(said), "'none'")
    made = letter_trial.draft(store, words, kind, language, _sample(request, caller, store, kind))
    digest = base64.b64encode(hashlib.sha256(made.style.encode()).digest()).decode()
    subject = format_html('<body><div class="p"><b>{}</b></div>', made.subject)
    return _framed(HttpResponse(made.html.replace("<body>", subject, 1)), f"'sha256-{digest}'")


@require_POST
@member(Action.POLICY)
def test(request: HttpRequest, caller: Caller, connection_id: int, event: str, language: str) -> HttpResponse:
    """Send the mail as it is saved to whoever presses, and to nobody else."""
    store, kind = _store(caller, connection_id), _event(event, language)
    words = letters.words(caller.ws, store.id, kind, language)
    made = letter_trial.draft(store, words, kind, language, _sample(request, caller, store, kind))
    if attempt(request, lambda: letter_trial.send(made, caller.user.email)):
        tell(request, Message(id="done.letter_sent", values={"to": caller.user.email}))
    return redirect("letter", store.id, event, language)


def _change(request: HttpRequest, caller: Caller, store: Connection, kind: Event, language: str) -> None:
    """Raises letters.Wrong."""
    what, version = request.POST.get("do", "save"), request.POST.get("version", "")
    if what == "reset":
        letters.reset(caller.ws, store.id, kind, language, caller.actor)
    elif what == "back" and version.isdecimal() and len(version) < 8:
        try:
            letters.bring_back(caller.ws, store.id, kind, language, int(version), caller.actor)
        except LetterText.DoesNotExist:
            raise Http404 from None
    else:
        typed = _typed(request)
        letters.save(caller.ws, store.id, kind, language, typed.subject, typed.body, caller.actor)


def _framed(answer: HttpResponse, style: str) -> HttpResponse:
    """Only in a frame of our own, with one style block and nothing that runs."""
    policy = f"default-src 'none'; img-src 'self'; style-src {style}; frame-ancestors 'self'; sandbox"
    answer.headers["Content-Security-Policy"] = policy
    answer.xframe_options_exempt = True  # for Django's clickjacking middleware
    return answer


def _sample(request: HttpRequest, caller: Caller, store: Connection, kind: Event) -> letter_trial.Sample | None:
    number = (request.POST.get("order") or request.GET.get("order") or "")[:64]
    return letter_trial.sample(caller.ws, store.id, kind, number)


def _typed(request: HttpRequest) -> Words:
    subject, body = request.POST.get("subject", "").strip(), request.POST.get("body", "").replace("\r\n", "\n")
    return Words(subject=subject, body=body, own=True)


def _saved(caller: Caller, store: Connection) -> tuple[Mapping[str, Any], list[str], Mapping[str, Message]]:
    """What is kept, as the form has it: fields, which mails go, and that nothing is wrong with it."""
    row = LetterRules.objects.filter(ws=caller.ws, store_id=store.id).first()
    row = row or LetterRules(ws=caller.ws, store_id=store.id)
    form: dict[str, Any] = {name: getattr(row, name) for name in _TYPED} | {"extra": "\n".join(row.extra)}
    form |= {name: str(one) for name, one in form.items() if type(one) is int}  # 0 is an hour, and no empty field
    return form, [one.value for one in MILESTONES if one.value not in row.off], {}


def _own(caller: Caller, store: Connection) -> dict[str, dict[str, bool]]:
    """By event: the languages in which the store has words of its own."""
    own = letters.own(caller.ws, store.id)
    return {one.value: {tag: True for tag in tongues.NAMES if (one.value, tag) in own} for one in Event}


def _event(event: str, language: str) -> Event:
    if event not in set(Event) or language not in tongues.NAMES:
        raise Http404
    return Event(event)


def _store(caller: Caller, connection_id: int) -> Connection:
    store = Connection.objects.filter(ws=caller.ws, id=connection_id, kind="store").first()
    if store is None:
        raise Http404
    return store
