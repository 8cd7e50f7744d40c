"""Royal Mail: the Tracking API v2. What its answers mean is read in ``royal_mail_tracks``; here is how to ask.

Source: Royal Mail's published requests and answers (Tracking v2).
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from doorstep.connectors.asking import Asked
from doorstep.connectors.carriers import royal_mail_tracks as tracks
from doorstep.connectors.contract import Account, Can, Carrier, Field, Meta, Request
from doorstep.core.number import TrackingNumber

_SEEN: Final = frozenset({"EVAIP", "EVDAV", "EVGPD", "EVIMC", "EVKNA", "EVKRF", "EVKSP", "EVNDA", "EVNMI", "EVPPA"})
_META: Final = Meta(
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


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    """The header about the terms is Royal Mail's way of asking that they are accepted with each question."""
    return Request(
        method="GET",
        url=f"https://api.royalmail.net/mailpieces/v2/{quote(numbers[0].text, safe='')}/events",
        headers={
            "x-ibm-client-id": account.settings.get("client_id", ""),
            "x-ibm-client-secret": account.credentials.get("client_secret", ""),
            "x-accept-rmg-terms": "yes",
            "accept": "application/json",
        },
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracks.tracked,
    sample="FQ087430672GB",  # of Royal Mail's own documentation: belongs to nobody
    known_by="client_id",
    status=tracks.STATUS,
    unseen=frozenset(tracks.STATUS) - _SEEN,
)
