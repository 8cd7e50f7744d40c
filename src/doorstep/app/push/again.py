"""Pushing again after rules were changed (S60): listed first, done only when a person confirms."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.db.models import Count

from doorstep.app import clock
from doorstep.app.ledger import policies
from doorstep.app.push import pushes
from doorstep.app.push.cases import Considered, consider
from doorstep.core.message import Message
from doorstep.core.policy import Policy, push_again
from doorstep.db.models import Order, ParcelNumber, Push

MOST: Final = 200  # newest pushes looked through; more are not worth a second mail to their shoppers


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One number that the store would get in place of another."""

    order_id: int
    order: str
    parcel_id: int
    old: str
    new: str
    reason: Message


def list_changes(ws: int, store_id: int, policy: Policy | None = None) -> list[Changed]:
    """What pushing again would change under the store's rules (or under ``policy``), the newest order first. An order
    in which a person changed or removed any number over there is left out: it is decided on its own screen.
    """
    rules = policy or policies.current(ws, store_id)[0]
    found = consider(ws, _candidates(ws, store_id))
    touched = {one.spot.order.id for one in found if one.case.edited_by_person or one.case.withdrawn_by_person}
    changed = [(one, _change(one, rules)) for one in found if one.spot.order.id not in touched]
    changed.sort(key=lambda pair: pair[0].spot.order.placed_at, reverse=True)
    return [change for _, change in changed if change]


def confirm(ws: int, store_id: int, orders: Collection[int], actor: str) -> int:
    """Push these orders again, as far as it still changes something; returns how many orders were pushed."""
    wanted = {one.order_id for one in list_changes(ws, store_id)} & set(orders)
    for order_id in sorted(wanted):
        pushes.push_old_order(ws, order_id, actor)
    return len(wanted)


def _candidates(ws: int, store_id: int) -> set[int]:
    """Orders in which a parcel has another number than the one given: only there can rules choose differently."""
    given = Push.objects.filter(ws=ws, store_id=store_id, state="accepted").exclude(remote_id="")
    newest = dict(given.order_by("-changed_at").values_list("parcel_id", "order_id")[:MOST])
    several = ParcelNumber.objects.filter(ws=ws, parcel_id__in=newest, until=None).values("parcel_id")
    several = several.annotate(n=Count("number_id", distinct=True)).filter(n__gt=1)
    orders = {newest[row["parcel_id"]] for row in several}
    return set(Order.objects.filter(ws=ws, id__in=orders, cancelled_at=None).values_list("id", flat=True))


def _change(one: Considered, rules: Policy) -> Changed | None:
    push = push_again(rules, one.case, clock.now())
    if push is None or one.spot.given is None:
        return None
    return Changed(
        order_id=one.spot.order.id,
        order=one.spot.order.number,
        parcel_id=one.spot.parcel.id,
        old=one.spot.given.remote_number,
        new=one.numbers[push.number].text,
        reason=push.reason,
    )
