"""Shippo: one account that answers for some sixty carriers. What its answers mean is read in ``shippo_tracks``; here is
how to ask.

Sources: the schemas of Shippo's official SDK and its documentation of webhooks. Shippo detects no carrier: a number is
asked about at one of its list. A number that was registered is told of by webhook; Shippo forgets it by itself.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal
from urllib.parse import quote

import msgspec

from doorstep.connectors import signing
from doorstep.connectors.carriers import shippo_tracks as tracks
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
    Received,
    Refused,
    Request,
)
from doorstep.connectors.scans import account_id
from doorstep.core.message import Message
from doorstep.core.number import TrackingNumber, carrier, codes_at, keys_at
from doorstep.core.status import Status

BASE: Final = "https://api.goshippo.com"


class Shippo:
    """Registers numbers at the carriers of Shippo's list; its signed webhooks are received as well."""

    meta = Meta(
        name="shippo",
        label="Shippo",
        hosts=frozenset({"api.goshippo.com"}),
        polls_per_minute=300,
        batch=40,
        can=frozenset({Can.TRACK, Can.FOLLOW, Can.HOOKS}),
        fields=(
            Field(
                name="api_key", label="API token", secret=True, help="The live token, in Shippo under Settings, API."
            ),
            Field(
                name="webhook_secret",
                label="Webhook secret",
                secret=True,
                required=False,
                help="Shippo signs webhooks only for accounts that asked for it. Leave it empty without one.",
            ),
        ),
        basis="JSON schemas of Shippo's official SDK (3.9.0)",
        docs="https://docs.goshippo.com/docs/tracking/tracking/",
        carriers=codes_at("shippo"),
        proven="vendor sample",
        steps=(
            "Sign in at apps.goshippo.com and open Settings, API; generate a live token and copy it.",
            "For webhooks ask Shippo's support to sign them (HMAC), and enter the secret that they give you.",
        ),
        limits=("One number in each question, at a carrier that Shippo lists.",),
        gaps=(
            "Shippo does not find out the carrier of a number.",
            "Webhooks without a signature are not taken: anybody could write them.",
            "A number cannot be taken off Shippo's list; Shippo forgets it by itself.",
        ),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset()

    def check(self, account: Account) -> Flow[Checked]:
        """Asks for the list of webhooks, which costs nothing. A hash of the token is the account's id."""
        tracks.opened((yield _request(account, "GET", "webhooks")))
        return Checked(external_id=account_id("shippo", account.credentials["api_key"]), label="Shippo")

    def follow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Registers each number at its carrier. Without one of Shippo's list it is rejected."""
        told: tuple[Followed, ...] = ()
        for number in numbers:
            told += ((yield from _followed(account, number)),)
        return told

    def unfollow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Shippo offers no way, and forgets a number by itself."""
        yield from ()
        return tuple(Followed(number=one.text, remote="stopped") for one in numbers)

    def recarrier(self, account: Account, number: TrackingNumber) -> Flow[Followed]:
        """Registers a number at ``number.carrier`` and asks again. Raises Refused when Shippo does not list it."""
        followed = yield from _followed(account, number)
        if followed.remote == "rejected":
            values = {"carrier": carrier(number.carrier).name, "said": followed.said}
            raise Refused(followed.said, message=Message(id="shippo.no_such_carrier", values=values))
        yield from self.track(account, [number])
        return followed

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """One question for each number whose carrier Shippo lists; of others it can say nothing."""
        for number in numbers:
            if token := _token(number):
                path = f"tracks/{quote(token, safe='')}/{quote(number.text, safe='')}"
                tracks.tracked((yield _request(account, "GET", path, what="track", asked=number.text)))

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """Sets the webhook up over there, where Shippo signs for this account. Else Refused, in words."""
        if not account.credentials.get("webhook_secret"):
            raise Refused(message=Message(id="shippo.hook_unsigned"))
        body = {"event": "track_updated", "url": address, "active": True, "is_test": False}
        tracks.opened((yield _request(account, "POST", "webhooks", body=body, changes=True)))
        return {}

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """``shippo-auth-signature`` is ``t=<time>,v1=<hex>``: an HMAC of time, dot, body. It has no id."""
        secret = account.credentials.get("webhook_secret", "")
        said = dict(
            part.strip().partition("=")[::2] for part in delivery.headers.get("shippo-auth-signature", "").split(",")
        )
        ours = signing.hmac_bytes(secret.encode(), said.get("t", "").encode() + b"." + delivery.body).hex()
        if not secret or not signing.same(ours, said.get("v1", "")):
            raise Denied(message=Message(id="carrier.bad_credential", values={"carrier": tracks.NAME}))
        answer = Answer(what="push", body=delivery.body, received_at=delivery.received_at)
        return Received(answer=answer if tracks.about_a_parcel(answer) else None)

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer or a ``push``."""
        return tracks.pushed(answer) if answer.what == "push" else tracks.tracked(answer)


def _token(number: TrackingNumber) -> str:
    """Shippo's token of the carrier; '' where it has none. Of several the plain one is the shortest."""
    return min(keys_at("shippo", number.carrier), key=len, default="")


def _followed(account: Account, number: TrackingNumber) -> Flow[Followed]:
    token = _token(number)
    if not token:
        return Followed(number=number.text, remote="rejected", said="not in Shippo's list")
    body = {"carrier": token, "tracking_number": number.text}
    try:
        tracks.opened((yield _request(account, "POST", "tracks", body=body, changes=True)))
    except Refused as refused:
        return Followed(number=number.text, remote="rejected", said=refused.said)
    return Followed(number=number.text, remote="registered", carrier_key=token)


def _request(
    account: Account,
    method: Literal["GET", "POST"],
    path: str,
    *,
    body: Mapping[str, object] | None = None,
    what: str = "",
    asked: str = "",
    changes: bool = False,
) -> Request:
    headers = {"authorization": f"ShippoToken {account.credentials['api_key']}", "content-type": "application/json"}
    return Request(
        method=method,
        url=f"{BASE}/{path}",
        headers=headers,
        body=msgspec.json.encode(body) if body else b"",
        what=what,
        subject=asked,
        context={"asked": asked} if asked else {},
        changes=changes,
    )


CONNECTOR: Carrier = Shippo()
