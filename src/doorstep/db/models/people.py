"""What people asked for and answered."""

from typing import ClassVar

from django.db import models

from doorstep.db.ids import new_id


class Resync(models.Model):
    """Somebody asked for fresh data now; what came of it is computed (``app.resync.result``)."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    scope = models.TextField()  # parcel
    target_id = models.BigIntegerField()
    place = models.TextField()  # console | page
    actor = models.TextField()
    accepted_at = models.DateTimeField()
    status_before = models.TextField(default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ws", "scope", "target_id", "-id"], name="resync_target_ix")]


class Cooldown(models.Model):
    """When the next resync of a target is allowed; set by compare-and-set in the transaction that accepts one."""

    pk = models.CompositePrimaryKey("ws", "scope", "target_id")
    ws = models.BigIntegerField()
    scope = models.TextField()
    target_id = models.BigIntegerField()
    next_allowed_at = models.DateTimeField()


class Ack(models.Model):
    """A person's answer to a finding; findings themselves are computed."""

    ws = models.BigIntegerField()
    subject = models.TextField()
    subject_id = models.BigIntegerField()
    cause = models.TextField()
    evidence_hash = models.BinaryField()
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
