"""Asks carriers about numbers whose time has come. An answer that says nothing new is only noted as asked."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, cast

from django.db import transaction

from doorstep.app import clock
from doorstep.app.accounts import account_of, drive, name_of, refused
from doorstep.app.feeds import PAUSE_S, arrival
from doorstep.app.inbox import arrive
from doorstep.app.leases import new_token
from doorstep.app.log import logger
from doorstep.app.loop import in_db
from doorstep.app.settle.watching import next_ask
from doorstep.connectors.contract import (
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
from doorstep.db import queries
from doorstep.db.models import Connection, Number, Parcel, ParcelNumber, Schedule, Watch

log = logger(__name__)
LEASE_S: Final = 120.0
ROOM_S: Final = 10.0  # of the lease, for writing down what came of it
RECARRIER_WAIT_S: Final = 300.0  # where the vendor names no time itself
FORGOTTEN: Final = timedelta(days=1)  # a number without a parcel is looked at again so rarely


@dataclass(slots=True)
class Batch:
    """Numbers of one account, leased to us."""

    connection: Connection
    token: int
    at: datetime  # when it was claimed
    watches: dict[str, Watch]  # by normalized number
    numbers: dict[str, Number]
    waits: dict[str, float] = field(default_factory=dict)  # seconds until the vendor takes these, quota used up
    said: dict[str, Track] = field(default_factory=dict)

    def asked(self, *remotes: str) -> list[TrackingNumber]:
        """The numbers whose remote state is one of these."""
        return [
            TrackingNumber(text=norm, carrier=self.numbers[norm].carrier)
            for norm, watch in self.watches.items()
            if watch.remote in remotes
        ]


def claim() -> Batch | None:
    """Lease the numbers of the account that is due longest; None when none is."""
    now = clock.now()
    leased = _lease(now)
    return _batch(*leased, now) if leased else None


def _lease(now: datetime) -> tuple[Connection, int, list[int]] | None:
    """Locks the schedule only: who reads answers locks watches first."""
    with transaction.atomic():
        machine = clock.machine()
        due = Schedule.objects.filter(next_at__lte=now, lease_until__lt=machine).order_by("next_at")
        first = due.select_for_update(skip_locked=True).first()
        if first is None:
            return None
        account = Connection.objects.filter(ws=first.ws, id=first.connection_id, state="active").first()
        if account is None:
            due.filter(ws=first.ws, connection_id=first.connection_id).update(next_at=now + FORGOTTEN)
            return None
        limit = connector("carrier", account.connector).meta.batch
        rows = due.filter(ws=account.ws, connection_id=account.id).select_for_update(skip_locked=True)[:limit]
        ids, token = [row.number_id for row in rows], new_token()
        mine = Schedule.objects.filter(ws=account.ws, connection_id=account.id, number_id__in=ids)
        mine.update(lease_token=token, lease_until=machine + LEASE_S)
        return account, token, ids


def _batch(account: Connection, token: int, ids: Sequence[int], now: datetime) -> Batch:
    numbers = Number.objects.filter(ws=account.ws).in_bulk(list(ids))
    watches = Watch.objects.filter(ws=account.ws, connection_id=account.id, number_id__in=ids)
    watches.update(asked_at=now)
    by_norm = {numbers[watch.number_id].norm: watch for watch in watches}
    return Batch(account, token, now, by_norm, {one.norm: one for one in numbers.values()})


async def ask(batch: Batch) -> None:
    """Register what is new over there, then ask about everything of the batch. No request outlives the lease."""
    failed: Trouble | None = None
    try:
        async with asyncio.timeout(LEASE_S - ROOM_S):
            await _ask(batch)
    except TimeoutError:
        failed = Busy("too slow for its lease")
    except Trouble as trouble:
        failed = trouble
        if isinstance(trouble, Denied):
            await in_db(refused, batch.connection, trouble)
    await in_db(finish, batch, failed)


async def _ask(batch: Batch) -> None:
    await _follow(batch)
    numbers = batch.asked("registered")
    if numbers:
        one, account = cast(Carrier, _connector(batch)), await in_db(account_of, batch.connection)
        await drive(batch.connection, one.track(account, numbers), lambda _, answer: _keep(batch, answer))


def _connector(batch: Batch) -> object:
    return connector("carrier", batch.connection.connector)


async def _follow(batch: Batch) -> None:
    """Bring the remote state of every number to ``registered``, where the vendor keeps one."""
    one = _connector(batch)
    if Can.FOLLOW not in cast(Carrier, one).meta.can:
        for watch in batch.watches.values():
            watch.remote = "registered"
        return
    follower, account = cast(Follower, one), await in_db(account_of, batch.connection)
    for number in batch.asked("recarrier"):
        await _recarrier(batch, number, follower.recarrier(account, number))
    fresh = batch.asked("none", "rejected", "stopped")
    if fresh:
        await in_db(_remember, batch, await drive(batch.connection, follower.follow(account, fresh)))


async def _recarrier(batch: Batch, number: TrackingNumber, flow: Flow[Followed]) -> None:
    """Have another carrier asked. What is wrong with this number alone keeps none of the others waiting: declined, it
    is followed as the vendor thinks best; too early, it is tried again.
    """
    try:
        said = await drive(batch.connection, flow)
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


def finish(batch: Batch, failed: Trouble | None) -> None:
    """Write down who was asked, what was answered and when to ask next. A lost lease changes nothing."""
    now = clock.now()
    with transaction.atomic():
        queries.alone_in(batch.connection.ws)
        for norm, watch in batch.watches.items():
            key = {"ws": watch.ws, "number_id": watch.number_id, "connection_id": watch.connection_id}
            mine = Schedule.objects.select_for_update().filter(**key, lease_token=batch.token)
            row = mine.first()
            if row is None:
                continue
            values = _outcome(watch, batch.said.get(norm), failed, now, waits=norm in batch.waits)
            Watch.objects.filter(**key).update(**values)
            next_at = _next(watch, values, failed, now)
            if norm in batch.waits:
                next_at = now + timedelta(seconds=batch.waits[norm])
            if row.next_at > batch.at:  # somebody asked for it while we were asking
                next_at = row.next_at
            if next_at is None:
                mine.delete()
            else:
                mine.update(next_at=next_at, lease_token=0, lease_until=clock.machine() + PAUSE_S)
    if failed is not None:
        log.warning(
            "poll.failed", connection_id=batch.connection.id, answer=name_of(failed), numbers=len(batch.watches)
        )


def _outcome(watch: Watch, said: Track | None, failed: Trouble | None, now: datetime, *, waits: bool) -> dict[str, Any]:
    if said is not None:
        return {"answered_at": now, "answer": said.answer.value, "answer_hash": _hash(said), "failures": 0}
    if failed is not None:
        return {"answer": name_of(failed), "said": _words(failed), "failures": watch.failures + 1}
    if waits:
        return {"answer": "busy", "said": watch.said, "failures": watch.failures + 1}
    if watch.remote == "rejected":
        return {"answered_at": now, "answer": TrackAnswer.REJECTED.value, "failures": 0}
    return {"failures": watch.failures + 1}  # asked, but the answer left this number out


def _words(trouble: Trouble) -> str:
    return trouble.said[:300]


def _next(watch: Watch, values: dict[str, Any], failed: Trouble | None, now: datetime) -> datetime | None:
    """When to ask again; what the vendor says about waiting counts."""
    retry = getattr(failed, "retry_after", None)
    if retry is not None:
        return now + timedelta(seconds=retry) * max(1, watch.failures)
    if isinstance(failed, Denied):
        return now + FORGOTTEN
    for name, value in values.items():
        setattr(watch, name, value)
    watch.asked_at = now
    held = ParcelNumber.objects.filter(ws=watch.ws, number_id=watch.number_id, until=None).order_by("since").first()
    parcel = Parcel.objects.filter(ws=watch.ws, id=held.parcel_id).first() if held else None
    if parcel is None or held is None:
        return now + FORGOTTEN
    if failed is not None:
        return now + retry_after(watch.failures)
    return next_ask(parcel, watch, held.since, now)
