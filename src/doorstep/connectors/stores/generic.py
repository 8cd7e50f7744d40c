"""Any shop: it sends its orders in our shape (signed) or lets them be fetched, and takes numbers by one HTTP call that
the merchant describes. The call cannot be read back, so one that was interrupted is left to a person.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, cast
from urllib.parse import urlsplit

import msgspec

from doorstep.connectors.answers import looks_like_html, payload, text, trouble
from doorstep.connectors.contract import (
    OWN,
    Account,
    Answer,
    Broken,
    Can,
    Checked,
    Connectable,
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
)
from doorstep.connectors.signing import same, signed_at, standard_key
from doorstep.connectors.stores import generic_call as call
from doorstep.connectors.stores.generic_orders import items, read_orders
from doorstep.core.message import Message
from doorstep.core.order import Content
from doorstep.core.status import Status

TOLERANCE: Final = timedelta(minutes=5)  # Standard Webhooks: how far a delivery's time may be from ours
PAGES_AT_MOST: Final = 200
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Generic:
    """A shop without a connector of its own."""

    meta = Meta(
        name="generic",
        label="Any shop (webhook and call)",
        hosts=OWN,
        can=frozenset({Can.ORDERS, Can.PUSH, Can.PARTIAL, Can.HOOKS}),
        fields=(
            Field(name="base_url", label="Shop address", placeholder="https://shop.example"),
            Field(
                name="call_url",
                label="Where a number goes",
                placeholder="/api/orders/{order}/tracking",
                help="Places: " + " ".join(f"{{{one}}}" for one in call.PLACES),
            ),
            Field(name="call_method", label="Method", required=False, placeholder="POST"),
            Field(
                name="call_body",
                label="What is sent (JSON)",
                placeholder='{"number": "{number}", "carrier": "{carrier}", "lines": {lines}}',
            ),
            Field(
                name="call_headers",
                label="Headers",
                secret=True,
                required=False,
                placeholder="Authorization: Bearer ...",
                help="One a line; they go with every call to the shop.",
            ),
            Field(
                name="ref_path",
                label="Where the answer has the shipment's id",
                required=False,
                placeholder="data.shipment.id",
            ),
            Field(
                name="orders_url",
                label="Where orders are fetched",
                required=False,
                placeholder="/api/orders?changed_since={since}",
                help="Without it, orders come only by webhook.",
            ),
            Field(
                name="order_url", label="Where one order is fetched", required=False, placeholder="/api/orders/{order}"
            ),
            Field(
                name="webhook_secret",
                label="Webhook secret",
                secret=True,
                required=False,
                help="Choose one of at least 24 characters, or whsec_... of Standard Webhooks; the shop signs with it.",
            ),
        ),
        basis="Doorstep's own order shape; Standard Webhooks 1.0 for signatures",
        docs="https://www.standardwebhooks.com/",
        proven="documented only",
        steps=(
            "Have the shop send its orders as JSON to the address that Doorstep shows, or let them be fetched from it.",
            "Describe the call that gives a number to the shop, and test it: what would be sent is shown.",
        ),
        limits=("The call goes to the shop's own host only.",),
        gaps=("Numbers are not read back, changed or taken back: Doorstep says what a person has to do.",),
    )
    status: Mapping[str, Status] = {}
    unseen: Final = frozenset[str]()

    def check(self, account: Account) -> Flow[Checked]:
        """Really asks the shop; then fills the call in for an invented parcel, and shows it."""
        answer = yield _fetch(account, account.settings.get("orders_url", ""), {"since": _since(None, account)})
        _meant(answer)
        if account.settings.get("orders_url"):
            self.read(answer)
        call.headers(account.credentials.get("call_headers", ""))
        tried = _call(account, _example(account))
        values = {"method": tried.method, "url": tried.url, "body": tried.body.decode()[:500]}
        host = urlsplit(tried.url).netloc
        return Checked(external_id=host.lower(), label=host, notes=(Message(id="generic.would_send", values=values),))

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Pages as the shop links them (``next``). Nothing is asked where it gave no address."""
        template = account.settings.get("orders_url", "")
        seen: set[str] = set()
        while template and template not in seen and len(seen) < PAGES_AT_MOST:
            seen.add(template)
            told = {"since": _since(since, account)}
            answer = yield _fetch(account, template, told, what="orders", subject=str(len(seen)))
            _meant(answer)
            template = _items(answer)[1].replace("{", "%7B")

    def order(self, account: Account, ref: str) -> Flow[None]:
        template = account.settings.get("order_url", "")
        if not template:
            raise Refused("no address for one order", message=Message(id="generic.no_order_url"))
        _meant((yield _fetch(account, template, {"order": ref}, what="order", subject=ref)))

    def read(self, answer: Answer) -> Facts:
        """Orders in our shape: a list, one, or ``{"orders": [...]}``; polled and sent alike."""
        _meant(answer)
        bad: list[str] = []
        return Facts(orders=tuple(read_orders(_items(answer)[0], bad)), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        """One call, with ``Idempotency-Key``. Its ref is what the answer says, else the number itself."""
        answer = yield _call(account, shipment)
        _meant(answer)
        path = account.settings.get("ref_path", "")
        ref = call.at_path(payload(answer), path) if path else ""
        if path and not ref:
            raise Broken(f"nothing at {path}", message=Message(id="generic.no_ref", values={"path": path}))
        return Pushed(ref=ref or shipment.number)

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """A person enters our address in the shop: Refused, with the sentence that says so."""
        yield from ()
        told = "hook_by_hand" if account.credentials.get("webhook_secret") else "no_hook_secret"
        raise Refused(message=Message(id=f"generic.{told}", values={"address": address}))

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """Signed as Standard Webhooks say, or with ``X-Hub-Signature-256: sha256=<hex HMAC of the body>``."""
        secret = account.credentials.get("webhook_secret", "")
        if not secret or not (_standard(secret, delivery) or _hub(secret, delivery)):
            raise Denied("the signature does not fit", message=Message(id="stores.bad_signature"))
        answer = Answer(what="hook", body=delivery.body, received_at=delivery.received_at)
        return Received(answer=answer, key=delivery.headers.get("webhook-id", ""))


def _standard(secret: str, delivery: Delivery) -> bool:
    """The time may be five minutes away."""
    at = signed_at(standard_key(secret), delivery.headers, delivery.body)
    return at is not None and abs(delivery.received_at - at) <= TOLERANCE


def _hub(secret: str, delivery: Delivery) -> bool:
    proof = hmac.digest(secret.encode(), delivery.body, "sha256").hex()
    return same(f"sha256={proof}", delivery.headers.get("x-hub-signature-256", ""))


def _call(account: Account, shipment: Shipment) -> Request:
    """The call that gives a number. Raises Refused where its description is wrong."""
    told = call.values(account, shipment)
    url, query = call.address(account, account.settings.get("call_url", ""), told)
    return Request(
        method=cast(Literal["POST", "PUT", "PATCH"], call.method(account)),
        url=url,
        query=query,
        headers={**_headers(account), "Content-Type": "application/json", "Idempotency-Key": shipment.key},
        body=call.body(account.settings.get("call_body", ""), told),
        changes=True,
    )


def _fetch(
    account: Account, template: str, told: Mapping[str, object], *, what: str = "", subject: str = ""
) -> Request:
    url, query = call.address(account, template, told)
    return Request(method="GET", url=url, query=query, headers=_headers(account), what=what, subject=subject)


def _headers(account: Account) -> dict[str, str]:
    """Those of the merchant; none where they cannot be read, which the connection test says."""
    try:
        told = call.headers(account.credentials.get("call_headers", ""))
    except Refused:
        told = {}
    return {"Accept": "application/json", **told}


def _since(since: datetime | None, account: Account) -> str:
    return (since or LONG_AGO).astimezone(UTC).isoformat(timespec="seconds")


def _example(account: Account) -> Shipment:
    """A parcel that does not exist, to show what would be sent."""
    return Shipment(
        order="1041",
        number="RB123456785PT",
        key="doorstep-test",
        carrier="ctt",
        carrier_name="CTT",
        url="https://carrier.example/RB123456785PT",
        contents=(Content(line="1", qty=2),),
        shipped_at=account.now,
    )


def _items(answer: Answer) -> tuple[list[object], str]:
    try:
        return items(payload(answer))
    except msgspec.ValidationError as error:
        raise Broken(str(error), message=Message(id="stores.garbage")) from error


def _meant(answer: Answer) -> None:
    """Raises the Trouble that the status means; the shop's own words where it gives any."""
    problem = trouble(answer, _said(answer))
    if isinstance(problem, NotFound):
        problem.message = Message(id="generic.not_found", values={"said": problem.said})
    if problem:
        raise problem


def _said(answer: Answer) -> str:
    try:
        found = payload(answer)
    except Broken:
        return f"HTTP {answer.status}" if looks_like_html(answer) else answer.body[:100].decode(errors="replace")
    told = found if isinstance(found, dict) else {}
    words = (text(told.get(name)) for name in ("message", "error", "detail", "title"))
    return next(filter(None, words), f"HTTP {answer.status}")


CONNECTOR: Connectable = Generic()
