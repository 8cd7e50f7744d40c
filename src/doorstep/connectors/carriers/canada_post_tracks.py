"""What Canada Post says about parcels, as tracks: ``tracking-detail``, in XML.

Sources: Canada Post's schemas (track, messages) and published answers; the codes of ``canada_post_codes.csv`` are those
whose meaning a sample or the documentation shows, any other event is read by its text. The zone of each time is named
by its Canadian abbreviation. One bad event never spoils an answer.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from doorstep.connectors import xml
from doorstep.connectors.answers import place
from doorstep.connectors.contract import Answer, Facts, NotFound, Refused
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    asked,
    broken,
    code_tables,
    day,
    history,
    invalid,
    not_found,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent, when
from doorstep.core.message import Message, Value
from doorstep.core.order import Track

NAME: Final = "Canada Post"
_EVENTS: Final = code_tables(Path(__file__).with_name("canada_post_codes.csv"))["event"]
STATUS: Final = statuses(_EVENTS)
# The zones of Canada as its post names them; daylight saving time has a name of its own.
_ZONES: Final[Mapping[str, str]] = {
    "NDT": "-02:30",
    "NST": "-03:30",
    "ADT": "-03:00",
    "AST": "-04:00",
    "EDT": "-04:00",
    "EST": "-05:00",
    "CDT": "-05:00",
    "CST": "-06:00",
    "MDT": "-06:00",
    "MST": "-07:00",
    "PDT": "-07:00",
    "PST": "-08:00",
}
_NO_HISTORY: Final = "004"
_KEYS: Final = frozenset({"E002"})  # AAA Authentication Failure
_COUNTRY: Final = "CA"


def tracked(answer: Answer) -> Facts:
    """The parcel of an answer about one number. Raises the Trouble that a bad answer is; that Canada Post does not know
    the number, or takes it for none of its own, is said of the number.
    """
    root = _parsed(answer)
    messages = [] if root is None else [(xml.said(one, "code"), _words(one)) for one in root.iter("message")]
    words, codes = "; ".join(" ".join(one).strip() for one in messages), {code for code, _ in messages}
    numbers = asked(answer)
    if numbers and (_NO_HISTORY in codes or answer.status == 404):
        return Facts(tracks=tuple(not_found(number, words) for number in numbers))
    if numbers and answer.status == 400 and codes:
        return Facts(tracks=tuple(invalid(number, words) for number in numbers))
    problem = trouble(replace(answer, status=_status(answer, codes)), words, NAME)
    if problem:
        raise problem
    if root is None:
        raise broken(NAME, "not a document that can be read")
    details = list(root.iter("tracking-detail"))
    if not details:
        raise _refusal(codes, words) if codes else broken(NAME, root.tag)
    reader = Reader("canada_post")
    return reader.facts([_track(one, reader) for one in details])


def _parsed(answer: Answer) -> Element | None:
    try:
        return xml.parsed(answer.body)
    except xml.NotXml:
        return None


def _words(message: Element) -> str:
    return xml.said(message, "description")


def _status(answer: Answer, codes: set[str]) -> int:
    """The HTTP status; of a saved answer, which has lost it, what Canada Post's codes say."""
    return 401 if answer.status == 200 and codes & _KEYS else answer.status


def _refusal(codes: set[str], words: str) -> NotFound | Refused:
    values: dict[str, Value] = {"carrier": NAME, "said": words}
    if _NO_HISTORY in codes:
        return NotFound(words, message=Message(id="carrier.not_found", values=values))
    return Refused(words, message=Message(id="carrier.refused", values=values))


def _track(detail: Element, reader: Reader) -> Track:
    number, scans = xml.said(detail, "pin"), list(detail.iter("occurrence"))
    events = reader.scans(number, scans, lambda one: _event(one, reader), newest_first=True)
    eta = day(xml.said(detail, "changed-expected-date") or xml.said(detail, "expected-delivery-date"))
    return history(number, "canada_post", events, len(scans), eta=(eta, eta))


def _event(found: Element, reader: Reader) -> TrackingEvent:
    code, words = xml.said(found, "event-identifier"), " ".join(xml.said(found, "event-description").split())
    on, at, zone = (xml.said(found, f"event-{name}") for name in ("date", "time", "time-zone"))
    site = xml.said(found, "event-site").title() or xml.said(found, "event-province")
    return scan(
        "canada_post",
        when(f"{on}T{at}{_ZONES.get(zone, '')}" if on and at else on),
        _meaning(code.lstrip("0"), words, reader),
        text=words,
        code=code,
        place=place(site, _COUNTRY if xml.said(found, "event-province") else None, None),
    )


def _meaning(code: str, words: str, reader: Reader) -> Meaning:
    """By the code (``0174`` is ``174``), else by the text, which comes in English or French."""
    return reader.meaning(_EVENTS, code, words)
