"""Karrio: a server of one's own that answers for some forty carriers, through the carrier accounts that it keeps. What
its answers mean is read in ``karrio_tracks``; here is how to ask.

Source: Karrio's own OpenAPI file. A number is registered at a carrier by Karrio's name for it, and asked about after.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal
from urllib.parse import quote

import msgspec

from doorstep.connectors.carriers import karrio_tracks as tracks
from doorstep.connectors.contract import (
    OWN,
    Account,
    Answer,
    Can,
    Carrier,
    Checked,
    Facts,
    Field,
    Flow,
    Followed,
    Meta,
    NotFound,
    Refused,
    Request,
)
from doorstep.connectors.scans import account_id
from doorstep.core.message import Message
from doorstep.core.number import TrackingNumber, carrier, codes_at, keys_at
from doorstep.core.status import Status

_NOBODYS: Final = "000000000000"


class KarrioServer:
    """Registers numbers at a Karrio server and asks about one at a time."""

    meta = Meta(
        name="karrio_server",
        label="Karrio",
        hosts=OWN,
        polls_per_minute=120,
        batch=20,
        can=frozenset({Can.TRACK, Can.FOLLOW}),
        fields=(
            Field(name="base_url", label="Address of the server", placeholder="https://karrio.example.com"),
            Field(name="api_key", label="API key", secret=True, help="In Karrio's dashboard under Developers, API."),
        ),
        basis="Karrio's OpenAPI file (2026.1)",
        docs="https://docs.karrio.io/",
        carriers=codes_at("karrio"),
        proven="vendor sample",
        steps=(
            "Run a Karrio server (it is open source) and connect your carrier accounts in its dashboard.",
            "In the dashboard open Developers, API, and copy the key.",
            "If the server has a private address, the operator of Doorstep lists it in DOORSTEP_ALLOW_HOSTS.",
        ),
        limits=("One number in each question, at a carrier that Karrio knows and that is connected there.",),
        gaps=(
            "Karrio tells the clock of the place as if it were UTC: instants are taken only where it states an offset.",
            "News is asked for: Karrio's webhooks are not used.",
        ),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset(tracks.STATUS) - tracks.SEEN

    def check(self, account: Account) -> Flow[Checked]:
        """Lists the trackers of a number that nobody has."""
        tracks.listed((yield _request(account, "GET", query=(("tracking_number", _NOBODYS),))))
        known_by = f"{account.base_url} {account.credentials.get('api_key', '')}"
        return Checked(external_id=account_id("karrio_server", known_by), label="Karrio")

    def follow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Registers each number at its carrier. One that Karrio has no name for is rejected."""
        told: tuple[Followed, ...] = ()
        for number in numbers:
            told += ((yield from _followed(account, number)),)
        return told

    def unfollow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Takes each off Karrio's list; one that is not there any more is as good."""
        for number in numbers:
            yield from _forgotten(account, number)
        return tuple(Followed(number=one.text, remote="stopped") for one in numbers)

    def recarrier(self, account: Account, number: TrackingNumber) -> Flow[Followed]:
        """Registers a number anew at ``number.carrier``, and asks. Raises Refused when Karrio does not take it."""
        yield from _forgotten(account, number)
        followed = yield from _followed(account, number)
        if followed.remote == "rejected":
            values = {"carrier": carrier(number.carrier).name, "said": followed.said}
            raise Refused(followed.said, message=Message(id="karrio_server.no_such_carrier", values=values))
        yield from self.track(account, [number])
        return followed

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """One question for each number."""
        for number in numbers:
            tracks.tracked((yield _request(account, "GET", number.text, what="track")))

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer."""
        return tracks.tracked(answer)


def _followed(account: Account, number: TrackingNumber) -> Flow[Followed]:
    """At the first of Karrio's names for the carrier that is connected there."""
    said = "not in Karrio's list"
    for name in keys_at("karrio", number.carrier):
        body = {"tracking_number": number.text, "carrier_name": name}
        try:
            tracks.opened((yield _request(account, "POST", body=body, changes=True)))
        except (Refused, NotFound) as refused:
            said = refused.said
            continue
        return Followed(number=number.text, remote="registered", carrier_key=name)
    return Followed(number=number.text, remote="rejected", said=said)


def _forgotten(account: Account, number: TrackingNumber) -> Flow[None]:
    try:
        tracks.opened((yield _request(account, "DELETE", number.text, changes=True)))
    except NotFound:
        return


def _request(
    account: Account,
    method: Literal["GET", "POST", "DELETE"],
    number: str = "",
    *,
    body: Mapping[str, str] | None = None,
    query: tuple[tuple[str, str], ...] = (),
    what: str = "",
    changes: bool = False,
) -> Request:
    path = f"/{quote(number, safe='')}" if number else ""
    return Request(
        method=method,
        url=f"{account.base_url.rstrip('/')}/v1/trackers{path}",
        query=query,
        headers={
            "authorization": f"Token {account.credentials.get('api_key', '')}",
            "accept": "application/json",
            "content-type": "application/json",
        },
        body=msgspec.json.encode(body) if body else b"",
        what=what,
        subject=number if what else "",
        context={"asked": number} if what else {},
        changes=changes,
    )


CONNECTOR: Carrier = KarrioServer()
