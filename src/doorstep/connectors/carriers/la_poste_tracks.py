"""What La Poste says about letters and parcels, as tracks: the answers of Suivi v2, of one ``idShip`` or of several.

Sources: La Poste's published answers and its list of event codes. The code says what happened; the label is in the
language that was asked for. Each time states its offset. One bad event never spoils an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from doorstep.connectors.answers import bare
from doorstep.connectors.contract import Answer, Facts
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    asked,
    broken,
    day,
    decoded,
    invalid,
    not_found,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent, when
from doorstep.core.order import Role, SaidNumber, Track, TrackAnswer
from doorstep.core.status import Reason, Status

NAME: Final = "La Poste"
_EVENTS: Final[Mapping[str, Meaning]] = {
    "DR1": Meaning(Status.INFO_RECEIVED),
    "DR2": Meaning(Status.EXCEPTION),  # a problem while the sender prepared it
    "PC1": Meaning(Status.PICKED_UP),
    "PC2": Meaning(Status.PICKED_UP),
    "ET1": Meaning(Status.IN_TRANSIT),
    "ET2": Meaning(Status.IN_TRANSIT),
    "ET3": Meaning(Status.IN_TRANSIT),
    "ET4": Meaning(Status.IN_TRANSIT),
    "EP1": Meaning(Status.ARRIVED),
    "DO1": Meaning(Status.CUSTOMS),
    "DO2": Meaning(Status.CUSTOMS),
    "DO3": Meaning(Status.CUSTOMS, Reason.CUSTOMS_HELD),
    "ID0": Meaning(Status.CUSTOMS),
    "PB1": Meaning(Status.EXCEPTION),
    "PB2": Meaning(Status.IN_TRANSIT),
    "MD2": Meaning(Status.OUT_FOR_DELIVERY),
    "ND1": Meaning(Status.ATTEMPT_FAILED),
    "AG1": Meaning(Status.AVAILABLE_FOR_PICKUP),
    "RE1": Meaning(Status.RETURNING),
    "DI0": Meaning(Status.DELIVERED),
    "DI1": Meaning(Status.DELIVERED),
    "DI2": Meaning(Status.RETURNED),
    "DI3": Meaning(Status.IN_TRANSIT, Reason.DELAYED_CARRIER),
}
STATUS: Final = statuses(_EVENTS)
_HOLDERS: Final[Mapping[int, str]] = {1: "la_poste", 2: "la_poste", 3: "chronopost", 4: "colissimo"}
CARRIERS: Final = frozenset(_HOLDERS.values())
_OF_ITEMS: Final = frozenset({200, 207, 400, 404})  # what may be said of one number, and not of the question


class _Scan(msgspec.Struct):
    code: str | None = None
    label: str | None = None
    date: str | None = None


class _Partner(msgspec.Struct):
    name: str | None = None
    network: str | None = None
    reference: str | None = None


class _Context(msgspec.Struct, rename="camel"):
    partner: _Partner | None = None


class _Shipment(msgspec.Struct, rename="camel"):
    id_ship: str | None = None
    holder: int | None = None
    event: list[msgspec.Raw] | None = None
    estim_date: str | None = None
    context_data: _Context | None = None


class _Item(msgspec.Struct, rename="camel"):
    return_code: int | None = None
    return_message: str | None = None
    id_ship: str | None = None
    shipment: _Shipment | None = None


class _Error(msgspec.Struct):
    code: str | None = None
    message: str | None = None


def tracked(answer: Answer) -> Facts:
    """The parcels of an answer. Raises the Trouble that a bad answer is; that La Poste does not know a number, or takes
    it for none of its own, is said of the number.
    """
    numbers, lone = asked(answer), _lone(answer)
    if answer.status == 200 and lone.return_code not in {None, *_OF_ITEMS}:  # a saved answer has lost its status
        answer = replace(answer, status=lone.return_code or 200)
    if answer.status == 404 and numbers and not _list(answer) and not lone.return_code:
        return Facts(tracks=tuple(not_found(number) for number in numbers))
    if (answer.status not in _OF_ITEMS) or (answer.status in {400, 404} and not _says_of_whom(answer, lone)):
        raise trouble(answer, said(answer), NAME) or broken(NAME, "no answer about a number")
    raws, reader = _list(answer) or [decoded(answer, msgspec.Raw, NAME)], Reader("la_poste")
    only = numbers[0] if len(numbers) == 1 == len(raws) else ""
    facts = reader.facts(reader.each(raws, _Item, lambda item: _track(item, only, reader)))
    if not facts.tracks:
        raise broken(NAME, "; ".join(facts.bad))
    return facts


def said(answer: Answer) -> str:
    """La Poste's own words in a bad answer."""
    try:
        told = msgspec.json.decode(answer.body, type=_Error, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return told.message or told.code or _lone(answer).return_message or ""


def _lone(answer: Answer) -> _Item:
    """The item of an answer about one number; an empty one where it is none."""
    try:
        return msgspec.json.decode(answer.body, type=_Item, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Item()


def _list(answer: Answer) -> Sequence[msgspec.Raw]:
    try:
        return msgspec.json.decode(answer.body, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ()


def _says_of_whom(answer: Answer, lone: _Item) -> bool:
    return bool(_list(answer) or lone.id_ship or (lone.return_code and len(asked(answer)) == 1))


def _track(item: _Item, only: str, reader: Reader) -> Track:
    """Raises ValueError for an item that does not say of which number it speaks, or what."""
    found = item.shipment or _Shipment()
    number = only or found.id_ship or item.id_ship or ""
    if not number:
        raise ValueError("no number")
    if item.return_code in {400, 404}:
        return (not_found if item.return_code == 404 else invalid)(number, item.return_message or "")
    if item.shipment is None:
        raise ValueError(f"{number}: {item.return_message or 'no shipment'} ({item.return_code or 'no return code'})")
    raws = found.event or ()
    events = reader.scans(
        number,
        raws,
        lambda raw: _event(msgspec.json.decode(raw, type=_Scan, strict=False), reader),
        newest_first=True,
    )
    eta = day(found.estim_date)
    return Track(
        number=number,
        answer=TrackAnswer.EVENTS if events else TrackAnswer.NOTHING,
        carrier=_HOLDERS.get(found.holder or 0, "la_poste"),
        events=events,
        complete=len(events) == len(raws) > 0,  # a moment without events undoes none
        last_mile=_last_mile(number, found.context_data),
        eta_from=eta,
        eta_to=eta,
    )


def _last_mile(number: str, context: _Context | None) -> SaidNumber | None:
    """The number with the partner who delivers."""
    partner = (context and context.partner) or _Partner()
    if not partner.reference or bare(partner.reference) == bare(number):
        return None
    return SaidNumber(text=partner.reference, role=Role.LOCAL, carrier=partner.name or partner.network or "")


def _event(found: _Scan, reader: Reader) -> TrackingEvent:
    words, code = " ".join((found.label or "").split()), found.code or ""
    return scan("la_poste", when(found.date or ""), reader.meaning(_EVENTS, code, words), text=words, code=code)
