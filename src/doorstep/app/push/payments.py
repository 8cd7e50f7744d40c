"""Gives numbers to payment services, in batches. Each number has a key that stays the same, so an interrupted batch is
simply given again; so is a number that is still being looked at over there, ever more rarely, until it is taken or not.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from django.db import transaction
from django.db.models import Min, Q, QuerySet

from doorstep.app import clock, outbox
from doorstep.app.audit import record
from doorstep.app.log import logger
from doorstep.app.loop import in_db, in_turn
from doorstep.app.outbox import Leased
from doorstep.app.settle.payments import LOOKED_AT, ring
from doorstep.app.vendors import budget
from doorstep.app.vendors.accounts import drive, message_of, refused
from doorstep.connectors.contract import (
    Busy,
    Denied,
    Meta,
    NotFound,
    Payment,
    PaymentProvider,
    Refused,
    Synced,
    Trouble,
)
from doorstep.connectors.registry import connector
from doorstep.core.channel import carrier_name, channel
from doorstep.core.message import Message
from doorstep.core.number import carrier
from doorstep.db import queries
from doorstep.db.models import Connection, Number, Order, Sync

log = logger(__name__)
WAIT: Final = timedelta(minutes=10)  # after trouble whose end nobody names
PAUSED: Final = timedelta(hours=1)  # between two looks whether a service is active again; a person rings earlier
GRACE_S: Final = 5.0
FIRST_LOOK: Final = timedelta(hours=1)  # then after half as long as it has been looked at
LAST_LOOK: Final = timedelta(days=30)  # what was looked at for so long is left to a person


@dataclass(frozen=True, slots=True)
class Errand:
    """What is given together."""

    leased: Leased
    service: Connection
    rows: Sequence[Sync]
    payments: tuple[Payment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a service made of a number of an order."""

    service: str
    number: str
    state: str
    said: str
    at: datetime
    id: int
    advice: Message | None

    @property
    def open(self) -> bool:
        """Whether a person may have it told again."""
        return self.state not in {"due", "synced"}


async def give(leased: Leased) -> None:
    """Carry out one intent of the payment lane. No request outlives the lease."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(outbox.LEASE_S - GRACE_S):
            errand = await in_db(begin, leased)
            if errand is not None:
                await _carry_out(errand)


async def _carry_out(errand: Errand) -> None:
    provider = cast(PaymentProvider, connector("payment", errand.service.connector))
    try:
        said = await drive(errand.service, lambda account: provider.give(account, errand.payments))
    except Trouble as trouble:
        await in_db(failed, errand, trouble)
    else:
        await in_turn(errand.service.ws, told, errand, said)


def begin(leased: Leased) -> Errand | None:
    """Read what is due and commit that it begins; None when nothing is to be done now."""
    row = leased.row
    with transaction.atomic():
        service = Connection.objects.get(ws=row.ws, id=row.target_id)
        meta, values = connector("payment", service.connector).meta, {"service": service.label}
        if service.state != "active":
            outbox.later(leased, "due", Message(id="payment.paused", values=values), PAUSED)
            return None
        rows = list(_due(service)[: meta.batch])
        if not rows:
            _go_on(leased, service)
            return None
        if not budget.take(service, meta, 1, clock.machine()):
            outbox.later(leased, "due", Message(id="payment.paced", values=values), WAIT)
            return None
        if not outbox.mark(leased, "sending"):
            return None
        return Errand(leased, service, rows, tuple(_payments(meta, rows)))


def _payments(meta: Meta, rows: Sequence[Sync]) -> list[Payment]:
    ws = rows[0].ws
    numbers = Number.objects.filter(ws=ws).in_bulk([one.number_id for one in rows])
    orders = Order.objects.filter(ws=ws).in_bulk([one.order_id for one in rows])
    return [
        Payment(
            transaction=orders[one.order_id].transaction,
            number=numbers[one.number_id].text,
            key=_key(one),
            carrier=numbers[one.number_id].carrier,
            carrier_name=_named(meta, numbers[one.number_id].carrier),
            shipped_at=one.changed_at,
        )
        for one in rows
    ]


def _key(row: Sync) -> str:
    return f"doorstep-{row.id}"


def _named(meta: Meta, code: str) -> str:
    """How the service calls the carrier, else the carrier's own name; '' = unknown."""
    if not code:
        return ""
    named = carrier_name(channel(meta.name), code)
    return named.field if named.listed else carrier(code).name


def told(errand: Errand, said: Sequence[Synced]) -> None:
    """Write down what became of each; what was left out is still being looked at over there."""
    known = {one.key: one for one in said}
    with transaction.atomic():
        queries.alone_in(errand.service.ws)
        for row in errand.rows:
            one = known.get(_key(row))
            _put(row, one.state if one else "pending", one.said if one else "")
        _go_on(errand.leased, errand.service)


def failed(errand: Errand, trouble: Trouble) -> None:
    """Temporary trouble comes again; what is declined as a whole is declined for each number."""
    log.warning("payment.failed", connection_id=errand.service.id, reason=message_of(trouble).id)
    with transaction.atomic():
        if isinstance(trouble, (Refused, NotFound)):
            queries.alone_in(errand.service.ws)
            for row in errand.rows:
                _put(row, "refused", trouble.said)
            _go_on(errand.leased, errand.service)
            return
        if isinstance(trouble, Denied):
            refused(errand.service, trouble)
        seconds = trouble.retry_after if isinstance(trouble, Busy) else None
        outbox.later(errand.leased, "due", message_of(trouble), timedelta(seconds=seconds) if seconds else WAIT)


def _due(service: Connection) -> QuerySet[Sync]:
    """What is told now: first what was never told."""
    mine = Sync.objects.filter(ws=service.ws, connection_id=service.id)
    return mine.filter(Q(state="due") | Q(state="pending", again_at__lte=clock.now())).order_by("state", "id")


def _put(row: Sync, state: str, said: str) -> None:
    """Unless somebody has decided otherwise meanwhile."""
    now = clock.now()
    since = row.changed_at if row.state == state else now
    mine = Sync.objects.filter(ws=row.ws, id=row.id, state=row.state)
    again_at = _next_look(since, now) if state == "pending" else None
    mine.update(state=state, said=said[:300], changed_at=since, again_at=again_at)


def _next_look(since: datetime, now: datetime) -> datetime | None:
    return now + max(FIRST_LOOK, (now - since) / 2) if now - since < LAST_LOOK else None


def _go_on(leased: Leased, service: Connection) -> None:
    """More may wait, now or later; it is the next errand."""
    values = {"service": service.label}
    if _due(service).exists():
        outbox.later(leased, "due", Message(id="payment.paced", values=values), timedelta(0))
        return
    looked_at = Sync.objects.filter(ws=service.ws, connection_id=service.id, state="pending")
    first: datetime | None = looked_at.aggregate(first=Min("again_at"))["first"]
    if first is None:
        outbox.done(leased)
    else:
        outbox.later(leased, "due", Message(id=LOOKED_AT, values=values), max(first - clock.now(), timedelta(0)))


def again(ws: int, order_id: int, sync_id: int, actor: str) -> None:
    """Have a number told once more, because a person has mended what was wrong. Raises Sync.DoesNotExist."""
    with transaction.atomic():
        row = Sync.objects.select_for_update().get(ws=ws, id=sync_id, order_id=order_id)
        if row.state in {"due", "synced"}:
            return
        Sync.objects.filter(ws=ws, id=row.id).update(state="due", said="", changed_at=clock.now(), again_at=None)
        record(ws, actor, "payment.again", f"order:{order_id}")
        ring(ws, row.connection_id)


def shown(ws: int, order_id: int) -> list[Shown]:
    """What services were told of an order."""
    rows = list(Sync.objects.filter(ws=ws, order_id=order_id).order_by("id"))
    if not rows:
        return []
    labels = dict(Connection.objects.filter(ws=ws, kind="payment").values_list("id", "label"))
    numbers = Number.objects.filter(ws=ws).in_bulk([one.number_id for one in rows])
    return [
        Shown(
            service=labels.get(one.connection_id, ""),
            number=numbers[one.number_id].text,
            state=one.state,
            said=one.said,
            at=one.changed_at,
            id=one.id,
            advice=_advice(one, labels.get(one.connection_id, "")),
        )
        for one in rows
    ]


def _advice(row: Sync, service: str) -> Message | None:
    """What a person does about it, or what happens next."""
    if row.state in {"due", "synced"}:
        return None
    if row.state != "pending":
        return Message(id=f"payment.do.{row.state}", values={"service": service})
    if row.again_at is None:
        return Message(id="payment.do.long_pending", values={"service": service})
    return Message(id="payment.do.pending", values={"service": service, "at": row.again_at.isoformat()})
