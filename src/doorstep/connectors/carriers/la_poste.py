"""La Poste: Suivi v2, for letters, Colissimo and Chronopost. What its answers mean is read in ``la_poste_tracks``; here
is how to ask.

Source: La Poste's published requests and answers (Suivi v2).
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from doorstep.connectors.carriers import la_poste_tracks as tracks
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

SAMPLE: Final = "EW112720413FR"  # of a published answer: long delivered
_SEEN: Final = frozenset({"AG1", "DI1", "DI2", "DO1", "DR1", "ET1", "ET3", "MD2", "ND1", "PC1", "RE1"})


class LaPoste:
    """Asks about up to ten numbers at a time."""

    meta = Meta(
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
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset(tracks.STATUS) - _SEEN

    def check(self, account: Account) -> Flow[Checked]:
        """Asks about a published number, which shows whether the key may track."""
        with contextlib.suppress(NotFound, Refused):
            tracks.tracked((yield _request(account, (SAMPLE,), what="")))
        return Checked(external_id=account_id("la_poste", account.credentials.get("api_key", "")), label="La Poste")

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """One question for all of them."""
        tracks.tracked((yield _request(account, [number.text for number in numbers], what="track")))

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer."""
        return tracks.tracked(answer)


def _request(account: Account, numbers: Sequence[str], *, what: str) -> Request:
    return Request(
        method="GET",
        url=f"https://api.laposte.fr/suivi/v2/idships/{','.join(quote(number, safe='') for number in numbers)}",
        query=(("lang", "en_GB"),),
        headers={"x-okapi-key": account.credentials.get("api_key", ""), "accept": "application/json"},
        what=what,
        subject=",".join(numbers),
        context={"asked": ",".join(numbers)},
    )


CONNECTOR: Carrier = LaPoste()
