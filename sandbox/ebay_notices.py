"""eBay's Commerce Notification v1: asks an address its question, and signs what it sends there."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.clock import Clock
from sandbox.ebay_order import Refusal

SCOPE = "https://api.ebay.com/oauth/api_scope"
BASE = "/commerce/notification/v1"
KEY_ID = "9936261a-0000-4000-8000-00000000d005"
TOPICS = {"ORDER_CONFIRMATION"}


class Notices:
    """Destinations of the application and subscriptions of the seller."""

    def __init__(self, *, clock: Clock, random: Random, who: Callable[[web.Request, str], str]) -> None:
        self.alert_email = ""
        self.destinations: dict[str, dict[str, Any]] = {}
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self._clock = clock
        self._random = random
        self._who = who
        self._key = ec.generate_private_key(ec.SECP256R1())

    def routes(self) -> list[web.RouteDef]:
        """Of the API."""
        return [
            web.get(BASE + "/public_key/{kid}", self._public_key),
            web.get(BASE + "/config", self._get_config),
            web.put(BASE + "/config", self._put_config),
            web.get(BASE + "/destination", self._list_destinations),
            web.post(BASE + "/destination", self._make_destination),
            web.put(BASE + "/destination/{id}", self._change_destination),
            web.get(BASE + "/subscription", self._list_subscriptions),
            web.post(BASE + "/subscription", self._subscribe),
            web.post(BASE + "/subscription/{id}/enable", self._enable),
        ]

    def notice(self, topic: str, data: dict[str, Any], at: datetime) -> tuple[dict[str, str], bytes]:
        """Headers and body of a notice, signed."""
        said = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        told = {"notificationId": self._hex(), "eventDate": said, "publishDate": said, "publishAttemptCount": 1}
        metadata = {"topic": topic, "schemaVersion": "1.0", "deprecated": False}
        body = json.dumps(
            {"metadata": metadata, "notification": {**told, "data": data}}, separators=(",", ":")
        ).encode()
        signature = base64.b64encode(self._key.sign(body, ec.ECDSA(hashes.SHA1()))).decode()  # noqa: S303 - as eBay does
        signed = {"alg": "ecdsa", "kid": KEY_ID, "signature": signature, "digest": "SHA1"}
        header = base64.b64encode(json.dumps(signed).encode()).decode()
        return {"content-type": "application/json", "x-ebay-signature": header}, body

    async def _public_key(self, request: web.Request) -> web.Response:
        self._who(request, SCOPE)
        if request.match_info["kid"] != KEY_ID:
            raise Refusal(404, 195001, "The specified key id is invalid.")
        pem = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return web.json_response({"algorithm": "ECDSA", "digest": "SHA1", "key": pem.decode().replace("\n", "")})

    async def _get_config(self, request: web.Request) -> web.Response:
        self._who(request, SCOPE)
        if not self.alert_email:
            raise Refusal(404, 195011, "Configuration not found.")
        return web.json_response({"alertEmail": self.alert_email})

    async def _put_config(self, request: web.Request) -> web.Response:
        self._who(request, SCOPE)
        self.alert_email = (await request.json())["alertEmail"]
        return web.Response(status=204)

    async def _list_destinations(self, request: web.Request) -> web.Response:
        self._who(request, SCOPE)
        found = list(self.destinations.values())
        return web.json_response({"total": len(found), "limit": 100, "href": BASE, "destinations": found})

    async def _make_destination(self, request: web.Request) -> web.Response:
        self._who(request, SCOPE)
        if not self.alert_email:
            raise Refusal(409, 195014, "Please set an alert email first.")
        body = await request.json()
        await self._challenge(body["deliveryConfig"])
        ref = self._hex()
        self.destinations[ref] = {"destinationId": ref, **body}
        return web.Response(status=201, headers={"Location": f"https://api.ebay.com{BASE}/destination/{ref}"})

    async def _change_destination(self, request: web.Request) -> web.Response:
        self._who(request, SCOPE)
        ref, body = request.match_info["id"], await request.json()
        if ref not in self.destinations:
            raise Refusal(404, 195013, "The destination does not exist.")
        await self._challenge(body["deliveryConfig"])
        self.destinations[ref] = {"destinationId": ref, **body}
        return web.Response(status=204)

    async def _challenge(self, config: dict[str, str]) -> None:
        """The address has to answer with the hash of three things, in order."""
        endpoint, token = config["endpoint"], config["verificationToken"]
        if not re.fullmatch(r"[A-Za-z0-9_-]{32,80}", token):
            raise Refusal(400, 195005, "Invalid verification token.")
        code = self._hex()
        async with aiohttp.ClientSession() as session, session.get(endpoint, params={"challenge_code": code}) as answer:
            said = json.loads(await answer.text()) if answer.status == 200 else {}
        if said.get("challengeResponse") != hashlib.sha256((code + token + endpoint).encode()).hexdigest():
            raise Refusal(400, 195020, "Challenge verification failed.")

    async def _list_subscriptions(self, request: web.Request) -> web.Response:
        self._seller(request)
        found = list(self.subscriptions.values())
        return web.json_response({"total": len(found), "limit": 100, "href": BASE, "subscriptions": found})

    async def _subscribe(self, request: web.Request) -> web.Response:
        self._seller(request)
        body = await request.json()
        if body["topicId"] not in TOPICS or body["destinationId"] not in self.destinations:
            raise Refusal(400, 195006, "Invalid topic or destination.")
        if any(one["topicId"] == body["topicId"] for one in self.subscriptions.values()):
            raise Refusal(409, 195026, "The subscription exists already.")
        ref = self._hex()
        made = self._clock.now().isoformat()
        self.subscriptions[ref] = {"subscriptionId": ref, "creationDate": made, **body}
        return web.Response(status=201, headers={"Location": f"https://api.ebay.com{BASE}/subscription/{ref}"})

    async def _enable(self, request: web.Request) -> web.Response:
        self._seller(request)
        self.subscriptions[request.match_info["id"]]["status"] = "ENABLED"
        return web.Response(status=204)

    def _seller(self, request: web.Request) -> None:
        if not self._who(request, f"{SCOPE}/commerce.notification.subscription"):
            raise Refusal(403, 195007, "A seller's token is needed.")

    def _hex(self) -> str:
        return f"{self._random.getrandbits(128):032x}"
