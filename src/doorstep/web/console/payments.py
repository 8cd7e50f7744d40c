"""What payment services made of an order's numbers: a person has one told again."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from doorstep.app.push import payments
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Sync
from doorstep.web.console.answers import tell
from doorstep.web.gate import Caller, member


@require_POST
@member(Action.PUSH)
def again(request: HttpRequest, caller: Caller, order_id: int, sync_id: int) -> HttpResponse:
    """Tell a payment service a number once more."""
    try:
        payments.again(caller.ws, order_id, sync_id, caller.actor)
    except Sync.DoesNotExist:
        raise Http404 from None
    tell(request, Message(id="done.payment_again"))
    return redirect("order", order_id)
