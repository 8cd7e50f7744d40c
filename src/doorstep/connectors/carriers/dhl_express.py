"""DHL Express: MyDHL API tracking, asked with the merchant's own key. What its answers mean is read in
``dhl_express_tracks``; here is how to ask.

Source: DHL's OpenAPI file (MyDHL API 3.1.1).
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from doorstep.connectors import signing
from doorstep.connectors.asking import Asked
from doorstep.connectors.carriers import dhl_express_tracks as tracks
from doorstep.connectors.contract import Account, Can, Carrier, Field, Meta, Request
from doorstep.core.number import TrackingNumber

HOST: Final = "https://express.api.dhl.com/mydhlapi"
VERSION: Final = "3.1.0"
_SEEN: Final = frozenset({"103", "AR", "CD", "DF", "NH", "OK", "PO", "PU", "RD", "RR", "SC", "WC"})
_META: Final = Meta(
    name="dhl_express",
    label="DHL Express (MyDHL API)",
    hosts=frozenset({"express.api.dhl.com"}),
    polls_per_minute=30,
    can=frozenset({Can.TRACK}),
    fields=(
        Field(name="username", label="API key", help="Of your MyDHL API app at developer.dhl.com."),
        Field(name="password", label="API secret", secret=True),
    ),
    basis="DHL's OpenAPI file (MyDHL API 3.1.1) and list of checkpoints",
    docs="https://developer.dhl.com/api-reference/dhl-express-mydhl-api",
    carriers=frozenset({"dhl_express"}),
    proven="vendor sample",
    steps=(
        "You need a DHL Express account number.",
        "Sign in at developer.dhl.com, ask for DHL Express - MyDHL API and wait for the approval by mail.",
        "Ask DHL in the app to move you from test to production, and copy API key and API secret from there.",
    ),
    limits=("One number in each question.", "250 to 500 questions a day at first; DHL raises that on request."),
    gaps=("Pieces of one shipment are not told apart.", "Proof of delivery is not fetched."),
)


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    query = (
        ("trackingView", "all-checkpoints"),
        ("levelOfDetail", "shipment"),
        ("requestGMTOffsetPerEvent", "true"),
    )
    name, password = account.settings.get("username", ""), account.credentials.get("password", "")
    return Request(
        method="GET",
        url=f"{HOST}/shipments/{quote(numbers[0].text, safe='')}/tracking",
        query=query,
        headers={
            "authorization": signing.basic(name, password),
            "accept": "application/json",
            "x-version": VERSION,
        },
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracks.tracked,
    sample="9356579890",  # of DHL's own documentation: belongs to nobody
    known_by="username",
    status=tracks.STATUS,
    unseen=frozenset(tracks.STATUS) - _SEEN,
    called="DHL Express",
)
