"""Australia Post: the tracking of its shipping and tracking API. What its answers mean is read in
``australia_post_tracks``; here is how to ask.

Source: Australia Post's published requests and answers (Shipping and Tracking).
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Final

from doorstep.connectors import signing
from doorstep.connectors.carriers import australia_post_tracks as tracks
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

SAMPLE: Final = "ET123456789AU"  # of Australia Post's own documentation: belongs to nobody
_SEEN: Final = frozenset({"Delivered", "In transit", "Possible delay", "Awaiting collection", "Held by courier"})


class AustraliaPost:
    """Asks about up to ten numbers at a time."""

    meta = Meta(
        name="australia_post",
        label="Australia Post",
        hosts=frozenset({"digitalapi.auspost.com.au"}),
        polls_per_minute=10,
        batch=10,
        can=frozenset({Can.TRACK}),
        fields=(
            Field(name="account_number", label="Account number", help="Of your Australia Post business account."),
            Field(name="api_key", label="API key"),
            Field(name="password", label="API password", secret=True),
        ),
        basis="Australia Post's published requests and answers (Shipping and Tracking API)",
        docs="https://developers.auspost.com.au/apis/shipping-and-tracking/reference",
        carriers=frozenset({"australia_post"}),
        proven="vendor sample",
        steps=(
            "Have an eParcel or StarTrack contract with Australia Post.",
            "Register for the Shipping and Tracking API at developers.auspost.com.au.",
            "Copy the API key and password for production, and the account number that they were made for.",
        ),
        limits=("Ten numbers in each question, ten questions a minute.",),
        gaps=(
            "Events have a text and no code: what they mean is read from the text.",
            "Times are those of eastern Australia, wherever the parcel was scanned.",
        ),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset(tracks.STATUS) - _SEEN

    def check(self, account: Account) -> Flow[Checked]:
        """Asks about Australia Post's own sample number, which shows whether the key may track."""
        with contextlib.suppress(NotFound, Refused):
            tracks.tracked((yield _request(account, (SAMPLE,), what="")))
        number = account.settings.get("account_number", "")
        return Checked(external_id=account_id("australia_post", number), label=f"Australia Post {number}".strip())

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """One question for all of them."""
        tracks.tracked((yield _request(account, [number.text for number in numbers], what="track")))

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer."""
        return tracks.tracked(answer)


def _request(account: Account, numbers: Sequence[str], *, what: str) -> Request:
    key, password = account.settings.get("api_key", ""), account.credentials.get("password", "")
    return Request(
        method="GET",
        url="https://digitalapi.auspost.com.au/shipping/v1/track",
        query=(("tracking_ids", ",".join(numbers)),),
        headers={
            "authorization": signing.basic(key, password),
            "account-number": account.settings.get("account_number", ""),
            "accept": "application/json",
        },
        what=what,
        subject=",".join(numbers),
        context={"asked": ",".join(numbers)},
    )


CONNECTOR: Carrier = AustraliaPost()
