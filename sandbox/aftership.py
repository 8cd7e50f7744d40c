"""AfterShip: its Tracking API of 2025-01 and its signed webhooks. It detects the carrier by the number's shape."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from sandbox.callbacks import Callbacks, Message
from sandbox.clock import Clock
from sandbox.faults import Handler
from sandbox.numbers import (
    AUSTRALIA_POST,
    CANADA_POST,
    CHINA_POST,
    CJPACKET,
    CORREOS,
    DHL_PAKET,
    DPD,
    FEDEX,
    HERMES,
    LA_POSTE,
    POSTNL,
    ROYAL_MAIL,
    UPS,
    USPS,
    YUNEXPRESS,
    Carrier,
    plausible_carrier,
)
from sandbox.road import Busy, Codes, Road
from sandbox.shipment import Scan, Shipment

HOSTS = ("api.aftership.com",)
KEY, WEBHOOK_SECRET = "asat_sandbox00000000000000000000001", "sandbox-aftership-webhook-secret"
PER_SECOND = 10
BASE = "/tracking/2025-01"
RETRY_SECONDS = (1.0, 2.0)  # AfterShip's are minutes
SLUGS = {
    CJPACKET: "cjpacket",
    YUNEXPRESS: "yunexpress",
    CHINA_POST: "china-post",
    USPS: "usps",
    UPS: "ups",
    FEDEX: "fedex",
    ROYAL_MAIL: "royal-mail",
    DHL_PAKET: "dhl-germany",
    LA_POSTE: "la-poste-colissimo",
    CANADA_POST: "canada-post",
    AUSTRALIA_POST: "australia-post",
    POSTNL: "postnl",
    CORREOS: "spain-correos-es",
    HERMES: "hermes-de",
    DPD: "dpd-de",
}
BY_SLUG = {slug: one for one, slug in SLUGS.items()}
# tag, number of the subtag
WORDS: Codes = {
    "InfoReceived": ("InfoReceived", "001"),
    "InTransit_PickedUp": ("InTransit", "002"),
    "InTransit_Other": ("InTransit", "001"),
    "InTransit_Departure": ("InTransit", "007"),
    "InTransit_Arrival": ("InTransit", "004"),
    "InTransit_CustomsProcessing": ("InTransit", "006"),
    "InTransit_CustomsReleased": ("InTransit", "005"),
    "InTransit_CustomsRequiringInformation": ("Exception", "018"),
    "OutForDelivery_Other": ("OutForDelivery", "001"),
    "AvailableForPickup_Other": ("AvailableForPickup", "001"),
    "Delivered_Other": ("Delivered", "001"),
    "DeliveryFailure_NoBody": ("AttemptFail", "002"),
    "DeliveryFailure_InvalidAddress": ("Exception", "007"),
    "Exception_Returning": ("Exception", "010"),
    "Exception_Returned": ("Exception", "011"),
    "Exception_Lost": ("Exception", "013"),
}


class Refusal(Exception):
    """A ``meta`` that says no. ``code`` is AfterShip's own, beside the HTTP status."""

    def __init__(self, status: int, code: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.meta = {"code": code, "type": kind, "message": message}


@dataclass(slots=True, kw_only=True)
class Tracking:
    """A number that the account follows."""

    id: str
    number: str
    carrier: Carrier
    at: datetime


class AfterShip:
    """The account's trackings and their API. ``push_address`` is what a person typed under Settings, Webhooks."""

    def __init__(self, *, clock: Clock, known: Mapping[str, Shipment], callbacks: Callbacks) -> None:
        self.road = Road(clock, known, PER_SECOND)
        self.trackings: dict[str, Tracking] = {}
        self.push_address = ""
        self._clock = clock
        self._callbacks = callbacks

    def app(self) -> web.Application:
        """The HTTP side."""
        app = web.Application(middlewares=[self._in_words])
        one = f"{BASE}/trackings/{{id}}"
        app.add_routes(
            [
                web.get(f"{BASE}/couriers", self._couriers),
                web.get(f"{BASE}/trackings", self._list),
                web.post(f"{BASE}/trackings", self._create),
                web.put(one, self._change),
                web.delete(one, self._delete),
            ]
        )
        return app

    def tell(self, shipment: Shipment) -> None:
        """Sends the webhook about a parcel's numbers, where they are followed and somebody listens."""
        for tracking in [one for one in self.trackings.values() if one.number in {shipment.number, shipment.local}]:
            if self.push_address and self._scans(tracking):
                self._push(tracking)

    def _push(self, tracking: Tracking) -> None:
        told = self._written(tracking)
        known = {"event": "tracking_update", "event_id": f"e-{tracking.id}-{len(told['checkpoints'])}"}
        body = json.dumps({**known, "msg": told, "ts": int(self._clock.now().timestamp())}).encode()
        sign = b64encode(hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).digest()).decode()
        headers = {"Content-Type": "application/json", "aftership-hmac-sha256": sign}
        address = self.push_address
        self._callbacks.post(Message(vendor="aftership", url=address, body=body, headers=headers, waits=RETRY_SECONDS))

    @web.middleware
    async def _in_words(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self.road.spend()
            self._let_in(request)
            return await handler(request)
        except Busy:
            return _said({"code": 429, "type": "TooManyRequests", "message": "You have exceeded the rate limit."}, 429)
        except Refusal as refusal:
            return _said(refusal.meta, refusal.status)

    def _let_in(self, request: web.Request) -> None:
        if request.headers.get("as-api-key") != KEY:
            raise Refusal(401, 401, "Unauthorized", "Invalid API Key.")

    async def _couriers(self, _: web.Request) -> web.Response:
        rows = [{"slug": slug, "name": one.name, "web_url": one.homepage} for slug, one in BY_SLUG.items()]
        return _said({"code": 200}, 200, {"total": len(rows), "couriers": rows})

    async def _list(self, request: web.Request) -> web.Response:
        """Cursors are places in the list."""
        wanted = {one for one in request.query.get("tracking_numbers", "").split(",") if one}
        found = [one for one in self.trackings.values() if not wanted or one.number in wanted]
        limit, start = request.query.get("limit", "100"), request.query.get("cursor", "0")
        if not limit.isdigit() or not 1 <= int(limit) <= 200 or not start.isdigit():
            raise Refusal(400, 4017, "BadRequest", "The value of `limit` or `cursor` is invalid.")
        end = int(start) + int(limit)
        page: dict[str, Any] = {"total": len(found), "has_next_page": end < len(found)}
        page |= {"next_cursor": str(end)} if end < len(found) else {}
        shown = [self._written(one) for one in found[int(start) : end]]
        return _said({"code": 200}, 200, {"pagination": page, "trackings": shown})

    async def _create(self, request: web.Request) -> web.Response:
        wish = await request.json()
        number = str(wish.get("tracking_number") or "").upper()
        if not number.isalnum() or not 4 <= len(number) <= 100:
            raise Refusal(400, 4005, "BadRequest", "The value of `tracking_number` is invalid.")
        carrier = self._carrier(wish["slug"]) if wish.get("slug") else plausible_carrier(number)
        if carrier is None:
            raise Refusal(400, 4012, "BadRequest", "Cannot detect courier. Please specify `slug`.")
        if any((one.number, one.carrier) == (number, carrier) for one in self.trackings.values()):
            raise Refusal(400, 4003, "BadRequest", "Tracking already exists.")
        ref = hashlib.sha256(f"{number} {carrier.key}".encode()).hexdigest()[:24]
        self.trackings[ref] = Tracking(id=ref, number=number, carrier=carrier, at=self._clock.now())
        return _said({"code": 201}, 201, self._written(self.trackings[ref]))

    async def _change(self, request: web.Request) -> web.Response:
        """Nothing but its carrier can be changed here."""
        tracking, wish = self._tracking(request), await request.json()
        tracking.carrier = self._carrier(str(wish.get("slug")))
        return _said({"code": 200}, 200, self._written(tracking))

    async def _delete(self, request: web.Request) -> web.Response:
        tracking = self.trackings.pop(self._tracking(request).id)
        return _said({"code": 200}, 200, {"id": tracking.id, "tracking_number": tracking.number})

    def _tracking(self, request: web.Request) -> Tracking:
        found = self.trackings.get(request.match_info["id"])
        if found is None:
            raise Refusal(404, 4004, "NotFound", "Tracking does not exist.")
        return found

    def _carrier(self, slug: str) -> Carrier:
        if slug not in BY_SLUG:
            raise Refusal(400, 4010, "BadRequest", "The value of `slug` is invalid.")
        return BY_SLUG[slug]

    def _scans(self, tracking: Tracking) -> tuple[Scan, ...]:
        """The oldest first; none where another carrier has the parcel."""
        shipment = self.road.known.get(tracking.number)
        if shipment is None or tracking.carrier not in {shipment.carrier, shipment.local_carrier}:
            return ()
        return shipment.seen(self._clock.now(), tracking.number)

    def _written(self, tracking: Tracking) -> dict[str, Any]:
        scans, slug = self._scans(tracking), SLUGS[tracking.carrier]
        tag, part = WORDS[scans[-1].sub] if scans else ("Pending", "001")
        about = {"id": tracking.id, "tracking_number": tracking.number, "slug": slug, "active": True}
        points = [_checkpoint(scan, slug) for scan in scans]
        return {**about, "created_at": _utc(tracking.at), "tag": tag, "subtag": f"{tag}_{part}", "checkpoints": points}


def _checkpoint(scan: Scan, slug: str) -> dict[str, Any]:
    tag, part = WORDS[scan.sub]
    return {
        "created_at": _utc(scan.at),
        "slug": slug,
        "checkpoint_time": scan.at.astimezone(scan.zone).isoformat(timespec="seconds"),
        "location": scan.place,
        "city": scan.city,
        "country_region": scan.country,
        "message": scan.words,
        "tag": tag,
        "subtag": f"{tag}_{part}",
        "source": "carrier",
        "events": [],
    }


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _said(meta: Mapping[str, Any], status: int, data: Mapping[str, Any] | None = None) -> web.Response:
    return web.json_response({"meta": dict(meta), "data": dict(data or {})}, status=status)
