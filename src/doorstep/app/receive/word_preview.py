"""What would come of saying that a word means something: where it was said, and which parcels would be elsewhere."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from doorstep.app.ledger import scans
from doorstep.app.ledger.meanings import words_of
from doorstep.app.receive import words
from doorstep.core.event import TrackingEvent
from doorstep.core.status import Status
from doorstep.core.timeline import placed
from doorstep.db import queries
from doorstep.db.models import Order, ParcelLine, ParcelNumber, Word

SEARCHED: Final = 2000  # numbers looked through, the newest
TRIED: Final = 100  # numbers whose parcels are tried
EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A scan with the word. ``before`` and ``after``: the nearest statuses that are known, '' = none."""

    text: str
    place: str
    at: datetime | None  # by the clock of the place
    order_id: int
    order: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a word was said and nothing else could be read: in so many scans of these numbers, the newest first.
    ``more``: older numbers were not looked through.
    """

    scans: int
    numbers: tuple[int, ...]
    examples: tuple[Example, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A parcel that would have another status."""

    parcel_id: int
    order_id: int
    order: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """``parcels`` would be looked at, ``moved`` of them would have another status. ``more``: there are others, which
    were not tried.
    """

    parcels: int
    moved: tuple[Moved, ...]
    more: bool


def found(ws: int, word_id: int) -> Found:
    """Where the word was said. Raises Word.DoesNotExist."""
    row = Word.objects.get(ws=ws, id=word_id)
    told = words.told_of(ws, row.connector).order_by("-number_id")
    numbers = list(told.values_list("number_id", flat=True).distinct()[: SEARCHED + 1])
    count = words.having(ws, row.connector, row.sample, numbers[:SEARCHED])
    newest = sorted(count, reverse=True)
    return Found(
        scans=sum(count.values()),
        numbers=tuple(newest),
        examples=tuple(_examples(ws, row.sample, newest[:EXAMPLES])),
        more=len(numbers) > SEARCHED,
    )


def preview(ws: int, word_id: int, numbers: Sequence[int], status: str, reason: str, actor: str) -> Preview:
    """What would change if the word meant this: it is done for the newest of these numbers, looked at, and undone
    before anybody can see it. Raises Declined and Word.DoesNotExist.
    """
    with transaction.atomic():
        queries.alone_in(ws)
        row = words.mean(ws, Word.objects.get(ws=ws, id=word_id), status, reason, actor)
        parcels = words.look_again(row, numbers[:TRIED])
        transaction.set_rollback(True)
    held = dict(ParcelNumber.objects.filter(ws=ws, parcel_id__in=parcels).values_list("parcel_id", "number_id"))
    orders = _orders(ws, held.values())
    moved = (
        Moved(parcel_id=parcel, order_id=order_id, order=order, before=before, after=after)
        for parcel, (before, after) in sorted(parcels.items(), reverse=True)
        if before != after
        for order_id, order in [orders.get(held[parcel], (0, ""))]
    )
    return Preview(parcels=len(parcels), moved=tuple(moved), more=len(numbers) > TRIED)


def _examples(ws: int, word: str, numbers: Collection[int]) -> Iterator[Example]:
    orders = _orders(ws, numbers)
    for heard in scans.of(ws, numbers).values():
        line = [one.event for one in placed(event.said for event in heard.said)]
        here = next((place for place, one in enumerate(line) if word in words_of(one.raw_code, one.raw_text)), None)
        if here is not None:
            order_id, order = orders.get(heard.number_id, (0, ""))
            yield Example(
                text=line[here].raw_text,
                place=line[here].place,
                at=line[here].local or line[here].instant,
                order_id=order_id,
                order=order,
                before=_known(reversed(line[:here])),
                after=_known(line[here + 1 :]),
            )


def _known(events: Iterable[TrackingEvent]) -> str:
    return next((one.status.value for one in events if one.status is not Status.UNKNOWN), "")


def _orders(ws: int, numbers: Collection[int]) -> dict[int, tuple[int, str]]:
    """An order of each number's parcel: its id, and how people call it."""
    held = ParcelNumber.objects.filter(ws=ws, number_id__in=list(numbers)).values_list("number_id", "parcel_id")
    parcels = {parcel for _, parcel in held}
    part_of = dict(ParcelLine.objects.filter(ws=ws, parcel_id__in=parcels).values_list("parcel_id", "order_id"))
    names = dict(Order.objects.filter(ws=ws, id__in=set(part_of.values())).values_list("id", "number"))
    return {
        number: (part_of[parcel], names[part_of[parcel]]) for number, parcel in held if part_of.get(parcel) in names
    }
