"""Asks carriers about numbers whose time has come. An answer that says nothing new is only noted as asked."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final, cast

import msgspec
from django.db import transaction
from django.db.models import Exists, OuterRef

from doorstep.app import budget, clock
from doorstep.app.accounts import drive, refused
from doorstep.app.asking import keys_for
from doorstep.app.feeds import arrival
from doorstep.app.leases import LONGEST_S, free, new_token
from doorstep.app.loop import in_db
from doorstep.app.outcome import finish, hand_back, write
from doorstep.app.settle.watching import ANSWERS, watch_open_parcels
from doorstep.app.turn import Batch, Held, Place, Said, Turn
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
from doorstep.core.number import TrackingNumber, normalize
from doorstep.core.order import Track, TrackAnswer
from doorstep.db import places
from doorstep.db.models import Budget, Connection, Schedule, Watch
from doorstep.db.places import Desk, Leased

__all__ = ["Batch", "Turn", "ask", "claim", "finish", "write"]

LEASE_S: Final = 120.0
MOST_CALLS: Final = 256  # of one turn
LANES: Final = 64  # of them, under way together
WRITE_S: Final = 0.25  # what was answered waits at most so long to be written down with the rest of its turn
ROOM_S: Final = 10.0  # of the lease, for writing down what came of it
RECARRIER_WAIT_S: Final = 300.0  # where the vendor names no time itself


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
    """Locks the budget, then places of the schedule that nobody has locked; never waits while it holds any."""
    meta, desk, token = connector("carrier", account.connector).meta, Desk(account.ws, account.id), new_token()
    with transaction.atomic():
        purse = budget.open_purse(account, meta, machine)
        calls = min(MOST_CALLS, purse.calls)
        rows = places.due(desk, now, (machine, machine + LONGEST_S), calls * meta.batch) if calls else []
        if not rows:
            return None
        batches = list(_batches(account, rows, meta.batch))
        purse.spend(len(batches), machine)
        ids = [place.number_id for batch in batches for place in batch.numbers()]
        orphans = {row.number_id for row in rows}.difference(ids)  # nothing is there to be asked about
        Schedule.objects.filter(ws=account.ws, connection_id=account.id, number_id__in=orphans).delete()
        places.lease(desk, ids, token, machine + LEASE_S)
    return Turn(account, token, now, batches)


def _batches(account: Connection, rows: Sequence[Leased], size: int) -> Iterator[Batch]:
    """Each normalized number is asked about once, whoever else has it; its newest generation comes first."""
    found: dict[int, Place] = {}
    for row in rows:
        if row.number_id in found:  # another parcel has it as well; the one that had it first counts
            found[row.number_id].held = _held(account.ws, row)
        elif row.norm is not None and row.remote is not None:
            found[row.number_id] = _place(account.ws, row)
    for number_id, keys in keys_for(account.ws, list(found), connector("carrier", account.connector).meta).items():
        found[number_id].keys = keys
    by_norm: dict[str, list[Place]] = {}
    for place in found.values():
        by_norm.setdefault(place.norm, []).append(place)
    norms = list(by_norm)
    for begin in range(0, len(norms), size):
        some = norms[begin : begin + size]
        older = [place for norm in some for place in by_norm[norm][1:]]
        yield Batch(account, {norm: by_norm[norm][0] for norm in some}, older)


def _place(ws: int, row: Leased) -> Place:
    return Place(
        number_id=row.number_id,
        norm=row.norm or "",
        carrier=row.carrier,
        remote=row.remote or "",
        remote_ref=row.remote_ref,
        answer=row.answer,
        said=row.said,
        failures=row.failures,
        track_hash=row.track_hash,
        body_hash=row.body_hash,
        held=_held(ws, row),
        keys={},
    )


def _held(ws: int, row: Leased) -> Held | None:
    if row.status is None or row.since is None:
        return None
    return Held(ws, row.since, row.status, row.status_since, row.last_event_at, row.handed_at, *row.way)


async def ask(turn: Turn) -> None:
    """Register what is new over there, then ask about everything of the turn. No request outlives the lease. What was
    answered is written down while the rest is still being asked; what was not begun in time is handed back.
    """
    ends, waiting = clock.monotonic() + LEASE_S - ROOM_S, turn.batches[::-1]
    lanes = {asyncio.create_task(_lane(waiting, ends)) for _ in range(min(LANES, len(waiting)))}
    try:
        await _written(turn, lanes)
    finally:
        for lane in lanes:
            lane.cancel()
    denied = next((one.failed for one in turn.batches if isinstance(one.failed, Denied)), None)
    if denied:
        await in_db(refused, turn.connection, denied)
    if waiting:
        await in_db(hand_back, turn, waiting)
    if await in_db(finish, turn) or denied:
        await in_db(watch_open_parcels, turn.connection.ws)  # others are to be asked, or no longer
    for lane in lanes:
        lane.result()  # what nobody foresaw


async def _written(turn: Turn, lanes: set[asyncio.Task[None]]) -> None:
    """Wait for the lanes and write meanwhile."""
    going = lanes
    while going:
        _, going = await asyncio.wait(going, timeout=WRITE_S)
        if going and any(batch.ended for batch in turn.unwritten):
            await in_db(write, turn)


async def _lane(waiting: list[Batch], ends: float) -> None:
    """Ask about batch after batch, until none waits, there is no time left or the account is refused."""
    while waiting:
        batch = waiting.pop()
        await _try(batch, ends)
        if isinstance(batch.failed, Denied) or clock.monotonic() >= ends:
            return


async def _try(batch: Batch, ends: float) -> None:
    began = clock.monotonic()
    try:
        async with asyncio.timeout(ends - began):
            await _ask(batch)
    except TimeoutError:
        batch.failed = Busy("too slow for its lease")
    except Trouble as trouble:
        batch.failed = trouble
    batch.pulse.ended(len(batch.places), clock.monotonic() - began, batch.failed)
    batch.ended = True


async def _ask(batch: Batch) -> None:
    await _follow(batch)
    numbers = batch.asked("registered")
    if numbers and Can.TRACK in cast(Carrier, _connector(batch)).meta.can:
        track = partial(cast(Carrier, _connector(batch)).track, numbers=numbers)
        await drive(batch.connection, track, lambda _, answer: _keep(batch, answer))


def _connector(batch: Batch) -> object:
    return connector("carrier", batch.connection.connector)


async def _follow(batch: Batch) -> None:
    """Bring the remote state of every number to ``registered``, where the vendor keeps one."""
    one = _connector(batch)
    if Can.FOLLOW not in cast(Carrier, one).meta.can:
        for place in batch.places.values():
            place.remote = "registered"
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
        await in_db(_put, batch, batch.places[number.text], {"remote": "none", "said": trouble.said[:300]})
    except Busy as trouble:
        batch.waits[number.text] = trouble.retry_after or RECARRIER_WAIT_S
    else:
        await in_db(_remember, batch, [said])


def _remember(batch: Batch, followed: Sequence[Followed]) -> None:
    """Commit the remote state at once: it is true over there already."""
    for said in followed:
        place = batch.places.get(normalize(said.number))
        if place is None:
            continue
        if said.retry_after is not None:
            batch.waits[place.norm], place.said = said.retry_after, said.said
            continue
        values = {"remote": said.remote, "said": said.said, "remote_ref": said.carrier_key or place.remote_ref}
        if said.remote == "rejected":
            values["answer"] = TrackAnswer.REJECTED.value
        _put(batch, place, values)


def _put(batch: Batch, place: Place, values: Mapping[str, str]) -> None:
    """Write what the vendor did, unless a person named another carrier meanwhile: that is still to be done."""
    mine = Watch.objects.filter(ws=batch.connection.ws, number_id=place.number_id, connection_id=batch.connection.id)
    if not mine.filter(remote=place.remote).update(**values):
        values = {"remote": "recarrier"}
    for name, value in values.items():
        setattr(place, name, value)


async def _keep(batch: Batch, answer: Answer) -> None:
    """Keep an answer if it says anything new about any of its numbers. The very bytes that were read the last time are
    not read again.
    """
    digest = hashlib.blake2b(answer.body, digest_size=16, salt=str(answer.status).encode()).digest()
    alone = next(iter(batch.places.values())) if len(batch.places) == 1 else None
    if alone and alone.body_hash == digest and not alone.failures and alone.answer in ANSWERS:
        batch.said[alone.norm] = alone.known
        return
    try:
        facts = cast(Carrier, _connector(batch)).read(answer)
    except Broken:  # kept once, for a better reader and for whoever looks into it
        batch.news.append(replace(arrival(batch.connection, "", answer), dedup_key=f"broken:{digest.hex()}"))
        raise
    batch.pulse.heard(facts)
    news = False
    for track in facts.tracks:
        place = batch.places.get(normalize(track.number))
        if place is None:
            continue
        said = Said(track.answer.value, _hash(track), digest if alone else b"")
        batch.said[place.norm] = said
        news = news or said.track_hash != place.track_hash
    if news or facts.bad or facts.words:
        batch.news.append(arrival(batch.connection, f"{answer.what}:{digest.hex()}", answer))


def _hash(track: Track) -> bytes:
    return hashlib.blake2b(msgspec.json.encode(track), digest_size=16).digest()
