"""The workspace's own settings: name, zone, language, country."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from doorstep.app import tongues
from doorstep.app.members import workspace_form
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.web.console.answers import tell
from doorstep.web.gate import Caller, member


@require_http_methods(["GET", "HEAD", "POST"])
@member(Action.POLICY)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The form; a POST keeps it."""
    values, wrong = workspace_form.values_of(caller.workspace), {}
    if request.method == "POST":
        try:
            workspace_form.save(caller.ws, request.POST, caller.actor)
        except workspace_form.Wrong as problem:
            values, wrong = workspace_form.read(request.POST)[0], dict(problem.messages)
        else:
            tell(request, Message(id="done.workspace.change"))
            return redirect("settings")
    context = {
        "here": "settings",
        "tab": "workspace",
        "form": values,
        "wrong": wrong,
        "zones": workspace_form.zones(),
        "tongues": tongues.NAMES,
    }
    return render(request, "console/workspace.html", context, status=422 if wrong else 200)
