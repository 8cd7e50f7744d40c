"""Purchases as their supplier tells them, and to which orders they belong."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from doorstep.app.ledger.changes import Noted, note
from doorstep.app.ledger.waiting import release
from doorstep.app.merge.claims import Scope, Word, claim, mark_gone
from doorstep.app.merge.source import Age, Source, Touched, order_ref, wait_for
from doorstep.core.order import MatchedPurchase, PurchaseState, Role, SaidNumber
from doorstep.core.order import Purchase as SaidPurchase
from doorstep.core.order import PurchaseLine as SaidLine
from doorstep.core.parcels import PERSON
from doorstep.db import bulk
from doorstep.db.load import fetch, load
from doorstep.db.models import Claim, Line, Number, Order, Purchase, PurchaseLine

# What a snapshot says of a purchase and of a line, and what follows from it.
TAKEN: Final = (
    *("buy_account", "state", "method", "stock", "ordered_at", "paid_at", "ships_out_by", "protection_ends_at"),
    *("dispatched_at", "dispatch_evidence", "said_at", "heard_at", "said_hash"),
)
OF_LINE: Final = ("order_ref", "line_ref", "sku", "title", "qty", "said_at", "order_id", "line_id", "how")
LEFT: Final = frozenset({PurchaseState.DISPATCHED, PurchaseState.DELIVERED})


def merge_purchase(source: Source, said: SaidPurchase, touched: Touched) -> Purchase:
    """Bring one snapshot of a purchase into the ledger. Lines of orders that are not known yet wait for them."""
    age = Age.of(said, said.updated_at, source.received_at)
    known = fetch(
        Purchase, source.ws, "supplier_id = %s AND external_id = %s", source.connection.id, said.ref, lock=True
    )
    purchase = known[0] if known else Purchase(ws=source.ws, supplier_id=source.connection.id, external_id=said.ref)
    newest = not known or age.newer_than(purchase)
    if newest:
        _take_over(purchase, said, age)
    left = _merge_dispatch(purchase, said, age)
    if newest or left:
        bulk.keep(purchase, TAKEN, new=not known)
    if left:
        note(source, Noted("purchase", purchase.id, "purchase.dispatched", new=left.isoformat()))
    if not known:
        release(source.ws, f"purchase:{source.connection.id}:{said.ref}")
    rows = {row.external_id: row for row in load(PurchaseLine, source.ws, "purchase_id", [purchase.id])}
    for line in said.lines:
        _merge_line(source, purchase, rows.get(line.ref), line, age, touched, newest=newest)
    _merge_numbers(source, purchase, said, age, touched, newest=newest)
    touched.purchases.add(purchase.id)
    return purchase


def _merge_dispatch(purchase: Purchase, said: SaidPurchase, age: Age) -> datetime | None:
    """The earliest time at which any snapshot says it had left; one that only says "shipped" counts from itself.
    Returns it where it is new.
    """
    if said.state not in LEFT:
        return None
    at = said.dispatched_at or age.said_at
    if purchase.dispatched_at is not None and at >= purchase.dispatched_at:
        return None
    purchase.dispatched_at, purchase.dispatch_evidence = at, said.dispatch_evidence or said.state.value
    return at


def _take_over(purchase: Purchase, said: SaidPurchase, age: Age) -> None:
    purchase.buy_account, purchase.state = said.buy_account, said.state.value
    purchase.method, purchase.stock = said.method, said.stock.value
    purchase.ordered_at, purchase.paid_at = said.ordered_at, said.paid_at
    purchase.ships_out_by, purchase.protection_ends_at = said.ships_out_by, said.protection_ends_at
    age.put_on(purchase)


def _merge_line(
    source: Source,
    purchase: Purchase,
    known: PurchaseLine | None,
    said: SaidLine,
    age: Age,
    touched: Touched,
    *,
    newest: bool,
) -> None:
    if known and not newest and known.order_id:
        return
    row = known or PurchaseLine(ws=source.ws, purchase_id=purchase.id, external_id=said.ref, qty=said.qty)
    if newest or row.said_at is None:
        row.order_ref, row.line_ref, row.sku = said.order, said.line, said.sku
        row.title, row.qty, row.said_at = said.title, said.qty, age.said_at
    order = find_order(source.ws, row.order_ref)
    if order is None and row.order_ref:
        wait_for(source, f"order:{order_ref(row.order_ref)}")
    if order is None and purchase.matched_order_id:
        order = Order.objects.filter(ws=source.ws, id=purchase.matched_order_id).first()
    if order is not None:
        _give(row, order, touched)
    bulk.keep(row, OF_LINE, new=known is None)


def merge_match(source: Source, said: MatchedPurchase, touched: Touched) -> None:
    """A person's newest word on which order a purchase is for; lines that name an order themselves keep it."""
    mine = Purchase.objects.select_for_update().filter(ws=source.ws, supplier_id=int(said.supplier))
    purchase = mine.filter(external_id=said.purchase).first()
    meant = Order.objects.filter(ws=source.ws, store_id=int(said.store or 0), external_id=said.order).first()
    if purchase is None or (said.order and meant is None):
        named = f"order:{order_ref(said.order)}" if purchase else f"purchase:{said.supplier}:{said.purchase}"
        wait_for(source, named)
        return
    if purchase.matched_at and source.received_at < purchase.matched_at:
        return
    purchase.matched_order_id, purchase.matched_at = meant.id if meant else 0, source.received_at
    purchase.save(update_fields=["matched_order_id", "matched_at"])
    touched.purchases.add(purchase.id)
    before = set()
    for row in PurchaseLine.objects.filter(ws=source.ws, purchase_id=purchase.id):
        if find_order(source.ws, row.order_ref) is None:
            before |= {row.order_id} - {0}
            row.order_id, row.line_id, row.how = 0, 0, ""
            if meant:
                _give(row, meant, touched)
            row.save()
    if meant:
        release(source.ws, f"order:{order_ref(purchase.external_id)}")  # mails that name the supplier's order number
    _part(source, purchase, before, purchase.matched_order_id, touched)


def _part(source: Source, purchase: Purchase, before: set[int], now: int, touched: Touched) -> None:
    """The purchase's numbers are denied for the orders that it was for, as if a person took them back there; for the
    one that it is for now, they are not denied any more.
    """
    group = f"purchase:{purchase.id}"
    Claim.objects.filter(ws=source.ws, order_id=now, source=PERSON, group=group).delete()
    touched.orders |= before
    ids = list(Claim.objects.filter(ws=source.ws, purchase_id=purchase.id).values_list("number_id", "role"))
    texts = Number.objects.filter(ws=source.ws).in_bulk([number_id for number_id, _ in ids])
    for order_id in sorted(before - {now}):
        for number_id, role in ids:
            said = SaidNumber(text=texts[number_id].text, role=Role(role))
            scope = Scope(order_id=order_id, source=PERSON, group=group)
            made = claim(source, scope, Word(said=said, at=source.received_at), touched)
            if made:
                Claim.objects.filter(id=made[0].id).update(gone=True)


def _give(row: PurchaseLine, order: Order, touched: Touched) -> None:
    row.order_id = order.id
    row.line_id, row.how = _find_line(order, row)
    touched.orders.add(order.id)


def find_order(ws: int, ref: str) -> Order | None:
    """The one order that a supplier, a mail or a person means by ``ref``: the store's id, or its number. Two orders of
    that name are none: unknown stays unknown.
    """
    text = order_ref(ref)
    if not text:
        return None
    exact = fetch(Order, ws, "external_id IN (%s, %s) LIMIT 2", ref, text)
    named = exact or _of_number(ws, sorted(spellings(ref)))
    return named[0] if len(named) == 1 else None


def _of_number(ws: int, written: Sequence[str]) -> list[Order]:
    return fetch(Order, ws, f"number IN ({', '.join(['%s'] * len(written))}) LIMIT 2", *written)


def spellings(ref: str) -> Iterable[str]:
    """How shops and people write an order's number."""
    bare = ref.strip().lstrip("#").strip()
    return {f"{hash_}{form}" for hash_ in ("", "#") for form in (bare, bare.upper(), bare.lower())}


def _find_line(order: Order, row: PurchaseLine) -> tuple[int, str]:
    """(line id, how it was found); (0, '') when it cannot be told."""
    lines = [line for line in load(Line, order.ws, "order_id", [order.id]) if line.needs_shipping]
    for how, fits in (
        ("ref", [line for line in lines if row.line_ref and line.external_id == row.line_ref]),
        ("sku", [line for line in lines if row.sku and line.sku == row.sku]),
        ("only_line", lines),
    ):
        if len(fits) == 1:
            return fits[0].id, how
    return 0, ""


def _merge_numbers(
    source: Source, purchase: Purchase, said: SaidPurchase, age: Age, touched: Touched, *, newest: bool
) -> None:
    """The numbers a supplier gives; a newer one of the same role replaces the older, so none of those is gone."""
    roles = set()
    scope = Scope(purchase_id=purchase.id, group=said.ref)
    for number in said.numbers:
        if claim(source, scope, Word(said=number, at=age.said_at), touched):
            roles.add(number.role.value)
    if newest:
        theirs = fetch(Claim, source.ws, "purchase_id = %s AND source = %s", purchase.id, source.name)
        mark_gone(theirs, lambda row: row.role not in roles)
