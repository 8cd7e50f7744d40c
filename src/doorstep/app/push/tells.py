"""Tells stores where their parcels are. One parcel's states are told one after the other; a store that has one already
is told it again without harm (``Teller.tell``), so that an interrupted telling is simply repeated.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from django.db import transaction

from doorstep.app import clock, outbox
from doorstep.app.ledger import archive, policies
from doorstep.app.ledger.beginning import begun
from doorstep.app.ledger.changes import By, Noted, note
from doorstep.app.log import logger
from doorstep.app.loop import in_db, in_turn
from doorstep.app.outbox import Leased
from doorstep.app.push.deliver import GRACE_S, STORE_WAIT, too_fast
from doorstep.app.settle.tells import LANE
from doorstep.app.vendors.accounts import Sent, drive, message_of, refused
from doorstep.connectors.contract import Busy, Denied, Moved, NotFound, Refused, Teller, Trouble
from doorstep.connectors.registry import connector
from doorstep.core.message import Message
from doorstep.core.order import Role
from doorstep.core.policy import may_tell
from doorstep.core.status import Status
from doorstep.core.timeline import counts
from doorstep.db import queries
from doorstep.db.models import ChannelState, Connection, Number, Order, Outbox, ParcelNumber, Push

log = logger(__name__)
AFTER_EARLIER: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Errand:
    """Everything a telling needs, read in one transaction."""

    leased: Leased
    push: Push
    store: Connection
    moved: Moved


async def tell(leased: Leased) -> None:
    """Carry out one intent of the tell lane. No request outlives the lease."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(outbox.LEASE_S - GRACE_S):
            errand = await in_db(begin, leased)
            if errand is not None:
                await _carry_out(errand)


async def _carry_out(errand: Errand) -> None:
    teller, sent = cast(Teller, connector("store", errand.store.connector)), Sent()
    try:
        await drive(errand.store, lambda account: teller.tell(account, errand.moved), sent=sent)
    except Trouble as trouble:
        await in_db(failed, errand, trouble)
    else:
        await in_turn(errand.push.ws, told, errand, sent.earlier or sent.last)


def begin(leased: Leased) -> Errand | None:
    """Read what is to be told and commit that it begins; None when nothing is to be told now, or any more."""
    row = leased.row
    with transaction.atomic():
        order = Order.objects.get(ws=row.ws, id=row.target_id)
        store = Connection.objects.get(ws=row.ws, id=order.store_id)
        push = Push.objects.filter(ws=row.ws, id=row.payload_ref, state="accepted").first()
        status = Status(row.intent_key.split(":")[1])
        at = _since(order, push, status) if push else None
        if push is None or at is None or not _wanted(order, store, status):
            outbox.done(leased)
            return None
        if (pause := _not_yet(row, store)) is not None:
            outbox.later(leased, "due", *pause)
            return None
        if not outbox.mark(leased, "sending"):
            return None
        moved = Moved(
            order=order.external_id,
            ref=push.remote_id,
            number=push.remote_number,
            status=status,
            at=at,
            key=f"doorstep-{row.id}",
        )
        return Errand(leased, push, store, moved)


def _wanted(order: Order, store: Connection, status: Status) -> bool:
    """Whether it is still to be told: nobody cancelled the order, or switched it off."""
    policy, _ = policies.current(order.ws, store.id)
    return store.state != "removed" and not order.cancelled_at and may_tell(policy, status)


def _not_yet(row: Outbox, store: Connection) -> tuple[Message, timedelta] | None:
    """Why it waits, and how long."""
    values = {"store": store.label}
    if store.state != "active":
        return Message(id="push.store_paused", values=values), STORE_WAIT
    parcel = row.intent_key.partition(":")[0]
    earlier = Outbox.objects.filter(ws=row.ws, lane=LANE, target_id=row.target_id, id__lt=row.id)
    earlier = earlier.filter(intent_key__startswith=f"{parcel}:", state__in=["due", "sending", "unsure"])
    if first := earlier.order_by("due_at").first():
        return Message(id="tell.after_earlier", values=values), max(first.due_at - clock.now(), AFTER_EARLIER)
    wait = too_fast(store)
    return (Message(id="push.paced", values=values), wait) if wait is not None else None


def _since(order: Order, push: Push, status: Status) -> datetime | None:
    """When it was first so: the scan's instant, or where its zone is not known, when we learned of it. Of several boxes
    the last one's delivery. None = no scan says so any more.
    """
    held = ParcelNumber.objects.filter(ws=push.ws, parcel_id=push.parcel_id).exclude(role=Role.RETURN.value)
    numbers = Number.objects.filter(ws=push.ws).in_bulk(set(held.values_list("number_id", flat=True)))
    since, now = begun(None, [order], numbers.values()), clock.now()
    first: dict[int, datetime] = {}
    for heard in archive.scans(push.ws, numbers.keys()):
        for one in heard.said:
            if one.said.status is status and counts(one.said, since, now):
                at = one.said.instant or one.known_at
                first[heard.number_id] = min(at, first.get(heard.number_id, at))
    return (max if status is Status.DELIVERED else min)(first.values(), default=None)


def told(errand: Errand, news: bool) -> None:
    """The store shows it. ``news``: because of us; somebody else may have told it before."""
    push, moved = errand.push, errand.moved
    with transaction.atomic():
        queries.alone_in(push.ws)
        if not outbox.done(errand.leased) or not news:
            return
        by = By(push.ws, f"connection:{push.store_id}")
        note(by, Noted("order", push.order_id, "told", new=moved.status.value, at=errand.leased.row.intent_key))
        if moved.status is Status.DELIVERED:
            ChannelState.objects.update_or_create(
                ws=push.ws,
                order_id=push.order_id,
                parcel_id=push.parcel_id,
                defaults={"shown": "delivered", "shown_by": "doorstep", "seen_at": clock.now()},
            )


def failed(errand: Errand, trouble: Trouble) -> None:
    """Temporary trouble comes again, a refusal does not, bad credentials stop the connection."""
    leased, reason = errand.leased, message_of(trouble)
    log.warning("tell.failed", push_id=errand.push.id, reason=reason.id)
    with transaction.atomic():
        if isinstance(trouble, Denied):
            refused(errand.store, trouble)
            outbox.later(leased, "due", reason, STORE_WAIT)
        elif isinstance(trouble, (Refused, NotFound)):
            outbox.give_up(leased, reason)
        else:
            seconds = trouble.retry_after if isinstance(trouble, Busy) else None
            outbox.later(leased, "due", reason, timedelta(seconds=seconds) if seconds else None)
