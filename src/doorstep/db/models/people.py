"""What people asked for and answered."""

from typing import ClassVar

from django.db import models

from doorstep.db.ids import new_id


class Resync(models.Model):
    """Somebody asked for fresh data now. Of a parcel, what came of it is computed (``app.track.resync``). Of a store it
    is a job (``app.track.resync_store``) that goes on until ``ended_at`` and then keeps what came of it in ``said``, a
    ``core.resync.Tally`` as JSON.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    scope = models.TextField()  # parcel | store
    target_id = models.BigIntegerField()
    place = models.TextField()  # console | page | api
    actor = models.TextField()
    accepted_at = models.DateTimeField()
    status_before = models.TextField(default="")  # of a parcel
    chosen = models.TextField(default="")  # of a store: core.resync.Range
    total = models.IntegerField(default=0)  # parcels to ask about
    skipped = models.JSONField(default=dict)  # core.resync.Skip -> parcels
    asked_all_at = models.DateTimeField(null=True)  # the last answer came; it may wait to be understood
    ended_at = models.DateTimeField(null=True)
    said = models.JSONField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["ws", "scope", "target_id", "-id"], name="resync_target_ix"),
            models.Index(fields=["ws", "-id"], name="resync_id_ix"),
            models.Index(
                fields=["accepted_at"],
                name="resync_running_ix",
                condition=models.Q(scope="store", ended_at=None),
            ),
        ]


class ResyncParcel(models.Model):
    """A parcel that a store's resync still has to ask about, or has asked about; gone when the resync has ended.

    ``state``: waiting | asked | answered | unanswered.
    """

    pk = models.CompositePrimaryKey("ws", "resync_id", "parcel_id")
    ws = models.BigIntegerField()
    resync_id = models.BigIntegerField()
    parcel_id = models.BigIntegerField()
    state = models.TextField(default="waiting")
    status_before = models.TextField()
    asked_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ws", "resync_id", "state"], name="resync_parcel_ix")]


class Cooldown(models.Model):
    """When the next resync of a target is allowed; set by compare-and-set in the transaction that accepts one."""

    pk = models.CompositePrimaryKey("ws", "scope", "target_id")
    ws = models.BigIntegerField()
    scope = models.TextField()
    target_id = models.BigIntegerField()
    next_allowed_at = models.DateTimeField()


class Ack(models.Model):
    """A person's answer to a finding; findings themselves are computed. It holds for exactly this evidence: what is
    new is told again. ``answer``: told | later | fine (``app.order.acks``); ``until``: when the finding comes back.
    """

    ws = models.BigIntegerField()
    subject = models.TextField()
    subject_id = models.BigIntegerField()
    cause = models.TextField()
    evidence_hash = models.BinaryField()
    answer = models.TextField(default="fine")
    until = models.DateTimeField(null=True)
    by = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "subject", "subject_id", "cause", "evidence_hash"], name="ack_uq")
        ]


class Audit(models.Model):
    """What a person did in a workspace. Rows of one workspace form a hash chain (``app.audit``)."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    actor = models.TextField()
    verb = models.TextField()
    subject = models.TextField()
    before_hash = models.BinaryField(default=b"")
    after_hash = models.BinaryField(default=b"")
    prev_hash = models.BinaryField(default=b"")
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ws", "-id"], name="audit_ix")]
