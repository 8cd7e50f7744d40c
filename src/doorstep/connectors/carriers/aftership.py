"""AfterShip Tracking API, version 2025-01: one account that answers for some 1,200 carriers. What its answers mean is
read in ``aftership_tracks``; here is how to ask.

Sources: the documentation of 2025-01 and the schemas of the official TypeScript SDK. Limits: 10 calls a second; each
new tracking costs one unit of quota; AfterShip stops by itself 30 days after the last news. It detects the carrier.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from doorstep.connectors import signing
from doorstep.connectors.carriers import aftership_tracks as tracks
from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Can,
    Carrier,
    Checked,
    Delivery,
    Denied,
    Facts,
    Field,
    Flow,
    Followed,
    Meta,
    NotFound,
    Received,
    Refused,
    Request,
)
from doorstep.core.message import Message
from doorstep.core.number import TrackingNumber, slug_at
from doorstep.core.status import Status

BASE: Final = "https://api.aftership.com/tracking/2025-01"
_PAGES: Final = 20  # of 100: far more than one call asks for


class _Known(msgspec.Struct):
    id: str
    slug: str | None = None


class _EventId(msgspec.Struct):
    event_id: str = ""


class AfterShip:
    """A Follower (create, delete, change carrier) whose signed webhooks are received as well."""

    meta = Meta(
        name="aftership",
        label="AfterShip",
        hosts=frozenset({"api.aftership.com"}),
        polls_per_minute=300,
        batch=40,
        can=frozenset({Can.TRACK, Can.FOLLOW, Can.HOOKS}),
        fields=(
            Field(name="api_key", label="API key", secret=True, help="In AfterShip under Settings, API keys."),
            Field(
                name="webhook_secret",
                label="Webhook secret",
                secret=True,
                required=False,
                help="In AfterShip under Settings, Webhooks. Without it Doorstep asks by itself and takes no webhooks.",
            ),
        ),
        basis="JSON schemas of the official TypeScript SDK (2025-01) and recorded answers of its SDKs",
        docs="https://www.aftership.com/docs/tracking/quickstart/api-quick-start",
        keys=frozenset({"postcode"}),
        proven="recorded",
        steps=(
            "Sign in at admin.aftership.com with a plan that has the tracking API.",
            "Open Settings, API keys; create a key for tracking and copy it.",
            "For webhooks open Settings, Webhooks: enter Doorstep's address and copy the webhook secret.",
        ),
        limits=(
            "Ten calls a second.",
            "Each number costs one unit of the plan; AfterShip stops 30 days after the last news.",
        ),
        gaps=("Extra keys that some carriers want, other than a postcode, are not sent.",),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen = frozenset({*(f"Pending_00{number}" for number in range(2, 7)), "Exception_014", "Exception_015"})

    def check(self, account: Account) -> Flow[Checked]:
        """Asks for the account's couriers, which costs nothing. A hash of the key is the account's id."""
        data = tracks.opened((yield _request(account, "GET", "couriers")))
        key = account.credentials["api_key"].encode()
        return Checked(
            external_id=hashlib.sha256(b"aftership:" + key).hexdigest()[:16],
            label="AfterShip",
            notes=(Message(id="aftership.couriers", values={"count": len(data.couriers or ())}),),
        )

    def follow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Creates a tracking for each number; AfterShip detects the carrier. One that exists already counts."""
        return (yield from _each(account, numbers))

    def unfollow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Deletes the trackings of the numbers. A number without one counts as stopped."""
        for number in numbers:
            for known in (yield from _known(account, number)):
                try:
                    tracks.opened((yield _request(account, "DELETE", f"trackings/{known.id}", changes=True)))
                except NotFound:
                    continue
        return tuple(Followed(number=number.text, remote="stopped") for number in numbers)

    def recarrier(self, account: Account, number: TrackingNumber) -> Flow[Followed]:
        """Gives a number to ``number.carrier`` by AfterShip's spelling of it, or where our table has none by the usual
        one, and asks again. Raises Refused when AfterShip does not know that carrier, or does not have it switched on.
        """
        slug = slug_at(tracks.SOURCE, number.carrier)
        known = yield from _known(account, number)
        if not known:
            (followed,) = yield from _each(account, [number], slug)
        else:
            body = {"slug": slug}
            change = _request(account, "PUT", f"trackings/{known[0].id}", body=body, changes=True)
            try:
                tracks.opened((yield change))
            except Refused as refused:
                values = {"carrier": number.carrier, "said": refused.said}
                raise Refused(refused.said, message=Message(id="aftership.no_such_carrier", values=values)) from refused
            followed = Followed(number=number.text, remote="registered", carrier_key=slug)
        yield from self.track(account, [number])
        return followed

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """Asks for all numbers at once, page by page."""
        asked = ",".join(one.text for one in numbers)
        cursor = ""
        for _ in range(_PAGES):
            query = (("tracking_numbers", asked), ("limit", "100"), *((("cursor", cursor),) if cursor else ()))
            page = yield _request(account, "GET", "trackings", query=query, what="track", asked=asked, page=cursor)
            cursor = tracks.cursor(tracks.opened(page))
            if not cursor:
                return
        raise Broken("AfterShip's list has no end")

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """AfterShip takes its webhook address only by hand: Refused, with the sentence that says where."""
        yield from ()
        raise Refused(message=Message(id="aftership.hook_by_hand", values={"address": address}))

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """``aftership-hmac-sha256`` is the base64 HMAC of the body, which it covers. ``event_id`` tells repetitions."""
        secret = account.credentials.get("webhook_secret", "")
        said = delivery.headers.get("aftership-hmac-sha256", "")
        if not secret or not signing.same(signing.hmac_base64(secret, delivery.body), said):
            raise Denied(message=Message(id="aftership.bad_signature"))
        key = tracks.decode(delivery.body, _EventId).event_id
        return Received(answer=Answer(what="push", body=delivery.body, received_at=delivery.received_at), key=key)

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer or a ``push``."""
        return tracks.pushed(answer) if answer.what == "push" else tracks.tracked(answer)


def _each(account: Account, numbers: Sequence[TrackingNumber], slug: str = "") -> Flow[tuple[Followed, ...]]:
    told = []
    for number in numbers:
        answer = yield _request(account, "POST", "trackings", body=_creation(number, slug), changes=True)
        try:
            key = tracks.opened(answer).slug or ""
            told.append(Followed(number=number.text, remote="registered", carrier_key=key))
        except Refused as refused:
            known = refused.said.startswith(str(tracks.ALREADY_FOLLOWED))
            told.append(Followed(number=number.text, remote="registered" if known else "rejected", said=refused.said))
    return tuple(told)


def _creation(number: TrackingNumber, slug: str) -> dict[str, str]:
    """Postcode and slug only where they are known."""
    known = {"slug": slug, "destination_postal_code": number.keys.get("postcode", "")}
    return {"tracking_number": number.text} | {name: text for name, text in known.items() if text}


def _known(account: Account, number: TrackingNumber) -> Flow[tuple[_Known, ...]]:
    """AfterShip's trackings of a number, one for each carrier."""
    answer = yield _request(account, "GET", "trackings", query=(("tracking_numbers", number.text),))
    found = tracks.opened(answer).trackings or ()
    return tuple(tracks.decode(raw, _Known) for raw in found)


def _request(
    account: Account,
    method: Literal["GET", "POST", "PUT", "DELETE"],
    path: str,
    *,
    query: tuple[tuple[str, str], ...] = (),
    body: Mapping[str, str] | None = None,
    what: str = "",
    asked: str = "",
    page: str = "",
    changes: bool = False,
) -> Request:
    return Request(
        method=method,
        url=f"{BASE}/{path}",
        query=query,
        headers={"as-api-key": account.credentials["api_key"], "content-type": "application/json"},
        body=msgspec.json.encode(body) if body else b"",
        what=what,
        subject=f"{asked} {page}".strip(),
        context={"asked": asked} if asked else {},
        changes=changes,
    )


CONNECTOR: Carrier = AfterShip()
