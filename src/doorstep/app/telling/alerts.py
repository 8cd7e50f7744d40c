"""What members are told, each by their own choice: by mail, by push, and once a day what needs somebody. Whoever chose
nothing is told what their role is told anyway.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from doorstep.app import clock, loop
from doorstep.app.outbox import Leased
from doorstep.app.say import text
from doorstep.core.letter import next_hour
from doorstep.core.roles import Action, Member, may
from doorstep.db.models import Alerts, Membership, Outbox, User, Workspace

_HANDLERS: Final = frozenset(one for one in Member if may(one, Action.HANDLE))
_OWNERS: Final = frozenset({Member.OWNER})
# What there is to be told, and which roles are unless they choose otherwise.
KINDS: Final[Mapping[str, frozenset[Member]]] = {
    "denied": _OWNERS,
    "endpoint": _OWNERS,
    "message": _HANDLERS,
    "problem": frozenset(),
}
_PLACES: Final = {"denied": "connections", "endpoint": "webhooks", "message": "orders", "problem": "orders"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A short message, and where it leads."""

    title: str
    body: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What one member is told. ``daily_at`` None = nothing once a day."""

    mail: frozenset[str]
    push: frozenset[str]
    daily_at: int | None = None


def choice(ws: int, user_id: int, role: Member) -> Choice:
    """What a member chose, or has from their role."""
    row = Alerts.objects.filter(ws=ws, user_id=user_id).first()
    return _of(row, role)


def _of(row: Alerts | None, role: Member) -> Choice:
    if row is None:
        return Choice(mail=frozenset(kind for kind, roles in KINDS.items() if role in roles), push=frozenset())
    return Choice(mail=frozenset(row.mail), push=frozenset(row.push), daily_at=row.daily_at)


def choose(ws: int, user_id: int, mail: Collection[str], push: Collection[str], daily_at: int | None) -> None:
    """Keep a choice; what is no kind is left out."""
    kept = {"mail": [one for one in KINDS if one in mail], "push": [one for one in KINDS if one in push]}
    with transaction.atomic():
        Alerts.objects.update_or_create(ws=ws, user_id=user_id, defaults={**kept, "daily_at": daily_at})
        if daily_at is not None:
            plan_day(ws, user_id, daily_at)


def mailed(ws: int, kind: str) -> tuple[str, ...]:
    """The addresses of whoever is mailed about something."""
    ids = _wanting(ws, kind, "mail")
    return tuple(User.objects.filter(id__in=ids, is_active=True).order_by("id").values_list("email", flat=True))


def chosen(ws: int, kind: str) -> bool:
    """Whether anybody is told about something in any way."""
    return any(kind in (*row.mail, *row.push) for row in Alerts.objects.filter(ws=ws))


def push_too(leased: Leased) -> None:
    """Beside a notice: the browsers of whoever wants that kind."""
    row, now = leased.row, clock.now()
    kind = row.intent_key.partition(":")[0]
    key = f"staff:{kind}:{row.id}"
    intents = [
        Outbox(ws=row.ws, lane="web_push", target_id=one, payload_ref=row.target_id, intent_key=key, due_at=now)
        for one in _wanting(row.ws, kind, "push")
    ]
    if intents:
        Outbox.objects.bulk_create(intents, ignore_conflicts=True)
        loop.wake("outbox")


def alert_of(row: Outbox) -> Alert | None:
    """The message to a member that an intent of the push lane is about; None where it is to a shopper."""
    who, _, rest = row.intent_key.partition(":")
    kind = rest.partition(":")[0]
    if who != "staff" or kind not in KINDS:
        return None
    title = Workspace.objects.get(id=row.ws).name
    url = f"{settings.PUBLIC_URL}/{_PLACES[kind]}/{row.payload_ref}"
    return Alert(title=title, body=text(f"alerts.short.{kind}"), url=url)


def plan_day(ws: int, user_id: int, daily_at: int) -> None:
    """The next daily mail; there is one of each day."""
    zone = ZoneInfo(Workspace.objects.get(id=ws).tz)
    due: datetime = next_hour(clock.now(), zone, daily_at)
    day = timezone.localtime(due, zone).date().isoformat()
    intent = Outbox(ws=ws, lane="notice", target_id=user_id, payload_ref=0, intent_key=f"daily:{day}:{daily_at}")
    intent.due_at = due
    Outbox.objects.bulk_create([intent], ignore_conflicts=True)


def _wanting(ws: int, kind: str, way: str) -> list[int]:
    rows = {one.user_id: one for one in Alerts.objects.filter(ws=ws)}
    members = Membership.objects.filter(ws=ws).values_list("user_id", "role")
    return [one for one, role in members if kind in getattr(_of(rows.get(one), Member(role)), way)]
