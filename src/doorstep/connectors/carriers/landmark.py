"""Landmark Global: its Track API, in XML, asked about one parcel at a time.

Sources: Landmark's description of the Track API (times are by the clock of Chicago), its schemas, and published
answers. A parcel has the number of whoever delivers it beside Landmark's own. One bad event never spoils an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from doorstep.connectors import xml
from doorstep.connectors.answers import bare, place
from doorstep.connectors.asking import Asked
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Request
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    american,
    asked,
    at_zone,
    broken,
    history,
    not_found,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent
from doorstep.core.number import TrackingNumber
from doorstep.core.number.value import Role
from doorstep.core.order import SaidNumber, Track
from doorstep.core.status import Reason, Status

_META: Final = Meta(
    name="landmark",
    label="Landmark Global",
    hosts=frozenset({"api.landmarkglobal.com"}),
    polls_per_minute=60,
    can=frozenset({Can.TRACK}),
    fields=(
        Field(name="username", label="API user name", help="Landmark gives it to you with the password."),
        Field(name="password", label="API password", secret=True),
        Field(name="client_id", label="Client ID", required=False, help="Only where your user has more than one."),
    ),
    basis="Landmark's description and schemas of the Track API, and its published answers",
    docs="https://landmarkglobal.com/",
    carriers=frozenset({"landmark"}),
    proven="vendor sample",
    steps=("Ask Landmark Global for access to its API: a user name, a password and your client ID.",),
    limits=("One number in each question.",),
)
_EVENTS: Final[Mapping[str, Meaning]] = {
    "50": Meaning(Status.INFO_RECEIVED),
    "60": Meaning(Status.INFO_RECEIVED),
    "75": Meaning(Status.INFO_RECEIVED),
    "80": Meaning(Status.INFO_RECEIVED),
    "90": Meaning(Status.EXCEPTION, Reason.HELD_FOR_PAYMENT),
    "100": Meaning(Status.INFO_RECEIVED),
    "125": Meaning(Status.CUSTOMS),
    "135": Meaning(Status.CUSTOMS, Reason.CUSTOMS_HELD),
    "150": Meaning(Status.IN_TRANSIT),
    "155": Meaning(Status.IN_TRANSIT),
    "200": Meaning(Status.IN_TRANSIT),
    "225": Meaning(Status.IN_TRANSIT),
    "250": Meaning(Status.IN_TRANSIT),
    "275": Meaning(Status.IN_TRANSIT),
    "300": Meaning(Status.OUT_FOR_DELIVERY),
    "400": Meaning(Status.ATTEMPT_FAILED),
    "410": Meaning(Status.AVAILABLE_FOR_PICKUP),
    "450": Meaning(Status.IN_TRANSIT),  # sent on to another address
    "500": Meaning(Status.DELIVERED),
    "510": Meaning(Status.DELIVERED),  # proof of it
    "900": Meaning(Status.EXCEPTION),
}
_CLOCK: Final = "America/Chicago"
_LOGIN: Final = "Login"
_NO_SHIPMENT: Final = "no shipment found"
_NOT_YET: Final = "to be routed"  # instead of who delivers it


def tracked(answer: Answer) -> Facts:
    """The parcel of an answer. Raises the Trouble that a bad answer is; that Landmark does not know the number is said
    of the number. Landmark says everything with HTTP 200.
    """
    root, numbers = xml.opened(answer.body), asked(answer)
    errors = (
        []
        if root is None
        else [(xml.said(one, "ErrorCode"), xml.said(one, "ErrorMessage")) for one in root.iter("Error")]
    )
    words = "; ".join(text or code for code, text in errors)
    status = answer.status if not errors or answer.status != 200 else _status(errors)
    if numbers and status == 404:
        return Facts(tracks=tuple(not_found(number, words) for number in numbers))
    if problem := trouble(replace(answer, status=status), words, _META.label):
        raise problem
    if root is None or not (packages := list(root.iter("Package"))):
        raise broken(_META.label, "no packages" if root is not None else "not a document that can be read")
    reader, maker = Reader("landmark"), xml.said(root, ".//EndDeliveryCarrier")
    return reader.facts([_track(one, numbers, maker, reader) for one in packages])


def _status(errors: Sequence[tuple[str, str]]) -> int:
    """The HTTP status that such an answer would have elsewhere."""
    if any(code == _LOGIN for code, _ in errors):
        return 401
    return 404 if any(text.lower().startswith(_NO_SHIPMENT) for _, text in errors) else 400


def _track(package: Element, numbers: Sequence[str], last_carrier: str, reader: Reader) -> Track:
    """A package is named as it was asked about; the number that is left is the deliverer's."""
    names = [xml.said(package, "LandmarkTrackingNumber"), xml.said(package, "TrackingNumber")]
    number = next((one for one in numbers if bare(one) in map(bare, names)), names[0])
    scans = list(package.iter("Event"))
    events = reader.scans(number, scans, lambda one: _event(one, reader), newest_first=None)
    track = history(number, "landmark", events, len(scans))
    mile = names[1] if bare(names[1]) not in {bare(number), bare(names[0])} else ""
    carrier = "" if last_carrier.lower() == _NOT_YET else last_carrier
    return replace(track, last_mile=SaidNumber(text=mile, role=Role.LOCAL, carrier=carrier)) if mile else track


def _event(found: Element, reader: Reader) -> TrackingEvent:
    code, words = xml.said(found, "EventCode"), xml.said(found, "Status")
    return scan(
        "landmark",
        at_zone(american(xml.said(found, "DateTime")), ZoneInfo(_CLOCK)),
        reader.meaning(_EVENTS, code, words, language="en"),
        text=words,
        code=code,
        place=place(None, None, xml.said(found, "Location")),
        zone=True,
    )


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    """``Historical``: every event, not only the last. The name and password are part of the document."""
    client = account.settings.get("client_id", "")
    written = "".join(
        (
            "<TrackRequest><Login>",
            f"<Username>{escape(account.settings.get('username', ''))}</Username>",
            f"<Password>{escape(account.credentials.get('password', ''))}</Password>",
            "</Login>",
            f"<ClientID>{escape(client)}</ClientID>" if client else "",
            f"<TrackingNumber>{escape(numbers[0].text)}</TrackingNumber>",
            "<RetrievalType>Historical</RetrievalType></TrackRequest>",
        )
    )
    return Request(
        method="POST",
        url="https://api.landmarkglobal.com/v2/Track.php",
        headers={"content-type": "application/xml"},
        body=written.encode(),
        sealed=True,
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracked,
    sample="LTN123121",  # of Landmark's own documentation
    known_by="username",
    status=statuses(_EVENTS),
    unseen=frozenset({"60", "75", "80", "100", "135", "150", "155", "250", "410", "450", "510"}),
)
