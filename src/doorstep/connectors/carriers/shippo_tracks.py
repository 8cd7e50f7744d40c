"""What Shippo says about parcels, as tracks: of a track, and of a webhook.

Source: the schemas of Shippo's official SDK. Times are UTC by their Z: the clock of the place is not said. One bad
scan never spoils an answer.
"""

from typing import Final

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.contract import Answer, Facts
from doorstep.connectors.scans import (
    Reader,
    asked,
    broken,
    day,
    decoded,
    history,
    not_found,
    scan,
    trouble,
    universal,
)
from doorstep.core.event import TrackingEvent
from doorstep.core.number import carrier_at
from doorstep.core.status_maps import System, codes, from_system

NAME: Final = "Shippo"
SOURCE: Final = "shippo"
_MAINS: Final = {main: from_system(System.SHIPPO, main).status for main, _ in codes(System.SHIPPO)}
_DETAILS: Final = {detail: from_system(System.SHIPPO, "", detail).status for _, detail in codes(System.SHIPPO)}
STATUS: Final = {word: status for word, status in {**_DETAILS, **_MAINS}.items() if word}


class _Substatus(msgspec.Struct):
    code: str | None = None


class _Place(msgspec.Struct):
    city: str | None = None
    state: str | None = None
    country: str | None = None


class _Scan(msgspec.Struct):
    status: str | None = None
    status_details: str | None = None
    status_date: str | None = None
    substatus: _Substatus | str | None = None  # in older answers a word alone
    location: _Place | None = None


class _Track(msgspec.Struct):
    tracking_number: str
    carrier: str | None = None
    eta: str | None = None
    tracking_history: list[msgspec.Raw] | None = None
    tracking_status: msgspec.Raw = msgspec.Raw()


class _Push(msgspec.Struct):
    event: str | None = None
    data: msgspec.Raw = msgspec.Raw()


class _Bad(msgspec.Struct):
    detail: str | None = None
    messages: list[str] | None = None


def tracked(answer: Answer) -> Facts:
    """The track of an answer. That the carrier does not know the number is said of it."""
    numbers = asked(answer)
    if numbers and answer.status == 404:
        return Facts(tracks=tuple(not_found(one, _said(answer)) for one in numbers))
    opened(answer)
    return _facts(decoded(answer, _Track, NAME))


def pushed(answer: Answer) -> Facts:
    """The track of a webhook."""
    data = decoded(answer, _Push, NAME).data
    if bytes(data)[:1] != b"{":
        raise broken(NAME, "no track in the message")
    inner = Answer(what="track", body=bytes(data), received_at=answer.received_at)
    return _facts(decoded(inner, _Track, NAME))


def about_a_parcel(answer: Answer) -> bool:
    """Whether a webhook tells of a parcel; labels and batches send some, too."""
    return decoded(answer, _Push, NAME).event in {"track_updated", None}


def opened(answer: Answer) -> None:
    """Raises the Trouble that a bad answer is, and Broken for what is no JSON."""
    if problem := trouble(answer, _said(answer), NAME):
        raise problem
    decoded(answer, dict[str, msgspec.Raw], NAME)


def _said(answer: Answer) -> str:
    """Shippo's own words in a bad answer: a sentence, or the answer itself, which names the fields."""
    try:
        bad = msgspec.json.decode(answer.body, type=_Bad)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return bad.detail or "; ".join(bad.messages or ()) or answer.body.decode(errors="replace")


def _facts(said: _Track) -> Facts:
    reader = Reader(SOURCE)
    raws = said.tracking_history or [one for one in (said.tracking_status,) if bytes(one)[:1] == b"{"]
    events = reader.scans(said.tracking_number, raws, lambda raw: _event(raw, reader), newest_first=None)
    code, eta = said.carrier or "", day(said.eta)
    told = len(said.tracking_history or ())  # of the newest one alone nobody knows whether it is all
    carrier = carrier_at("shippo", code)
    return reader.facts([history(said.tracking_number, carrier, events, told, key=code, eta=(eta, eta))])


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    said = msgspec.json.decode(raw, type=_Scan)
    text, where = said.status_details or "", said.location or _Place()
    detail = said.substatus if isinstance(said.substatus, str) else said.substatus.code if said.substatus else ""
    return scan(
        SOURCE,
        universal(said.status_date),
        reader.told(System.SHIPPO, said.status or "", detail or "", text),
        text=text,
        code="/".join(word for word in (said.status, detail) if word),
        place=place(where.city or where.state, where.country, None),
    )
