"""Adds what an additive migration may: a column that may be empty and an index to hot tables, and a new table."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations as changes
from django.db import models

from doorstep.db import migrations

LAST = max(file.stem for folder in migrations.__path__ for file in Path(folder).glob("[0-9]*.py"))


class Migration(changes.Migration):
    """One step ahead."""

    dependencies: ClassVar = [("doorstep", LAST)]
    operations: ClassVar = [
        changes.AddField("change", "seen_by", models.TextField(null=True)),
        changes.AddField("outbox", "weight", models.IntegerField(null=True)),
        changes.AddIndex("outbox", models.Index(fields=["weight"], name="outbox_weight")),
        changes.CreateModel(
            "Next", [("id", models.BigIntegerField(primary_key=True)), ("ws", models.BigIntegerField())]
        ),
    ]
