"""What settling decided, written down in a few statements at its end."""

import functools
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import models, transaction

from doorstep.app import loop
from doorstep.app.ledger import changes
from doorstep.app.ledger.changes import Cause, Noted, as_row
from doorstep.db import bulk
from doorstep.db.models import Change

Row = TypeVar("Row", bound=models.Model)
Fields = tuple[str, ...]


@dataclass(slots=True)
class Sheet:
    """Rows to add, to change and to drop, and bells to ring; nothing reaches the database before ``write``."""

    ws: int
    changes: list[Change] = field(default_factory=list)
    _added: dict[int, models.Model] = field(default_factory=dict)  # by Python's id: they have no place yet
    _put: dict[tuple[type[models.Model], Fields], dict[Any, models.Model]] = field(default_factory=dict)
    _dropped: dict[type[models.Model], dict[Any, models.Model]] = field(default_factory=dict)
    _bells: set[str] = field(default_factory=set)

    def note(self, cause: Cause, change: Noted) -> None:
        """Something is different now."""
        self.changes.append(as_row(cause, change))

    def add(self, row: Row) -> Row:
        """A row that is not there yet. What is changed in it before ``write`` is written with it."""
        self._added[id(row)] = row
        return row

    def put(self, row: models.Model, *fields: str) -> None:
        """These fields of a row changed."""
        if id(row) not in self._added:
            self._put.setdefault((type(row), fields), {})[row.pk] = row

    def drop(self, row: models.Model) -> None:
        """A row that should not be there."""
        if self._added.pop(id(row), None) is None:
            self._dropped.setdefault(type(row), {})[row.pk] = row

    def ring(self, bell: str) -> None:
        """Wake a loop once what was written can be seen."""
        self._bells.add(bell)

    def write(self) -> None:
        """Bring everything into the database: drop, add, change. Part of the caller's transaction."""
        for model, rows in self._dropped.items():
            model._default_manager.filter(ws=self.ws, pk__in=list(rows)).delete()
        by_model: dict[type[models.Model], list[models.Model]] = {}
        for row in self._added.values():
            by_model.setdefault(type(row), []).append(row)
        for model in sorted(by_model, key=lambda one: one.__name__):
            bulk.insert(by_model[model])
        for (_, fields), changed in self._put.items():
            kept = [row for key, row in changed.items() if key not in self._dropped.get(type(row), {})]
            bulk.put(kept, fields)
        if self.changes:
            changes.write(self.ws, self.changes)
        for bell in self._bells:
            transaction.on_commit(functools.partial(loop.wake, bell))
