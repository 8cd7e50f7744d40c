"""A connection as its connector sees it, and what an answer means for the connection itself."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import TypeVar

from django.conf import settings
from django.db import transaction

from doorstep.app import clock, http, loop, vault
from doorstep.app.changes import By, Noted, note
from doorstep.app.loop import in_db
from doorstep.connectors.contract import Account, Answer, Busy, Denied, Flow, NotFound, Refused, Request, Trouble
from doorstep.connectors.registry import connector
from doorstep.core.message import Message
from doorstep.db.models import Connection, Outbox

T = TypeVar("T")


def account_of(connection: Connection) -> Account:
    """The account with its credentials opened. Raises Denied when they were sealed with another key."""
    try:
        credentials = vault.unseal(connection.credentials_enc)
    except vault.WrongKey as problem:
        raise Denied(message=problem.message) from problem
    return Account(base_url=connection.base_url, settings=connection.settings, credentials=credentials, now=clock.now())


async def drive(
    connection: Connection,
    flow: Flow[T],
    on_answer: Callable[[Request, Answer], Awaitable[None]] | None = None,
    *,
    account: Account | None = None,
) -> T:
    """Run a flow for a saved connection; renewed credentials are committed before anything else is sent. ``account``:
    opened already.
    """

    async def renewed(credentials: Mapping[str, str]) -> None:
        await in_db(renew, connection, credentials)

    return await http.run(
        flow,
        connector=connector(connection.kind, connection.connector),
        account=await in_db(account_of, connection) if account is None else account,
        connection_id=connection.id,
        on_answer=on_answer,
        on_renewed=renewed,
    )


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
    """Have its owners mailed (``app.notices``), where mail can be sent; once for these credentials."""
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
