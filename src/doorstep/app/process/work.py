"""The background work of a process: loops that sleep until something is due or rings, and one that ends."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any, Final, TypeVar

from django.db import OperationalError

from doorstep.app import clock, measures, outbox, tries
from doorstep.app.household import granted_news, household_letters, postbox_rounds, postboxes
from doorstep.app.ledger import retention
from doorstep.app.log import logger
from doorstep.app.loop import in_db, wait
from doorstep.app.members import closing, invitations, notices
from doorstep.app.outbox import Leased
from doorstep.app.privacy import export
from doorstep.app.process import holds, parting
from doorstep.app.push import deliver, payments, tells
from doorstep.app.reading import reread, understand
from doorstep.app.receive import feeds, proofs, words
from doorstep.app.shopper import answer_mail, coupon_rule, views
from doorstep.app.telling import shopper_mail, web_push
from doorstep.app.track import poll, resync_store
from doorstep.app.webhooks import intents, turns

log = logger(__name__)
T = TypeVar("T")
# At most so long between two looks for work, in real seconds: bells tell of what is new, looks find what became due. In
# a demo's fast time things become due sooner.
NAP_S: Final = 5.0 if clock.real_seconds(timedelta(minutes=1)) == 60 else 1.0
# Where only a bell tells of work, or nobody waits for it: looks find what a process that died has left.
SELDOM_S: Final = 30.0
AT_ONCE: Final = 8  # errands of one kind under way together
# Who carries out the intents of each lane of the outbox.
LANES: Final[Mapping[str, Callable[[Leased], Awaitable[None]]]] = {
    "push": deliver.deliver,
    "tell": tells.tell,
    "mail": shopper_mail.carry_out,
    web_push.LANE: web_push.carry_out,
    "notice": notices.tell,
    household_letters.LANE: household_letters.carry_out,
    granted_news.LANE: granted_news.carry_out,
    answer_mail.LANE: answer_mail.post,
    "payment": payments.give,
    invitations.LANE: invitations.send,
    postbox_rounds.LANE: postbox_rounds.tell,
}
LAST_S: Final = 4.0  # what is under way at the end may take so long; the rest is handed back


async def run(stop: asyncio.Event) -> None:
    """All loops until ``stop`` is set; what is under way then is finished soon or handed back."""
    loops = (
        _forever("inbox", stop, _read_inbox),
        _forever("holds", stop, _release_holds),
        _forever(resync_store.BELL, stop, _resync_stores),
        _errands("feeds", stop, feeds.claim, feeds.ask, parting.hand_back_feed),
        _errands("poll", stop, poll.claim, ask_carrier, parting.hand_back_turn),
        _errands("outbox", stop, functools.partial(outbox.claim, tuple(LANES)), carry_out, parting.hand_back_intent),
        _errands(intents.BELL, stop, turns.claim, turns.serve, turns.hand_back),
        _errands(postboxes.BELL, stop, postbox_rounds.claim, postbox_rounds.look, postbox_rounds.hand_back, SELDOM_S),
        _errands("proofs", stop, proofs.claim, proofs.look_again, nap_s=proofs.LOOK_S),
        _forever(export.BELL, stop, _pack_exports, SELDOM_S),
        _forever("closing", stop, _close_workspaces, closing.LOOK_S),
        _forever("retention", stop, _empty_old_bodies, retention.LOOK_S),
        _forever("views", stop, _forget_views, views.LOOK_S),
        _forever("coupons", stop, _give_coupons, coupon_rule.LOOK_S),
        _forever(words.BELL, stop, _heed_words, SELDOM_S),
        _until_done("reread", stop, _read_again),
    )
    async with asyncio.TaskGroup() as group:
        for one in loops:
            group.create_task(one)


async def carry_out(leased: Leased) -> None:
    """One intent, by its lane."""
    await LANES[leased.row.lane](leased)


async def ask_carrier(turn: poll.Turn) -> None:
    """One account's turn, counted."""
    await poll.ask(turn)
    calls = turn.calls()
    measures.polled(
        turn.connection.connector,
        asked=sum(len(batch.places) for batch in calls),
        answered=sum(len(batch.said) for batch in calls),
        failed=sum(len(batch.places) for batch in calls if batch.failed is not None),
    )


async def _read_inbox() -> bool:
    began = clock.monotonic()
    rows = await in_db(understand.understand)
    if rows:
        measures.understood(rows, clock.monotonic() - began)
    return bool(rows)


async def _release_holds() -> bool:
    return bool(await in_db(holds.release))


async def _resync_stores() -> bool:
    return bool(await in_db(resync_store.advance))


async def _empty_old_bodies() -> bool:
    return await in_db(retention.step)


async def _pack_exports() -> bool:
    return await in_db(export.step)


async def _close_workspaces() -> bool:
    await in_db(tries.forget)
    return await in_db(closing.step)


async def _give_coupons() -> bool:
    await in_db(coupon_rule.step)
    return False


async def _forget_views() -> bool:
    return await in_db(views.forget)


async def _heed_words() -> bool:
    return await in_db(words.step)


async def _read_again() -> bool:
    found = await in_db(reread.stale)
    for one in found:
        await in_db(reread.again, one)
    return bool(found)


async def _until_done(name: str, stop: asyncio.Event, step: Callable[[], Awaitable[bool]]) -> None:
    """Repeat ``step`` until it finds no work: better readers come with a new process."""
    while not stop.is_set() and await _safely(name, step()):
        pass


async def _forever(name: str, stop: asyncio.Event, step: Callable[[], Awaitable[bool]], nap_s: float = NAP_S) -> None:
    """Repeat ``step`` while it finds work; nap when it does not."""
    while not stop.is_set():
        if not await _safely(name, step()):
            await _unless(stop, wait(name, nap_s))


async def _errands(
    name: str,
    stop: asyncio.Event,
    claim: Callable[[], T | None],
    do: Callable[[T], Awaitable[None]],
    hand_back: Callable[[T], object] | None = None,
    nap_s: float = NAP_S,
) -> None:
    """Claim errands and do several at once; one that fails takes nobody down. What is not done soon after ``stop`` is
    broken off and handed back.
    """
    free, running = asyncio.Semaphore(AT_ONCE), dict[asyncio.Task[None], T]()

    async def one(errand: T) -> None:
        try:
            await _safely(name, do(errand))
        finally:
            free.release()

    while await _unless(stop, free.acquire()):
        errand = await _safely(name, in_db(claim))
        if errand is None:
            free.release()
            await _unless(stop, wait(name, nap_s))
            continue
        task = asyncio.create_task(one(errand))
        running[task] = errand
        task.add_done_callback(running.pop)
    for errand in await _late(dict(running)):
        if hand_back:
            await _safely(name, in_db(hand_back, errand))


async def _late(running: dict[asyncio.Task[None], T]) -> list[T]:
    """The errands that do not end soon; they are broken off."""
    if not running:
        return []
    _, late = await asyncio.wait(running, timeout=LAST_S)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [running[task] for task in late]


async def _safely(name: str, work: Awaitable[T]) -> T | None:
    """The result, or None when it went wrong: leases and retries bring it back."""
    try:
        return await work
    except OperationalError:
        log.warning("work.database_busy", loop=name)
    except Exception:  # the loop must live; the row comes back when its lease ends
        log.exception("work.failed", loop=name)
    return None


async def _unless(stop: asyncio.Event, what: Coroutine[Any, Any, object]) -> bool:
    """Wait for something, or for the time to stop; False when that has come."""
    both = {asyncio.create_task(what), asyncio.create_task(stop.wait())}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    for task in both:
        task.cancel()
    await asyncio.gather(*both, return_exceptions=True)
    return not stop.is_set()
