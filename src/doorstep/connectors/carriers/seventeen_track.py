"""17TRACK, API v2.2: one account that answers for some thousands of carriers. What its answers mean is read in
the package ``seventeen``; here is how to ask.

Sources: the published API documentation of v2.2 (no machine-readable schema exists). Limits: 40 numbers a call, 3 calls
a second; each number costs one unit of quota when it is registered; 17TRACK stops by itself 30 days after the last
news or 15 days after the final status; a carrier can be changed five times.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from doorstep.connectors import signing
from doorstep.connectors.carriers.seventeen import envelope, events
from doorstep.connectors.contract import (
    Account,
    Answer,
    Busy,
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
from doorstep.core.message import Message
from doorstep.core.number import TrackingNumber, key_of
from doorstep.core.status import Status

BASE: Final = "https://api.17track.net/track/v2.2"


class SeventeenTrack:
    """A Follower (register, stop, change carrier) whose signed pushes are received as well."""

    meta = Meta(
        name="seventeen_track",
        label="17TRACK",
        hosts=frozenset({"api.17track.net"}),
        polls_per_minute=180,
        batch=40,
        can=frozenset({Can.TRACK, Can.FOLLOW, Can.HOOKS}),
        fields=(
            Field(
                name="api_key",
                label="API key",
                secret=True,
                help="In the 17TRACK API dashboard under Settings, Security. A new key works after up to five minutes.",
            ),
        ),
        basis="API v2.2 documentation; shapes written from it, no vendor schema exists",
        docs="https://api.17track.net/en/doc?version=v2.2",
        keys=frozenset({"postcode", "phone"}),
        proven="documented only",
        steps=(
            "Sign in at api.17track.net and open Settings, Security; copy the API key.",
            "Where the whitelist of addresses is on, add the address of this server there.",
            "For webhooks open Settings, Webhook: enter Doorstep's address and choose version 2.2.",
        ),
        limits=(
            "Forty numbers in each call, three calls a second.",
            "Each number costs one unit of the plan when it is registered.",
            "17TRACK stops 30 days after the last news, or 15 days after the end; it takes a number back once.",
            "The carrier of a number can be changed five times.",
        ),
        gaps=("Of the extra keys that carriers want only a postcode or a phone number is sent.",),
    )
    status: Mapping[str, Status] = {word: status for word, (status, _) in events.READINGS.items()}
    unseen = events.UNSEEN

    def check(self, account: Account) -> Flow[Checked]:
        """Asks for the remaining quota, which costs nothing. 17TRACK names no account: a hash of the key is its id."""
        answer = yield _request(account, "getquota", ())
        left = envelope.opened(answer)
        key = account.credentials["api_key"].encode()
        return Checked(
            external_id=hashlib.sha256(b"seventeen_track:" + key).hexdigest()[:16],
            label="17TRACK",
            notes=(Message(id="seventeen_track.quota", values={"left": left.quota_remain, "total": left.quota_total}),),
        )

    def follow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Registers. A number that is registered already counts as registered, and is woken if 17TRACK had stopped it.
        Out of quota: Busy if nothing was taken, else the rest comes back as rejected with ``retry_after``.
        """
        answer = yield _request(account, "register", [_registration(one) for one in numbers], changes=True)
        told = envelope.told(answer)
        known = [{"number": one.number} for one in told if one.code == envelope.ALREADY_REGISTERED]
        if known:  # declined for those that are tracked still, which is as good
            envelope.opened((yield _request(account, "retrack", known, changes=True)))
        later = envelope.until_tomorrow(answer)
        followed = tuple(_registered(one, later) for one in told)
        if followed and all(one.retry_after for one in followed):
            raise Busy(followed[0].said, retry_after=later, message=Message(id="seventeen_track.out_of_quota"))
        return followed

    def unfollow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Stops. A number that is stopped or was never registered counts as stopped."""
        answer = yield _request(account, "stoptrack", [{"number": one.text} for one in numbers], changes=True)
        return tuple(map(_stopped, envelope.told(answer)))

    def recarrier(self, account: Account, number: TrackingNumber) -> Flow[Followed]:
        """Gives a number to ``number.carrier`` and asks again. A stopped number is first tracked again (17TRACK allows
        that once), an unknown one registered. Raises Refused when 17TRACK does not know the carrier or declines.
        """
        key = key_of(number.carrier)
        if not key:
            raise Refused(message=Message(id="seventeen_track.no_such_carrier", values={"carrier": number.carrier}))
        change = _request(account, "changecarrier", [{"number": number.text, "carrier_new": key}], changes=True)
        told = envelope.told_of((yield change), number.text)
        if told.code == envelope.STOPPED:
            again = yield _request(account, "retrack", [{"number": number.text}], changes=True)
            envelope.opened(again)
            told = envelope.told_of((yield change), number.text)
        if told.code in {envelope.NOT_REGISTERED, envelope.NOT_REGISTERED_HERE}:
            answer = yield _request(account, "register", [_registration(number)], changes=True)
            return _registered(envelope.told_of(answer, number.text), envelope.until_tomorrow(answer))
        if told.code == envelope.RESULT_PENDING:
            raise Busy(told.text, retry_after=300)
        if told.code not in {0, envelope.SAME_CARRIER}:
            raise Refused(told.text, message=Message(id="seventeen_track.carrier_not_changed"))
        yield from self.track(account, [number])
        return Followed(number=number.text, remote="registered", carrier_key=str(key))

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """Asks by number alone: what 17TRACK detected may be another carrier than ours."""
        asked = [{"number": one.text} for one in numbers]
        subject = ",".join(one.text for one in numbers)
        envelope.opened((yield _request(account, "gettrackinfo", asked, what="track", subject=subject)))

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """17TRACK takes its webhook address only by hand: Refused, with the sentence that says where."""
        yield from ()
        raise Refused(message=Message(id="seventeen_track.hook_by_hand", values={"address": address}))

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """``sign`` is the hex SHA-256 of body, slash, key. It covers the body; there is no delivery id."""
        key = account.credentials["api_key"].encode()
        expected = hashlib.sha256(delivery.body + b"/" + key).hexdigest()
        if not signing.same(expected, delivery.headers.get("sign", "").lower()):
            raise Denied(message=Message(id="seventeen_track.bad_signature"))
        return Received(answer=Answer(what="push", body=delivery.body, received_at=delivery.received_at))

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer or a ``push``."""
        return events.pushed(answer) if answer.what == "push" else events.tracked(answer)


def _registration(number: TrackingNumber) -> dict[str, str | int | bool]:
    """``param`` is the extra key (postcode, phone) that some carriers want. Without a carrier 17TRACK detects one."""
    item: dict[str, str | int | bool] = {"number": number.text}
    key = key_of(number.carrier)
    item |= {"carrier": key} if key else {"auto_detection": True}
    extra = number.keys.get("postcode") or number.keys.get("phone")
    return item | ({"param": extra} if extra else {})


def _registered(told: envelope.Told, later: float) -> Followed:
    """Registered already counts. ``later``: seconds to wait when the quota is used up."""
    if told.code in {0, envelope.ALREADY_REGISTERED}:
        return Followed(number=told.number, remote="registered", carrier_key=told.key)
    wait = later if told.code in envelope.OUT_OF_QUOTA else None
    return Followed(number=told.number, remote="rejected", said=told.text, retry_after=wait)


def _stopped(told: envelope.Told) -> Followed:
    if told.code in {0, envelope.NOT_BEING_TRACKED, envelope.NOT_REGISTERED}:
        return Followed(number=told.number, remote="stopped", carrier_key=told.key)
    return Followed(number=told.number, remote="rejected", said=told.text)


def _request(
    account: Account,
    verb: str,
    items: Sequence[Mapping[str, str | int | bool]],
    *,
    what: str = "",
    subject: str = "",
    changes: bool = False,
) -> Request:
    return Request(
        method="POST",
        url=f"{BASE}/{verb}",
        headers={"17token": account.credentials["api_key"], "content-type": "application/json"},
        body=msgspec.json.encode(items),
        what=what,
        subject=subject,
        changes=changes,
    )


CONNECTOR: Carrier = SeventeenTrack()
