"""What people keep and do at the board: views they saved, notes on orders, what they did to many orders at once."""

from typing import ClassVar

from django.db import models

from doorstep.db.ids import new_id


class SavedView(models.Model):
    """A view of the board under a name; everybody in the workspace sees it."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    name = models.TextField()
    tab = models.TextField(default="all")  # db.tabs.TABS
    query = models.TextField(default="")
    columns = models.JSONField(default=list)  # app.columns; [] = those that the board shows anyway

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "name"], name="saved_view_uq")]


class Note(models.Model):
    """What somebody wrote down about an order. Never shown to the shopper; erased with them
    (``app.privacy.erasure``).
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    order_id = models.BigIntegerField()
    by = models.TextField()  # user:<id>
    at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ws", "order_id"], name="note_order_ix")]


class Bulk(models.Model):
    """Something done to many orders at once, so that it can be undone. ``done`` are the ids it was done to."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    verb = models.TextField()  # app.bulk.VERBS
    by = models.TextField()
    at = models.DateTimeField()
    done = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ws", "-id"], name="bulk_ix")]
