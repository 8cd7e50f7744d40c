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


class News(models.Model):
    """What somebody of a household is told of its own parcels: at which statuses, by mail or not, and when. Hours are
    of the household's day, null = no quiet ones. ``since``: what was known before is not told.
    """

    pk = models.CompositePrimaryKey("ws", "user_id")
    ws = models.BigIntegerField()
    user_id = models.BigIntegerField()
    what = models.JSONField(default=list)  # of app.household_news.TOLD
    mail = models.TextField(default="")  # '' = none | at_once | daily
    daily_at = models.IntegerField(default=8)
    quiet_from = models.IntegerField(null=True)
    quiet_to = models.IntegerField(null=True)
    muted = models.JSONField(default=list)  # ids of orders
    since = models.DateTimeField()


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


class Postbox(models.Model):
    """A mailbox at a mail provider that somebody of a household connected: looked into again and again for mails about
    shipping. Personal. ``uid_validity``, ``next_uid``: up to where it was read (RFC 3501, 2.3.1.1); 0 = not at all.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    user_id = models.BigIntegerField()  # who connected it
    address = models.TextField()  # lower case
    host = models.TextField()
    port = models.IntegerField()
    secret_enc = models.BinaryField(default=b"")  # app.vault: login, password
    state = models.TextField(default="active")  # active | paused | denied
    connected_at = models.DateTimeField()
    uid_validity = models.BigIntegerField(default=0)
    next_uid = models.BigIntegerField(default=1)
    next_at = models.DateTimeField(db_index=True)
    read_at = models.DateTimeField(null=True)  # the last time that it worked
    said = models.JSONField(null=True)  # Message: what went wrong the last time
    failures = models.IntegerField(default=0)  # in a row
    told_at = models.DateTimeField(null=True)  # that it is not read any more
    lease_token = models.BigIntegerField(default=0)
    lease_until = models.FloatField(default=0)  # machine seconds (time.time)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "address"], name="postbox_uq")]


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
