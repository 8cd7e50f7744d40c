"""A store's rules, each choice with what follows from it."""

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from doorstep.app import connection_view, policies, rules
from doorstep.core.channel import channel
from doorstep.core.message import Message
from doorstep.core.policy import MailBy, Policy, When, Which
from doorstep.core.roles import Action
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member

LONGEST_H = 24 * 60  # two months: a longer wait than that is a mistake


@require_http_methods(["GET", "HEAD", "POST"])
@member(Action.POLICY)
def show(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """The rules of one store; saving makes a new version, for what is not pushed yet."""
    store = connection_view.connection(caller.ws, connection_id)
    if store is None or store.kind != "store":
        raise Http404
    if request.method == "POST":

        def save() -> None:
            rules.save(caller.ws, store.id, read_policy(request.POST), caller.actor)

        if attempt(request, save):
            tell(request, Message(id="done.rules_saved"))
            return redirect("rules", store.id)
    policy, version = policies.current(caller.ws, store.id)
    context = {
        "here": "connections",
        "store": store,
        "policy": policy,
        "version": version,
        "channel": channel(store.connector),
        "whens": list(When),
        "whiches": list(Which),
        "mailers": list(MailBy),
    }
    return render(request, "console/rules.html", context)


def read_policy(form: QueryDict) -> Policy:
    """The policy that a filled-in form describes. Raises ValueError with a Message that names the field."""
    try:
        when, which, mail_by = When(form.get("when", "")), Which(form.get("which", "")), MailBy(form.get("mail_by", ""))
    except ValueError:
        raise ValueError(Message(id="refuse.choice")) from None
    return Policy(
        when=when,
        which=which,
        mail_by=mail_by,
        delay_h=_hours(form, "delay_h") or 0,
        max_hold_h=_hours(form, "max_hold_h"),
        first_scan_hold="first_scan_hold" in form,
    )


def _hours(form: QueryDict, name: str) -> int | None:
    """Whole hours, None for an empty field."""
    text = form.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or int(text) > LONGEST_H:
        raise ValueError(Message(id=f"refuse.{name}", values={"text": text[:20], "most": LONGEST_H}))
    return int(text)
