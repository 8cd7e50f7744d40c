"""What follows from the ledger: parcels, statuses, order states, pushes, what to watch. Computed anew from what is
stored whenever something was touched, under row locks taken in one order (orders by id, then parcels by id).
"""

from doorstep.app.changes import Cause
from doorstep.app.merge.source import Touched
from doorstep.app.settle.cluster import gather
from doorstep.app.settle.mails import intend_mails
from doorstep.app.settle.parcels import arrange
from doorstep.app.settle.pushes import decide_pushes
from doorstep.app.settle.states import renew
from doorstep.app.settle.watching import watch_numbers

__all__ = ["settle"]


def settle(cause: Cause, touched: Touched) -> None:
    """Bring everything that depends on what was touched up to date. Part of the caller's transaction."""
    cluster = gather(cause.ws, touched)
    if not cluster.orders:
        return
    arrange(cause, cluster)
    renew(cause, cluster)
    watch_numbers(cluster)
    decide_pushes(cause, cluster)
    intend_mails(cluster)
