"""What Doorstep writes: the store's own words and when they go, who else wants to be told, and what was sent."""

from typing import ClassVar

from django.db import models

from doorstep.db.ids import new_id


class LetterRules(models.Model):
    """Which mails a store's shoppers get, and when. Hours are of the reader's day, null = none; ``off`` are events that
    are not mailed (``core.letter.Event``), ``extra`` addresses that get every mail too.
    """

    pk = models.CompositePrimaryKey("ws", "store_id")
    ws = models.BigIntegerField()
    store_id = models.BigIntegerField()
    off = models.JSONField(default=list)
    extra = models.JSONField(default=list)
    quiet_from = models.IntegerField(null=True)
    quiet_to = models.IntegerField(null=True)
    zone = models.TextField(default="workspace")  # workspace | shopper
    gap_h = models.IntegerField(default=0)
    daily_at = models.IntegerField(null=True)
    followers = models.BooleanField(default=True)  # shoppers may ask on their page to be told


class LetterText(models.Model):
    """A version of a store's own words for one event in one language; the newest counts. Both texts empty: the words
    that Doorstep has for it.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    store_id = models.BigIntegerField()
    event = models.TextField()
    language = models.TextField()
    version = models.IntegerField()
    subject = models.TextField(default="")
    body = models.TextField(default="")
    by = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "store_id", "event", "language", "version"], name="letter_text_uq")
        ]


class Mailed(models.Model):
    """A mail about an order that went, or did not, and why. ``to`` is personal; ``who``: buyer | follower | extra.

    ``state``: sent | refused (the reader's server does not take it) | skipped. ``reason`` is a Message as JSON.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    order_id = models.BigIntegerField()
    parcel_id = models.BigIntegerField(default=0)
    outbox_id = models.BigIntegerField()
    event = models.TextField()
    who = models.TextField()
    to = models.TextField(default="")
    language = models.TextField(default="")
    state = models.TextField()
    reason = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ws", "order_id", "id"], name="mailed_order_ix")]


class Follower(models.Model):
    """Somebody who asked to be told: a shopper about an order, by mail once confirmed, or by push to a browser; a
    member (``user_id``) by push. Personal. ``keys`` of a browser: {"p256dh", "auth", "vapid"}.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    store_id = models.BigIntegerField(default=0)
    order_id = models.BigIntegerField(default=0)
    user_id = models.BigIntegerField(default=0)
    kind = models.TextField()  # mail | push
    address = models.TextField()  # of mail, or of a browser at its push service
    keys = models.JSONField(default=dict)
    language = models.TextField(default="")
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["ws", "order_id", "kind"], name="follower_order_ix"),
            models.Index(fields=["ws", "user_id"], name="follower_user_ix", condition=models.Q(user_id__gt=0)),
        ]


class OptOut(models.Model):
    """An address that wants no mails of a store, or of one of its orders (``order_id`` 0 = of all)."""

    ws = models.BigIntegerField()
    store_id = models.BigIntegerField()
    order_id = models.BigIntegerField(default=0)
    email_hash = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "store_id", "order_id", "email_hash"], name="opt_out_uq")
        ]


class Alerts(models.Model):
    """What a member is told by mail and by push (``app.telling.alerts.KINDS``); without a row, what their role is told
    anyway. ``daily_at``: the hour at which what needs somebody is mailed, null = never.
    """

    pk = models.CompositePrimaryKey("ws", "user_id")
    ws = models.BigIntegerField()
    user_id = models.BigIntegerField()
    mail = models.JSONField(default=list)
    push = models.JSONField(default=list)
    daily_at = models.IntegerField(null=True)
