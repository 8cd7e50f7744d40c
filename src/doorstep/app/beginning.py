"""When a parcel began: what its numbers did long before is another parcel's."""

from collections.abc import Iterable
from datetime import datetime

from doorstep.db.models import Number, Order, Purchase


def begun(purchase: Purchase | None, orders: Iterable[Order], numbers: Iterable[Number]) -> datetime | None:
    """When a parcel was bought at the earliest; None = nobody says."""
    times = [order.placed_at for order in orders]
    times += [one.not_before for one in numbers if one.not_before]
    if purchase and (purchase.ordered_at or purchase.paid_at):
        times = [at for at in (purchase.ordered_at, purchase.paid_at) if at]
    return min(times, default=None)
