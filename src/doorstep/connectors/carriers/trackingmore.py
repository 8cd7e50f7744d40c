"""TrackingMore, API v4: one account that answers for some 1,300 carriers. What its answers mean is read in
``trackingmore_tracks``; here is how to ask.

Sources: TrackingMore's own SDKs (paths, types, codes) and its documentation of webhooks. A number is created at a
carrier: which, TrackingMore is asked first. Limits: 40 numbers a call; too many calls block an account for 120 seconds.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from doorstep.connectors import signing
from doorstep.connectors.carriers import trackingmore_tracks as tracks
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
    NotFound,
    Received,
    Refused,
    Request,
)
from doorstep.connectors.scans import account_id, decoded
from doorstep.core.message import Message
from doorstep.core.number import TrackingNumber, carrier, carrier_named
from doorstep.core.status import Status

BASE: Final = "https://api.trackingmore.com/v4"


class _Courier(msgspec.Struct):
    courier_code: str
    courier_name: str | None = None


class _Item(msgspec.Struct):
    tracking_number: str = ""
    courier_code: str | None = None
    code: int = msgspec.field(default=0, name="errorCode")
    message: str | None = msgspec.field(default=None, name="errorMessage")


class _Batch(msgspec.Struct):
    success: list[_Item] | None = None
    error: list[_Item] | None = None


class _Signed(msgspec.Struct):
    time: str | int = msgspec.field(default="", name="timeStr")
    signature: str = ""


class _Push(msgspec.Struct):
    signed: _Signed | None = msgspec.field(default=None, name="verifyInfo")


class TrackingMore:
    """A Follower (create, delete, change carrier) whose webhooks are knocks: their signature covers a time only."""

    meta = Meta(
        name="trackingmore",
        label="TrackingMore",
        hosts=frozenset({"api.trackingmore.com"}),
        polls_per_minute=120,
        batch=40,
        can=frozenset({Can.TRACK, Can.FOLLOW, Can.HOOKS}),
        fields=(
            Field(name="api_key", label="API key", secret=True, help="In TrackingMore under Developer, API keys."),
            Field(
                name="webhook_secret",
                label="Webhook secret",
                secret=True,
                required=False,
                help="In TrackingMore under Developer, Webhooks; in older accounts the e-mail address of the account.",
            ),
        ),
        basis="types and codes of TrackingMore's own SDKs (v4)",
        docs="https://www.trackingmore.com/docs/trackingmore/d5ac362fc3cda-api-quick-start",
        keys=frozenset({"postcode"}),
        proven="vendor sample",
        steps=(
            "Sign in at trackingmore.com and open Developer, API keys; copy the key.",
            "For webhooks open Developer, Webhooks: enter Doorstep's address and copy the webhook secret.",
        ),
        limits=(
            "Forty numbers in each call; after too many calls an account waits for two minutes.",
            "Each number costs one unit of the plan when it is created.",
        ),
        gaps=(
            "A webhook's signature does not cover what it says, so Doorstep asks before it believes.",
            "Extra keys that some carriers want, other than a postcode, are not sent.",
        ),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset()

    def check(self, account: Account) -> Flow[Checked]:
        """Asks for the list of carriers, which costs nothing. A hash of the key is the account's id."""
        couriers = tracks.listed((yield _request(account, "GET", "couriers/all")))
        notes = (Message(id="trackingmore.couriers", values={"count": len(couriers)}),)
        key = account_id("trackingmore", account.credentials["api_key"])
        return Checked(external_id=key, label="TrackingMore", notes=notes)

    def follow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Creates a tracking for each number, at our carrier where TrackingMore takes the number for one of its, else
        at the likeliest, which TrackingMore corrects by itself. One that exists already counts.
        """
        wishes, told = [], {}
        for number in numbers:
            code = _fitting(number, (yield from _detected(account, number)))
            if code:
                wishes.append(_creation(number, code))
            else:
                told[number.text] = Followed(number=number.text, remote="rejected", said="no carrier detected")
        if wishes:
            answer = yield _request(account, "POST", "trackings/batch", body=wishes, changes=True)
            told |= _created(answer)
        return tuple(told[one.text] for one in numbers if one.text in told)

    def unfollow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Deletes the trackings of the numbers. A number without one counts as stopped."""
        for known in (yield from _known(account, numbers)):
            try:
                tracks.opened((yield _request(account, "DELETE", f"trackings/delete/{known.id}", changes=True)))
            except NotFound:
                continue
        return tuple(Followed(number=number.text, remote="stopped") for number in numbers)

    def recarrier(self, account: Account, number: TrackingNumber) -> Flow[Followed]:
        """Gives a number to ``number.carrier`` and asks again. Raises Refused when TrackingMore does not list it."""
        code = yield from _code(account, number.carrier)
        known = yield from _known(account, [number])
        if known:
            body = {"courier_code_new": code}
            tracks.opened((yield _request(account, "PUT", f"trackings/update/{known[0].id}", body=body, changes=True)))
        else:
            wish = [_creation(number, code)]
            _created((yield _request(account, "POST", "trackings/batch", body=wish, changes=True)))
        yield from self.track(account, [number])
        return Followed(number=number.text, remote="registered", carrier_key=code)

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """Asks for all numbers at once."""
        tracks.tracked((yield _results(account, numbers, what="track")))

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """TrackingMore takes its webhook address only by hand: Refused, with the sentence that says where."""
        yield from ()
        raise Refused(message=Message(id="trackingmore.hook_by_hand", values={"address": address}))

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """The signature, in the body or in headers, is the hex HMAC of a time: it covers nothing of what is said."""
        answer = Answer(what="push", body=delivery.body, received_at=delivery.received_at)
        signed = decoded(answer, _Push, tracks.NAME).signed or _Signed(
            time=delivery.headers.get("timestamp", ""), signature=delivery.headers.get("signature", "")
        )
        secret = account.credentials.get("webhook_secret", "")
        ours = signing.hmac_bytes(secret.encode(), str(signed.time).encode()).hex()
        if not secret or not signing.same(ours, signed.signature.lower()):
            raise Denied(message=Message(id="carrier.bad_credential", values={"carrier": tracks.NAME}))
        return Received(answer=answer, knock=True)

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer or a ``push``."""
        return tracks.pushed(answer) if answer.what == "push" else tracks.tracked(answer)


def _detected(account: Account, number: TrackingNumber) -> Flow[list[_Courier]]:
    """The carriers that the number may be one of, likeliest first."""
    answer = yield _request(account, "POST", "couriers/detect", body={"tracking_number": number.text})
    try:
        return _couriers(answer)
    except Refused:  # an error code of its own says that there is none
        return []


def _fitting(number: TrackingNumber, couriers: Sequence[_Courier]) -> str:
    ours = [one for one in couriers if number.carrier and carrier_named(one.courier_name or "") == number.carrier]
    return next((one.courier_code for one in (*ours, *couriers)), "")


def _code(account: Account, wanted: str) -> Flow[str]:
    """TrackingMore's code of one of our carriers. Raises Refused where it has none."""
    for one in _couriers((yield _request(account, "GET", "couriers/all"))):
        if wanted and carrier_named(one.courier_name or "") == wanted:
            return one.courier_code
    raise Refused(message=Message(id="trackingmore.no_such_carrier", values={"carrier": carrier(wanted).name}))


def _couriers(answer: Answer) -> list[_Courier]:
    found: list[_Courier] = []
    for raw in tracks.listed(answer):
        try:
            found.append(msgspec.json.decode(raw, type=_Courier))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue  # one odd carrier hides no other
    return found


def _created(answer: Answer) -> dict[str, Followed]:
    """What became of each number of a batch. Raises Busy when the plan is used up and nothing was taken."""
    data = tracks.opened(answer)
    batch = decoded(Answer(what="", body=bytes(data), received_at=answer.received_at), _Batch, tracks.NAME)
    told = {
        one.tracking_number: Followed(
            number=one.tracking_number, remote="registered", carrier_key=one.courier_code or ""
        )
        for one in batch.success or ()
    }
    for one in batch.error or ():
        told[one.tracking_number] = _failed(one)
    if told and all(one.retry_after for one in told.values()):
        raise Busy("the plan is used up", retry_after=tracks.A_DAY, message=Message(id="trackingmore.out_of_quota"))
    return told


def _failed(item: _Item) -> Followed:
    number, said = item.tracking_number, f"{item.code} {item.message or ''}".strip()
    if item.code == tracks.ALREADY_FOLLOWED:
        return Followed(number=number, remote="registered", carrier_key=item.courier_code or "", said=said)
    later = tracks.A_DAY if item.code == tracks.OUT_OF_QUOTA else None
    return Followed(number=number, remote="rejected", said=said, retry_after=later)


def _creation(number: TrackingNumber, code: str) -> dict[str, str]:
    """Postcode only where it is known."""
    wish = {"tracking_number": number.text, "courier_code": code, "auto_correct": "1"}
    postcode = number.keys.get("postcode", "")
    return wish | ({"tracking_postal_code": postcode} if postcode else {})


def _known(account: Account, numbers: Sequence[TrackingNumber]) -> Flow[list[tracks.Tracking]]:
    """TrackingMore's trackings of the numbers."""
    try:
        raws = tracks.listed((yield _results(account, numbers)))
    except NotFound:
        return []
    return [msgspec.json.decode(raw, type=tracks.Tracking) for raw in raws]


def _results(account: Account, numbers: Sequence[TrackingNumber], *, what: str = "") -> Request:
    asked = ",".join(one.text for one in numbers)
    query = (("tracking_numbers", asked), ("items_amount", "200"), ("pages_amount", "1"))
    return _request(account, "GET", "trackings/get", query=query, what=what, asked=asked if what else "")


def _request(
    account: Account,
    method: Literal["GET", "POST", "PUT", "DELETE"],
    path: str,
    *,
    query: tuple[tuple[str, str], ...] = (),
    body: object = None,
    what: str = "",
    asked: str = "",
    changes: bool = False,
) -> Request:
    return Request(
        method=method,
        url=f"{BASE}/{path}",
        query=query,
        headers={"Tracking-Api-Key": account.credentials["api_key"], "content-type": "application/json"},
        body=msgspec.json.encode(body) if body is not None else b"",
        what=what,
        subject=asked,
        context={"asked": asked} if asked else {},
        changes=changes,
    )


CONNECTOR: Carrier = TrackingMore()
