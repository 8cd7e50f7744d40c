"""Canada Post: the tracking details of its web services. What its answers mean is read in ``canada_post_tracks``; here
is how to ask.

Source: Canada Post's schemas (track, messages).
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from doorstep.connectors import signing
from doorstep.connectors.carriers import canada_post_tracks as tracks
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

SAMPLE: Final = "1371134583769923"  # of Canada Post's own documentation: belongs to nobody
_SEEN: Final = frozenset({"20", "1479", "1496", "2300", "3000"})


class CanadaPost:
    """Asks about one number at a time."""

    meta = Meta(
        name="canada_post",
        label="Canada Post",
        hosts=frozenset({"soa-gw.canadapost.ca"}),
        polls_per_minute=60,
        can=frozenset({Can.TRACK}),
        fields=(
            Field(name="username", label="API key, user name", help="The part before the colon of the production key."),
            Field(name="password", label="API key, password", secret=True, help="The part after the colon."),
        ),
        basis="Canada Post's schemas (track, messages) and its published answers",
        docs="https://www.canadapost-postescanada.ca/info/mc/business/productsservices/developers/services/tracking/default.jsf",
        carriers=frozenset({"canada_post"}),
        proven="vendor sample",
        steps=(
            "Sign in at Canada Post's developer program with a (free) business account.",
            "Copy the production API key: user name and password are its two parts, with a colon between.",
        ),
        limits=("One number in each question.", "60 questions a minute."),
        gaps=("Canada Post publishes no whole list of its event codes: what is not in our table is read by its text.",),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset(tracks.STATUS) - _SEEN

    def check(self, account: Account) -> Flow[Checked]:
        """Asks about Canada Post's own sample number, which shows whether the key may track."""
        with contextlib.suppress(NotFound, Refused):
            tracks.tracked((yield _request(account, SAMPLE, what="")))
        return Checked(external_id=account_id("canada_post", account.settings.get("username", "")), label="Canada Post")

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """One question for each number."""
        for number in numbers:
            tracks.tracked((yield _request(account, number.text, what="track")))

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer."""
        return tracks.tracked(answer)


def _request(account: Account, number: str, *, what: str) -> Request:
    name, password = account.settings.get("username", ""), account.credentials.get("password", "")
    return Request(
        method="GET",
        url=f"https://soa-gw.canadapost.ca/vis/track/pin/{quote(number, safe='')}/detail",
        headers={
            "authorization": signing.basic(name, password),
            "accept": "application/vnd.cpc.track-v2+xml",
            "accept-language": "en-CA",
        },
        what=what,
        subject=number,
        context={"asked": number},
    )


CONNECTOR: Carrier = CanadaPost()
