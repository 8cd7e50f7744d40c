"""Which mails the shoppers of a store get, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.core import get_global
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from doorstep.app.audit import record
from doorstep.app.telling.letters import Wrong
from doorstep.core.letter import MILESTONES, Event, Timing
from doorstep.core.message import Message
from doorstep.db.models import LetterRules, Person, Workspace

MOST_EXTRA: Final = 5
LONGEST_GAP_H: Final = 72
_HOURS: Final = (("quiet_from", 23), ("quiet_to", 23), ("daily_at", 23), ("gap_h", LONGEST_GAP_H))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a store chose. ``by_shopper``: hours are of the shopper's day, where their country has one zone."""

    off: frozenset[Event] = frozenset()
    extra: tuple[str, ...] = ()
    timing: Timing = field(default_factory=Timing)
    by_shopper: bool = False
    followers: bool = True


def rules(ws: int, store_id: int) -> Rules:
    """The rules of a store; one that chose nothing mails everything at once."""
    row = LetterRules.objects.filter(ws=ws, store_id=store_id).first()
    if row is None:
        return Rules()
    quiet = (row.quiet_from, row.quiet_to) if row.quiet_from is not None and row.quiet_to is not None else None
    return Rules(
        off=frozenset(Event(one) for one in row.off),
        extra=tuple(row.extra),
        timing=Timing(quiet=quiet, gap=timedelta(hours=row.gap_h), daily_at=row.daily_at),
        by_shopper=row.zone == "shopper",
        followers=row.followers,
    )


def save(ws: int, store_id: int, form: Mapping[str, Any], on: Sequence[str], actor: str) -> None:
    """Keep what was typed; ``on`` are the events that are mailed. Raises Wrong."""
    values, wrong = _read(form)
    if wrong:
        raise Wrong(wrong)
    values["off"] = [one.value for one in MILESTONES if one.value not in on]
    with transaction.atomic():
        LetterRules.objects.update_or_create(ws=ws, store_id=store_id, defaults=values)
        record(ws, actor, "letters.rules", f"connection:{store_id}", after=values)


def zone_of(ws: int, kept: Rules, person: Person | None) -> ZoneInfo:
    """Where the reader's day is counted: the workspace's zone, or that of the shopper's country if it has just one."""
    if kept.by_shopper and person is not None:
        zones = get_global("territory_zones").get(person.country.upper(), [])
        if len(zones) == 1:
            return ZoneInfo(zones[0])
    return ZoneInfo(Workspace.objects.get(id=ws).tz)


def _read(form: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Message]]:
    values: dict[str, Any] = {"zone": "shopper" if form.get("zone") == "shopper" else "workspace"}
    values["followers"] = bool(form.get("followers"))
    wrong: dict[str, Message] = {}
    for name, most in _HOURS:
        text = str(form.get(name, "")).strip()
        if text and not (text.isdecimal() and len(text) < 4 and int(text) <= most):
            wrong[name] = Message(id="letters.no_hour", values={"most": most})
        else:
            values[name] = int(text) if text else None
    values["gap_h"] = values.get("gap_h") or 0
    if (values.get("quiet_from") is None) != (values.get("quiet_to") is None):
        wrong.setdefault("quiet_to", Message(id="letters.both_hours"))
    values["extra"] = list(dict.fromkeys(str(form.get("extra", "")).replace(",", " ").split()))
    if len(values["extra"]) > MOST_EXTRA or not all(map(is_address, values["extra"])):
        wrong["extra"] = Message(id="letters.no_addresses", values={"most": MOST_EXTRA})
    return values, wrong


def is_address(text: str) -> bool:
    """Whether mail can be sent there."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254
