"""Webhooks out: the programs of a workspace that are told what changes, and how that goes."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from doorstep.app import clock
from doorstep.app.records import webhooks as records
from doorstep.app.records.page import Unreadable
from doorstep.app.records.webhooks import Webhook
from doorstep.app.webhooks import endpoints, trial
from doorstep.app.webhooks.endpoints import LONGEST_LABEL, LONGEST_URL, Wish
from doorstep.app.webhooks.errands import FAILING
from doorstep.app.webhooks.kinds import KINDS
from doorstep.app.webhooks.shapes import SHAPES
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.core.status import Status
from doorstep.db.models import Connection, Endpoint, SendingTry
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member
from doorstep.web.typed import fits, whole

SHOWN: Final = 20  # tries on a page
USUAL: Final = timedelta(hours=24)  # a replay begins so long ago unless somebody says otherwise


@require_safe
@member(Action.KEYS)
def show_all(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The endpoints, and the form for another one."""
    context = {
        "here": "connections",
        "endpoints": records.webhooks(caller.ws).data,
        "most": endpoints.MOST,
        **_choices(caller),
    }
    return render(request, "console/webhooks.html", context)


@require_POST
@member(Action.KEYS)
def make(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Make an endpoint. The answer is the only one that shows its secret, so it is no redirect and is not kept."""
    made = list[tuple[int, str]]()
    if not attempt(request, lambda: made.append(endpoints.make(caller.ws, _wish(request), caller.actor))):
        return redirect("webhooks")
    return _secret(request, caller, *made[0])


@require_safe
@member(Action.KEYS)
def show(request: HttpRequest, caller: Caller, endpoint_id: int) -> HttpResponse:
    """One endpoint, and what it was told."""
    return _screen(request, caller, endpoint_id)


@require_POST
@member(Action.KEYS)
def act(request: HttpRequest, caller: Caller, endpoint_id: int) -> HttpResponse:
    """Something is done about an endpoint."""
    do = _ACTS.get(request.POST.get("do", ""))
    if do is None:
        raise Http404
    try:
        return do(request, caller, endpoint_id)
    except Endpoint.DoesNotExist:
        raise Http404 from None


def _save(request: HttpRequest, caller: Caller, endpoint_id: int) -> HttpResponse:
    return _told(
        request, endpoint_id, "save", lambda: endpoints.change(caller.ws, endpoint_id, _wish(request), caller.actor)
    )


def _pause(request: HttpRequest, caller: Caller, endpoint_id: int) -> HttpResponse:
    return _told(request, endpoint_id, "pause", lambda: endpoints.pause(caller.ws, endpoint_id, caller.actor))


def _resume(request: HttpRequest, caller: Caller, endpoint_id: int) -> HttpResponse:
    return _told(request, endpoint_id, "resume", lambda: endpoints.resume(caller.ws, endpoint_id, caller.actor))


def _end_overlap(request: HttpRequest, caller: Caller, endpoint_id: int) -> HttpResponse:
    return _told(
        request, endpoint_id, "end_overlap", lambda: endpoints.end_overlap(caller.ws, endpoint_id, caller.actor)
    )


def _replay(request: HttpRequest, caller: Caller, endpoint_id: int) -> HttpResponse:
    def again() -> None:
        endpoints.replay(caller.ws, endpoint_id, _moment(request.POST.get("since", "")), caller.actor)

    return _told(request, endpoint_id, "replay", again)


def _test(request: HttpRequest, caller: Caller, endpoint_id: int) -> HttpResponse:
    """The log shows what came of it; here is said whether it was taken."""
    tried = list[SendingTry]()
    if attempt(request, lambda: tried.append(trial.send_test(caller.ws, endpoint_id))):
        (one,) = tried
        taken = 200 <= one.status < 300
        key = "taken" if taken else "declined" if one.status else "unreached"
        values = {"status": one.status, "ms": one.ms}
        tell(request, Message(id=f"webhook.tested.{key}", values=values), wrong=not taken)
    return redirect("webhook", endpoint_id)


def _rotate(request: HttpRequest, caller: Caller, endpoint_id: int) -> HttpResponse:
    drawn = list[str]()
    if not attempt(request, lambda: drawn.append(endpoints.rotate(caller.ws, endpoint_id, caller.actor))):
        return redirect("webhook", endpoint_id)
    return _secret(request, caller, endpoint_id, drawn[0])


def _delete(request: HttpRequest, caller: Caller, endpoint_id: int) -> HttpResponse:
    endpoints.delete(caller.ws, endpoint_id, caller.actor)
    tell(request, Message(id="done.webhook.delete"))
    return redirect("webhooks")


_ACTS: Final[Mapping[str, Callable[[HttpRequest, Caller, int], HttpResponse]]] = {
    "save": _save,
    "pause": _pause,
    "resume": _resume,
    "replay": _replay,
    "test": _test,
    "rotate": _rotate,
    "end_overlap": _end_overlap,
    "delete": _delete,
}


def _told(request: HttpRequest, endpoint_id: int, what: str, do: Callable[[], object]) -> HttpResponse:
    if attempt(request, do):
        tell(request, Message(id=f"done.webhook.{what}"))
    return redirect("webhook", endpoint_id)


def _secret(request: HttpRequest, caller: Caller, endpoint_id: int, secret: str) -> HttpResponse:
    answer = _screen(request, caller, endpoint_id, secret)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _screen(request: HttpRequest, caller: Caller, endpoint_id: int, secret: str = "") -> HttpResponse:
    one = records.webhook(caller.ws, whole(str(endpoint_id)))
    if one is None:
        raise Http404
    failed = request.GET.get("log") == "failed"
    try:
        tries = records.tries(caller.ws, endpoint_id, SHOWN, request.GET.get("after", ""), failed=failed)
    except Unreadable:
        raise Http404 from None
    context = {
        "here": "connections",
        "one": one,
        "secret": secret,
        "tries": tries,
        "failed": failed,
        "since": timezone.localtime(clock.now() - USUAL),
        "days": FAILING.days,
        "hours": round(endpoints.OVERLAP / timedelta(hours=1)),
        **_choices(caller, one),
    }
    return render(request, "console/webhook.html", context)


def _choices(caller: Caller, one: Webhook | None = None) -> dict[str, object]:
    """What may be chosen, and what is: (value, chosen)."""
    stores = Connection.objects.filter(ws=caller.ws, kind="store").exclude(state="removed").order_by("label")
    able = SHAPES[one.shape if one else "doorstep"].types
    types, chosen, statuses = (one.types, one.store_ids, one.statuses) if one else ([], [], [])
    return {
        "types": [(kind.type, kind.type in types) for kind in KINDS if kind.type in able],
        "stores": [(store, str(store.id) in chosen) for store in stores],
        "statuses": [(status.value, status in statuses) for status in _STATUSES],
        "longest_url": LONGEST_URL,
        "longest_label": LONGEST_LABEL,
    }


_STATUSES: Final = tuple(one for one in Status if one is not Status.UNKNOWN)


def _wish(request: HttpRequest) -> Wish:
    form = request.POST
    return Wish(
        url=form.get("url", ""),
        label=form.get("label", ""),
        types=form.getlist("type"),
        store_ids=[int(one) for one in form.getlist("store") if fits(one)],
        statuses=form.getlist("status"),
    )


def _moment(text: str) -> datetime:
    """An instant as a browser's field says it, in the workspace's zone. Raises ValueError with a Message."""
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(Message(id="webhook.no_moment")) from None
    return said if said.tzinfo else timezone.make_aware(said)
