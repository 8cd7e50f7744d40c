"""DHL Shipment Tracking (Unified): one key for most of DHL's companies. What its answers mean is read in
``dhl_unified_tracks``; here is how to ask.

Source: DHL's OpenAPI file (Shipment Tracking 1.3.1).
"""

from collections.abc import Sequence
from typing import Final

from doorstep.connectors.asking import Asked
from doorstep.connectors.carriers import dhl_unified_tracks as tracks
from doorstep.connectors.contract import Account, Can, Carrier, Field, Meta, Request
from doorstep.core.number import TrackingNumber

# Two services are DHL eCommerce: which one has a number is left to DHL.
_ASKED: Final = {code: service for service, code in tracks.SERVICES.items() if code != "dhl_ecommerce"}
_META: Final = Meta(
    name="dhl_unified",
    label="DHL (Shipment Tracking)",
    hosts=frozenset({"api-eu.dhl.com"}),
    polls_per_minute=12,
    can=frozenset({Can.TRACK}),
    fields=(Field(name="api_key", label="API key", secret=True, help="Of your app at developer.dhl.com."),),
    basis="DHL's OpenAPI file (Shipment Tracking 1.3.1) and status lists",
    docs="https://developer.dhl.com/api-reference/shipment-tracking",
    carriers=frozenset({"dhl", *tracks.SERVICES.values()}),
    keys=frozenset({"postcode"}),
    proven="vendor sample",
    steps=(
        "Sign in at developer.dhl.com and create an app.",
        "Add the API Shipment Tracking - Unified to it and wait for its approval.",
        "Copy the API key of the app (not its secret).",
    ),
    limits=(
        "One number in each question, one question every five seconds.",
        "250 questions a day at first; DHL raises that on request.",
        "DHL knows a new parcel after 10 to 30 minutes, and forgets it after some 90 days.",
    ),
    gaps=("News is asked for: DHL's Shipment Tracking Push is not used.",),
)


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    """The service where the carrier is one of DHL's; the postcode opens what DHL hides from strangers."""
    service, postcode = _ASKED.get(numbers[0].carrier, ""), numbers[0].keys.get("postcode", "")
    pairs = (
        ("trackingNumber", numbers[0].text),
        ("service", service),
        ("recipientPostalCode", postcode),
        ("language", "en"),
    )
    return Request(
        method="GET",
        url="https://api-eu.dhl.com/track/shipments",
        query=tuple((name, value) for name, value in pairs if value),
        headers={"dhl-api-key": account.credentials.get("api_key", ""), "accept": "application/json"},
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracks.tracked,
    sample="7777777770",  # of DHL's own documentation: belongs to nobody
    known_by="api_key",
    status=tracks.STATUS,
    unseen=frozenset(),
    called="DHL",
)
