"""Purolator: the tracking service of E-Ship, in SOAP, asked about one parcel at a time.

Sources: Purolator's schema (tracking service 1.2) and its published answer. A scan has one of five types, of which
``Other`` says nothing: there the description is read. Times are by the clock of the place, without an offset. One bad
scan never spoils an answer.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from doorstep.connectors import signing, xml
from doorstep.connectors.answers import place
from doorstep.connectors.asking import Asked
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Refused, Request
from doorstep.connectors.scans import Meaning, Reader, asked, broken, history, scan, statuses, trouble
from doorstep.core.event import TrackingEvent, when
from doorstep.core.message import Message
from doorstep.core.number import TrackingNumber
from doorstep.core.order import Track
from doorstep.core.status import Status
from doorstep.core.words import read_words

TYPES: Final = "http://purolator.com/pws/datatypes/v1"
_META: Final = Meta(
    name="purolator",
    label="Purolator",
    hosts=frozenset({"webservices.purolator.com"}),
    polls_per_minute=60,
    can=frozenset({Can.TRACK}),
    fields=(
        Field(name="key", label="Production key", help="Of E-Ship Web Services."),
        Field(name="password", label="Key password", secret=True),
        Field(
            name="user_token", label="User token", secret=True, required=False, help="Only if Purolator gave you one."
        ),
    ),
    basis="Purolator's schema (tracking service 1.2) and its published answer",
    docs="https://eship.purolator.com/",
    carriers=frozenset({"purolator"}),
    proven="vendor sample",
    steps=(
        "Register with Purolator E-Ship Web Services and ask for a production key.",
        "Copy the key and its password.",
    ),
    limits=("One number in each question.",),
    gaps=("Times are told without an offset: their order is sure, their instants are not.",),
)
_TYPES: Final[Mapping[str, Meaning]] = {
    "ProofOfPickUp": Meaning(Status.PICKED_UP),
    "OnDelivery": Meaning(Status.OUT_FOR_DELIVERY),
    "Undeliverable": Meaning(Status.ATTEMPT_FAILED),
    "Delivery": Meaning(Status.DELIVERED),
}
_OTHER: Final = "Other"


def tracked(answer: Answer) -> Facts:
    """The parcel of an answer. Raises the Trouble that a bad answer is. A number that Purolator does not know has an
    error instead of scans, in words: it is Refused.
    """
    root = xml.opened(answer.body)
    errors = (
        [] if root is None else [xml.said(one, "Description") or xml.said(one, "Code") for one in root.iter("Error")]
    )
    words = "; ".join(errors) or xml.said(root, ".//faultstring")
    if problem := trouble(answer, words, _META.label):
        raise problem
    parcels = [] if root is None else list(root.iter("TrackingInformation"))
    if not parcels and words:
        raise Refused(words, message=Message(id="carrier.refused", values={"carrier": _META.label, "said": words}))
    if root is None or not parcels:
        raise broken(_META.label, "not a document that can be read" if root is None else f"no parcel in {root.tag}")
    reader, numbers = Reader("purolator"), asked(answer)
    return reader.facts([_track(one, numbers, reader) for one in parcels])


def _track(found: Element, numbers: Sequence[str], reader: Reader) -> Track:
    number = numbers[0] if len(numbers) == 1 else xml.said(found, "PIN/Value")
    scans = list(found.iter("Scan"))
    events = reader.scans(number, scans, lambda one: _event(one, reader), newest_first=None)
    return history(number, "purolator", events, len(scans))


def _event(found: Element, reader: Reader) -> TrackingEvent:
    """172300 is 17:23:00. The type says what happened; an attempt's reason is in the description."""
    code, words = xml.said(found, "ScanType"), " ".join(xml.said(found, "Description").split())
    on, at = xml.said(found, "ScanDate"), xml.said(found, "ScanTime")
    meaning = reader.meaning(_TYPES, "" if code == _OTHER else code, words, language="en")
    if meaning.status is Status.ATTEMPT_FAILED and not meaning.reason:
        meaning = Meaning(meaning.status, read_words(words, "en")[1])
    return scan(
        "purolator",
        when(f"{on}T{at}" if on and at else on),
        meaning,
        text=words,
        code=code,
        place=place(None, None, xml.said(found, "Depot/Name")),
    )


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    """A user token is part of the document."""
    token = account.credentials.get("user_token", "")
    who = f"<v1:UserToken>{escape(token)}</v1:UserToken>" if token else ""
    context = "<v1:Version>1.2</v1:Version><v1:Language>en</v1:Language><v1:GroupID/><v1:RequestReference/>"
    pins = f"<v1:PINs><v1:PIN><v1:Value>{escape(numbers[0].text)}</v1:Value></v1:PIN></v1:PINs>"
    header = f"<v1:RequestContext>{context}{who}</v1:RequestContext>"
    body = f"<v1:TrackPackagesByPinRequest>{pins}</v1:TrackPackagesByPinRequest>"
    key, password = account.settings.get("key", ""), account.credentials.get("password", "")
    return Request(
        method="POST",
        url="https://webservices.purolator.com/PWS/V1/Tracking/TrackingService.asmx",
        headers={
            "authorization": signing.basic(key, password),
            "content-type": "text/xml; charset=utf-8",
            "soapaction": "http://purolator.com/pws/service/v1/TrackPackagesByPin",
        },
        body=xml.soap(header, body, {"v1": TYPES}),
        sealed=bool(token),
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracked,
    sample="M123",  # of Purolator's own documentation
    known_by="key",
    status=statuses(_TYPES),
)
