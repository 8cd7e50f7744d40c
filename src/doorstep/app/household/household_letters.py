"""News of a household's parcels, and of orders of stores that it accepted, to whoever of it asked for them. What is out
of date, muted or put away is not sent; quiet hours and the hour of the daily mail are waited for; one mail takes along
what waits beside it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from doorstep.app import clock, outbox
from doorstep.app.household import grants, household_news, household_parcels, households
from doorstep.app.household.household_news import MAIL, PUSH, Choice
from doorstep.app.leases import free
from doorstep.app.log import logger
from doorstep.app.loop import in_db
from doorstep.app.outbox import Leased
from doorstep.app.say import day, speaking, text
from doorstep.app.telling import notify, web_push
from doorstep.app.telling.alerts import Alert
from doorstep.app.telling.notify import Letter
from doorstep.app.telling.shopper_mail import is_still
from doorstep.core.letter import Hold, hold
from doorstep.db.models import Follower, Membership, Order, Outbox, User, Workspace

LANE: Final = "home"
log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who is told, and where they live."""

    user: User
    home: Workspace
    chosen: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One mail, ready to be sent. ``along``: other intents that it tells too."""

    letter: Letter
    user_id: int
    along: tuple[int, ...]


async def carry_out(leased: Leased) -> None:
    """Carry out one intent of the lane."""
    if _way(leased.row) == PUSH:
        await web_push.carry_out(leased, messages)
        return
    todo = await in_db(write, leased)
    if todo is None:
        await in_db(outbox.done, leased)
    elif isinstance(todo, Hold):
        await in_db(outbox.later, leased, "due", todo.reason, todo.until - clock.now())
    else:
        await _post(leased, todo)


async def _post(leased: Leased, todo: Round) -> None:
    """Send it. An address that takes no mail gets no more."""
    try:
        await asyncio.to_thread(notify.send, todo.letter)  # a slow mail server keeps no database thread
    except (OSError, ValueError) as problem:  # smtplib's errors are OSErrors
        log.warning("mail.failed", problem=type(problem).__name__)
        lasting, reason = notify.fault(problem)
        if not lasting:
            await in_db(outbox.later, leased, "due", reason)
            return
        await in_db(household_news.set_mails, leased.row.ws, todo.user_id, "")
    await in_db(_end, leased, todo.along)


def _end(leased: Leased, along: Sequence[int]) -> None:
    with transaction.atomic():
        if outbox.done(leased):
            mine = Outbox.objects.filter(free(clock.machine()), ws=leased.row.ws, id__in=along, state="due")
            mine.update(state="done", error=None)


def write(leased: Leased) -> Round | Hold | None:
    """The mail; what it waits for; None when it would be stale or is not wanted."""
    row, to = leased.row, _reader(leased.row)
    if to is None or not to.chosen.mail or not _wanted(row, to):
        return None
    zone = ZoneInfo(to.home.tz)
    if wait := hold(to.chosen.timing(MAIL), clock.now(), zone, None):
        return wait
    beside = [one for one in _beside(row) if _wanted(one, to)]
    with speaking(to.home.locale), timezone.override(zone):
        letter = _letter(leased, to, [row, *beside])
    for one in (row, *beside):
        _read(one, to)
    return Round(letter=letter, user_id=to.user.pk, along=tuple(one.id for one in beside))


def messages(leased: Leased) -> list[tuple[Follower, bytes]] | Hold:
    """The messages by device, none where it is no news any more; or what they wait for."""
    row, to = leased.row, _reader(leased.row)
    order = _wanted(row, to) if to else None
    if to is None or order is None:
        return []
    if wait := hold(to.chosen.timing(PUSH), clock.now(), ZoneInfo(to.home.tz), None):
        return wait
    with speaking(to.home.locale):
        title = household_parcels.called(row.ws, order, _grant(row))
        body = f"{text(f'status.{_status(row)}')}. {text(f'status.explained.{_status(row)}')}"
        said = Alert(title=title, body=body, url=_url(row))
    _read(row, to)
    mine = Follower.objects.filter(ws=row.ws, kind=PUSH, user_id=to.user.pk)
    return [(one, web_push.packed(said, str(row.target_id))) for one in mine]


def _reader(row: Outbox) -> Reader | None:
    """Whom an intent is for; None when they left, or the app was closed."""
    user_id = int(row.intent_key.rpartition(":")[2])
    lives = households.open_here() and Membership.objects.filter(ws=row.ws, user_id=user_id).exists()
    user = User.objects.filter(id=user_id, is_active=True).first() if lives else None
    home = Workspace.objects.filter(id=row.ws, kind=households.KIND).first()
    if user is None or home is None:
        return None
    return Reader(user=user, home=home, chosen=household_news.choice(row.ws, user_id))


def _wanted(row: Outbox, to: Reader) -> Order | None:
    """The order, if it is news to them, and wanted."""
    status, grant_id = _status(row), _grant(row)
    if status not in to.chosen.what or household_news.is_quiet(row.ws, to.user.pk, row.target_id, grant_id):
        return None
    order = _order(row)
    if order is None or order.cancelled_at or not is_still(order.ws, row.payload_ref, status):
        return None
    return order if grant_id or not household_parcels.told_by_store(order) else None


def _order(row: Outbox) -> Order | None:
    """The order that an intent is about: the household's own, or one that it sees through a grant now."""
    if grant_id := _grant(row):
        return grants.sees(row.ws, grant_id, row.target_id)
    return household_parcels.own_order(row.ws, row.target_id)


def _read(row: Outbox, to: Reader) -> None:
    """What is told of a store's order is read by whom it is told to, and kept as such."""
    if grant_id := _grant(row):
        grants.open_order(row.ws, grant_id, row.target_id, to.user.pk)


def _beside(row: Outbox) -> list[Outbox]:
    """What else waits to be mailed to the same person."""
    end = f":{MAIL}:{row.intent_key.rpartition(':')[2]}"
    others = Outbox.objects.filter(free(clock.machine()), ws=row.ws, lane=LANE, intent_key__endswith=end, state="due")
    return list(others.exclude(id=row.id).order_by("id"))


def _letter(leased: Leased, to: Reader, told: Sequence[Outbox]) -> Letter:
    """In words only, with one-click unsubscribing (RFC 8058)."""
    ws, first = leased.row.ws, told[0]
    parts = {one.payload_ref: _part(one) for one in told}
    if len(parts) == 1:
        subject = f"{_called(first)}: {text(f'status.{_status(first)}')}"
    else:
        subject = text("letter.home.several", count=len(parts))
    stop = household_news.stop_url(ws, to.user.pk)
    why = text("letter.home.why", url=f"{settings.PUBLIC_URL}/my/you/news")
    body = "\n\n".join([*parts.values(), f"--\n{why}\n{text('letter.stop')}: {stop}\n"])
    headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return Letter((to.user.email,), " ".join(subject.split()), body, notify.mark(leased), headers)


def _part(row: Outbox) -> str:
    """What is told of one parcel."""
    order, status = _order(row), _status(row)
    seen = household_parcels.seen(order.ws, order.id, row.payload_ref) if order else None
    lines = [f"{_called(row)}: {text(f'status.{status}')}", text(f"status.explained.{status}")]
    if seen and seen.window and status != "delivered":
        lines.append(text("page.eta", date=day(seen.window.end)))
    if seen and seen.current:
        number = seen.current[0]
        lines.append(" · ".join(filter(None, (number.text, number.carrier_name))))
    return "\n".join([*lines, _url(row)])


def _called(row: Outbox) -> str:
    order = _order(row)
    return household_parcels.called(row.ws, order, _grant(row)) if order else ""


def _grant(row: Outbox) -> int:
    """The grant that an intent goes by, 0 for an order of the household's own."""
    return int(row.intent_key.partition(":")[0].partition("@")[2] or 0)


def _status(row: Outbox) -> str:
    return row.intent_key.split(":")[1]


def _way(row: Outbox) -> str:
    return row.intent_key.split(":")[2]


def _url(row: Outbox) -> str:
    grant_id = _grant(row)
    place = f"order/{grant_id}" if grant_id else "parcel"
    return f"{settings.PUBLIC_URL}/my/{place}/{row.target_id}"
