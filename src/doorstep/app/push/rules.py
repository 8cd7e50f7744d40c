"""Changing a store's rules: a new version each time; the newest counts for what has not been given to the store yet."""

from django.db import transaction

from doorstep.app import clock
from doorstep.app.audit import record
from doorstep.app.ledger.changes import By
from doorstep.app.ledger.policies import current
from doorstep.app.merge.source import Touched
from doorstep.app.settle import settle
from doorstep.core.policy import Policy
from doorstep.db.models import Connection, Push, StorePolicy


def save(ws: int, store_id: int, policy: Policy, actor: str) -> int:
    """A new version, if anything differs. What is held now is decided again; what a store has already stays (S60)."""
    with transaction.atomic():
        Connection.objects.select_for_update().get(ws=ws, id=store_id)  # one version after the other
        before, version = current(ws, store_id)
        if before == policy and version:
            return version
        StorePolicy.objects.create(
            ws=ws,
            store_id=store_id,
            version=version + 1,
            when=policy.when.value,
            which=policy.which.value,
            delay_h=policy.delay_h,
            max_hold_h=policy.max_hold_h,
            first_scan_hold=policy.first_scan_hold,
            mail_by=policy.mail_by.value,
            tell=policy.tell.value,
            since=clock.now(),
        )
        record(ws, actor, "policy.save", f"store:{store_id}", {"policy": repr(before)}, {"policy": repr(policy)})
        waiting = Push.objects.filter(ws=ws, store_id=store_id, state__in=["held", "due"])
        orders = set(waiting.values_list("order_id", flat=True))
        settle(By(ws, actor), Touched(orders=orders))
    return version + 1
