"""Having all open parcels of a store asked about now: a job that lives in tables, behind everything that is due anyway.

Its parcels wait in ``ResyncParcel``. Step by step as many of them as the account can spare are put into the schedule,
where they are asked about like all others; when every answer is in and understood, the job keeps its tally and ends.
"""

import functools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, cast
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Q

from doorstep.app import clock, loop
from doorstep.app.audit import record
from doorstep.app.ledger import freshness, scans
from doorstep.app.track.resync import PATIENCE_S, Place
from doorstep.app.vendors import budget
from doorstep.connectors.registry import connector
from doorstep.core.message import Message
from doorstep.core.resync import BOARD_COOLDOWN, PARCEL_COOLDOWN, Range, Skip, Tally, left_out, window
from doorstep.db import bulk
from doorstep.db.models import (
    Connection,
    Cooldown,
    Inbox,
    Order,
    Parcel,
    ParcelLine,
    ParcelNumber,
    Resync,
    ResyncParcel,
    Schedule,
    Watch,
    Workspace,
)

SCOPE: Final = "store"
BELL: Final = "resync"
STEP: Final = 2000  # parcels put into the schedule in one step, and ids in one statement
LONG_AGO: Final = datetime.fromisoformat("2000-01-01T00:00+00:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whether a resync was accepted; ``messages`` say what is asked about and left out, or why nothing is."""

    accepted: bool
    messages: tuple[Message, ...]
    resync_id: int = 0


def ask_store(ws: int, store_id: int, chosen: Range, actor: str, place: Place = "console") -> Asked:
    """Have the store's parcels asked about: those of orders placed in ``chosen``, by the workspace's days. Once per
    hour, whatever is chosen. What leaves nobody to ask is not accepted. Raises Connection.DoesNotExist.
    """
    store = Connection.objects.exclude(state="removed").get(ws=ws, id=store_id, kind="store")
    now = clock.now()
    if Resync.objects.filter(ws=ws, scope=SCOPE, target_id=store_id, ended_at=None).exists():
        return Asked(accepted=False, messages=(_of(store, "running"),))
    wait = next_allowed_at(ws).get(store_id)
    if wait:
        return Asked(accepted=False, messages=(_of(store, "too_soon", next_at=wait.isoformat()),))
    parcels, skipped = _choose(ws, store_id, chosen, now)  # may take a while, and locks nothing
    if not parcels:
        return Asked(accepted=False, messages=(_of(store, "nothing"), *left_out(skipped)))
    with transaction.atomic():
        if not _cool_down(ws, store_id, now):
            return Asked(accepted=False, messages=(_of(store, "running"),))
        made = _accept(ws, store_id, chosen, (actor, place), parcels, skipped)
    next_at = (now + BOARD_COOLDOWN).isoformat()
    message = _of(store, "accepted", count=len(parcels), next_at=next_at)
    return Asked(accepted=True, messages=(message,), resync_id=made)


def next_allowed_at(ws: int) -> dict[int, datetime]:
    """When each store that rests may be resynced again."""
    rows = Cooldown.objects.filter(ws=ws, scope=SCOPE, next_allowed_at__gt=clock.now())
    return dict(rows.values_list("target_id", "next_allowed_at"))


def cancel(ws: int, resync_id: int, actor: str) -> None:
    """Ask about no more parcels; what was asked already is waited for. Raises Resync.DoesNotExist."""
    with transaction.atomic():
        row = Resync.objects.select_for_update().get(ws=ws, id=resync_id, scope=SCOPE)
        waiting = ResyncParcel.objects.filter(ws=ws, resync_id=resync_id, state="waiting")
        count, _ = waiting.delete()
        if count and not row.ended_at:
            _skip(row, {Skip.CANCELLED: count})
            record(ws, actor, "resync.cancel", f"resync:{resync_id}")
    loop.wake(BELL)


def advance() -> bool:
    """One step of every resync under way; whether any got further."""
    running = Resync.objects.filter(scope=SCOPE, ended_at=None).order_by("accepted_at")
    moved = [_step(ws, resync_id) for ws, resync_id in running.values_list("ws", "id")]
    return any(moved)


def accounts(ws: int) -> dict[int, Connection]:
    """The carrier accounts that can be asked."""
    return {one.id: one for one in Connection.objects.filter(ws=ws, kind="carrier", state="active")}


def _of(store: Connection, what: str, **values: str | int) -> Message:
    return Message(id=f"resync.store.{what}", values={"store": store.label, **values})


def _cool_down(ws: int, store_id: int, now: datetime) -> bool:
    """Compare-and-set: of several who press at once, one gets True."""
    key = {"ws": ws, "scope": SCOPE, "target_id": store_id}
    Cooldown.objects.bulk_create([Cooldown(**key, next_allowed_at=LONG_AGO)], ignore_conflicts=True)
    free = Cooldown.objects.filter(**key, next_allowed_at__lte=now)
    return free.update(next_allowed_at=now + BOARD_COOLDOWN) == 1


def _accept(
    ws: int,
    store_id: int,
    chosen: Range,
    by: tuple[str, Place],
    parcels: Mapping[int, str],
    skipped: Mapping[Skip, int],
) -> int:
    actor, place = by
    row = Resync.objects.create(
        ws=ws,
        scope=SCOPE,
        target_id=store_id,
        place=place,
        actor=actor,
        accepted_at=clock.now(),
        chosen=chosen.value,
        total=len(parcels),
        skipped={why.value: count for why, count in skipped.items()},
    )
    waiting = [
        ResyncParcel(ws=ws, resync_id=row.id, parcel_id=parcel_id, status_before=status)
        for parcel_id, status in parcels.items()
    ]
    bulk.insert(waiting)
    record(ws, actor, "resync.store", f"store:{store_id}")
    transaction.on_commit(functools.partial(loop.wake, BELL))
    return row.id


def _choose(ws: int, store_id: int, chosen: Range, now: datetime) -> tuple[dict[int, str], Counter[Skip]]:
    """The parcels to ask about with their status now, and how many are left out for which reason."""
    zone = ZoneInfo(Workspace.objects.get(id=ws).tz)
    start, end = window(chosen, now, zone)
    orders = Order.objects.filter(ws=ws, store_id=store_id, placed_at__gte=start, placed_at__lt=end)
    lines = ParcelLine.objects.filter(ws=ws, order_id__in=orders.values("id"))
    parcels = Parcel.objects.filter(ws=ws, id__in=lines.values("parcel_id"))
    held = _held(ws, parcels.filter(closed_at=None).values_list("id", flat=True))
    asked_at = _asked_at(ws, held)
    resting = Cooldown.objects.filter(ws=ws, scope="parcel", next_allowed_at__gt=now)
    just_asked = set(resting.values_list("target_id", flat=True))
    asked, skipped = dict[int, str](), Counter[Skip]()
    for parcel_id, status, closed_at in parcels.values_list("id", "status", "closed_at"):
        numbers = held.get(parcel_id, ())
        mine = [asked_at[number] for number in numbers if number in asked_at]
        if closed_at:
            skipped[Skip.CLOSED] += 1
        elif not numbers:
            skipped[Skip.NO_NUMBER] += 1
        elif not mine:
            skipped[Skip.NOBODY] += 1
        elif parcel_id in just_asked or now - max(mine) < PARCEL_COOLDOWN:
            skipped[Skip.JUST_ASKED] += 1
        else:
            asked[parcel_id] = status
    return asked, skipped


def _asked_at(ws: int, held: Mapping[int, Sequence[int]]) -> dict[int, datetime]:
    """When each number that somebody can be asked about was asked about last; long ago where it never was."""
    found: dict[int, datetime] = {}
    able = list(accounts(ws))
    for some in _parts(number for numbers in held.values() for number in numbers):
        for one in freshness.known(ws, numbers=some, accounts=able):
            found[one.number_id] = max(found.get(one.number_id, LONG_AGO), one.asked_at or LONG_AGO)
    return found


def _held(ws: int, parcels: Iterable[int]) -> dict[int, list[int]]:
    """The current numbers of each parcel."""
    found: dict[int, list[int]] = defaultdict(list)
    for some in _parts(parcels):
        rows = ParcelNumber.objects.filter(ws=ws, parcel_id__in=some, until=None)
        for parcel_id, number_id in rows.values_list("parcel_id", "number_id"):
            found[parcel_id].append(number_id)
    return found


def _watches(ws: int, held: Mapping[int, Sequence[int]]) -> dict[int, list[Watch]]:
    """Who can be asked about each number."""
    found: dict[int, list[Watch]] = defaultdict(list)
    able = list(accounts(ws))
    for some in _parts({number for numbers in held.values() for number in numbers}):
        for watch in freshness.known(ws, numbers=some, accounts=able):
            found[watch.number_id].append(watch)
    return found


def _parts(ids: Iterable[int]) -> Iterator[list[int]]:
    """Ids in parts that one statement takes."""
    rest = list(ids)
    for begin in range(0, len(rest), STEP):
        yield rest[begin : begin + STEP]


def _step(ws: int, resync_id: int) -> bool:
    parcels = ResyncParcel.objects.filter(ws=ws, resync_id=resync_id)
    waiting = parcels.filter(state="waiting").count()
    room = _room(ws, waiting) if waiting else {}
    with transaction.atomic():
        mine = Resync.objects.filter(ws=ws, id=resync_id, ended_at=None)
        row = mine.select_for_update(skip_locked=True).first()
        if row is None:  # another worker has it, or it has ended
            return False
        heard, asked = _hear(row), _ask(row, room) if waiting and (not room or any(room.values())) else 0
        if heard or asked or parcels.filter(state__in=["waiting", "asked"]).exists():
            return bool(heard or asked)
        return _end(row)


def _room(ws: int, wanted: int) -> dict[int, int]:
    """How many numbers each account can be asked about now, beside what is due."""
    machine, room = clock.machine(), {}
    for one in accounts(ws).values():
        meta = connector("carrier", one.connector).meta
        room[one.id] = meta.batch * budget.spare(one, meta, math.ceil(wanted / meta.batch), machine)
    return room


def _ask(row: Resync, room: dict[int, int]) -> int:
    """Put waiting parcels into the schedule, the newest first; those that nobody follows any more are left out.
    Returns how many parcels are not waiting any more.
    """
    waiting = ResyncParcel.objects.filter(ws=row.ws, resync_id=row.id, state="waiting").order_by("-parcel_id")
    ids = list(waiting.values_list("parcel_id", flat=True)[:STEP])
    held = _held(row.ws, ids)
    watches = _watches(row.ws, held)
    asked, orphans, due = list[int](), list[int](), list[Watch]()
    for parcel_id in ids:
        mine = [watch for number in held.get(parcel_id, ()) for watch in watches.get(number, ())]
        if not mine:
            orphans.append(parcel_id)
        elif all(room[watch.connection_id] > 0 for watch in mine):
            for watch in mine:
                room[watch.connection_id] -= 1
            due += mine
            asked.append(parcel_id)
    _schedule(row.ws, due)
    waiting.filter(parcel_id__in=asked).update(state="asked", asked_at=clock.now())
    if orphans:
        waiting.filter(parcel_id__in=orphans).delete()
        _skip(row, {Skip.NOBODY: len(orphans)})
    return len(asked) + len(orphans)


def _schedule(ws: int, watches: Sequence[Watch]) -> None:
    """Have them asked as soon as it is their turn; what is being asked just now answers by itself."""
    now = clock.now()
    places = [Schedule(ws=ws, number_id=one.number_id, connection_id=one.connection_id, next_at=now) for one in watches]
    if places:
        bulk.insert(places, ignore=True)
        numbers = [one.number_id for one in watches]
        mine = Schedule.objects.filter(ws=ws, number_id__in=numbers, lease_token=0, next_at__gt=now)
        free = mine.select_for_update(skip_locked=True).values_list("number_id", flat=True)
        mine.filter(number_id__in=list(free)).update(next_at=now)
        transaction.on_commit(functools.partial(loop.wake, "poll"))


def _skip(row: Resync, more: Mapping[Skip, int]) -> None:
    for why, count in more.items():
        row.skipped[why.value] = row.skipped.get(why.value, 0) + count
        row.total -= count
    row.save(update_fields=["skipped", "total"])


def _hear(row: Resync) -> int:
    """Note who answered and who did not; returns how many parcels."""
    asked = {
        one.parcel_id: cast(datetime, one.asked_at)
        for one in ResyncParcel.objects.filter(ws=row.ws, resync_id=row.id, state="asked")
    }
    held = _held(row.ws, asked)
    watches = _watches(row.ws, held)
    places = Schedule.objects.filter(ws=row.ws, connection_id__in=list(accounts(row.ws)), lease_token__gt=0)
    leased = set(places.values_list("number_id", "connection_id"))
    states = {
        parcel_id: _state([watch for number in held.get(parcel_id, ()) for watch in watches[number]], leased, since)
        for parcel_id, since in asked.items()
    }
    for state in ("answered", "unanswered"):
        for ids in _parts(parcel_id for parcel_id, one in states.items() if one == state):
            ResyncParcel.objects.filter(ws=row.ws, resync_id=row.id, parcel_id__in=ids).update(state=state)
    return sum(one != "asked" for one in states.values())


def _state(watches: Sequence[Watch], leased: set[tuple[int, int]], since: datetime) -> str:
    """What became of a parcel that was put into the schedule at ``since``: answered once anybody answered."""
    if any(one.answered_at and one.answered_at >= since for one in watches):
        return "answered"
    silent = [
        one
        for one in watches
        if one.asked_at and one.asked_at >= since and (one.number_id, one.connection_id) not in leased
    ]
    late = clock.real_seconds(clock.now() - since) > PATIENCE_S
    return "unanswered" if late or len(silent) == len(watches) else "asked"


def _end(row: Resync) -> bool:
    """Everybody was asked: keep what came of it, once the last answer is understood."""
    if row.asked_all_at is None:
        row.asked_all_at = clock.now()
        row.save(update_fields=["asked_all_at"])
    unread = Inbox.objects.filter(ws=row.ws, connection_id__in=list(accounts(row.ws)), state="new")
    if unread.filter(received_at__gte=row.accepted_at, received_at__lte=row.asked_all_at).exists():
        return False
    parcels = ResyncParcel.objects.filter(ws=row.ws, resync_id=row.id)
    row.said, row.ended_at = asdict(_tally(row)), clock.now()
    row.save(update_fields=["said", "ended_at"])
    parcels.delete()
    return True


def _tally(row: Resync) -> Tally:
    parcels = ResyncParcel.objects.filter(ws=row.ws, resync_id=row.id)
    count = parcels.aggregate(
        answered=Count("parcel_id", filter=Q(state="answered")),
        unanswered=Count("parcel_id", filter=~Q(state="answered")),
    )
    before = dict(parcels.values_list("parcel_id", "status_before"))
    now = dict(Parcel.objects.filter(ws=row.ws, id__in=parcels.values("parcel_id")).values_list("id", "status"))
    numbers = ParcelNumber.objects.filter(ws=row.ws, parcel_id__in=parcels.values("parcel_id"), until=None)
    heard = scans.of(row.ws, set(numbers.values_list("number_id", flat=True))).values()
    return Tally(
        **count,
        changed=sum(now.get(parcel_id) != status for parcel_id, status in before.items()),
        new_events=sum(one.news_since(row.accepted_at) for one in heard),
        skipped={Skip(why): count for why, count in row.skipped.items()},
    )
