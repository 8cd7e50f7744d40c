"""What people taught: how the mails of a sender name their numbers."""

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
