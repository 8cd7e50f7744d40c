"""A store's look-up: an order number and something only the buyer knows."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from doorstep.app import doors, lookup
from doorstep.app.doors import Entered
from doorstep.web.gate import visitor
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
        except lookup.TooMany:
            error, status = "page.find.too_many", 429
        else:
            if order_id:
                page = urlsplit(doors.page_url(door.ws, order_id)).path
                return HttpResponseRedirect(page + said_in(request), status=303)
            error, status = "page.find.nothing", 404
    context = {"store": lookup.store_label(door.ws, door.target_id), "number": number, "error": error}
    return render(request, "page/find.html", context, status=status)
