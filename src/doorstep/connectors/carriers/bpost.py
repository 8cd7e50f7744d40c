"""bpost: the tracking of its Shipping Manager, in XML, asked about one parcel at a time.

Sources: bpost's schema (tracking info v1) and its published answer. bpost publishes no list of its states: those that
its sample shows are in the table, any other is read by its description. Each time states its offset. One bad state
never spoils an answer.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote
from xml.etree.ElementTree import Element

from doorstep.connectors import signing, xml
from doorstep.connectors.answers import place
from doorstep.connectors.asking import Asked
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Request
from doorstep.connectors.scans import Meaning, Reader, asked, broken, day, history, not_found, scan, statuses, trouble
from doorstep.core.event import TrackingEvent, when
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Status

_META: Final = Meta(
    name="bpost",
    label="bpost",
    hosts=frozenset({"api.parcel.bpost.cloud"}),
    polls_per_minute=60,
    can=frozenset({Can.TRACK}),
    fields=(
        Field(
            name="account_id", label="Account ID", help="In the bpost Shipping Manager under Admin, General settings."
        ),
        Field(name="passphrase", label="Passphrase", secret=True, help="Shown beside it."),
    ),
    basis="bpost's schema (tracking info v1) and its published answer",
    docs="https://www.bpost.be/en/business",
    carriers=frozenset({"bpost"}),
    proven="vendor sample",
    steps=(
        "Sign in to the bpost Shipping Manager and open Admin, General settings.",
        "Copy the account ID and the passphrase.",
    ),
    limits=("One number in each question.",),
    gaps=("bpost publishes no list of its states: what is not in our table is read by its description.",),
)
_STATES: Final[Mapping[str, Meaning]] = {
    "T00": Meaning(Status.IN_TRANSIT),  # sorted
    "L00": Meaning(Status.OUT_FOR_DELIVERY),  # bound to a round
    "U01": Meaning(Status.DELIVERED),  # distributed normally
}
_FAULTS: Final = ("systemException", "businessException")


def tracked(answer: Answer) -> Facts:
    """The parcel of an answer. Raises the Trouble that a bad answer is; that bpost does not know the number is said of
    the number.
    """
    root, numbers = xml.opened(answer.body), asked(answer)
    words = " ".join(xml.said(root, "message").split()) if root is not None and root.tag in _FAULTS else ""
    if numbers and answer.status == 404:
        return Facts(tracks=tuple(not_found(number, words) for number in numbers))
    if problem := trouble(answer, words, _META.label):
        raise problem
    if root is None or root.tag != "itemTracking":
        raise broken(_META.label, words or ("not a document that can be read" if root is None else root.tag))
    reader, number = Reader("bpost"), numbers[0] if numbers else xml.said(root, "itemCode")
    states = root.findall("stateInfo")
    events = reader.scans(number, states, lambda one: _event(one, reader), newest_first=None)
    window = (f"deliveryTimeWindow/plannedDeliveryDateWindow{end}" for end in ("Start", "End"))
    first, last = (day(xml.said(root, end)) for end in window)
    return reader.facts([history(number, "bpost", events, len(states), eta=(first, last))])


def _event(found: Element, reader: Reader) -> TrackingEvent:
    code, words = xml.said(found, "stateCode"), xml.said(found, "stateDescription")
    return scan(
        "bpost",
        when(xml.said(found, "time")),
        reader.meaning(_STATES, code, words, language="en"),
        text=words,
        code=code,
        place=place(None, None, xml.said(found, "location")),
    )


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    name, secret = account.settings.get("account_id", ""), account.credentials.get("passphrase", "")
    return Request(
        method="GET",
        url=f"https://api.parcel.bpost.cloud/services/trackedmail/item/{quote(numbers[0].text, safe='')}/trackingInfo",
        headers={"authorization": signing.basic(name, secret), "accept": "application/xml"},
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracked,
    sample="323212345659900040669030",  # of bpost's own documentation
    known_by="account_id",
    status=statuses(_STATES),
)
