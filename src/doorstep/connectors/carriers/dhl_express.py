"""DHL Express: MyDHL API tracking, asked with the merchant's own key. What its answers mean is read in
``dhl_express_tracks``; here is how to ask.

Source: DHL's OpenAPI file (MyDHL API 3.1.1).
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from doorstep.connectors import signing
from doorstep.connectors.carriers import dhl_express_tracks as tracks
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
from doorstep.connectors.scans import account_id
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Status

HOST: Final = "https://express.api.dhl.com/mydhlapi"
VERSION: Final = "3.1.0"
SAMPLE: Final = "9356579890"  # of DHL's own documentation: belongs to nobody
_SEEN: Final = frozenset({"103", "AR", "CD", "DF", "NH", "OK", "PO", "PU", "RD", "RR", "SC", "WC"})


class DhlExpress:
    """Asks about one number at a time: only so does DHL tell the offset of each place's clock."""

    meta = Meta(
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
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset(tracks.STATUS) - _SEEN

    def check(self, account: Account) -> Flow[Checked]:
        """Asks about DHL's own sample number, which shows whether the key may track."""
        with contextlib.suppress(NotFound, Refused):
            tracks.tracked((yield _request(account, SAMPLE, what="")))
        return Checked(external_id=account_id("dhl_express", account.settings.get("username", "")), label="DHL Express")

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """One question for each number."""
        for number in numbers:
            tracks.tracked((yield _request(account, number.text, what="track")))

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer."""
        return tracks.tracked(answer)


def _request(account: Account, number: str, *, what: str) -> Request:
    query = (
        ("trackingView", "all-checkpoints"),
        ("levelOfDetail", "shipment"),
        ("requestGMTOffsetPerEvent", "true"),
    )
    name, password = account.settings.get("username", ""), account.credentials.get("password", "")
    return Request(
        method="GET",
        url=f"{HOST}/shipments/{quote(number, safe='')}/tracking",
        query=query,
        headers={
            "authorization": signing.basic(name, password),
            "accept": "application/json",
            "x-version": VERSION,
        },
        what=what,
        subject=number,
        context={"asked": number},
    )


CONNECTOR: Carrier = DhlExpress()
