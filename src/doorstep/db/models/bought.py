"""What was bought: orders of stores, purchases at suppliers, and the people they are for."""

from typing import ClassVar

from django.db import models

from doorstep.db.ids import new_id


class Person(models.Model):
    """A buyer. The only table with names and addresses; ``email_hash`` is keyed (``app.people``)."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    email = models.TextField(default="")
    email_hash = models.BinaryField(default=b"")
    phone = models.TextField(default="")
    name = models.TextField(default="")
    city = models.TextField(default="")
    postcode = models.TextField(default="")
    country = models.TextField(default="")
    locale = models.TextField(default="")
    erased_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ws", "email_hash"], name="person_email_ix")]


class Order(models.Model):
    """A store order. The newest snapshot by (said_at, heard_at, said_hash) counts, whichever was read first."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    store_id = models.BigIntegerField()
    external_id = models.TextField()
    number = models.TextField()
    state = models.TextField(default="placed")  # core.order.OrderState
    awaiting_payment = models.BooleanField(default=False)
    person_id = models.BigIntegerField(null=True)
    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    transaction = models.TextField(default="")  # the payment service's own id of the payment
    cancelled_at = models.DateTimeField(null=True)
    ship_by = models.DateTimeField(null=True)
    before_connection = models.BooleanField(default=False)
    mail_dispatched_at = models.DateTimeField(null=True)  # a proven mail said it was sent, and gave no number
    push_asked_at = models.DateTimeField(null=True)  # a person asked to push although placed before the connection
    said_at = models.DateTimeField()  # the snapshot's own age (updated_at over there)
    heard_at = models.DateTimeField()  # when it reached us: breaks the tie between snapshots of one age
    said_hash = models.BinaryField(default=b"")
    version = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "store_id", "external_id"], name="order_uq")]
        indexes: ClassVar = [
            models.Index(fields=["ws", "store_id", "number"], name="order_number_ix"),
            models.Index(fields=["ws", "-placed_at"], name="order_placed_ix"),
        ]


class Line(models.Model):
    """A line of a store order."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    order_id = models.BigIntegerField()
    external_id = models.TextField()
    sku = models.TextField(default="")
    title = models.TextField(default="")
    qty = models.IntegerField()
    qty_cancelled = models.IntegerField(default=0)
    needs_shipping = models.BooleanField(default=True)
    item_class = models.TextField(default="")
    said_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "order_id", "external_id"], name="line_uq")]


class Purchase(models.Model):
    """The merchant's order at a supplier."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    supplier_id = models.BigIntegerField()
    external_id = models.TextField()
    buy_account = models.TextField(default="")
    state = models.TextField(default="unknown")
    method = models.TextField(default="")
    stock = models.TextField(default="unknown")
    ordered_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    ships_out_by = models.DateTimeField(null=True)
    dispatched_at = models.DateTimeField(null=True)
    dispatch_evidence = models.TextField(default="")
    protection_ends_at = models.DateTimeField(null=True)
    matched_order_id = models.BigIntegerField(default=0)  # a person's word: lines that name no order are this one's
    matched_at = models.DateTimeField(null=True)
    said_at = models.DateTimeField()  # the snapshot's own age (updated_at over there)
    heard_at = models.DateTimeField()  # when it reached us: breaks the tie between snapshots of one age
    said_hash = models.BinaryField(default=b"")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "supplier_id", "external_id"], name="purchase_uq")
        ]


class PurchaseLine(models.Model):
    """A line of a purchase; ``order_ref`` is the order as the supplier knows it, ``order_id`` 0 = no match yet."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    purchase_id = models.BigIntegerField()
    external_id = models.TextField()
    order_ref = models.TextField(default="")
    line_ref = models.TextField(default="")
    sku = models.TextField(default="")
    title = models.TextField(default="")
    qty = models.IntegerField()
    order_id = models.BigIntegerField(default=0)
    line_id = models.BigIntegerField(default=0)
    how = models.TextField(default="")  # ref | sku | only_line
    said_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "purchase_id", "external_id"], name="purchase_line_uq")
        ]
        indexes: ClassVar = [
            models.Index(fields=["ws", "order_id"], name="purchase_line_order_ix"),
            models.Index(fields=["ws", "order_ref"], name="purchase_line_ref_ix"),
        ]
