"""La Poste: Suivi v2, for letters, Colissimo and Chronopost. What its answers mean is read in ``la_poste_tracks``; here
is how to ask.

Source: La Poste's published requests and answers (Suivi v2).
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from doorstep.connectors.asking import Asked
from doorstep.connectors.carriers import la_poste_tracks as tracks
from doorstep.connectors.contract import Account, Can, Carrier, Field, Meta, Request
from doorstep.core.number import TrackingNumber

_SEEN: Final = frozenset({"AG1", "DI1", "DI2", "DO1", "DR1", "ET1", "ET3", "MD2", "ND1", "PC1", "RE1"})
_META: Final = Meta(
    name="la_poste",
    label="La Poste, Colissimo, Chronopost",
    hosts=frozenset({"api.laposte.fr"}),
    polls_per_minute=60,
    batch=10,
    can=frozenset({Can.TRACK}),
    fields=(Field(name="api_key", label="Okapi key", secret=True, help="Of your app at developer.laposte.fr."),),
    basis="La Poste's published requests and answers (Suivi v2)",
    docs="https://developer.laposte.fr/products/suivi/latest",
    carriers=tracks.CARRIERS,
    proven="vendor sample",
    steps=(
        "Sign in at developer.laposte.fr and create an app.",
        "Subscribe the app to the product Suivi (free of charge).",
        "Copy the app's production key (Okapi key).",
    ),
    limits=("Ten numbers in each question.",),
    gaps=("The places of the scans are not told by this API.",),
)


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    return Request(
        method="GET",
        url=f"https://api.laposte.fr/suivi/v2/idships/{','.join(quote(number.text, safe='') for number in numbers)}",
        query=(("lang", "en_GB"),),
        headers={"x-okapi-key": account.credentials.get("api_key", ""), "accept": "application/json"},
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracks.tracked,
    sample="EW112720413FR",  # of a published answer: long delivered
    known_by="api_key",
    status=tracks.STATUS,
    unseen=frozenset(tracks.STATUS) - _SEEN,
    called="La Poste",
)
