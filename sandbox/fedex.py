"""FedEx: OAuth and Track v1."""

import re
from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Any

from aiohttp import web

from sandbox.clock import Clock
from sandbox.faults import Handler
from sandbox.permits import NoPermit
from sandbox.road import CLIENT, SECRET, Busy, Codes, Road, let_in, permits
from sandbox.shipment import Scan, Shipment

HOSTS = ("apis.fedex.com",)
PER_SECOND, AT_ONCE = 5, 30
NUMBER = re.compile(r"[0-9]{12}|[0-9]{15}|[0-9]{20}")
# event type, derived code, exception code
WORDS: Codes = {
    "InfoReceived": ("OC", "IN", ""),
    "InTransit_PickedUp": ("PU", "PU", ""),
    "InTransit_Other": ("AR", "IT", ""),
    "InTransit_Departure": ("DP", "IT", ""),
    "InTransit_Arrival": ("FD", "IT", ""),
    "InTransit_CustomsProcessing": ("CP", "CP", ""),
    "InTransit_CustomsReleased": ("CC", "CC", ""),
    "InTransit_CustomsRequiringInformation": ("CD", "CD", "71"),
    "OutForDelivery_Other": ("OD", "IT", ""),
    "AvailableForPickup_Other": ("HL", "HL", ""),
    "Delivered_Other": ("DL", "DL", ""),
    "DeliveryFailure_NoBody": ("DE", "DE", "08"),
    "DeliveryFailure_InvalidAddress": ("DE", "DE", "03"),
    "Exception_Returning": ("RS", "RS", ""),
    "Exception_Returned": ("RS", "RS", ""),
    "Exception_Lost": ("SE", "SE", ""),
}
NAMES = {"OC": "Shipment information sent to FedEx", "PU": "Picked up", "DL": "Delivered", "DE": "Delivery exception"}


class FedEx:
    """Knows the parcels of the world under FedEx's numbers."""

    def __init__(self, *, clock: Clock, random: Random, known: Mapping[str, Shipment]) -> None:
        self.road = Road(clock, known, PER_SECOND)
        self.permits = permits(clock, random, timedelta(hours=1))

    def app(self) -> web.Application:
        """The HTTP side."""
        app = web.Application(middlewares=[self._in_words])
        app.add_routes([web.post("/oauth/token", self._token), web.post("/track/v1/trackingnumbers", self._track)])
        return app

    @web.middleware
    async def _in_words(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self.road.spend()
            if request.path.startswith("/track/"):
                let_in(self.permits, request)
            return await handler(request)
        except Busy:
            return _refusal(429, "TOO.MANY.REQUESTS", "We have received too many requests in a short duration.")
        except NoPermit:
            return _refusal(401, "NOT.AUTHORIZED.ERROR", "Access token expired.")

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return _refusal(401, "NOT.AUTHORIZED.ERROR", "The given client credentials were not valid.")
        return web.json_response({**self.permits.issue("", frozenset()), "scope": "CXS"})

    async def _track(self, request: web.Request) -> web.Response:
        wish = await request.json()
        infos = wish.get("trackingInfo") or []
        if not infos:
            return _refusal(400, "TRACKING.TRACKINGNUMBER.EMPTY", "Please provide tracking number.")
        if len(infos) > AT_ONCE or "includeDetailedScans" not in wish:
            return _refusal(400, "TRACKING.REQUEST.INVALID", "At most 30 tracking numbers.")
        results = [self._one(one["trackingNumberInfo"]["trackingNumber"]) for one in infos]
        return web.json_response({"transactionId": "sandbox", "output": {"completeTrackResults": results}})

    def _one(self, number: str) -> dict[str, Any]:
        result: dict[str, Any] = {"trackingNumberInfo": {"trackingNumber": number, "carrierCode": "FDXE"}}
        scans = self.road.scans(number)
        if scans:
            result["scanEvents"] = [_event(one) for one in scans]
        else:
            kind = "NOTFOUND" if NUMBER.fullmatch(number) else "INVALID"
            result["error"] = {"code": f"TRACKING.TRACKINGNUMBER.{kind}", "message": "Tracking number cannot be found."}
        return {"trackingNumber": number, "trackResults": [result]}


def _event(scan: Scan) -> dict[str, Any]:
    kind, derived, exception = WORDS[scan.sub]
    return {
        "date": scan.at.astimezone(scan.zone).isoformat(timespec="seconds"),
        "eventType": kind,
        "eventDescription": NAMES.get(kind, scan.words),
        "exceptionCode": exception,
        "exceptionDescription": scan.words if kind in {"DE", "SE", "CD"} else "",
        "scanLocation": {"city": scan.city, "countryCode": scan.country, "residential": False},
        "derivedStatusCode": derived,
    }


def _refusal(status: int, code: str, message: str) -> web.Response:
    return web.json_response(
        {"transactionId": "sandbox", "errors": [{"code": code, "message": message}]}, status=status
    )
