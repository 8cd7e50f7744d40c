"""Thousands of parcels in one call: each row is judged at once and answered by itself; what the good ones say is kept
as inbox rows in one transaction, and the worker brings it into the ledger. A row that names an order gives its number
to it; one that names none is followed as an order of the built-in shop "by hand".
"""

import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from django.db import transaction

from doorstep.app import clock, inbox
from doorstep.app.inbox import Arrival
from doorstep.app.ledger.beginning import new_ref
from doorstep.app.merge.claims import readable
from doorstep.app.receive import imports
from doorstep.app.receive.import_rows import Due, judge
from doorstep.app.receive.manual import by_hand, followed, from_link, role_of
from doorstep.app.settle.pushes import suspect
from doorstep.connectors.stores.by_hand import Written
from doorstep.connectors.suppliers.sheets.rows import Row
from doorstep.connectors.suppliers.sheets.said import Given
from doorstep.core.message import Message
from doorstep.db.models import Connection

MOST: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A parcel to follow. ``order``: the store's id or number of an order that has to be there; '' = of no connected
    shop, and ``reference`` is then what its order is called ('' = a name of ours).
    """

    number: str
    carrier: str = ""
    order: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of a wish. ``place`` counts from 0. ``external_id``: of the order that is made for it."""

    place: int
    state: Literal["new", "known", "refused"]
    number: str = ""
    order_id: int = 0
    external_id: str = ""
    why: Message | None = None


@dataclass(slots=True)
class _New:
    """What the good rows say: the orders that have to be made, and the numbers by their store."""

    made: list[Written]
    given: dict[int, list[Given]]


def bring(ws: int, wishes: Sequence[Wish], actor: str) -> tuple[int, list[Outcome]]:
    """(the import under which it can be looked up, 0 = nothing new; what becomes of each wish, in their order)."""
    store = by_hand(ws, "store", "by_hand")
    new = _New([], defaultdict(list))
    told = [*_of_orders(ws, wishes, new), *_of_nobody(ws, wishes, new, store)]
    import_id = _keep(store, new, actor) if new.given else 0
    return import_id, sorted(told, key=lambda one: one.place)


def _of_orders(ws: int, wishes: Sequence[Wish], new: _New) -> Iterator[Outcome]:
    """Those for orders that are there."""
    rows = [
        Row(place=place, order=one.order.strip(), number=one.number, carrier=one.carrier)
        for place, one in enumerate(wishes)
        if one.order.strip()
    ]
    good, bad = judge(ws, rows) if rows else ([], [])
    for due in good:
        if due.state == "new":
            new.given[due.order.store_id].append(_given(due))
        yield Outcome(place=due.row.place, state=due.state, number=due.number, order_id=due.order.id, why=due.note)
    for one in bad:
        yield Outcome(place=one.place, state="refused", why=one.message)


def _given(due: Due) -> Given:
    role: Literal["platform", "local"] = "platform" if due.role == "platform" else "local"
    return Given(order=due.order.external_id, number=due.number, carrier=due.row.carrier, role=role)


def _of_nobody(ws: int, wishes: Sequence[Wish], new: _New, store: Connection) -> Iterator[Outcome]:
    """Those of no connected shop."""
    read = {place: from_link(one.number, one.carrier) for place, one in enumerate(wishes) if not one.order.strip()}
    held, now, seen = followed(ws, {readable(text) for text, _ in read.values()}), clock.now(), set[str]()
    for place, (text, carrier) in read.items():
        norm = readable(text)
        why = suspect(text, set(), carrier) if norm else Message(id="manual.empty")
        if why is None and norm in seen:
            why = Message(id="import.twice")
        seen.add(norm)
        if why:
            yield Outcome(place=place, state="refused", number=text, why=why)
        elif norm in held:
            yield Outcome(place=place, state="known", number=text, order_id=held[norm])
        else:
            ref = new_ref()
            new.made.append(Written(ref=ref, number=wishes[place].reference.strip() or ref, placed_at=now))
            role: Literal["platform", "local"] = "platform" if role_of(text) == "platform" else "local"
            new.given[store.id].append(Given(order=ref, number=text, carrier=carrier, role=role))
            yield Outcome(place=place, state="new", number=text, external_id=ref)


def _keep(store: Connection, new: _New, actor: str) -> int:
    """Keep orders before their numbers: the worker reads the oldest first."""
    account, size = imports.sheets(store.ws), imports.TOGETHER
    with transaction.atomic():
        import_id = imports.keep_given(account, [one for some in new.given.values() for one in some], actor)
        inbox.keep([_orders(store, new.made[at : at + size], actor) for at in range(0, len(new.made), size)])
        imports.give(account, import_id, new.given, actor)
    return import_id


def _orders(store: Connection, made: Sequence[Written], actor: str) -> Arrival:
    return Arrival(
        ws=store.ws,
        connection_id=store.id,
        dedup_key=f"written:{secrets.token_hex(16)}",
        received_at=clock.now(),
        what="written",
        context={"by": actor},
        body=msgspec.json.encode(made),
    )
