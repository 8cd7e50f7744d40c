"""A carrier account whose vendor could tell news by itself, and does not: kept while it lasts, and told once. Its
numbers are asked about meanwhile, so nothing is lost.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.conf import settings
from django.db import transaction

from doorstep.app import clock, loop
from doorstep.connectors.values import Followed
from doorstep.db.models import Connection, Outbox, Schedule, Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Of the numbers under way: how many the vendor tells of by itself until further notice, and how many there are."""

    numbers: int
    of: int


def heed(connection: Connection, followed: Sequence[Followed]) -> None:
    """What came of asking the vendor to follow numbers. Whoever is told of refused credentials is mailed when it begins
    to refuse, and not again before it has followed one meanwhile.
    """
    reason = next((one.untold for one in followed if one.untold), None)
    mine = Connection.objects.filter(ws=connection.ws, id=connection.id)
    if reason is None:
        if connection.untold and any(one.remote == "registered" for one in followed):
            mine.update(untold=None)
            connection.untold = None
        return
    with transaction.atomic():
        if mine.filter(untold__isnull=True).update(untold=asdict(reason)) and settings.EMAIL_HOST:
            _mail(connection)
    connection.untold = asdict(reason)


def told(ws: int, connection_id: int) -> Told | None:
    """None where the vendor does not tell by itself, or never ends doing so."""
    places = Schedule.objects.filter(ws=ws, connection_id=connection_id).values("number_id")
    watches = Watch.objects.filter(ws=ws, connection_id=connection_id, number_id__in=places, elsewhere=False)
    numbers = watches.filter(remote="registered", follow_at__isnull=False).count()
    return Told(numbers=numbers, of=watches.count()) if watches.filter(follow_at__isnull=False).exists() else None


def _mail(connection: Connection) -> None:
    now, ws, target = clock.now(), connection.ws, connection.id
    key = f"untold:{now.isoformat()}"
    Outbox.objects.create(ws=ws, lane="notice", target_id=target, payload_ref=target, intent_key=key, due_at=now)
    transaction.on_commit(lambda: loop.wake("outbox"))
