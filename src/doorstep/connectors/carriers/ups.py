"""UPS: Track v1, asked with the merchant's own app, and Track Alert v2, by which UPS tells of news itself. What its
answers mean is read in ``ups_tracks``; here is how to ask.

Sources: UPS's OpenAPI files (OAuth, Track, Track Alert). The address and the credential of Track Alert are entered by
hand in UPS's developer portal; its messages carry the credential and no signature, so each is only a knock. UPS ends a
subscription 14 days after it began: "you must resubscribe", say its questions and answers.
"""

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, Literal
from urllib.parse import quote

import msgspec

from doorstep.connectors import signing, tokens
from doorstep.connectors.carriers import ups_tracks as tracks
from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
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
    Trouble,
)
from doorstep.connectors.scans import account_id, decoded, trouble
from doorstep.core.message import Message
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Status

HOST: Final = "https://onlinetools.ups.com"
SAMPLE: Final = "1Z023E2X0214323462"  # of UPS's own documentation: belongs to nobody
_AT_ONCE: Final = 100  # numbers in one subscription
_LASTS: Final = timedelta(days=14)  # a subscription
_EARLY: Final = timedelta(days=4)  # renewed so long before: no number is asked about more rarely than every three days
_NOT_TAKEN: Final = timedelta(days=1)  # until a number is offered once more
_DOWN: Final = timedelta(hours=1)
_HEADERS: Final = ("credential", "authorization", "x-api-key")
_SEEN: Final = frozenset({"M", "I", "D", "X", "003", "005", "011", "013", "021", "154", "160"})


class _Subscribed(msgspec.Struct, rename="camel"):
    invalid_tracking_numbers: list[str] | None = None


class Ups:
    """Follows numbers by Track Alert where a credential for it is entered; asks about them in any case."""

    meta = Meta(
        name="ups",
        label="UPS",
        hosts=frozenset({"onlinetools.ups.com"}),
        polls_per_minute=60,
        can=frozenset({Can.TRACK, Can.FOLLOW, Can.HOOKS}),
        fields=(
            Field(name="client_id", label="Client ID", help="Of your app at developer.ups.com."),
            Field(name="client_secret", label="Client secret", secret=True),
            Field(
                name="hook_credential",
                label="Track Alert credential",
                secret=True,
                required=False,
                help="The credential that you entered at UPS for its webhook. Leave it empty without Track Alert.",
            ),
        ),
        basis="UPS's OpenAPI files (OAuth, Track v1, Track Alert v2) and code tables",
        docs="https://developer.ups.com/tag/Tracking?loc=en_US",
        carriers=frozenset({"ups", "ups_mail_innovations"}),
        proven="vendor sample",
        steps=(
            "Sign in at developer.ups.com and create an app with your UPS account number.",
            "Add the product Tracking to the app; for news at once add UPS Track Alert as well.",
            "Copy the client ID and the client secret of the app.",
            "For Track Alert enter the webhook address and a credential at UPS under Manage Webhook Credentials.",
        ),
        limits=("One number in each question.", "UPS keeps what it knows for about 120 days."),
        gaps=(
            "Documents (signature, proof of delivery, photo) are not fetched.",
            "UPS does not say when it has ended a subscription to Track Alert: Doorstep renews each after ten days.",
        ),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset(tracks.STATUS) - _SEEN

    def stale(self, account: Account) -> bool:
        """The token lives four hours."""
        return tokens.stale(account)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        """A new token for the app."""
        name, secret = account.settings.get("client_id", ""), account.credentials.get("client_secret", "")
        answer = yield Request(
            method="POST",
            url=f"{HOST}/security/v1/oauth/token",
            headers={
                "authorization": signing.basic(name, secret),
                "content-type": "application/x-www-form-urlencoded",
            },
            body=b"grant_type=client_credentials",
        )
        if problem := trouble(answer, tracks.said(answer), tracks.NAME):
            raise problem
        return tokens.issued(answer, account)

    def check(self, account: Account) -> Flow[Checked]:
        """Asks about UPS's own sample number, which shows whether the app may track."""
        yield from _let_in(account)
        name = account.settings.get("client_id", "")
        return Checked(external_id=account_id("ups", name), label="UPS")

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """One question for each number."""
        for number in numbers:
            tracks.tracked((yield _details(account, number.text, what="track")))

    def follow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """Subscribes the numbers to Track Alert, where its credential is entered; once more, before UPS ends it. A
        number that UPS does not take there (yet) is followed by asking, like all numbers of an account without Track
        Alert.
        """
        if not account.credentials.get("hook_credential"):
            return tuple(Followed(number=one.text, remote="asked") for one in numbers)
        followed: list[Followed] = []
        for start in range(0, len(numbers), _AT_ONCE):
            followed += yield from _subscribed(account, [one.text for one in numbers[start : start + _AT_ONCE]])
        return tuple(followed)

    def unfollow(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[tuple[Followed, ...]]:
        """UPS ends a subscription by itself and offers no other way."""
        yield from ()
        return tuple(Followed(number=one.text, remote="stopped") for one in numbers)

    def recarrier(self, account: Account, number: TrackingNumber) -> Flow[Followed]:
        """There is one carrier here: the number is only followed again."""
        (followed,) = yield from self.follow(account, [number])
        return followed

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """UPS takes its webhook address only by hand: Refused, with the sentence that says where."""
        yield from ()
        raise Refused(message=Message(id="ups.hook_by_hand", values={"address": address}))

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """The credential is in a header, bare or as a Bearer. It covers nothing, so the message is a knock."""
        ours = account.credentials.get("hook_credential", "")
        said = [delivery.headers.get(name, "").removeprefix("Bearer ") for name in _HEADERS]
        if not ours or not any(signing.same(ours, one) for one in said):
            raise Denied(message=Message(id="carrier.bad_credential", values={"carrier": tracks.NAME}))
        key = hashlib.sha256(delivery.body).hexdigest()[:32]
        answer = Answer(what="push", body=delivery.body, received_at=delivery.received_at)
        return Received(answer=answer, key=key, knock=True)

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer or a ``push``."""
        return tracks.pushed(answer) if answer.what == "push" else tracks.tracked(answer)


def _let_in(account: Account) -> Flow[None]:
    """Raises Denied where the app may not track, or its token has ended."""
    with contextlib.suppress(NotFound, Refused):
        tracks.tracked((yield _details(account, SAMPLE, what="")))


def _subscribed(account: Account, numbers: list[str]) -> Flow[list[Followed]]:
    """Which of the numbers UPS took. An account without Track Alert takes none; while Track Alert is down they are
    asked about all the same.
    """
    body = {"locale": "en_US", "countryCode": "US", "trackingNumberList": numbers}
    answer = yield _request(account, "POST", "track/v2/subscription/standard/package", body=body)
    if problem := trouble(answer, tracks.said(answer), tracks.NAME):
        if isinstance(problem, Denied):
            yield from _let_in(account)  # so that it is Track Alert alone that is not allowed
        return _untaken(account, numbers, problem)
    refused = decoded(answer, _Subscribed, tracks.NAME).invalid_tracking_numbers or []
    renewed, later = account.now + _LASTS - _EARLY, account.now + _NOT_TAKEN
    return [
        Followed(number=one, remote="asked", said="not taken by Track Alert", again_at=later)
        if one in refused
        else Followed(number=one, remote="registered", again_at=renewed)
        for one in numbers
    ]


def _untaken(account: Account, numbers: list[str], problem: Trouble) -> list[Followed]:
    """UPS took none: for a while, because they are none of its numbers, or until a person sets the app right."""
    down = isinstance(problem, Busy | Broken)
    denied = isinstance(problem, Denied)
    reason = Message(id="ups.no_alerts", values={"said": problem.said}) if denied else None
    later = account.now + (_DOWN if down else _NOT_TAKEN)
    return [Followed(number=one, remote="asked", said=problem.said, again_at=later, untold=reason) for one in numbers]


def _details(account: Account, number: str, *, what: str) -> Request:
    return _request(account, "GET", f"track/v1/details/{quote(number, safe='')}", what=what, asked=number)


def _request(
    account: Account,
    method: Literal["GET", "POST"],
    path: str,
    *,
    body: Mapping[str, object] | None = None,
    what: str = "",
    asked: str = "",
) -> Request:
    """``transId`` has to differ between requests: it is made of the instant and what is asked."""
    one = hashlib.sha256(f"{account.now.isoformat()} {path}".encode()).hexdigest()[:32]
    query = (("locale", "en_US"), ("returnSignature", "false"), ("returnMilestones", "false"), ("returnPOD", "false"))
    return Request(
        method=method,
        url=f"{HOST}/api/{path}",
        query=query if method == "GET" else (),
        headers={
            "authorization": tokens.bearer(account),
            "content-type": "application/json",
            "transId": one,
            "transactionSrc": "doorstep",
        },
        body=msgspec.json.encode(body) if body else b"",
        what=what,
        subject=asked,
        context={"asked": asked} if asked else {},
    )


CONNECTOR: Carrier = Ups()
