"""Asks carriers about numbers whose time has come. An answer that says nothing new is only noted as asked."""

import asyncio
import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, cast

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from doorstep.app import budget, clock, health
from doorstep.app.accounts import drive, name_of, refused
from doorstep.app.feeds import PAUSE_S, arrival
from doorstep.app.health import Pulse
from doorstep.app.inbox import arrive
from doorstep.app.leases import free, new_token
from doorstep.app.log import logger
from doorstep.app.loop import in_db
from doorstep.app.settle.watching import next_ask
from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Busy,
    Can,
    Carrier,
    Denied,
    Flow,
    Followed,
    Follower,
    NotFound,
    Refused,
    Trouble,
)
from doorstep.connectors.registry import connector
from doorstep.core.cadence import retry_after
from doorstep.core.number import TrackingNumber, normalize
from doorstep.core.order import Track, TrackAnswer
from doorstep.db import bulk, queries
from doorstep.db.models import Budget, Connection, Number, Parcel, ParcelNumber, Schedule, Watch

log = logger(__name__)
LEASE_S: Final = 120.0
MOST_CALLS: Final = 50  # of one turn, under way together
ASKED: Final = ("asked_at", "answered_at", "answer", "answer_hash", "said", "failures")  # of a watch
GIVEN_BACK: Final = ("next_at", "lease_token", "lease_until")  # of a place in the schedule
ROOM_S: Final = 10.0  # of the lease, for writing down what came of it
RECARRIER_WAIT_S: Final = 300.0  # where the vendor names no time itself
FORGOTTEN: Final = timedelta(days=1)  # a number without a parcel is looked at again so rarely


@dataclass(slots=True)
class Batch:
    """Numbers of one account that fit into one call. ``failed`` is what went wrong with all of them."""

    connection: Connection
    watches: dict[str, Watch]  # by normalized number
    numbers: dict[str, Number]
    waits: dict[str, float] = field(default_factory=dict)  # seconds until the vendor takes these, quota used up
    said: dict[str, Track] = field(default_factory=dict)
    failed: Trouble | None = None
    pulse: Pulse = field(default_factory=Pulse)

    def asked(self, *remotes: str) -> list[TrackingNumber]:
        """The numbers whose remote state is one of these."""
        return [
            TrackingNumber(text=norm, carrier=self.numbers[norm].carrier)
            for norm, watch in self.watches.items()
            if watch.remote in remotes
        ]


@dataclass(slots=True)
class Turn:
    """One account's turn: its due numbers, leased to us, in batches."""

    connection: Connection
    token: int
    at: datetime  # when they were claimed
    batches: list[Batch]

    @property
    def answered(self) -> bool:
        """Whether the vendor said anything at all."""
        return any(batch.said or batch.failed is None for batch in self.batches)

    def numbers(self) -> Iterator[tuple[Batch, str, int]]:
        """(batch, normalized number, its id)."""
        for batch in self.batches:
            for norm, watch in batch.watches.items():
                yield batch, norm, watch.number_id


_last = 0  # the account that had its turn last in this process; the next one goes first


def claim() -> Turn | None:
    """Lease due numbers of the account whose turn it is, as many as may be asked now; None when nothing is to be asked.
    Accounts take turns, so the million numbers of one tenant keep the ten of another waiting for one turn only.
    """
    now, machine = clock.now(), clock.machine()
    for account in _accounts(now, machine):
        turn = _lease(account, now, machine)
        if turn is not None:
            return turn
    return None


def _accounts(now: datetime, machine: float) -> Iterator[Connection]:
    """Active accounts with something due, each once, beginning after the one that had its turn last."""
    global _last  # noqa: PLW0603 - this process's place in the round
    due = Schedule.objects.filter(free(machine), ws=OuterRef("ws"), connection_id=OuterRef("id"), next_at__lte=now)
    resting = Budget.objects.filter(budget.resting(machine), ws=OuterRef("ws"), connection_id=OuterRef("id"))
    ready = Connection.objects.filter(Exists(due), ~Exists(resting), kind="carrier", state="active").order_by("id")
    first = _last
    for some in (ready.filter(id__gt=first), ready.filter(id__lte=first)):
        at = 0
        while account := some.filter(id__gt=at).first():
            _last = at = account.id
            yield account


def _lease(account: Connection, now: datetime, machine: float) -> Turn | None:
    """Locks the budget and the schedule only: who reads answers locks watches first."""
    meta = connector("carrier", account.connector).meta
    with transaction.atomic():
        mine = Schedule.objects.filter(ws=account.ws, connection_id=account.id)
        due = mine.filter(free(machine), next_at__lte=now).order_by("next_at")
        rows = list(due.select_for_update(skip_locked=True)[: MOST_CALLS * meta.batch])
        calls = budget.take(account, meta, math.ceil(len(rows) / meta.batch), machine) if rows else 0
        ids, token = [row.number_id for row in rows[: calls * meta.batch]], new_token()
        if not ids:
            return None
        mine.filter(number_id__in=ids).update(lease_token=token, lease_until=machine + LEASE_S)
    return Turn(account, token, now, list(_batches(account, ids, meta.batch, now)))


def _batches(account: Connection, ids: Sequence[int], size: int, now: datetime) -> Iterator[Batch]:
    numbers = Number.objects.filter(ws=account.ws).in_bulk(list(ids))
    watches = Watch.objects.filter(ws=account.ws, connection_id=account.id, number_id__in=ids)
    watches.update(asked_at=now)
    some = {watch.number_id: watch for watch in watches}
    for begin in range(0, len(ids), size):
        part = [some[one] for one in ids[begin : begin + size] if one in some]
        by_norm = {numbers[watch.number_id].norm: watch for watch in part}
        yield Batch(account, by_norm, {norm: numbers[watch.number_id] for norm, watch in by_norm.items()})


async def ask(turn: Turn) -> None:
    """Register what is new over there, then ask about everything of the turn. No request outlives the lease."""
    await asyncio.gather(*map(_try, turn.batches))
    denied = next((one.failed for one in turn.batches if isinstance(one.failed, Denied)), None)
    if denied:
        await in_db(refused, turn.connection, denied)
    await in_db(finish, turn)


async def _try(batch: Batch) -> None:
    began = clock.monotonic()
    try:
        async with asyncio.timeout(LEASE_S - ROOM_S):
            await _ask(batch)
    except TimeoutError:
        batch.failed = Busy("too slow for its lease")
    except Trouble as trouble:
        batch.failed = trouble
    batch.pulse.ended(len(batch.watches), clock.monotonic() - began, batch.failed)


async def _ask(batch: Batch) -> None:
    await _follow(batch)
    numbers = batch.asked("registered")
    if numbers:
        track = partial(cast(Carrier, _connector(batch)).track, numbers=numbers)
        await drive(batch.connection, track, lambda _, answer: _keep(batch, answer))


def _connector(batch: Batch) -> object:
    return connector("carrier", batch.connection.connector)


async def _follow(batch: Batch) -> None:
    """Bring the remote state of every number to ``registered``, where the vendor keeps one."""
    one = _connector(batch)
    if Can.FOLLOW not in cast(Carrier, one).meta.can:
        for watch in batch.watches.values():
            watch.remote = "registered"
        return
    follower = cast(Follower, one)
    for number in batch.asked("recarrier"):
        await _recarrier(batch, number, partial(follower.recarrier, number=number))
    fresh = batch.asked("none", "rejected", "stopped")
    if fresh:
        followed = await drive(batch.connection, partial(follower.follow, numbers=fresh))
        await in_db(_remember, batch, followed)


async def _recarrier(batch: Batch, number: TrackingNumber, begin: Callable[[Account], Flow[Followed]]) -> None:
    """Have another carrier asked. What is wrong with this number alone keeps none of the others waiting: declined, it
    is followed as the vendor thinks best; too early, it is tried again.
    """
    try:
        said = await drive(batch.connection, begin)
    except (Refused, NotFound) as trouble:
        await in_db(_put, batch.watches[number.text], {"remote": "none", "said": _words(trouble)})
    except Busy as trouble:
        batch.waits[number.text] = trouble.retry_after or RECARRIER_WAIT_S
    else:
        await in_db(_remember, batch, [said])


def _remember(batch: Batch, followed: Sequence[Followed]) -> None:
    """Commit the remote state at once: it is true over there already."""
    for said in followed:
        norm = normalize(said.number)
        watch = batch.watches.get(norm)
        if watch is None:
            continue
        if said.retry_after is not None:
            batch.waits[norm], watch.said = said.retry_after, said.said
            continue
        values = {"remote": said.remote, "said": said.said, "remote_ref": said.carrier_key or watch.remote_ref}
        if said.remote == "rejected":
            values["answer"] = TrackAnswer.REJECTED.value
        _put(watch, values)


def _put(watch: Watch, values: Mapping[str, str]) -> None:
    """Write what the vendor did, unless a person named another carrier meanwhile: that is still to be done."""
    mine = Watch.objects.filter(ws=watch.ws, number_id=watch.number_id, connection_id=watch.connection_id)
    known = watch.remote
    if not mine.filter(remote=known).update(**values):
        values = {"remote": "recarrier"}
    for name, value in values.items():
        setattr(watch, name, value)


async def _keep(batch: Batch, answer: Answer) -> None:
    """Store an answer if it says anything new about any of its numbers."""
    digest = hashlib.sha256(answer.body).hexdigest()[:32]
    try:
        facts = cast(Carrier, _connector(batch)).read(answer)
    except Broken:  # kept once, for a better reader and for whoever looks into it
        await arrive(replace(arrival(batch.connection, "", answer), dedup_key=f"broken:{digest}"))
        raise
    batch.pulse.heard(facts)
    news = False
    for track in facts.tracks:
        norm = normalize(track.number)
        if norm not in batch.watches:
            continue
        batch.said[norm] = track
        news = news or _hash(track) != bytes(batch.watches[norm].answer_hash)
    if news or facts.bad or facts.words:
        await arrive(arrival(batch.connection, f"{answer.what}:{digest}", answer))


def _hash(track: Track) -> bytes:
    return hashlib.blake2b(repr(track).encode(), digest_size=16).digest()


def finish(turn: Turn) -> None:
    """Write down who was asked, what was answered and when to ask next. A lost lease changes nothing."""
    now, ws = clock.now(), turn.connection.ws
    with transaction.atomic():
        queries.alone_in(ws)
        places = {one.number_id: one for one in _ours(turn).select_for_update().order_by("number_id")}
        mine = Watch.objects.filter(ws=ws, connection_id=turn.connection.id, number_id__in=list(places))
        watches = {one.number_id: one for one in mine.select_for_update()}
        held = _held(ws, list(places))
        retired = []
        for batch, norm, number_id in turn.numbers():
            place, watch = places.get(number_id), watches.get(number_id)
            if place is None or watch is None:
                continue
            _note(watch, batch, norm, now)
            next_at = _next(watch, held.get(number_id), batch, norm, now)
            if place.next_at > turn.at:  # somebody asked for it while we were asking
                next_at = place.next_at
            if next_at is None:
                retired.append(number_id)
            place.next_at, place.lease_token, place.lease_until = next_at or now, 0, clock.machine() + PAUSE_S
        _ours(turn).filter(number_id__in=retired).delete()
        bulk.put(list(watches.values()), ASKED)
        bulk.put([one for one in places.values() if one.number_id not in retired], GIVEN_BACK)
        budget.hear(turn.connection, answered=turn.answered, machine=clock.machine())
        health.note(turn.connection, [batch.pulse for batch in turn.batches], now)
    for batch in turn.batches:
        if batch.failed is not None:
            answer, count = name_of(batch.failed), len(batch.watches)
            log.warning("poll.failed", connection_id=turn.connection.id, answer=answer, numbers=count)


def _ours(turn: Turn) -> QuerySet[Schedule]:
    account = turn.connection
    return Schedule.objects.filter(ws=account.ws, connection_id=account.id, lease_token=turn.token)


def _held(ws: int, numbers: Sequence[int]) -> dict[int, tuple[Parcel, datetime]]:
    """The parcel that has each number now, and since when."""
    rows = list(ParcelNumber.objects.filter(ws=ws, number_id__in=numbers, until=None).order_by("-since"))
    parcels = Parcel.objects.filter(ws=ws).in_bulk({row.parcel_id for row in rows})
    return {row.number_id: (parcels[row.parcel_id], row.since) for row in rows if row.parcel_id in parcels}


def _note(watch: Watch, batch: Batch, norm: str, now: datetime) -> None:
    """Put on the watch that it was asked, and what came of it."""
    said, watch.asked_at = batch.said.get(norm), now
    if said is not None:
        watch.answered_at, watch.answer, watch.answer_hash = now, said.answer.value, _hash(said)
        watch.failures = 0
    elif batch.failed is not None:
        watch.answer, watch.said = name_of(batch.failed), _words(batch.failed)
        watch.failures += 1
    elif norm in batch.waits:
        watch.answer, watch.said = "busy", batch.watches[norm].said
        watch.failures += 1
    elif watch.remote == "rejected":
        watch.answered_at, watch.answer, watch.failures = now, TrackAnswer.REJECTED.value, 0
    else:
        watch.failures += 1  # asked, but the answer left this number out


def _words(trouble: Trouble) -> str:
    return trouble.said[:300]


def _next(
    watch: Watch, held: tuple[Parcel, datetime] | None, batch: Batch, norm: str, now: datetime
) -> datetime | None:
    """When to ask again; what the vendor says about waiting counts. None = not any more."""
    if norm in batch.waits:
        return now + timedelta(seconds=batch.waits[norm])
    retry = getattr(batch.failed, "retry_after", None)
    if retry is not None:
        return now + timedelta(seconds=retry) * max(1, watch.failures - 1)
    if isinstance(batch.failed, Denied) or held is None:
        return now + FORGOTTEN
    if batch.failed is not None:
        return now + retry_after(watch.failures)
    parcel, since = held
    return next_ask(parcel, watch, since, now)
