"""Asks carriers about numbers whose time has come. An answer that says nothing new is only noted as asked."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, cast

import msgspec

from doorstep.app import clock
from doorstep.app.connections import lending
from doorstep.app.loop import in_db, in_turn
from doorstep.app.receive.feeds import arrival
from doorstep.app.settle.watching import ANSWERS, watch_open_parcels
from doorstep.app.track.due import LEASE_S, claim
from doorstep.app.track.outcome import close, finish, hand_back, write
from doorstep.app.track.turn import Batch, Place, Said, Turn
from doorstep.app.vendors import untold
from doorstep.app.vendors.accounts import drive, refused
from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Busy,
    Can,
    Carrier,
    Denied,
    Facts,
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
from doorstep.db.models import Watch

__all__ = ["LEASE_S", "Batch", "Turn", "ask", "claim", "finish", "write"]

LANES: Final = 64  # calls of one turn, under way together
WRITE_S: Final = 0.25  # what was answered waits at most so long to be written down with the rest of its turn
ROOM_S: Final = 10.0  # of the lease, for writing down what came of it
RECARRIER_WAIT_S: Final = 300.0  # where the vendor names no time itself


async def ask(turn: Turn) -> None:
    """Register what is new over there, then ask about everything of the turn. No request outlives the lease. What was
    answered is written down while the rest is still being asked; what was not begun in time is handed back.
    """
    ends, waiting = clock.monotonic() + LEASE_S - ROOM_S, turn.calls()[::-1]
    lanes = {asyncio.create_task(_lane(waiting, ends)) for _ in range(min(LANES, len(waiting)))}
    try:
        await _written(turn, lanes)
    finally:
        for lane in lanes:
            lane.cancel()
    denied = next((one.failed for one in turn.calls() if isinstance(one.failed, Denied)), None)
    if denied:
        await (in_db(lending.refused, turn.payer, denied) if turn.payer else in_db(refused, turn.connection, denied))
    left = [one for batch in waiting for one in batch.served()]
    for one in turn.together():
        await _end(one, [batch for batch in left if batch in one.batches], denied)
    await in_db(close, turn)
    for lane in lanes:
        lane.result()  # what nobody foresaw


async def _end(turn: Turn, left: Sequence[Batch], denied: Trouble | None) -> None:
    """Give back what was not asked about, and write down the rest."""
    if left:
        await in_db(hand_back, turn, left)
    if not turn.batches:
        return
    changed = await in_turn(turn.connection.ws, finish, turn)
    if changed or denied:
        await in_db(watch_open_parcels, turn.connection.ws)  # others are to be asked, or no longer


async def _written(turn: Turn, lanes: set[asyncio.Task[None]]) -> None:
    """Wait for the lanes and write meanwhile."""
    going = lanes
    while going:
        _, going = await asyncio.wait(going, timeout=WRITE_S)
        for one in turn.together():
            if going and any(batch.ended for batch in one.unwritten):
                await in_db(write, one)


async def _lane(waiting: list[Batch], ends: float) -> None:
    """Ask about batch after batch, until none waits, there is no time left or the account is refused."""
    async with asyncio.timeout(ends - clock.monotonic()) as time:
        while waiting and not time.expired():
            batch = waiting.pop()
            await _try(batch, time)
            if isinstance(batch.failed, Denied):
                return


async def _try(batch: Batch, time: asyncio.Timeout) -> None:
    began = clock.monotonic()
    try:
        await _ask(batch)
    except asyncio.CancelledError:
        if not time.expired():  # we are told to stop: it goes back
            raise
        batch.failed = Busy("too slow for its lease")
    except Trouble as trouble:
        batch.failed = trouble
    for one in batch.served():
        one.failed = batch.failed
        one.pulse.ended(len(one.places), clock.monotonic() - began, one.failed)
        one.ended = True


async def _ask(batch: Batch) -> None:
    one = cast(Carrier, _connector(batch))
    followed = await _follow(batch)
    numbers = batch.asked("registered", "asked")
    if numbers and Can.TRACK in one.meta.can:
        track = partial(one.track, numbers=numbers)
        await drive(batch.account, track, lambda _, answer: _keep(batch, answer))
    if followed:
        await in_db(untold.heed, batch.connection, followed)


def _connector(batch: Batch) -> object:
    return connector("carrier", batch.connection.connector)


async def _follow(batch: Batch) -> Sequence[Followed]:
    """Bring the remote state of every number to ``registered``, where the vendor keeps one, and keep it there. Returns
    what the vendor did.
    """
    one = _connector(batch)
    if Can.FOLLOW not in cast(Carrier, one).meta.can:
        for place in (place for served in batch.served() for place in served.places.values()):
            place.remote = "registered"
        return ()
    follower = cast(Follower, one)
    for number in batch.asked("recarrier"):
        await _recarrier(batch, number, partial(follower.recarrier, number=number))
    fresh = batch.unfollowed(clock.now())
    if not fresh:
        return ()
    followed = await drive(batch.connection, partial(follower.follow, numbers=fresh))
    await in_db(_remember, batch, followed)
    return followed


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
        values = {
            "remote": said.remote,
            "said": said.said,
            "remote_ref": said.carrier_key or place.remote_ref,
            "follow_at": said.again_at,
        }
        if said.remote == "rejected":
            values["answer"] = TrackAnswer.REJECTED.value
        _put(batch, place, values)


def _put(batch: Batch, place: Place, values: Mapping[str, object]) -> None:
    """Write what the vendor did, unless a person named another carrier meanwhile: that is still to be done."""
    mine = Watch.objects.filter(ws=batch.connection.ws, number_id=place.number_id, connection_id=batch.connection.id)
    if not mine.filter(remote=place.remote).update(**values):
        values = {"remote": "recarrier"}
    for name, value in values.items():
        setattr(place, name, value)


async def _keep(batch: Batch, answer: Answer) -> None:
    """Keep an answer where it says anything new about any number, for each workspace its own. The very bytes that were
    read the last time are not read again.
    """
    if batch.payer:  # headers tell how much is left of an account, and so what others ask
        answer = replace(answer, headers={})
    digest = hashlib.blake2b(answer.body, digest_size=16, salt=str(answer.status).encode()).digest()
    fresh = [one for one in batch.served() if not _read_before(one, digest)]
    if not fresh:
        return
    try:
        facts = cast(Carrier, _connector(batch)).read(answer)
    except Broken:  # kept once, for a better reader and for whoever looks into it; who is down has said nothing
        for one in fresh if answer.status < 500 else ():
            one.news.append(replace(arrival(one.connection, "", answer), dedup_key=f"broken:{digest.hex()}"))
        raise
    for one in fresh:
        _hear(one, answer, facts, digest)


def _read_before(batch: Batch, digest: bytes) -> bool:
    """Whether these bytes are what was answered the last time about its only number; that is what is said then."""
    alone = next(iter(batch.places.values())) if len(batch.places) == 1 else None
    if alone and alone.body_hash == digest and not alone.failures and alone.answer in ANSWERS:
        batch.said[alone.norm] = alone.known
        return True
    return False


def _hear(batch: Batch, answer: Answer, facts: Facts, digest: bytes) -> None:
    """What an answer says to a batch, and whether it is to be kept."""
    batch.pulse.heard(facts)
    alone, news = len(batch.places) == 1, False
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
