"""Shoppers who sign in with the account that they have at a shop of this installation, for their orders there to come
into their household.

A shop is configured by its merchant (``Brand.accounts_at``, ``Brand.accounts_client``) and opened for the app; each of
that is asked again before every reading. What a shopper allowed is a connection of the household, sealed, renewed and
read like every other; its last calls are shown to the household. Signing out erases the tokens at once, and tells the
shop; what was brought stays, as a parcel that somebody added does.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet

from doorstep.app import brands, clock, http, loop, tries
from doorstep.app.audit import record
from doorstep.app.connections import connect, granting
from doorstep.app.household.households import Refused
from doorstep.app.vendors import calls
from doorstep.app.vendors.accounts import account_of
from doorstep.connectors.contract import Account, Checked, Trouble
from doorstep.connectors.registry import connector
from doorstep.connectors.stores.shopify_customer import CustomerAccounts
from doorstep.db.models import Brand, Connection, Feed, Order, User

KIND: Final = "store"
NAME: Final = "shopify_customer"
AT: Final = "shopify"  # the connector of stores that have such accounts
MOST: Final = 10  # accounts of one household
OFFERED: Final = 100  # shops
LEAVE_S: Final = 10.0  # at most, while somebody waits for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A shop where shoppers may sign in. ``key`` is how a form names it."""

    key: str
    brand: brands.Look


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """An account that a household is signed in with. ``brand`` None = its merchant allows it no more. ``mine``: this
    person may sign out. ``again``: the shop wants to be asked for it once more. ``calls``: what was read last.
    """

    account: Connection
    brand: brands.Look | None
    by: str
    mine: bool
    again: bool
    feed: Feed | None
    calls: tuple[Mapping[str, Any], ...]

    @property
    def key(self) -> str:
        """How a form names the shop."""
        return str(self.account.settings["store"])


def shops() -> tuple[Shop, ...]:
    """The shops of this installation where shoppers may sign in, by name."""
    rows = Brand.objects.filter(app=True).exclude(accounts_client="").order_by("ws", "store_id")
    keys = [f"{one.ws}-{one.store_id}" for one in rows.only("ws", "store_id")[:OFFERED]]
    found = [
        Shop(key=key, brand=brands.look(row.ws, row.store_id)) for key in keys if (row := brands.lets_sign_in(key))
    ]
    return tuple(sorted(found, key=lambda one: one.brand.name.casefold()))


def signed_in(ws: int, user: User, *, owner: bool) -> tuple[SignedIn, ...]:
    """The accounts of a household, the oldest first."""
    rows = list(kept(ws).defer("credentials_enc").order_by("id"))
    emails = dict(User.objects.filter(id__in=[whose(one) for one in rows]).values_list("id", "email"))
    feeds = {one.connection_id: one for one in Feed.objects.filter(ws=ws, connection_id__in=[row.id for row in rows])}
    return tuple(
        SignedIn(
            account=one,
            brand=seller(one),
            by=emails.get(whose(one), ""),
            mine=owner or whose(one) == user.pk,
            again=one.state == "denied",
            feed=feeds.get(one.id),
            calls=tuple({**call, "at": datetime.fromisoformat(call["at"])} for call in calls.last(ws, one.id)),
        )
        for one in rows
    )


def try_out(at: str, client: str) -> None:
    """Really ask a shop where it lets its customers in. Raises Trouble."""
    loop.call(_discovered(_account(at, client)))


def begin(ws: int, user: User, key: str) -> tuple[brands.Look, str]:
    """The shop, and its page to sign in on. Raises Refused and Trouble."""
    row = brands.lets_sign_in(key)
    if row is None:
        raise Refused("my.accounts.gone")
    if not tries.allow({"mail": f"account:{user.pk}"}):
        raise Refused("my.enter.too_many")
    if kept(ws).count() >= MOST:
        raise Refused("my.accounts.most", most=MOST)
    account = loop.call(_discovered(_account(row.accounts_at, row.accounts_client)))
    form = {**account.settings, "base_url": account.base_url, "store": key}
    back = granting.Back(ws=ws, kind=KIND, name=NAME, again=0, form=form, grant=granting.fresh(address()))
    return brands.look(row.ws, row.store_id), granting.send(user.pk, back, account)


def finish(ws: int, user: User, query: Mapping[str, str]) -> Connection:
    """Keep the account of somebody who came back from the shop's page, tried before it is kept; its orders are read at
    once. Raises Refused and Trouble.
    """
    back = granting.take(ws, user.pk, query.get("state", ""), address())
    if back is None or back.name != NAME:
        raise Refused("my.accounts.unknown")
    row, actor = brands.lets_sign_in(back.form["store"]), f"user:{user.pk}"
    if row is None or row.accounts_client != back.form["client_id"]:
        raise Refused("my.accounts.gone")
    checked = loop.call(_redeemed(back, query, str(user.pk)))
    form = {**back.form, "label": brands.look(row.ws, row.store_id).name}
    account = connect.save(ws, actor, KIND, NAME, form, checked)
    record(row.ws, "shopper", "account.sign_in", f"connection:{row.store_id}")
    return account


def sign_out(ws: int, account_id: int, user: User, actor: str, *, owner: bool) -> None:
    """Erase what lets us in at once; then the shop is told, if it can be reached."""
    row = next((one for one in kept(ws).filter(id=account_id) if owner or whose(one) == user.pk), None)
    if row is None:
        return
    connect.remove(ws, row.id, actor)
    with contextlib.suppress(Trouble, TimeoutError):
        account = account_of(row)
        loop.call(http.run(_connector().leave(account), connector=_connector(), account=account), timeout=LEAVE_S)


def end_of(ws: int, user_id: int, actor: str) -> None:
    """Erase what somebody signed in with: they leave the household. Part of the caller's transaction, so no shop is
    told.
    """
    for one in kept(ws):
        if whose(one) == user_id:
            connect.remove(ws, one.id, actor)


def seller(account: Connection) -> brands.Look | None:
    """The shop of an account, while its merchant allows it; None for every other connection, too."""
    row = brands.lets_sign_in(str(account.settings.get("store", ""))) if account.connector == NAME else None
    return brands.look(row.ws, row.store_id) if row else None


def seller_of(order: Order) -> brands.Look | None:
    """The shop of an order that such an account brought; None for every other order."""
    account = Connection.objects.filter(ws=order.ws, id=order.store_id).first()
    return seller(account) if account else None


def brought(ws: int) -> dict[int, tuple[int, int]]:
    """The accounts that a household has or had, by id, with the workspace and the id of their shop's store."""
    rows = Connection.objects.filter(ws=ws, kind=KIND, connector=NAME).values_list("id", "settings")
    return {id_: (int(ws_), int(store)) for id_, said in rows for ws_, _, store in [said["store"].partition("-")]}


def kept(ws: int) -> "QuerySet[Connection]":
    """The accounts that a household is signed in with."""
    return Connection.objects.filter(ws=ws, kind=KIND, connector=NAME).exclude(state="removed")


def whose(account: Connection) -> int:
    """Who signed in."""
    return int(account.settings.get("by", 0))


def address() -> str:
    """Where shops send people back to. One and the same for all: a shop knows it beforehand, and takes no other."""
    return f"{settings.PUBLIC_URL}/my/stores/signed-in"


def origin() -> str:
    """Where the app lives, as a browser would say it."""
    parts = urlsplit(settings.PUBLIC_URL)
    return f"{parts.scheme}://{parts.netloc}"


def _account(at: str, client: str) -> Account:
    return Account(base_url=at, settings={"client_id": client, "origin": origin()}, now=clock.now())


async def _discovered(account: Account) -> Account:
    found = await http.run(_connector().discover(account), connector=_connector(), account=account)
    return replace(account, settings={**account.settings, **found})


async def _redeemed(back: granting.Back, query: Mapping[str, str], by: str) -> Checked:
    one = _connector()
    there = {name: value for name, value in back.form.items() if name != "base_url"}
    account = Account(base_url=back.form["base_url"], settings={**there, "by": by}, now=clock.now())
    learned = await http.run(one.redeem(account, back.grant, query), connector=one, account=account)
    return await connect.tested(one, replace(account, credentials=learned))


def _connector() -> CustomerAccounts:
    return cast(CustomerAccounts, connector(KIND, NAME))
