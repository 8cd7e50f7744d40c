"""What a team keeps beside the messages with shoppers: who sees to which, words for many, coupons."""

from typing import ClassVar

from django.db import models

from doorstep.db.ids import new_id


class Talk(models.Model):
    """The messages about one order as a whole: one row once the shopper has written. ``due_at``: by when the question
    that waits should be answered, null = nothing waits.
    """

    pk = models.CompositePrimaryKey("ws", "order_id")
    ws = models.BigIntegerField()
    order_id = models.BigIntegerField()
    store_id = models.BigIntegerField()
    last_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    user_id = models.BigIntegerField(default=0)  # who sees to it, 0 = nobody in particular

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["ws", "-last_at"], name="talk_last_ix"),
            models.Index(fields=["ws", "due_at"], name="talk_due_ix", condition=models.Q(due_at__isnull=False)),
        ]


class SavedReply(models.Model):
    """Words that a team answers with again and again."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    name = models.TextField()
    body = models.TextField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "name"], name="saved_reply_uq")]


class Offer(models.Model):
    """A kind of coupon of one store: what it is worth, what all of them may cost, when they are given by themselves.
    The codes are the merchant's own (``made`` false) or were made here, to be created in the store by hand.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    store_id = models.BigIntegerField()
    label = models.TextField()  # as the shopper reads it
    cost = models.DecimalField(max_digits=12, decimal_places=2)  # of one coupon, at most
    currency = models.TextField(default="")  # ISO 4217
    budget = models.DecimalField(max_digits=12, decimal_places=2)
    days = models.IntegerField(default=60)  # a code is good for so many days from when it is given
    made = models.BooleanField(default=False)
    by_rule = models.BooleanField(default=False)
    a_day = models.IntegerField(default=10)  # given by the rule in 24 hours at most
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ws", "store_id"], name="offer_store_ix")]


class Coupon(models.Model):
    """One code. ``state``: free | given | redeemed | back (given, taken back unused; not given again: it was seen)."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    offer_id = models.BigIntegerField()
    store_id = models.BigIntegerField()
    code = models.TextField()
    state = models.TextField(default="free")
    order_id = models.BigIntegerField(null=True)
    given_at = models.DateTimeField(null=True)
    given_by = models.TextField(default="")  # user:<id> | rule
    cause = models.TextField(default="")  # of the finding that the rule gave it for
    expires_at = models.DateTimeField(null=True)
    redeemed_at = models.DateTimeField(null=True)
    redeemed_in = models.TextField(default="")  # the order it was used in, as the store calls it
    spent = models.DecimalField(max_digits=12, decimal_places=2, null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "store_id", "code"], name="coupon_code_uq"),
            models.UniqueConstraint(
                fields=["ws", "order_id"], name="coupon_order_uq", condition=models.Q(state__in=["given", "redeemed"])
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["ws", "offer_id", "state", "id"], name="coupon_offer_ix")]
