"""USPS: Tracking API v3, asked with the merchant's own app. What its answers mean is read in ``usps_tracks``; here is
how to ask.

Source: USPS's OpenAPI file (Tracking 3.2.6).
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from doorstep.connectors import tokens
from doorstep.connectors.carriers import usps_tracks as tracks
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

HOST: Final = "https://apis.usps.com"
SAMPLE: Final = "9400100000000000000000"  # of USPS's own pages: belongs to nobody
_ZIP_DIGITS: Final = 5
_SEEN: Final = frozenset({"01", "03", "07", "10", "22", "27", "56", "A1", "GX", "OF", "SF", "TL"})


class Usps:
    """Asks about one number at a time."""

    meta = Meta(
        name="usps",
        label="USPS",
        hosts=frozenset({"apis.usps.com"}),
        polls_per_minute=1,
        can=frozenset({Can.TRACK}),
        fields=(
            Field(name="client_id", label="Consumer key", help="Of your app at developers.usps.com."),
            Field(name="client_secret", label="Consumer secret", secret=True),
        ),
        basis="USPS's OpenAPI file (Tracking 3.2.6)",
        docs="https://developers.usps.com/trackingv3r2",
        carriers=frozenset({"usps"}),
        keys=frozenset({"postcode"}),
        proven="vendor sample",
        steps=(
            "Sign in at developers.usps.com with a USPS business account and add an app.",
            "Copy its consumer key and consumer secret.",
            "If tracking is refused, ask USPS there to add the Tracking API to the app.",
        ),
        limits=("One number in each question.", "60 questions an hour at first; USPS raises that on request."),
        gaps=("News is asked for: USPS's webhook (Subscriptions) is not used.",),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset(tracks.STATUS) - _SEEN

    def stale(self, account: Account) -> bool:
        """The token lives eight hours."""
        return tokens.stale(account)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        """A new token for the app."""
        wish = {
            "client_id": account.settings.get("client_id", ""),
            "client_secret": account.credentials.get("client_secret", ""),
            "grant_type": "client_credentials",
            "scope": "tracking",
        }
        answer = yield Request(
            method="POST",
            url=f"{HOST}/oauth2/v3/token",
            headers={"content-type": "application/json"},
            body=msgspec.json.encode(wish),
        )
        if problem := trouble(answer, tracks.said(answer), tracks.NAME):
            raise problem
        return tokens.issued(answer, account)

    def check(self, account: Account) -> Flow[Checked]:
        """Asks about a sample number, which shows whether the app may track."""
        with contextlib.suppress(NotFound, Refused):
            tracks.tracked((yield _request(account, TrackingNumber(text=SAMPLE), what="")))
        return Checked(external_id=account_id("usps", account.settings.get("client_id", "")), label="USPS")

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """One question for each number."""
        for number in numbers:
            tracks.tracked((yield _request(account, number, what="track")))

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer."""
        return tracks.tracked(answer)


def _request(account: Account, number: TrackingNumber, *, what: str) -> Request:
    """The ZIP code of the destination tells apart two parcels of one number."""
    zip_code = number.keys.get("postcode", "")[:_ZIP_DIGITS]
    known = len(zip_code) == _ZIP_DIGITS and zip_code.isdigit()
    return Request(
        method="GET",
        url=f"{HOST}/tracking/v3/tracking/{quote(number.text, safe='')}",
        query=(("expand", "DETAIL"), *((("destinationZIPCode", zip_code),) if known else ())),
        headers={"authorization": tokens.bearer(account), "accept": "application/json"},
        what=what,
        subject=number.text,
        context={"asked": number.text},
    )


CONNECTOR: Carrier = Usps()
