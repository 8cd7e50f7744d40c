"""Ship24, tracking API v1: one account that answers for some 1,500 carriers. What its answers mean is read in
``ship24_tracks``; here is how to ask.

Source: Ship24's OpenAPI file. Ship24 detects the carrier; a number can be given to one of its list. A webhook carries
the account's webhook secret and no signature, so each is only a knock.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal
from urllib.parse import quote

import msgspec

from doorstep.connectors import signing
from doorstep.connectors.carriers import ship24_tracks as tracks
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
from doorstep.core.number import TrackingNumber, carrier, carrier_named
from doorstep.core.status import Status

BASE: Final = "https://api.ship24.com/public/v1"


class _Wish(msgspec.Struct, rename="camel"):
    tracking_number: str = ""


class _Item(msgspec.Struct, rename="camel"):
    item_status: str
    input_data: _Wish
    errors: list[tracks.Problem] | None = None


class _Bulk(msgspec.Struct):
    data: list[_Item] | None = None


class _Courier(msgspec.Struct, rename="camel"):
    courier_code: str = ""
    courier_name: str | None = None


class _Couriers(msgspec.Struct):
    couriers: list[_Courier] | None = None


class _List(msgspec.Struct):
    data: _Couriers | None = None


class Ship24:
    """A Follower (create, unsubscribe, change carrier) whose webhooks are knocks."""

    meta = Meta(
        name="ship24",
        label="Ship24",
        hosts=frozenset({"api.ship24.com"}),
        polls_per_minute=120,
        batch=40,
        can=frozenset({Can.TRACK, Can.FOLLOW, Can.HOOKS}),
        fields=(
            Field(name="api_key", label="API key", secret=True, help="In Ship24 under Integrations, API keys."),
            Field(
                name="webhook_secret",
                label="Webhook secret",
                secret=True,
                required=False,
                help="In Ship24 under Integrations, Webhook. Without it Doorstep asks by itself and takes no webhooks.",
            ),
        ),
        basis="Ship24's OpenAPI file (tracking API v1) with its samples",
        docs="https://docs.ship24.com/",
        keys=frozenset({"postcode", "country"}),
        proven="vendor sample",
        steps=(
            "Sign in at dashboard.ship24.com and open Integrations, API keys; copy the default key.",
            "For webhooks open Integrations, Webhook: enter Doorstep's address and copy the webhook secret.",
        ),
        limits=("Each number costs one unit of the plan when it is created.", "One number in each question."),
        gaps=(
            "A webhook carries a secret and no signature, so Doorstep asks before it believes.",
            "Further numbers of the same parcel that Ship24 finds are not taken over.",
        ),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset()

    def check(self, account: Account) -> Flow[Checked]:
        """Asks for the list of carriers, which costs nothing. A hash of the key is the account's id."""
        count = len((yield from _couriers(account)))
        notes = (Message(id="ship24.couriers", values={"count": count}),)
        return Checked(external_id=account_id("ship24", account.credentials["api_key"]), label="Ship24", notes=notes)

    def follow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Creates a tracker for each number; Ship24 detects the carrier. One that exists already counts."""
        return (yield from _created(account, [_creation(one) for one in numbers]))

    def unfollow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Unsubscribes the trackers of the numbers. A number without one counts as stopped."""
        for number in numbers:
            for one in (yield from _trackers(account, number)):
                yield from _changed(account, one, {"isSubscribed": False})
        return tuple(Followed(number=number.text, remote="stopped") for number in numbers)

    def recarrier(self, account: Account, number: TrackingNumber) -> Flow[Followed]:
        """Gives a number to ``number.carrier`` and asks again. Raises Refused when Ship24 does not list it."""
        code = yield from _code(account, number.carrier)
        known = yield from _trackers(account, number)
        for one in known:
            yield from _changed(account, one, {"courierCode": [code]})
        if not known:
            yield from _created(account, [_creation(number) | {"courierCode": [code]}])
        yield from self.track(account, [number])
        return Followed(number=number.text, remote="registered", carrier_key=code)

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """One question for each number."""
        for number in numbers:
            tracks.tracked((yield _results(account, number, what="track")))

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """Ship24 takes its webhook address only by hand: Refused, with the sentence that says where."""
        yield from ()
        raise Refused(message=Message(id="ship24.hook_by_hand", values={"address": address}))

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """The secret is a Bearer token. It covers nothing, so the message is a knock."""
        ours = account.credentials.get("webhook_secret", "")
        said = delivery.headers.get("authorization", "").removeprefix("Bearer ")
        if not ours or not signing.same(ours, said):
            raise Denied(message=Message(id="carrier.bad_credential", values={"carrier": tracks.NAME}))
        answer = Answer(what="push", body=delivery.body, received_at=delivery.received_at)
        return Received(answer=answer, key=tracks.delivery_id(answer), knock=True)

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer or a ``push``."""
        return tracks.pushed(answer) if answer.what == "push" else tracks.tracked(answer)


def _created(account: Account, wishes: Sequence[Mapping[str, object]]) -> Flow[tuple[Followed, ...]]:
    answer = yield _request(account, "POST", "trackers/bulk", body=wishes, changes=True)
    return tuple(_followed(one) for one in tracks.opened(answer, _Bulk).data or ())


def _followed(item: _Item) -> Followed:
    number = item.input_data.tracking_number
    if item.item_status in {"created", "existing"}:
        return Followed(number=number, remote="registered")
    said = "; ".join(f"{one.code or ''} {one.message or ''}".strip() for one in item.errors or ())
    return Followed(number=number, remote="rejected", said=said)


def _creation(number: TrackingNumber) -> dict[str, object]:
    """Postcode and country only where they are known."""
    known = {
        "destinationPostCode": number.keys.get("postcode", ""),
        "destinationCountryCode": number.keys.get("country", ""),
    }
    return {"trackingNumber": number.text, **{name: text for name, text in known.items() if text}}


def _trackers(account: Account, number: TrackingNumber) -> Flow[list[tracks.Tracker]]:
    """What follows a number over there."""
    try:
        return tracks.trackers((yield _results(account, number)))
    except NotFound:
        return []


def _changed(account: Account, tracker: tracks.Tracker, change: Mapping[str, object]) -> Flow[None]:
    path = f"trackers/{quote(tracker.tracker_id, safe='')}"
    tracks.opened((yield _request(account, "PATCH", path, body=change, changes=True)), msgspec.Raw)


def _couriers(account: Account) -> Flow[list[_Courier]]:
    data = tracks.opened((yield _request(account, "GET", "couriers")), _List).data
    return (data.couriers if data else None) or []


def _code(account: Account, wanted: str) -> Flow[str]:
    """Ship24's code of one of our carriers. Raises Refused where it has none."""
    for one in (yield from _couriers(account)):
        if wanted and carrier_named(one.courier_name or "") == wanted:
            return one.courier_code
    raise Refused(message=Message(id="ship24.no_such_carrier", values={"carrier": carrier(wanted).name}))


def _results(account: Account, number: TrackingNumber, *, what: str = "") -> Request:
    path = f"trackers/search/{quote(number.text, safe='')}/results"
    return _request(account, "GET", path, what=what, asked=number.text if what else "")


def _request(
    account: Account,
    method: Literal["GET", "POST", "PATCH"],
    path: str,
    *,
    body: object = None,
    what: str = "",
    asked: str = "",
    changes: bool = False,
) -> Request:
    headers = {"authorization": f"Bearer {account.credentials['api_key']}", "content-type": "application/json"}
    return Request(
        method=method,
        url=f"{BASE}/{path}",
        headers=headers,
        body=msgspec.json.encode(body) if body is not None else b"",
        what=what,
        subject=asked,
        context={"asked": asked} if asked else {},
        changes=changes,
    )


CONNECTOR: Carrier = Ship24()
