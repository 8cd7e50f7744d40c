"""What was bought: orders of stores, purchases at suppliers, and the people they are for."""

from typing import ClassVar, Final

from django.db import models

from doorstep.db.ids import new_id


def by_beginning(field: str, name: str, *before: str) -> models.Index:
    """An index that finds what begins with a text, whatever order of letters the database has."""
    fields = ["ws", *before, field]
    return models.Index(fields=fields, name=name, opclasses=["int8_ops"] * (len(fields) - 1) + ["text_pattern_ops"])


def on_tab(name: str, condition: models.Q) -> models.Index:
    """The orders on one of the board's tabs, newest first (``db.tabs`` says what each is)."""
    return models.Index(fields=["ws", "-placed_at", "-id"], name=f"order_{name}_ix", condition=condition)


OPEN: Final = models.Q(state__in=["placed", "partly_shipped"])


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
    name_key = models.TextField(default="")  # the name as it is looked for (app.search): from its first word on,
    name_turned = models.TextField(default="")  # and from its last
    email_key = models.TextField(default="")
    erased_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["ws", "email_hash"], name="person_email_ix"),
            *(by_beginning(field, f"person_{field}_ix") for field in ("name_key", "name_turned", "email_key")),
        ]


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
    number_end = models.TextField(default="")  # the number backwards: it is looked for by its end too (app.search)
    # Where it is on the board (db.tabs): has a current number, a push held back or accepted, a parcel on its way ...
    numbered = models.BooleanField(default=False)
    held = models.BooleanField(default=False)
    pushed = models.BooleanField(default=False)
    moving = models.BooleanField(default=False)
    attention = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "store_id", "external_id"], name="order_uq")]
        indexes: ClassVar = [
            by_beginning("number", "order_number_ix", "store_id"),
            by_beginning("number_end", "order_number_end_ix"),
            models.Index(fields=["ws", "person_id"], name="order_person_ix"),
            models.Index(fields=["ws", "-placed_at", "-id"], name="order_placed_ix"),
            on_tab("unfulfilled", OPEN),
            on_tab("no_number", OPEN & models.Q(numbered=False)),
            on_tab("held", models.Q(held=True)),
            on_tab("pushed", models.Q(pushed=True)),
            on_tab("in_transit", models.Q(moving=True)),
            on_tab("attention", models.Q(attention=True)),
            on_tab("delivered", models.Q(state="delivered")),
            on_tab("tracked", models.Q(numbered=True)),
            on_tab("untracked", models.Q(numbered=False)),
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
        indexes: ClassVar = [models.Index(fields=["ws", "-id"], name="purchase_id_ix")]


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
