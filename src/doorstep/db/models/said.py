"""What was said: raw bytes as they came, events, words nobody has mapped."""

from typing import ClassVar

from django.db import models

from doorstep.db.ids import new_id


class Inbox(models.Model):
    """Bytes before they are understood. Hot.

    ``state``: new | read | bad (the bytes cannot be read) | needs_look (read, but a person must decide).
    ``headers`` is what ``Answer`` needs beside the body: {"what", "status", "headers", "context"}; no secrets.
    ``error`` is a Message as JSON. ``body_zstd`` of no bytes at all: the body was emptied (``app.ledger.retention``);
    the hash tells what it was.
    """

    pk = models.CompositePrimaryKey("ws", "id")
    ws = models.BigIntegerField()
    id = models.BigIntegerField(default=new_id)
    connection_id = models.BigIntegerField()
    dedup_key = models.TextField()
    received_at = models.DateTimeField()
    sha256 = models.BinaryField()
    headers = models.JSONField()
    body_zstd = models.BinaryField()
    state = models.TextField(default="new")
    reader_version = models.IntegerField(default=0)
    error = models.JSONField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "connection_id", "dedup_key"], name="inbox_dedup_uq")
        ]
        indexes: ClassVar = [
            models.Index(fields=["ws", "id"], name="inbox_new_ix", condition=models.Q(state="new")),
            models.Index(fields=["ws", "-id"], name="inbox_look_ix", condition=models.Q(state="needs_look")),
        ]


class Waiting(models.Model):
    """An inbox row that waits for something not known yet (an order number, a tracking number): when ``ref`` appears
    the row is read again.
    """

    ws = models.BigIntegerField()
    ref = models.TextField()  # "order:<as written>" | "number:<norm>"
    inbox_id = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "ref", "inbox_id"], name="waiting_uq")]


class Scans(models.Model):
    """All scans that one source told of one number, packed into one value (``app.ledger.scans``). Hot.
    ``reader_version``: who read them; 0 = not all of them the same.
    """

    pk = models.CompositePrimaryKey("ws", "number_id", "connection_id")
    ws = models.BigIntegerField()
    number_id = models.BigIntegerField()
    connection_id = models.BigIntegerField()
    reader_version = models.IntegerField(default=0)
    packed = models.BinaryField()


class Archived(models.Model):
    """All scans of a number whose parcels closed long ago, packed into one value (``app.ledger.archive``). A number has
    its scans here or in ``Scans``, never in both.
    """

    pk = models.CompositePrimaryKey("ws", "number_id")
    ws = models.BigIntegerField()
    number_id = models.BigIntegerField()
    count = models.IntegerField()
    scans_zstd = models.BinaryField()


class Word(models.Model):
    """A vendor word that no connector knows."""

    ws = models.BigIntegerField()
    connector = models.TextField()
    text_hash = models.BinaryField()
    sample = models.TextField()
    n = models.IntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "connector", "text_hash"], name="word_uq")]
