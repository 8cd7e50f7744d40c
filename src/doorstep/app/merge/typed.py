"""What a person typed on an order."""

from doorstep.app.merge.claims import Scope, Word, claim
from doorstep.app.merge.source import Source, Touched
from doorstep.core.order import TypedNumber
from doorstep.core.parcels import PERSON
from doorstep.db.models import Claim, Order


def merge_typed(source: Source, said: TypedNumber, touched: Touched) -> None:
    """A person's number for one order (``context["order_id"]``), or one taken back."""
    order = Order.objects.filter(ws=source.ws, id=int(source.context["order_id"])).first()
    if order is None:
        return
    contents = tuple((one.line, one.qty) for one in said.contents)
    word = Word(said=said.number, at=source.received_at, contents=contents)
    made = claim(source, Scope(order_id=order.id, source=PERSON), word, touched)
    if made and made[0].last_said == source.received_at:
        Claim.objects.filter(id=made[0].id).update(gone=said.removed)
    touched.orders.add(order.id)
