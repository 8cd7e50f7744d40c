"""When a parcel began: what its numbers did long before is another parcel's."""

import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from doorstep.db.models import Number, Order, Purchase

# An order that somebody wrote down to follow a number: its date is when it was written, and the parcel may have been on
# its way for long. Carriers give a number to another parcel after half a year at the earliest.
ON_ITS_WAY: Final = timedelta(days=120)
_WRITTEN: Final = re.compile(r"H-[0-9A-F]{8,12}")


def new_ref() -> str:
    """What an order that somebody writes down is called where they give it no name."""
    return f"H-{secrets.token_hex(6).upper()}"


def begun(purchase: Purchase | None, orders: Iterable[Order], numbers: Iterable[Number]) -> datetime | None:
    """When a parcel was bought at the earliest; None = nobody says."""
    times = [_placed(order) for order in orders]
    times += [one.not_before for one in numbers if one.not_before]
    if purchase and (purchase.ordered_at or purchase.paid_at):
        times = [at for at in (purchase.ordered_at, purchase.paid_at) if at]
    return min(times, default=None)


def _placed(order: Order) -> datetime:
    return order.placed_at - ON_ITS_WAY if _WRITTEN.fullmatch(order.external_id) else order.placed_at
