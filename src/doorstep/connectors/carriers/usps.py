"""USPS: Tracking API v3, asked with the merchant's own app. What its answers mean is read in ``usps_tracks``; here is
how to ask.

Source: USPS's OpenAPI file (Tracking 3.2.6).
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from doorstep.connectors import tokens
from doorstep.connectors.asking import LetIn
from doorstep.connectors.carriers import usps_tracks as tracks
from doorstep.connectors.contract import Account, Can, Carrier, Field, Meta, Request
from doorstep.core.number import TrackingNumber

HOST: Final = "https://apis.usps.com"
_ZIP_DIGITS: Final = 5
_SEEN: Final = frozenset({"01", "03", "07", "10", "22", "27", "56", "A1", "GX", "OF", "SF", "TL"})
_META: Final = Meta(
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


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    """The ZIP code of the destination tells apart two parcels of one number."""
    zip_code = numbers[0].keys.get("postcode", "")[:_ZIP_DIGITS]
    known = len(zip_code) == _ZIP_DIGITS and zip_code.isdigit()
    return Request(
        method="GET",
        url=f"{HOST}/tracking/v3/tracking/{quote(numbers[0].text, safe='')}",
        query=(("expand", "DETAIL"), *((("destinationZIPCode", zip_code),) if known else ())),
        headers={"authorization": tokens.bearer(account), "accept": "application/json"},
    )


def _login(account: Account) -> Request:
    wish = {
        "client_id": account.settings.get("client_id", ""),
        "client_secret": account.credentials.get("client_secret", ""),
        "grant_type": "client_credentials",
        "scope": "tracking",
    }
    return Request(
        method="POST",
        url=f"{HOST}/oauth2/v3/token",
        headers={"content-type": "application/json"},
        body=msgspec.json.encode(wish),
    )


CONNECTOR: Carrier = LetIn(
    meta=_META,
    question=_question,
    tracked=tracks.tracked,
    login=_login,
    said=tracks.said,
    sample="9400100000000000000000",  # of USPS's own pages: belongs to nobody
    known_by="client_id",
    status=tracks.STATUS,
    unseen=frozenset(tracks.STATUS) - _SEEN,
)
