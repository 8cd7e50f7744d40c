"""Connecting stores, suppliers and carriers: a real test first, then it is saved with its feeds and hooks."""

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, cast

from django.db import transaction
from django.db.models import Max, Q
from yarl import URL

from doorstep.app import clock, doors, http, loop, vault
from doorstep.app.audit import record
from doorstep.app.ledger.told import NAMES
from doorstep.app.log import logger
from doorstep.app.receive import feeds
from doorstep.app.settle.watching import watch_open_parcels
from doorstep.app.vendors import asking
from doorstep.app.vendors.accounts import drive, fresh, renew
from doorstep.connectors.contract import Account, Can, Checked, Connectable, Hooked, Meta, Refused, Trouble
from doorstep.connectors.registry import Kind, connector, connectors
from doorstep.core.message import Message
from doorstep.core.routing import moved
from doorstep.db.models import Connection, Outbox, Schedule, Watch

log = logger(__name__)


def choices(kind: Kind) -> list[Meta]:
    """What can be connected; what needs no account is not among it, nor what shoppers connect themselves."""
    return [one.meta for one in connectors(kind).values() if one.meta.fields and Can.SHOPPER not in one.meta.can]


async def check(kind: str, name: str, form: Mapping[str, str], before: Mapping[str, str] | None = None) -> Checked:
    """Really ask the other side with these inputs. ``before``: credentials that are known already. Raises Trouble with
    a message for the form.
    """
    one = cast(Connectable, connector(kind, name))
    return await tested(one, account_from(one.meta, form, before))


async def tested(one: Connectable, account: Account) -> Checked:
    """Really ask the other side; returns with all credentials of the account. Raises Trouble."""
    account = await fresh(one, account)
    checked = await http.run(one.check(account), connector=one, account=account)
    return replace(checked, credentials={**account.credentials, **checked.credentials})


def account_from(meta: Meta, form: Mapping[str, str], before: Mapping[str, str] | None = None) -> Account:
    """The account that a filled-in form describes; ``before``: credentials that are known already. Raises Refused
    naming a missing field.
    """
    values = {field.name: form.get(field.name, "").strip() for field in meta.fields}
    has = {**(before or {}), **{name: value for name, value in values.items() if value}}
    missing = next((field.label for field in meta.fields if field.required and not has.get(field.name)), None)
    if missing:
        raise Refused(message=Message(id="connect.missing", values={"field": missing}))
    secret = {field.name: has.get(field.name, "") for field in meta.fields if field.secret}
    open_ = {name: value for name, value in values.items() if name not in secret and name != "base_url"}
    return Account(
        base_url=_address(values.get("base_url", "")),
        settings=open_,
        credentials={**(before or {}), **secret},
        now=clock.now(),
    )


def _address(text: str) -> str:
    """A shop's address as people type it: without a scheme it is https. Raises Refused for what cannot be one, and
    for one with a password inside: addresses are shown.
    """
    if not text:
        return ""
    try:
        url = URL(text if "://" in text else f"https://{text}")
        fits = url.scheme in {"http", "https"} and bool(url.host) and url.user is None and url.password is None
        (url.host or "").encode("idna")
    except ValueError:
        fits = False
    if not fits:
        raise Refused(message=Message(id="connect.address"))
    return str(url.with_query(None).with_fragment(None)).rstrip("/")


def known(ws: int, again: int, kind: str, name: str, form: Mapping[str, str]) -> dict[str, str]:
    """The credentials of a connection that is connected once more without typing any. They stay with the address that
    they were typed for. {} where there are none. Raises Connection.DoesNotExist.
    """
    if not again:
        return {}
    row = Connection.objects.exclude(state="removed").get(ws=ws, id=again, kind=kind, connector=name)
    typed = any(form.get(field.name, "").strip() for field in connector(kind, name).meta.fields if field.secret)
    if typed or _address(form.get("base_url", "")) != row.base_url:
        return {}
    with contextlib.suppress(vault.WrongKey):
        return vault.unseal(row.credentials_enc)
    return {}


def save(
    ws: int, actor: str, kind: str, name: str, form: Mapping[str, str], checked: Checked, again: int = 0
) -> Connection:
    """Save a tested connection, or renew the one that this account already has. Starts reading at once. ``again``: the
    connection that was to be renewed; Raises Refused for another account than its own.
    """
    meta = connector(kind, name).meta
    _same_account(ws, again, checked)
    account = account_from(meta, form, checked.credentials)
    values = {
        "label": form.get("label", "").strip() or checked.label,
        "base_url": account.base_url,
        "settings": {**account.settings, **checked.settings},
        "credentials_enc": vault.seal({**account.credentials, **checked.credentials}),
        "state": "active",
        "state_reason": None,
        "untold": None,
        "renewing_until": 0.0,
    }
    key = {"ws": ws, "kind": kind, "connector": name, "external_id": checked.external_id}
    with transaction.atomic():
        rank = _last_rank(ws) if kind == "carrier" else 0
        connection, new = Connection.objects.select_for_update().get_or_create(
            **key, defaults={**values, "connected_at": clock.now(), "rank": rank}
        )
        if not new:
            _renew(connection, values)
            _follow_again(connection)
        feeds.ensure(connection)
        _hurry(connection)
        record(ws, actor, "connection.save", f"{kind}:{connection.id}", after={"connector": name})
    return connection


def _last_rank(ws: int) -> int:
    """The place of another carrier account: the last where a person has ordered them."""
    most: int = Connection.objects.filter(ws=ws, kind="carrier").aggregate(most=Max("rank", default=0))["most"]
    return most + 1 if most else 0


def _same_account(ws: int, again: int, checked: Checked) -> None:
    row = Connection.objects.filter(ws=ws, id=again).first()
    if row is not None and row.external_id != checked.external_id:
        values = {"label": row.label, "other": checked.label}
        raise Refused(message=Message(id="connect.other_account", values=values))


def _renew(connection: Connection, values: Mapping[str, Any]) -> None:
    """The same account once more. What was learned of it (its webhook's secret) stays, unless the key file was lost.
    One that had been removed is connected anew: what was bought meanwhile is not ours to push.
    """
    if connection.state == "removed":
        connection.connected_at = clock.now()
    with contextlib.suppress(vault.WrongKey):
        learned = vault.unseal(connection.credentials_enc)
        values = {**values, "credentials_enc": vault.seal({**learned, **vault.unseal(values["credentials_enc"])})}
    names = connection.settings.get(NAMES)  # a person's word, not the shop's
    for field, value in values.items():
        setattr(connection, field, value)
    if names:
        connection.settings = {**connection.settings, NAMES: names}
    connection.cred_version += 1
    connection.save()


def _follow_again(connection: Connection) -> None:
    """With other credentials the vendor may tell of more by itself."""
    asked = Watch.objects.filter(ws=connection.ws, connection_id=connection.id)
    asked.filter(Q(remote="asked") | Q(follow_at__isnull=False)).update(follow_at=clock.now())


async def subscribe(connection: Connection) -> Message | None:
    """Have the vendor call us, where it can; returns what the merchant should know when it does not work."""
    one = connector(connection.kind, connection.connector)
    if Can.HOOKS not in one.meta.can:
        return None
    try:
        address = await loop.in_db(doors.hook_url, connection)
        secret = await loop.in_db(_hook_secret, connection)
        learned = await drive(connection, lambda account: cast(Hooked, one).subscribe(account, address, secret))
    except Trouble as trouble:
        log.warning("connect.no_hooks", connection_id=connection.id)
        return trouble.message or Message(id="connect.no_hooks", values={"said": trouble.said})
    if learned:
        await loop.in_db(renew, connection, learned)
    return None


def _hook_secret(connection: Connection) -> str:
    """The webhook secret of a connection: made once, kept sealed."""
    known = vault.unseal(connection.credentials_enc)
    if "hook_secret" not in known:
        known["hook_secret"] = secrets.token_urlsafe(32)
        renew(connection, {"hook_secret": known["hook_secret"]})
    return known["hook_secret"]


def move(ws: int, connection_id: int, actor: str, *, up: bool) -> None:
    """Have a carrier account asked before or after its neighbour. Raises ValueError for one that is not asked."""
    with transaction.atomic():
        rows = {one.id: one for one in Connection.objects.select_for_update().filter(ws=ws, kind="carrier")}
        for rank, id_ in enumerate(moved(asking.in_order(asking.askers(ws, rows.values())), connection_id, up=up), 1):
            Connection.objects.filter(ws=ws, id=id_).update(rank=rank)
        record(ws, actor, "connection.move", f"carrier:{connection_id}", after={"up": up})
        watch_open_parcels(ws)


def pause(ws: int, connection_id: int, actor: str) -> None:
    """Ask and send nothing until it is resumed. Raises Connection.DoesNotExist, for a removed one too."""
    with transaction.atomic():
        row = _state(ws, connection_id, actor, "paused", Message(id="connect.paused_by_person"))
        if row.kind == "carrier":
            watch_open_parcels(ws)


def resume(ws: int, connection_id: int, actor: str) -> None:
    """Go on where it was paused; what was missed is read. Raises Connection.DoesNotExist, for a removed one too:
    without its credentials nothing can go on.
    """
    with transaction.atomic():
        _hurry(_state(ws, connection_id, actor, "active", None))


def _hurry(connection: Connection) -> None:
    """Nothing waits for this connection any more: neither what is asked of it nor what is given to it."""
    ws, now = connection.ws, clock.now()
    feeds.hurry(ws, connection.id)
    if connection.kind == "carrier":
        watch_open_parcels(ws)
    Schedule.objects.filter(ws=ws, connection_id=connection.id).update(next_at=now)
    waiting = Outbox.objects.filter(ws=ws, lane__in=["push", "payment"], target_id=connection.id)
    waiting.filter(state__in=["due", "sending", "unsure"]).update(due_at=now)
    loop.wake("poll")
    loop.wake("outbox")


def _state(ws: int, connection_id: int, actor: str, state: str, reason: Message | None) -> Connection:
    row = Connection.objects.select_for_update().exclude(state="removed").get(ws=ws, id=connection_id)
    row.state, row.state_reason = state, asdict(reason) if reason else None
    row.save(update_fields=["state", "state_reason"])
    record(ws, actor, f"connection.{state}", f"{row.kind}:{row.id}")
    return row


def remove(ws: int, connection_id: int, actor: str) -> None:
    """Forget the credentials and stop asking. Orders and parcels stay; connecting the same account again continues."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(ws=ws, id=connection_id)
        row.state, row.state_reason = "removed", asdict(Message(id="connect.removed"))
        row.credentials_enc, row.renewing_until = b"", 0.0
        row.save(update_fields=["state", "state_reason", "credentials_enc", "renewing_until"])
        doors.revoke(ws, "hook", connection_id, actor)
        if row.kind == "carrier":
            watch_open_parcels(ws)
        record(ws, actor, "connection.remove", f"{row.kind}:{row.id}")
