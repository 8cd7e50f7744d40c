"""A store's look-up: an order number and something only the buyer knows. The merchant's own sites may show the form in
a frame (``static/widget.js``); what it finds opens on a page of its own.
"""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from doorstep.app import brands, doors
from doorstep.app.doors import Entered
from doorstep.app.shopper import lookup
from doorstep.app.tries import TooMany
from doorstep.web.gate import visitor
from doorstep.web.headers import framed_by
from doorstep.web.page.tongue import said_in


@require_http_methods(["GET", "HEAD", "POST"])
@visitor("lookup")
def find(request: HttpRequest, door: Entered) -> HttpResponse:
    """The form, and the way to the page of an order that fits."""
    number, secret = request.POST.get("number", "")[:64], request.POST.get("secret", "")[:254]
    error, status = "", 200
    if request.method == "POST":
        try:
            order_id = lookup.find(door.ws, door.target_id, number, secret, request.META["REMOTE_ADDR"])
        except TooMany as busy:
            answer = _form(request, door, {"number": number, "error": "page.find.too_many"}, 429)
            answer.headers["Retry-After"] = str(busy.wait_s)
            return answer
        else:
            if order_id:
                page = urlsplit(doors.page_url(door.ws, order_id)).path
                return HttpResponseRedirect(page + said_in(request), status=303)
            error, status = "page.find.nothing", 404
    return _form(request, door, {"number": number, "error": error}, status)


def _form(request: HttpRequest, door: Entered, values: dict[str, str], status: int) -> HttpResponse:
    brand = brands.look(door.ws, door.target_id)
    framed = bool(brand.frames and "frame" in request.GET)
    context = {
        "brand": brand,
        "here": request.path,
        "said": said_in(request),
        "framed": framed,
        **values,
    }
    answer = render(request, "page/find.html", context, status=status)
    return framed_by(answer, brand.frames) if framed else answer
