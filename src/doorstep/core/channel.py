"""What each selling channel accepts from us and shows to its shoppers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from doorstep.core.number import carrier
from doorstep.core.order import OrderState


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What a channel can do. All False: nothing is known of it, so nothing is promised.

    ``partial``: part of the lines in one shipment. ``edit``: the number of a shipment can be changed in place.
    ``delivered_write``: its API takes "delivered". ``may_mail``: writing to the buyer is allowed there.
    ``carrier_field``, ``url_field``: it keeps a carrier, a link. ``read_back``: it can be asked what it has.
    ``shows``: its own word for each of our order states, where it has one.
    """

    partial: bool = False
    edit: bool = False
    delivered_write: bool = False
    may_mail: bool = False
    carrier_field: bool = False
    url_field: bool = False
    read_back: bool = False
    shows: Mapping[OrderState, str] = field(default_factory=dict)


CAPABILITIES: Final[Mapping[str, Capability]] = MappingProxyType(
    {
        "woocommerce": Capability(
            partial=True,
            edit=True,
            may_mail=True,
            carrier_field=True,
            url_field=True,
            read_back=True,
            shows={
                OrderState.AWAITING_PAYMENT: "Pending payment",
                OrderState.PLACED: "Processing",
                OrderState.SHIPPED: "Completed",
                OrderState.CANCELLED: "Cancelled",
            },
        ),
        # The carrier is the free text "method" of a fulfillment, which no mutation changes afterwards.
        "vendure": Capability(
            partial=True,
            delivered_write=True,
            may_mail=True,
            carrier_field=True,
            read_back=True,
            shows={
                OrderState.AWAITING_PAYMENT: "ArrangingPayment",
                OrderState.PLACED: "PaymentSettled",
                OrderState.PARTLY_SHIPPED: "PartiallyShipped",
                OrderState.SHIPPED: "Shipped",
                OrderState.PARTLY_DELIVERED: "PartiallyDelivered",
                OrderState.DELIVERED: "Delivered",
                OrderState.CANCELLED: "Cancelled",
            },
        ),
    }
)
_UNKNOWN: Final = Capability()


def capability(channel: str) -> Capability:
    """What the channel of that connector name can do; of an unknown one nothing."""
    return CAPABILITIES.get(channel, _UNKNOWN)


def carrier_name(channel: str, code: str) -> str:
    """How to call the carrier of one of our codes there; '' where it is unknown or the channel keeps none. Never a
    guess, and never another carrier's name for what did not ship with it. KeyError if the code is none of ours.
    """
    return carrier(code).name if code and capability(channel).carrier_field else ""
