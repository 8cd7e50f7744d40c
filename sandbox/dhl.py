"""DHL: Shipment Tracking (Unified), for parcels of DHL Paket. Like the real one it gives local times alone."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.clock import Clock
from sandbox.daily import Daily
from sandbox.faults import Handler
from sandbox.road import Busy, Codes, Road
from sandbox.shipment import Scan, Shipment

HOSTS = ("api-eu.dhl.com",)
KEY = "sandbox-dhl-key"
SERVICE = "parcel-de"
PER_SECOND = 5
SERVICES = frozenset({"express", "parcel-de", "ecommerce", "post-de", "freight", "parcel-nl", "parcel-pl", "dgf"})
# statusCode, the service's code
WORDS: Codes = {
    "InfoReceived": ("pre-transit", "VA"),
    "InTransit_PickedUp": ("transit", "AE"),
    "InTransit_Other": ("transit", "NB"),
    "InTransit_Departure": ("transit", "AA"),
    "InTransit_Arrival": ("transit", "EE"),
    "InTransit_CustomsProcessing": ("transit", "ZO"),
    "InTransit_CustomsReleased": ("transit", "ZO"),
    "InTransit_CustomsRequiringInformation": ("failure", "ZO"),
    "OutForDelivery_Other": ("transit", "PO"),
    "AvailableForPickup_Other": ("transit", "LA"),
    "Delivered_Other": ("delivered", "ZU"),
    "DeliveryFailure_NoBody": ("failure", "ZN"),
    "DeliveryFailure_InvalidAddress": ("failure", "BV"),
    "Exception_Returning": ("failure", "BV"),
    "Exception_Returned": ("delivered", "ZU"),
    "Exception_Lost": ("failure", "BV"),
}


class Dhl:
    """Knows the parcels of the world under DHL's numbers. ``quota`` is the day's."""

    def __init__(self, *, clock: Clock, known: Mapping[str, Shipment]) -> None:
        self.road = Road(clock, known, PER_SECOND)
        self.quota = Daily(clock, 250)

    def app(self) -> web.Application:
        """The HTTP side."""
        app = web.Application(middlewares=[self._in_words])
        app.add_routes([web.get("/track/shipments", self._shipments)])
        return app

    @web.middleware
    async def _in_words(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("DHL-API-Key") != KEY:
            return _problem(401, "Unauthorized", "Unauthorized for given resource.")
        try:
            self._spend()
        except Busy:
            return _problem(429, "Too many requests", "Too many requests within defined time period.")
        return await handler(request)

    def _spend(self) -> None:
        """A call of this second and of this day. Raises Busy."""
        self.road.spend()
        if not self.quota.spend():
            raise Busy

    async def _shipments(self, request: web.Request) -> web.Response:
        number, service = request.query.get("trackingNumber", ""), request.query.get("service", SERVICE)
        if not number or service not in SERVICES:
            return _problem(400, "Bad request", "Invalid parameters.")
        scans = self.road.scans(number) if service == SERVICE else ()
        if not scans:
            return _problem(404, "No result found", "No shipment with given tracking number found.")
        events = [_event(one) for one in scans]
        shipment = {"id": number, "service": SERVICE, "status": events[0], "events": events}
        return web.json_response({"url": f"/shipments?trackingNumber={number}", "shipments": [shipment]})


def _event(scan: Scan) -> dict[str, Any]:
    kind, code = WORDS[scan.sub]
    return {
        "timestamp": f"{scan.at.astimezone(scan.zone):%Y-%m-%dT%H:%M:%S}",
        "location": {"address": {"countryCode": scan.country, "addressLocality": scan.city}},
        "statusCode": kind,
        "status": code,
        "description": scan.words,
    }


def _problem(status: int, title: str, detail: str) -> web.Response:
    return web.json_response({"title": title, "detail": detail, "status": status}, status=status)
