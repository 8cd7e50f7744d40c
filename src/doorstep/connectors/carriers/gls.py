"""GLS: the Track and Trace API of the group, asked with the merchant's own app. What its answers mean is read in
``gls_tracks``; here is how to ask.

Source: GLS's OpenAPI files (track and trace v1, authentication v2).
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from doorstep.connectors import signing, tokens
from doorstep.connectors.asking import LetIn
from doorstep.connectors.carriers import gls_tracks as tracks
from doorstep.connectors.contract import Account, Can, Carrier, Field, Meta, Request
from doorstep.core.number import TrackingNumber

HOST: Final = "https://api.gls-group.net"
_UNSEEN: Final = frozenset({"CANCELED", "FINAL", "INPICKUP", "INWAREHOUSE", "NOTPICKEDUP", "PLANNEDPICKUP"})
_META: Final = Meta(
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


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    wished = ",".join(quote(number.text, safe="") for number in numbers)
    return Request(
        method="GET",
        url=f"{HOST}/track-and-trace-v1/tracking/simple/trackids/{wished}",
        query=(("showEvents", "true"),),
        headers={
            "authorization": tokens.bearer(account),
            "accept": "application/json",
            "accept-language": "en",
        },
    )


def _login(account: Account) -> Request:
    client, secret = account.settings.get("client_id", ""), account.credentials.get("client_secret", "")
    return Request(
        method="POST",
        url=f"{HOST}/oauth2/v2/token",
        headers={
            "authorization": signing.basic(client, secret),
            "content-type": "application/x-www-form-urlencoded",
        },
        body=b"grant_type=client_credentials",
    )


CONNECTOR: Carrier = LetIn(
    meta=_META,
    question=_question,
    tracked=tracks.tracked,
    login=_login,
    said=tracks.said,
    sample="36301917596",  # of GLS's own documentation: belongs to nobody
    known_by="client_id",
    status=tracks.STATUS,
    unseen=_UNSEEN,
)
