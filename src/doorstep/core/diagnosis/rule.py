"""How a rule is written: conditions, what they mean, and what to say about it.

The parts of the table are named tuples: they are made whenever the library is imported, and that has to be quick.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from doorstep.core.diagnosis.case import Case
from doorstep.core.diagnosis.condition import Condition
from doorstep.core.diagnosis.finding import Cause, Confidence, Said, Who
from doorstep.core.message import Message, Value

DAY = timedelta(days=1)


class Actor(StrEnum):
    """Who takes the next step, before it is known who is who. The values are what the table prints."""

    SENDER = "sender"  # the supplier where there is one, else the merchant
    BUYER = "buyer"  # the merchant where a supplier ships, else the shopper
    MERCHANT = "merchant"
    SHOPPER = "shopper"
    NOBODY = "nobody"
    BY_REASON = "by the reason"

    def of(self, case: Case) -> Who:
        """The actor in one case."""
        known = {Actor.SENDER: case.sender, Actor.BUYER: case.buyer, Actor.BY_REASON: case.by_reason}
        return known.get(self) or Who(self.value)


class Line(NamedTuple):
    """A sentence (``finding.<name>``) with values that are properties of the case: ``{"at": "paid"}``. Unsaid where one
    of them, or the property ``given``, is not known. ``ends`` is a property whose value is the last part of the name.
    """

    name: str
    values: Mapping[str, str]
    given: str = ""
    ends: str = ""

    def said(self, case: Case) -> Said:
        """The message, or nothing."""
        needed = (getattr(case, name) for name in (*self.values.values(), self.given, self.ends) if name)
        if any(value in (None, "", False) for value in needed):
            return ()
        values = {key: _plain(getattr(case, name)) for key, name in self.values.items()}
        if self.ends:
            return (Message(id=f"finding.{self.name}.{getattr(case, self.ends)}", values=values),)
        return (Message(id=f"finding.{self.name}", values=values),)


def say(name: str, *, given: str = "", ends: str = "", **values: str) -> Line:
    """A line, its values as keywords."""
    return Line(name, values, given, ends)


class Told(NamedTuple):
    """A message that the case has ready: what else a number is."""

    name: str

    def said(self, case: Case) -> Said:
        """The message, or nothing."""
        message: Message | None = getattr(case, self.name)
        return (message,) if message else ()


class When(NamedTuple):
    """The date of the next step: a property of the case, '' = at once. Where it has passed, the next of its ``steps``
    after now; without steps, now. ``once``: where it has passed, or is not known, there is no next step.
    """

    name: str = ""
    says: str = "at once"
    steps: timedelta | None = None
    plus: timedelta = timedelta()
    once: bool = False

    def of(self, case: Case) -> datetime | None:
        """The date in one case."""
        date: datetime | None = getattr(case, self.name) if self.name else None
        first = date + self.plus if date else None
        if first and case.now <= first:
            return first
        if self.once:
            return None
        if first and self.steps:
            return first + ((case.now - first) // self.steps + 1) * self.steps
        return case.now


class Rule(NamedTuple):
    """One row of the table. All of ``when`` must hold. ``measure`` names the case's word on what its dates go by."""

    when: tuple[Condition, ...]
    cause: Cause
    sure: Confidence
    who: Actor
    saw: tuple[Line | Told, ...]
    do: tuple[Line, ...]
    next: When
    measure: str = ""


class Section(NamedTuple):
    """Rules that exclude each other: the first one that holds speaks. Sections speak beside each other. ``of_order``:
    it is asked once for the order, not for each parcel. All of ``when`` must hold for any of its rules.
    """

    title: str
    of_order: bool
    when: tuple[Condition, ...]
    rules: tuple[Rule, ...]


def _plain(value: Value | datetime) -> Value:
    return value.isoformat() if isinstance(value, datetime) else value
