"""PostNord: Track and Trace, in Sweden, Denmark, Norway and Finland. What its answers mean is read in
``postnord_tracks``; here is how to ask.

Source: PostNord's documentation (track and trace v5).
"""

from collections.abc import Sequence
from typing import Final

from doorstep.connectors.asking import Asked
from doorstep.connectors.carriers import postnord_tracks as tracks
from doorstep.connectors.contract import Account, Can, Carrier, Field, Meta, Request
from doorstep.core.number import TrackingNumber

_SEEN: Final = frozenset(
    {"AVAILABLE_FOR_DELIVERY", "DELIVERED", "DELIVERY_REFUSED", "EN_ROUTE", "EXPECTED_DELAY", "INFORMED", "OTHER"}
)
_META: Final = Meta(
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


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    """The texts in English, in which they are read best."""
    key = account.credentials.get("api_key", "")
    return Request(
        method="GET",
        url="https://api2.postnord.com/rest/shipment/v5/trackandtrace/findByIdentifier.json",
        query=(("apikey", key), ("id", numbers[0].text), ("locale", "en")),
        headers={"accept": "application/json"},
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracks.tracked,
    sample="00000000000000000000",  # well formed, and of nobody
    known_by="api_key",
    status=tracks.STATUS,
    unseen=frozenset(tracks.STATUS) - _SEEN,
)
