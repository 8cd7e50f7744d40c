"""UPS: OAuth, Track v1 details, and the subscriptions and messages of Track Alert v2."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from aiohttp import web

from sandbox.clock import Clock
from sandbox.faults import Handler
from sandbox.permits import NoPermit
from sandbox.road import Busy, Codes, Road, let_in, permits
from sandbox.shipment import Scan, Shipment

HOSTS = ("onlinetools.ups.com",)
CREDENTIAL = "sandbox-alert-credential"
PER_SECOND, AT_ONCE = 5, 100
LASTS = timedelta(days=14)  # a subscription
NUMBER = re.compile(r"1Z[0-9A-Z]{16}")
# type, code, status code
WORDS: Codes = {
    "InfoReceived": ("M", "MP", "003"),
    "InTransit_PickedUp": ("I", "OR", "160"),
    "InTransit_Other": ("I", "AR", "005"),
    "InTransit_Departure": ("I", "DP", "005"),
    "InTransit_Arrival": ("I", "DS", "071"),
    "InTransit_CustomsProcessing": ("I", "IP", "012"),
    "InTransit_CustomsReleased": ("I", "IP", "014"),
    "InTransit_CustomsRequiringInformation": ("X", "X6", "058"),
    "OutForDelivery_Other": ("I", "OT", "021"),
    "AvailableForPickup_Other": ("D", "2Q", "161"),
    "Delivered_Other": ("D", "FS", "011"),
    "DeliveryFailure_NoBody": ("X", "48", "022"),
    "DeliveryFailure_InvalidAddress": ("X", "AG", "050"),
    "Exception_Returning": ("X", "UF", "035"),
    "Exception_Returned": ("X", "UA", "034"),
    "Exception_Lost": ("X", "S9", "068"),
}


class Ups:
    """``alerts`` are the numbers that Track Alert has been given, and until when it follows them; ``product``: whether
    the app has it.
    """

    def __init__(self, *, clock: Clock, random: Random, known: Mapping[str, Shipment]) -> None:
        self.road = Road(clock, known, PER_SECOND)
        self.permits = permits(clock, random, timedelta(hours=4))
        self.alerts: dict[str, datetime] = {}
        self.product = True

    def app(self) -> web.Application:
        """The HTTP side."""
        app = web.Application(middlewares=[self._in_words])
        app.add_routes(
            [
                web.post("/security/v1/oauth/token", self._token),
                web.get("/api/track/v1/details/{number}", self._details),
                web.post("/api/track/v2/subscription/{kind}/package", self._subscribe),
            ]
        )
        return app

    def subscribed(self) -> set[str]:
        """The numbers that Track Alert follows now."""
        return {number for number, until in self.alerts.items() if until > self.road.clock.now()}

    def alert(self, number: str) -> tuple[dict[str, str], bytes]:
        """Headers and body of the message about the newest scan."""
        scan, local = self.road.scans(number)[0], self.road.scans(number)[0].at
        body = {
            "trackingNumber": number,
            **{f"gmtActivity{name}": value for name, value in _split(local.astimezone(UTC)).items()},
            **{f"localActivity{name}": value for name, value in _split(local.astimezone(scan.zone)).items()},
            "activityLocation": {"city": scan.city, "country": scan.country},
            "activityStatus": dict(zip(("type", "code"), WORDS[scan.sub], strict=False), description=scan.words),
        }
        headers = {"credential": CREDENTIAL, "User-Agent": "UPSPubSubTrackingService"}
        return headers, json.dumps(body).encode()

    @web.middleware
    async def _in_words(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self.road.spend()
            if request.path.startswith("/api/"):
                let_in(self.permits, request)
                if not request.headers.get("transId") or not request.headers.get("transactionSrc"):
                    return _refusal(400, "TV0002", "Missing transId or transactionSrc")
            return await handler(request)
        except Busy:
            return _refusal(429, "10429", "Too Many Requests")
        except NoPermit:
            return _refusal(401, "250002", "Invalid Authentication Information.")

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if request.headers.get("Authorization") != self.permits.basic():
            return _refusal(401, "10401", "ClientId is Invalid")
        if form.get("grant_type") != "client_credentials":
            return _refusal(400, "10400", "Invalid/Missing Grant Type")
        issued = self.permits.issue("", frozenset())
        return web.json_response({**issued, "expires_in": str(issued["expires_in"]), "status": "approved"})

    async def _details(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        if not NUMBER.fullmatch(number):
            return _refusal(400, "TV1002", "Invalid inquiry number")
        partner = self._partner(number)
        scans = [one for one in self.road.scans(number) if not (partner and one.leg)]
        if not scans:
            return _refusal(404, "TW0001", "Tracking Information Not Found")
        package = {"trackingNumber": number, "packageCount": 1, "activity": [_activity(one) for one in scans]}
        if partner:
            package["alternateTrackingNumber"] = [{"number": partner, "type": "USPS_PIC"}]
        return web.json_response({"trackResponse": {"shipment": [{"inquiryNumber": number, "package": [package]}]}})

    def _partner(self, number: str) -> str:
        """The number under which the post has the parcel, once it does; what happens then it tells itself."""
        shipment = self.road.known.get(number)
        handed = shipment and shipment.number == number and self.road.clock.now() >= shipment.local_at
        return shipment.local if shipment and handed else ""

    async def _subscribe(self, request: web.Request) -> web.Response:
        if not self.product:
            return _refusal(403, "250002", "Invalid Authentication Information.")
        wish = await request.json()
        numbers = wish.get("trackingNumberList") or []
        if not wish.get("locale") or not wish.get("countryCode") or not 0 < len(numbers) <= AT_ONCE:
            return _refusal(400, "VSS300", "Locale is required. The Subscription request has been rejected.")
        good = [one for one in numbers if NUMBER.fullmatch(one)]
        self.alerts |= dict.fromkeys(good, self.road.clock.now() + LASTS)
        bad = [one for one in numbers if one not in good]
        if not good:
            return _refusal(400, "VSS210", "The Subscription request should have at least one valid tracking number.")
        return web.json_response({"validTrackingNumbers": good, "invalidTrackingNumbers": bad})


def _activity(scan: Scan) -> dict[str, Any]:
    kind, code, status = WORDS[scan.sub]
    local, gmt = _split(scan.at.astimezone(scan.zone)), _split(scan.at.astimezone(UTC))
    return {
        "location": {"address": {"city": scan.city, "countryCode": scan.country}},
        "status": {"type": kind, "code": code, "statusCode": status, "description": scan.words},
        "date": local["Date"],
        "time": local["Time"],
        "gmtDate": gmt["Date"],
        "gmtTime": gmt["Time"],
        "gmtOffset": scan.at.astimezone(scan.zone).isoformat()[-6:],
    }


def _split(at: Any) -> dict[str, str]:
    return {"Date": f"{at:%Y%m%d}", "Time": f"{at:%H%M%S}"}


def _refusal(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"response": {"errors": [{"code": code, "message": message}]}}, status=status)
