"""Purchases that name no order of a shop, and a person's word on whose they are."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from doorstep.app.audit import record
from doorstep.app.receive import manual
from doorstep.core.order import PurchaseState
from doorstep.db.models import Claim, Connection, Number, Order, Purchase, PurchaseLine

MOST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """A purchase of which a line is of no order. ``numbers``: what its supplier gave for it."""

    purchase: Purchase
    supplier: str
    lines: tuple[PurchaseLine, ...]
    numbers: tuple[str, ...]


def unmatched(ws: int) -> list[Unmatched]:
    """The newest of them, without cancelled ones."""
    free = PurchaseLine.objects.filter(ws=ws, order_id=0)
    live = Purchase.objects.filter(ws=ws, id__in=free.values("purchase_id")).exclude(state=PurchaseState.CANCELLED)
    purchases = list(live.order_by("-id")[:MOST])
    if not purchases:
        return []
    ids = [one.id for one in purchases]
    lines, numbers = defaultdict(list), defaultdict(list)
    for line in free.filter(purchase_id__in=ids).order_by("id"):
        lines[line.purchase_id].append(line)
    claims = list(Claim.objects.filter(ws=ws, purchase_id__in=ids, gone=False).order_by("id"))
    texts = Number.objects.filter(ws=ws).in_bulk([one.number_id for one in claims])
    for claim in claims:
        numbers[claim.purchase_id].append(texts[claim.number_id].text)
    names = dict(Connection.objects.filter(ws=ws, kind="supplier").values_list("id", "label"))
    return [
        Unmatched(
            purchase=one,
            supplier=names.get(one.supplier_id, ""),
            lines=tuple(lines[one.id]),
            numbers=tuple(numbers[one.id]),
        )
        for one in purchases
    ]


def match(ws: int, purchase_id: int, order_id: int, actor: str) -> None:
    """This purchase is for that order. Raises Purchase.DoesNotExist and Order.DoesNotExist."""
    purchase, order = Purchase.objects.get(ws=ws, id=purchase_id), Order.objects.get(ws=ws, id=order_id)
    record(ws, actor, "purchase.match", f"order:{order_id}", after={"purchase": purchase_id})
    manual.say_match(purchase, order, actor)


def has(ws: int, order_id: int) -> bool:
    """Whether this workspace has that order."""
    return Order.objects.filter(ws=ws, id=order_id).exists()


def part(ws: int, purchase_id: int, actor: str) -> None:
    """This purchase is not for the order that a person gave it to. Raises Purchase.DoesNotExist."""
    purchase = Purchase.objects.get(ws=ws, id=purchase_id)
    record(ws, actor, "purchase.part", f"order:{purchase.matched_order_id}", after={"purchase": purchase_id})
    manual.say_match(purchase, None, actor)
