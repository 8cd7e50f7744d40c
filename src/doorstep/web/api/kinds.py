"""Kinds of values that requests are made of."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta as Limits

Id = Annotated[str, Limits(pattern=r"^[0-9]{1,18}$")]
Aware = Annotated[datetime, Limits(tz=True, description="An instant with its offset, such as 2026-03-01T09:00:00Z.")]
Short = Annotated[str, Limits(max_length=200)]
Text = Annotated[str, Limits(min_length=1, max_length=400)]


def whole(text: str | None) -> int | None:
    """An id as the tables have it."""
    return None if text is None else int(text)
