"""In which hours an order's page was opened. Nothing is kept of who did: whoever has the address can open it, a mail
scanner as well, and so the page says no more than that. Kept because a dispute asks whether the buyer could see where
the parcel was.
"""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from django.db import OperationalError

from doorstep.app import clock
from doorstep.app.log import logger
from doorstep.db.models import View

log = logger(__name__)
KEPT: Final = timedelta(days=540)  # the longest time that card schemes leave for a dispute
LOOK_S: Final = 86_400.0  # real seconds between two rounds
_REMEMBERED: Final = 20_000  # orders, each with the hour that is written down
_hours: OrderedDict[tuple[int, int], datetime] = OrderedDict()
_guard = threading.Lock()


def note(ws: int, order_id: int) -> None:
    """The page is opened now. An hour is written once; a second look in it costs nothing."""
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    with _guard:
        if _hours.get((ws, order_id)) == hour:
            return
        _hours[ws, order_id] = hour
        while len(_hours) > _REMEMBERED:
            _hours.popitem(last=False)
    try:
        View.objects.bulk_create([View(ws=ws, order_id=order_id, at=hour)], ignore_conflicts=True)
    except OperationalError:  # the page matters more; the next look writes it down
        log.warning("views.not_written", order_id=order_id)
        with _guard:
            _hours.pop((ws, order_id), None)


def of_order(ws: int, order_id: int) -> list[datetime]:
    """The hours, the first one first."""
    return list(View.objects.filter(ws=ws, order_id=order_id).order_by("at").values_list("at", flat=True))


def forget() -> bool:
    """Drop what is older than ``KEPT``, of all workspaces; False: there is nothing more to do until ``LOOK_S`` have
    passed.
    """
    View.objects.filter(at__lt=clock.now() - KEPT).delete()
    return False
