"""USPS: OAuth and Tracking v3."""

import re
from collections.abc import Mapping
from datetime import UTC, timedelta
from random import Random
from typing import Any

from aiohttp import web

from sandbox.clock import Clock
from sandbox.faults import Handler
from sandbox.permits import NoPermit
from sandbox.road import CLIENT, SECRET, Busy, Codes, Road, let_in, permits
from sandbox.shipment import Scan, Shipment

HOSTS = ("apis.usps.com",)
PER_SECOND = 5
NUMBER = re.compile(r"9[2-5][0-9]{20}|[A-Z]{2}[0-9]{9}US")
# event code, event type
WORDS: Codes = {
    "InfoReceived": ("GX", "Shipping Label Created, USPS Awaiting Item"),
    "InTransit_PickedUp": ("03", "USPS in possession of item"),
    "InTransit_Other": ("10", "Arrived at USPS Regional Origin Facility"),
    "InTransit_Departure": ("EF", "Departed USPS Facility"),
    "InTransit_Arrival": ("07", "Arrived at Post Office"),
    "InTransit_CustomsProcessing": ("", "Inbound Into Customs"),
    "InTransit_CustomsReleased": ("", "Inbound Out of Customs"),
    "InTransit_CustomsRequiringInformation": ("", "Held in Customs"),
    "OutForDelivery_Other": ("OF", "Out for Delivery"),
    "AvailableForPickup_Other": ("16", "Available for Pickup"),
    "Delivered_Other": ("01", "Delivered, Front Door/Porch"),
    "DeliveryFailure_NoBody": ("56", "Notice Left (No Authorized Recipient Available)"),
    "DeliveryFailure_InvalidAddress": ("22", "Insufficient Address"),
    "Exception_Returning": ("09", "Return to Sender"),
    "Exception_Returned": ("01", "Delivered, To Original Sender"),
    "Exception_Lost": ("", "Item declared lost"),
}


class Usps:
    """Knows the parcels of the world under USPS's numbers."""

    def __init__(self, *, clock: Clock, random: Random, known: Mapping[str, Shipment]) -> None:
        self.road = Road(clock, known, PER_SECOND)
        self.permits = permits(clock, random, timedelta(hours=8))

    def app(self) -> web.Application:
        """The HTTP side."""
        app = web.Application(middlewares=[self._in_words])
        app.add_routes(
            [
                web.post("/oauth2/v3/token", self._token),
                web.get("/tracking/v3/tracking/{number}", self._tracking),
            ]
        )
        return app

    @web.middleware
    async def _in_words(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self.road.spend()
            if request.path.startswith("/tracking/"):
                let_in(self.permits, request)
            return await handler(request)
        except Busy:
            return _refusal(429, "Too Many Requests", "The quota is used up.", **{"Retry-After": "60"})
        except NoPermit:
            return _refusal(401, "Unauthorized", "The token is not valid.")

    async def _token(self, request: web.Request) -> web.Response:
        wish = await request.json()
        if (wish.get("client_id"), wish.get("client_secret")) != (CLIENT, SECRET):
            problem = {"error": "invalid_client", "error_description": "Client authentication failed."}
            return web.json_response(problem, status=401)
        return web.json_response({**self.permits.issue("", frozenset()), "scope": "tracking"})

    async def _tracking(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        if not NUMBER.fullmatch(number) or request.query.get("expand", "SUMMARY") not in {"SUMMARY", "DETAIL"}:
            return _refusal(400, "Bad Request", "The trackingNumber is not valid.")
        scans = self.road.scans(number)
        if not scans:
            return _refusal(404, "Not Found", "The tracking number may be incorrect.")
        said = {"trackingNumber": number, "trackingEvents": [_event(one) for one in scans]}
        return web.json_response(said if request.query.get("expand") == "DETAIL" else {"trackingNumber": number})


def _event(scan: Scan) -> dict[str, Any]:
    code, words = WORDS[scan.sub]
    local = scan.at.astimezone(scan.zone)
    event = {
        "eventType": words,
        "eventTimestamp": f"{local:%Y-%m-%dT%H:%M:00}",
        "GMTTimestamp": f"{scan.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "GMTOffset": local.isoformat()[-6:],
        "eventCity": scan.city.upper(),
        "eventCode": code,
    }
    return event if scan.country == "US" else {**event, "eventCountry": scan.country}


def _refusal(status: int, title: str, detail: str, **headers: str) -> web.Response:
    error = {"status": str(status), "code": "150001", "title": title, "detail": detail}
    body = {"apiVersion": "/tracking/v3", "error": {"code": str(status), "message": title, "errors": [error]}}
    return web.json_response(body, status=status, headers=headers)
