"""What somebody of a household wants to be told of its parcels, and of orders of stores that it accepted: at which
statuses, by mail and on their devices, outside of quiet hours, each at once or all once a day. Nothing is told that
nobody asked for.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Min

from doorstep.app import clock, doors
from doorstep.core.letter import Timing
from doorstep.core.status import Status
from doorstep.db.models import Door, Follower, Grant, Kept, News

TOLD: Final = (
    Status.IN_TRANSIT,
    Status.OUT_FOR_DELIVERY,
    Status.AVAILABLE_FOR_PICKUP,
    Status.ATTEMPT_FAILED,
    Status.EXCEPTION,
    Status.DELIVERED,
)
TOLD_WORDS: Final = frozenset(one.value for one in TOLD)
MAILS: Final = ("", "at_once", "daily")
MAIL, PUSH = "mail", "push"
NIGHT: Final = (22, 8)  # quiet hours that are proposed
MORNING: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What somebody chose. ``mail``: one of ``MAILS``; hours are of the household's day, ``quiet`` None = at any."""

    what: frozenset[str] = frozenset(TOLD)
    mail: str = ""
    daily_at: int = MORNING
    quiet: tuple[int, int] | None = NIGHT
    muted: frozenset[str] = frozenset()

    def timing(self, way: str) -> Timing:
        """When what goes this way may go; devices are told each thing by itself."""
        return Timing(quiet=self.quiet, daily_at=self.daily_at if way == MAIL and self.mail == "daily" else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanting:
    """Somebody who is told, in which ways, what, and what became known since when."""

    user_id: int
    ways: tuple[str, ...]
    what: frozenset[str]
    since: datetime


def choice(ws: int, user_id: int) -> Choice:
    """What somebody chose; the proposal, with nothing on, where they chose nothing yet."""
    row = News.objects.filter(ws=ws, user_id=user_id).first()
    if row is None:
        return Choice()
    quiet = (row.quiet_from, row.quiet_to) if row.quiet_from is not None and row.quiet_to is not None else None
    return Choice(
        what=frozenset(row.what), mail=row.mail, daily_at=row.daily_at, quiet=quiet, muted=frozenset(row.muted)
    )


def choose(ws: int, user_id: int, chosen: Choice) -> None:
    """Keep a choice; what is muted stays so. Who was told nothing so far is told what becomes known from now on."""
    begins, ends = chosen.quiet or (None, None)
    values = {
        "what": [one.value for one in TOLD if one in chosen.what],
        "mail": chosen.mail,
        "daily_at": chosen.daily_at,
        "quiet_from": begins,
        "quiet_to": ends,
    }
    with transaction.atomic():
        new = chosen.mail and not choice(ws, user_id).mail and not _devices(ws, user_id)
        since = {"since": clock.now()}
        News.objects.update_or_create(
            ws=ws,
            user_id=user_id,
            defaults={**values, **(since if new else {})},
            create_defaults={**values, **since},
        )


def begin(ws: int, user_id: int) -> None:
    """A device of theirs is told from now on: of what they chose, else of what is proposed."""
    if not News.objects.filter(ws=ws, user_id=user_id).exists():
        choose(ws, user_id, Choice())
    if not choice(ws, user_id).mail and _devices(ws, user_id) == 1:
        News.objects.filter(ws=ws, user_id=user_id).update(since=clock.now())


def set_mails(ws: int, user_id: int, mail: str) -> None:
    """They want mails so (``MAILS``), '' = no more; everything else stays as they chose."""
    News.objects.filter(ws=ws, user_id=user_id).update(mail=mail)


def mute(ws: int, user_id: int, order_id: int, *, muted: bool) -> None:
    """They want nothing of one parcel, or again."""
    with transaction.atomic():
        row = News.objects.select_for_update().filter(ws=ws, user_id=user_id).first()
        if row is not None:
            others = [one for one in row.muted if one != str(order_id)]
            News.objects.filter(ws=ws, user_id=user_id).update(muted=[*others, str(order_id)] if muted else others)


def is_told(ws: int, user_id: int) -> bool:
    """Whether somebody is told in any way."""
    return bool(choice(ws, user_id).mail) or bool(_devices(ws, user_id))


def is_quiet(ws: int, user_id: int, order_id: int, grant_id: int = 0) -> bool:
    """Whether nothing of an order is told to them: it is muted, or put away."""
    away = Kept.objects.filter(ws=ws, grant_id=grant_id, order_id=order_id).exclude(away_at=None)
    return str(order_id) in choice(ws, user_id).muted or away.exists()


def wanting(ws: int) -> tuple[Wanting, ...]:
    """Everybody of a household who is told anything; nobody, in a business."""
    rows = list(News.objects.filter(ws=ws).order_by("user_id"))
    if not rows:
        return ()
    devices = set(Follower.objects.filter(ws=ws, kind=PUSH, user_id__gt=0).values_list("user_id", flat=True))
    found = []
    for one in rows:
        ways = ((MAIL,) if one.mail else ()) + ((PUSH,) if one.user_id in devices else ())
        if ways:
            found.append(Wanting(user_id=one.user_id, ways=ways, what=frozenset(one.what), since=one.since))
    return tuple(found)


def granted_since(store_ws: int) -> dict[int, datetime]:
    """Since when households accept the stores of a business, by store; nothing where the app is closed."""
    if not settings.SHOPPER_APP:
        return {}
    live = Grant.objects.filter(store_ws=store_ws, revoked_at=None)
    return dict(live.values_list("store_id").annotate(Min("granted_at")))


def forget(ws: int, users: Collection[int]) -> None:
    """They left: nothing is told to them any more."""
    News.objects.filter(ws=ws, user_id__in=users).delete()
    Follower.objects.filter(ws=ws, user_id__in=users).delete()
    Door.objects.filter(ws=ws, kind="news", target_id__in=users).delete()


def stop_url(ws: int, user_id: int) -> str:
    """Where they stop the mails, without signing in."""
    return f"{settings.PUBLIC_URL}/quiet/{doors.token_of(doors.ensure(ws, 'news', user_id))}"


def _devices(ws: int, user_id: int) -> int:
    return Follower.objects.filter(ws=ws, kind=PUSH, user_id=user_id).count()
