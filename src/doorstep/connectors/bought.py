"""What reading the answers of suppliers has in common: trouble in words for whoever connected one, and how an order
that leaves in several parcels becomes several purchases.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from doorstep.connectors.answers import SAID_AT_MOST, looks_like_html, trouble_with
from doorstep.connectors.contract import Answer, Broken, Busy, Denied, Facts, NotFound, Refused, Trouble
from doorstep.core.message import Message
from doorstep.core.order import Purchase, PurchaseLine, PurchaseState, SaidNumber

T = TypeVar("T")
_TROUBLES: Final[Mapping[type[Trouble], str]] = {
    Busy: "supplier.busy",
    Denied: "supplier.denied",
    NotFound: "supplier.not_found",
    Refused: "supplier.refused",
    Broken: "supplier.broken",
}
_LEFT: Final = frozenset({PurchaseState.DISPATCHED, PurchaseState.DELIVERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One parcel of an order. ``contents``: quantities by line ref, None where the supplier does not say. ``state`` and
    what follows are its own.
    """

    contents: Mapping[str, int] | None = None
    numbers: tuple[SaidNumber, ...] = ()
    state: PurchaseState = PurchaseState.DISPATCHED
    method: str = ""
    dispatched_at: datetime | None = None
    evidence: str = ""


def parted(whole: Purchase, boxes: Sequence[Box]) -> tuple[Purchase, ...]:
    """One purchase for each parcel, and one for what has not left: a purchase is one parcel. ``boxes`` in an order that
    does not change. The first keeps the ref of the order and the others are numbered, so that what is left becomes the
    next parcel when it leaves. A line that is not in a part has the quantity 0 there: it may have been.
    """
    if not boxes:
        return (whole,)
    rest = _rest(whole.lines, boxes)
    if len(boxes) == 1 and not any(rest.values()):
        return (_part(whole, boxes[0], whole.ref, whole.lines),)
    parts = [
        _part(whole, box, _numbered(whole.ref, place), _shared(whole.lines, box.contents or {}))
        for place, box in enumerate(boxes)
    ]
    if any(rest.values()):
        state = PurchaseState.PAID if whole.state in _LEFT else whole.state
        left = replace(whole, ref=_numbered(whole.ref, len(boxes)), lines=_shared(whole.lines, rest), state=state)
        parts.append(replace(left, dispatched_at=None, dispatch_evidence=""))
    return tuple(parts)


def _rest(lines: Iterable[PurchaseLine], boxes: Iterable[Box]) -> Mapping[str, int]:
    """How many of each line are in no box; a box without stated contents may hold all of them."""
    stated = [box.contents for box in boxes if box.contents is not None]
    if len(stated) < len(tuple(boxes)):
        return {}
    return {line.ref: max(0, line.qty - sum(one.get(line.ref, 0) for one in stated)) for line in lines}


def _part(whole: Purchase, box: Box, ref: str, lines: tuple[PurchaseLine, ...]) -> Purchase:
    return replace(
        whole,
        ref=ref,
        lines=lines,
        state=box.state,
        method=box.method or whole.method,
        numbers=box.numbers,
        dispatched_at=box.dispatched_at,
        dispatch_evidence=box.evidence,
    )


def _shared(lines: Iterable[PurchaseLine], share: Mapping[str, int]) -> tuple[PurchaseLine, ...]:
    return tuple(replace(line, qty=min(line.qty, share.get(line.ref, 0))) for line in lines)


def order_of(ref: str) -> str:
    """The supplier's own id of the order that a purchase is a part of."""
    return ref.partition("/")[0]


def _numbered(ref: str, place: int) -> str:
    return f"{ref}/{place + 1}" if place else ref


def together(parts: Iterable[Facts], bad: Sequence[str] = ()) -> Facts:
    """The facts of the items of a page, and what could not be read of it."""
    told = tuple(parts)
    return Facts(
        purchases=tuple(one for part in told for one in part.purchases),
        tracks=tuple(one for part in told for one in part.tracks),
        words=tuple(one for part in told for one in part.words),
        bad=(*bad, *(one for part in told for one in part.bad)),
    )


def each(raws: Iterable[msgspec.Raw], shape: type[T], what: str) -> tuple[list[T], list[str]]:
    """(items that have the shape, one line for each that does not). ``what`` names an item in those lines."""
    good, bad = [], []
    for place, raw in enumerate(raws):
        try:
            good.append(msgspec.json.decode(raw, type=shape, strict=False))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            bad.append(f"{what} {place}: {error}")
    return good, bad


def decoded(answer: Answer, shape: type[T], supplier: str) -> T:
    """JSON of a documented shape ("7" is taken for 7). Raises Broken, in words."""
    try:
        return msgspec.json.decode(answer.body, type=shape, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise broken(supplier, "a web page" if looks_like_html(answer) else str(error)) from error


def broken(supplier: str, said: str) -> Broken:
    """Not an answer of the supplier's API."""
    said = said[:SAID_AT_MOST]
    return Broken(said, message=Message(id="supplier.broken", values={"supplier": supplier, "said": said}))


def forged(supplier: str) -> Denied:
    """A webhook whose signature does not fit."""
    return Denied(message=Message(id="supplier.bad_signature", values={"supplier": supplier}))


def trouble(answer: Answer, said: str, supplier: str) -> Trouble | None:
    """What an HTTP status alone means; None for 2xx. ``said``: the vendor's text."""
    return trouble_with({"supplier": supplier}, answer, said, _TROUBLES)


def account_id(supplier: str, secret: str) -> str:
    """The natural key of an account that the vendor gives no id: a hash that does not tell the secret."""
    return hashlib.sha256(f"{supplier}:{secret}".encode()).hexdigest()[:16]
