"""PayPal: tokens for an app, and the numbers of parcels beside captured payments (Shipment Tracking 1.6)."""

import re
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

from aiohttp import web

from sandbox.clock import Clock
from sandbox.faults import Handler
from sandbox.permits import NoPermit
from sandbox.road import Busy, Road, let_in, permits

HOSTS = ("api-m.paypal.com",)
SCOPE = "https://uri.paypal.com/services/shipping/trackers/readwrite"
PER_SECOND, AT_ONCE = 10, 20
STATUSES = frozenset({"SHIPPED", "ON_HOLD", "DELIVERED", "CANCELLED"})
FIELDS = frozenset(
    {"transaction_id", "tracking_number", "tracking_number_type", "status", "shipment_date", "carrier"}
    | {"carrier_name_other", "notify_buyer", "tracking_url"}
)
CARRIERS = (  # of its enumeration, as far as this world's parcels need them
    *("UPS", "USPS", "FEDEX", "CJPACKET", "YUNEXPRESS", "ROYAL_MAIL", "LA_POSTE_SUIVI", "CA_CANADA_POST"),
    *("AU_AU_POST", "NLD_POSTNL", "CORREOS_ES", "HERMES_DE", "DPD", "CN_CHINA_POST_EMS"),
)
DAY = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
UNFIT = "Request is not well-formed, syntactically incorrect, or violates schema."
DECLINED = "The requested action could not be performed, semantically incorrect, or failed business validation."


class PayPal:
    """``captured`` are the merchant's payments, ``carriers`` the list beside which only OTHER is taken. ``trackers`` is
    what it was given, by transaction and number. ``may_track``: whether tracking is among the features of the app.
    """

    def __init__(self, *, clock: Clock, random: Random, carriers: Sequence[str]) -> None:
        self.road = Road(clock, {}, PER_SECOND)
        self.permits = permits(clock, random, timedelta(hours=9))
        self.carriers = frozenset(carriers)
        self.captured: set[str] = set()
        self.trackers: dict[tuple[str, str], dict[str, Any]] = {}
        self.may_track = True

    def forget(self, capture: str) -> None:
        """It is too long ago."""
        self.captured.discard(capture)
        for key in [one for one in self.trackers if one[0] == capture]:
            del self.trackers[key]

    def app(self) -> web.Application:
        """The HTTP side."""
        app = web.Application(middlewares=[self._in_words])
        app.add_routes(
            [
                web.post("/v1/oauth2/token", self._token),
                web.post("/v1/shipping/trackers-batch", self._batch),
                web.get("/v1/shipping/trackers/{transaction}-{number}", self._show),
            ]
        )
        return app

    @web.middleware
    async def _in_words(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self.road.spend()
            if request.path.startswith("/v1/shipping/"):
                let_in(self.permits, request)
                if not self.may_track:
                    return _error(403, "NOT_AUTHORIZED", "Authorization failed due to insufficient permissions.")
            return await handler(request)
        except Busy:
            return _error(429, "RATE_LIMIT_REACHED", "Too many requests. Blocked due to rate limiting.")
        except NoPermit:
            return _error(401, "AUTHENTICATION_FAILURE", "Authentication failed due to invalid credentials.")

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if request.headers.get("Authorization") != self.permits.basic():
            said = {"error": "invalid_client", "error_description": "Client Authentication failed"}
            return web.json_response(said, status=401)
        if form.get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        scope = f"openid {SCOPE}" if self.may_track else "openid"
        return web.json_response({**self.permits.issue("", frozenset()), "scope": scope, "app_id": "APP-SANDBOX"})

    async def _batch(self, request: web.Request) -> web.Response:
        wish = await request.json()
        wished = wish.get("trackers") or []
        if set(wish) - {"trackers"} or not 0 < len(wished) <= AT_ONCE:
            return _error(400, "INVALID_REQUEST", UNFIT, field="/trackers", issue="INVALID_ARRAY_LENGTH")
        for place, one in enumerate(wished):
            if unfit := self._unfit(one):
                return _error(400, "INVALID_REQUEST", UNFIT, field=f"/trackers/{place}/{unfit}", issue="INVALID_VALUE")
        taken: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for place, one in enumerate(wished):
            if problem := self._declined(one):
                field, issue = problem
                detail = {"field": f"/trackers/{place}/{field}", "value": one[field], "issue": issue}
                errors.append(_problem("UNPROCESSABLE_ENTITY", DECLINED, detail | {"location": "body"}))
            else:
                taken.append(self._take(one))
        lists = {"tracker_identifiers": taken, "errors": errors}
        return web.json_response({name: found for name, found in lists.items() if found})

    async def _show(self, request: web.Request) -> web.Response:
        tracker = self.trackers.get((request.match_info["transaction"], request.match_info["number"]))
        if tracker is None:
            return _error(404, "RESOURCE_NOT_FOUND", "The specified resource does not exist.")
        return web.json_response(tracker)

    def _unfit(self, one: dict[str, Any]) -> str:
        """The field by which a tracker is against the schema; then the whole call is declined."""
        checks = {
            "transaction_id": re.fullmatch(r"[a-zA-Z0-9]{1,50}", one.get("transaction_id", "")),
            "tracking_number": 0 < len(one.get("tracking_number", "x")) <= 64,
            "status": one.get("status") in STATUSES,
            "shipment_date": DAY.fullmatch(one.get("shipment_date", "2026-01-01")),
            "carrier": one.get("carrier", "OTHER") in self.carriers | {"OTHER"},
            "notify_buyer": isinstance(one.get("notify_buyer", False), bool),
        }
        strange = sorted(set(one) - FIELDS)
        return next((name for name, good in checks.items() if not good), strange[0] if strange else "")

    def _declined(self, one: dict[str, Any]) -> tuple[str, str] | None:
        """Why a tracker alone is not taken: its field, and the issue."""
        if one["transaction_id"] not in self.captured:
            return "transaction_id", "INVALID_TRANSACTION_ID"
        number = one.get("tracking_number", "")
        if "://" in number or not number.isascii():
            return "tracking_number", "INVALID_TRACKING_NUMBER"
        if number and ("carrier" not in one or (one["carrier"] == "OTHER" and not one.get("carrier_name_other"))):
            return "tracking_number", "CARRIER_REQUIRED"
        return None

    def _take(self, one: dict[str, Any]) -> dict[str, Any]:
        transaction, number = one["transaction_id"], one.get("tracking_number", "")
        self.trackers[transaction, number] = one
        address = f"https://{HOSTS[0]}/v1/shipping/trackers/{transaction}-{number}"
        links = [{"href": address, "rel": "self", "method": "GET"}]
        return {"transaction_id": transaction, "tracking_number": number, "links": links}


def _error(status: int, name: str, message: str, **detail: str) -> web.Response:
    return web.json_response(_problem(name, message, detail), status=status)


def _problem(name: str, message: str, detail: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"name": name, "message": message, "debug_id": "sandbox"}
    return {**said, "details": [detail]} if detail else said
