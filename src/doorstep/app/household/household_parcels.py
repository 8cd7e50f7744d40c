"""All that a household waits for in one list: parcels it added by number or mail, and orders of stores it accepted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from django.db import transaction

from doorstep.app import clock
from doorstep.app.household import grants, shop_accounts
from doorstep.app.household.households import Refused
from doorstep.app.order.parcel_view import Seen, parcels
from doorstep.app.overview.board_rows import Row, rows
from doorstep.app.receive import manual
from doorstep.core.message import Message
from doorstep.core.number import Candidate, Confidence, carrier, normalize, recognize
from doorstep.core.order import OrderState
from doorstep.core.resync import PARCEL_COOLDOWN, may_resync
from doorstep.core.status import Status
from doorstep.db.load import load
from doorstep.db.models import Connection, Cooldown, Grant, Kept, Line, Number, Order, ParcelLine, ParcelNumber

Granted = Sequence[tuple[Grant, Sequence[Order]]]
Group = Literal["needs", "moving", "done"]
GROUPS: Final[tuple[Group, ...]] = ("needs", "moving", "done")
MOST: Final = 500  # of a household's own, the newest
LONGEST_LABEL: Final = 80
CARRIER: Final = "carrier"  # scope of the cool-down of choosing another carrier
_NEEDS: Final = frozenset({Status.AVAILABLE_FOR_PICKUP, Status.ATTEMPT_FAILED, Status.EXCEPTION, Status.RETURNING})
_DONE: Final = frozenset({Status.DELIVERED, Status.RETURNED, Status.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the list. ``grant_id`` 0 = the household's own; ``status`` '' = no number yet, then ``state`` is the
    order's. ``expected``: the last day that is named for it.
    """

    grant_id: int
    order_id: int
    title: str
    store: str
    status: str
    state: str
    group: Group
    numbers: tuple[str, ...]
    carriers: tuple[str, ...]
    expected: date | None
    news_at: datetime
    away: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A carrier that a number may belong to."""

    code: str
    name: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous(Exception):
    """Several carriers have numbers of this form: a person chooses."""

    choices: tuple[Choice, ...]


def entries(ws: int, *, away: bool = False, query: str = "") -> tuple[Entry, ...]:
    """What is in the list (or put away), as far as it fits the query; what needs somebody first, then by news."""
    granted = list(grants.orders(ws))
    every = [*_own(ws, granted), *_granted(ws, granted)]
    fitting = [one for one in every if one.away == away and _fits(one, query)]
    return tuple(sorted(fitting, key=lambda one: (GROUPS.index(one.group), -one.news_at.timestamp())))


def add(ws: int, text: str, code: str, label: str, actor: str, *, confirmed: bool = False) -> int:
    """Follow a parcel by its number (or tracking link); returns the order's id. One that was put away comes back.
    Raises manual.Doubtful where it may be no number, and Ambiguous where a person has to choose the carrier.
    """
    text, code = manual.from_link(text, code)
    seen = recognize(text)
    if seen.not_a and not confirmed:
        raise manual.Doubtful(seen.not_a.message)
    if not code and not confirmed and _unclear(seen.candidates):
        raise Ambiguous(choices=tuple(map(_choice, seen.candidates)))
    if not code and not confirmed and not seen.candidates:
        raise manual.Doubtful(Message(id="my.add.nobody"))
    order_id = manual.follow_number(ws, text, code, actor, confirmed=confirmed)
    kept: dict[str, Any] = {"away_at": None}
    if label.strip():
        kept["label"] = label.strip()[:LONGEST_LABEL]
    Kept.objects.update_or_create(ws=ws, grant_id=0, order_id=order_id, defaults=kept)
    return order_id


def has_carriers(ws: int) -> bool:
    """Whether anybody can be asked about the household's parcels: accounts that the operator lends."""
    return Connection.objects.filter(ws=ws, kind="carrier", state="active").exists()


def keep_label(ws: int, grant_id: int, order_id: int, label: str) -> None:
    """What a household calls an order; '' = nothing any more."""
    _put(ws, grant_id, order_id, label=label.strip()[:LONGEST_LABEL])


def put_away(ws: int, grant_id: int, order_id: int, *, away: bool) -> None:
    """Put an order away, or back."""
    _put(ws, grant_id, order_id, away_at=clock.now() if away else None)


def kept(ws: int, grant_id: int, order_id: int) -> Kept:
    """What the household keeps about an order; nothing yet where it keeps nothing."""
    known = Kept.objects.filter(ws=ws, grant_id=grant_id, order_id=order_id).first()
    return known or Kept(ws=ws, grant_id=grant_id, order_id=order_id)


def own_order(ws: int, order_id: int) -> Order | None:
    """An order of the household itself."""
    return Order.objects.filter(ws=ws, id=order_id).first()


def called(ws: int, order: Order, grant_id: int = 0) -> str:
    """What a household calls an order: their name for it, what is in it, its seller, else its number; one of a store is
    called by the store's number rather than by a parcel's.
    """
    order_id = order.id
    own, title = kept(ws, grant_id, order_id), _titles(order.ws, [order_id]).get(order_id, "")
    if found := own.label or title or str(own.seller.get("name", "")) or (order.number if grant_id else ""):
        return found
    parts = load(ParcelLine, ws, "order_id", [order_id], only=("parcel_id", "order_id"))
    held = ParcelNumber.objects.filter(ws=ws, parcel_id__in=[one.parcel_id for one in parts], until=None)
    number = Number.objects.filter(ws=ws, id__in=held.values("number_id")).order_by("id").first()
    return number.text if number else order.number


def told_by_store(order: Order) -> bool:
    """Whether an order that an account at a shop brought is shown, and so told, by the shop's store itself."""
    shop = shop_accounts.brought(order.ws).get(order.store_id)
    return shop is not None and grants.shows(order.ws, *shop, order.external_id)


def seen(ws: int, order_id: int, parcel_id: int) -> Seen | None:
    """One parcel of an order, which lies in workspace ``ws``."""
    lines = list(Line.objects.filter(ws=ws, order_id=order_id).order_by("id"))
    return next((one for one in parcels(ws, order_id, lines) if one.id == parcel_id), None)


def reload_carrier(ws: int, number_id: int, code: str, actor: str) -> None:
    """Have a number asked about under another carrier (S17), once in five minutes. Raises Refused."""
    now = clock.now()
    scope: dict[str, Any] = {"ws": ws, "scope": CARRIER, "target_id": number_id}
    with transaction.atomic():
        row = Cooldown.objects.select_for_update().filter(**scope).first()
        wait = may_resync(row.next_allowed_at - PARCEL_COOLDOWN if row else None, now, PARCEL_COOLDOWN)
        if wait is not None:
            raise Refused("my.carrier.too_soon", at=wait.isoformat())
        Cooldown.objects.update_or_create(**scope, defaults={"next_allowed_at": now + PARCEL_COOLDOWN})
    manual.change_carrier(ws, number_id, code, actor)


def _put(ws: int, grant_id: int, order_id: int, **values: Any) -> None:
    Kept.objects.update_or_create(ws=ws, grant_id=grant_id, order_id=order_id, defaults=values)


def _unclear(candidates: Sequence[Candidate]) -> bool:
    """Whether another carrier fits as well as the first, or even the first is no more than possible."""
    if len(candidates) < 2:
        return False
    first, second = candidates[:2]
    return first.confidence in {second.confidence, Confidence.POSSIBLE}


def _choice(one: Candidate) -> Choice:
    return Choice(code=one.carrier, name=carrier(one.carrier).name, confidence=one.confidence.value)


def _own(ws: int, granted: Granted) -> Iterator[Entry]:
    """Of an order that a store shows by itself, what an account at its shop brought is left out: it is the same."""
    shops = shop_accounts.brought(ws)
    shown = {(grant.store_ws, grant.store_id, one.external_id) for grant, orders in granted for one in orders}
    orders = Order.objects.filter(ws=ws).order_by("-placed_at", "-id")[:MOST]
    return _entries(ws, ws, 0, [one for one in orders if (*shops.get(one.store_id, ()), one.external_id) not in shown])


def _granted(ws: int, granted: Granted) -> Iterator[Entry]:
    for grant, orders in granted:
        yield from _entries(ws, grant.store_ws, grant.id, orders)


def _entries(ws: int, of: int, grant_id: int, orders: Sequence[Order]) -> Iterator[Entry]:
    """Entries of orders that lie in workspace ``of``."""
    ids = [one.id for one in orders]
    own = {one.order_id: one for one in Kept.objects.filter(ws=ws, grant_id=grant_id, order_id__in=ids)}
    titles = _titles(of, ids)
    placed = {one.id: one.placed_at for one in orders}
    shops = shop_accounts.brought(ws) if not grant_id else {}
    of_shops = {one.id for one in orders if grant_id or one.store_id in shops}
    for row in rows(of, orders):
        yield _entry(row, grant_id, own.get(row.id), titles.get(row.id, ""), placed[row.id], shop=row.id in of_shops)


def _entry(row: Row, grant_id: int, own: Kept | None, title: str, placed_at: datetime, *, shop: bool) -> Entry:
    """``shop``: it is the order of a shop, which has a name of its own for it."""
    label = own.label if own else ""
    seller = str(own.seller.get("name", "")) if own else ""
    numbers = tuple(text for text, _ in row.numbers)
    named = title or (row.number if shop or not numbers else "")
    return Entry(
        grant_id=grant_id,
        order_id=row.id,
        title=label or named or seller or numbers[0],
        store=row.store if shop else seller,
        status=row.status,
        state=row.state,
        group=_group(row),
        numbers=numbers,
        carriers=tuple(dict.fromkeys(carrier(code).name for _, code in row.numbers if code)),
        expected=row.expected if row.expected and row.expected >= (clock.now() - timedelta(days=1)).date() else None,
        news_at=row.last_event_at or placed_at,
        away=own is not None and own.away_at is not None,
    )


def _group(row: Row) -> Group:
    if row.status in _DONE or row.state in {OrderState.DELIVERED, OrderState.CANCELLED}:
        return "done"
    return "needs" if row.status in _NEEDS else "moving"


def _titles(ws: int, ids: Sequence[int]) -> Mapping[int, str]:
    """What is in each order, in one line."""
    found: dict[int, list[str]] = {}
    for line in load(Line, ws, "order_id", ids, only=("order_id", "title", "sku")):
        found.setdefault(line.order_id, []).append(line.title or line.sku)
    return {order: _in_one(some) for order, some in found.items()}


def _in_one(titles: Iterable[str]) -> str:
    return ", ".join(one for one in titles if one)


def _fits(one: Entry, query: str) -> bool:
    """Whether every word of the query is in it somewhere."""
    bare = map(normalize, one.numbers)
    text = " ".join((one.title, one.store, *one.numbers, *bare, *one.carriers)).casefold()
    return all(word in text for word in query.casefold().split())
