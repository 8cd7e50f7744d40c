"""Printful: orders with their numbers, and Printful's scans of what is on its way. What its answers mean is read in the
package ``pf``; here is how to ask.

Sources: API v1's documentation (orders; the only list that names tracking numbers) and the official OpenAPI file of API
v2 beta (shipments, webhooks). 120 calls a minute. Webhooks of v2 are signed, and name neither goods nor carrier: they
are taken as a knock.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from doorstep.connectors import signing
from doorstep.connectors.bought import account_id, decoded, forged, order_of
from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Can,
    Checked,
    Delivery,
    Facts,
    Field,
    Flow,
    Meta,
    Received,
    Refused,
    Request,
    Supplier,
)
from doorstep.connectors.suppliers.pf import orders
from doorstep.core.message import Message
from doorstep.core.status import Status

BASE: Final = "https://api.printful.com"
PAGE: Final = 100
PAGES: Final = 100  # an end for a list that never says it ended
REACH: Final = timedelta(days=60)  # an order older than this is not expected to change any more
WATCHED: Final = timedelta(days=30)  # how long after it left the scans of a parcel are read
LONG: Final = timedelta(days=1)  # asked to look back further than this, the scans are read as well
EVENTS: Final = ("shipment_sent", "shipment_returned", "order_updated", "order_failed", "order_canceled")


class _Keys(msgspec.Struct):
    secret_key: str


class _Subscribed(msgspec.Struct):
    result: _Keys


class Printful:
    """A Supplier whose signed webhooks make us ask."""

    meta = Meta(
        name="printful",
        label="Printful",
        hosts=frozenset({"api.printful.com"}),
        polls_per_minute=110,
        can=frozenset({Can.PURCHASES, Can.HOOKS}),
        fields=(
            Field(
                name="token",
                label="Private token",
                secret=True,
                help="In Printful's developer portal under Tokens, with the scopes orders/read and webhooks.",
            ),
            Field(
                name="store_id",
                label="Store id",
                required=False,
                help="Only for a token of the whole account: the number in the address of the store's page.",
            ),
        ),
        basis="documentation of API v1 (orders) and the official OpenAPI file of API v2 beta (shipments, webhooks)",
        docs="https://developers.printful.com/docs/",
        steps=(
            "On developers.printful.com open Tokens and create a private token for one store.",
            "Give it the scopes to view orders and to manage webhooks, and copy it here.",
        ),
        limits=(
            "120 calls a minute.",
            "Printful's own scans of a parcel are read once a day, for 30 days.",
        ),
        gaps=("A webhook names neither goods nor carrier: Doorstep asks for the orders when one comes.",),
    )
    status: Mapping[str, Status] = orders.STATUSES
    unseen = orders.UNSEEN

    def check(self, account: Account) -> Flow[Checked]:
        """Reads one order. Printful names no account: the store, or else the token, stands for it."""
        try:
            orders.count((yield _get(account, "/orders", (("limit", "1"),))))
        except Refused as trouble:
            if "store_id" in trouble.said:
                raise Refused(trouble.said, message=Message(id="printful.store_id")) from trouble
            raise
        store = account.settings.get("store_id", "")
        return Checked(external_id=store or account_id("printful", account.credentials["token"]), label="Printful")

    def purchases(self, account: Account, since: datetime | None) -> Flow[None]:
        """All orders that may have changed since, newest first; once a day the scans of those on their way, too."""
        oldest, shipped = (since or account.now - REACH) - REACH, []
        for page in range(PAGES):
            query = (("offset", str(page * PAGE)), ("limit", str(PAGE)))
            answer = yield _get(account, "/orders", query, what="purchases", subject=f"page {page}")
            found = orders.page(answer)
            shipped += [one for one in found if orders.on_its_way(one, account.now - WATCHED)]
            if orders.count(answer) < PAGE or _all_before(found, oldest):
                break
        if since is None or account.now - since > LONG:
            for one in shipped:
                yield from _scans(account, one)

    def purchase(self, account: Account, ref: str) -> Flow[None]:
        """One order with its scans. Raises NotFound."""
        whole = order_of(ref)
        order = orders.one((yield _get(account, f"/orders/{whole}", what="purchase", subject=whole)))
        if orders.numbers(order):
            yield from _scans(account, order)

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """News of orders and shipments to ``address``, in place of whatever was set for this store. Printful makes the
        secret itself and shows it once.
        """
        body = {"default_url": address, "events": [{"type": event} for event in EVENTS]}
        headers = {**_headers(account), "Content-Type": "application/json"}
        sent = msgspec.json.encode(body)
        answer = yield Request(method="POST", url=f"{BASE}/v2/webhooks", headers=headers, body=sent, changes=True)
        return {"webhook_secret": decoded(orders.good(answer), _Subscribed, orders.LABEL).result.secret_key}

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """``x-pf-webhook-signature`` is the hex HMAC-SHA256 of the raw body under the secret key, itself in hex."""
        try:
            key = bytes.fromhex(account.credentials.get("webhook_secret", ""))
        except ValueError:
            key = b""
        expected = hmac.digest(key, delivery.body, "sha256").hex()
        if not key or not signing.same(expected, delivery.headers.get("x-pf-webhook-signature", "")):
            raise forged(orders.LABEL)
        return Received(answer=None, knock=True)

    def read(self, answer: Answer) -> Facts:
        """A page of ``purchases``, one ``purchase``, or the tracks of its ``shipments``."""
        if answer.what not in READERS:
            raise Broken(f"no reader for {answer.what!r}")
        return READERS[answer.what](answer)


def _scans(account: Account, order: orders.Order) -> Flow[None]:
    path, ref = f"/v2/orders/{order.id}/shipments", str(order.id)
    query = (("limit", str(PAGE)),)
    yield _get(account, path, query, what="shipments", subject=ref, context=orders.numbers(order))


def _all_before(found: Sequence[orders.Order], oldest: datetime) -> bool:
    """The page is too old to go on. Newest first is usual but not documented: a rising page never ends a list."""
    times = [at for one in found if (at := orders.placed(one))]
    return bool(times) and times[0] >= times[-1] and max(times) < oldest


def _get(
    account: Account,
    path: str,
    query: tuple[tuple[str, str], ...] = (),
    *,
    what: str = "",
    subject: str = "",
    context: Mapping[str, str] | None = None,
) -> Request:
    url, headers, told = BASE + path, _headers(account), context or {}
    return Request(method="GET", url=url, query=query, headers=headers, what=what, subject=subject, context=told)


def _headers(account: Account) -> dict[str, str]:
    store = account.settings.get("store_id", "")
    token = {"Authorization": f"Bearer {account.credentials['token']}"}
    return {**token, "X-PF-Store-Id": store} if store else token


READERS: Final[Mapping[str, Callable[[Answer], Facts]]] = {
    "purchases": orders.purchases,
    "purchase": orders.purchase,
    "shipments": orders.tracks,
}

CONNECTOR: Supplier = Printful()
