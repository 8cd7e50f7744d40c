"""Mails: what goes on by itself, and what waits for a person."""

from dataclasses import asdict
from typing import Any

from doorstep.app.ledger.senders import as_taught
from doorstep.app.merge.at_home import is_home, take_in
from doorstep.app.merge.claims import Scope, Word, claim
from doorstep.app.merge.purchases import find_order
from doorstep.app.merge.source import Source, Touched, order_ref, wait_for
from doorstep.core.mailmatch import Dispatched, NeedsLook, Nothing, TakeOn, judge, proof_of
from doorstep.core.number import normalize
from doorstep.core.order import Mail
from doorstep.db.models import Inbox, Number, Order, ParcelNumber, Purchase, PurchaseLine


def merge_mail(source: Source, said: Mail, touched: Touched) -> dict[str, Any] | None:
    """Bring what a mail says into the ledger; returns why a person must look, or None."""
    proof = proof_of(source.context)
    said = as_taught(Inbox.objects.get(ws=source.ws, id=source.inbox_id), said, proof)
    known = {ref: orders_named(source.ws, ref) for ref in said.orders}
    norms = {number.text: normalize(number.text) for number in said.numbers}
    verdict = judge(
        said,
        proof,
        known,
        held=[text for text, norm in norms.items() if _on_parcel(source.ws, norm)],
        chosen=source.context.get("order_id", ""),
        dismissed="dismissed" in source.context,
    )
    if isinstance(verdict, NeedsLook | Nothing) and is_home(source.ws):
        return take_in(source, said, proof, verdict, touched)
    if isinstance(verdict, NeedsLook | Nothing):
        for ref in verdict.refs:
            wait_for(source, f"order:{order_ref(ref)}")
    if isinstance(verdict, NeedsLook):
        if verdict.dispatched:
            _dispatched(source, int(verdict.dispatched), touched)
        for norm in norms.values():
            wait_for(source, f"number:{norm}")
        return asdict(verdict.reason)
    if isinstance(verdict, TakeOn):
        scope = Scope(order_id=int(verdict.order))
        for number in verdict.numbers:
            claim(source, scope, Word(said=number, at=source.received_at), touched)
        touched.orders.add(scope.order_id)
    if isinstance(verdict, Dispatched):
        _dispatched(source, int(verdict.order), touched)
    return None


def _dispatched(source: Source, order_id: int, touched: Touched) -> None:
    """Remember the earliest mail that said so, whichever is read first."""
    order = Order.objects.select_for_update().get(ws=source.ws, id=order_id)
    if order.mail_dispatched_at is None or source.received_at < order.mail_dispatched_at:
        order.mail_dispatched_at = source.received_at
        order.save(update_fields=["mail_dispatched_at"])
        touched.orders.add(order_id)


def _on_parcel(ws: int, norm: str) -> bool:
    numbers = Number.objects.filter(ws=ws, norm=norm).values("id")
    return ParcelNumber.objects.filter(ws=ws, number_id__in=numbers).exists()


def orders_named(ws: int, ref: str) -> set[str]:
    """Ids of the open orders that a mail's ref names: an order's own number or id, or a purchase's at the supplier."""
    purchases = Purchase.objects.filter(ws=ws, external_id__in={ref, order_ref(ref)}).values("id")
    ids = set(PurchaseLine.objects.filter(ws=ws, purchase_id__in=purchases).values_list("order_id", flat=True)) - {0}
    order = find_order(ws, ref)
    found = Order.objects.filter(ws=ws, id__in=ids | ({order.id} if order else set()), cancelled_at=None)
    return {str(one) for one in found.values_list("id", flat=True)}
