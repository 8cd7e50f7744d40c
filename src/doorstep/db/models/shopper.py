"""What shoppers see of a store, and what they say to it."""

from typing import ClassVar

from django.db import models

from doorstep.db.ids import new_id


class Brand(models.Model):
    """How the pages of a store look and what they say (``app.brands``). ``key`` is new with every change: what browsers
    keep under it stays right. Colours are ``#rrggbb``, '' = Doorstep's own.
    """

    pk = models.CompositePrimaryKey("ws", "store_id")
    ws = models.BigIntegerField()
    store_id = models.BigIntegerField()
    key = models.TextField(unique=True)  # 128 random bits: the address of logo and colours
    name = models.TextField(default="")  # '' = the connection's label
    words = models.TextField(default="")  # the merchant's own, shown on every page of the store
    colour = models.TextField(default="")  # buttons, links, progress
    ground = models.TextField(default="")  # behind everything, by day
    logo = models.BinaryField(default=b"")
    logo_kind = models.TextField(default="")  # media type
    phone = models.TextField(default="")
    email = models.TextField(default="")
    site = models.TextField(default="")  # https address
    support = models.TextField(default="")  # a button that leads to support_to: mail | link | chat, '' = none
    support_to = models.TextField(default="")
    answer_h = models.IntegerField(default=48)  # hours within which the merchant means to answer
    powered = models.BooleanField(default=True)  # says that Doorstep follows the order
    app = models.BooleanField(default=False)  # shoppers may see their orders of the store in the app (app.grants)
    accounts_at = models.TextField(default="")  # and sign in with their account at this shop (app.shop_accounts): its
    accounts_client = models.TextField(default="")  # https address, and Doorstep's client there; '' = they may not
    frames = models.JSONField(default=list)  # origins that may show the look-up in a frame


class ThreadMessage(models.Model):
    """A message between a shopper and the merchant about an order. Personal.

    Of a mail ``sender`` is the From address, and ``proof`` says whether it is the buyer's: buyer | unproven | other.
    ``facts`` is what was true when it was written (``app.shopper.attached``).
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    store_id = models.BigIntegerField()
    order_id = models.BigIntegerField()
    by = models.TextField()  # shopper | user:<id>
    body = models.TextField()
    at = models.DateTimeField()
    answer_due_at = models.DateTimeField(null=True)  # of a shopper's; null = none is waited for
    via = models.TextField(default="page")  # page | console | mail
    sender = models.TextField(default="")
    proof = models.TextField(default="")
    mail_id = models.TextField(default="")  # its Message-ID, for an answer to refer to
    inbox_id = models.BigIntegerField(default=0)  # the mail it was read from
    left_out = models.IntegerField(default=0)  # attachments that were no pictures
    facts = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "inbox_id"], name="thread_inbox_uq", condition=~models.Q(inbox_id=0))
        ]
        indexes: ClassVar = [
            models.Index(fields=["ws", "order_id", "id"], name="thread_order_ix"),
            models.Index(fields=["ws", "store_id", "-id"], name="thread_store_ix"),
        ]


class Photo(models.Model):
    """A photo of a damage, as it was sent less what says where and with what it was taken. Personal."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    order_id = models.BigIntegerField()
    number_id = models.BigIntegerField()
    kind = models.TextField()  # media type
    body = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ws", "order_id", "id"], name="photo_order_ix")]


class View(models.Model):
    """An hour in which an order's page was opened, by whoever holds its address; nothing is kept of them. Goes after
    ``app.shopper.views.KEPT``.
    """

    pk = models.CompositePrimaryKey("ws", "order_id", "at")
    ws = models.BigIntegerField()
    order_id = models.BigIntegerField()
    at = models.DateTimeField()  # the full hour
