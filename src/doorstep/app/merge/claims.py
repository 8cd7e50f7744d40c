"""Numbers, and who says them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from doorstep.app.merge.source import Source, Touched
from doorstep.app.waiting import release
from doorstep.core.number import carrier_named, normalize
from doorstep.core.order import SaidNumber
from doorstep.db.models import Claim, Number, Parcel, ParcelNumber

RECYCLED_AFTER = timedelta(days=120)  # carriers reuse numbers after months; none of those measured did within four


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
    row, new = Claim.objects.get_or_create(
        ws=source.ws,
        order_id=scope.order_id,
        purchase_id=scope.purchase_id,
        source=scope.source or source.name,
        group=scope.group,
        number_id=number.id,
        role=word.said.role.value,
        defaults={"first_said": word.at, "last_said": word.at, "inbox_id": source.inbox_id},
    )
    if new or word.at >= row.last_said:
        row.carrier = carrier_named(word.said.carrier) if word.said.carrier else ""
        row.carrier_said, row.url, row.shown = word.said.carrier, word.said.url, word.shown
        row.contents = [list(one) for one in word.contents]
        row.last_said = word.at
    row.first_said = min(row.first_said, word.at)
    row.save()
    touched.numbers.add(number.id)
    return row, new


def readable(text: str) -> str:
    """The normalized number; '' when the text holds no letters or digits at all (``---`` in a shop's field)."""
    norm = normalize(text)
    return norm if any(map(str.isalnum, norm)) else ""


def number_at(ws: int, norm: str, at: datetime) -> Number | None:
    """The row of a number as it was meant at that time: words about an earlier parcel of it stay that one's."""
    return generation_at(Number.objects.filter(ws=ws, norm=norm).order_by("-generation"), at)


def generation_at(rows: Iterable[Number], at: datetime) -> Number | None:
    """The one of a number's rows, the newest first, that was meant at that time."""
    return next((one for one in rows if one.not_before is None or one.not_before <= at), None)


def number_for(source: Source, norm: str, text: str, scope: Scope | None = None) -> Number:
    """The number's row; a number heard again long after its parcel was closed is another parcel's (recycled), unless
    its source only repeats what it said of the same order or purchase (``scope``).
    """
    number = number_at(source.ws, norm, source.received_at)
    if number is None or (_recycled(number, source) and not _said_before(number, source, scope)):
        number, new = Number.objects.get_or_create(
            ws=source.ws,
            norm=norm,
            generation=number.generation + 1 if number else 0,
            defaults={
                "text": text.strip(),
                "norm_reversed": norm[::-1],
                "not_before": source.received_at if number else None,
            },
        )
        if new:
            release(source.ws, f"number:{norm}")
        elif number.not_before and source.received_at < number.not_before:
            number.not_before = source.received_at
            number.save(update_fields=["not_before"])
    return number


def _recycled(number: Number, source: Source) -> bool:
    parcels = ParcelNumber.objects.filter(ws=number.ws, number_id=number.id).values("parcel_id")
    closed = Parcel.objects.filter(ws=number.ws, id__in=parcels).order_by("-closed_at").first()
    return bool(closed and closed.closed_at and source.received_at - closed.closed_at > RECYCLED_AFTER)


def _said_before(number: Number, source: Source, scope: Scope | None) -> bool:
    if scope is None:
        return False
    mine = Claim.objects.filter(ws=number.ws, order_id=scope.order_id, purchase_id=scope.purchase_id)
    return mine.filter(number_id=number.id, source=scope.source or source.name).exists()
