"""What Royal Mail says about parcels, as tracks: ``mailPieces`` of the Tracking API v2.

Sources: Royal Mail's published answers and its list of events, in ``royal_mail_codes.csv``; a code that is not there is
read by its name. Each time states its offset. One bad event never spoils an answer.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.contract import Answer, Facts
from doorstep.connectors.scans import (
    Reader,
    asked,
    broken,
    code_tables,
    day,
    decoded,
    history,
    not_found,
    opened,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent, when
from doorstep.core.order import Track

NAME: Final = "Royal Mail"
_EVENTS: Final = code_tables(Path(__file__).with_name("royal_mail_codes.csv"))["event"]
STATUS: Final = statuses(_EVENTS)
_UNKNOWN: Final = "E1142"  # a mail item with that barcode cannot be located
_NOTHING: Final = msgspec.Raw(b"null")


class _Scan(msgspec.Struct, rename="camel"):
    event_code: str | None = None
    event_name: str | None = None
    event_date_time: str | None = None
    location_name: str | None = None


class _Error(msgspec.Struct, rename="camel"):
    error_code: str | None = None
    error_description: str | None = None


class _Summary(msgspec.Struct, rename="camel"):
    one_d_barcode: str | None = None


class _Estimate(msgspec.Struct):
    date: str | None = None


class _Piece(msgspec.Struct, rename="camel"):
    mail_piece_id: str | None = None
    summary: _Summary | None = None
    estimated_delivery: _Estimate | None = None
    events: list[msgspec.Raw] | None = None
    error: _Error | None = None


class _Said(msgspec.Struct, rename="camel"):
    mail_pieces: msgspec.Raw = _NOTHING
    http_code: int | None = None
    http_message: str | None = None
    more_information: str | None = None
    errors: list[_Error] | None = None


def tracked(answer: Answer) -> Facts:
    """The parcels of an answer. Raises the Trouble that a bad answer is; that Royal Mail does not know a number is said
    of the number.
    """
    told, numbers = opened(answer, _Said), asked(answer)
    words = _words(told)
    if answer.status == 200 and told.http_code:  # a saved answer has lost its status
        answer = replace(answer, status=told.http_code)
    codes = {one.error_code for one in told.errors or ()}
    if numbers and (answer.status == 404 or _UNKNOWN in codes):
        return Facts(tracks=tuple(not_found(number, words) for number in numbers))
    if problem := trouble(answer, words, NAME):
        raise problem
    raw, reader = decoded(answer, _Said, NAME).mail_pieces, Reader("royal_mail")
    if bytes(raw) == bytes(_NOTHING):
        raise broken(NAME, words or "no mail pieces")
    pieces = msgspec.json.decode(raw, type=list[msgspec.Raw]) if bytes(raw)[:1] == b"[" else [raw]
    only = numbers[0] if len(numbers) == 1 else ""
    return reader.facts(reader.each(pieces, _Piece, lambda piece: _track(piece, only, reader)))


def _words(told: _Said) -> str:
    """Royal Mail's own words in a bad answer."""
    parts = [told.http_message, told.more_information, *(one.error_description for one in told.errors or ())]
    return "; ".join(part for part in parts if part)


def _track(piece: _Piece, only: str, reader: Reader) -> Track:
    """``only``: the number that was asked about, where there was but one; else the barcode on the label, since
    ``mailPieceId`` may be one that nobody sees. Raises ValueError for a piece that names no number.
    """
    number = only or (piece.summary and piece.summary.one_d_barcode) or piece.mail_piece_id or ""
    if not number:
        raise ValueError("no number")
    if piece.error:
        return not_found(number, piece.error.error_description or piece.error.error_code or "")
    raws = piece.events or ()
    events = reader.scans(
        number,
        raws,
        lambda raw: _event(msgspec.json.decode(raw, type=_Scan, strict=False), reader),
        newest_first=True,
    )
    eta = day(piece.estimated_delivery.date) if piece.estimated_delivery else None
    return history(number, "royal_mail", events, len(raws), eta=(eta, eta))


def _event(found: _Scan, reader: Reader) -> TrackingEvent:
    words, code = found.event_name or "", found.event_code or ""
    return scan(
        "royal_mail",
        when(found.event_date_time or ""),
        reader.meaning(_EVENTS, code, words, language="en"),
        text=words,
        code=code,
        place=place(found.location_name, None, None),
    )
