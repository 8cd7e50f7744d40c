"""What DHL's Shipment Tracking (Unified) says about parcels, as tracks.

Source: DHL's OpenAPI file (1.3.1). ``statusCode`` is sure and coarse; the service's own code or the words make it
exact, and never contradict it. Times without an offset are the clock of the place and stay so. One bad event never
spoils an answer.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import msgspec

from doorstep.connectors.answers import bare, place
from doorstep.connectors.carriers.dhl_codes import TABLES, UNIFIED
from doorstep.connectors.contract import Answer, Facts
from doorstep.connectors.scans import Meaning, Reader, asked, broken, day, decoded, not_found, scan, statuses, trouble
from doorstep.core.event import TrackingEvent, When, when
from doorstep.core.order import Role, SaidNumber, Track, TrackAnswer
from doorstep.core.status import Status
from doorstep.core.words import read_words

NAME: Final = "DHL"
STATUS: Final = statuses(UNIFIED)
SERVICES: Final[Mapping[str, str]] = {
    "dgf": "dhl_forwarding",
    "ecommerce": "dhl_ecommerce",
    "ecommerce-europe": "dhl_ecommerce",
    "express": "dhl_express",
    "freight": "dhl_freight",
    "parcel-de": "dhl_parcel_de",
    "parcel-nl": "dhl_parcel_nl",
    "parcel-pl": "dhl_parcel_pl",
    "parcel-uk": "dhl_parcel_uk",
    "post-de": "deutsche_post",
}
_COARSE: Final = frozenset({Status.IN_TRANSIT, Status.EXCEPTION})
# What a code or the words may make of each statusCode.
_WITHIN: Final[Mapping[Status, frozenset[Status]]] = {
    Status.INFO_RECEIVED: frozenset({Status.INFO_RECEIVED}),
    Status.DELIVERED: frozenset({Status.DELIVERED, Status.RETURNED}),
    Status.IN_TRANSIT: frozenset(Status) - {Status.DELIVERED, Status.RETURNED, Status.INFO_RECEIVED, Status.UNKNOWN},
    Status.EXCEPTION: frozenset(
        {
            Status.ATTEMPT_FAILED,
            Status.AVAILABLE_FOR_PICKUP,
            Status.CANCELLED,
            Status.CUSTOMS,
            Status.EXCEPTION,
            Status.RETURNED,
            Status.RETURNING,
        }
    ),
}


class _Address(msgspec.Struct, rename="camel"):
    country_code: str | None = None
    address_locality: str | None = None


class _Place(msgspec.Struct):
    address: _Address | None = None


class _Event(msgspec.Struct, rename="camel"):
    timestamp: str | None = None
    location: _Place | None = None
    status_code: str | None = None
    status: str | None = None
    description: str | None = None
    remark: str | None = None


class _Reference(msgspec.Struct):
    number: str | None = None
    type: str | None = None


class _Details(msgspec.Struct):
    references: list[_Reference] | _Reference | None = None


class _Frame(msgspec.Struct, rename="camel"):
    estimated_from: str | None = None
    estimated_through: str | None = None


class _Shipment(msgspec.Struct, rename="camel"):
    id: str | int = ""
    service: str | None = None
    status: msgspec.Raw = msgspec.Raw()
    estimated_time_of_delivery: str | None = None
    estimated_delivery_time_frame: _Frame | None = None
    details: _Details | None = None
    events: list[msgspec.Raw] | None = None


class _Answer(msgspec.Struct):
    shipments: list[msgspec.Raw] | None = None
    title: str | None = None
    detail: str | None = None
    status: int | None = None


def tracked(answer: Answer) -> Facts:
    """The shipment of an answer about one number; several services may know the number, and the one whose number it is
    exactly, or else the one with the latest news, is taken. Raises the Trouble that a bad answer is.
    """
    words, numbers = said(answer), asked(answer)
    status = _status(answer)
    if numbers and status == 404:
        return Facts(tracks=tuple(not_found(number, words) for number in numbers))
    problem = trouble(replace(answer, status=status), words, NAME)
    if problem:
        raise problem
    found, reader = decoded(answer, _Answer, NAME), Reader("dhl_unified")
    if found.shipments is None:
        raise broken(NAME, words or "no shipments")
    tracks = reader.each(found.shipments, _Shipment, lambda one: _track(one, reader))
    return reader.facts(_meant(tracks, numbers[0]) if numbers and tracks else tracks)


def said(answer: Answer) -> str:
    """DHL's own words in a bad answer (RFC 9457)."""
    try:
        found = msgspec.json.decode(answer.body, type=_Answer, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return "; ".join(part for part in (found.title, found.detail) if part)


def _status(answer: Answer) -> int:
    """The HTTP status; a saved answer has lost it, but a problem (RFC 9457) repeats it in its body."""
    try:
        inside = msgspec.json.decode(answer.body, type=_Answer, strict=False).status
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        inside = None
    return inside if inside and answer.status == 200 else answer.status


def _meant(tracks: list[Track], number: str) -> list[Track]:
    """The one that was asked about, under the number as it was asked."""
    exact = [one for one in tracks if bare(one.number) == bare(number)]
    best = max(exact or tracks, key=lambda one: max(map(_time, one.events), default=""))
    return [replace(best, number=number)]


def _time(event: TrackingEvent) -> str:
    at = event.local or event.instant
    return f"{at:%Y-%m-%dT%H:%M:%S}" if at else ""


def _track(found: _Shipment, reader: Reader) -> Track:
    number, service = str(found.id), found.service or ""
    raws = found.events or [one for one in (found.status,) if bytes(one)[:1] == b"{"]
    events = reader.scans(
        number,
        raws,
        lambda raw: _event(msgspec.json.decode(raw, type=_Event, strict=False), service, reader),
        newest_first=True,
    )
    frame = found.estimated_delivery_time_frame or _Frame()
    return Track(
        number=number,
        answer=TrackAnswer.EVENTS if events else TrackAnswer.NOTHING,
        carrier=SERVICES.get(service, "dhl"),
        carrier_key=service,
        events=events,
        complete=len(events) == len(found.events or ()) > 0,  # a moment without events undoes none
        last_mile=_last_mile(found.details, number),
        eta_from=day(frame.estimated_from or found.estimated_time_of_delivery),
        eta_to=day(frame.estimated_through or found.estimated_time_of_delivery),
    )


def _last_mile(details: _Details | None, number: str) -> SaidNumber | None:
    """The number of the carrier that delivers, where DHL tells it."""
    said = details.references if details else None
    references = said if isinstance(said, list) else [said] if said else []
    local = (one.number for one in references if one.type == "local-tracking-number" and one.number != number)
    text = next(filter(None, local), None)
    return SaidNumber(text=text, role=Role.LOCAL) if text else None


def _event(found: _Event, service: str, reader: Reader) -> TrackingEvent:
    words = found.description or found.status or ""
    where = (found.location or _Place()).address or _Address()
    code = "/".join(part for part in (found.status_code, found.status) if part)
    return scan(
        "dhl_unified",
        _when(found.timestamp or ""),
        _meaning(found, service, reader),
        text=words,
        code=code if found.description else found.status_code or "",
        place=place(_city(where.address_locality or ""), where.country_code, None),
    )


def _city(said: str) -> str:
    """Of a locality that may begin with a street: the first part without a digit."""
    return next((part.strip().title() for part in said.split(",") if not any(map(str.isdigit, part))), "")


def _meaning(found: _Event, service: str, reader: Reader) -> Meaning:
    """The service's code, else the words, within what ``statusCode`` allows; without one, whatever they say."""
    frame = UNIFIED.get((found.status_code or "").lower())
    texts = [text for text in (found.description, found.remark, found.status) if text]
    told = [Meaning(*read_words(text)) for text in texts]
    exact = TABLES.get(service, {}).get(found.status or "")
    if frame is None or frame.status is Status.UNKNOWN:
        if frame is None:
            reader.strange(found.status_code or "", " ".join(texts))
        known = [one for one in (exact, *told) if one and one.status is not Status.UNKNOWN]
        if not known and not exact:
            reader.strange(found.status or (texts[0] if texts else ""), " ".join(texts))
        return known[0] if known else UNIFIED["unknown"]
    allowed = _WITHIN[frame.status]
    best = next((one for one in _best_first(exact, told) if one.status in allowed), frame)
    reasons = (one.reason for one in (best, *told) if one.status is best.status)
    return Meaning(best.status, next(filter(None, reasons), None))


def _best_first(exact: Meaning | None, told: list[Meaning]) -> list[Meaning]:
    """The code before the words, unless it only says something coarse, or the words say that the parcel came back."""
    coarse = exact is None or exact.status in _COARSE or any(one.status is Status.RETURNED for one in told)
    code = [exact] if exact else []
    return [*told, *code] if coarse else [*code, *told]


def _when(said: str) -> When:
    """``Z`` is the instant; then the clock of the place is not known."""
    return when(said.removesuffix("Z") + "-00:00" if said.endswith("Z") else said)
