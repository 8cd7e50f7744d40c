"""What a change is about now, and which stores it concerns."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from doorstep.app.records import connections, numbers, orders, parcels, purchases, pushes
from doorstep.app.webhooks.kinds import BY_LEDGER, Object
from doorstep.app.webhooks.shapes import News
from doorstep.db.models import Change, Connection, Endpoint, Order, ParcelLine, ParcelNumber, PurchaseLine, Push

_SHOWN: Final[Mapping[Object, Callable[[int, int], Any]]] = MappingProxyType(
    {
        "order": orders.order,
        "parcel": parcels.parcel,
        "number": numbers.number,
        "purchase": purchases.purchase,
        "push": pushes.push,
        "connection": connections.connection,
    }
)


def mark_of(change: Change) -> str:
    """The webhook-id of a change: from its content, so that it is the same on every repetition and for everybody."""
    return f"msg_{bytes(change.key).hex()}"


def news(change: Change) -> News | None:
    """The change and what it is about as it stands now; None when that is there no more."""
    kind = BY_LEDGER[change.kind]
    row = _push_of(change) if kind.object == "push" else change.subject_id
    about = _SHOWN[kind.object](change.ws, row) if row else None
    if about is None:
        return None
    return News(
        ws=change.ws,
        mark=mark_of(change),
        type=kind.type,
        at=change.known_at,
        old=change.old if kind.old else None,
        new=change.new if kind.new else None,
        object=kind.object,
        subject_id=row,
        about=about,
    )


def concerns(endpoint: Endpoint, change: Change) -> bool:
    """Whether a change is about one of the stores that an endpoint chose."""
    return not endpoint.store_ids or bool(stores_of(change) & {int(one) for one in endpoint.store_ids})


def stores_of(change: Change) -> set[int]:
    """The stores whose orders a change is about; of a connection, itself."""
    ws, row = change.ws, change.subject_id
    if change.subject == "connection":
        return set(Connection.objects.filter(ws=ws, id=row).values_list("id", flat=True))
    if change.subject == "order":
        ordered = {row}
    elif change.subject == "purchase":
        ordered = set(PurchaseLine.objects.filter(ws=ws, purchase_id=row).values_list("order_id", flat=True))
    else:
        held = ParcelNumber.objects.filter(ws=ws, number_id=row).values_list("parcel_id", flat=True)
        inside = [row] if change.subject == "parcel" else set(held)
        ordered = set(ParcelLine.objects.filter(ws=ws, parcel_id__in=inside).values_list("order_id", flat=True))
    return set(Order.objects.filter(ws=ws, id__in=ordered).values_list("store_id", flat=True))


def _push_of(change: Change) -> int:
    """The newest push of the order with this number; 0 = it is there no more."""
    said = str(change.new or "")
    of_order = Push.objects.filter(ws=change.ws, order_id=change.subject_id, number_id=int(said or 0))
    return of_order.order_by("-version", "-id").values_list("id", flat=True).first() or 0
