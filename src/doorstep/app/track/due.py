"""Which numbers are asked about next: the longest due ones of the account whose turn it is, as many as it may be asked.

Workspaces that share an account of the operator (``app.connections.lending``) have their turn together, each with its
own longest due numbers and the same share of the calls; a question that several of them have is asked once.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from doorstep.app import clock
from doorstep.app.connections import lending
from doorstep.app.leases import LONGEST_S, new_token
from doorstep.app.track.turn import Batch, Held, Place, Turn
from doorstep.app.vendors import budget
from doorstep.app.vendors.asking import keys_for
from doorstep.connectors.registry import connector
from doorstep.db import places
from doorstep.db.load import fetch
from doorstep.db.models import Connection, Schedule
from doorstep.db.places import Desk, Leased, Span

LEASE_S: Final = 120.0
MOST_CALLS: Final = 256  # of one turn
LAST: Final = (1 << 63) - 1  # no id is greater

_last = 0  # the account that had its turn last in this process; the next one goes first


def claim() -> Turn | None:
    """Lease due numbers of the account whose turn it is, as many as may be asked now; None when nothing is to be asked.
    Accounts take turns, so the million numbers of one tenant keep the ten of another waiting for one turn only.
    """
    now, machine = clock.now(), clock.machine()
    for account in _accounts(now, machine):
        turn = _lease(account, now, machine)
        if turn is not None:
            return turn
    return None


def _accounts(now: datetime, machine: float) -> Iterator[Connection]:
    """Active accounts with something due, each once, beginning after the one that had its turn last."""
    global _last  # noqa: PLW0603 - this process's place in the round
    first = _last
    for begin, end in ((first, LAST), (-1, first)):
        at = begin
        while found := _ready((at, end), now, machine):
            _last = at = found[0].id
            yield found[0]


def _ready(ids: tuple[int, int], now: datetime, machine: float, lent: int = 0, most: int = 1) -> list[Connection]:
    """The first accounts above one id and up to another that may be asked; ``lent``: that stand for this one."""
    spans = Span(machine, machine + LONGEST_S), Span(machine, machine + budget.LONGEST_REST_S)
    found = places.ready(ids, now, *spans, house=lending.HOUSE, lent=lent, most=most)
    return [one for ws, account in found for one in fetch(Connection, ws, "id = %s", account)]


def _lease(account: Connection, now: datetime, machine: float) -> Turn | None:
    """Locks the budget, then places of the schedule that nobody has locked; never waits while it holds any."""
    payer = lending.payer(account)
    with transaction.atomic():
        purse = budget.open_purse(payer or account, connector("carrier", account.connector).meta, machine)
        shares = _shares(account, min(MOST_CALLS, purse.calls), now, machine)
        taken = (_take(one, payer, calls, now, machine) for one, calls in shares)
        turns = [turn for turn in taken if turn is not None]
        if not turns:
            return None
        _meet(turns)
        turns[0].others = turns[1:]
        purse.spend(len(turns[0].calls()), machine)
    return turns[0]


def _shares(account: Connection, calls: int, now: datetime, machine: float) -> list[tuple[Connection, int]]:
    """Who may make how many of the calls: on a lent account every workspace as many, whatever the others ask about."""
    if not account.lent_id or not calls:
        return [(account, calls)]
    sharing = [account, *_ready((account.id, LAST), now, machine, account.lent_id, calls - 1)]
    sharing += _ready((-1, account.id - 1), now, machine, account.lent_id, calls - len(sharing))
    each, rest = divmod(calls, len(sharing))
    return [(one, each + (at < rest)) for at, one in enumerate(sharing)]


def _take(account: Connection, payer: Connection | None, calls: int, now: datetime, machine: float) -> Turn | None:
    """What is longest due of an account, leased. What is asked on a lent one is asked alone: its answer is kept by a
    workspace, and is to speak of nobody else's parcel.
    """
    size = 1 if payer else connector("carrier", account.connector).meta.batch
    desk, token = Desk(account.ws, account.id), new_token()
    rows = places.due(desk, now, Span(machine, machine + LONGEST_S), calls * size) if calls else []
    batches = list(_batches(account, rows, size))
    ids = [place.number_id for batch in batches for place in batch.numbers()]
    orphans = {row.number_id for row in rows}.difference(ids)  # nothing is there to be asked about
    if orphans:
        Schedule.objects.filter(ws=account.ws, connection_id=account.id, number_id__in=orphans).delete()
    if not batches:
        return None
    places.lease(desk, ids, token, machine + LEASE_S)
    for batch in batches:
        batch.payer = payer
    return Turn(account, token, now, batches, payer=payer)


def _meet(turns: Sequence[Turn]) -> None:
    """Have equal questions of several workspaces asked once: the first one's answer serves the others."""
    first: dict[tuple[str, str, frozenset[tuple[str, str]]], Batch] = {}
    for batch in (batch for turn in turns if len(turns) > 1 for batch in turn.batches):
        (place,) = batch.places.values()
        asks = first.setdefault((place.norm, place.carrier, frozenset(place.keys.items())), batch)
        if asks is not batch:
            asks.twins.append(batch)
            batch.beside = True


def _batches(account: Connection, rows: Sequence[Leased], size: int) -> Iterator[Batch]:
    """Each normalized number is asked about once, whoever else has it; its newest generation comes first."""
    found: dict[int, Place] = {}
    for row in rows:
        if row.number_id in found:  # another parcel has it as well; the one that had it first counts
            found[row.number_id].held = _held(account.ws, row)
        elif row.norm is not None and row.remote is not None:
            found[row.number_id] = _place(account.ws, row)
    for number_id, keys in keys_for(account.ws, list(found), connector("carrier", account.connector).meta).items():
        found[number_id].keys = keys
    by_norm: dict[str, list[Place]] = {}
    for place in found.values():
        by_norm.setdefault(place.norm, []).append(place)
    norms = list(by_norm)
    for begin in range(0, len(norms), size):
        some = norms[begin : begin + size]
        older = [place for norm in some for place in by_norm[norm][1:]]
        yield Batch(account, {norm: by_norm[norm][0] for norm in some}, older)


def _place(ws: int, row: Leased) -> Place:
    return Place(
        number_id=row.number_id,
        norm=row.norm or "",
        carrier=row.carrier,
        remote=row.remote or "",
        remote_ref=row.remote_ref,
        follow_at=row.follow_at,
        answer=row.answer,
        said=row.said,
        failures=row.failures,
        track_hash=row.track_hash,
        body_hash=row.body_hash,
        held=_held(ws, row),
        keys={},
    )


def _held(ws: int, row: Leased) -> Held | None:
    if row.status is None or row.since is None:
        return None
    return Held(ws, row.since, row.status, row.status_since, row.last_event_at, row.handed_at, *row.way)
