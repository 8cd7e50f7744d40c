"""News of a store's orders, on their way to the households that accepted the store. Settling says only that there is
news; who sees the order through a grant, and wants to be told, is found out here, and kept in the households alone.
"""

from typing import Final

from django.db import transaction

from doorstep.app import clock, loop, outbox
from doorstep.app.household import grants, household_letters, household_news
from doorstep.app.loop import in_db
from doorstep.app.outbox import Leased
from doorstep.db.models import Order, Outbox

LANE: Final = "granted"


async def carry_out(leased: Leased) -> None:
    """Carry out one intent of the lane."""
    await in_db(spread, leased)


def spread(leased: Leased) -> None:
    """One intent in each household, per person and way (``app.household.household_letters``). Nobody is told what was
    known before they accepted the store, or asked for news.
    """
    row = leased.row
    order = Order.objects.filter(ws=row.ws, id=row.target_id, cancelled_at=None).first()
    parcel_id, _, status = row.intent_key.partition(":")
    told = [
        Outbox(
            ws=grant.ws,
            lane=household_letters.LANE,
            target_id=row.target_id,
            payload_ref=row.payload_ref,
            intent_key=f"{parcel_id}@{grant.id}:{status}:{way}:{to.user_id}",
            due_at=clock.now(),
        )
        for grant in (grants.of_order(order) if order else ())
        for to in household_news.wanting(grant.ws)
        if status in to.what and max(to.since, grant.granted_at) <= row.due_at
        for way in to.ways
    ]
    with transaction.atomic():
        if outbox.done(leased):
            Outbox.objects.bulk_create(told, ignore_conflicts=True)
    loop.wake("outbox")
