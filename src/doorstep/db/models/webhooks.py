"""Webhooks out: addresses that are told what changes, what each is still to be told, and what came of it."""

from typing import ClassVar

from django.db import models

from doorstep.db.ids import new_id


class Endpoint(models.Model):
    """An address that a workspace's own programs listen at. ``types``, ``store_ids`` and ``statuses`` narrow what it is
    told; empty = everything. ``shape`` names how (``app.webhooks.shapes``).

    ``state``: active | paused (by a person) | off (failed for too long, or it said it is gone). ``state_reason`` is a
    Message as JSON. ``secrets_enc`` is opened by ``app.vault`` only: ``now`` and, until ``former_until``, ``former``.
    ``reread_from``: the ledger from this instant on is to be gone through at ``reread_at``, up to the change
    ``reread_until``; ``reread_after`` is the last one that was looked at, ``reread_all``: what was told is told again.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    url = models.TextField()
    label = models.TextField(default="")
    shape = models.TextField(default="doorstep")
    types = models.JSONField(default=list)
    store_ids = models.JSONField(default=list)
    statuses = models.JSONField(default=list)
    secrets_enc = models.BinaryField(default=b"")
    former_until = models.DateTimeField(null=True)
    state = models.TextField(default="active")
    state_reason = models.JSONField(null=True)
    state_since = models.DateTimeField()
    made_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True)  # nothing was taken since then, though something was sent
    next_at = models.DateTimeField()  # its next turn is not before
    reread_from = models.DateTimeField(null=True)
    reread_at = models.DateTimeField(null=True)
    reread_after = models.BigIntegerField(default=0)
    reread_until = models.BigIntegerField(default=0)
    reread_all = models.BooleanField(default=False)
    lease_token = models.BigIntegerField(default=0)
    lease_until = models.FloatField(default=0)  # machine seconds

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["ws", "id"], name="endpoint_ws_ix"),
            models.Index(fields=["next_at"], name="endpoint_next_ix", condition=models.Q(state="active")),
        ]


class Sending(models.Model):
    """A change that an endpoint is to be told, committed together with the change. ``subject`` names what it is about
    (``parcel:1``): what concerns one thing is told in the order in which it happened. ``state``: due | done | failed
    (tried as often as is promised; a replay sends it again).
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    endpoint_id = models.BigIntegerField()
    change_id = models.BigIntegerField()
    subject = models.TextField()
    state = models.TextField(default="due")
    due_at = models.DateTimeField()
    tries = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "endpoint_id", "change_id"], name="sending_uq"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["endpoint_id", "due_at"], name="sending_due_ix", condition=models.Q(state="due")),
            models.Index(
                fields=["endpoint_id", "subject", "change_id"],
                name="sending_order_ix",
                condition=models.Q(state="due"),
            ),
        ]


class SendingTry(models.Model):
    """One request to an endpoint, kept for ``app.webhooks.history.KEPT``. ``mark`` is its webhook-id, ``number`` counts
    the tries of it, ``status`` 0 = no answer. ``said``: how the answer began, without secrets. ``trouble``: a Message
    as JSON, where there was no answer. ``sending_id`` 0 = a test.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    endpoint_id = models.BigIntegerField()
    sending_id = models.BigIntegerField(default=0)
    mark = models.TextField()
    type = models.TextField()
    subject = models.TextField(default="")
    at = models.DateTimeField()
    number = models.IntegerField(default=1)
    status = models.IntegerField(default=0)
    ms = models.IntegerField(default=0)
    said = models.TextField(default="")
    trouble = models.JSONField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ws", "endpoint_id", "-id"], name="sending_try_ix")]
