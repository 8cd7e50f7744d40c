"""What an endpoint can be told: the types of events, made from the kinds of changes in the ledger.

Findings are no events: they are computed when somebody asks, and time alone makes them, so there is no instant at which
one begins. ``push.sending`` is none either: it lasts for a second, and what came of it follows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Object = Literal["order", "parcel", "number", "purchase", "push", "connection", "endpoint"]
TEST: Final = "endpoint.test"  # sent when somebody asks for it; no change stands behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A type of event. ``object`` names what is told with it, as the API shows it. ``ledger``: the kind of the change.
    ``old`` and ``new``: what these two words of a change are, '' = always null.
    """

    type: str
    object: Object
    ledger: str
    old: str = ""
    new: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether ``new`` is the status of a parcel, by which an endpoint may choose."""
        return self.new == "status"


KINDS: Final = (
    Kind(type="order.placed", object="order", ledger="order.placed", new="order_number"),
    Kind(type="order.paid", object="order", ledger="order.paid", new="instant"),
    Kind(type="order.cancelled", object="order", ledger="order.cancelled", new="instant"),
    Kind(type="order.state", object="order", ledger="order.state", old="state", new="state"),
    Kind(type="order.told", object="order", ledger="told", new="status_told"),
    Kind(type="parcel.found", object="parcel", ledger="parcel.found", new="number"),
    Kind(type="parcel.number", object="parcel", ledger="parcel.number", new="number"),
    Kind(type="parcel.number_replaced", object="parcel", ledger="parcel.number_replaced", old="number", new="number"),
    Kind(type="parcel.status", object="parcel", ledger="parcel.status", old="status", new="status"),
    Kind(type="parcel.scan", object="parcel", ledger="parcel.scan", old="status", new="status"),
    Kind(type="parcel.mark", object="parcel", ledger="parcel.mark", old="mark", new="mark"),
    Kind(type="parcel.unmark", object="parcel", ledger="parcel.unmark", old="mark"),
    Kind(type="number.carrier", object="number", ledger="number.carrier", old="carrier", new="carrier"),
    Kind(type="number.last_mile", object="number", ledger="number.last_mile", new="number"),
    Kind(type="purchase.dispatched", object="purchase", ledger="purchase.dispatched", new="instant"),
    Kind(type="push.held", object="push", ledger="push.held", new="number_id"),
    Kind(type="push.due", object="push", ledger="push.due", new="number_id"),
    Kind(type="push.accepted", object="push", ledger="push.accepted", new="number_id"),
    Kind(type="push.refused", object="push", ledger="push.refused", new="number_id"),
    Kind(type="push.unsure", object="push", ledger="push.unsure", new="number_id"),
    Kind(type="push.superseded", object="push", ledger="push.superseded", new="number_id"),
    Kind(type="push.withdrawn", object="push", ledger="push.withdrawn", new="number_id"),
    Kind(type="push.dropped", object="order", ledger="push.dropped", new="reason"),
    Kind(type="connection.denied", object="connection", ledger="connection.denied"),
)
TYPES: Final[Mapping[str, Kind]] = MappingProxyType({one.type: one for one in KINDS})
BY_LEDGER: Final[Mapping[str, Kind]] = MappingProxyType({one.ledger: one for one in KINDS})
