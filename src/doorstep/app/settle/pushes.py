"""Which numbers the stores get: ``core.policy`` decides, this writes the push and its outbox row."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, assert_never

from doorstep.app import clock
from doorstep.app.ledger import told
from doorstep.app.ledger.changes import Cause, Noted
from doorstep.app.merge.purchases import LEFT
from doorstep.app.settle.cluster import Cluster, intent_keys, said_of
from doorstep.connectors.contract import Can
from doorstep.connectors.registry import connector
from doorstep.core.message import Message
from doorstep.core.number import Hints, normalize, recognize
from doorstep.core.parcels import PERSON
from doorstep.core.parcels import Parcel as Plan
from doorstep.core.policy import Case, Decision, Hold, Keep, Policy, Refuse, Withdraw, decide
from doorstep.core.policy import Push as Give
from doorstep.db.models import Claim, Connection, Order, Outbox, Parcel, Purchase, Push

UNSENT = frozenset({"held", "due"})
OVER = frozenset({"refused", "superseded", "withdrawn"})
IN_FLIGHT = frozenset({"sending", "unsure"})


def decide_pushes(cause: Cause, cluster: Cluster) -> None:
    """Decide about every parcel of every order, in the order of their ids."""
    for order in sorted(cluster.orders.values(), key=lambda one: one.id):
        store = cluster.connections[order.store_id]
        if Can.PUSH not in connector("store", store.connector).meta.can:
            continue
        policy, version = cluster.rules.policy(store.id)
        pushes = cluster.pushes_of(order.id)
        for parcel, plan in cluster.plans:
            if any(int(part.order) == order.id for part in plan.contents) or parcel.id in pushes:
                _decide_one(cause, cluster, Spot(order, store, parcel, plan, pushes[parcel.id]), policy, version)


@dataclass(frozen=True, slots=True)
class Spot:
    """One parcel of one order, and what was given to the store for it so far (``pushes``, the oldest first)."""

    order: Order
    store: Connection
    parcel: Parcel
    plan: Plan
    pushes: list[Push]

    @property
    def last(self) -> Push | None:
        return self.pushes[-1] if self.pushes else None

    @property
    def under_way(self) -> bool:
        """Whether the last push may be changing the store, or was seen there and is not finished: nothing is decided
        before its outcome is known.
        """
        push = self.last
        return push is not None and (push.state in IN_FLIGHT or (push.state == "due" and bool(push.remote_id)))

    @property
    def given(self) -> Push | None:
        """What the store took last, unless it was taken back. A push that was never sent has no ``remote_id``."""
        taken = [one for one in self.pushes if one.remote_id]
        return taken[-1] if taken and taken[-1].state != "withdrawn" else None


def _decide_one(cause: Cause, cluster: Cluster, spot: Spot, policy: Policy, version: int) -> None:
    if spot.under_way:
        return
    if not spot.plan.contents and not spot.pushes:
        return  # history only
    case, given = case_of(cluster, spot), spot.given
    if given and case.asked_anyway and case.withdrawn_by_person:  # given anew, not in place of what is not there
        given.state = "withdrawn"
        cluster.before[given.id] = said_of(given)
        cluster.sheet.put(given, "state")  # its time stays: the person asked later than it was taken out
        case = case_of(cluster, spot)
    _carry_out(cause, cluster, spot, decide(policy, case, clock.now()), version)


def case_of(cluster: Cluster, spot: Spot) -> Case:
    """Everything the policy looks at."""
    order, plan, given = spot.order, spot.plan, spot.given
    purchase = cluster.purchase_of(plan)
    dispatched_at, evidence = _dispatched(purchase) or _mailed(cluster, plan, order)
    shown = _in_store(cluster, spot)
    edited, removed = _touched_over_there(cluster, spot, given)
    asked = order.push_asked_at is not None and not (given and given.changed_at >= order.push_asked_at)
    ours = given if not (asked and edited) else None  # the store shows something else, which we may overwrite now
    theirs = not plan.contents or any(int(part.order) == order.id for part in plan.contents)
    return Case(
        numbers=plan.numbers if theirs else (),  # it carries what others bought, and nothing of this order any more
        placed_at=order.placed_at,
        method=purchase.method if purchase else "",
        paid_at=order.paid_at or (purchase.paid_at if purchase else None),
        ship_by=order.ship_by,
        cancelled=order.cancelled_at is not None,
        before_connection=order.before_connection,
        asked_anyway=asked,
        dispatched_at=dispatched_at,
        dispatch_evidence=evidence,
        first_scan_at=spot.parcel.first_scan_at,
        suspicious=_suspicious(cluster, spot),
        unacceptable=_unacceptable(cluster, spot),
        pushed=cluster.numbers[ours.number_id].norm if ours and ours.number_id in cluster.numbers else "",
        in_store=shown,
        edited_by_person=edited,
        withdrawn_by_person=removed,
    )


def _dispatched(purchase: Purchase | None) -> tuple[datetime, str] | None:
    """The supplier's word; one that says "not sent" again after it had said "sent" is not evidence any more."""
    if purchase is None or purchase.dispatched_at is None or purchase.state not in {one.value for one in LEFT}:
        return None
    return purchase.dispatched_at, purchase.dispatch_evidence


def _mailed(cluster: Cluster, plan: Plan, order: Order) -> tuple[datetime | None, str]:
    """A dispatch mail is evidence too; one that gives no number only where there is no other parcel it may mean."""
    numbers = {one.id for one in cluster.numbers_of(plan)}
    said = [row for row in cluster.claims if row.number_id in numbers and not row.gone and _is_mail(cluster, row)]
    times = [row.first_said for row in said]
    parcels = [one for _, one in cluster.plans if any(part.order == str(order.id) for part in one.contents)]
    if order.mail_dispatched_at and len(parcels) == 1:
        times.append(order.mail_dispatched_at)
    return min(times, default=None), "shipping mail" if times else ""


def _is_mail(cluster: Cluster, row: Claim) -> bool:
    account = cluster.connections.get(int(row.source)) if row.source.isdigit() else None
    return account is not None and account.connector == "mail"


def _store_says(cluster: Cluster, spot: Spot) -> list[Claim]:
    source = str(spot.store.id)
    return [row for row in cluster.claims if row.order_id == spot.order.id and row.source == source]


def _in_store(cluster: Cluster, spot: Spot) -> str:
    """The number that the store shows for this parcel now."""
    norms = {held.number for held in spot.plan.numbers}
    shown = [row for row in _store_says(cluster, spot) if not row.gone]
    here = [cluster.numbers[row.number_id].norm for row in sorted(shown, key=lambda one: one.last_said)]
    return next((norm for norm in reversed(here) if norm in norms), "")


def _touched_over_there(cluster: Cluster, spot: Spot, given: Push | None) -> tuple[bool, bool]:
    """(edited, removed) by somebody in the store after it had taken our number."""
    if given is None or not given.remote_id:
        return False, False
    said = [row for row in _store_says(cluster, spot) if row.group == given.remote_id]
    ours = [row for row in said if row.number_id == given.number_id]
    others = [row for row in said if row.number_id != given.number_id and not row.gone]
    return bool(others and all(row.gone for row in ours)), bool(ours and all(row.gone for row in said))


def _suspicious(cluster: Cluster, spot: Spot) -> Mapping[str, Message]:
    """Numbers that are something else. What a person typed was confirmed by that person."""
    purchase = cluster.purchase_of(spot.plan)
    ids = {spot.order.number, spot.order.external_id} | ({purchase.external_id} if purchase else set())
    names = {normalize(one) for one in ids}
    found = {}
    for held in spot.plan.numbers:
        if PERSON not in held.said_by:
            reason = suspect(held.number, names, held.carrier)
            if reason:
                found[held.number] = reason
    return found


def _unacceptable(cluster: Cluster, spot: Spot) -> Mapping[str, Message]:
    """Numbers that this channel would decline, each with its reason."""
    live = [held for held in spot.plan.numbers if held.until is None]
    why = ((held, told.why_not(spot.store, spot.order.id, held, cluster.number(held.number))) for held in live)
    return {held.number: reason for held, reason in why if reason}


def suspect(text: str, order_names: set[str], carrier: str = "") -> Message | None:
    """Why a text should not be given to a shopper as a tracking number, or None. ``order_names`` are normalized."""
    recognition = recognize(text, Hints(carrier_text=carrier))
    if normalize(text).lstrip("#") in {name.lstrip("#") for name in order_names}:
        return Message(id="hold.is_order_number", values={"number": text})
    if not recognition.candidates and recognition.not_a and not carrier:
        return Message(id="hold.not_a_tracking_number", values={"number": text})
    return None


def _carry_out(cause: Cause, cluster: Cluster, spot: Spot, decision: Decision, version: int) -> None:
    push: Push | None = None
    match decision:
        case Give(number=number, reason=reason):
            push = _draft(cluster, spot, number, "due", reason, version)
            _send(cluster, push)
        case Hold(reason=reason, number=""):
            _drop(cause, cluster, spot, reason)
        case Hold(reason=reason, until=until, number=number):
            push = _draft(cluster, spot, number, "held", reason, version)
            if push is not None:
                push.hold_until = until
        case Refuse(reason=reason):
            _drop(cause, cluster, spot, reason)
            push = _give_up(spot, reason)
        case Keep(reason=reason):
            _drop(cause, cluster, spot, reason)
        case Withdraw(reason=reason):
            _drop(cause, cluster, spot, reason)
            push = _take_back(cluster, spot, reason)
        case _:
            assert_never(decision)
    if push is not None:
        _save(cause, cluster, push)


def _draft(cluster: Cluster, spot: Spot, number: str, state: str, reason: Message, version: int) -> Push | None:
    """The push that waits to be sent: the one not sent yet, changed in place, or a new version."""
    number_id = cluster.number(number).id
    push = spot.last
    if push is None or push.state not in UNSENT:
        if push is not None and push.state in OVER and push.number_id == number_id and not _asked_since(spot):
            return None  # declined or taken back, exactly this number: asking again is a person's decision
        push = Push(
            ws=cluster.ws,
            store_id=spot.store.id,
            order_id=spot.order.id,
            parcel_id=spot.parcel.id,
            version=push.version + 1 if push else 1,
        )
        cluster.pushes.append(cluster.sheet.add(push))
    push.number_id, push.policy_version, push.state = number_id, version, state
    push.reason, push.hold_until = asdict(reason), None
    push.contents = contents_of(cluster, spot)
    if state == "held":
        _unsend(cluster, push)
    return push


def _asked_since(spot: Spot) -> bool:
    asked = spot.order.push_asked_at
    return bool(asked and spot.last and asked > spot.last.changed_at)


def contents_of(cluster: Cluster, spot: Spot) -> list[list[Any]]:
    """[[store's line ref, quantity], ...] of this order's part; empty = everything that is left."""
    lines = {line.id: line for line in cluster.lines[spot.order.id]}
    parts = [part for part in spot.plan.contents if int(part.order) == spot.order.id and part.line]
    return [[lines[int(part.line)].external_id, part.qty] for part in parts if int(part.line) in lines]


def _send(cluster: Cluster, push: Push | None) -> None:
    """Mean to send it. What is meant already keeps its time: trying again too soon would undo the back-off."""
    if push is None:
        return
    row = _meant(cluster, push)
    if row.state != "due":
        row.state, row.due_at, row.tries, row.error = "due", clock.now(), 0, None
        cluster.sheet.put(row, "state", "due_at", "tries", "error")
    cluster.sheet.ring("outbox")


def _meant(cluster: Cluster, push: Push, *, withdraw: bool = False) -> Outbox:
    """The outbox row of a push, or of taking it back."""
    key = ("push", push.store_id, intent_keys(push)[withdraw])
    if key not in cluster.outbox:
        lane, target_id, intent_key = key
        row = Outbox(ws=push.ws, lane=lane, target_id=target_id, intent_key=intent_key)
        row.payload_ref, row.due_at = push.id, clock.now()
        cluster.outbox[key] = cluster.sheet.add(row)
    return cluster.outbox[key]


def _unsend(cluster: Cluster, push: Push) -> None:
    """Take back an intent that nobody has begun to carry out."""
    key = ("push", push.store_id, intent_keys(push)[0])
    row = cluster.outbox.get(key)
    if row is not None and row.state == "due":
        Outbox.objects.filter(ws=row.ws, id=row.id, state="due").delete()
        del cluster.outbox[key]


def _drop(cause: Cause, cluster: Cluster, spot: Spot, reason: Message) -> None:
    """What was not sent yet will not be: as if it had never been meant, so that no order of arrival leaves a trace."""
    push = spot.last
    if push is not None and push.state in UNSENT:
        _unsend(cluster, push)
        cluster.pushes.remove(push)
        cluster.sheet.drop(push)
        at = f"{push.parcel_id}:{push.number_id}"
        cluster.sheet.note(cause, Noted("order", push.order_id, "push.dropped", new=reason.id, at=at))


def _give_up(spot: Spot, reason: Message) -> Push | None:
    """What the store took stays there as it is now: somebody changed it over there."""
    push = spot.given
    if push is None or push.state != "accepted":
        return None
    push.state, push.reason = "superseded", asdict(reason)
    return push


def _take_back(cluster: Cluster, spot: Spot, reason: Message) -> Push | None:
    """Withdraw what the store has: one more row of the same push, of the lane's other kind. Where its API takes nothing
    back, the push says what a person has to do there.
    """
    given = spot.given
    if given is None:
        return None
    if Can.WITHDRAW not in connector("store", spot.store.connector).meta.can:
        values = {"store": spot.store.label, "order": spot.order.number, "number": given.remote_number}
        given.reason = asdict(Message(id="channel.by_hand.withdraw", values=values))
        return given
    given.reason = asdict(reason)
    _meant(cluster, given, withdraw=True)
    cluster.sheet.ring("outbox")
    return given


def _save(cause: Cause, cluster: Cluster, push: Push) -> None:
    if cluster.before.get(push.id) == said_of(push):
        return
    push.changed_at = clock.now()
    cluster.sheet.put(push, "state", "number_id", "reason", "hold_until", "contents", "policy_version", "changed_at")
    at = f"{push.id}:{push.version}"
    cluster.sheet.note(cause, Noted("order", push.order_id, f"push.{push.state}", new=str(push.number_id), at=at))
