"""What follows from the ledger: parcels, statuses, order states, pushes, what to watch. Computed anew from what is
stored whenever something was touched, under row locks taken in one order (orders by id, then parcels by id).
"""

from collections.abc import Mapping, Sequence

from doorstep.app.ledger.changes import Cause
from doorstep.app.merge.source import Touched
from doorstep.app.settle.cluster import Cluster, gather
from doorstep.app.settle.mails import intend_at_home, intend_for_grants, intend_mails
from doorstep.app.settle.parcels import arrange
from doorstep.app.settle.payments import intend_payments
from doorstep.app.settle.pushes import decide_pushes
from doorstep.app.settle.scans import settle_scans
from doorstep.app.settle.states import renew
from doorstep.app.settle.tells import intend_tells
from doorstep.app.settle.watching import watch_numbers
from doorstep.db.tabs import sort_in

__all__ = ["settle", "settle_all", "settle_quietly"]


def settle(cause: Cause, touched: Touched) -> None:
    """Bring everything that depends on what was touched up to date. Part of the caller's transaction."""
    settle_all([(cause, touched)])


def settle_quietly(cause: Cause, touched: Touched) -> None:
    """The same for what a second reading of old answers found out: nothing is pushed, and nobody is ever mailed it."""
    settle_all([(cause, touched)], quiet=True)


def settle_all(told: Sequence[tuple[Cause, Touched]], *, quiet: bool = False) -> None:
    """The same for what several causes touched in one workspace, the oldest first: one reading and one writing."""
    every = Touched()
    for _, touched in told:
        every.add(touched)
    scanned = {number: news for number, news in every.scans.items() if number not in every.numbers}
    every.numbers |= scanned.keys() if quiet else settle_scans(told, scanned, every.heard)
    if not (every.orders or every.purchases or every.numbers):
        return
    clusters, last = gather(told[0][0].ws, every), _last(told)
    for cluster in clusters:
        cause = _cause(cluster, told, last)
        arrange(cause, cluster)
        renew(cause, cluster)
        watch_numbers(cluster)
        if not quiet:
            decide_pushes(cause, cluster)
            intend_payments(cluster)
        intend_mails(cluster, quiet=quiet)
        intend_at_home(cluster, quiet=quiet)
        intend_for_grants(cluster, quiet=quiet)
        intend_tells(cluster, quiet=quiet)
    for cluster in clusters[:1]:  # they share one
        cluster.sheet.write()
    sort_in(told[0][0].ws, {order for cluster in clusters for order in cluster.orders})


def _last(told: Sequence[tuple[Cause, Touched]]) -> dict[tuple[str, int], int]:
    """Which cause was the last to touch a row, by the row's kind and id."""
    last: dict[tuple[str, int], int] = {}
    for place, (_, touched) in enumerate(told):
        last |= dict.fromkeys((("order", one) for one in touched.orders), place)
        last |= dict.fromkeys((("purchase", one) for one in touched.purchases), place)
        last |= dict.fromkeys((("number", one) for one in (*touched.numbers, *touched.scans)), place)
    return last


def _cause(cluster: Cluster, told: Sequence[tuple[Cause, Touched]], last: Mapping[tuple[str, int], int]) -> Cause:
    """The newest that touched anything of the cluster."""
    mine = (
        *(("order", one) for one in cluster.orders),
        *(("purchase", one) for one in cluster.purchases),
        *(("number", one) for one in cluster.numbers),
    )
    return told[max((last[one] for one in mine if one in last), default=-1)][0]
