"""WooCommerce: REST API v3, and tracking through the plugins Advanced Shipment Tracking or Shipment Tracking.

Over plain http the API takes one-legged OAuth 1.0a only; over https Basic, or the keys in the query where the host
strips ``Authorization``. The plugins keep their numbers in an order meta, which every order answer carries.
"""

import hashlib
import html
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import quote

import msgspec

from doorstep.connectors.answers import bare, convert, looks_like_html, payload, text, trouble
from doorstep.connectors.contract import (
    OWN,
    Account,
    Answer,
    Broken,
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
    Store,
    Word,
)
from doorstep.connectors.signing import Pairs, basic, hmac_base64, oauth_query, same
from doorstep.connectors.stores.woocommerce_orders import (
    STATUS,
    OrderShape,
    TrackingShape,
    cancelled,
    read_order,
    read_tracking,
)
from doorstep.core.message import Message
from doorstep.core.order import Order, StoreShipment
from doorstep.core.status import Status

ADVANCED, PLAIN = "wc-ast/v3", "wc-shipment-tracking/v3"
WAYS = (ADVANCED, PLAIN)  # the advanced plugin answers under both; only it can complete the order by itself
TOPICS = ("order.created", "order.updated")
PER_PAGE: Final = 100  # more is refused
NOT_SHIPPED, WHOLE, PART = 0, 1, 2  # status_shipped: leave the order alone, complete it, mark it partly shipped
_PING = re.compile(rb"webhook_id=[0-9]+")


class WooCommerce:
    meta = Meta(
        name="woocommerce",
        label="WooCommerce",
        hosts=OWN,
        polls_per_minute=240,  # the merchant's own server; WooCommerce itself sets no limit
        can=frozenset({Can.ORDERS, Can.PUSH, Can.PARTIAL, Can.EDIT, Can.READ_BACK, Can.WITHDRAW, Can.HOOKS}),
        fields=(
            Field(name="base_url", label="Shop address", placeholder="https://shop.example"),
            Field(
                name="consumer_key",
                label="Consumer key",
                secret=True,
                placeholder="ck_...",
                help="WooCommerce, Settings, Advanced, REST API: add a key with Read/Write permission.",
            ),
            Field(name="consumer_secret", label="Consumer secret", secret=True, placeholder="cs_..."),
        ),
        basis="JSON schemas generated from WooCommerce 10.9.1",
        docs="https://woocommerce.github.io/woocommerce-rest-api-docs/",
    )
    status: Mapping[str, Status] = STATUS
    unseen = frozenset({"auto-draft", "checkout-draft", "failed", "shipped", "trash"})

    def check(self, account: Account) -> Flow[Checked]:
        """Proves the key, and finds out whether and how numbers can be given to this shop."""
        index = yield _request(account, "GET", "/", query=(("_fields", "name,namespaces"),), sign="")
        name, namespaces = _index(index)
        name = html.unescape(name)  # WordPress keeps the site's name escaped for HTML
        auth = yield from _prove(account)
        way = next((one for one in WAYS if one in namespaces), "")
        hidden = Message(id="stores.woocommerce.no_index")
        missing = Message(id="stores.woocommerce.no_way")
        notes = () if way else (missing if namespaces else hidden,)
        place = _site(account).partition("://")[2].lower()
        return Checked(external_id=place, label=name or place, settings={"way": way, "auth": auth}, notes=notes)

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Pages by id, which never changes, so that no page misses an order that changes meanwhile. The header ``Link``
        is not followed: under OAuth it repeats the signature.
        """
        query: Pairs = (("per_page", str(PER_PAGE)), ("orderby", "id"), ("order", "asc"))
        if since:
            after = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
            query = (*query, ("modified_after", after), ("dates_are_gmt", "true"))
        page, pages = 1, 1
        while page <= pages:
            answer = yield _request(
                account, "GET", "/wc/v3/orders", query=(*query, ("page", str(page))), what="orders", subject=str(page)
            )
            found = _json(answer)
            if not found:
                return
            pages = _count(answer.headers.get("x-wp-totalpages", ""), found, page)
            page += 1

    def order(self, account: Account, ref: str) -> Flow[None]:
        _json((yield _request(account, "GET", f"/wc/v3/orders/{_id(ref)}", what="order", subject=ref)))

    def read(self, answer: Answer) -> Facts:
        """A page of orders, one order, or the body of a webhook (one order)."""
        found = _json(answer)
        if not isinstance(found, list | dict):
            raise Broken("neither an order nor a list of orders", message=Message(id="stores.garbage"))
        orders: list[Order] = []
        words: list[Word] = []
        bad: list[str] = []
        for position, item in enumerate(found if isinstance(found, list) else [found]):
            try:
                order = msgspec.convert(item, OrderShape, strict=False)
                orders.append(read_order(order, known=bool(answer.context.get("way")), bad=bad.append))
            except (msgspec.ValidationError, ValueError) as error:
                bad.append(f"item {position}: {error}")
                continue
            if order.status not in self.status:
                words.append(Word(text=order.status, sample=f"order {orders[-1].number}"))
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        """Adds the number, and completes the order if the store may mail the shopper. Looks first: a repetition adds
        nothing. An edit adds the new number before it deletes the old one, so that the order is never without.
        """
        way = _way(account)
        order = yield from _fetch(account, shipment.order)
        if cancelled(order):
            raise Refused(order.status, message=Message(id="stores.order_cancelled"))
        shipped = _shipped(shipment, order)
        before = yield from self.read_back(account, shipment.order)
        if not _with_number(before, shipment.number):
            if shipment.replaces and shipment.replaces not in {one.ref for one in before}:
                raise NotFound(message=Message(id="stores.replaced_gone"))
            yield from _add(account, shipment, shipped)
        after = yield from self.read_back(account, shipment.order)
        ours = _with_number(after, shipment.number)
        if not ours:
            raise Broken("the number is not on the order", message=Message(id="stores.not_kept"))
        if shipment.replaces and shipment.replaces != ours.ref:
            yield from self.withdraw(account, shipment.order, shipment.replaces)
        if way == PLAIN and shipped == WHOLE and order.status == "processing":
            body = {"status": "completed"}
            _json((yield _request(account, "PUT", f"/wc/v3/orders/{_id(shipment.order)}", body=body)))
        carrier_lost = Message(id="stores.woocommerce.carrier_lost", values={"carrier": shipment.carrier_name})
        return Pushed(ref=ours.ref, notes=() if ours.carrier else (carrier_lost,))

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        """As the plugin shows it to the shopper: an unknown provider has an empty ``carrier`` here."""
        answer = yield _request(account, "GET", _trackings(account, order))
        return tuple(read_tracking(one) for one in convert(_json(answer), list[TrackingShape]))

    def withdraw(self, account: Account, order: str, ref: str) -> Flow[None]:
        """Deletes a number; one that is gone already is fine. The order keeps its status."""
        answer = yield _request(account, "DELETE", f"{_trackings(account, order)}/{quote(ref, safe='')}")
        try:
            _json(answer)
        except NotFound as error:
            if looks_like_html(answer) or _code(answer) == "rest_no_route":
                raise error from None

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """One webhook per topic, made or mended. Everything returned belongs to the credentials."""
        answer = yield _request(account, "GET", "/wc/v3/webhooks", query=(("per_page", str(PER_PAGE)),))
        hooks = convert(_json(answer), list[dict[str, object]])
        ids: list[str] = []
        for topic in TOPICS:
            body = {"name": f"Doorstep {topic}", "status": "active", "topic": topic}
            body |= {"delivery_url": address, "secret": secret}
            there = [one for one in hooks if (one.get("topic"), one.get("delivery_url")) == (topic, address)]
            path = f"/wc/v3/webhooks/{_id(text(there[0].get('id')))}" if there else "/wc/v3/webhooks"
            made = _json((yield _request(account, "PUT" if there else "POST", path, body=body)))
            ids.append(text(convert(made, dict[str, object]).get("id")))
        return {"hook_secret": secret, "hook_ids": " ".join(ids)}

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """The signature covers the raw body. The ping after creation is unsigned: accepted, nothing is learnt."""
        if _PING.fullmatch(delivery.body.strip()):
            return Received(answer=None)
        secret = account.credentials.get("hook_secret", "")
        theirs = delivery.headers.get("x-wc-webhook-signature", "")
        if not secret or not same(hmac_base64(secret, delivery.body), theirs):
            raise Denied("the signature does not fit", message=Message(id="stores.bad_signature"))
        answer = Answer(what="order", body=delivery.body, context=_context(account), received_at=delivery.received_at)
        return Received(answer=answer, key=_delivery_key(delivery))


def _delivery_key(delivery: Delivery) -> str:
    """WooCommerce's delivery id is a hash of webhook and second: two orders changed in one second share it."""
    named = delivery.headers.get("x-wc-webhook-delivery-id", "")
    return f"{named}-{hashlib.sha256(delivery.body).hexdigest()[:16]}" if named else ""


def _count(said: str, found: object, page: int) -> int:
    """Number of pages as the shop says; where a proxy drops the header, a full page means that one more follows."""
    if re.fullmatch(r"[0-9]{1,9}", said):
        return int(said)
    return page + 1 if isinstance(found, list) and len(found) >= PER_PAGE else page


def _index(answer: Answer) -> tuple[str, list[str]]:
    """Name and namespaces of the REST index; no namespaces where a security plugin hides it."""
    if answer.status in (401, 403):
        return "", []
    if answer.status in (200, 404) and looks_like_html(answer):
        raise NotFound(message=Message(id="stores.woocommerce.no_api"))
    index = convert(_json(answer), dict[str, object])
    spaces = index.get("namespaces")
    return text(index.get("name")), [text(one) for one in spaces] if isinstance(spaces, list) else []


def _prove(account: Account) -> Flow[str]:
    """Reads one order with the key; over https tries the query where the host strips ``Authorization``."""
    ways = ("basic", "query") if _site(account).startswith("https:") else ("oauth",)
    for auth in ways:
        answer = yield _request(account, "GET", "/wc/v3/orders", query=(("per_page", "1"),), sign=auth)
        if answer.status != 401:
            break
    _json(answer)
    return auth


def _fetch(account: Account, ref: str) -> Flow[OrderShape]:
    answer = yield _request(account, "GET", f"/wc/v3/orders/{_id(ref)}")
    return convert(_json(answer), OrderShape)


def _add(account: Account, shipment: Shipment, shipped: int) -> Flow[None]:
    """Never with ``replace_tracking``: that deletes every number of the order, other parcels' too."""
    carrier = shipment.carrier_name or shipment.carrier
    known = yield from _providers(account, shipment.order)
    if not shipment.url or not known or carrier.casefold() in known:
        named = {"tracking_provider": known.get(carrier.casefold(), carrier)}
    else:
        named = {"custom_tracking_provider": carrier, "custom_tracking_link": shipment.url}
    sent = (shipment.shipped_at or account.now).astimezone(UTC).date().isoformat()
    body: dict[str, object] = {**named, "tracking_number": shipment.number, "date_shipped": sent}
    if _way(account) == ADVANCED:
        body["status_shipped"] = shipped
    answer = yield _request(account, "POST", _trackings(account, shipment.order), body=body)
    if answer.status == 404 and not looks_like_html(answer) and _code(answer) != "rest_no_route":
        # The order was read a moment ago: this is how the plugin refuses a number with special characters.
        raise Refused(_said(answer), message=Message(id="stores.refused", values={"said": _said(answer)}))
    _json(answer)


def _providers(account: Account, order: str) -> Flow[Mapping[str, str]]:
    """Carrier names this shop knows, by their lower case; none where the list cannot be had."""
    answer = yield _request(account, "GET", f"{_trackings(account, order)}/providers")
    found = payload(answer) if answer.status == 200 and not looks_like_html(answer) else {}
    groups = found.values() if isinstance(found, dict) else ()
    return {text(name).casefold(): text(name) for group in groups if isinstance(group, dict) for name in group}


def _shipped(shipment: Shipment, order: OrderShape) -> int:
    """Completing an order makes the shop mail the shopper: not done where it may not."""
    if not shipment.notify:
        return NOT_SHIPPED
    sent = {one.line: one.qty for one in shipment.contents}
    whole = not sent or all(sent.get(str(one.id), 0) >= one.quantity for one in order.line_items)
    return WHOLE if whole else PART


def _with_number(shipments: Iterable[StoreShipment], number: str) -> StoreShipment | None:
    return next((one for one in shipments if bare(one.number) == bare(number)), None)


def _request(
    account: Account,
    method: Literal["GET", "POST", "PUT", "DELETE"],
    path: str,
    *,
    query: Pairs = (),
    body: object = None,
    what: str = "",
    subject: str = "",
    sign: str | None = None,
) -> Request:
    """A signed request. ``sign``: basic, query, oauth or '' (not at all); None = as found out when connecting."""
    url = f"{_site(account)}/wp-json{path}"
    secure = url.startswith("https:")
    how = sign if sign is not None else (account.settings.get("auth") or "basic") if secure else "oauth"
    key, secret = (account.credentials.get(name, "") for name in ("consumer_key", "consumer_secret"))
    headers = {"Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if how == "basic":
        headers["Authorization"] = basic(key, secret)
    elif how == "query":
        query = (*query, ("consumer_key", key), ("consumer_secret", secret))
    elif how == "oauth":
        nonce = secrets.token_hex(16)  # the one thing that must differ between two equal requests of one second
        query = oauth_query(method, url, query, key=key, secret=secret, now=account.now, nonce=nonce)
    return Request(
        method=method,
        url=url,
        query=query,
        headers=headers,
        body=b"" if body is None else msgspec.json.encode(body),
        what=what,
        subject=subject,
        context=_context(account) if what else {},
        changes=method != "GET",
    )


def _context(account: Account) -> dict[str, str]:
    return {"way": account.settings.get("way", "")}


def _site(account: Account) -> str:
    """The shop's address as typed: with or without scheme, path of the REST API or closing slash."""
    typed = account.base_url.strip().partition("/wp-json")[0].rstrip("/")
    return typed if "://" in typed else f"https://{typed}"


def _way(account: Account) -> str:
    way = account.settings.get("way", "")
    if way not in WAYS:
        raise Refused("no tracking plugin", message=Message(id="stores.woocommerce.no_way"))
    return way


def _trackings(account: Account, order: str) -> str:
    return f"/{_way(account)}/orders/{_id(order)}/shipment-trackings"


def _id(ref: str) -> str:
    if not re.fullmatch(r"[0-9]{1,20}", ref):
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return ref


def _json(answer: Answer) -> object:
    """The answer's JSON, or the Trouble that status and error code mean."""
    problem = trouble(answer, _said(answer))
    if problem is None:
        return payload(answer)
    if isinstance(problem, NotFound) and (looks_like_html(answer) or _code(answer) == "rest_no_route"):
        problem.message = Message(id="stores.woocommerce.no_api")
    elif isinstance(problem, Denied):
        problem.message = Message(id="stores.woocommerce.denied", values={"said": problem.said})
    raise problem


def _error(answer: Answer) -> Mapping[str, object]:
    try:
        found = payload(answer)
    except Broken:
        return {}
    return found if isinstance(found, dict) else {}


def _code(answer: Answer) -> str:
    return text(_error(answer).get("code"))


def _said(answer: Answer) -> str:
    return text(_error(answer).get("message")) or f"HTTP {answer.status}"


CONNECTOR: Store = WooCommerce()
