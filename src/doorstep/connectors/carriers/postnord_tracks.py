"""What PostNord says about parcels, as tracks: ``TrackingInformationResponse`` of Track and Trace.

Sources: PostNord's documentation of shapes and statuses (track and trace v5, v7). Each event has a status beside its
text; it is read by its text first, which says more ("on its way" is a status of nearly all). One bad event never spoils
an answer.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from doorstep.connectors.answers import bare, place
from doorstep.connectors.contract import Answer, Facts, Refused
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    asked,
    broken,
    day,
    decoded,
    invalid,
    not_found,
    of_all,
    opened,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent, when
from doorstep.core.message import Message
from doorstep.core.order import Track, TrackAnswer
from doorstep.core.status import Reason, Status
from doorstep.core.words import read_words

NAME: Final = "PostNord"
_STATUSES: Final[Mapping[str, Meaning]] = {
    "CREATED": Meaning(Status.INFO_RECEIVED),
    "INFORMED": Meaning(Status.INFO_RECEIVED),
    "EN_ROUTE": Meaning(Status.IN_TRANSIT),
    "DELAYED": Meaning(Status.IN_TRANSIT, Reason.DELAYED_CARRIER),
    "EXPECTED_DELAY": Meaning(Status.IN_TRANSIT, Reason.DELAYED_CARRIER),
    "AVAILABLE_FOR_DELIVERY": Meaning(Status.AVAILABLE_FOR_PICKUP),
    "AVAILABLE_FOR_DELIVERY_PAR_LOC": Meaning(Status.AVAILABLE_FOR_PICKUP),
    "DELIVERED": Meaning(Status.DELIVERED),
    "DELIVERY_IMPOSSIBLE": Meaning(Status.ATTEMPT_FAILED),
    "DELIVERY_REFUSED": Meaning(Status.ATTEMPT_FAILED, Reason.REFUSED),
    "STOPPED": Meaning(Status.EXCEPTION),
    "RETURNED": Meaning(Status.RETURNED),
    "OTHER": Meaning(Status.UNKNOWN),
}
STATUS: Final = statuses(_STATUSES)
_CLEAR: Final = frozenset({Status.DELIVERED, Status.RETURNED, Status.AVAILABLE_FOR_PICKUP})  # whatever the text says
_INVALID: Final = "invalidIdentifier"


class _Location(msgspec.Struct, rename="camel"):
    display_name: str | None = None
    name: str | None = None
    city: str | None = None
    country_code: str | None = None


class _Scan(msgspec.Struct, rename="camel"):
    event_time: str | None = None
    event_code: str | None = None
    event_description: str | None = None
    status: str | None = None
    event_status: str | None = None  # its name in v7
    location: _Location | None = None


class _Item(msgspec.Struct, rename="camel"):
    item_id: str | None = None
    estimated_time_of_arrival: str | None = None
    events: list[msgspec.Raw] | None = None


class _Shipment(msgspec.Struct, rename="camel"):
    shipment_id: str | None = None
    estimated_time_of_arrival: str | None = None
    items: list[_Item] | None = None


class _Fault(msgspec.Struct, rename="camel"):
    fault_code: str | None = None
    explanation_text: str | None = None


class _Faults(msgspec.Struct):
    faults: list[_Fault] | None = None


class _Response(msgspec.Struct, rename="camel"):
    composite_fault: _Faults | None = None
    shipments: list[msgspec.Raw] | None = None


class _Said(msgspec.Struct):
    response: _Response | None = msgspec.field(default=None, name="TrackingInformationResponse")
    detail: str | None = None
    message: str | None = None


def tracked(answer: Answer) -> Facts:
    """The parcel of an answer about one number. Raises the Trouble that a bad answer is; that PostNord does not
    know it, or takes it for none of its own, is said of the number.
    """
    numbers, told = asked(answer), opened(answer, _Said)
    faults = _faults(told)
    if numbers and any(one.fault_code == _INVALID for one in faults):
        return Facts(tracks=tuple(invalid(number, said(answer)) for number in numbers))
    if numbers and answer.status == 404:
        return Facts(tracks=tuple(not_found(number, said(answer)) for number in numbers))
    if problem := trouble(answer, said(answer), NAME):
        raise problem
    response = decoded(answer, _Said, NAME).response
    if response is None:
        raise broken(NAME, said(answer) or "no tracking information")
    if faults:
        words = said(answer)
        raise Refused(words, message=Message(id="carrier.refused", values={"carrier": NAME, "said": words}))
    if not response.shipments:
        return Facts(tracks=tuple(not_found(number) for number in numbers))
    reader, only = Reader("postnord"), numbers[0] if len(numbers) == 1 else ""
    return reader.facts(reader.each(response.shipments, _Shipment, lambda one: _track(one, only, reader)))


def said(answer: Answer) -> str:
    """PostNord's own words in a bad answer."""
    told = opened(answer, _Said)
    words = [one.explanation_text or one.fault_code or "" for one in _faults(told)]
    return "; ".join(words) or told.detail or told.message or ""


def _faults(told: _Said) -> list[_Fault]:
    composite = told.response.composite_fault if told.response else None
    return (composite.faults if composite else None) or []


def _track(shipment: _Shipment, only: str, reader: Reader) -> Track:
    """The item that was asked about; of a shipment asked about by its own number all items. Raises ValueError for a
    shipment that names no number.
    """
    number, items = only or shipment.shipment_id or "", shipment.items or []
    if not number:
        raise ValueError("no number")
    before = len(reader.bad)
    meant = [one for one in items if bare(one.item_id or "") == bare(number)] or items
    events, whole = of_all([_events(number, one, reader) for one in meant])
    eta = day((len(meant) == 1 and meant[0].estimated_time_of_arrival) or shipment.estimated_time_of_arrival)
    return Track(
        number=number,
        answer=TrackAnswer.EVENTS if events else TrackAnswer.NOTHING,
        carrier="post_nord",
        events=events,
        complete=whole and bool(events) and len(reader.bad) == before,  # a moment without events undoes none
        eta_from=eta,
        eta_to=eta,
    )


def _events(number: str, item: _Item, reader: Reader) -> tuple[TrackingEvent, ...]:
    return reader.scans(
        number,
        item.events or (),
        lambda raw: _event(msgspec.json.decode(raw, type=_Scan, strict=False), reader),
        newest_first=False,
    )


def _event(found: _Scan, reader: Reader) -> TrackingEvent:
    words, status = " ".join((found.event_description or "").split()), found.event_status or found.status or ""
    if status and status not in _STATUSES:
        reader.strange(status, words)
    where = found.location or _Location()
    return scan(
        "postnord",
        when(found.event_time or ""),
        _meaning(words, status, reader),
        text=words,
        code=found.event_code or "",
        place=place(where.city or where.display_name or where.name, where.country_code, None),
    )


def _meaning(words: str, status: str, reader: Reader) -> Meaning:
    tag, told = _STATUSES.get(status, Meaning(Status.UNKNOWN)), Meaning(*read_words(words, "en"))
    if tag.status in _CLEAR:
        return tag
    if told.status not in {Status.UNKNOWN, *_CLEAR}:
        return told
    return tag if status in _STATUSES else reader.meaning({}, "", words)
