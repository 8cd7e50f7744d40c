"""The same thing done to many orders at once: first what would happen to each, then the doing, then undoing it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction

from doorstep.app import clock
from doorstep.app.audit import record
from doorstep.app.push import pushes
from doorstep.app.track import resync
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.load import fetch, load
from doorstep.db.models import Bulk, Order, Outbox, ParcelLine, ParcelNumber, Push

VERBS: Final = ("push", "withdraw", "resync")
UNDOES: Final[Mapping[str, str]] = {"push": "withdraw", "withdraw": "push"}  # a carrier cannot be un-asked
WHY: Final = (*VERBS, "no_number", "nothing_to_push", "nothing_to_withdraw", "sending", "unsure", "cancelled")
MOST: Final = 200  # orders at once
UNDONE_WITHIN: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What would happen to one order. ``does`` False: nothing, and ``why`` says so."""

    order_id: int
    order: str
    does: bool
    why: Message


def needs(verb: str) -> Action:
    """What somebody must be allowed to do for it."""
    return Action.RESYNC if verb == "resync" else Action.PUSH


def plan(ws: int, verb: str, ids: Sequence[int]) -> list[Planned]:
    """What would happen to each of these orders, newest first. Raises ValueError with a Message for too many."""
    if len(ids) > MOST:
        raise ValueError(Message(id="bulk.too_many", values={"count": MOST}))
    orders = sorted(load(Order, ws, "id", ids), key=lambda one: (one.placed_at, one.id), reverse=True)
    newest = _newest(ws, [one.id for one in orders])
    tracked = _tracked(ws, [one.id for one in orders])
    return [_planned(verb, one, newest.get(one.id, []), bool(tracked.get(one.id))) for one in orders]


def carry_out(ws: int, verb: str, ids: Sequence[int], actor: str) -> tuple[int, int]:
    """Do it to each; returns to how many it was done, and how many refused meanwhile. Raises ValueError as ``plan``."""
    wanted = [one.order_id for one in plan(ws, verb, ids) if one.does]
    done = [one for one in wanted if _did(_DO[verb], ws, one, actor)]
    if done:
        with transaction.atomic():
            row = Bulk.objects.create(ws=ws, verb=verb, by=actor, at=clock.now(), done=done)
            record(ws, actor, f"bulk.{verb}", f"bulk:{row.id}", after={"orders": len(done)})
    return len(done), len(wanted) - len(done)


def last(ws: int, actor: str) -> Bulk | None:
    """What this person did last and can still undo."""
    row = next(iter(fetch(Bulk, ws, '"by" = %s ORDER BY id DESC LIMIT 1', actor)), None)
    fresh = row and row.verb in UNDOES and row.undone_at is None and row.at > clock.now() - UNDONE_WITHIN
    return row if fresh else None


def undo(ws: int, bulk_id: int, actor: str) -> tuple[int, int]:
    """Do the opposite to the same orders, where it is still possible; returns to how many, and how many are between us
    and the store at this moment: those can be undone afterwards. Raises Bulk.DoesNotExist.
    """
    with transaction.atomic():
        row = Bulk.objects.select_for_update().get(ws=ws, id=bulk_id, verb__in=UNDOES, undone_at=None)
        row.undone_at = clock.now()
        row.save(update_fields=["undone_at"])
        record(ws, actor, "bulk.undo", f"bulk:{bulk_id}")
    verb, under_way = UNDOES[row.verb], _under_way(ws, row.done)
    if under_way:
        Bulk.objects.filter(ws=ws, id=bulk_id).update(done=under_way, undone_at=None)
    stopped = _stopped(ws, row.done)
    wanted = [one.order_id for one in plan(ws, verb, row.done) if one.does]
    return len(stopped.union(one for one in wanted if _did(_DO[verb], ws, one, actor))), len(under_way)


def _planned(verb: str, order: Order, newest: Sequence[Push], tracked: bool) -> Planned:
    states = {one.state for one in newest}
    old = order.before_connection and order.push_asked_at is None
    if order.cancelled_at and verb == "push":
        does, why = False, "cancelled"
    elif verb == "push":
        does = tracked and bool(states & {"refused", "superseded", "withdrawn"} or old)
        why = "push" if does else "no_number" if not tracked else _why_not(states) or "nothing_to_push"
    elif verb == "withdraw":
        does = bool(states & {"held", "due", "accepted"})
        why = "withdraw" if does else _why_not(states) or "nothing_to_withdraw"
    else:
        does, why = tracked, "resync" if tracked else "no_number"
    return Planned(order_id=order.id, order=order.number, does=does, why=Message(id=f"bulk.why.{why}"))


def _why_not(states: Collection[str]) -> str:
    """What has to end first; '' = nothing."""
    return next((one for one in ("unsure", "sending") if one in states), "")


def _push(ws: int, order_id: int, actor: str) -> None:
    newest = _newest(ws, [order_id]).get(order_id, [])
    refused = [one for one in newest if one.state == "refused"]
    for one in refused:
        pushes.try_again(ws, one.id, actor)
    if not refused:
        pushes.push_old_order(ws, order_id, actor)


def _withdraw(ws: int, order_id: int, actor: str) -> None:
    for one in _newest(ws, [order_id]).get(order_id, []):
        if one.state in {"held", "due", "accepted"}:
            pushes.withdraw(ws, one.id, actor)


def _resync(ws: int, order_id: int, actor: str) -> None:
    asked = [resync.ask_parcel(ws, one, "console", actor) for one in _tracked(ws, [order_id])[order_id]]
    refused = [one.message for one in asked if not one.accepted]
    if len(refused) == len(asked) and refused:
        raise ValueError(refused[0])


_DO: Final[Mapping[str, Callable[[int, int, str], None]]] = {"push": _push, "withdraw": _withdraw, "resync": _resync}


def _did(do: Callable[[int, int, str], None], ws: int, order_id: int, actor: str) -> bool:
    """Do it to one order; one that refuses stops none of the others."""
    try:
        do(ws, order_id, actor)
    except ValueError:
        return False
    return True


def _under_way(ws: int, order_ids: Sequence[int]) -> list[int]:
    """The orders whose store is being given a number, or asked to forget one, at this moment."""
    taken = {order for order, _ in _intents(ws, order_ids, "sending")}
    return [one for one in order_ids if one in taken]


def _stopped(ws: int, order_ids: Sequence[int]) -> set[int]:
    """Stop what was to be taken back and has not begun; returns of which orders."""
    found = [(order, row) for order, row in _intents(ws, order_ids, "due") if row.intent_key.endswith(":withdraw")]
    return {order for order, row in found if Outbox.objects.filter(ws=ws, id=row.id, state="due").delete()[0]}


def _intents(ws: int, order_ids: Sequence[int], state: str) -> list[tuple[int, Outbox]]:
    """What is in this state for the newest pushes of these orders, with its order."""
    given = [one for some in _newest(ws, order_ids).values() for one in some]
    keys = {f"{one.order_id}:{one.parcel_id}:{one.version}": one.order_id for one in given}
    keys |= {f"{key}:withdraw": order for key, order in keys.items()}
    rows = Outbox.objects.filter(ws=ws, lane="push", target_id__in={one.store_id for one in given}, state=state)
    return [(keys[one.intent_key], one) for one in rows.filter(intent_key__in=keys)]


def _newest(ws: int, order_ids: Sequence[int]) -> dict[int, list[Push]]:
    """The newest push of every parcel, by order."""
    newest: dict[tuple[int, int], Push] = {}
    for one in sorted(load(Push, ws, "order_id", order_ids), key=lambda one: (one.version, one.id)):
        newest[one.order_id, one.parcel_id] = one
    found: dict[int, list[Push]] = {}
    for (order_id, _), one in newest.items():
        found.setdefault(order_id, []).append(one)
    return found


def _tracked(ws: int, order_ids: Sequence[int]) -> dict[int, list[int]]:
    """The parcels with a current number, by order."""
    parts = load(ParcelLine, ws, "order_id", order_ids)
    held = load(ParcelNumber, ws, "parcel_id", {one.parcel_id for one in parts}, only=("parcel_id", "until"))
    numbered = {one.parcel_id for one in held if one.until is None}
    found: dict[int, list[int]] = {}
    for order_id, parcel_id in sorted({(one.order_id, one.parcel_id) for one in parts}):
        if parcel_id in numbered:
            found.setdefault(order_id, []).append(parcel_id)
    return found
