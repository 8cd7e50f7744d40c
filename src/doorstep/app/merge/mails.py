"""Mails: what goes on by itself, and what waits for a person."""

from dataclasses import asdict
from typing import Any

from doorstep.app.merge.claims import Scope, Word, claim
from doorstep.app.merge.purchases import find_order
from doorstep.app.merge.source import Source, Touched, order_ref, wait_for
from doorstep.core.mailmatch import NeedsLook, TakeOn, judge, proof_of
from doorstep.core.order import Mail
from doorstep.db.models import Order, Purchase, PurchaseLine


def merge_mail(source: Source, said: Mail, touched: Touched) -> dict[str, Any] | None:
    """Bring what a mail says into the ledger; returns why a person must look, or None."""
    known = {ref: orders_named(source.ws, ref) for ref in said.orders}
    verdict = judge(said, proof_of(source.context), known, chosen=source.context.get("order_id", ""))
    if isinstance(verdict, NeedsLook):
        for ref in verdict.refs:
            wait_for(source, f"order:{order_ref(ref)}")
        return asdict(verdict.reason)
    if isinstance(verdict, TakeOn):
        scope = Scope(order_id=int(verdict.order))
        for number in verdict.numbers:
            claim(source, scope, Word(said=number, at=source.received_at), touched)
        touched.orders.add(scope.order_id)
    return None


def orders_named(ws: int, ref: str) -> set[str]:
    """Ids of the open orders that a mail's ref names: an order's own number or id, or a purchase's at the supplier."""
    purchases = Purchase.objects.filter(ws=ws, external_id__in={ref, order_ref(ref)}).values("id")
    ids = set(PurchaseLine.objects.filter(ws=ws, purchase_id__in=purchases).values_list("order_id", flat=True)) - {0}
    order = find_order(ws, ref)
    found = Order.objects.filter(ws=ws, id__in=ids | ({order.id} if order else set()), cancelled_at=None)
    return {str(one) for one in found.values_list("id", flat=True)}
