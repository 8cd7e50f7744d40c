"""FedEx: Track v1, asked with the merchant's own project. What its answers mean is read in ``fedex_tracks``; here is
how to ask.

Source: FedEx's OpenAPI files (Authorization, Track).
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

import msgspec

from doorstep.connectors import tokens
from doorstep.connectors.carriers import fedex_tracks as tracks
from doorstep.connectors.contract import (
    Account,
    Answer,
    Can,
    Carrier,
    Checked,
    Facts,
    Field,
    Flow,
    Meta,
    NotFound,
    Refused,
    Request,
)
from doorstep.connectors.scans import account_id, trouble
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Status

HOST: Final = "https://apis.fedex.com"
SAMPLE: Final = "123456789012"  # of FedEx's own documentation: belongs to nobody
_SEEN: Final = frozenset({"AO", "AR", "CD", "DE", "DL", "DP", "DY", "IN", "IT", "OC", "OD", "PU", "RS", "SE"})


class FedEx:
    """Asks about up to thirty numbers at a time."""

    meta = Meta(
        name="fedex",
        label="FedEx",
        hosts=frozenset({"apis.fedex.com"}),
        polls_per_minute=60,
        batch=30,
        can=frozenset({Can.TRACK}),
        fields=(
            Field(name="client_id", label="API key", help="Of your project at developer.fedex.com."),
            Field(name="client_secret", label="Secret key", secret=True),
        ),
        basis="FedEx's OpenAPI files (Authorization, Track v1) and table of status codes",
        docs="https://developer.fedex.com/api/en-us/catalog/track/v1/docs.html",
        carriers=frozenset({"fedex"}),
        proven="vendor sample",
        steps=(
            "Sign in at developer.fedex.com, create an organization and in it an API project.",
            "Choose the Track API (Basic Integrated Visibility) for the project.",
            "Move the project to production and copy its API key and secret key; those of the test keys do not work.",
        ),
        limits=("30 numbers in each question.", "100,000 questions a day for a project, until midnight GMT."),
        gaps=(
            "News is asked for: FedEx's webhook (Advanced Integrated Visibility) is not used.",
            "Of several parcels that had one number, only the last to begin is read.",
        ),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset(tracks.STATUS) - _SEEN

    def stale(self, account: Account) -> bool:
        """The token lives an hour."""
        return tokens.stale(account)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        """A new token for the project."""
        wish = {
            "grant_type": "client_credentials",
            "client_id": account.settings.get("client_id", ""),
            "client_secret": account.credentials.get("client_secret", ""),
        }
        answer = yield Request(
            method="POST",
            url=f"{HOST}/oauth/token",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(wish).encode(),
        )
        if problem := trouble(answer, tracks.said(answer), tracks.NAME):
            raise problem
        return tokens.issued(answer, account)

    def check(self, account: Account) -> Flow[Checked]:
        """Asks about FedEx's own sample number, which shows whether the project may track."""
        with contextlib.suppress(NotFound, Refused):
            tracks.tracked((yield _request(account, [TrackingNumber(text=SAMPLE)], what="")))
        return Checked(external_id=account_id("fedex", account.settings.get("client_id", "")), label="FedEx")

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """One question for all numbers."""
        tracks.tracked((yield _request(account, numbers, what="track")))

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer."""
        return tracks.tracked(answer)


def _request(account: Account, numbers: Sequence[TrackingNumber], *, what: str) -> Request:
    """A POST that changes nothing: FedEx takes numbers in the body only."""
    asked = ",".join(one.text for one in numbers)
    wish = {
        "includeDetailedScans": True,
        "trackingInfo": [{"trackingNumberInfo": {"trackingNumber": one.text}} for one in numbers],
    }
    return Request(
        method="POST",
        url=f"{HOST}/track/v1/trackingnumbers",
        headers={
            "authorization": tokens.bearer(account),
            "Content-Type": "application/json",
            "x-locale": "en_US",
        },
        body=msgspec.json.encode(wish),
        what=what,
        subject=asked,
        context={"asked": asked},
    )


CONNECTOR: Carrier = FedEx()
