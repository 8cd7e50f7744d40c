"""A connection as its connector sees it, its credentials kept fresh, and what an answer means for the connection.

Credentials that expire are renewed by one worker for all: it takes a lease on the connection, asks, and commits. A
lease lasts longer than asking does. Whoever connects again, or removes the connection, ends it: what comes of a renewal
that began before is thrown away. The others wait and read what was committed.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final, TypeVar, cast
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import OperationalError, transaction

from doorstep.app import clock, http, loop, vault
from doorstep.app.leases import LONGEST_S
from doorstep.app.ledger.changes import By, Noted, note
from doorstep.app.loop import in_db
from doorstep.app.vendors import calls
from doorstep.connectors.contract import (
    Account,
    Answer,
    Busy,
    Connector,
    Denied,
    Flow,
    NotFound,
    Refused,
    Renewing,
    Request,
    Trouble,
)
from doorstep.connectors.registry import connector
from doorstep.core.message import Message
from doorstep.db.models import Connection, Outbox

T = TypeVar("T")
OnAnswer = Callable[[Request, Answer], Awaitable[None]]
RENEWAL_S: Final = 50.0  # at most for the requests of one renewal
LEASE_S: Final = 60.0  # longer than those
ROUNDS: Final = 3  # something else may have been learned meanwhile (a webhook's secret); a wrong clock ends nowhere
LOOK_S: Final = 0.2  # between two looks whether another worker is done


@dataclass(slots=True)
class Sent:
    """Of the requests that have left: whether the last one changes something, and whether an earlier one did."""

    last: bool = False
    earlier: bool = False

    def leaves(self, request: Request) -> None:
        """One more."""
        self.earlier, self.last = self.earlier or self.last, request.changes


def account_of(connection: Connection) -> Account:
    """The account with its credentials opened. Raises Denied when they were sealed with another key."""
    try:
        credentials = _opened(connection)
    except vault.WrongKey as problem:
        raise Denied(message=problem.message) from problem
    return Account(base_url=connection.base_url, settings=connection.settings, credentials=credentials, now=clock.now())


# Opened once for all requests of a turn, and forgotten with its connection.
_open: WeakKeyDictionary[Connection, tuple[object, dict[str, str]]] = WeakKeyDictionary()


def _opened(connection: Connection) -> dict[str, str]:
    known = _open.get(connection)
    if known is None or known[0] is not connection.credentials_enc:
        known = _open[connection] = connection.credentials_enc, vault.unseal(connection.credentials_enc)
    return dict(known[1])


async def drive(
    connection: Connection,
    begin: Callable[[Account], Flow[T]],
    on_answer: OnAnswer | None = None,
    sent: Sent | None = None,
) -> T:
    """Run the flow that ``begin`` makes for the account of a saved connection, with credentials that are good. Where
    they are refused although they should be, they are renewed and the flow begins once more, unless it has changed
    something over there. ``sent`` is told what left. Raises Trouble.
    """
    one, sent = connector(connection.kind, connection.connector), sent or Sent()

    async def ended(request: Request, status: int, seconds: float) -> None:
        if calls.heard(connection, request, status, seconds):
            with contextlib.suppress(OperationalError):  # the database is busy: these calls are not told of
                await in_db(calls.keep, connection)

    async def run(account: Account) -> T:
        return await http.run(
            begin(account),
            connector=one,
            account=account,
            connection_id=connection.id,
            on_answer=on_answer,
            on_request=sent.leaves,
            on_end=ended,
        )

    account = await _ready(connection, one)
    version = connection.cred_version
    try:
        return await run(account)
    except Denied:
        renewing = _renewing(one)
        if renewing is None or sent.earlier or sent.last:
            raise
        if not await _renewed(connection, renewing, version):
            raise
    return await run(account_of(connection))


def _renewing(one: Connector) -> Renewing | None:
    """The connector, if its credentials expire."""
    return cast(Renewing, one) if hasattr(one, "stale") and hasattr(one, "renew") else None  # isinstance costs 100x


async def fresh(one: Connector, account: Account) -> Account:
    """An account that is not saved yet, with credentials that are good. Raises Trouble."""
    renewing = _renewing(one)
    if renewing is None or not renewing.stale(account):
        return account
    learned = await http.run(renewing.renew(account), connector=one, account=account)
    return replace(account, credentials={**account.credentials, **learned})


async def _ready(connection: Connection, one: Connector) -> Account:
    """The account, renewed first where it has to be."""
    renewing = _renewing(one)
    for _ in range(ROUNDS):
        account = account_of(connection)
        if renewing is None or not renewing.stale(account):
            return account
        await _renewed(connection, renewing, connection.cred_version)
    return account_of(connection)


async def _renewed(connection: Connection, one: Renewing, version: int) -> bool:
    """Have newer credentials than those of ``version``, by us or by another worker; False = they cannot be renewed.
    Raises Trouble: Denied where the grant was revoked.
    """
    patience = clock.monotonic() + LEASE_S
    while not (lease := await in_db(_lease, connection, version)):
        if connection.cred_version != version:
            return True
        if clock.monotonic() > patience:
            raise Busy(message=Message(id="connect.renewing"), retry_after=LEASE_S)
        await asyncio.sleep(LOOK_S)
    learned: Mapping[str, str] = {}
    try:
        account = account_of(connection)
        async with asyncio.timeout(RENEWAL_S):
            learned = await http.run(one.renew(account), connector=one, account=account, connection_id=connection.id)
    except TimeoutError:
        raise Busy(message=Message(id="connect.renewing")) from None
    finally:
        await in_db(_commit, connection, lease, learned)
    return bool(learned)


def _lease(connection: Connection, version: int) -> float:
    """The right to renew credentials of ``version``, as the machine second until when; 0 = somebody else has it, or has
    used it: ``connection`` has the newest credentials afterwards. Raises Denied for one that was removed.
    """
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(ws=connection.ws, id=connection.id)
        machine = clock.machine()
        if row.state == "removed":
            raise Denied
        held = machine <= row.renewing_until <= machine + LONGEST_S
        free = row.cred_version == version and not held
        if free:
            row.renewing_until = machine + LEASE_S
            row.save(update_fields=["renewing_until"])
    connection.credentials_enc, connection.cred_version = row.credentials_enc, row.cred_version
    return row.renewing_until if free else 0.0


def _commit(connection: Connection, lease: float, learned: Mapping[str, str]) -> None:
    """End our lease with what was learned."""
    with transaction.atomic():
        mine = Connection.objects.select_for_update().filter(ws=connection.ws, id=connection.id, renewing_until=lease)
        if mine.update(renewing_until=0.0) and learned:
            renew(connection, learned)


def renew(connection: Connection, credentials: Mapping[str, str]) -> None:
    """Commit new credentials under the connection's lock; what is not renewed stays."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(ws=connection.ws, id=connection.id)
        row.credentials_enc = vault.seal({**vault.unseal(row.credentials_enc), **credentials})
        row.cred_version += 1
        row.save(update_fields=["credentials_enc", "cred_version"])
    connection.credentials_enc, connection.cred_version = row.credentials_enc, row.cred_version


def refused(connection: Connection, trouble: Trouble) -> None:
    """Credentials do not work: stop asking until a person mends them. Told once, unless they changed meanwhile."""
    rows = Connection.objects.filter(
        ws=connection.ws, id=connection.id, cred_version=connection.cred_version, state="active"
    )
    with transaction.atomic():
        if rows.update(state="denied", state_reason=asdict(message_of(trouble))):
            actor = f"connection:{connection.id}"
            change = Noted("connection", connection.id, "connection.denied", at=str(connection.cred_version))
            note(By(connection.ws, actor), change)
            _tell_owners(connection)


def _tell_owners(connection: Connection) -> None:
    """Have its owners mailed (``app.members.notices``), where mail can be sent; once for these credentials."""
    if settings.EMAIL_HOST:
        key = f"denied:{connection.cred_version}"
        ws, target = connection.ws, connection.id
        intent = Outbox(ws=ws, lane="notice", target_id=target, payload_ref=target, intent_key=key, due_at=clock.now())
        Outbox.objects.bulk_create([intent], ignore_conflicts=True)
        loop.wake("outbox")


def message_of(trouble: Trouble) -> Message:
    """What to tell a person about trouble."""
    return trouble.message or Message(id=f"trouble.{name_of(trouble)}", values={"said": trouble.said[:300]})


def name_of(trouble: Trouble) -> str:
    """The kind of trouble as freshness keeps it: busy | denied | not_found | refused | broken."""
    for kind, name in ((Busy, "busy"), (Denied, "denied"), (NotFound, "not_found"), (Refused, "refused")):
        if isinstance(trouble, kind):
            return name
    return "broken"
