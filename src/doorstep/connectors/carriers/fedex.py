"""FedEx: Track v1, asked with the merchant's own project. What its answers mean is read in ``fedex_tracks``; here is
how to ask.

Source: FedEx's OpenAPI files (Authorization, Track).
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

import msgspec

from doorstep.connectors import tokens
from doorstep.connectors.asking import LetIn
from doorstep.connectors.carriers import fedex_tracks as tracks
from doorstep.connectors.contract import Account, Can, Carrier, Field, Meta, Request
from doorstep.core.number import TrackingNumber

HOST: Final = "https://apis.fedex.com"
_SEEN: Final = frozenset({"AO", "AR", "CD", "DE", "DL", "DP", "DY", "IN", "IT", "OC", "OD", "PU", "RS", "SE"})
_META: Final = Meta(
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


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    """A POST that changes nothing: FedEx takes numbers in the body only."""
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
    )


def _login(account: Account) -> Request:
    wish = {
        "grant_type": "client_credentials",
        "client_id": account.settings.get("client_id", ""),
        "client_secret": account.credentials.get("client_secret", ""),
    }
    return Request(
        method="POST",
        url=f"{HOST}/oauth/token",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=urlencode(wish).encode(),
    )


CONNECTOR: Carrier = LetIn(
    meta=_META,
    question=_question,
    tracked=tracks.tracked,
    login=_login,
    said=tracks.said,
    sample="123456789012",  # of FedEx's own documentation: belongs to nobody
    known_by="client_id",
    status=tracks.STATUS,
    unseen=frozenset(tracks.STATUS) - _SEEN,
)
