"""The mailboxes that people of a household connected, and connecting one."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from doorstep.app.household import postboxes
from doorstep.connectors.mail.providers import with_pages
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, resident

FIELDS = ("address", "server", "login")  # what is shown again when it did not work; a password never is


@require_http_methods(["GET", "HEAD", "POST"])
@resident
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The list, and the form: what is typed is tried before anything is kept."""
    source = request.POST if request.method == "POST" else request.GET
    typed = {name: source.get(name, "").strip()[:254] for name in FIELDS}
    if request.method == "POST":
        password = request.POST.get("password", "")

        def connect() -> None:
            postboxes.connect(caller.ws, caller.user, postboxes.key_of(password=password, **typed))

        if attempt(request, connect):
            tell(request, Message(id="my.postbox.done", values={"address": typed["address"]}))
            return redirect("my_postboxes")
    context = {
        "tab": "mails",
        "boxes": postboxes.shown(caller.ws, caller.user, owner=caller.may(Action.CLOSE)),
        "pages": with_pages(),
        **typed,
    }
    return render(request, "shopper/postboxes.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@resident
def act(request: HttpRequest, caller: Caller, box_id: int) -> HttpResponse:
    """Pause, go on, or disconnect."""
    box = postboxes.of(caller.ws, box_id, caller.user, owner=caller.may(Action.CLOSE))
    if box is None:
        raise Http404
    does = {"pause": postboxes.pause, "resume": postboxes.resume, "disconnect": postboxes.disconnect}
    do = request.POST.get("do", "")
    if do in does:
        does[do](box, caller.actor)
        if do == "disconnect":
            tell(request, Message(id="my.postbox.gone", values={"address": box.address}))
    return redirect("my_postboxes")
