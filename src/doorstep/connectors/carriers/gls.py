"""GLS: the Track and Trace API of the group, asked with the merchant's own app. What its answers mean is read in
``gls_tracks``; here is how to ask.

Source: GLS's OpenAPI files (track and trace v1, authentication v2).
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from doorstep.connectors import signing, tokens
from doorstep.connectors.carriers import gls_tracks as tracks
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

HOST: Final = "https://api.gls-group.net"
SAMPLE: Final = "36301917596"  # of GLS's own documentation: belongs to nobody
_UNSEEN: Final = frozenset({"CANCELED", "FINAL", "INPICKUP", "INWAREHOUSE", "NOTPICKEDUP", "PLANNEDPICKUP"})


class Gls:
    """Asks about up to ten numbers at a time."""

    meta = Meta(
        name="gls",
        label="GLS",
        hosts=frozenset({"api.gls-group.net"}),
        polls_per_minute=60,
        batch=10,
        can=frozenset({Can.TRACK}),
        fields=(
            Field(name="client_id", label="Client key", help="Of your app at dev-portal.gls-group.net."),
            Field(name="client_secret", label="Client secret", secret=True),
        ),
        basis="GLS's OpenAPI files (track and trace v1, authentication v2)",
        docs="https://dev-portal.gls-group.net/",
        carriers=frozenset({"gls"}),
        proven="vendor sample",
        steps=(
            "Sign in at dev-portal.gls-group.net as a customer of GLS and create an app.",
            "Add the Authentication and the Track and Trace API to it, and ask there for production.",
            "Copy the client key and client secret of production.",
        ),
        limits=("Ten numbers in each question.",),
        gaps=(
            "GLS documents few of its event codes: what is not in our table is read by its text.",
            "GLS companies outside the group's API (in the United States, in Canada) are not answered.",
        ),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = _UNSEEN

    def stale(self, account: Account) -> bool:
        """The token lives up to four hours."""
        return tokens.stale(account)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        """A new token for the app. GLS says 400 to a key that it does not know."""
        client, secret = account.settings.get("client_id", ""), account.credentials.get("client_secret", "")
        answer = yield Request(
            method="POST",
            url=f"{HOST}/oauth2/v2/token",
            headers={
                "authorization": signing.basic(client, secret),
                "content-type": "application/x-www-form-urlencoded",
            },
            body=b"grant_type=client_credentials",
        )
        told = replace(answer, status=401) if answer.status == 400 else answer
        if problem := trouble(told, tracks.said(answer), tracks.NAME):
            raise problem
        return tokens.issued(answer, account)

    def check(self, account: Account) -> Flow[Checked]:
        """Asks about a sample number, which shows whether the app may track."""
        with contextlib.suppress(NotFound, Refused):
            tracks.tracked((yield _request(account, (SAMPLE,), what="")))
        return Checked(external_id=account_id("gls", account.settings.get("client_id", "")), label="GLS")

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """One question for all of them."""
        tracks.tracked((yield _request(account, [number.text for number in numbers], what="track")))

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer."""
        return tracks.tracked(answer)


def _request(account: Account, numbers: Sequence[str], *, what: str) -> Request:
    wished = ",".join(quote(number, safe="") for number in numbers)
    return Request(
        method="GET",
        url=f"{HOST}/track-and-trace-v1/tracking/simple/trackids/{wished}",
        query=(("showEvents", "true"),),
        headers={
            "authorization": tokens.bearer(account),
            "accept": "application/json",
            "accept-language": "en",
        },
        what=what,
        subject=",".join(numbers),
        context={"asked": ",".join(numbers)},
    )


CONNECTOR: Carrier = Gls()
