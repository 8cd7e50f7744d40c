"""What changed, and what was done about it."""

from typing import ClassVar

from django.db import models

from doorstep.db.ids import new_id


class Change(models.Model):
    """Something became different. ``key`` is a hash of the content, so a repetition is no second change."""

    pk = models.CompositePrimaryKey("ws", "id")
    ws = models.BigIntegerField()
    id = models.BigIntegerField(default=new_id)
    subject = models.TextField()  # order | parcel | number | store
    subject_id = models.BigIntegerField()
    key = models.BinaryField()
    kind = models.TextField()
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)
    cause = models.TextField(default="")  # inbox id, or what happened
    actor = models.TextField(default="")  # connection:<id> | user:<id> | shopper | clock
    known_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "subject", "subject_id", "key"], name="change_uq")
        ]


class Push(models.Model):
    """A number given (or to be given) to a store. ``state``: held | due | sending | unsure | accepted | refused |
    superseded | withdrawn. ``reason`` is a Message as JSON. ``version`` rises with every attempt that left the house.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    store_id = models.BigIntegerField()
    order_id = models.BigIntegerField()
    parcel_id = models.BigIntegerField()
    version = models.IntegerField()
    number_id = models.BigIntegerField()
    policy_version = models.IntegerField(default=0)
    state = models.TextField()
    reason = models.JSONField(null=True)
    hold_until = models.DateTimeField(null=True)
    remote_id = models.TextField(default="")
    remote_number = models.TextField(default="")  # what the store showed after it was accepted
    contents = models.JSONField(default=list)
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "store_id", "order_id", "parcel_id", "version"], name="push_uq")
        ]
        indexes: ClassVar = [
            models.Index(fields=["hold_until"], name="push_hold_ix", condition=models.Q(state="held")),
            models.Index(fields=["ws", "order_id"], name="push_order_ix"),
            models.Index(fields=["ws", "parcel_id"], name="push_parcel_ix"),
            models.Index(fields=["ws", "-id"], name="push_id_ix"),
        ]


class Sync(models.Model):
    """A number for a payment service. ``state``: due | synced | pending | no_transaction | invalid_number |
    unknown_carrier | refused, since ``changed_at``. ``said`` is the service's own text. ``again_at``: when it is told
    once more, of one that is still being looked at there; null = it is not.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    connection_id = models.BigIntegerField()
    order_id = models.BigIntegerField()
    parcel_id = models.BigIntegerField(default=0)
    number_id = models.BigIntegerField()
    state = models.TextField(default="due")
    said = models.TextField(default="")
    changed_at = models.DateTimeField()
    again_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "order_id", "connection_id", "number_id"], name="sync_uq")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["connection_id", "id"], name="sync_due_ix", condition=models.Q(state__in=["due", "pending"])
            )
        ]


class ChannelState(models.Model):
    """What the selling channel itself shows for a parcel; never mixed with our own status."""

    ws = models.BigIntegerField()
    order_id = models.BigIntegerField()
    parcel_id = models.BigIntegerField()
    shown = models.TextField()
    shown_by = models.TextField(default="channel")  # buyer | person | channel | doorstep
    seen_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "order_id", "parcel_id"], name="channel_uq")]


class Outbox(models.Model):
    """Something to do outside, committed together with its cause. Hot. ``lease_until`` is machine seconds (time.time).

    ``state``: due | sending | unsure | done | dead | left (dead, and a person has seen it). ``target_id``: push,
    payment lane = connection; mail, tell and home lane = order; notice and web_push lane = order, connection or member.
    """

    pk = models.CompositePrimaryKey("ws", "id")
    ws = models.BigIntegerField()
    id = models.BigIntegerField(default=new_id)
    lane = models.TextField()  # the keys of app.work.LANES
    target_id = models.BigIntegerField()
    intent_key = models.TextField()
    payload_ref = models.BigIntegerField()  # push, tell lane: push id; mail, home lane: parcel id; else connection id
    state = models.TextField(default="due")
    due_at = models.DateTimeField()
    tries = models.IntegerField(default=0)
    lease_token = models.BigIntegerField(default=0)
    lease_until = models.FloatField(default=0)
    error = models.JSONField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "lane", "target_id", "intent_key"], name="outbox_uq")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], name="outbox_due_ix", condition=models.Q(state__in=["due", "sending", "unsure"])
            ),
            models.Index(fields=["ws", "id"], name="outbox_dead_ix", condition=models.Q(state="dead")),
        ]
