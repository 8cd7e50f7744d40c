"""DHL Paket: Parcel DE Tracking for business customers, which tells more than DHL's Shipment Tracking. What its answers
mean is read in ``dhl_parcel_de_tracks``; here is how to ask.

Source: DHL's request (``d-get-piece-detail``): one XML element in the query, whose attributes are everything.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from xml.sax.saxutils import quoteattr

from doorstep.connectors import signing
from doorstep.connectors.carriers import dhl_parcel_de_tracks as tracks
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

SAMPLE: Final = "00340434161094015902"  # of DHL's own test data: belongs to nobody
_AT_ONCE: Final = 20
_SEEN: Final = frozenset(
    {"ADVIS", "DLVRD", "EXPHD", "HLDCC", "HLDCU", "LDTMV", "NTDEL", "PARCV", "RETRN", "SHRCU", "SRTED", "ULFMV"}
)


class DhlParcelDe:
    """Asks about up to twenty numbers at a time; about one alone where the postcode is known."""

    meta = Meta(
        name="dhl_parcel_de",
        label="DHL Paket (business customers)",
        hosts=frozenset({"api-eu.dhl.com"}),
        polls_per_minute=30,
        batch=_AT_ONCE,
        can=frozenset({Can.TRACK}),
        fields=(
            Field(name="api_key", label="API key", help="Of your app at developer.dhl.com."),
            Field(name="api_secret", label="API secret", secret=True),
            Field(name="user", label="Tracking user", help="The ZT user from the Post & DHL business customer portal."),
            Field(name="password", label="Tracking password", secret=True),
        ),
        basis="DHL's Parcel DE Tracking request and table of ICE events (July 2024)",
        docs="https://developer.dhl.com/api-reference/dhl-parcel-de-tracking-post-parcel-germany",
        carriers=frozenset({"dhl_parcel_de"}),
        keys=frozenset({"postcode"}),
        proven="vendor sample",
        steps=(
            "You need to be a business customer of DHL Paket in Germany.",
            "Create an app with Parcel DE Tracking at developer.dhl.com; copy its API key and API secret.",
            "In the business customer portal ask for a tracking user (its name begins with zt) and set its password.",
        ),
        limits=("20 numbers in each question; one where a postcode is given.",),
        gaps=("Times come without an offset and stay the clock of the place.", "Signatures are not fetched."),
    )
    status: Mapping[str, Status] = tracks.STATUS
    unseen: frozenset[str] = frozenset(tracks.STATUS) - _SEEN

    def check(self, account: Account) -> Flow[Checked]:
        """Asks about DHL's own sample number, which shows whether both pairs of credentials are good."""
        with contextlib.suppress(NotFound, Refused):
            tracks.tracked((yield _request(account, [TrackingNumber(text=SAMPLE)], what="")))
        return Checked(external_id=account_id("dhl_parcel_de", account.settings.get("user", "")), label="DHL Paket")

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """One question for all numbers without a postcode, and one for each with."""
        for asked in _questions(numbers):
            tracks.tracked((yield _request(account, asked, what="track")))

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer."""
        return tracks.tracked(answer)


def _questions(numbers: Sequence[TrackingNumber]) -> Iterator[Sequence[TrackingNumber]]:
    """DHL takes a postcode beside one number only."""
    plain = [one for one in numbers if not one.keys.get("postcode")]
    if plain:
        yield plain
    yield from ([one] for one in numbers if one.keys.get("postcode"))


def _request(account: Account, numbers: Sequence[TrackingNumber], *, what: str) -> Request:
    wish = {
        "appname": account.settings.get("user", ""),
        "password": account.credentials.get("password", ""),
        "request": "d-get-piece-detail",
        "language-code": "en",
        "piece-code": ";".join(one.text for one in numbers),
        **({"zip-code": postcode} if (postcode := numbers[0].keys.get("postcode", "")) else {}),
    }
    written = " ".join(f"{name}={quoteattr(value)}" for name, value in wish.items())
    asked = ",".join(one.text for one in numbers)
    name, secret = account.settings.get("api_key", ""), account.credentials.get("api_secret", "")
    return Request(
        method="GET",
        url="https://api-eu.dhl.com/parcel/de/tracking/v0/shipments",
        query=(("xml", f'<?xml version="1.0" encoding="UTF-8" standalone="no"?><data {written}/>'),),
        headers={"authorization": signing.basic(name, secret), "accept": "application/xml"},
        what=what,
        subject=asked,
        context={"asked": asked},
    )


CONNECTOR: Carrier = DhlParcelDe()
