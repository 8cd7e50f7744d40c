"""What AliExpress says about the parcels of an order (``aliexpress.ds.order.tracking.get``), as tracks.

Scans come with an instant (milliseconds) and free text in the language that was asked for: English, read by its words.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from doorstep.connectors.answers import text
from doorstep.connectors.contract import Answer, Facts, Word
from doorstep.connectors.suppliers.ae.gateway import listed, result
from doorstep.core.event import InstantFrom, TrackingEvent
from doorstep.core.order import Role, SaidNumber, Track, TrackAnswer
from doorstep.core.status import Status
from doorstep.core.words import read_words

SOURCE: Final = "aliexpress"
# What AliExpress tells of an order before a carrier knows of it.
STATUSES: Final = {"Order created": Status.PENDING, "Package in preparation": Status.PENDING}
_NOT_FOUND: Final = "1001"
Loose = str | int | None


class _Parcel(msgspec.Struct):
    mail_no: Loose = None
    carrier_name: str | None = None
    detail_node_list: object = None
    eta_time_stamps: Loose = None


class _Node(msgspec.Struct):
    time_stamp: Loose = None
    tracking_name: str | None = None
    tracking_detail_desc: str | None = None


def tracking(answer: Answer) -> Facts:
    """Of one order. ``numbers`` of the context are those that the order gave: where AliExpress has no scans they have
    NOTHING, and the other number of an only parcel is its courier's.
    """
    known = tuple(answer.context.get("numbers", "").split())
    found = result(answer)
    if str(found.get("ret")).lower() != "true":
        return _nothing(answer, found, known)
    data = found.get("data")
    lines = data.get("tracking_detail_line_list") if isinstance(data, dict) else None
    tracks, words, bad = [], [], []
    parcels = list(listed(lines))
    for raw in parcels:
        try:
            parcel = msgspec.convert(raw, _Parcel, strict=False)
        except msgspec.ValidationError as error:
            bad.append(str(error))
            continue
        events, worse = _events(parcel)
        bad += worse
        words += [Word(text=one.raw_text) for one in events if one.status is Status.UNKNOWN and one.raw_text]
        only = known if len(parcels) == 1 else ()
        tracks += [_track(parcel, number, other, events) for number, other in _named(parcel, only)]
    return Facts(tracks=tuple(tracks), words=tuple(words), bad=tuple(bad))


def _nothing(answer: Answer, found: dict[str, object], known: tuple[str, ...]) -> Facts:
    """An order that was not sent has no tracking, nor has one that AliExpress does not know: both say so alike. What
    else it may say is counted.
    """
    said = f"{text(found.get('code'))} {text(found.get('msg'))}".strip()
    if text(found.get("code")) != _NOT_FOUND:
        return Facts(bad=(f"tracking of order {answer.context.get('order', '')}: {said}",))
    tracks = (Track(number=one, answer=TrackAnswer.NOTHING, complete=False, said=said) for one in known)
    return Facts(tracks=tuple(tracks))


def _named(parcel: _Parcel, only: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(number, other number of the same parcel or ''). Without a number here the order's only one is meant."""
    number = text(parcel.mail_no)
    if len(only) == 1:
        yield only[0], "" if number == only[0] else number
    elif number:
        yield number, ""


def _track(parcel: _Parcel, number: str, other: str, events: tuple[TrackingEvent, ...]) -> Track:
    eta = _instant(parcel.eta_time_stamps)
    return Track(
        number=number,
        answer=TrackAnswer.EVENTS if events else TrackAnswer.NOTHING,
        carrier_key=parcel.carrier_name or "",
        events=events,
        complete=False,
        last_mile=SaidNumber(text=other, role=Role.LOCAL) if other else None,
        eta_to=eta.date() if eta else None,
    )


def _events(parcel: _Parcel) -> tuple[tuple[TrackingEvent, ...], list[str]]:
    """First to happen first: AliExpress tells the newest first."""
    nodes, bad = [], []
    for raw in listed(parcel.detail_node_list):
        try:
            nodes.append(msgspec.convert(raw, _Node, strict=False))
        except msgspec.ValidationError as error:
            bad.append(str(error))
    nodes.reverse()
    return tuple(_event(node, place) for place, node in enumerate(nodes)), bad


def _event(node: _Node, position: int) -> TrackingEvent:
    """The place's own clock is not told."""
    instant = _instant(node.time_stamp)
    name = (node.tracking_name or "").strip()
    said = (node.tracking_detail_desc or "").strip() or name
    status, reason = (STATUSES[name], None) if name in STATUSES else read_words(said, "en")
    if status is Status.UNKNOWN:
        status, reason = read_words(name, "en")
    return TrackingEvent(
        source=SOURCE,
        raw_code=name,
        raw_text=said,
        status=status,
        reason=reason,
        instant=instant,
        instant_from=InstantFrom.STATED if instant else InstantFrom.NONE,
        position=position,
    )


def _instant(said: Loose) -> datetime | None:
    """Milliseconds since 1970; None for what is no such number."""
    digits = text(said)
    if not digits.isdecimal() or len(digits) > 14:
        return None
    return datetime.fromtimestamp(int(digits) / 1000, UTC).replace(microsecond=0)
