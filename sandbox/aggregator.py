"""The aggregator: 17TRACK API v2.2. Register, ask, change the carrier, stop, retrack, quota, signed pushes."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.callbacks import Callbacks, Message
from sandbox.clock import Clock
from sandbox.faults import Fault, Faults, Handler, troubled
from sandbox.numbers import BY_KEY, Carrier, plausible_carrier
from sandbox.shipment import Shipment
from sandbox.track_info import Json, track_info

KEY = "17SANDBOX0000000000000000000000A"
BASE = "/track/v2.2"
MOST, PER_SECOND, QUOTA, CARRIER_CHANGES = 40, 3, 100_000, 5
FETCHING = timedelta(minutes=2)  # between registering and the first answer
SILENT, SETTLED = timedelta(days=30), timedelta(days=15)
RETRIES = (timedelta(minutes=10), timedelta(minutes=30), timedelta(minutes=60))
FINAL = ("Delivered", "Exception_Returned", "Exception_Lost")
LEGAL_KEYS = range(1001, 1_000_000)
LEGAL_LENGTH = range(5, 51)


@dataclass(slots=True, kw_only=True)
class Registered:
    """A number that the account follows."""

    number: str
    carrier: Carrier
    detected: bool
    tag: str
    at: datetime
    stopped_at: datetime | None = None
    fetched: bool = False
    retracked: bool = False
    changes: int = 0


class Rejected(Exception):
    """Why one item of a batch is not accepted."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Aggregator:
    """The account's list of numbers and its API. ``known`` maps every number of the world to its parcel."""

    def __init__(self, *, clock: Clock, faults: Faults, callbacks: Callbacks) -> None:
        self.known: dict[str, Shipment] = {}
        self.followed: dict[str, Registered] = {}
        self.push_address = ""
        self._clock = clock
        self._faults = faults
        self._callbacks = callbacks
        self._calls: list[float] = []

    def app(self) -> web.Application:
        """The HTTP side."""
        app = web.Application(middlewares=[troubled(self._faults, "aggregator", OWN_WORDS), self._let_in])
        batches: dict[str, Callable[[Json], Json]] = {
            "register": self._register,
            "gettrackinfo": self._get,
            "changecarrier": self._change_carrier,
            "changeinfo": self._change_info,
            "stoptrack": self._stop,
            "retrack": self._retrack,
            "deletetrack": self._delete,
            "push": self._push_again,
        }
        app.add_routes([web.post(f"{BASE}/{name}", _batch(one)) for name, one in batches.items()])
        app.add_routes([web.post(f"{BASE}/getquota", self._quota)])
        return app

    def learn(self, shipment: Shipment) -> None:
        """From now on the carriers may have something to say about this parcel."""
        for number in {shipment.number, shipment.local} - {""}:
            self.known[number] = shipment

    def forget(self, shipment: Shipment) -> None:
        """It is too long ago."""
        for number in {shipment.number, shipment.local} - {""}:
            self.known.pop(number, None)
            self.followed.pop(number, None)

    def adopt(self, number: str, shipment: Shipment) -> Shipment:
        """Lets ``number`` travel as ``shipment`` does, in place of the number that was drawn for it."""
        carrier = plausible_carrier(number.upper()) or shipment.carrier
        own = replace(shipment, number=number.upper(), local="", carrier=carrier, local_carrier=carrier)
        self.learn(own)
        return own

    def tell(self, shipment: Shipment) -> None:
        """Pushes the news of a parcel's numbers to the account's webhook, if they are followed."""
        for number in (shipment.number, shipment.local):
            entry = self.followed.get(number)
            if entry and entry.fetched and entry.stopped_at is None and self._scans(entry):
                self._push(entry, "TRACKING_UPDATED")

    def look_around(self) -> None:
        """Asks the carriers about new numbers, and stops what had no news for 30 days or was settled 15 days ago."""
        now = self._clock.now()
        for entry in self.followed.values():
            self._fetch(entry, now)
            scans = self._scans(entry)
            last = max([entry.at, *(scan.at for scan in scans[-1:])])
            settled = bool(scans) and scans[-1].sub.startswith(FINAL)
            if entry.stopped_at is None and now - last > (SETTLED if settled else SILENT):
                entry.stopped_at = now
                self._push(entry, "TRACKING_STOPPED")

    def _fetch(self, entry: Registered, now: datetime) -> None:
        if not entry.fetched and now >= entry.at + FETCHING:
            entry.fetched = True
            if self._scans(entry):
                self._push(entry, "TRACKING_UPDATED")

    def _scans(self, entry: Registered) -> tuple[Any, ...]:
        shipment = self.known.get(entry.number)
        if shipment is None or entry.carrier not in {shipment.carrier, shipment.local_carrier}:
            return ()
        return shipment.seen(self._clock.now(), entry.number)

    def _info(self, entry: Registered) -> Json:
        scans, shipment = self._scans(entry), self.known.get(entry.number)
        return track_info(scans, shipment if scans else None, entry.number, self._clock.now())

    def _push(self, entry: Registered, event: str) -> None:
        if not self.push_address:
            return
        data: Json = {"number": entry.number, "carrier": entry.carrier.key, "param": None, "tag": entry.tag}
        if event == "TRACKING_UPDATED":
            data["track_info"] = self._info(entry)
        body = json.dumps({"event": event, "data": data}, separators=(",", ":")).encode()
        sign = hashlib.sha256(body + b"/" + KEY.encode()).hexdigest()
        headers = {"Content-Type": "application/json", "sign": sign}
        waits = [max(1.0, self._clock.real_seconds(wait)) for wait in RETRIES]
        message = Message(vendor="aggregator", url=self.push_address, body=body, headers=headers, waits=waits)
        self._callbacks.post(message)

    @web.middleware
    async def _let_in(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("17token") != KEY:
            return _trouble(-18010002, "Security key is invalid.", status=401)
        now = asyncio.get_running_loop().time()
        self._calls = [at for at in self._calls if at > now - 1]
        if len(self._calls) >= PER_SECOND:
            return web.Response(status=429)
        self._calls.append(now)
        return await handler(request)

    async def _quota(self, _: web.Request) -> web.Response:
        used = len(self.followed)
        data = {
            "quota_total": QUOTA,
            "quota_used": used,
            "quota_remain": QUOTA - used,
            "today_used": used,
            "max_track_daily": QUOTA,
            "free_email_quota": 0,
            "free_email_quota_used": 0,
        }
        return web.json_response({"code": 0, "data": data})

    # one item each; raises Rejected

    def _register(self, item: Json) -> Json:
        number = _number(item)
        if number in self.followed:
            raise Rejected(
                -18019901, f"The tracking number '{number}' has been registered, don't need to repeat registration."
            )
        if len(self.followed) >= QUOTA:
            raise Rejected(-18019908, "Quota is not enough for use.")
        key = item.get("carrier") or 0
        carrier = self._carrier(key) if key else self._detect(number)
        entry = Registered(
            number=number,
            carrier=carrier,
            detected=not key,
            tag=str(item.get("tag") or ""),
            at=self._clock.now(),
        )
        self.followed[number] = entry
        return {"origin": 2 if entry.detected else 1, "number": number, "carrier": carrier.key}

    def _detect(self, number: str) -> Carrier:
        carrier = plausible_carrier(number)
        if carrier is None:
            raise Rejected(-18019903, f"Carrier cannot be detected, tracking number '{number}'.")
        return carrier

    def _carrier(self, key: object) -> Carrier:
        if not isinstance(key, int) or key not in LEGAL_KEYS:
            raise Rejected(-18019910, f"The carrier value '{key}' is incorrect.")
        # The real list has thousands; those that carry nothing here know none of this world's parcels.
        return BY_KEY.get(key) or Carrier(key=key, name=f"Carrier {key}", country="", homepage="")

    def _followed(self, item: Json) -> Registered:
        entry = self.followed.get(_number(item))
        wanted = item.get("carrier") or item.get("carrier_old")
        if entry is None or (wanted and wanted != entry.carrier.key):
            raise Rejected(
                -18019902, f"The tracking number '{item.get('number')}' does not register, please register first."
            )
        return entry

    def _get(self, item: Json) -> Json:
        entry = self._followed(item)
        if not entry.fetched:
            raise Rejected(-18019909, "No tracking information at present.")
        about = {"number": entry.number, "carrier": entry.carrier.key, "param": None, "tag": entry.tag}
        return {**about, "track_info": self._info(entry)}

    def _change_carrier(self, item: Json) -> Json:
        entry = self._followed(item)
        if entry.changes >= CARRIER_CHANGES:
            raise Rejected(-18019807, "The carrier can be changed 5 times at most.")
        entry.carrier, entry.detected = self._carrier(item.get("carrier_new")), False
        entry.changes += 1
        entry.fetched, entry.at = False, self._clock.now()
        return {"number": entry.number, "carrier": entry.carrier.key}

    def _change_info(self, item: Json) -> Json:
        entry = self._followed(item)
        entry.tag = str(item.get("items", {}).get("tag", entry.tag))
        return _brief(entry)

    def _stop(self, item: Json) -> Json:
        entry = self._followed(item)
        if entry.stopped_at:
            raise Rejected(-18019906, "Only numbers that are tracked can be stopped.")
        entry.stopped_at = self._clock.now()
        return _brief(entry)

    def _retrack(self, item: Json) -> Json:
        entry = self._followed(item)
        if entry.stopped_at is None:
            raise Rejected(-18019904, "Only stopped numbers can be tracked again.")
        if entry.retracked:
            raise Rejected(-18019905, "A number can be tracked again only once.")
        entry.stopped_at, entry.retracked, entry.at = None, True, self._clock.now()
        return _brief(entry)

    def _delete(self, item: Json) -> Json:
        return _brief(self.followed.pop(self._followed(item).number))

    def _push_again(self, item: Json) -> Json:
        entry = self._followed(item)
        if not self._scans(entry):
            raise Rejected(-18019909, "No tracking information at present.")
        self._push(entry, "TRACKING_UPDATED")
        return _brief(entry)


def _brief(entry: Registered) -> Json:
    return {"number": entry.number, "carrier": entry.carrier.key}


def _number(item: Json) -> str:
    number = item.get("number")
    if not isinstance(number, str) or len(number) not in LEGAL_LENGTH or not number.isalnum():
        raise Rejected(-18010012, f"The format of '{number}' is invalid.")
    return number.upper()


def _batch(one: Callable[[Json], Json]) -> Callable[[web.Request], Any]:
    """At most 40 items; good ones are accepted beside bad ones."""

    async def handle(request: web.Request) -> web.Response:
        try:
            items = json.loads(await request.read())
        except ValueError:
            items = None
        if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
            return _trouble(-18010012, "The data format submitted is invalid.")
        if not items or len(items) > MOST:
            return _trouble(-18010014, f"The submitted tracking numbers are more than {MOST}.")
        return web.json_response({"code": 0, "data": _sorted_out(items, one)})

    return handle


def _sorted_out(items: Iterable[Json], one: Callable[[Json], Json]) -> Json:
    accepted: list[Json] = []
    rejected: list[Json] = []
    for item in items:
        try:
            accepted.append(one(item))
        except Rejected as problem:
            error = {"code": problem.code, "message": str(problem)}
            rejected.append({"number": item.get("number"), "error": error})
    return {"accepted": accepted, "rejected": rejected}


def _trouble(code: int, message: str, *, status: int = 200) -> web.Response:
    body = {"code": code, "data": {"errors": [{"code": code, "message": message}]}}
    return web.json_response(body, status=status)


OWN_WORDS = {
    Fault.DENIED: lambda: _trouble(-18010002, "Security key is invalid.", status=401),
    Fault.BUSY: lambda: web.Response(status=429),
}
