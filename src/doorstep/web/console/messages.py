"""All messages with shoppers in one list, who sees to them, and saved replies."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from doorstep.app import clock
from doorstep.app.shopper import saved_replies, talks, threads
from doorstep.app.shopper.talks import SHOW, Wanted
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Connection, SavedReply
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member
from doorstep.web.typed import whole

_LONGEST = 100  # characters of a search


@require_safe
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """A page of the list: ``show`` one of SHOW, ``store``, ``mine``, ``q``, ``page``."""
    asked = request.GET.get("show", "open")
    page = whole(request.GET.get("page", ""))
    wanted = Wanted(
        show=asked if asked in SHOW else "open",
        store=whole(request.GET.get("store", "")),
        user=int(caller.user.pk) if request.GET.get("mine") else 0,
        query=request.GET.get("q", "")[:_LONGEST],
    )
    kept = {"store": wanted.store or "", "mine": "1" if wanted.user else "", "q": wanted.query}
    context = {
        "here": "messages",
        "wanted": wanted,
        "found": talks.inbox(caller.ws, wanted, clock.now(), page),
        "tabs": [(one, urlencode({"show": one, **{k: v for k, v in kept.items() if v}})) for one in SHOW],
        "page": page,
        "stores": Connection.objects.filter(ws=caller.ws, kind="store").exclude(state="removed").order_by("label"),
        "may_handle": caller.may(Action.HANDLE),
    }
    return render(request, "console/messages.html", context)


@require_POST
@member(Action.HANDLE)
def act(request: HttpRequest, caller: Caller, order_id: int) -> HttpResponse:
    """Close a thread, open it again, or say who sees to it."""
    if talks.talk(caller.ws, order_id) is None:
        raise Http404
    do = request.POST.get("do", "")
    if do == "assign":
        user = whole(request.POST.get("user", ""))
        if user and user not in {one.id for one in talks.handlers(caller.ws)}:
            raise Http404
        threads.assign(caller.ws, order_id, user, caller.actor)
    elif do == "close":
        threads.close(caller.ws, order_id, caller.actor)
    elif do == "reopen":
        threads.reopen(caller.ws, order_id, caller.actor)
    else:
        raise Http404
    tell(request, Message(id=f"done.thread.{do}"))
    return redirect(f"{reverse('order', args=[order_id])}#thread")


@require_safe
@member(Action.HANDLE)
def replies(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The saved replies, and the form for another one."""
    context = {"here": "messages", "replies": saved_replies.of(caller.ws), "longest": threads.LONGEST}
    return render(request, "console/replies.html", context | {"longest_name": saved_replies.LONGEST_NAME})


@require_POST
@member(Action.HANDLE)
def keep_reply(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Save a reply, or remove one."""
    removed = whole(request.POST.get("remove", ""))
    if removed:
        try:
            saved_replies.remove(caller.ws, removed, caller.actor)
        except SavedReply.DoesNotExist:
            raise Http404 from None
        tell(request, Message(id="done.reply.removed"))
        return redirect("replies")
    name, body = request.POST.get("name", ""), request.POST.get("body", "")
    if attempt(request, lambda: saved_replies.save(caller.ws, name, body, caller.actor)):
        tell(request, Message(id="done.reply.saved"))
    return redirect("replies")
