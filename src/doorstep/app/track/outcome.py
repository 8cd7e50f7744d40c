"""What came of asking, written by the hundred: answers that say something new, what changed on a watch, and for every
number when to ask next. An answer that says nothing new costs one narrow row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from doorstep.app import clock
from doorstep.app.inbox import Arrival, keep
from doorstep.app.log import logger
from doorstep.app.receive.feeds import PAUSE_S
from doorstep.app.settle.watching import next_ask, route_numbers
from doorstep.app.track.turn import Batch, Place, Turn
from doorstep.app.vendors import budget, health
from doorstep.app.vendors.accounts import name_of
from doorstep.app.vendors.asking import askers
from doorstep.connectors.contract import Denied, Trouble
from doorstep.core.cadence import retry_after
from doorstep.core.order import TrackAnswer
from doorstep.db import places, queries
from doorstep.db.models import Connection, Parcel, ParcelNumber, Schedule
from doorstep.db.places import Back, Desk, Noted

log = logger(__name__)
FORGOTTEN: Final = timedelta(days=1)  # a number without a parcel is looked at again so rarely


@dataclass(slots=True)
class Outcome:
    """What is to be written. ``over``: places that need not be asked any more, as far as we knew when we asked."""

    news: list[Arrival] = field(default_factory=list)
    noted: list[Noted] = field(default_factory=list)
    back: list[Back] = field(default_factory=list)
    over: list[Place] = field(default_factory=list)


def write(turn: Turn) -> None:
    """Write down what was asked to the end since the last time. A lost lease changes nothing."""
    _write(turn, turn.take_ended())


def finish(turn: Turn) -> bool:
    """Write down the rest of a turn, and how it went as a whole. True when the account has begun to fail, or answers
    again.
    """
    rest, turn.unwritten = turn.unwritten, []
    _write(turn, rest)
    _pass_on(turn)
    now = clock.now()
    with transaction.atomic():
        changed = budget.hear(turn.connection, answered=turn.answered, machine=clock.machine())
        health.note(turn.connection, [batch.pulse for batch in turn.batches], now)
    for batch in turn.batches:
        if batch.failed is not None:
            answer, count = name_of(batch.failed), len(batch.places)
            log.warning("poll.failed", connection_id=turn.connection.id, answer=answer, numbers=count)
    return changed


def close(turn: Turn) -> None:
    """Note on a lent account itself how the turn of all of its workspaces went."""
    calls = turn.calls()
    if turn.payer is None or not calls:
        return
    with transaction.atomic():
        answered = any(one.answered for one in turn.together())
        budget.hear(turn.payer, answered=answered, machine=clock.machine())
        health.note(turn.payer, [batch.pulse for batch in calls], clock.now())


def hand_back(turn: Turn, batches: Sequence[Batch]) -> int:
    """Give back what was not asked about: it is due still. Returns how many numbers."""
    turn.leave_out(batches)
    back = [Back(place.number_id, None, same=False) for batch in batches for place in batch.numbers()]
    return _give_back(turn, back, clock.now(), 0.0) if back else 0


def _write(turn: Turn, batches: Sequence[Batch]) -> None:
    now = clock.now()
    outcome = _outcome(batches, now)
    with transaction.atomic():
        if outcome.news:
            keep(outcome.news)
        if outcome.noted:
            places.note(_desk(turn), turn.token, outcome.noted, now)
        if outcome.back:
            _give_back(turn, outcome.back, now, clock.machine() + PAUSE_S)
    if outcome.over:
        _retire(turn, outcome.over, now)


def _desk(turn: Turn) -> Desk:
    return Desk(turn.connection.ws, turn.connection.id)


def _give_back(turn: Turn, back: Sequence[Back], now: datetime, until: float) -> int:
    return places.give_back(_desk(turn), turn.token, back, claimed=turn.at, now=now, until=until)


def _outcome(batches: Sequence[Batch], now: datetime) -> Outcome:
    outcome = Outcome()
    for batch in batches:
        outcome.news += batch.news
        for place in batch.numbers():
            place.asked_at = now
            noted = None if place in batch.older else _note(place, batch)
            next_at = _next(place, batch, now)
            if next_at is None:
                outcome.over.append(place)
            else:
                outcome.back.append(Back(place.number_id, next_at, same=noted is None))
            if noted or next_at is None:  # what leaves the schedule says on its watch when it was asked last
                outcome.noted.append(noted or _noted(place, None, answered=True))
    return outcome


def _note(place: Place, batch: Batch) -> Noted | None:
    """Bring a place up to date by what came of it; returns what to write on its watch, None = nothing new."""
    said, before = batch.said.get(place.norm), place.failures
    words: str | None = None
    if said is not None:
        same = not before and (said.answer, said.track_hash) == (place.answer, place.track_hash)
        place.answer, place.track_hash, place.body_hash = said
        place.failures = 0
        return None if same else _noted(place, None, answered=True)
    if place.remote == "rejected" and batch.failed is None and place.norm not in batch.waits:
        place.answer, place.failures = TrackAnswer.REJECTED.value, 0
        return _noted(place, None, answered=True)
    place.failures += 1  # at least: asked, but the answer left this number out
    if batch.failed is not None:
        place.answer, words = name_of(batch.failed), _words(batch.failed)
    elif place.norm in batch.waits:
        place.answer, words = "busy", place.said
    return _noted(place, words, answered=False)


def _noted(place: Place, said: str | None, *, answered: bool) -> Noted:
    return Noted(place.number_id, place.answer, said, place.failures, answered, place.track_hash, place.body_hash)


def _words(trouble: Trouble) -> str:
    return trouble.said[:300]


def _next(place: Place, batch: Batch, now: datetime) -> datetime | None:
    """When to ask again; what the vendor says about waiting counts. None = not any more."""
    if place.norm in batch.waits:
        return now + timedelta(seconds=batch.waits[place.norm])
    retry = getattr(batch.failed, "retry_after", None)
    if retry is not None:
        return now + timedelta(seconds=retry) * max(1, place.failures - 1)
    if isinstance(batch.failed, Denied) or place.held is None:
        return now + FORGOTTEN
    if batch.failed is not None:
        return now + retry_after(max(1, place.failures))  # one that was another parcel's before counts none
    return next_ask(place.held, place, place.held.since, now, batch.connection, place.norm)


def _retire(turn: Turn, over: Sequence[Place], now: datetime) -> None:
    """Forget places, unless something has happened to their parcels since we read them."""
    ws = turn.connection.ws
    back, gone = list[Back](), list[int]()
    with transaction.atomic():
        queries.alone_in(ws)
        held = _held(ws, [place.number_id for place in over])
        for place in over:
            parcel = held.get(place.number_id)
            next_at = now + FORGOTTEN if parcel is None else _again(turn, place, *parcel, now)
            if next_at is None:
                gone.append(place.number_id)
            else:
                back.append(Back(place.number_id, next_at, same=False))
        mine = Schedule.objects.filter(ws=ws, connection_id=turn.connection.id, lease_token=turn.token)
        mine.filter(number_id__in=gone, next_at__lte=turn.at).delete()
        wanted = [Back(one, None, same=False) for one in gone]  # by somebody while we were asking
        _give_back(turn, [*back, *wanted], now, clock.machine() + PAUSE_S)


def _again(turn: Turn, place: Place, parcel: Parcel, since: datetime, now: datetime) -> datetime | None:
    return next_ask(parcel, place, since, now, turn.connection, place.norm)


def _pass_on(turn: Turn) -> None:
    """Another account's turn, where this one does not know the number."""
    ws, places = turn.connection.ws, [place for batch in turn.batches for place in batch.numbers()]
    doubtful = {place.number_id for place in places if place.answer != TrackAnswer.EVENTS.value}
    if not doubtful:
        return
    known = askers(ws, Connection.objects.filter(ws=ws, kind="carrier"))
    if len(known.askers) > 1:
        with transaction.atomic():
            queries.alone_in(ws)
            mine = Schedule.objects.filter(ws=ws, connection_id=turn.connection.id, number_id__in=doubtful)
            held = _held(ws, list(mine.values_list("number_id", flat=True)))  # what was retired is not asked by others
            route_numbers(known, {number: since for number, (_, since) in held.items()})


def _held(ws: int, numbers: Sequence[int]) -> dict[int, tuple[Parcel, datetime]]:
    """The parcel that has each number now, and since when."""
    rows = list(ParcelNumber.objects.filter(ws=ws, number_id__in=numbers, until=None).order_by("-since"))
    parcels = Parcel.objects.filter(ws=ws).in_bulk({row.parcel_id for row in rows})
    return {row.number_id: (parcels[row.parcel_id], row.since) for row in rows if row.parcel_id in parcels}
