"""PostNord: Track and Trace, in Sweden, Denmark, Norway and Finland. What its answers mean is read in
``postnord_tracks``; here is how to ask.

Source: PostNord's documentation (track and trace v5).
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Final

from doorstep.connectors.carriers import postnord_tracks as tracks
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

SAMPLE: Final = "00000000000000000000"  # well formed, and of nobody
_SEEN: Final = frozenset(
    {"AVAILABLE_FOR_DELIVERY", "DELIVERED", "DELIVERY_REFUSED", "EN_ROUTE", "EXPECTED_DELAY", "INFORMED", "OTHER"}
)


class PostNord:
    """Asks about one number at a time."""

    meta = Meta(
        name="postnord",
        label="PostNord",
        hosts=frozenset({"api2.postnord.com"}),
        polls_per_minute=60,
        can=frozenset({Can.TRACK}),
        fields=(Field(name="api_key", label="API key", secret=True, help="Of your app at developer.postnord.com."),),
        basis="PostNord's documentation (track and trace v5)",
        docs="https://developer.postnord.com/",
        carriers=frozenset({"post_nord", "post_nord_dk", "post_nord_fi", "post_nord_no"}),
        proven="documented only",
        steps=(
            "Sign in at developer.postnord.com and create an app.",
            "Add the plan with Track and Trace to it.",
            "Copy the API key of the app.",
        ),
        limits=("One number in each question.",),
        gaps=("Times have no offset: they are kept as the clock of the place, and not made into instants.",),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset(tracks.STATUS) - _SEEN

    def check(self, account: Account) -> Flow[Checked]:
        """Asks about a number that nobody has, which shows whether the key may track."""
        with contextlib.suppress(NotFound, Refused):
            tracks.tracked((yield _request(account, SAMPLE, what="")))
        return Checked(external_id=account_id("postnord", account.credentials.get("api_key", "")), label="PostNord")

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """One question for each number."""
        for number in numbers:
            tracks.tracked((yield _request(account, number.text, what="track")))

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer."""
        return tracks.tracked(answer)


def _request(account: Account, number: str, *, what: str) -> Request:
    """The texts in English, in which they are read best."""
    key = account.credentials.get("api_key", "")
    return Request(
        method="GET",
        url="https://api2.postnord.com/rest/shipment/v5/trackandtrace/findByIdentifier.json",
        query=(("apikey", key), ("id", number), ("locale", "en")),
        headers={"accept": "application/json"},
        what=what,
        subject=number,
        context={"asked": number},
    )


CONNECTOR: Carrier = PostNord()
