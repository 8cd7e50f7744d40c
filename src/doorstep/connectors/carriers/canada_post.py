"""Canada Post: the tracking details of its web services. What its answers mean is read in ``canada_post_tracks``; here
is how to ask.

Source: Canada Post's schemas (track, messages).
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from doorstep.connectors import signing
from doorstep.connectors.asking import Asked
from doorstep.connectors.carriers import canada_post_tracks as tracks
from doorstep.connectors.contract import Account, Can, Carrier, Field, Meta, Request
from doorstep.core.number import TrackingNumber

_SEEN: Final = frozenset({"20", "1479", "1496", "2300", "3000"})
_META: Final = Meta(
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


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    name, password = account.settings.get("username", ""), account.credentials.get("password", "")
    return Request(
        method="GET",
        url=f"https://soa-gw.canadapost.ca/vis/track/pin/{quote(numbers[0].text, safe='')}/detail",
        headers={
            "authorization": signing.basic(name, password),
            "accept": "application/vnd.cpc.track-v2+xml",
            "accept-language": "en-CA",
        },
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracks.tracked,
    sample="1371134583769923",  # of Canada Post's own documentation: belongs to nobody
    known_by="username",
    status=tracks.STATUS,
    unseen=frozenset(tracks.STATUS) - _SEEN,
)
