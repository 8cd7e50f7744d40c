"""What DHL Express says about shipments, as tracks: of MyDHL API tracking, and of saved answers of the old XML service.

Sources: DHL's OpenAPI file (MyDHL API 3.1.1) and its list of checkpoints. Times are the clock of the place; the offset
comes beside them where DHL knows it. DHL lists checkpoints in either order; the times of both ends tell. One bad
checkpoint never spoils an answer.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from xml.etree.ElementTree import Element

import msgspec

from doorstep.connectors import xml
from doorstep.connectors.answers import place
from doorstep.connectors.carriers.dhl_codes import EXPRESS
from doorstep.connectors.contract import Answer, Facts, Refused
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    asked,
    broken,
    day,
    decoded,
    history,
    invalid,
    not_found,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent, when
from doorstep.core.order import Track
from doorstep.core.status import Status
from doorstep.core.words import read_words

NAME: Final = "DHL Express"
STATUS: Final = statuses(EXPRESS)
_NONE_FOUND: Final = "103"


class _Area(msgspec.Struct):
    description: str | None = None


class _Event(msgspec.Struct, rename="camel"):
    date: str | None = None
    time: str | None = None
    offset: str | None = msgspec.field(default=None, name="GMTOffset")
    type_code: str | None = None
    description: str | None = None
    service_area: list[_Area] | None = None


class _Shipment(msgspec.Struct, rename="camel"):
    shipment_tracking_number: str | int | None = None
    events: list[msgspec.Raw] | None = None
    estimated_delivery_date: str | None = None
    estimated_time_of_delivery: str | None = None


class _Answer(msgspec.Struct):
    shipments: list[msgspec.Raw] | None = None
    title: str | None = None
    detail: str | None = None
    message: str | None = None
    status: int | str | None = None


def tracked(answer: Answer) -> Facts:
    """The shipment of an answer about one number. Raises the Trouble that a bad answer is; that DHL does not know the
    number, or takes it for none of its own, is said of the number.
    """
    if answer.body.lstrip()[:1] == b"<" and answer.status == 200:
        return _of_xml(answer)
    words, numbers, status = said(answer), asked(answer), _status(answer)
    if numbers and status in {400, 404}:
        told = not_found if status == 404 else invalid
        return Facts(tracks=tuple(told(number, words) for number in numbers))
    problem = trouble(replace(answer, status=status), words, NAME)
    if problem:
        raise problem
    found, reader = decoded(answer, _Answer, NAME), Reader("dhl_express")
    if found.shipments is None:
        raise broken(NAME, words or "no shipments")
    return reader.facts(reader.each(found.shipments, _Shipment, lambda one: _track(one, reader)))


def said(answer: Answer) -> str:
    """DHL's own words in a bad answer."""
    found = _peeked(answer)
    return "; ".join(dict.fromkeys(part for part in (found.title, found.detail, found.message) if part))


def _peeked(answer: Answer) -> _Answer:
    try:
        return msgspec.json.decode(answer.body, type=_Answer, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Answer()


def _status(answer: Answer) -> int:
    """The HTTP status; a saved answer has lost it, but a problem repeats it in its body."""
    inside = str(_peeked(answer).status or "")
    return int(inside) if inside.isdecimal() and len(inside) == 3 and answer.status == 200 else answer.status


def _track(found: _Shipment, reader: Reader) -> Track:
    number, raws = str(found.shipment_tracking_number or ""), found.events or []
    events = _ordered(
        reader.scans(
            number,
            raws,
            lambda raw: _event(msgspec.json.decode(raw, type=_Event, strict=False), reader),
            newest_first=False,
        )
    )
    eta = day(found.estimated_delivery_date or found.estimated_time_of_delivery)
    return history(number, "dhl_express", events, len(raws), eta=(eta, eta))


def _ordered(events: Sequence[TrackingEvent]) -> tuple[TrackingEvent, ...]:
    """First to happen first."""
    times = [one.local for one in events if one.local]
    turned = events[::-1] if times and times[0] > times[-1] else events
    return tuple(replace(one, position=position) for position, one in enumerate(turned))


def _event(found: _Event, reader: Reader) -> TrackingEvent:
    words, code = (found.description or "").strip(), found.type_code or ""
    area = next((one.description or "" for one in found.service_area or ()), "")
    at = when(f"{found.date}T{found.time}{found.offset or ''}" if found.date and found.time else found.date or "")
    return scan("dhl_express", at, _meaning(code, words, reader), text=words, code=code, place=_place(area))


def _meaning(code: str, words: str, reader: Reader) -> Meaning:
    """By the code; one that only says that something was noted is read by its text."""
    told = reader.meaning(EXPRESS, code, words)
    if told.status is not Status.UNKNOWN:
        return told
    return Meaning(*read_words(words))


def _place(area: str) -> str:
    """``SYDNEY-AU`` and ``Barcelona - Spain``: the country comes last."""
    city, _, country = area.rpartition("-")
    return place(city.strip().title(), country.strip(), None) if city else area.strip()


def _of_xml(answer: Answer) -> Facts:
    """``TrackingResponse`` of the XML service that came before: one ``AWBInfo`` for each number."""
    try:
        root = xml.parsed(answer.body)
    except xml.NotXml as error:
        raise broken(NAME, str(error)) from error
    problem = xml.said(root, "Response/Status/Condition/ConditionData")
    if problem:
        raise Refused(" ".join(problem.split()))
    if root.tag != "TrackingResponse":
        raise broken(NAME, root.tag)
    reader = Reader("dhl_express")
    return reader.facts([_of_waybill(one, reader) for one in root.findall("AWBInfo")])


def _of_waybill(info: Element, reader: Reader) -> Track:
    number = xml.said(info, "AWBNumber")
    if xml.said(info, "Status/Condition/ConditionCode") == _NONE_FOUND:
        return not_found(number, xml.said(info, "Status/Condition/ConditionData"))
    found = _Shipment(
        shipment_tracking_number=number,
        events=[msgspec.Raw(msgspec.json.encode(_old(one))) for one in info.findall("ShipmentInfo/ShipmentEvent")],
        estimated_delivery_date=xml.said(info, "ShipmentInfo/EstDlvyDate").partition(" ")[0],
    )
    return _track(found, reader)


def _old(event: Element) -> _Event:
    return _Event(
        date=xml.said(event, "Date"),
        time=xml.said(event, "Time"),
        type_code=xml.said(event, "ServiceEvent/EventCode"),
        description=" ".join(xml.said(event, "ServiceEvent/Description").split()),
        service_area=[_Area(description=xml.said(event, "ServiceArea/Description"))],
    )
