"""What a person may do about a push: try again, withdraw, push orders placed before the connection."""

from dataclasses import asdict

from django.db import transaction

from doorstep.app import clock, loop
from doorstep.app.audit import record
from doorstep.app.ledger.changes import By
from doorstep.app.merge.source import Touched
from doorstep.app.settle import settle
from doorstep.connectors.contract import Can
from doorstep.connectors.registry import connector
from doorstep.core.message import Message
from doorstep.db import queries
from doorstep.db.models import Connection, Order, Outbox, Push
from doorstep.db.tabs import sort_in


class NotPossible(ValueError):
    """The push is not in a state in which this can be done; ``message`` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.id)
        self.message = message


def try_again(ws: int, push_id: int, actor: str) -> None:
    """Send once more what was refused or is dead. An unsure one is looked up in the store first. Raises NotPossible."""
    with transaction.atomic():
        push = Push.objects.select_for_update().get(ws=ws, id=push_id)
        row = Outbox.objects.filter(ws=ws, lane="push", payload_ref=push.id).order_by("-id").first()
        if push.state not in {"refused", "unsure", "due"} or row is None:
            raise NotPossible(Message(id="push.not_now", values={"state": push.state}))
        if push.state == "refused":
            push.state, push.reason, push.changed_at = "due", None, clock.now()
            push.save(update_fields=["state", "reason", "changed_at"])
            sort_in(ws, [push.order_id])
        state = "unsure" if push.state == "unsure" else "due"
        Outbox.objects.filter(ws=ws, id=row.id).update(state=state, due_at=clock.now(), tries=0, error=None)
        record(ws, actor, "push.try_again", f"push:{push_id}")
    loop.wake("outbox")


def withdraw(ws: int, push_id: int, actor: str) -> None:
    """Take a number out of the store again. Raises NotPossible, with the words for doing it there by hand."""
    with transaction.atomic():
        push = Push.objects.select_for_update().get(ws=ws, id=push_id)
        store = Connection.objects.get(ws=ws, id=push.store_id)
        order = Order.objects.get(ws=ws, id=push.order_id)
        if push.state in {"held", "due"}:
            Outbox.objects.filter(ws=ws, lane="push", payload_ref=push.id, state="due").delete()
            push.state, push.reason, push.changed_at = "superseded", asdict(Message(id="push.cancelled")), clock.now()
            push.save(update_fields=["state", "reason", "changed_at"])
            sort_in(ws, [push.order_id])
        elif push.state != "accepted" or not push.remote_id:
            raise NotPossible(Message(id="push.not_now", values={"state": push.state}))
        elif Can.WITHDRAW not in connector("store", store.connector).meta.can:
            values = {"store": store.label, "order": order.number, "number": push.remote_number}
            raise NotPossible(Message(id="channel.by_hand.withdraw", values=values))
        else:
            _intend_withdrawal(push)
        record(ws, actor, "push.withdraw", f"push:{push_id}")
    loop.wake("outbox")


def _intend_withdrawal(push: Push) -> None:
    Outbox.objects.update_or_create(
        ws=push.ws,
        lane="push",
        target_id=push.store_id,
        intent_key=f"{push.order_id}:{push.parcel_id}:{push.version}:withdraw",
        defaults={"payload_ref": push.id, "state": "due", "due_at": clock.now(), "tries": 0, "error": None},
    )


def push_old_order(ws: int, order_id: int, actor: str) -> None:
    """Push this order's numbers although it was placed before the connection, or a person changed them over there."""
    with transaction.atomic():
        queries.alone_in(ws)
        order = Order.objects.select_for_update().get(ws=ws, id=order_id)
        order.push_asked_at = clock.now()
        order.save(update_fields=["push_asked_at"])
        record(ws, actor, "push.ask", f"order:{order_id}")
        settle(By(ws, actor), Touched(orders={order_id}))
