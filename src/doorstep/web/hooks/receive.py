"""``POST /hooks/<token>``: verified by the connector, stored, and only then answered with 200. ``GET``: a vendor asks
our address a question before it calls us.

Beside Django and without it: a small ASGI application, because stores send bursts and give up early.
"""

import hashlib
import io
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, cast
from urllib.parse import parse_qsl

from django.conf import settings

from doorstep.app import clock, doors, inbox, measures
from doorstep.app.log import logger
from doorstep.app.loop import in_db
from doorstep.app.process.bridge import TEXT, Cut, Receive, Scope, Send, plain, read_body
from doorstep.app.receive.knocks import knock
from doorstep.app.vendors.accounts import account_of, renew
from doorstep.connectors.contract import Account, Answer, Challenged, Delivery, Denied, Hooked, Received, Trouble
from doorstep.connectors.registry import connector
from doorstep.db.ids import new_id
from doorstep.db.models import Connection

MAX_BODY: Final = 1 << 20  # orders with many lines reach some 100 kB
FRESH_S: Final = 3.0  # so long is a door believed without asking again: a revoked one closes within this time
MOST: Final = 1000  # doors remembered
OFTEN: Final = timedelta(hours=1)  # between two notes that a vendor calls us
LATER: Final = ((b"retry-after", b"5"),)
log = logger(__name__)


@dataclass(slots=True)
class Known:
    """A door as it was looked up, believed ``until`` (monotonic). ``last`` is (hash, key) of the last body that came
    without a delivery id.
    """

    until: float
    ws: int
    connection_id: int
    connector: Hooked
    account: Account
    pushed_at: datetime | None
    last: tuple[bytes, str] = (b"", "")

    def tells(self, now: datetime) -> bool:
        """Whether it is written down already that the vendor calls us."""
        return self.pushed_at is not None and now - self.pushed_at < OFTEN

    def receive(self, delivery: Delivery) -> Received:
        """Verify a delivery. Raises Denied."""
        return self.connector.receive(replace(self.account, now=delivery.received_at), delivery)


class Hooks:
    """The ASGI application."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Known] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One delivery."""
        headers: Iterable[tuple[bytes, bytes]] = ()
        if scope["method"] == "GET":
            await self._reply(scope, send)
            return
        try:
            status, text = await self._take(scope, receive)
            outcome = "accepted" if status == 200 else "refused"
        except Cut as cut:
            if not cut.status:
                return
            status, text, outcome = cut.status, cut.text, "refused"
        except inbox.Full:
            status, text, headers, outcome = 503, "Too much at once. Please send it again.", LATER, "shed"
        except Exception:
            log.exception("hook.failed")
            status, text, headers, outcome = 503, "It could not be stored. Please send it again.", LATER, "failed"
        measures.hooked(outcome)
        await plain(send, status, text, headers)

    async def _reply(self, scope: Scope, send: Send) -> None:
        """The answer to a vendor's question. It may come while the connection is being made: nothing remembered will
        do.
        """
        token = scope["path"].removeprefix("/hooks/").rstrip("/")
        known = await in_db(look_up, token, 0.0)
        if known is None:
            await plain(send, 404, "There is no such address.")
        elif not isinstance(known.connector, Challenged):
            await plain(send, 405, "Deliveries are sent with POST.")
        else:
            query = dict(parse_qsl(scope["query_string"].decode("latin1"), keep_blank_values=True))
            address = f"{settings.PUBLIC_URL}/hooks/{token}"
            try:
                said = known.connector.answer_challenge(known.account, address, query)
            except Trouble:
                await plain(send, 400, "This is not a question of this service.")
                return
            kind = b"application/json" if said.startswith(b"{") else TEXT
            await plain(send, 200, said, kind=kind)

    async def _take(self, scope: Scope, receive: Receive) -> tuple[int, str]:
        if scope["method"] != "POST":
            return 405, "Deliveries are sent with POST."
        token = scope["path"].removeprefix("/hooks/").rstrip("/")
        known = await self._enter(token)
        if known is None:
            return 404, "There is no such address."
        body = io.BytesIO()
        await read_body(receive, body, MAX_BODY)
        delivery = Delivery(headers=headers_of(scope), body=body.getvalue(), received_at=clock.now())
        try:
            received = await self._verify(token, known, delivery)
        except Denied:
            log.warning("hook.denied", connection_id=known.connection_id)
            return 401, "The signature does not fit."
        except Trouble as trouble:
            log.warning("hook.unreadable", connection_id=known.connection_id, said=trouble.said)
            return 400, "This is not a delivery of this service."
        return await self._accept(known, received, delivery)

    async def _verify(self, token: str, known: Known, delivery: Delivery) -> Received:
        """Let the connector verify a delivery; with what is stored now, if what is remembered does not fit (a vendor
        may deliver while it is being connected).
        """
        try:
            return known.receive(delivery)
        except Denied:
            self._known.pop(token, None)
            fresh = await self._enter(token)
            if fresh is None:
                raise
            fresh.last = known.last
            return fresh.receive(delivery)

    async def _accept(self, known: Known, received: Received, delivery: Delivery) -> tuple[int, str]:
        if received.learned:
            await in_db(learn, known, received.learned)
        if (received.knock or received.answer) and not known.tells(delivery.received_at):
            await in_db(tells, known, delivery.received_at)
        if received.knock:
            await in_db(knock, known.ws, known.connection_id, received.answer)  # fetch before believing
        elif received.answer:
            new = await inbox.arrive(arrival(known, received.answer, received.key, delivery))
            return 200, "ok" if new else "known"
        return 200, "ok"

    async def _enter(self, token: str) -> Known | None:
        """The door of a token, remembered for a moment."""
        now, known = clock.monotonic(), self._known.get(token)
        if known and known.until > now:
            return known
        fresh = await in_db(look_up, token, now + FRESH_S)
        if fresh is None:
            self._known.pop(token, None)
            return None
        if known:
            fresh.last = known.last
        self._known[token] = fresh
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return fresh


def look_up(token: str, until: float) -> Known | None:
    """Find the connection behind a token and open its account; None = no such door."""
    door = doors.enter("hook", token)
    connection = door and Connection.objects.filter(ws=door.ws, id=door.target_id).first()
    if not connection:
        return None
    found = connector(connection.kind, connection.connector)
    account = account_of(connection)
    return Known(until, connection.ws, connection.id, cast(Hooked, found), account, connection.pushed_at)


def tells(known: Known, now: datetime) -> None:
    """Write down that the vendor calls us: it need not be asked so often."""
    known.pushed_at = now
    Connection.objects.filter(ws=known.ws, id=known.connection_id).update(pushed_at=now)


def learn(known: Known, learned: Mapping[str, str]) -> None:
    """Save what a delivery taught; the door is looked up anew at the next one."""
    known.until = 0.0
    renew(Connection.objects.get(ws=known.ws, id=known.connection_id), learned)


def arrival(known: Known, answer: Answer, key: str, delivery: Delivery) -> inbox.Arrival:
    """What is stored. Without a delivery id only the same body as the last one is a repetition: a parcel may well go
    from A to B and back to A.
    """
    if not key:
        digest = hashlib.sha256(delivery.body).digest()
        if known.last[0] != digest:
            known.last = digest, f"body:{new_id()}"
        key = known.last[1]
    return inbox.Arrival(
        ws=known.ws,
        connection_id=known.connection_id,
        dedup_key=f"hook:{key}",
        received_at=delivery.received_at,
        what=answer.what,
        status=answer.status,
        headers=answer.headers or delivery.headers,
        context=dict(answer.context),
        body=answer.body,
    )


def headers_of(scope: Scope) -> Mapping[str, str]:
    """Lower-case names; of repeated ones the last counts."""
    return {name.decode("latin1").lower(): value.decode("latin1") for name, value in scope["headers"]}


application = Hooks()
