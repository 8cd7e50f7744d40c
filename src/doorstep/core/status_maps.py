"""What other systems call our statuses and reasons, in both directions. The words are in ``status_codes.csv``.

Sources: the systems' own documentation and schemas (AfterShip 2025-01, 17TRACK v2.2, EasyPost v2, Shippo, Ship24 v1,
TrackingMore v4, Karrio, Shopify Admin 2026-07, PayPal trackers). A system says one thing in two parts: ``main`` (tag,
status, milestone) and ``detail`` (sub status, status code, incident reason), either of which may be missing.

In the table ``way`` is ``both``, ``read`` (theirs to ours only) or ``write`` (ours to theirs only). A row without a
status is a detail that only gives the reason; a ``write`` row without words is a status that system has nothing for.
"""

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from doorstep.core.status import Reason, Status


class System(StrEnum):
    """Who else has a list of statuses."""

    AFTERSHIP = "aftership"
    SEVENTEEN_TRACK = "seventeen_track"
    EASYPOST = "easypost"
    SHIPPO = "shippo"
    SHIP24 = "ship24"
    TRACKINGMORE = "trackingmore"
    KARRIO = "karrio"
    SHOPIFY = "shopify"
    PAYPAL = "paypal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What their words mean. ``unknown``: the word that the table does not have, '' when it has them all."""

    status: Status
    reason: Reason | None = None
    unknown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Their words. Both '' where that system has no word: then nothing is said there."""

    main: str = ""
    detail: str = ""


_Pair = tuple[Status, Reason | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """One system. ``read`` also has each detail alone, under (''). ``reasons``: details that only give a reason."""

    read: Mapping[tuple[str, str], _Pair]
    write: Mapping[_Pair, Code]
    reasons: Mapping[Reason | None, str]


def from_system(system: System, main: str, detail: str = "") -> Reading:
    """Ours for theirs. Where the two parts disagree the main one wins and the detail may add the reason; a word that is
    not in the table is told in ``unknown``, and without any known word the status is UNKNOWN.
    """
    read = _tables()[system].read
    exact = read.get((main, detail))
    if exact:
        return Reading(status=exact[0], reason=exact[1])
    strange = [word for word, key in ((detail, ("", detail)), (main, (main, ""))) if word and key not in read]
    status, reason = read.get((main, ""), (Status.UNKNOWN, None))
    alone, why = read.get(("", detail), (Status.UNKNOWN, None))
    return Reading(
        status=alone if status is Status.UNKNOWN else status,
        reason=reason or why,
        unknown=strange[0] if strange else "",
    )


def to_system(system: System, status: Status, reason: Reason | None = None) -> Code:
    """Theirs for ours: their word for both, else for the status alone, with the reason where they say it apart."""
    table = _tables()[system]
    exact = table.write.get((status, reason))
    if exact is not None:
        return exact
    plain = table.write[status, None]
    apart = table.reasons.get(reason, "") if plain.main else ""
    return Code(main=plain.main, detail=apart or plain.detail)


def codes(system: System) -> Mapping[tuple[str, str], Reading]:
    """Every (main, detail) of theirs that the table lists; ('', detail) for a detail that only gives a reason."""
    return {
        (row["main"], row["detail"]): from_system(system, row["main"], row["detail"])
        for row in _rows()[system]
        if row["way"] != "write"
    }


@functools.cache
def _rows() -> Mapping[System, list[dict[str, str]]]:
    rows: dict[System, list[dict[str, str]]] = {system: [] for system in System}
    with Path(__file__).with_name("status_codes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows[System(row["system"])].append(row)
    return rows


@functools.cache
def _tables() -> Mapping[System, _Table]:
    return {system: _table(rows) for system, rows in _rows().items()}


def _table(rows: list[dict[str, str]]) -> _Table:
    read: dict[tuple[str, str], _Pair] = {}
    write: dict[_Pair, Code] = {}
    reasons: dict[Reason | None, str] = {}
    for row in rows:
        pair = (Status(row["status"] or "unknown"), Reason(row["reason"]) if row["reason"] else None)
        if row["way"] != "write":
            read[row["main"], row["detail"]] = pair
        if row["way"] != "read" and row["status"]:
            write[pair] = Code(main=row["main"], detail=row["detail"])
        elif row["way"] != "read":
            reasons[pair[1]] = row["detail"]
    for (_, detail), pair in list(read.items()):
        if detail:
            read.setdefault(("", detail), pair)  # without its main part: as in its first row
    return _Table(read=read, write=write, reasons=reasons)
