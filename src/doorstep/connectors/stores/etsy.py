"""Etsy: Open API v3 for a shop whose owner allowed it (OAuth 2.0 with PKCE).

A number belongs to the whole order (receipt): Etsy does not take which lines are in the parcel. Each number that is
given makes Etsy mail the buyer, so what is there is looked at first.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlencode

import msgspec

from doorstep.connectors import grants
from doorstep.connectors.answers import convert, payload, text, trouble
from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Busy,
    Can,
    Checked,
    Delivery,
    Denied,
    Facts,
    Field,
    Flow,
    Meta,
    NotFound,
    Pushed,
    Received,
    Refused,
    Request,
    Shipment,
    Shop,
    Word,
)
from doorstep.connectors.signing import Pairs, challenge, signed_at, standard_key
from doorstep.connectors.stores.etsy_com.receipts import (
    STATUS,
    ReceiptShape,
    cancelled,
    read_receipt,
    shipments,
    with_number,
)
from doorstep.connectors.values import Grant
from doorstep.core.message import Message
from doorstep.core.order import Order, StoreShipment
from doorstep.core.status import Status

API: Final = "https://openapi.etsy.com/v3/application"
TOKEN: Final = "https://openapi.etsy.com/v3/public/oauth/token"  # noqa: S105 - an address
CONSENT: Final = "https://www.etsy.com/oauth/connect"
SCOPES: Final = "transactions_r transactions_w shops_r"
PER_PAGE: Final = 100  # more is refused
NO_MORE_TODAY_S: Final = 3600.0  # the day's quota slides over 24 hours: some of it is free again then


class Etsy:
    meta = Meta(
        name="etsy",
        label="Etsy",
        hosts=frozenset({"openapi.etsy.com"}),
        polls_per_minute=60,
        can=frozenset({Can.ORDERS, Can.PUSH, Can.READ_BACK, Can.HOOKS, Can.GRANT}),
        fields=(
            Field(
                name="keystring",
                label="Keystring",
                help="etsy.com/developers/your-apps: create an app, then See API key.",
            ),
            Field(name="shared_secret", label="Shared secret", secret=True),
            Field(
                name="webhook_secret",
                label="Signing secret of Etsy's webhook portal",
                secret=True,
                required=False,
                placeholder="whsec_...",
                help="Commercial apps only. Without it orders are found by asking every few minutes.",
            ),
        ),
        basis="Etsy's OpenAPI file of Open API 3.0.0; Etsy's page on webhooks for their signature",
        docs="https://developers.etsy.com/documentation/reference",
        proven="documented only",
        steps=(
            "Create an app at etsy.com/developers; Etsy looks at it before it works.",
            "Enter the address that Doorstep shows as a callback URL of the app.",
            "Enter keystring and shared secret, press Connect, and allow it on Etsy's page.",
        ),
        limits=(
            "100 orders a page; an app may ask 10 times a second and 10,000 times a day, unless Etsy says otherwise.",
            "A permission that nobody uses for 90 days is over.",
        ),
        gaps=(
            "Etsy does not take which items are in a parcel: one number shows the whole order as shipped.",
            "No number can be changed or taken back: a new one is added beside it, and you remove the old one on Etsy.",
            "Etsy mails the buyer for each number, whether asked to or not.",
            "Buyers' addresses and e-mails are only told to apps that Etsy has approved for them.",
        ),
    )
    status: Mapping[str, Status] = STATUS
    unseen = frozenset({"open"})

    def authorize(self, account: Account, grant: Grant) -> str:
        query = {
            "response_type": "code",
            "client_id": account.settings.get("keystring", ""),
            "redirect_uri": grant.redirect,
            "scope": SCOPES,
            "state": grant.state,
            "code_challenge": challenge(grant.verifier),
            "code_challenge_method": "S256",
        }
        return f"{CONSENT}?{urlencode(query)}"

    def redeem(self, account: Account, grant: Grant, query: Mapping[str, str]) -> Flow[Mapping[str, str]]:
        form = {
            "grant_type": "authorization_code",
            "client_id": account.settings.get("keystring", ""),
            "redirect_uri": grant.redirect,
            "code": grants.code(grant, query),
            "code_verifier": grant.verifier,
        }
        return grants.tokens((yield grants.asks(TOKEN, form)), account.now)

    def stale(self, account: Account) -> bool:
        return grants.over(account)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        """Etsy gives a new refresh token each time; the old one is over."""
        held = account.credentials.get("refresh_token", "")
        if not held:
            return {}
        form = {
            "grant_type": "refresh_token",
            "client_id": account.settings.get("keystring", ""),
            "refresh_token": held,
        }
        return grants.tokens((yield grants.asks(TOKEN, form)), account.now)

    def check(self, account: Account) -> Flow[Checked]:
        """Which shop it is, and that its orders may be read."""
        me = convert(_json((yield _request(account, "GET", "/users/me"))), dict[str, object])
        ref = text(me.get("shop_id"))
        if not ref:
            raise Refused("no shop", message=Message(id="etsy.no_shop"))
        shop = convert(_json((yield _request(account, "GET", f"/shops/{ref}"))), dict[str, object])
        _json((yield _request(account, "GET", f"/shops/{ref}/receipts", query=(("limit", "1"),))))
        return Checked(external_id=ref, label=text(shop.get("shop_name")) or f"Etsy {ref}", settings={"shop_id": ref})

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Pages by the time of purchase, which never changes, so that no page misses an order."""
        query: Pairs = (("limit", str(PER_PAGE)), ("sort_on", "created"), ("sort_order", "asc"))
        if since:
            query = (*query, ("min_last_modified", str(int(since.timestamp()))))
        offset, count = 0, 1
        while offset < count:
            page = (*query, ("offset", str(offset)))
            answer = yield _request(account, "GET", _receipts(account), query=page, what="orders", subject=str(offset))
            found = convert(_json(answer), dict[str, object])
            count = convert(found.get("count"), int) if found.get("results") else 0
            offset += PER_PAGE

    def order(self, account: Account, ref: str) -> Flow[None]:
        _json((yield _request(account, "GET", _receipts(account, ref), what="order", subject=ref)))

    def read(self, answer: Answer) -> Facts:
        """A page of receipts, or one."""
        found = convert(_json(answer), dict[str, object])
        items = convert(found.get("results") or [], list[object]) if answer.what == "orders" else [found]
        orders: list[Order] = []
        words: list[Word] = []
        bad: list[str] = []
        for position, item in enumerate(items):
            try:
                receipt = msgspec.convert(item, ReceiptShape, strict=False)
                orders.append(read_receipt(receipt))
            except (msgspec.ValidationError, ValueError) as error:
                bad.append(f"item {position}: {error}")
                continue
            if receipt.status not in self.status:
                words.append(Word(text=receipt.status, sample=f"order {receipt.receipt_id}"))
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        """Adds a number to the order. Looks first: a repetition adds nothing and mails nobody."""
        receipt = yield from _fetch(account, shipment.order)
        if cancelled(receipt):
            raise Refused(receipt.status, message=Message(id="stores.order_cancelled"))
        there = with_number(receipt, shipment.number)
        if not there:
            if shipment.replaces and shipment.replaces not in {one.ref for one in shipments(receipt)}:
                raise NotFound(message=Message(id="stores.replaced_gone"))
            form = {
                "tracking_code": shipment.number,
                "carrier_name": shipment.carrier_name or "other",
                "send_bcc": "false",
            }
            answer = yield _request(account, "POST", f"{_receipts(account, shipment.order)}/tracking", form=form)
            there = with_number(convert(_json(answer), ReceiptShape), shipment.number)
        if not there:
            raise Broken("the number is not on the order", message=Message(id="stores.not_kept"))
        return Pushed(ref=there.ref, notes=tuple(_notes(shipment, receipt)))

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        return shipments((yield from _fetch(account, order)))

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """Etsy takes an address by hand only. Raises Refused, saying where to enter it, until its secret is entered."""
        yield from ()  # nothing is asked
        if not account.credentials.get("webhook_secret"):
            raise Refused("by hand", message=Message(id="etsy.hooks_by_hand", values={"address": address}))
        return {}

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """Signed after Standard Webhooks. A notice names an order and tells nothing of it: a knock. One that is
        repeated by somebody only makes us ask again, so its age does not matter.
        """
        key = standard_key("whsec_" + account.credentials.get("webhook_secret", "").removeprefix("whsec_"))
        if signed_at(key, delivery.headers, delivery.body) is None:
            raise Denied("the signature does not fit", message=Message(id="stores.bad_signature"))
        return Received(answer=None, key=delivery.headers["webhook-id"], knock=True)


def _notes(shipment: Shipment, receipt: ReceiptShape) -> list[Message]:
    """What the merchant should know although Etsy took the number."""
    sent = {one.line: one.qty for one in shipment.contents}
    lines = [one for one in receipt.transactions if not one.is_digital]
    part = sent and any(sent.get(str(one.transaction_id), 0) < one.quantity for one in lines)
    said = [Message(id="etsy.beside", values={"former": shipment.former})] if shipment.replaces else []
    said += [Message(id="etsy.whole")] if part else []
    return said + ([] if shipment.notify else [Message(id="etsy.mails_itself")])


def _fetch(account: Account, ref: str) -> Flow[ReceiptShape]:
    return convert(_json((yield _request(account, "GET", _receipts(account, ref)))), ReceiptShape)


def _receipts(account: Account, ref: str | None = None) -> str:
    path = f"/shops/{_id(account.settings.get('shop_id', ''))}/receipts"
    return path if ref is None else f"{path}/{_id(ref)}"


def _id(ref: str) -> str:
    if not re.fullmatch(r"[0-9]{1,20}", ref):
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return ref


def _request(
    account: Account,
    method: Literal["GET", "POST"],
    path: str,
    *,
    query: Pairs = (),
    form: Mapping[str, str] | None = None,
    what: str = "",
    subject: str = "",
) -> Request:
    """Since February 2026 the key is keystring and shared secret together."""
    headers = {
        "x-api-key": f"{account.settings.get('keystring', '')}:{account.credentials.get('shared_secret', '')}",
        "Authorization": f"Bearer {account.credentials.get('access_token', '')}",
        "Accept": "application/json",
    }
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    return Request(
        method=method,
        url=API + path,
        query=query,
        headers=headers,
        body=b"" if form is None else urlencode(form).encode(),
        what=what,
        subject=subject,
        changes=method != "GET",
    )


def _json(answer: Answer) -> object:
    """The answer's JSON, or the Trouble that the status means. Etsy's errors are one sentence."""
    said = _said(answer)
    problem = trouble(answer, said)
    if problem is None:
        return payload(answer)
    if isinstance(problem, Denied):
        problem.message = Message(id="etsy.denied", values={"said": problem.said})
    elif isinstance(problem, Busy) and answer.headers.get("x-remaining-today") == "0":
        problem.retry_after = problem.retry_after or NO_MORE_TODAY_S
    raise problem


def _said(answer: Answer) -> str:
    try:
        found = payload(answer) if answer.status >= 400 else None
    except Broken:
        found = None
    return (text(found.get("error")) if isinstance(found, dict) else "") or f"HTTP {answer.status}"


CONNECTOR: Shop = Etsy()
