"""What is left for a person to do in a store, because its channel does not take it from us (S87). A number that cannot
be taken back by the API says so in its push; this adds what nothing else would ever tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from doorstep.app.ledger import told
from doorstep.app.order.order_view import Given
from doorstep.app.order.parcel_view import Seen
from doorstep.core.channel import ByHand, task
from doorstep.core.message import Message
from doorstep.core.status import Status
from doorstep.db.models import Connection, Order


def tasks(
    order: Order, store: Connection, parcels: Sequence[Seen], pushes: Mapping[int, Sequence[Given]]
) -> dict[int, Message]:
    """The exact words by parcel id: a delivery that the store was given the number of, and does not show."""
    said = task(told.there(store), ByHand.DELIVERED)
    if said is None:
        return {}
    given = {one.id: pushes[one.id][0] for one in parcels if one.status == Status.DELIVERED and pushes.get(one.id)}
    silent = {id_: one for id_, one in given.items() if one.state == "accepted" and one.shown != "delivered"}
    values = {"store": store.label, "order": order.number}
    return {id_: replace(said, values={**values, "number": one.number}) for id_, one in silent.items()}
