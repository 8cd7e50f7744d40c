"""All threads with shoppers as one list: what waits for an answer, what is overdue, who sees to what. Reading only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Q, QuerySet

from doorstep.app.ledger import search
from doorstep.app.shopper.threads import SHOPPER
from doorstep.core.roles import Action, Member, may
from doorstep.db.models import Connection, Membership, Order, Person, Talk, ThreadMessage, User

SHOW: Final = ("open", "waiting", "overdue", "answered", "closed")
PAGE: Final = 50
FOUND: Final = 500  # threads by a word in them
_PRESSING: Final = frozenset({"waiting", "overdue"})  # sorted by when the answer is due


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which threads: ``show`` one of SHOW; of one store (0 = all); somebody's (0 = everybody's); that a query finds."""

    show: str = "open"
    store: int = 0
    user: int = 0
    query: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thread. ``said``: its last message."""

    order_id: int
    order: str
    store: str
    buyer: str
    said: ThreadMessage | None
    mine: bool  # the last message is the shop's
    last_at: datetime
    due_at: datetime | None
    late: bool
    closed: bool
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """A page of the list. ``counts``: by SHOW, within the same store, person and query."""

    rows: tuple[Row, ...]
    counts: dict[str, int]
    more: bool


def inbox(ws: int, wanted: Wanted, now: datetime, page: int = 0) -> Inbox:
    """A page of the threads: those that wait by when the answer is due, the others newest first."""
    rows = _within(ws, wanted)
    tests = _tests(now)
    counts = rows.aggregate(**{name: Count("order_id", filter=test) for name, test in tests.items()})
    order = ("due_at", "order_id") if wanted.show in _PRESSING else ("-last_at", "-order_id")
    some = list(rows.filter(tests[wanted.show]).order_by(*order)[page * PAGE : (page + 1) * PAGE + 1])
    return Inbox(rows=_rows(ws, some[:PAGE], now), counts=counts, more=len(some) > PAGE)


def talk(ws: int, order_id: int) -> Talk | None:
    """The thread of an order as a whole; None while the shopper has not written."""
    return Talk.objects.filter(ws=ws, order_id=order_id).first()


def handlers(ws: int) -> list[User]:
    """Who may answer shoppers."""
    roles = [one.value for one in Member if may(one, Action.HANDLE)]
    held = Membership.objects.filter(ws=ws, role__in=roles).values("user_id")
    return list(User.objects.filter(id__in=held, is_active=True).order_by("email"))


def _tests(now: datetime) -> dict[str, Q]:
    open_ = Q(closed_at=None)
    return {
        "open": open_,
        "waiting": open_ & Q(due_at__isnull=False),
        "overdue": open_ & Q(due_at__lt=now),
        "answered": open_ & Q(due_at=None),
        "closed": Q(closed_at__isnull=False),
    }


def _within(ws: int, wanted: Wanted) -> QuerySet[Talk]:
    rows = Talk.objects.filter(ws=ws)
    if wanted.store:
        rows = rows.filter(store_id=wanted.store)
    if wanted.user:
        rows = rows.filter(user_id=wanted.user)
    if wanted.query.strip():
        rows = rows.filter(order_id__in=search.found(ws, wanted.query) | _saying(ws, wanted.query.strip()))
    return rows


def _saying(ws: int, words: str) -> set[int]:
    """The orders in whose newest messages these words are."""
    found = ThreadMessage.objects.filter(ws=ws, body__icontains=words).order_by("-id")
    return set(found.values_list("order_id", flat=True)[:FOUND])


def _rows(ws: int, some: Collection[Talk], now: datetime) -> tuple[Row, ...]:
    orders = Order.objects.filter(ws=ws).in_bulk([one.order_id for one in some])
    people = Person.objects.filter(ws=ws).in_bulk([one.person_id for one in orders.values() if one.person_id])
    labels = dict(Connection.objects.filter(ws=ws, kind="store").values_list("id", "label"))
    names = dict(User.objects.filter(id__in={one.user_id for one in some}).values_list("id", "email"))
    said = {one.order_id: one for one in ThreadMessage.objects.filter(ws=ws, order_id__in=list(orders)).order_by("id")}
    return tuple(
        Row(
            order_id=one.order_id,
            order=orders[one.order_id].number,
            store=labels.get(one.store_id, ""),
            buyer=_name(people.get(orders[one.order_id].person_id or 0)),
            said=said.get(one.order_id),
            mine=one.order_id in said and said[one.order_id].by != SHOPPER,
            last_at=one.last_at,
            due_at=one.due_at,
            late=one.due_at is not None and one.due_at < now,
            closed=one.closed_at is not None,
            who=names.get(one.user_id, ""),
        )
        for one in some
        if one.order_id in orders
    )


def _name(person: Person | None) -> str:
    return person.name or person.email if person else ""
