"""What DHL Paket's business tracking says about parcels, as tracks: XML in which everything is called ``data``.

Sources: the shape of DHL's answers and DHL's table of ICE events and reasons (RIC), July 2024, which is
``dhl_parcel_de_codes.csv`` with our readings. Times are the clock of the place, to the minute, without an offset. One
bad event never spoils an answer.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from doorstep.connectors import xml
from doorstep.connectors.answers import bare, place
from doorstep.connectors.carriers.dhl_codes import PARCEL_DE
from doorstep.connectors.contract import Answer, Denied, Facts, NotFound, Refused
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    asked,
    broken,
    code_tables,
    history,
    not_found,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent, when
from doorstep.core.message import Message, Value
from doorstep.core.order import Track
from doorstep.core.status import Status

NAME: Final = "DHL Paket"
_TABLES: Final = code_tables(Path(__file__).with_name("dhl_parcel_de_codes.csv"))
_EVENTS, _PAIRS, _REASONS = _TABLES["ice"], _TABLES["pair"], _TABLES["ric"]
STATUS: Final = statuses(_EVENTS)
_FINE, _NOTHING = "0", "100"
_PIECE: Final = "piece-shipment"
_LOGIN: Final = ("login", "password", "passwort", "anmeld", "user", "zugang")
_ROAD: Final = frozenset({Status.IN_TRANSIT, Status.PICKED_UP})


def tracked(answer: Answer) -> Facts:
    """Every parcel of an answer. Raises the Trouble that it is; that DHL does not know a number is said there."""
    problem = trouble(answer, "", NAME)
    if problem:
        raise problem
    try:
        root = xml.parsed(answer.body)
    except xml.NotXml as error:
        raise broken(NAME, str(error)) from error
    if root.tag != "data" or "code" not in root.attrib:
        raise broken(NAME, root.get("name", root.tag))
    numbers, reader = asked(answer), Reader("dhl_parcel_de")
    code, words = root.attrib["code"], root.get("error", "")
    if code == _NOTHING and numbers:
        return reader.facts([not_found(number, words) for number in numbers])
    if code != _FINE:
        raise _refusal(code, words)
    return reader.facts([_track(one, numbers, reader) for one in root.iter("data") if one.get("name") == _PIECE])


def _refusal(code: str, words: str) -> Denied | NotFound | Refused:
    said = f"{code} {words}".strip()
    if code == _NOTHING:
        return NotFound(said)
    values: dict[str, Value] = {"carrier": NAME, "said": said}
    if any(word in words.casefold() for word in _LOGIN):
        return Denied(said, message=Message(id="carrier.denied", values=values))
    return Refused(said, message=Message(id="carrier.refused", values=values))


def _track(piece: Element, numbers: tuple[str, ...], reader: Reader) -> Track:
    """Under the number as it was asked: DHL repeats it, and leaves out zeros in its own."""
    own = piece.get("searched-piece-code", "") or piece.get("piece-code", "")
    number = next((one for one in numbers if bare(one) == bare(own)), own)
    if piece.get("error-status", _FINE) != _FINE:
        return not_found(number, piece.get("status", ""))
    scans = [one for one in piece.iter("data") if one.get("name") == "piece-event"]
    events = reader.scans(number, scans, lambda one: _event(one, reader), newest_first=False)
    return history(number, "dhl_parcel_de", events, len(scans))


def _event(found: Element, reader: Reader) -> TrackingEvent:
    words = found.get("event-status", "") or found.get("event-text", "")
    parts = (found.get("ice", ""), found.get("ric", ""), found.get("standard-event-code", ""))
    return scan(
        "dhl_parcel_de",
        when(_moment(found.get("event-timestamp", ""))),
        _meaning(parts, found.get("ruecksendung") == "true", words, reader),
        text=words,
        code="/".join(part for part in parts if part),
        place=place(found.get("event-location"), found.get("event-country"), None),
    )


def _moment(said: str) -> str:
    """ISO 8601 of ``17.03.2016 11:44``. Raises ValueError."""
    if not said:
        return ""
    return f"{datetime.strptime(said, '%d.%m.%Y %H:%M').replace(tzinfo=UTC):%Y-%m-%dT%H:%M:%S}"


def _meaning(parts: tuple[str, str, str], back: bool, words: str, reader: Reader) -> Meaning:
    """By event and reason together, else the event, else DHL's older code; ``back``: it travels to its sender."""
    event, reason, older = parts
    pair = _PAIRS.get(f"{event}/{reason}") or _PAIRS.get(f"{event}/{older}")
    told = pair or _EVENTS.get(event) or (PARCEL_DE.get(older) if not event else None)
    told = told or reader.meaning({}, event, words)
    why = told.reason or (_REASONS[reason].reason if reason in _REASONS and told.status not in _ROAD else None)
    if back and told.status in _ROAD:
        return Meaning(Status.RETURNING, why)
    if back and told.status is Status.DELIVERED:
        return Meaning(Status.RETURNED, why)
    return Meaning(told.status, why if told.status is not Status.UNKNOWN else None)
