"""Asks stores for orders and suppliers for purchases, again and again; what they answer goes to the inbox."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final, cast

from django.db import transaction
from django.db.models import Case, F, Value, When

from doorstep.app import brands, clock, loop
from doorstep.app.inbox import Arrival, arrive
from doorstep.app.leases import free, new_token
from doorstep.app.log import logger
from doorstep.app.loop import in_db
from doorstep.app.receive import fetched
from doorstep.app.vendors.accounts import drive, message_of, name_of, refused
from doorstep.connectors.contract import Account, Answer, Broken, Can, Denied, Flow, Request, Store, Supplier, Trouble
from doorstep.connectors.registry import connector
from doorstep.core.cadence import retry_after
from doorstep.db.models import Connection, Feed

log = logger(__name__)
LEASE_S: Final = 300.0  # longer than the slowest walk through a shop's pages; renewed with every answer
OVERLAP: Final = timedelta(minutes=10)  # stores' clocks differ, and their indexes lag
EVERY: Final = {"orders": timedelta(minutes=5), "purchases": timedelta(minutes=15)}
FIRST_REACH: Final = timedelta(days=30)  # how far back a new connection is read
WHOLE: Final = timedelta(hours=24)  # once a day with a long overlap: changes that moved no date
LONG_OVERLAP: Final = timedelta(days=3)
PAUSE_S: Final = 1.0  # no connection is asked twice within a real second, however fast the clock runs
SLOTS: Final = 200  # last answers remembered by their hash


@dataclass(frozen=True, slots=True)
class Turn:
    """One feed whose turn it is, leased to us."""

    feed: Feed
    connection: Connection
    started: datetime


def claim() -> Turn | None:
    """Lease the feed that is due longest; None when none is."""
    with transaction.atomic():
        now, machine = clock.now(), clock.machine()
        due = Feed.objects.filter(free(machine), next_at__lte=now).order_by("next_at")
        for feed in due.select_for_update(skip_locked=True)[:20]:
            connection = Connection.objects.filter(ws=feed.ws, id=feed.connection_id, state="active").first()
            if connection is None or not _may_ask(connection):
                feed.next_at = now + timedelta(hours=1)
                feed.save(update_fields=["next_at"])
                continue
            feed.lease_token, feed.lease_until, feed.asked_at = new_token(), machine + LEASE_S, now
            feed.save(update_fields=["lease_token", "lease_until", "asked_at"])
            return Turn(feed, connection, now)
    return None


def _may_ask(connection: Connection) -> bool:
    """A shopper's account at a shop is asked for as long as the shop's merchant lets shoppers sign in."""
    if Can.SHOPPER not in connector(connection.kind, connection.connector).meta.can:
        return True
    return brands.lets_sign_in(str(connection.settings.get("store", ""))) is not None


async def ask(turn: Turn) -> None:
    """Walk through everything that changed; each answer is stored before the next page is asked for."""
    failed: Trouble | None = None
    try:
        await drive(turn.connection, partial(_flow, turn), lambda request, answer: _keep(turn, request, answer))
    except Trouble as trouble:
        failed = trouble
        if isinstance(trouble, Denied):
            await in_db(refused, turn.connection, trouble)
    await in_db(finish, turn, failed)
    if turn.connection.connector == "sheet_link":
        await in_db(fetched.take, turn.connection)


def _flow(turn: Turn, account: Account) -> Flow[None]:
    one = connector(turn.connection.kind, turn.connection.connector)
    since = _since(turn)
    if turn.feed.name == "orders":
        return cast(Store, one).orders(account, since)
    return cast(Supplier, one).purchases(account, since)


def _since(turn: Turn) -> datetime:
    feed = turn.feed
    if feed.cursor is None:
        return turn.connection.connected_at - FIRST_REACH
    long = feed.cursor.timestamp() // WHOLE.total_seconds() != turn.started.timestamp() // WHOLE.total_seconds()
    return feed.cursor - (LONG_OVERLAP if long else OVERLAP)


async def _keep(turn: Turn, request: Request, answer: Answer) -> None:
    """Store one answer, unless it says the same as the last answer to the same question. The lease goes on."""
    if not await in_db(_prolong, turn):
        raise Broken("the lease was lost to another worker")
    slot = hashlib.sha256(f"{request.what}:{request.subject}".encode()).hexdigest()[:16]
    digest = digest_of(turn.connection, answer)
    if digest and turn.feed.slots.get(slot) != digest:
        kept = f"file:{slot}" if answer.what == "file" else slot
        await arrive(arrival(turn.connection, f"{kept}:{digest}", answer))
        turn.feed.slots = dict(list({**turn.feed.slots, slot: digest}.items())[-SLOTS:])


def digest_of(connection: Connection, answer: Answer) -> str:
    """A hash of what an answer says; the bytes differ at every call where a vendor puts a serial number in. '' for an
    answer that is no news but trouble the flow is about to meet itself; garbage is kept by its bytes.
    """
    try:
        said = repr(connector(connection.kind, connection.connector).read(answer)).encode()
    except Broken:
        if answer.status >= HTTPStatus.BAD_REQUEST:
            return ""
        said = answer.body
    except Trouble:
        return ""
    return hashlib.sha256(said).hexdigest()[:32]


def arrival(connection: Connection, slot: str, answer: Answer) -> Arrival:
    """A polled answer as the inbox keeps it: what is the same again later, after something else, is news again."""
    return Arrival(
        ws=connection.ws,
        connection_id=connection.id,
        dedup_key=f"{slot}:{answer.received_at.isoformat()}",
        received_at=answer.received_at,
        what=answer.what,
        status=answer.status,
        headers=answer.headers,
        context=dict(answer.context),
        body=answer.body,
    )


def _prolong(turn: Turn) -> bool:
    mine = Feed.objects.filter(pk=turn.feed.pk, lease_token=turn.feed.lease_token)
    return mine.update(lease_until=clock.machine() + LEASE_S) == 1


def finish(turn: Turn, failed: Trouble | None) -> bool:
    """Write down what came of it and when to ask next; False (and nothing written) when the lease was lost."""
    feed, now = turn.feed, clock.now()
    values: dict[str, Any] = {"lease_token": 0, "lease_until": clock.machine() + PAUSE_S, "slots": feed.slots}
    if failed is None:
        values |= {"cursor": turn.started, "answered_at": now, "answer": "ok", "said": None, "failures": 0}
        next_at = now + EVERY[feed.name]
    else:
        wait = max(retry_after(feed.failures + 1) / 15, timedelta(seconds=getattr(failed, "retry_after", None) or 0))
        said = asdict(message_of(failed))
        values |= {"answer": name_of(failed), "said": said, "failures": feed.failures + 1}
        next_at = now + wait
        log.warning("feed.failed", connection_id=feed.connection_id, feed=feed.name, answer=values["answer"])
    # A knock that came while we were asking is not forgotten: what it is about may lie on a page already read.
    values["next_at"] = Case(When(next_at__gt=turn.started, then=F("next_at")), default=Value(next_at))
    return Feed.objects.filter(pk=feed.pk, lease_token=feed.lease_token).update(**values) == 1


def ensure(connection: Connection) -> None:
    """The feed that a connector of this kind can serve."""
    can = connector(connection.kind, connection.connector).meta.can
    for name, ability in (("orders", Can.ORDERS), ("purchases", Can.PURCHASES)):
        if ability in can:
            Feed.objects.get_or_create(
                ws=connection.ws, connection_id=connection.id, name=name, defaults={"next_at": clock.now()}
            )


def hurry(ws: int, connection_id: int) -> None:
    """Ask at once (a knock, or a person)."""
    Feed.objects.filter(ws=ws, connection_id=connection_id).update(next_at=clock.now())
    loop.wake("feeds")
