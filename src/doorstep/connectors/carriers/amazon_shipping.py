"""Amazon Shipping: parcels that Amazon carries, with the merchant's own application of the Selling Partner API.

Source: Amazon's model of Shipping v2 (getTracking). An event has a code and a leg, forward or back; why a delivery
failed is told once for the parcel, of its newest event. Each time is told in UTC. One bad event never spoils an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.asking import LetIn
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Request
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    asked,
    broken,
    day,
    decoded,
    history,
    not_found,
    opened,
    scan,
    statuses,
    trouble,
    universal,
)
from doorstep.core.event import TrackingEvent
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Reason, Status

_HOSTS: Final = {region: f"sellingpartnerapi-{region}.amazon.com" for region in ("na", "eu", "fe")}
_META: Final = Meta(
    name="amazon_shipping",
    label="Amazon Shipping",
    hosts=frozenset({"api.amazon.com", *_HOSTS.values()}),
    polls_per_minute=60,
    can=frozenset({Can.TRACK}),
    fields=(
        Field(name="region", label="Region", placeholder="eu", help="na, eu or fe, as for the Selling Partner API."),
        Field(
            name="carrier_id",
            label="Carrier ID",
            placeholder="AMZN_UK",
            help="Of Amazon Shipping in your country: AMZN_US, AMZN_UK, AMZN_IT ..., as getRates names it.",
        ),
        Field(name="client_id", label="LWA client ID", placeholder="amzn1.application-oa2-client...."),
        Field(name="client_secret", label="LWA client secret", secret=True),
        Field(name="refresh_token", label="Refresh token", secret=True, placeholder="Atzr|..."),
    ),
    basis="Amazon's model of Shipping v2 (getTracking)",
    docs="https://developer-docs.amazon.com/amazon-shipping/docs/tutorial-track-a-shipment",
    carriers=frozenset({"amazon"}),
    proven="vendor sample",
    steps=(
        "Open an account at Amazon Shipping, and an application of the Selling Partner API with the Shipping role.",
        "Authorize the application for your own account and copy the refresh token it shows once.",
        "Copy the application's LWA client ID and secret.",
    ),
    limits=(
        "One number in each question.",
        "Amazon tells all events for 45 days after the label is made, later only the last.",
    ),
    gaps=("Parcels of Amazon's own shop (TBA numbers that you did not buy yourself) are not told to anybody.",),
)
_EVENTS: Final[Mapping[str, Meaning]] = {
    "ReadyForReceive": Meaning(Status.INFO_RECEIVED),
    "PickupDone": Meaning(Status.PICKED_UP),
    "PackageReceivedByCarrier": Meaning(Status.PICKED_UP),
    "Departed": Meaning(Status.IN_TRANSIT),
    "ArrivedAtCarrierFacility": Meaning(Status.IN_TRANSIT),
    "OutForDelivery": Meaning(Status.OUT_FOR_DELIVERY),
    "AvailableForPickup": Meaning(Status.AVAILABLE_FOR_PICKUP),
    "DeliveryAttempted": Meaning(Status.ATTEMPT_FAILED),
    "Delivered": Meaning(Status.DELIVERED),
    "Rejected": Meaning(Status.ATTEMPT_FAILED, Reason.REFUSED),
    "Undeliverable": Meaning(Status.EXCEPTION),
    "Lost": Meaning(Status.EXCEPTION, Reason.LOST),
    "PickupCancelled": Meaning(Status.CANCELLED),
    "ReturnInitiated": Meaning(Status.RETURNING),
    "RecipientRequestedAlternateDeliveryTiming": Meaning(Status.UNKNOWN),  # a wish; says nothing of the parcel
}
_WHY: Final[Mapping[str, Reason]] = {
    "CustomerUnavailable": Reason.NOBODY_HOME,
    "BusinessClosed": Reason.BUSINESS_CLOSED,
    "AddressNotFound": Reason.WRONG_ADDRESS,
    "Damaged": Reason.DAMAGED,
    "PaymentNotReady": Reason.HELD_FOR_PAYMENT,
    "Rejected": Reason.REFUSED,
    "RejectedByRecipientWithVerification": Reason.REFUSED,
}
_FAILED: Final = frozenset({Status.ATTEMPT_FAILED, Status.EXCEPTION})


class _Place(msgspec.Struct, rename="camel"):
    city: str | None = None
    country_code: str | None = None


class _Scan(msgspec.Struct, rename="camel"):
    event_code: str | None = None
    event_time: str | None = None
    location: _Place | None = None
    shipment_type: str | None = None


class _Details(msgspec.Struct):
    forward: list[str] | None = None


class _Summary(msgspec.Struct, rename="camel"):
    tracking_detail_codes: _Details | None = None


class _Parcel(msgspec.Struct, rename="camel"):
    tracking_id: str | None = None
    event_history: list[msgspec.Raw] | None = None
    promised_delivery_date: str | None = None
    summary: _Summary | None = None


class _Error(msgspec.Struct):
    code: str | None = None
    message: str | None = None


class _Said(msgspec.Struct):
    payload: _Parcel | None = None
    errors: list[_Error] | None = None
    error: str | None = None
    error_description: str | None = None


def tracked(answer: Answer) -> Facts:
    """The parcel of an answer. Raises the Trouble that a bad answer is; that Amazon does not know the number is said of
    the number.
    """
    numbers, words = asked(answer), said(answer)
    if numbers and answer.status == 404:
        return Facts(tracks=tuple(not_found(number, words) for number in numbers))
    if problem := trouble(answer, words, _META.label):
        raise problem
    found = decoded(answer, _Said, _META.label).payload or opened(answer, _Parcel)
    number = numbers[0] if numbers else found.tracking_id or ""
    if found.event_history is None or not number:
        raise broken(_META.label, words or "no eventHistory")
    reader = Reader("amazon_shipping")
    events = reader.scans(number, found.event_history, lambda raw: _event(raw, reader), newest_first=None)
    if events and events[-1].status in _FAILED and not events[-1].reason:
        events = (*events[:-1], replace(events[-1], reason=_why(found.summary)))
    eta = day(found.promised_delivery_date)
    return reader.facts([history(number, "amazon", events, len(found.event_history), eta=(eta, eta))])


def said(answer: Answer) -> str:
    """Amazon's own words in a bad answer."""
    told = opened(answer, _Said)
    errors = "; ".join(one.message or one.code or "" for one in told.errors or ())
    return errors or told.error_description or told.error or ""


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    """On the way back every scan is part of the return, and its delivery is the sender's."""
    found = msgspec.json.decode(raw, type=_Scan, strict=False)
    code, where = found.event_code or "", found.location or _Place()
    meaning = reader.meaning(_EVENTS, code, code, language="en")
    if found.shipment_type == "RETURNS":
        back = Status.RETURNED if meaning.status is Status.DELIVERED else Status.RETURNING
        meaning = Meaning(back, meaning.reason)
    return scan(
        "amazon_shipping",
        universal(found.event_time),
        meaning,
        text=code,
        code=code,
        place=place(where.city, where.country_code, None),
    )


def _why(summary: _Summary | None) -> Reason | None:
    codes = (summary.tracking_detail_codes if summary else None) or _Details()
    return next((_WHY[code] for code in codes.forward or () if code in _WHY), None)


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    host = _HOSTS.get(account.settings.get("region", "").lower(), _HOSTS["na"])
    return Request(
        method="GET",
        url=f"https://{host}/shipping/v2/tracking",
        query=(("trackingId", numbers[0].text), ("carrierId", account.settings.get("carrier_id", ""))),
        headers={"x-amz-access-token": account.credentials.get("access_token", ""), "accept": "application/json"},
    )


def _login(account: Account) -> Request:
    form = {"grant_type": "refresh_token", "client_id": account.settings.get("client_id", "")}
    form |= {name: account.credentials.get(name, "") for name in ("client_secret", "refresh_token")}
    return Request(
        method="POST",
        url="https://api.amazon.com/auth/o2/token",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=urlencode(form).encode(),
    )


CONNECTOR: Carrier = LetIn(
    meta=_META,
    question=_question,
    tracked=tracked,
    login=_login,
    said=said,
    sample="000000000000",  # no parcel
    known_by="client_id",
    status=statuses(_EVENTS),
    unseen=frozenset({"PackageReceivedByCarrier", "PickupCancelled", "Undeliverable", "AvailableForPickup"}),
)
