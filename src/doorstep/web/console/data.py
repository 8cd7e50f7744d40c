"""The workspace's data: everything as a file, one shopper's data given or erased, and the end of the workspace."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.members import closing
from doorstep.app.privacy import disclosure, erasure, export, traces
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Export
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member


@require_safe
@member(Action.EXPORT)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """What can be taken out, erased and ended."""
    return _screen(request, caller, {})


@require_POST
@member(Action.EXPORT)
def pack(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Have everything packed."""
    if attempt(request, lambda: export.ask(caller.ws, caller.actor)):
        tell(request, Message(id="done.data.export"))
    return redirect("data")


@require_safe
@member(Action.EXPORT)
def take(request: HttpRequest, caller: Caller, export_id: int) -> StreamingHttpResponse:
    """A packed file, as long as it is kept."""
    try:
        row, pieces = export.file(caller.ws, export_id, caller.actor)
    except Export.DoesNotExist:
        raise Http404 from None
    headers = {
        "Content-Disposition": f'attachment; filename="doorstep-{row.asked_at:%Y-%m-%d}.zip"',
        "Content-Length": str(row.bytes),
        "Cache-Control": "private, no-store",
    }
    return StreamingHttpResponse(pieces, content_type="application/zip", headers=headers)


@require_POST
@member(Action.ERASE)
def person(request: HttpRequest, caller: Caller) -> HttpResponse:
    """What is here about a shopper; that as a file; or nothing any more, when the address was typed twice."""
    email, what = request.POST.get("email", "").strip()[:254], request.POST.get("do", "look")
    try:
        if what == "export":
            packed = disclosure.disclose(caller.ws, email, caller.actor)
            headers = {"Content-Disposition": 'attachment; filename="person.zip"', "Cache-Control": "private, no-store"}
            return HttpResponse(packed, content_type="application/zip", headers=headers)
        if what == "erase" and request.POST.get("typed", "").strip().casefold() == email.casefold():
            erased = erasure.erase(caller.ws, email, caller.actor)
            counts = {"people": erased.people, "bodies": erased.bodies, "words": erased.words}
            tell(request, Message(id="done.data.erase", values=counts))
            return redirect("data")
        found = traces.find(caller.ws, email)
    except traces.NotPossible as problem:
        return _screen(request, caller, {"email": email, "wrong": problem.message}, 422)
    if what == "erase":
        return _screen(request, caller, {"email": email, "found": found, "wrong": Message(id="data.erase.typed")}, 422)
    return _screen(request, caller, {"email": email, "found": found})


@require_POST
@member(Action.CLOSE)
def close(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Have the workspace erased after the grace, or take that back."""
    if request.POST.get("do") == "keep":
        closing.keep(caller.ws, caller.actor)
        tell(request, Message(id="done.data.keep"))
    elif attempt(request, lambda: closing.close(caller.ws, request.POST.get("typed", ""), caller.actor)):
        tell(request, Message(id="done.data.close"))
    return redirect("data")


def _screen(request: HttpRequest, caller: Caller, more: dict[str, Any], status: int = 200) -> HttpResponse:
    context = {
        "here": "settings",
        "tab": "data",
        "exports": export.of(caller.ws),
        "may_close": caller.may(Action.CLOSE),
        "grace": closing.GRACE.days,
        **more,
    }
    return render(request, "console/data.html", context, status=status)
