"""What a person typed on an order, and what its recipient says of a parcel."""

from doorstep.app.merge.claims import Scope, Word, claim, number_at
from doorstep.app.merge.source import Source, Touched, order_ref, wait_for
from doorstep.core.number import carrier_named, normalize
from doorstep.core.order import SaidMark, TypedNumber
from doorstep.core.parcels import PERSON
from doorstep.db.models import Claim, Order


def merge_typed(source: Source, said: TypedNumber, touched: Touched) -> None:
    """A person's number for one order, or one taken back."""
    order = _order_of(source, said)
    if order is None:
        return
    if said.carrier_only:
        _merge_carrier(source, said, touched)
        return
    contents = tuple((one.line, one.qty) for one in said.contents)
    word = Word(said=said.number, at=source.received_at, contents=contents)
    made = claim(source, Scope(order_id=order.id, source=PERSON), word, touched)
    if made and made[0].last_said == source.received_at:
        Claim.objects.filter(id=made[0].id).update(gone=said.removed)
    touched.orders.add(order.id)


def _order_of(source: Source, said: TypedNumber) -> Order | None:
    """The order of ``context["order_id"]``, or the one of ``context["store_id"]`` that is called so there. A file that
    nobody has confirmed names neither, and gives its numbers to nobody.
    """
    if "order_id" in source.context:
        return Order.objects.filter(ws=source.ws, id=int(source.context["order_id"])).first()
    if "store_id" not in source.context:
        return None
    store_id = int(source.context["store_id"])
    order = Order.objects.filter(ws=source.ws, store_id=store_id, external_id=said.order).first()
    if order is None:
        wait_for(source, f"order:{order_ref(said.order)}")
    return order


def _merge_carrier(source: Source, said: TypedNumber, touched: Touched) -> None:
    """Who carries a number, in a person's newest words. It gives the number to no order and ends no hold."""
    norm = normalize(said.number.text)
    number = number_at(source.ws, norm, source.received_at)
    if number is None:
        wait_for(source, f"number:{norm}")
        return
    if number.carrier_said_at is None or source.received_at >= number.carrier_said_at:
        number.carrier_said, number.carrier_said_at = carrier_named(said.number.carrier), source.received_at
        number.save(update_fields=["carrier_said", "carrier_said_at"])
    touched.numbers.add(number.id)


def merge_mark(source: Source, said: SaidMark, touched: Touched) -> None:
    """The recipient's newest word about the parcel of a number."""
    norm = normalize(said.number)
    number = number_at(source.ws, norm, source.received_at)
    if number is None:
        wait_for(source, f"number:{norm}")
        return
    if number.marked_at is None or source.received_at >= number.marked_at:
        number.mark, number.marked_at = said.mark, source.received_at
        number.save(update_fields=["mark", "marked_at"])
    touched.numbers.add(number.id)
