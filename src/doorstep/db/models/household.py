"""What a household keeps: orders of its own under its own names, stores it accepted, and whom it asked in."""

from typing import ClassVar

from django.db import models

from doorstep.db.ids import new_id


class Kept(models.Model):
    """What a household keeps about an order it waits for. ``grant_id`` 0 = the order is the household's own, else it is
    one of the store of that grant.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    grant_id = models.BigIntegerField(default=0)
    order_id = models.BigIntegerField()
    label = models.TextField(default="")  # what they call it, '' = nothing
    away_at = models.DateTimeField(null=True)  # put away
    seller = models.JSONField(default=dict)  # app.household_sellers.WAYS -> what was typed
    dead = models.JSONField(default=list)  # of these ways, and of the store's own, those that do not work

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "grant_id", "order_id"], name="kept_uq")]


class Grant(models.Model):
    """A household's acceptance of one store of this installation: it sees the orders that were placed there with the
    proven address of ``user_id``. Revoked, it is never used again; another acceptance is another row.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()  # the household
    user_id = models.BigIntegerField()
    store_ws = models.BigIntegerField()
    store_id = models.BigIntegerField()
    granted_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ws", "user_id", "store_ws", "store_id"],
                name="grant_live_uq",
                condition=models.Q(revoked_at=None),
            )
        ]
        indexes: ClassVar = [models.Index(fields=["store_ws", "store_id"], name="grant_store_ix")]


class GrantRead(models.Model):
    """An order that was read through a grant, by whom, on which day (UTC)."""

    ws = models.BigIntegerField()
    grant_id = models.BigIntegerField()
    order_id = models.BigIntegerField()
    user_id = models.BigIntegerField()
    day = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "grant_id", "order_id", "user_id", "day"], name="grant_read_uq")
        ]


class HouseholdInvitation(models.Model):
    """Somebody is asked into a household. Whoever proves the address may say yes or no. Personal."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    email = models.TextField()  # lower case
    by = models.BigIntegerField()
    at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "email"], name="household_invitation_uq")]
        indexes: ClassVar = [models.Index(fields=["email"], name="household_invited_ix")]


class Feedback(models.Model):
    """What a shopper wrote to who runs this installation. Personal."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    user_id = models.BigIntegerField()
    at = models.DateTimeField()
    body = models.TextField()
    path = models.TextField(default="")  # of the screen it was written about
    picture_kind = models.TextField(default="")  # media type
    picture = models.BinaryField(default=b"")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ws", "-id"], name="feedback_ix")]
