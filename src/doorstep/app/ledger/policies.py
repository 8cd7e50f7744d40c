"""The rules that a store has now."""

from datetime import datetime

from doorstep.core.policy import MailBy, Policy, Tell, When, Which
from doorstep.db.models import StorePolicy


def current(ws: int, store_id: int) -> tuple[Policy, int]:
    """The store's policy and its version; a store without one has the defaults, version 0."""
    row = StorePolicy.objects.filter(ws=ws, store_id=store_id).order_by("-version").first()
    if row is None:
        return Policy(), 0
    policy = Policy(
        when=When(row.when),
        which=Which(row.which),
        delay_h=row.delay_h,
        max_hold_h=row.max_hold_h,
        first_scan_hold=row.first_scan_hold,
        mail_by=MailBy(row.mail_by),
        tell=Tell(row.tell),
    )
    return policy, row.version


def mailing_since(ws: int, store_id: int) -> datetime | None:
    """Since when Doorstep mails this store's shoppers without a break; None = it does not. What was known before, the
    store may have told them already.
    """
    since = None
    versions = StorePolicy.objects.filter(ws=ws, store_id=store_id).order_by("-version")
    for mail_by, at in versions.values_list("mail_by", "since"):
        if mail_by != MailBy.DOORSTEP.value:
            break
        since = at
    return since


def telling_since(ws: int, store_id: int) -> tuple[datetime | None, datetime | None]:
    """Since when the store is told where its parcels are, and that they were delivered, each without a break; None = it
    is not. What was known before is not told.
    """
    moves = delivered = None
    always = True
    versions = StorePolicy.objects.filter(ws=ws, store_id=store_id).order_by("-version")
    for tell, at in versions.values_list("tell", "since"):
        if tell == Tell.NOTHING.value:
            break
        always = always and tell == Tell.DELIVERED.value
        moves, delivered = at, at if always else delivered
    return moves, delivered
