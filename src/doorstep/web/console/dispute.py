"""The dispute pack of an order, to be taken."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from doorstep.app import clock
from doorstep.app.disputes import dispute
from doorstep.core.roles import Action
from doorstep.web.gate import Caller, member


@require_safe
@member(Action.EXPORT)
def take(request: HttpRequest, caller: Caller, order_id: int) -> HttpResponse:
    """The pack as a ZIP file. The trail says who took it: that is all it changes."""
    found = dispute.pack(caller.ws, order_id, clock.now(), caller.actor)
    if found is None:
        raise Http404
    name, packed = found
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(packed, content_type="application/zip", headers=headers)
