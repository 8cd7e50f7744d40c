"""TNT: ExpressConnect Tracking, in XML, asked about many consignments at a time.

Sources: TNT's schemas (track request, track response 3.1) and published answers. TNT publishes no list of its status
codes: those whose meaning a sample shows are in the table, any other is read by its text, which comes in English. Times
are by the clock of the place, without an offset. One bad event never spoils an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from doorstep.connectors import signing, xml
from doorstep.connectors.answers import place
from doorstep.connectors.asking import Asked
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Request
from doorstep.connectors.scans import Meaning, Reader, broken, history, not_found, scan, statuses, trouble
from doorstep.core.event import TrackingEvent, when
from doorstep.core.number import TrackingNumber
from doorstep.core.order import Track
from doorstep.core.status import Reason, Status

_META: Final = Meta(
    name="tnt",
    label="TNT",
    hosts=frozenset({"necta.az.fxei.fedex.com"}),
    polls_per_minute=30,
    batch=50,
    can=frozenset({Can.TRACK}),
    fields=(
        Field(name="username", label="User name", help="Of ExpressConnect, not of the website."),
        Field(name="password", label="Password", secret=True),
    ),
    basis="TNT's schemas (ExpressConnect Tracking 3.1) and its published answers",
    docs="https://express.tnt.com/expresswebservices-website/app/landing.html",
    carriers=frozenset({"tnt"}),
    proven="vendor sample",
    steps=("Ask TNT (part of FedEx) for access to ExpressConnect Tracking: a user name and a password.",),
    limits=("Fifty consignments in each question.",),
    gaps=(
        "TNT publishes no list of its status codes: what is not in our table is read by its text.",
        "Times are told without an offset: their order is sure, their instants are not.",
    ),
)
_EVENTS: Final[Mapping[str, Meaning]] = {
    "CI": Meaning(Status.PICKED_UP),  # at the depot of origin
    "IS": Meaning(Status.IN_TRANSIT),
    "IR": Meaning(Status.IN_TRANSIT),
    "AS": Meaning(Status.IN_TRANSIT),
    "TR": Meaning(Status.IN_TRANSIT),
    "NR": Meaning(Status.IN_TRANSIT, Reason.DELAYED_CARRIER),
    "MLA": Meaning(Status.IN_TRANSIT, Reason.DELAYED_CARRIER),  # it missed its connection
    "OD": Meaning(Status.OUT_FOR_DELIVERY),
    "OK": Meaning(Status.DELIVERED),
}
_NOT_FOUND: Final = "CNF"
_UNAUTHORIZED: Final = "9000"


def tracked(answer: Answer) -> Facts:
    """The consignments of an answer. Raises the Trouble that a bad answer is; that TNT does not know a number is said
    of the number.
    """
    root = xml.opened(answer.body)
    errors = [] if root is None else [(xml.said(one, "Code"), xml.said(one, "Message")) for one in root.iter("Error")]
    words = "; ".join(" ".join(one).strip() for one in errors)
    if errors and answer.status == 200:  # TNT says its errors so
        answer = replace(answer, status=401 if any(code == _UNAUTHORIZED for code, _ in errors) else 400)
    if problem := trouble(answer, words, _META.label):
        raise problem
    if root is None or root.tag != "TrackResponse":
        raise broken(_META.label, "not a document that can be read" if root is None else root.tag)
    reader = Reader("tnt")
    return reader.facts([_track(one, reader) for one in root.iter("Consignment")])


def _track(found: Element, reader: Reader) -> Track:
    number, scans = xml.said(found, "ConsignmentNumber"), found.findall("StatusData")
    if xml.said(found, "SummaryCode") == _NOT_FOUND:
        return not_found(number)
    events = reader.scans(number, scans, lambda one: _event(one, reader), newest_first=True)
    return history(number, "tnt", events, len(scans))


def _event(found: Element, reader: Reader) -> TrackingEvent:
    """20260204 and 0841 are 08:41 on the fourth of February."""
    code, words = xml.said(found, "StatusCode"), xml.said(found, "StatusDescription")
    on, at = xml.said(found, "LocalEventDate"), xml.said(found, "LocalEventTime")
    return scan(
        "tnt",
        when(f"{on}T{at}" if on and at else on),
        reader.meaning(_EVENTS, code, words, language="en"),
        text=words,
        code=code,
        place=place(xml.said(found, "DepotName"), None, None),
    )


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    wished = "".join(f"<ConsignmentNumber>{escape(number.text)}</ConsignmentNumber>" for number in numbers)
    written = (
        '<?xml version="1.0" encoding="UTF-8"?><TrackRequest locale="en_US" version="3.1">'
        f"<SearchCriteria>{wished}</SearchCriteria><LevelOfDetail><Complete/></LevelOfDetail></TrackRequest>"
    )
    name, password = account.settings.get("username", ""), account.credentials.get("password", "")
    return Request(
        method="POST",
        url="https://necta.az.fxei.fedex.com/ectrack/track",
        headers={
            "authorization": signing.basic(name, password),
            "content-type": "application/x-www-form-urlencoded",
            "accept": "text/xml",
        },
        body=urlencode({"xml_in": written}).encode(),
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracked,
    sample="000000000",  # no consignment
    known_by="username",
    status=statuses(_EVENTS),
    unseen=frozenset({"AS", "IR"}),
)
