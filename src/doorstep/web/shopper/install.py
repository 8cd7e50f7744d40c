"""What makes the app installable: its manifest, its worker, and the page that is shown without a connection."""

from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from doorstep.app.say import spoken, text
from doorstep.web.shopper.enter import anybody
from doorstep.web.tags import STATIC, asset

GROUND: Final = "#f6f4f0"
COLOUR: Final = "#6a3460"


@require_safe
@anybody
def manifest(request: HttpRequest) -> HttpResponse:
    """The web app manifest (W3C). A number or a page's address may be shared to the app."""
    icons = [
        {"src": asset("shopper/icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
        {"src": asset("shopper/icon-192.png"), "sizes": "192x192", "type": "image/png", "purpose": "any"},
        {"src": asset("shopper/icon-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "any maskable"},
    ]
    said = {
        "name": text("my.app"),
        "short_name": text("my.app.short"),
        "lang": spoken(),
        "id": reverse("my"),
        "start_url": reverse("my"),
        "scope": reverse("my"),
        "display": "standalone",
        "background_color": GROUND,
        "theme_color": COLOUR,
        "icons": icons,
        "share_target": {"action": reverse("my_add"), "method": "GET", "params": {"text": "number", "url": "number"}},
        "shortcuts": [{"name": text("my.add"), "url": reverse("my_add")}],
    }
    answer = JsonResponse(said, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False})
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


@require_safe
@anybody
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It lives here, so that it rules over the app's addresses and no others."""
    body = (STATIC / "shopper" / "worker.js").read_bytes()
    answer = HttpResponse(body, content_type="text/javascript; charset=utf-8")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@require_safe
@anybody
def offline(request: HttpRequest) -> HttpResponse:
    """Shown where there is no connection and nothing was kept of a page."""
    return render(request, "shopper/offline.html", {"tab": ""})
