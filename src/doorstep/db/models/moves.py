"""What moves: tracking numbers, who said them, parcels, and what is watched."""

from typing import ClassVar

from django.db import models

from doorstep.db.ids import new_id


class Number(models.Model):
    """A tracking number. ``norm`` is ``core.number.normalize``; ``norm_reversed`` serves search by its end."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    text = models.TextField()
    norm = models.TextField()
    norm_reversed = models.TextField()
    carrier = models.TextField(default="")  # our code, '' = unknown
    carrier_by = models.TextField(default="")  # person | source | recognized
    carrier_said = models.TextField(default="")  # a person's word; goes before everything else
    carrier_said_at = models.DateTimeField(null=True)
    mark = models.TextField(default="")  # the shopper's newest word: '' | received | missing | damaged
    marked_at = models.DateTimeField(null=True)
    generation = models.IntegerField(default=0)
    not_before = models.DateTimeField(null=True)  # scans older than this by 2 days are another parcel's

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "norm", "generation"], name="number_uq")]
        indexes: ClassVar = [
            models.Index(fields=["ws", "norm_reversed"], name="number_end_ix"),
            models.Index(fields=["ws", "-id"], name="number_id_ix"),
        ]


class Claim(models.Model):
    """Somebody said a number for an order or a purchase. Parcels are computed from claims (``core.parcels``), so the
    order in which claims arrive never matters. Exactly one of ``order_id`` and ``purchase_id`` is not 0.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    order_id = models.BigIntegerField(default=0)
    purchase_id = models.BigIntegerField(default=0)
    source = models.TextField()  # connection id, or 'person'
    group = models.TextField(default="")  # the source's own name of the parcel
    number_id = models.BigIntegerField()
    role = models.TextField()
    carrier = models.TextField(default="")  # our code as understood from what they said
    carrier_said = models.TextField(default="")
    url = models.TextField(default="")
    contents = models.JSONField(default=list)  # [[line ref, qty], ...]; empty = not stated
    shown = models.TextField(default="")  # stores: what the channel shows for it, shipped | delivered
    first_said = models.DateTimeField()
    last_said = models.DateTimeField()
    gone = models.BooleanField(default=False)  # its source's newest word does not say it any more
    inbox_id = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ws", "order_id", "purchase_id", "source", "group", "number_id", "role"], name="claim_uq"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["ws", "number_id"], name="claim_number_ix"),
            models.Index(fields=["ws", "purchase_id"], name="claim_purchase_ix"),
        ]


class Parcel(models.Model):
    """A parcel with what is true of it now; all but ``mark`` is computed from events and claims. Its way (who carries
    it, from where to where, when it came how far) is kept here too: lanes are learned from it (``app.figures.lanes``).
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    purchase_id = models.BigIntegerField(null=True)
    status = models.TextField(default="pending")
    reason = models.TextField(default="")
    responsible = models.TextField(default="")
    action_by = models.TextField(default="")
    status_since = models.DateTimeField(null=True)
    first_scan_at = models.DateTimeField(null=True)
    last_event_at = models.DateTimeField(null=True)
    headline_key = models.BinaryField(default=b"")
    carrier = models.TextField(default="")  # our code; of the courier where it is known
    origin = models.TextField(default="")  # ISO 3166-1 alpha-2, '' = not known
    destination = models.TextField(default="")
    handed_at = models.DateTimeField(null=True)  # dispatched, else the first scan
    arrived_at = models.DateTimeField(null=True)
    out_at = models.DateTimeField(null=True)
    silence_h = models.FloatField(null=True)  # the longest time between two scans
    mark = models.TextField(default="")  # '' | received | missing | damaged: the shopper's own word
    eta_from = models.DateField(null=True)
    eta_to = models.DateField(null=True)
    closed_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["ws", "status", "-id"], name="parcel_status_ix"),
            models.Index(fields=["ws", "-id"], name="parcel_id_ix"),
        ]


class ParcelLine(models.Model):
    """A quantity of an order line in a parcel. ``line_id`` 0 = contents unknown."""

    ws = models.BigIntegerField()
    parcel_id = models.BigIntegerField()
    order_id = models.BigIntegerField()
    line_id = models.BigIntegerField(default=0)
    qty = models.IntegerField(default=0)
    how = models.TextField(default="assumed")  # stated | matched | assumed

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "parcel_id", "order_id", "line_id"], name="parcel_line_uq")
        ]
        indexes: ClassVar = [models.Index(fields=["ws", "order_id", "parcel_id"], name="parcel_line_order_ix")]


class ParcelNumber(models.Model):
    """A number of a parcel with its time. ``until`` null = current."""

    ws = models.BigIntegerField()
    parcel_id = models.BigIntegerField()
    number_id = models.BigIntegerField()
    role = models.TextField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    said_by = models.TextField(default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "parcel_id", "number_id", "role", "since"], name="parcel_number_uq")
        ]
        indexes: ClassVar = [models.Index(fields=["ws", "number_id"], name="parcel_number_ix")]


class NumberLink(models.Model):
    """One number leads to another: replaced_by | last_mile | split | piece."""

    ws = models.BigIntegerField()
    from_id = models.BigIntegerField()
    to_id = models.BigIntegerField()
    kind = models.TextField()
    said_by = models.TextField(default="")
    known_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "from_id", "to_id", "kind"], name="number_link_uq")
        ]
        indexes: ClassVar = [models.Index(fields=["ws", "to_id"], name="number_link_to_ix")]


class Watch(models.Model):
    """What one carrier account knows of one number; written when an answer says something new. That it was asked since
    and said the same is in its ``Schedule`` (``app.ledger.freshness`` knows both).
    """

    pk = models.CompositePrimaryKey("ws", "number_id", "connection_id")
    ws = models.BigIntegerField()
    number_id = models.BigIntegerField()
    connection_id = models.BigIntegerField()
    since = models.DateTimeField(null=True)  # the account is asked about it since then
    elsewhere = models.BooleanField(default=False)  # another account answers for the number: this one is not asked
    knew = models.BooleanField(default=False)  # it has told scans
    remote = models.TextField(default="none")  # none | registered | asked | rejected | stopped | recarrier
    follow_at = models.DateTimeField(null=True)  # to be followed there once more; None = that does not end by itself
    remote_ref = models.TextField(default="")  # the vendor's carrier key
    carrier = models.TextField(default="")  # our code of what the vendor takes the carrier for
    last_mile_id = models.BigIntegerField(default=0)  # another number found in the answers
    last_mile_carrier = models.TextField(default="")
    last_mile_at = models.DateTimeField(null=True)
    said = models.TextField(default="")
    eta_from = models.DateField(null=True)
    eta_to = models.DateField(null=True)
    asked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(default="")  # events | nothing | not_found | rejected | busy | denied | broken
    answer_hash = models.BinaryField(default=b"")  # of what it said
    body_hash = models.BinaryField(default=b"")  # of its bytes, where no other number was answered with it
    changed_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)


class Schedule(models.Model):
    """When to ask next. Narrow and hot: an unchanged answer writes nothing else. ``lease_until`` is machine seconds
    (time.time).
    """

    pk = models.CompositePrimaryKey("ws", "number_id", "connection_id")
    ws = models.BigIntegerField()
    number_id = models.BigIntegerField()
    connection_id = models.BigIntegerField()
    next_at = models.DateTimeField()
    lease_token = models.BigIntegerField(default=0)
    lease_until = models.FloatField(default=0)
    same_at = models.DateTimeField(null=True)  # asked last and answered, without saying anything new

    class Meta:
        indexes: ClassVar = [models.Index(fields=["connection_id", "next_at"], name="schedule_next_ix")]
