"""ShipEngine, which ShipStation calls its API now: it answers for some thirty carriers. What its answers mean is read
in ``shipengine_tracks``; here is how to ask.

Source: ShipEngine's OpenAPI file. It detects no carrier: a number is asked about at one of its list. Its webhooks take
headers of our choice, so a secret of ours comes back in one; it covers nothing, and each message is only a knock.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from doorstep.connectors import signing
from doorstep.connectors.carriers import shipengine_tracks as tracks
from doorstep.connectors.contract import (
    Account,
    Answer,
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
from doorstep.connectors.scans import account_id
from doorstep.core.message import Message
from doorstep.core.number import TrackingNumber, carrier, codes_at, keys_at
from doorstep.core.status import Status

BASE: Final = "https://api.shipengine.com/v1"
_HEADER: Final = "x-doorstep-secret"


class ShipEngine:
    """A Follower (start, stop) at the carriers of its list, whose webhooks are knocks."""

    meta = Meta(
        name="shipengine",
        label="ShipEngine (ShipStation API)",
        hosts=frozenset({"api.shipengine.com"}),
        polls_per_minute=120,
        batch=40,
        can=frozenset({Can.TRACK, Can.FOLLOW, Can.HOOKS}),
        fields=(
            Field(
                name="api_key",
                label="API key",
                secret=True,
                help="The production key, in the dashboard under API Management. Sandbox keys track nothing.",
            ),
        ),
        basis="ShipEngine's OpenAPI file",
        docs="https://www.shipengine.com/docs/tracking/",
        carriers=codes_at("shipengine"),
        proven="vendor sample",
        steps=(
            "Sign in to the ShipEngine (ShipStation API) dashboard and open API Management.",
            "Create a production API key and copy it: it is shown once.",
        ),
        limits=("One number in each question, at a carrier that ShipEngine lists.",),
        gaps=(
            "ShipEngine does not find out the carrier of a number.",
            "Its own signature of webhooks is not checked: a secret of ours comes back, and Doorstep asks again.",
        ),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset()

    def check(self, account: Account) -> Flow[Checked]:
        """Asks for the list of webhooks, which costs nothing. A hash of the key is the account's id."""
        tracks.opened((yield _request(account, "GET", "environment/webhooks")))
        return Checked(external_id=account_id("shipengine", account.credentials["api_key"]), label="ShipEngine")

    def follow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Starts each number at its carrier. Without one of ShipEngine's list it is rejected."""
        told: tuple[Followed, ...] = ()
        for number in numbers:
            told += ((yield from _followed(account, number)),)
        return told

    def unfollow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Stops the numbers. One that ShipEngine does not have (any more) counts as stopped."""
        for number in numbers:
            if code := _code(number):
                try:
                    tracks.opened((yield _about(account, "POST", "tracking/stop", number, code, changes=True)))
                except (NotFound, Refused):
                    continue
        return tuple(Followed(number=one.text, remote="stopped") for one in numbers)

    def recarrier(self, account: Account, number: TrackingNumber) -> Flow[Followed]:
        """Starts a number at ``number.carrier`` and asks again. Raises Refused when ShipEngine does not list it."""
        followed = yield from _followed(account, number)
        if followed.remote == "rejected":
            values = {"carrier": carrier(number.carrier).name, "said": followed.said}
            raise Refused(followed.said, message=Message(id="shipengine.no_such_carrier", values=values))
        yield from self.track(account, [number])
        return followed

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """One question for each number whose carrier ShipEngine lists; of others it can say nothing."""
        for number in numbers:
            if code := _code(number):
                tracks.tracked((yield _about(account, "GET", "tracking", number, code, what="track")))

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """Sets the webhook up over there, with our secret in a header of its messages."""
        body = {"event": "track", "url": address, "headers": [{"key": _HEADER, "value": secret}]}
        tracks.opened((yield _request(account, "POST", "environment/webhooks", body=body, changes=True)))
        return {"webhook_secret": secret}

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """Our secret comes back in a header. It covers nothing, so the message is a knock."""
        ours = account.credentials.get("webhook_secret", "")
        if not ours or not signing.same(ours, delivery.headers.get(_HEADER, "")):
            raise Denied(message=Message(id="carrier.bad_credential", values={"carrier": tracks.NAME}))
        answer = Answer(what="push", body=delivery.body, received_at=delivery.received_at)
        return Received(answer=answer if tracks.about_a_parcel(answer) else None, knock=True)

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer or a ``push``."""
        return tracks.pushed(answer) if answer.what == "push" else tracks.tracked(answer)


def _code(number: TrackingNumber) -> str:
    """ShipEngine's code of the carrier; '' where it has none. Of several the plain one is the shortest."""
    return min(keys_at("shipengine", number.carrier), key=len, default="")


def _followed(account: Account, number: TrackingNumber) -> Flow[Followed]:
    code = _code(number)
    if not code:
        return Followed(number=number.text, remote="rejected", said="not in ShipEngine's list")
    try:
        tracks.opened((yield _about(account, "POST", "tracking/start", number, code, changes=True)))
    except (NotFound, Refused) as refused:
        return Followed(number=number.text, remote="rejected", said=refused.said)
    return Followed(number=number.text, remote="registered", carrier_key=code)


def _about(
    account: Account,
    method: Literal["GET", "POST"],
    path: str,
    number: TrackingNumber,
    code: str,
    *,
    what: str = "",
    changes: bool = False,
) -> Request:
    query = (("carrier_code", code), ("tracking_number", number.text))
    return _request(account, method, path, query=query, what=what, asked=number.text if what else "", changes=changes)


def _request(
    account: Account,
    method: Literal["GET", "POST"],
    path: str,
    *,
    query: tuple[tuple[str, str], ...] = (),
    body: Mapping[str, object] | None = None,
    what: str = "",
    asked: str = "",
    changes: bool = False,
) -> Request:
    return Request(
        method=method,
        url=f"{BASE}/{path}",
        query=query,
        headers={"API-Key": account.credentials["api_key"], "content-type": "application/json"},
        body=msgspec.json.encode(body) if body else b"",
        what=what,
        subject=asked,
        context={"asked": asked} if asked else {},
        changes=changes,
    )


CONNECTOR: Carrier = ShipEngine()
