"""What programs do through the API: how much a key has asked, and the answers that a repetition gets again."""

from typing import ClassVar

from django.db import models

from doorstep.db.ids import new_id


class ApiUse(models.Model):
    """How much a key has asked within one window (``app.api.api_rate``). ``used`` counts what processes have taken for
    it together; ``last_at`` is when one of them took some.
    """

    door_id = models.BigIntegerField(primary_key=True)
    ws = models.BigIntegerField()
    window = models.BigIntegerField()  # machine seconds divided by the length of a window
    used = models.IntegerField()
    last_at = models.DateTimeField()


class ApiAnswer(models.Model):
    """The answer to a request that named itself (Idempotency-Key), kept for a day. ``status`` 0 = still being done."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    door_id = models.BigIntegerField()
    key_sha256 = models.BinaryField()
    asked_sha256 = models.BinaryField()  # of method, path and body
    at = models.DateTimeField()
    status = models.IntegerField(default=0)
    location = models.TextField(default="")
    body_zstd = models.BinaryField(default=b"")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "door_id", "key_sha256"], name="api_answer_uq")]
        indexes: ClassVar = [models.Index(fields=["ws", "door_id", "at"], name="api_answer_at_ix")]


class Aside(models.Model):
    """What a program that speaks another system's API wrote beside a number (``app.api.asides``): given back as it was
    said, and never read by anything else.
    """

    pk = models.CompositePrimaryKey("ws", "number_id")
    ws = models.BigIntegerField()
    number_id = models.BigIntegerField()
    said = models.JSONField(default=dict)
