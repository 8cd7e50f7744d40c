"""The language that a shopper chose, carried along in the address: these pages set no cookie."""

from django.http import HttpRequest

from doorstep.app.tongues import match


def said_in(request: HttpRequest) -> str:
    """``?lang=de``, to be put behind an address of the page; '' where nobody chose."""
    chosen = match(request.GET.get("lang", ""))
    return f"?lang={chosen}" if chosen else ""
