"""What GLS says about parcels, as tracks: ``parcels`` of the Track and Trace API.

Source: GLS's OpenAPI file (track and trace v1). A parcel has a status, which is that of its newest event; an event has
a code, of which GLS documents few, and a text. Each time states its offset. One bad event never spoils an answer.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.contract import Answer, Facts
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    asked,
    broken,
    decoded,
    history,
    invalid,
    not_found,
    opened,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent, when
from doorstep.core.order import Track
from doorstep.core.status import Status
from doorstep.core.words import read_words

NAME: Final = "GLS"
_STATUSES: Final[Mapping[str, Meaning]] = {
    "PLANNEDPICKUP": Meaning(Status.INFO_RECEIVED),
    "INPICKUP": Meaning(Status.INFO_RECEIVED),  # a driver is to pick it up
    "NOTPICKEDUP": Meaning(Status.EXCEPTION),
    "PREADVICE": Meaning(Status.INFO_RECEIVED),
    "INTRANSIT": Meaning(Status.IN_TRANSIT),
    "INWAREHOUSE": Meaning(Status.IN_TRANSIT),
    "INDELIVERY": Meaning(Status.OUT_FOR_DELIVERY),
    "DELIVEREDPS": Meaning(Status.AVAILABLE_FOR_PICKUP),  # at the parcel shop
    "DELIVERED": Meaning(Status.DELIVERED),
    "NOTDELIVERED": Meaning(Status.ATTEMPT_FAILED),
    "CANCELED": Meaning(Status.CANCELLED),
    "FINAL": Meaning(Status.UNKNOWN),  # the history is closed; how it ended, the events say
}
_EVENTS: Final[Mapping[str, Meaning]] = {
    "INTIAL.E48_DATA": Meaning(Status.INFO_RECEIVED),
    "INTIAL.PREADVICE": Meaning(Status.INFO_RECEIVED),
    "INTIAL.NORMAL": Meaning(Status.PICKED_UP),
    "DELIVD.PARCELSHOP": Meaning(Status.AVAILABLE_FOR_PICKUP),
}
STATUS: Final = {**statuses(_STATUSES), **statuses(_EVENTS)}
_UNKNOWN: Final = frozenset({"E_404_01"})
_INVALID: Final = frozenset({"E_400_01"})


class _Scan(msgspec.Struct, rename="camel"):
    code: str | None = None
    city: str | None = None
    country: str | None = None
    description: str | None = None
    event_date_time: str | None = None


class _Parcel(msgspec.Struct, rename="camel"):
    requested: str | None = None
    unitno: str | None = None
    status: str | None = None
    events: list[msgspec.Raw] | None = None
    error_code: str | None = None
    error_message: str | None = None


class _Fault(msgspec.Struct):
    faultstring: str | None = None


class _Error(msgspec.Struct):
    message: str | None = None


class _Said(msgspec.Struct):
    parcels: list[msgspec.Raw] | None = None
    fault: _Fault | None = None
    errors: list[_Error] | None = None
    title: str | None = None
    detail: str | None = None


def tracked(answer: Answer) -> Facts:
    """The parcels of an answer. Raises the Trouble that a bad answer is; that GLS does not know a number is said of the
    number.
    """
    told, numbers = opened(answer, _Said), asked(answer)
    if not told.parcels:
        if numbers and answer.status == 404:
            return Facts(tracks=tuple(not_found(number, said(answer)) for number in numbers))
        raise trouble(answer, said(answer), NAME) or broken(NAME, _why(answer))
    reader = Reader("gls")
    return reader.facts(reader.each(told.parcels, _Parcel, lambda parcel: _track(parcel, reader)))


def said(answer: Answer) -> str:
    """GLS's own words in a bad answer."""
    told = opened(answer, _Said)
    fault = told.fault.faultstring if told.fault else ""
    errors = "; ".join(one.message or "" for one in told.errors or ())
    return fault or errors or told.detail or told.title or ""


def _why(answer: Answer) -> str:
    decoded(answer, _Said, NAME)
    return said(answer) or "no parcels"


def _track(parcel: _Parcel, reader: Reader) -> Track:
    """Raises ValueError for a parcel that does not say which it is, or that GLS could not look up."""
    number = parcel.requested or parcel.unitno or ""
    if not number:
        raise ValueError("no number")
    if parcel.error_code:
        return _refused(number, parcel.error_code, parcel.error_message or parcel.error_code)
    status = parcel.status or ""
    if status and status not in _STATUSES:
        reader.strange(status)
    raws = parcel.events or ()
    tags = [_STATUSES.get(status), *[None] * len(raws)]
    events = reader.scans(
        number, list(zip(raws, tags, strict=False)), lambda one: _event(*one, reader), newest_first=True
    )
    return history(number, "gls", events, len(raws))


def _refused(number: str, code: str, words: str) -> Track:
    if code in _UNKNOWN:
        return not_found(number, words)
    if code in _INVALID:
        return invalid(number, words)
    raise ValueError(f"{number}: {code} {words}")


def _event(raw: msgspec.Raw, tag: Meaning | None, reader: Reader) -> TrackingEvent:
    """``tag``: the parcel's status, for its newest event."""
    found = msgspec.json.decode(raw, type=_Scan, strict=False)
    words, code = " ".join((found.description or "").split()), found.code or ""
    return scan(
        "gls",
        when(found.event_date_time or ""),
        _meaning(code, words, tag, reader),
        text=words,
        code=code,
        place=place(found.city, found.country, None),
    )


def _meaning(code: str, words: str, tag: Meaning | None, reader: Reader) -> Meaning:
    """The parcel's status where there is one; the event adds its reason. Else the event's code, else its text."""
    told = _EVENTS.get(code) or Meaning(*read_words(words, "en"))
    if tag and tag.status not in {Status.UNKNOWN, told.status}:
        return tag
    return told if told.status is not Status.UNKNOWN else reader.meaning({}, code, words)
