"""Numbers, and who says them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from doorstep.app.ledger.waiting import release
from doorstep.app.merge.source import Source, Touched
from doorstep.core.number import carrier_named, normalize
from doorstep.core.order import SaidNumber
from doorstep.db import bulk
from doorstep.db.load import fetch, load
from doorstep.db.models import Claim, Number, Parcel, ParcelNumber

RECYCLED_AFTER = timedelta(days=120)  # carriers reuse numbers after months; none of those measured did within four
SAID = ("carrier", "carrier_said", "url", "shown", "contents", "first_said", "last_said")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose number it is: exactly one of an order and a purchase, and the source's own name of the parcel."""

    order_id: int = 0
    purchase_id: int = 0
    group: str = ""
    source: str = ""  # '' = the connection itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """How a number was said. ``at``: the age of the word (aware UTC). ``shown``: what a channel shows for it."""

    said: SaidNumber
    at: datetime
    contents: tuple[tuple[str, int], ...] = ()  # (store's line ref, quantity); empty = not stated
    shown: str = ""


def claim(source: Source, scope: Scope, word: Word, touched: Touched) -> tuple[Claim, bool] | None:
    """Remember that this source says this number; the claim, and whether it is a new one. None when the text holds no
    letters or digits at all. Whether a claim is ``gone`` is the caller's to say.
    """
    norm = readable(word.said.text)
    if not norm:
        return None
    number = number_for(source, norm, word.said.text, scope)
    known = _claimed(source, scope, number, word)
    new = known is None
    row = known or Claim(
        ws=source.ws,
        order_id=scope.order_id,
        purchase_id=scope.purchase_id,
        source=scope.source or source.name,
        group=scope.group,
        number_id=number.id,
        role=word.said.role.value,
        first_said=word.at,
        last_said=word.at,
        inbox_id=source.inbox_id,
    )
    if new or word.at >= row.last_said:
        row.carrier = carrier_named(word.said.carrier) if word.said.carrier else ""
        row.carrier_said, row.url, row.shown = word.said.carrier, word.said.url, word.shown
        row.contents = [list(one) for one in word.contents]
        row.last_said = word.at
    row.first_said = min(row.first_said, word.at)
    bulk.keep(row, SAID, new=new)
    touched.numbers.add(number.id)
    return row, new


def _claimed(source: Source, scope: Scope, number: Number, word: Word) -> Claim | None:
    of = (scope.order_id, scope.purchase_id, scope.source or source.name, scope.group, number.id, word.said.role.value)
    same = 'order_id = %s AND purchase_id = %s AND source = %s AND "group" = %s AND number_id = %s AND role = %s'
    return next(iter(fetch(Claim, source.ws, same, *of)), None)


def mark_gone(rows: Iterable[Claim], gone: Callable[[Claim], bool]) -> None:
    """Say of each of these whether its source's newest word says it still."""
    changed = [row for row in rows if row.gone != gone(row)]
    for row in changed:
        row.gone = not row.gone
    bulk.put(changed, ("gone",))


def readable(text: str) -> str:
    """The normalized number; '' when the text holds no letters or digits at all (``---`` in a shop's field)."""
    norm = normalize(text)
    return norm if any(map(str.isalnum, norm)) else ""


def number_at(ws: int, norm: str, at: datetime) -> Number | None:
    """The row of a number as it was meant at that time: words about an earlier parcel of it stay that one's."""
    return generation_at(fetch(Number, ws, "norm = %s ORDER BY generation DESC", norm), at)


def generation_at(rows: Iterable[Number], at: datetime) -> Number | None:
    """The one of a number's rows, the newest first, that was meant at that time."""
    return next((one for one in rows if one.not_before is None or one.not_before <= at), None)


def number_for(source: Source, norm: str, text: str, scope: Scope | None = None) -> Number:
    """The number's row; a number heard again long after its parcel was closed is another parcel's (recycled), unless
    its source only repeats what it said of the same order or purchase (``scope``).
    """
    number = number_at(source.ws, norm, source.received_at)
    if number is None or (_recycled(number, source) and not _said_before(number, source, scope)):
        number = _generation(source, norm, text, number)
    return number


def _generation(source: Source, norm: str, text: str, before: Number | None) -> Number:
    """The row after this one, made where there is none yet."""
    generation = before.generation + 1 if before else 0
    known = fetch(Number, source.ws, "norm = %s AND generation = %s", norm, generation)
    if not known:
        row = Number(ws=source.ws, norm=norm, generation=generation, text=text.strip(), norm_reversed=norm[::-1])
        row.not_before = source.received_at if before else None
        bulk.insert([row])
        release(source.ws, f"number:{norm}")
        return row
    (number,) = known
    if number.not_before and source.received_at < number.not_before:
        number.not_before = source.received_at
        bulk.put([number], ("not_before",))
    return number


def _recycled(number: Number, source: Source) -> bool:
    """Whether all its parcels were closed long ago."""
    parcels = load(
        Parcel, number.ws, "id", [one.parcel_id for one in load(ParcelNumber, number.ws, "number_id", [number.id])]
    )
    ends = [one.closed_at for one in parcels]
    return bool(ends) and all(end is not None and source.received_at - end > RECYCLED_AFTER for end in ends)


def _said_before(number: Number, source: Source, scope: Scope | None) -> bool:
    if scope is None:
        return False
    mine = Claim.objects.filter(ws=number.ws, order_id=scope.order_id, purchase_id=scope.purchase_id)
    return mine.filter(number_id=number.id, source=scope.source or source.name).exists()
