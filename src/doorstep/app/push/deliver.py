"""Gives numbers to stores. A push says ``sending`` before the request leaves; one that was interrupted is ``unsure``,
is read back after the request's time-out, and only then repeated.
"""

import asyncio
import contextlib
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final, cast

from django.conf import settings
from django.db import transaction

from doorstep.app import clock, outbox, steady
from doorstep.app.http import Unsure
from doorstep.app.ledger import policies, told
from doorstep.app.ledger.changes import By, Noted, note
from doorstep.app.log import logger
from doorstep.app.loop import in_db, in_turn
from doorstep.app.merge.source import Touched
from doorstep.app.outbox import Leased
from doorstep.app.settle import settle
from doorstep.app.vendors import budget
from doorstep.app.vendors.accounts import Sent, drive, message_of, refused
from doorstep.connectors.contract import (
    Busy,
    Can,
    Denied,
    NotFound,
    Refused,
    Shipment,
    Store,
    Trouble,
)
from doorstep.connectors.registry import connector
from doorstep.core.convert import Refusal
from doorstep.core.message import Message
from doorstep.core.number import normalize
from doorstep.core.order import Content, Role, StoreShipment
from doorstep.core.policy import MailBy
from doorstep.db import queries
from doorstep.db.models import Budget, Connection, Line, Number, Order, Push
from doorstep.db.tabs import sort_in

log = logger(__name__)
REPLACED_GONE: Final = "stores.replaced_gone"  # somebody deleted over there what this push was to replace
NOW: Final = timedelta(0)
STORE_WAIT: Final = timedelta(hours=1)  # between two looks whether a store is active again; a person rings earlier
GRACE_S: Final = 5.0  # beyond the request's time-out, for the far side to finish what it began
PATIENCE: Final = 3  # time-outs: a shop goes on when nobody waits any more, PHP for 30 s, one behind nginx for 60 s


@dataclass(frozen=True, slots=True)
class Errand:
    """Everything a push needs, read in one transaction."""

    leased: Leased
    push: Push
    order: Order
    store: Connection
    shipment: Shipment
    withdraw: bool


def may_have_changed(sent: Sent, trouble: Trouble) -> bool:
    """Whether something may be different over there, although all that came back is ``trouble``. A clear no to the last
    request says so of that request only.
    """
    clear = isinstance(trouble, (Busy, Denied, NotFound, Refused)) and not isinstance(trouble, Unsure)
    return sent.earlier or (sent.last and not clear)


async def deliver(leased: Leased) -> None:
    """Carry out one intent of the push lane. No request outlives the lease: what takes longer is cut off and looked at
    when the lease is over.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(outbox.LEASE_S - GRACE_S):
            errand = await in_db(begin, leased)
            if errand is not None:
                await _carry_out(errand)


async def _carry_out(errand: Errand) -> None:
    sent, leased, store = Sent(), errand.leased, _store(errand)
    try:
        if leased.row.state == "sending" or (leased.interrupted and steady.for_s() < ending_s()):
            await in_db(rest, errand, False)
        elif leased.interrupted:
            await _look(errand)
        elif errand.withdraw:
            await drive(errand.store, lambda account: store.withdraw(account, *_there(errand)), sent=sent)
            await in_turn(errand.push.ws, withdrawn, errand)
        else:
            pushed = await drive(errand.store, lambda account: store.push(account, errand.shipment), sent=sent)
            await in_turn(errand.push.ws, accepted, errand, pushed.ref, pushed.notes)
    except Trouble as trouble:
        await in_db(failed, errand, trouble, may_have_changed(sent, trouble))


def _store(errand: Errand) -> Store:
    return cast(Store, connector("store", errand.store.connector))


def _there(errand: Errand) -> tuple[str, str]:
    return errand.order.external_id, errand.push.remote_id


def begin(leased: Leased) -> Errand | None:
    """Read what is to be done and commit that it begins; None when nothing is to be done any more."""
    row = leased.row
    with transaction.atomic():
        push = Push.objects.select_for_update().filter(ws=row.ws, id=row.payload_ref).first()
        withdraw = row.intent_key.endswith(":withdraw")
        waiting = {"accepted", "superseded"} if withdraw else {"due", "sending", "unsure"}
        if push is None or push.state not in waiting:
            outbox.done(leased)
            return None
        order = Order.objects.get(ws=row.ws, id=push.order_id)
        store = Connection.objects.get(ws=row.ws, id=push.store_id)
        if store.state != "active":
            reason = Message(id="push.store_paused", values={"store": store.label})
            outbox.later(leased, row.state, reason, STORE_WAIT)
            return None
        if (wait := too_fast(store)) is not None:
            outbox.later(leased, row.state, Message(id="push.paced", values={"store": store.label}), wait)
            return None
        shipment = _shipment_there(push, order) if withdraw else shipment_of(push, order, store)
        if isinstance(shipment, Refusal):
            if outbox.give_up(leased, shipment.reason):
                _set(push, "refused", shipment.reason)
            return None
        if not outbox.mark(leased, "unsure" if leased.interrupted else "sending"):
            return None
        if not withdraw:
            _set(push, "unsure" if leased.interrupted else "sending")
        return Errand(leased, push, order, store, shipment, withdraw)


def too_fast(store: Connection) -> timedelta | None:
    """How long to wait until this store may be called again, None = now: one call is spent. All workers spend
    together; within a process ``app.pace`` spreads the calls that a push is made of.
    """
    machine, meta = clock.machine(), connector("store", store.connector).meta
    if budget.take(store, meta, 1, machine):
        return None
    ready_at = Budget.objects.get(ws=store.ws, connection_id=store.id).ready_at
    return outbox.wait_real(max(0.1, ready_at - machine)) - clock.now()


def shipment_of(push: Push, order: Order, store: Connection) -> Shipment | Refusal:
    """What the store is given, or why this number cannot be told to it."""
    number = Number.objects.get(ws=push.ws, id=push.number_id)
    policy, _ = policies.current(push.ws, store.id)
    given = told.told(store, number, Role.LOCAL.value, told.page_for(store, order.id, number))
    if isinstance(given, Refusal):
        return given
    earlier = Push.objects.filter(
        ws=push.ws, order_id=push.order_id, parcel_id=push.parcel_id, version__lt=push.version
    )
    before = earlier.exclude(remote_id="").exclude(state="withdrawn").order_by("-version").first()
    return Shipment(
        order=order.external_id,
        number=given.number,
        key=f"doorstep-{push.id}",
        carrier=given.carrier,
        carrier_name=given.named.field,
        carrier_beside=given.named.beside,
        url=given.url,
        contents=() if _last_part(push) else tuple(Content(line=ref, qty=qty) for ref, qty in push.contents),
        shipped_at=clock.now(),
        notify=policy.mail_by is MailBy.STORE,
        replaces=before.remote_id if before else "",
        former=before.remote_number if before else "",
    )


def _shipment_there(push: Push, order: Order) -> Shipment:
    """What the store has already."""
    return Shipment(order=order.external_id, number=push.remote_number, key=f"doorstep-{push.id}")


def _last_part(push: Push) -> bool:
    """Whether nothing of the order is left to ship after this: told as "the rest", which lets the store complete it."""
    lines = Line.objects.filter(ws=push.ws, order_id=push.order_id, needs_shipping=True)
    left = {one.external_id: one.qty - one.qty_cancelled for one in lines}
    others = Push.objects.filter(ws=push.ws, order_id=push.order_id, state="accepted").exclude(parcel_id=push.parcel_id)
    for ref, qty in [part for one in others for part in one.contents] + list(push.contents):
        left[ref] = left.get(ref, 0) - qty
    return bool(push.contents) and all(qty <= 0 for qty in left.values())


async def _look(errand: Errand) -> None:
    """Somebody began and never said how it ended. It has rested, so its request is over: see what the store has."""
    store = _store(errand)
    if Can.READ_BACK not in store.meta.can:
        await in_db(ask_person, errand)
        return
    ref = errand.order.external_id
    shown = await drive(errand.store, lambda account: store.read_back(account, ref))
    await in_turn(errand.push.ws, _resolve, errand, shown)


def rest(errand: Errand, failed: bool = True) -> bool:
    """Come back when a request that may still be under way must have ended; False when the lease was lost. ``failed``:
    it counts as a try. That a lease or a rest is over does not prove that the request is: the machine's clock may have
    been set forward.
    """
    reason = Message(id="push.unsure", values={"store": errand.store.label})
    pause = ending_s()
    return outbox.mark(
        errand.leased,
        "unsure",
        due_at=outbox.wait_real(pause),
        tries=errand.leased.row.tries + failed,
        lease_token=0,
        lease_until=clock.machine() + pause,
        error=asdict(reason),
    )


def ending_s() -> float:
    """Real seconds after which a request that leaves now has ended on both sides: a minute, unless set otherwise."""
    return max(PATIENCE * settings.HTTP_TIMEOUT_S, settings.HTTP_TIMEOUT_S + GRACE_S)


def _resolve(errand: Errand, shown: tuple[StoreShipment, ...]) -> None:
    number = normalize(errand.shipment.number)
    if errand.withdraw and all(one.ref != errand.push.remote_id for one in shown):
        withdrawn(errand)
        return
    again(errand, next((one for one in shown if normalize(one.number) == number), None))


def again(errand: Errand, there: StoreShipment | None) -> None:
    """The store was read back: it is due once more, at once. A store that has the number already is told nothing twice;
    what an interrupted call left undone there (the order's own state) is finished, so that is never given up. That the
    store has it is written down: another number that comes meanwhile takes its place there, not a place beside it.
    """
    reason = Message(id="push.found_there" if there else "push.not_there")
    with transaction.atomic():
        if there and not errand.withdraw:
            errand.push.remote_id, errand.push.remote_number = there.ref, there.number
        state = outbox.later(errand.leased, "due", reason, NOW) if there else outbox.again(errand.leased, reason)
        if state == "dead":
            reason = Message(id="push.given_up", values={"store": errand.store.label})
        _follow(errand, state, reason)


def ask_person(errand: Errand) -> None:
    """The store can neither be asked nor told twice: a person has to look."""
    with transaction.atomic():
        reason = Message(id="push.look_yourself", values={"store": errand.store.label, "order": errand.order.number})
        if outbox.give_up(errand.leased, reason):
            _set(errand.push, "unsure", reason)


def accepted(errand: Errand, ref: str, notes: tuple[Message, ...]) -> None:
    """The store has it. What was decided meanwhile is decided now."""
    with transaction.atomic():
        queries.alone_in(errand.push.ws)
        if not outbox.done(errand.leased):
            return
        push = errand.push
        push.remote_id, push.remote_number = ref, errand.shipment.number
        _set(push, "accepted", notes[0] if notes else Message(id="push.accepted", values={"store": errand.store.label}))
        settle(_clock(push), Touched(orders={push.order_id}))


def withdrawn(errand: Errand) -> None:
    """The store has it no more."""
    with transaction.atomic():
        queries.alone_in(errand.push.ws)
        if outbox.done(errand.leased):
            _set(errand.push, "withdrawn", Message(id="push.withdrawn", values={"store": errand.store.label}))
            settle(_clock(errand.push), Touched(orders={errand.push.order_id}))


def failed(errand: Errand, trouble: Trouble, changed: bool) -> None:
    """Temporary trouble comes again, a refusal does not, bad credentials stop the connection, and what may have
    happened (``changed``) is looked at before anything is repeated.
    """
    reason = message_of(trouble)
    log.warning("push.failed", push_id=errand.push.id, reason=reason.id, changed=changed)
    with transaction.atomic():
        if isinstance(trouble, Denied):
            refused(errand.store, trouble)
        if changed:
            if rest(errand):
                _follow(errand, "unsure", reason)
        elif isinstance(trouble, (Refused, NotFound)):
            if outbox.give_up(errand.leased, reason):
                _follow(errand, "superseded" if reason.id == REPLACED_GONE else "refused", reason)
        else:
            state = "unsure" if errand.leased.interrupted else "due"
            _follow(errand, outbox.later(errand.leased, state, reason, _pause(trouble)), reason)


def _pause(trouble: Trouble) -> timedelta | None:
    """How long somebody else makes us wait; None = our own back-off."""
    if isinstance(trouble, Denied):
        return STORE_WAIT
    seconds = trouble.retry_after if isinstance(trouble, Busy) else None
    return timedelta(seconds=seconds) if seconds else None


def _follow(errand: Errand, state: str, reason: Message) -> None:
    """Let the push say what its outbox row says now ('' = the lease was lost; nothing is said). Of a withdrawal only
    the reason is told: the store still has the number.
    """
    if state and errand.withdraw:
        Push.objects.filter(ws=errand.push.ws, id=errand.push.id).update(reason=asdict(reason))
    elif state:
        _set(errand.push, "refused" if state == "dead" else state, reason)


def _clock(push: Push) -> By:
    return By(push.ws, f"connection:{push.store_id}")


def _set(push: Push, state: str, reason: Message | None = None) -> None:
    moved, push.state, push.changed_at = push.state != state, state, clock.now()
    push.reason = asdict(reason) if reason else push.reason
    push.save(update_fields=["state", "reason", "changed_at", "remote_id", "remote_number"])
    if moved:
        sort_in(push.ws, [push.order_id])
        at = f"{push.id}:{push.changed_at.isoformat()}"
        note(_clock(push), Noted("order", push.order_id, f"push.{state}", new=str(push.number_id), at=at))
