"""What people taught: how the mails of a sender name their numbers, and what a vendor's words mean."""

from typing import ClassVar

from django.db import models

from doorstep.db.ids import new_id


class TaughtRule(models.Model):
    """One rule for the mails of one sender, from a mark that a person made in a mail. Revoked rules stay for the
    trail and count no longer.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    domain = models.TextField()  # of the sender, as a proof must name it
    rule = models.JSONField()  # connectors.mail.taught.Rule
    inbox_id = models.BigIntegerField()  # the mail in which it was marked
    by = models.TextField()
    taught_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["ws", "domain"], name="taught_sender_ix", condition=models.Q(revoked_at=None))
        ]


class Meaning(models.Model):
    """What a person says that a word means which its connector does not know (``app.receive.words``). ``status`` and
    ``reason`` are of ``core.status``: unknown = it says nothing about where a parcel is; '' = taken back, and the row
    goes with the last look. ``after``: the parcels of numbers up to this id were looked at since; None = of all.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    connector = models.TextField()
    word = models.TextField()
    status = models.TextField()
    reason = models.TextField(default="")
    by = models.TextField()
    said_at = models.DateTimeField()
    after = models.BigIntegerField(null=True)
    total = models.IntegerField(default=0)  # numbers to look at
    looked = models.IntegerField(default=0)
    moved = models.IntegerField(default=0)  # parcels that have another status since

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "connector", "word"], name="meaning_uq")]
        indexes: ClassVar = [
            models.Index(fields=["id"], name="meaning_open_ix", condition=models.Q(after__isnull=False))
        ]
