"""DPD: the shipper web service of Belgium and the Netherlands, in SOAP, asked about one parcel at a time.

Sources: DPD's schemas (ParcelLifeCycleService 2.0, LoginService 2.1) and its published answers. States that a parcel
has not reached yet are told, too, and left out. Times are by the clock of the place, without an offset. One bad state
never spoils an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from doorstep.connectors import xml
from doorstep.connectors.answers import place
from doorstep.connectors.asking import LetIn
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Request
from doorstep.connectors.scans import Meaning, Reader, american, asked, broken, history, scan, statuses, trouble
from doorstep.core.event import TrackingEvent, when
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Status

_HOSTS: Final[Mapping[str, str]] = {"BE": "wsshipper.dpd.be", "NL": "wsshipper.dpd.nl"}
_SERVICE: Final = "http://dpd.com/common/service/types"
_META: Final = Meta(
    name="dpd",
    label="DPD (Belgium, Netherlands)",
    hosts=frozenset(_HOSTS.values()),
    polls_per_minute=30,
    can=frozenset({Can.TRACK}),
    fields=(
        Field(name="delis_id", label="DELIS ID", help="The user name of DPD's shipper web service."),
        Field(name="password", label="Password", secret=True),
        Field(name="country", label="Country", placeholder="NL", help="BE or NL: whose customer you are."),
    ),
    basis="DPD's schemas (ParcelLifeCycleService 2.0, LoginService 2.1) and its published answers",
    docs="https://integrations.dpd.nl/",
    carriers=frozenset({"dpd"}),
    proven="vendor sample",
    steps=(
        "Ask DPD in Belgium or in the Netherlands for access to its shipper web service.",
        "Copy the DELIS ID and the password of production.",
    ),
    limits=("One number in each question.", "DPD lets an account sign in about ten times a day: the token is kept."),
    gaps=(
        "DPD companies of other countries have other interfaces and are not answered.",
        "Times are told without an offset: their order is sure, their instants are not.",
    ),
)
_STATES: Final[Mapping[str, Meaning]] = {
    "SHIPMENT": Meaning(Status.INFO_RECEIVED),
    "ACCEPTED": Meaning(Status.PICKED_UP),
    "PickedUp": Meaning(Status.PICKED_UP),
    "AT_SENDING_DEPOT": Meaning(Status.PICKED_UP),
    "BetweenDepots": Meaning(Status.IN_TRANSIT),
    "ON_THE_ROAD": Meaning(Status.IN_TRANSIT),
    "Depot": Meaning(Status.IN_TRANSIT),
    "AT_DELIVERY_DEPOT": Meaning(Status.IN_TRANSIT),
    "Courier": Meaning(Status.OUT_FOR_DELIVERY),
    "ParcelShop": Meaning(Status.AVAILABLE_FOR_PICKUP),
    "DeliveryFailure": Meaning(Status.ATTEMPT_FAILED),
    "ReturningFromDelivery": Meaning(Status.ATTEMPT_FAILED),  # back at the depot, to be tried again
    "Delivered": Meaning(Status.DELIVERED),
    "DELIVERED": Meaning(Status.DELIVERED),
}
_WHO: Final = ("AUTHENTICATION", "LOGIN")  # in the codes of faults about the account
_AHEAD: Final = timedelta(hours=2)  # DPD's clock, at most: it tells the end of a token without an offset


def tracked(answer: Answer) -> Facts:
    """The parcel of an answer about one number. Raises the Trouble that a bad answer is. SOAP tells every fault with
    HTTP 500: what it is, its code says.
    """
    root, words = xml.opened(answer.body), said(answer)
    if problem := trouble(replace(answer, status=_status(answer)), words, _META.label):
        raise problem
    result = None if root is None else root.find(".//trackingresult")
    if result is None:
        raise broken(_META.label, words or "no trackingresult")
    numbers, reader = asked(answer), Reader("dpd")
    number = numbers[0] if numbers else ""
    reached = [one for one in result.findall("statusInfo") if xml.said(one, "statusHasBeenReached") != "false"]
    events = reader.scans(number, reached, lambda one: _event(one, reader), newest_first=None)
    return reader.facts([history(number, "dpd", events, len(reached))])


def said(answer: Answer) -> str:
    """DPD's own words in a fault."""
    root = xml.opened(answer.body)
    return xml.said(root, ".//errorMessage") or xml.said(root, ".//message") or xml.said(root, ".//faultstring")


def _status(answer: Answer) -> int:
    """The HTTP status, and for a fault the one that it would have elsewhere."""
    root = xml.opened(answer.body)
    if root is None or root.find(".//Fault") is None:
        return answer.status
    code = xml.said(root, ".//errorCode") or xml.said(root, ".//faultCode")
    return 401 if any(word in code.upper() for word in _WHO) else 400


def _event(found: Element, reader: Reader) -> TrackingEvent:
    code = xml.said(found, "status")
    lines = [" ".join((line.text or "").split()) for line in found.findall("description/content/content")]
    words = " ".join(line for line in lines if line) or xml.said(found, "label/content")
    return scan(
        "dpd",
        when(american(xml.said(found, "date/content"))),
        reader.meaning(_STATES, code, words, language="en"),
        text=words,
        code=code,
        place=place(None, None, xml.said(found, "location/content")),
    )


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    """The token is part of the document."""
    who = account.settings.get("delis_id", ""), account.credentials.get("access_token", "")
    delis_id, token = (escape(one) for one in who)
    language = "<messageLanguage>en_EN</messageLanguage>"
    header = (
        f"<a:authentication><delisId>{delis_id}</delisId><authToken>{token}</authToken>{language}</a:authentication>"
    )
    number = f"<parcelLabelNumber>{escape(numbers[0].text)}</parcelLabelNumber>"
    spaces = {"a": f"{_SERVICE}/Authentication/2.0", "p": f"{_SERVICE}/ParcelLifeCycleService/2.0"}
    body = xml.soap(header, f"<p:getTrackingData>{number}</p:getTrackingData>", spaces)
    return _request(account, "ParcelLifeCycleService/V2_0", f"{spaces['p']}/getTrackingData", body)


def _login(account: Account) -> Request:
    fields = {
        "delisId": account.settings.get("delis_id", ""),
        "password": account.credentials.get("password", ""),
        "messageLanguage": "en_EN",
    }
    wished = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    space = f"{_SERVICE}/LoginService/2.1"
    body = xml.soap("", f"<l:getAuth>{wished}</l:getAuth>", {"l": space})
    return _request(account, "LoginService/V2_1", f"{space}/getAuth", body)


def _request(account: Account, service: str, action: str, body: bytes) -> Request:
    host = _HOSTS.get(account.settings.get("country", "").strip().upper(), _HOSTS["NL"])
    return Request(
        method="POST",
        url=f"https://{host}/soap/services/{service}",
        headers={"content-type": "text/xml; charset=utf-8", "soapaction": action},
        body=body,
        sealed=True,
    )


def _token(answer: Answer, account: Account) -> Mapping[str, str]:
    root = xml.opened(answer.body)
    token = xml.said(root, ".//authToken")
    if not token:
        raise broken(_META.label, "no token")
    try:
        ends = datetime.fromisoformat(xml.said(root, ".//authTokenExpires")).replace(tzinfo=UTC) - _AHEAD
    except (ValueError, OverflowError):
        ends = account.now + _AHEAD
    return {"access_token": token, "access_until": ends.isoformat()}


CONNECTOR: Carrier = LetIn(
    meta=_META,
    question=_question,
    tracked=tracked,
    login=_login,
    token=_token,
    said=said,
    admitted=_status,
    sample="00000000000000",  # no parcel
    known_by="delis_id",
    status=statuses(_STATES),
    unseen=frozenset({"ACCEPTED", "AT_SENDING_DEPOT", "ON_THE_ROAD", "AT_DELIVERY_DEPOT", "DELIVERED"}),
)
