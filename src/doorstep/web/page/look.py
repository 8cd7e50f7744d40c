"""The colours and the logo of a store: public, under an address that is new with every change."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from doorstep.app import brands
from doorstep.db.models import Brand

FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def style(request: HttpRequest, key: str) -> HttpResponse:
    """The style sheet of a store."""
    brand = _brand(key)
    return _kept(brands.style(brand.colour, brand.ground).encode(), "text/css; charset=utf-8")


@require_safe
def logo(request: HttpRequest, key: str) -> HttpResponse:
    """The logo of a store."""
    brand = _brand(key)
    if not brand.logo_kind:
        raise Http404
    return _kept(bytes(brand.logo), brand.logo_kind)


def _brand(key: str) -> Brand:
    brand = brands.by_key(key)
    if brand is None:
        raise Http404
    return brand


def _kept(body: bytes, kind: str) -> HttpResponse:
    answer = HttpResponse(body, content_type=kind)
    answer.headers["Cache-Control"] = FOR_EVER
    return answer
