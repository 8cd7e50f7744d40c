"""Being allowed in by a person on the vendor's own page (OAuth 2.0): sending them there, and what they come back with.

An attempt belongs to one person in one workspace, is good once and for a quarter of an hour. Its state is kept as a
hash; what was typed, and the verifier of PKCE, are sealed.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, cast

from django.conf import settings
from django.db import transaction

from doorstep.app import clock, http, vault
from doorstep.app.connections import connect
from doorstep.app.loop import in_db
from doorstep.connectors.contract import Account, Checked, Grant, Granted, Refused
from doorstep.connectors.registry import connector
from doorstep.core.message import Message
from doorstep.db.models import Attempt

GOOD_S: Final = 900.0  # of the machine's seconds: people do not click faster because the demo's days are short
VERIFIER: Final = "verifier"  # beside the fields of the form, which no connector calls so


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """An attempt that a person came back from. ``again``: the connection to be connected once more, 0 = a new one."""

    ws: int
    kind: str
    name: str
    again: int
    form: Mapping[str, str]
    grant: Grant


def redirect_address() -> str:
    """Where vendors send people back to; some want to know it beforehand."""
    return f"{settings.PUBLIC_URL}/connections/granted"


def begin(ws: int, user: int, kind: str, name: str, form: Mapping[str, str], again: int = 0) -> str:
    """The vendor's page to go to. Raises Trouble."""
    meta = connector(kind, name).meta
    account = connect.account_from(meta, form, connect.known(ws, again, kind, name, form))
    back = Back(ws=ws, kind=kind, name=name, again=again, form=form, grant=fresh(redirect_address()))
    return send(user, back, account)


def fresh(redirect: str) -> Grant:
    """A new attempt to be let in; ``redirect`` is where the person comes back to."""
    return Grant(state=_secret(), redirect=redirect, verifier=_secret())


def send(user: int, back: Back, account: Account) -> str:
    """Keep an attempt of somebody; returns the vendor's page to go to. Raises Trouble."""
    page = cast(Granted, connector(back.kind, back.name)).authorize(account, back.grant)
    sealed = vault.seal({**back.form, VERIFIER: back.grant.verifier})
    with transaction.atomic():
        Attempt.objects.filter(until__lt=clock.machine()).delete()
        Attempt.objects.create(
            ws=back.ws,
            user_id=user,
            kind=back.kind,
            connector=back.name,
            again=back.again,
            state_sha256=_hash(back.grant.state),
            sealed=sealed,
            until=clock.machine() + GOOD_S,
        )
    return page


def _secret() -> str:
    return secrets.token_urlsafe(48)  # 64 characters: RFC 7636 wants 43 to 128 of a verifier


def take(ws: int, user: int, state: str, redirect: str = "") -> Back | None:
    """The attempt with this state, which is used up by it; None = there is none of this person's, or it is too old.
    ``redirect``: where it was to come back to, '' = ``redirect_address``.
    """
    with transaction.atomic():
        mine = Attempt.objects.select_for_update().filter(state_sha256=_hash(state), ws=ws, user_id=user)
        row = mine.first()
        if row is None:
            return None
        row.delete()
    if row.until < clock.machine():
        return None
    form = vault.unseal(row.sealed)
    grant = Grant(state=state, redirect=redirect or redirect_address(), verifier=form.pop(VERIFIER))
    return Back(ws=ws, kind=row.kind, name=row.connector, again=row.again, form=form, grant=grant)


async def redeem(back: Back, query: Mapping[str, str]) -> Checked:
    """Exchange what the person came back with, and really ask the other side with it. Raises Trouble."""
    one = cast(Granted, connector(back.kind, back.name))
    before = await in_db(connect.known, back.ws, back.again, back.kind, back.name, back.form)
    account = connect.account_from(one.meta, back.form, before)
    learned = await http.run(one.redeem(account, back.grant, query), connector=one, account=account)
    return await connect.tested(one, _with(account, learned))


def _with(account: Account, learned: Mapping[str, str]) -> Account:
    if not learned:
        raise Refused(message=Message(id="granting.nothing"))
    return replace(account, credentials={**account.credentials, **learned})


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode(errors="replace")).digest()
