"""Magento and Adobe Commerce: the admin REST API of 2.4 with the token of an integration.

An order does not tell its shipments; they are asked for apart, and travel beside the order as its context.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from doorstep.connectors.answers import convert, text
from doorstep.connectors.contract import (
    OWN,
    Account,
    Answer,
    Broken,
    Can,
    Checked,
    Facts,
    Field,
    Flow,
    Meta,
    NotFound,
    Pushed,
    Refused,
    Shipment,
    Store,
    Word,
)
from doorstep.connectors.stores.magento_admin.orders import (
    HELD,
    STATUS,
    OrderShape,
    ShipmentShape,
    TrackShape,
    read_order,
    read_shipments,
    ref_of,
    tracks,
    with_number,
)
from doorstep.connectors.stores.magento_admin.wire import criteria, data, id_of, request, site
from doorstep.core.message import Message
from doorstep.core.order import Content, Order, StoreShipment
from doorstep.core.status import Status

PER_PAGE: Final = 100
SHIPMENTS_AT_MOST: Final = 200  # of one order
TITLES: Final[Mapping[str, str]] = {
    "dhl": "DHL",
    "fedex": "Federal Express",
    "ups": "United Parcel Service",
    "usps": "United States Postal Service",
}


class Magento:
    meta = Meta(
        name="magento",
        label="Magento / Adobe Commerce",
        hosts=OWN,
        polls_per_minute=120,  # the merchant's own server; Magento itself sets no limit
        can=frozenset({Can.ORDERS, Can.PUSH, Can.PARTIAL, Can.EDIT, Can.READ_BACK, Can.WITHDRAW}),
        fields=(
            Field(name="base_url", label="Shop address", placeholder="https://shop.example"),
            Field(
                name="access_token",
                label="Access token of an integration",
                secret=True,
                help="System, Integrations: add one with the resource Sales, activate it, copy the access token.",
            ),
        ),
        basis="Magento's own Swagger file of the admin REST API 2.4.9",
        docs="https://developer.adobe.com/commerce/webapi/rest/",
        proven="documented only",
        steps=(
            "In Magento's admin, under System, Extensions, Integrations, add an integration.",
            "Under API give it the resource Sales (with Operations, Orders and Shipments), save and activate it.",
            "Copy the access token. Of the four values shown only this one is needed.",
            "From 2.4.4 on, allow it as a bearer token: Stores, Configuration, Services, OAuth, Consumer Settings.",
        ),
        limits=(
            "A shipment can have several numbers; each is given and taken back by itself.",
            "Magento mails the shopper when asked to, and keeps no tracking link: it makes its own for its carriers.",
        ),
        gaps=(
            "Magento has no webhooks of its own: orders are polled.",
            "A number taken back leaves its shipment there, without a number; the next number goes into it.",
            "Bundles that are set to ship their parts separately are declined by Magento: ship those by hand.",
            "Shops that allow signed requests (OAuth 1.0a) only cannot be connected.",
            "A number added by hand to an older shipment is seen when the order changes next.",
        ),
    )
    status: Mapping[str, Status] = STATUS
    unseen: frozenset[str] = frozenset()

    def check(self, account: Account) -> Flow[Checked]:
        """Orders and shipments may be read. The address is the shop."""
        for path in ("/orders", "/shipments"):
            _items((yield request(account, "GET", path, query=criteria(size=1))))
        place = site(account).partition("://")[2].lower()
        return Checked(external_id=place, label=place)

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Each of which something was shipped is asked for once more, together with its shipments. Beyond the last page
        Magento repeats it, so that the count says where to end.
        """
        after = since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if since else ""
        page, seen, total = 1, 0, 1
        while seen < total:
            field = "updated_at" if after else ""
            query = criteria(field, after, how="gteq", size=PER_PAGE, page=page)
            answer = yield request(account, "GET", "/orders", query=query, what="orders", subject=str(page))
            found = _items(answer)
            for ref in _shipped(found):
                yield from self.order(account, ref)
            total = _total(answer) if found else 0
            page, seen = page + 1, seen + PER_PAGE

    def order(self, account: Account, ref: str) -> Flow[None]:
        shown = yield from _shipments(account, ref)
        context = {"shipments": msgspec.json.encode(shown).decode()}
        data((yield request(account, "GET", f"/orders/{id_of(ref)}", what="order", subject=ref, context=context)))

    def read(self, answer: Answer) -> Facts:
        """A page of orders, or one order with its shipments beside it."""
        found = _items(answer) if answer.what == "orders" else [data(answer)]
        shown = _beside(answer)
        orders: list[Order] = []
        words: list[Word] = []
        bad: list[str] = []
        for position, item in enumerate(found):
            try:
                order = msgspec.convert(item, OrderShape, strict=False)
                orders.append(read_order(order, shown))
            except (msgspec.ValidationError, ValueError) as error:
                bad.append(f"item {position}: {error}")
                continue
            if order.state not in self.status:
                words.append(Word(text=order.state or "no state", sample=f"order {orders[-1].number}"))
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        """Ships lines under a number, or changes one of ours: the new number is added before the old one goes. Looks
        first: a repetition adds nothing, and ends what was interrupted.
        """
        order = convert(data((yield request(account, "GET", f"/orders/{id_of(shipment.order)}"))), OrderShape)
        if order.state == "canceled":
            raise Refused(order.state, message=Message(id="stores.order_cancelled"))
        shown = yield from _shipments(account, shipment.order)
        there = with_number(shown, shipment.number)
        given = there or (yield from _give(account, shipment, order, shown))
        if shipment.replaces and given != shipment.replaces and _holder(shown, shipment.replaces):
            yield from self.withdraw(account, shipment.order, shipment.replaces)
        holder = given.partition("-")[0]
        if shipment.notify and not there and holder in {str(one.entity_id) for one in shown}:
            data((yield request(account, "POST", f"/shipment/{holder}/emails")))  # of a new one Magento mailed already
        return Pushed(ref=given)

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        return read_shipments((yield from _shipments(account, order)))

    def withdraw(self, account: Account, order: str, ref: str) -> Flow[None]:
        """Takes the number off its shipment. What is gone already was taken back."""
        track = ref.partition("-")[2]
        shown = yield from _shipments(account, order)
        if _holder(shown, ref):
            data((yield request(account, "DELETE", f"/shipment/track/{id_of(track)}")))


def _give(account: Account, shipment: Shipment, order: OrderShape, shown: list[ShipmentShape]) -> Flow[str]:
    """Adds the number; its ref. Raises Refused, or NotFound where what it replaces is gone."""
    track = _track(shipment)
    holder = _holder(shown, shipment.replaces)
    if shipment.replaces and not holder:
        raise NotFound(message=Message(id="stores.replaced_gone"))
    if not holder:
        contents = _fitting(shipment, order)
        holder = None if contents else _numberless(shipment, shown)
    if holder:
        return (yield from _add(account, shipment, holder, track))
    if not contents:
        raise Refused("nothing left to ship", message=Message(id="stores.nothing_left"))
    if order.state in HELD:
        raise Refused(order.state or "", message=Message(id="magento.held"))
    items = [{"order_item_id": int(id_of(one.line)), "qty": one.qty} for one in contents]
    body = {"items": items, "notify": shipment.notify, "tracks": [track]}
    data((yield request(account, "POST", f"/order/{id_of(shipment.order)}/ship", body=body)))
    there = with_number((yield from _shipments(account, shipment.order)), shipment.number)
    if not there:
        raise Broken("the number is not on the order", message=Message(id="stores.not_kept"))
    return there


def _add(account: Account, shipment: Shipment, holder: ShipmentShape, track: Mapping[str, str]) -> Flow[str]:
    """A number into a shipment that is there. Magento's file wants weight and quantity, too; nobody told us either."""
    place = {"order_id": int(id_of(shipment.order)), "parent_id": holder.entity_id}
    entity = {**place, "weight": 0, "qty": 0, "description": "", **track}
    made = data((yield request(account, "POST", "/shipment/track", body={"entity": entity})))
    return ref_of(holder, convert(made, TrackShape))


def _track(shipment: Shipment) -> dict[str, str]:
    """Number, carrier code and carrier's name. Raises Refused without a carrier."""
    title = shipment.carrier_beside or TITLES.get(shipment.carrier_name, "")
    if not title:
        raise Refused("no carrier", message=Message(id="magento.no_carrier"))
    return {"track_number": shipment.number, "title": title, "carrier_code": shipment.carrier_name}


def _fitting(shipment: Shipment, order: OrderShape) -> tuple[Content, ...]:
    """What is to be shipped, if that much is left; without a word about it, all that is left."""
    left = {str(one.item_id): one.left for one in order.goods if not one.is_virtual}
    if shipment.contents:
        return shipment.contents if all(left.get(one.line, 0) >= one.qty for one in shipment.contents) else ()
    return tuple(Content(line=line, qty=qty) for line, qty in left.items() if qty)


def _numberless(shipment: Shipment, shown: list[ShipmentShape]) -> ShipmentShape | None:
    """The one shipment that waits for this number: without any, and of the same lines where they are known."""
    waiting = [one for one in shown if not one.tracks]
    if shipment.contents:
        waiting = [one for one in waiting if set(one.contents) == set(shipment.contents)]
    return waiting[0] if len(waiting) == 1 else None


def _holder(shown: list[ShipmentShape], ref: str) -> ShipmentShape | None:
    """The shipment that has this track."""
    return next((one for one, track in tracks(shown) if ref_of(one, track) == ref), None)


def _shipments(account: Account, order: str) -> Flow[list[ShipmentShape]]:
    query = criteria("order_id", id_of(order), size=SHIPMENTS_AT_MOST)
    return convert(_items((yield request(account, "GET", "/shipments", query=query))), list[ShipmentShape])


def _shipped(orders: list[object]) -> Iterator[str]:
    """Ids of the orders of a page of which something was shipped."""
    for one in orders:
        items = one.get("items") if isinstance(one, dict) else None
        shipped = [item for item in items if isinstance(item, dict) and item.get("qty_shipped")] if items else []
        if isinstance(one, dict) and shipped and one.get("entity_id"):
            yield text(one["entity_id"])


def _items(answer: Answer) -> list[object]:
    return convert(convert(data(answer), dict[str, object]).get("items") or [], list[object])


def _total(answer: Answer) -> int:
    return convert(convert(data(answer), dict[str, object]).get("total_count", 0), int)


def _beside(answer: Answer) -> list[ShipmentShape] | None:
    """The shipments that came with an order; None = nobody asked for them."""
    said = answer.context.get("shipments")
    try:
        return msgspec.json.decode(said, type=list[ShipmentShape]) if said else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


CONNECTOR: Store = Magento()
