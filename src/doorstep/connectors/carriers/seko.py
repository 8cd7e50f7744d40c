"""SEKO Logistics: the status call of its OmniParcel platform, asked about several consignments at a time.

Sources: OmniParcel's published answers and its list of codes (``seko_codes.csv``). The platform repeats the scans of
whoever carries a parcel at the time, by the clock of the place and without an offset. One bad scan never spoils an
answer.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.asking import Asked
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Request
from doorstep.connectors.scans import (
    Reader,
    asked,
    broken,
    code_tables,
    decoded,
    history,
    not_found,
    of_all,
    opened,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent, when
from doorstep.core.number import TrackingNumber
from doorstep.core.order import Track

_META: Final = Meta(
    name="seko",
    label="SEKO (OmniParcel)",
    hosts=frozenset({"api.omniparcel.com"}),
    polls_per_minute=30,
    batch=10,
    can=frozenset({Can.TRACK}),
    fields=(Field(name="access_key", label="Access key", secret=True, help="Of your OmniParcel account."),),
    basis="OmniParcel's published answers (statusv2) and its list of codes",
    docs="https://www.sekologistics.com/",
    carriers=frozenset({"omniparcel", "seko_logistics"}),
    proven="vendor sample",
    steps=("Ask SEKO for the access key of your OmniParcel account (production).",),
    limits=("Ten consignments in each question.",),
    gaps=("Times are told without an offset: their order is sure, their instants are not.",),
)
_EVENTS: Final = code_tables(Path(__file__).with_name("seko_codes.csv"))["event"]
_READ: Final = frozenset({"OP-20", "OP-31", "OP-32"})  # "update", "information": the text tells of what
_SEEN: Final = frozenset(f"OP-{code}" for code in (1, 3, 4, 6, 8, 15, 21, 24, 29, 50, 71, 72, 79))


class _Scan(msgspec.Struct, rename="pascal"):
    event_dt: str | None = msgspec.field(default=None, name="EventDT")
    omni_code: str | None = None
    description: str | None = None
    location: str | None = None
    part: int | None = None


class _Parcel(msgspec.Struct, rename="pascal"):
    consignment_no: str
    events: list[msgspec.Raw] | None = None


class _Error(msgspec.Struct, rename="pascal"):
    message: str | None = None


class _Said(msgspec.Struct, rename="pascal"):
    errors: list[_Error] | None = None
    message: str | None = None


def tracked(answer: Answer) -> Facts:
    """The consignments of an answer; one that was asked about and is not among them is not known there. Raises the
    Trouble that a bad answer is.
    """
    told = opened(answer, _Said)
    words = "; ".join(one.message or "" for one in told.errors or ()) or told.message or ""
    if problem := trouble(answer, words, _META.label):
        raise problem
    if words:
        raise broken(_META.label, words)
    reader = Reader("seko")
    tracks = reader.each(
        decoded(answer, list[msgspec.Raw], _META.label), _Parcel, lambda parcel: _track(parcel, reader)
    )
    missing = [] if reader.bad else [one for one in asked(answer) if one not in {track.number for track in tracks}]
    return reader.facts([*tracks, *(not_found(number) for number in missing)])


def _track(parcel: _Parcel, reader: Reader) -> Track:
    """The pieces of a consignment are told in one list, each scan with the place of its piece."""
    raws, parts = parcel.events or [], dict[int, list[TrackingEvent]]()

    def read(raw: msgspec.Raw) -> TrackingEvent:
        found = msgspec.json.decode(raw, type=_Scan, strict=False)
        event = _event(found, reader)
        parts.setdefault(found.part or 1, []).append(event)
        return event

    told = reader.scans(parcel.consignment_no, raws, read, newest_first=False)
    events, whole = of_all(list(parts.values())) if len(parts) > 1 else (told, True)
    return history(parcel.consignment_no, "seko", events, len(raws) if whole else -1)


def _event(found: _Scan, reader: Reader) -> TrackingEvent:
    code, words = found.omni_code or "", (found.description or "").strip()
    return scan(
        "seko",
        when(found.event_dt or ""),
        reader.meaning(_EVENTS, "" if code in _READ else code, words, language="en"),
        text=words,
        code=code,
        place=place(None, None, found.location),
    )


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    return Request(
        method="POST",
        url="https://api.omniparcel.com/labels/statusv2",
        headers={
            "access_key": account.credentials.get("access_key", ""),
            "content-type": "application/json; charset=utf-8",
        },
        body=msgspec.json.encode([number.text for number in numbers]),
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracked,
    sample="000000000000",  # no consignment
    known_by="access_key",
    status=statuses(_EVENTS),
    unseen=frozenset(_EVENTS) - _SEEN,
)
