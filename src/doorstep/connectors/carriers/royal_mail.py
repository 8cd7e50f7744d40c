"""Royal Mail: the Tracking API v2. What its answers mean is read in ``royal_mail_tracks``; here is how to ask.

Source: Royal Mail's published requests and answers (Tracking v2).
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from doorstep.connectors.carriers import royal_mail_tracks as tracks
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

SAMPLE: Final = "FQ087430672GB"  # of Royal Mail's own documentation: belongs to nobody
_SEEN: Final = frozenset({"EVAIP", "EVDAV", "EVGPD", "EVIMC", "EVKNA", "EVKRF", "EVKSP", "EVNDA", "EVNMI", "EVPPA"})


class RoyalMail:
    """Asks about one number at a time: only so does Royal Mail tell every event."""

    meta = Meta(
        name="royal_mail",
        label="Royal Mail",
        hosts=frozenset({"api.royalmail.net"}),
        polls_per_minute=60,
        can=frozenset({Can.TRACK}),
        fields=(
            Field(name="client_id", label="Client ID", help="Of your app at developer.royalmail.net."),
            Field(name="client_secret", label="Client secret", secret=True),
        ),
        basis="Royal Mail's published requests and answers (Tracking API v2)",
        docs="https://developer.royalmail.net/",
        carriers=frozenset({"royal_mail"}),
        proven="vendor sample",
        steps=(
            "Sign in at developer.royalmail.net with a Royal Mail business account and register an app.",
            "Subscribe the app to the Tracking API, and wait for the approval.",
            "Copy its client ID and client secret.",
        ),
        limits=("One number in each question.",),
        gaps=(
            "Parcelforce numbers are not answered by this API.",
            "News is asked for: Royal Mail's push service is not used.",
        ),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset(tracks.STATUS) - _SEEN

    def check(self, account: Account) -> Flow[Checked]:
        """Asks about Royal Mail's own sample number, which shows whether the app may track."""
        with contextlib.suppress(NotFound, Refused):
            tracks.tracked((yield _request(account, SAMPLE, what="")))
        client = account.settings.get("client_id", "")
        return Checked(external_id=account_id("royal_mail", client), label="Royal Mail")

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """One question for each number."""
        for number in numbers:
            tracks.tracked((yield _request(account, number.text, what="track")))

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer."""
        return tracks.tracked(answer)


def _request(account: Account, number: str, *, what: str) -> Request:
    """The header about the terms is Royal Mail's way of asking that they are accepted with each question."""
    return Request(
        method="GET",
        url=f"https://api.royalmail.net/mailpieces/v2/{quote(number, safe='')}/events",
        headers={
            "x-ibm-client-id": account.settings.get("client_id", ""),
            "x-ibm-client-secret": account.credentials.get("client_secret", ""),
            "x-accept-rmg-terms": "yes",
            "accept": "application/json",
        },
        what=what,
        subject=number,
        context={"asked": number},
    )


CONNECTOR: Carrier = RoyalMail()
