"""EasyPost Tracking API, v2: one account that answers for some 100 carriers. What its answers mean is read in
``easypost_tracks``; here is how to ask.

Sources: recorded traffic of the official SDKs. Each new tracker is charged; the same number within three months gives
the same tracker. EasyPost detects the carrier. Its webhook signature is the hex HMAC-SHA256 of the body.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from doorstep.connectors import signing
from doorstep.connectors.carriers import easypost_tracks as tracks
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
from doorstep.core.message import Message
from doorstep.core.number import TrackingNumber, carrier, keys_at
from doorstep.core.status import Status

BASE: Final = "https://api.easypost.com/v2"


class _EventId(msgspec.Struct):
    id: str = ""


class EasyPost:
    """A Follower (create, delete, change carrier) whose webhooks are set up and received as well."""

    meta = Meta(
        name="easypost",
        label="EasyPost",
        hosts=frozenset({"api.easypost.com"}),
        polls_per_minute=60,
        batch=40,
        can=frozenset({Can.TRACK, Can.FOLLOW, Can.HOOKS}),
        fields=(
            Field(name="api_key", label="API key", secret=True, help="In EasyPost under Account Settings, API Keys."),
        ),
        basis="recorded traffic of the official SDKs (v2)",
        docs="https://docs.easypost.com/docs/trackers",
        proven="recorded",
        steps=(
            "Sign in at easypost.com and open Account Settings, API Keys.",
            "Copy the production key: a test key knows EasyPost's own test numbers only.",
        ),
        limits=("Following a number costs a tracker of the plan; the same number is free for three months.",),
        gaps=("The clock of the place is not said: all times are in UTC.",),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset()

    def check(self, account: Account) -> Flow[Checked]:
        """Asks for the newest tracker, which costs nothing. A hash of the key is the account's id."""
        tracks.trackers((yield _request(account, "GET", "trackers", query=(("page_size", "1"),))))
        key = account.credentials["api_key"].encode()
        return Checked(external_id=hashlib.sha256(b"easypost:" + key).hexdigest()[:16], label="EasyPost")

    def follow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Creates a tracker for each number; EasyPost detects the carrier. One that exists already comes back."""
        told: tuple[Followed, ...] = ()
        for number in numbers:
            told += ((yield from _created(account, {"tracking_code": number.text})),)
        return told

    def unfollow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Deletes the trackers of the numbers. A number without one counts as stopped."""
        found = yield from _found(account, numbers)
        for one in found:
            try:
                tracks.trackers((yield _request(account, "DELETE", f"trackers/{one.id}", changes=True)))
            except NotFound:
                continue
        return tuple(Followed(number=number.text, remote="stopped") for number in numbers)

    def recarrier(self, account: Account, number: TrackingNumber) -> Flow[Followed]:
        """Creates a tracker at ``number.carrier``, in EasyPost's spelling (RoyalMail), and asks again. Raises Refused
        when EasyPost does not know that carrier.
        """
        name = min(keys_at("easypost", number.carrier), key=len, default="")
        if not name:
            values = {"carrier": carrier(number.carrier).name, "said": "not in its list"}
            raise Refused(message=Message(id="easypost.no_such_carrier", values=values))
        followed = yield from _created(account, {"tracking_code": number.text, "carrier": name})
        if followed.remote == "rejected":
            values = {"carrier": name, "said": followed.said}
            raise Refused(followed.said, message=Message(id="easypost.no_such_carrier", values=values))
        yield from self.track(account, [number])
        return followed

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """Asks for all numbers at once."""
        asked = ",".join(one.text for one in numbers)
        tracks.trackers((yield _batch(account, numbers, what="track", asked=asked)))

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """Sets the webhook up over there, signed with our secret."""
        body = {"webhook": {"url": address, "webhook_secret": secret}}
        tracks.trackers((yield _request(account, "POST", "webhooks", body=body, changes=True)))
        return {"webhook_secret": secret}

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """``x-hmac-signature`` covers the body; the secret is normalized (NFKD). The event's id tells repetitions."""
        secret = unicodedata.normalize("NFKD", account.credentials.get("webhook_secret", ""))
        said = delivery.headers.get("x-hmac-signature", "")
        ours = f"hmac-sha256-hex={hmac.digest(secret.encode(), delivery.body, 'sha256').hex()}"
        if not secret or not signing.same(ours, said):
            raise Denied(message=Message(id="easypost.bad_signature"))
        key = tracks.decode(delivery.body, _EventId).id
        return Received(answer=Answer(what="push", body=delivery.body, received_at=delivery.received_at), key=key)

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer or a ``push``; both tell by their shape which they are."""
        return tracks.tracked(answer)


def _created(account: Account, wish: Mapping[str, str]) -> Flow[Followed]:
    number = wish["tracking_code"]
    answer = yield _request(account, "POST", "trackers", body={"tracker": wish}, changes=True)
    try:
        (raw,) = tracks.trackers(answer) or (msgspec.Raw(b"{}"),)
    except Refused as refused:
        return Followed(number=number, remote="rejected", said=refused.said)
    made = tracks.decode(raw, tracks.Tracker)
    return Followed(number=number, remote="registered", carrier_key=made.carrier or "")


def _found(account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[tracks.Tracker, ...]]:
    raws = tracks.trackers((yield _batch(account, numbers)))
    return tuple(tracks.decode(raw, tracks.Tracker) for raw in raws)


def _batch(account: Account, numbers: Sequence[TrackingNumber], *, what: str = "", asked: str = "") -> Request:
    """A POST that changes nothing: the numbers are too many for an address."""
    body = {"tracking_codes": [one.text for one in numbers]}
    return _request(account, "POST", "trackers/batch", body=body, what=what, asked=asked)


def _request(
    account: Account,
    method: Literal["GET", "POST", "DELETE"],
    path: str,
    *,
    query: tuple[tuple[str, str], ...] = (),
    body: Mapping[str, object] | None = None,
    what: str = "",
    asked: str = "",
    changes: bool = False,
) -> Request:
    authorization = signing.basic(account.credentials["api_key"], "")
    return Request(
        method=method,
        url=f"{BASE}/{path}",
        query=query,
        headers={"authorization": authorization, "content-type": "application/json"},
        body=msgspec.json.encode(body) if body else b"",
        what=what,
        subject=asked,
        context={"asked": asked} if asked else {},
        changes=changes,
    )


CONNECTOR: Carrier = EasyPost()
