"""PrestaShop: its webservice with a key. It is read as JSON and written as XML, whole resources only.

An order has one carrier and one number (``order_carriers``); that it was sent is a state in its history.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from doorstep.connectors.answers import bare, convert, text
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
from doorstep.connectors.signing import Pairs
from doorstep.connectors.stores.prestashop_orders import (
    Beside,
    CarrierShape,
    OrderShape,
    SendingShape,
    StateShape,
    read_order,
    shipments,
    with_number,
)
from doorstep.connectors.stores.prestashop_wire import data, document, id_of, request, rows, site, written
from doorstep.core.message import Message
from doorstep.core.order import Order, StoreShipment
from doorstep.core.status import Status

PER_PAGE: Final = 50
SETTINGS: Final = ("PS_TIMEZONE", "PS_SHOP_NAME", "PS_OS_SHIPPING", "PS_OS_CANCELED", "PS_OS_ERROR", "PS_OS_DELIVERED")
SENDING: Final = (
    "id",
    "id_order",
    "id_carrier",
    "id_order_invoice",
    "weight",
    "shipping_cost_tax_excl",
    "shipping_cost_tax_incl",
    "tracking_number",
    "date_add",
)


class PrestaShop:
    meta = Meta(
        name="prestashop",
        label="PrestaShop",
        hosts=OWN,
        polls_per_minute=120,  # the merchant's own server; PrestaShop itself sets no limit
        can=frozenset({Can.ORDERS, Can.PUSH, Can.EDIT, Can.READ_BACK, Can.WITHDRAW}),
        fields=(
            Field(name="base_url", label="Shop address", placeholder="https://shop.example"),
            Field(
                name="api_key",
                label="Webservice key",
                secret=True,
                help="Advanced Parameters, Webservice: a key with the permissions listed on this connector's page.",
            ),
        ),
        basis="PrestaShop's pages of its webservice (8 and 9), with their own schemas of each resource",
        docs="https://devdocs.prestashop-project.org/9/webservice/resources/order_carriers/",
        proven="documented only",
        steps=(
            "In PrestaShop, under Advanced Parameters, Webservice, switch the webservice on and add a key.",
            "Let it view addresses, carriers, configurations, countries, customers, orders, order_details and states.",
            "Let it view and modify order_carriers, and add order_histories.",
        ),
        limits=(
            "An order has one number. It is marked as shipped with it, by the state that the shop uses for that.",
            "The carrier is one of the shop's own, found by its name; else the one chosen at the checkout stays.",
            "PrestaShop mails the shopper only where its carrier has a tracking address.",
        ),
        gaps=(
            "Orders in several parcels take the first number only.",
            "PrestaShop has no webhooks of its own: orders are polled.",
            "A number that was taken back leaves the order marked as shipped.",
            "Virtual products are known by their file; one without a file is taken to be sent.",
            "That PrestaShop mails the shopper when asked to is not tried on a running shop.",
        ),
    )
    status: Mapping[str, Status] = {}  # every shop has states of its own; what counts are their marks
    unseen: frozenset[str] = frozenset()

    def check(self, account: Account) -> Flow[Checked]:
        """Reads the settings that orders cannot be understood without, and everything that is read later, once."""
        names = (("display", "[name,value]"), ("filter[name]", f"[{'|'.join(SETTINGS)}]"))
        found = rows((yield request(account, "configurations", names)), "configurations", dict[str, object])
        said = {text(one.get("name")): text(one.get("value")) for one in found if text(one.get("value"))}
        ended = [said[name] for name in ("PS_OS_CANCELED", "PS_OS_ERROR") if said.get(name)]
        known = {"timezone": "PS_TIMEZONE", "shipped": "PS_OS_SHIPPING", "delivered": "PS_OS_DELIVERED"}
        settings = {"ended": ",".join(ended), **{name: said.get(theirs, "") for name, theirs in known.items()}}
        _zone(settings["timezone"])
        for resource in (
            "orders",
            "order_details",
            "order_carriers",
            "carriers",
            "customers",
            "addresses",
            "countries",
        ):
            data((yield request(account, resource, (("display", "[id]"), ("limit", "1")))))
        place = site(account).partition("://")[2].lower()
        return Checked(external_id=place, label=said.get("PS_SHOP_NAME") or place, settings=settings)

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Pages by id, which never changes. Each is asked for twice: to learn whose resources to ask for, and, when
        they are known, with those beside it.
        """
        changed: Pairs = ()
        if since:
            zone = _zone(account.settings.get("timezone", ""))
            days = (
                at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") for at in (since, account.now + timedelta(days=1))
            )
            changed = (("filter[date_upd]", f"[{','.join(days)}]"),)
        states = yield from _states(account)
        page, full = 0, True
        while full:
            limit = (("sort", "[id_ASC]"), ("limit", f"{page * PER_PAGE},{PER_PAGE}"))
            full = (yield from _ask(account, "orders", str(page), (*changed, *limit), states)) >= PER_PAGE
            page += 1

    def order(self, account: Account, ref: str) -> Flow[None]:
        states = yield from _states(account)
        if not (yield from _ask(account, "order", ref, (("filter[id]", f"[{id_of(ref)}]"),), states)):
            raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))

    def read(self, answer: Answer) -> Facts:
        """Orders with what belongs to them beside them; without that nothing can be said of them."""
        orders: list[Order] = []
        words: list[Word] = []
        bad: list[str] = []
        items = rows(answer, "orders", object)
        beside = _beside(answer)
        for position, item in enumerate(items):
            try:
                order = msgspec.convert(item, OrderShape, strict=False)
                orders.append(read_order(order, beside))
            except (msgspec.ValidationError, ValueError, ZoneInfoNotFoundError) as error:
                bad.append(f"item {position}: {error}")
                continue
            if beside.state(order.current_state) is None:
                words.append(Word(text=f"state {order.current_state}", sample=f"order {order.reference}"))
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        """Writes the number and, where the order is not marked as shipped, its state. Looks first: a repetition adds
        nothing, and ends what was interrupted.
        """
        query: Pairs = (("display", "full"), ("filter[id]", f"[{id_of(shipment.order)}]"))
        found = rows((yield request(account, "orders", query)), "orders", OrderShape)
        if not found:
            raise NotFound(shipment.order, message=Message(id="stores.not_found", values={"said": shipment.order}))
        if str(found[0].current_state) in account.settings.get("ended", "").split(","):
            raise Refused("cancelled", message=Message(id="stores.order_cancelled"))
        sendings = yield from _sendings(account, [shipment.order])
        there = with_number(sendings, shipment.number)
        notes: tuple[Message, ...] = ()
        if not there:
            there = _holder(shipment, sendings)
            carrier = yield from _own_carrier(account, shipment)
            notes = () if carrier else (Message(id="prestashop.other_carrier"),)
            kept = {"tracking_number": shipment.number, **({"id_carrier": str(carrier.id)} if carrier else {})}
            yield from _write(account, there, kept, mail=shipment.notify)
        yield from _mark(account, found[0])
        return Pushed(ref=str(there.id), notes=notes)

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        beside = Beside(timezone="", sendings=(yield from _sendings(account, [order])))
        beside.carriers = yield from _named(account, [one.id_carrier for one in beside.sendings])
        return shipments(int(id_of(order)), beside)

    def withdraw(self, account: Account, order: str, ref: str) -> Flow[None]:
        """Empties the number; one that is gone already is fine. The order keeps its state."""
        held = [one for one in (yield from _sendings(account, [order])) if str(one.id) == ref and one.number]
        if held:
            yield from _write(account, held[0], {"tracking_number": ""}, mail=False)


def _holder(shipment: Shipment, sendings: list[SendingShape]) -> SendingShape:
    """Where the number goes. Raises Refused where another one is, NotFound where what it replaces is gone."""
    if shipment.replaces:
        held = [one for one in sendings if str(one.id) == shipment.replaces and one.number]
        if not held:
            raise NotFound(message=Message(id="stores.replaced_gone"))
        return held[0]
    free = [one for one in sendings if not one.number]
    if not free:
        raise Refused("no place", message=Message(id="prestashop.one_number" if sendings else "stores.nothing_left"))
    return free[0]


def _write(account: Account, sending: SendingShape, changed: Mapping[str, str], *, mail: bool) -> Flow[None]:
    """The whole resource with what is changed, and a look whether it was kept."""
    whole = {name: text(getattr(sending, name)) for name in SENDING} | dict(changed)
    query = (("sendemail", "1"),) if mail else ()
    body = document("order_carrier", whole)
    written((yield request(account, f"order_carriers/{sending.id}", query, method="PUT", body=body)))
    kept = [one for one in (yield from _sendings(account, [str(sending.id_order)])) if one.id == sending.id]
    if not kept or bare(kept[0].number) != bare(changed["tracking_number"]):
        raise Broken("the number is not on the order", message=Message(id="stores.not_kept"))


def _mark(account: Account, order: OrderShape) -> Flow[None]:
    """The state that the shop uses for what was sent, unless the order's own says so already."""
    states = {one.id: one for one in (yield from _states(account))}
    state, shipped = states.get(order.current_state), account.settings.get("shipped", "")
    if shipped and not (state and state.shipped):
        body = document("order_history", {"id_order": str(order.id), "id_order_state": shipped})
        written((yield request(account, "order_histories", (), method="POST", body=body)))


def _own_carrier(account: Account, shipment: Shipment) -> Flow[CarrierShape | None]:
    """The shop's one active carrier of that name."""
    query: Pairs = (("display", "[id,name,url]"), ("filter[deleted]", "[0]"), ("filter[active]", "[1]"))
    wanted = bare(shipment.carrier_name)
    if not wanted:
        return None
    offered = rows((yield request(account, "carriers", query)), "carriers", CarrierShape)
    same = [one for one in offered if bare(text(one.name)) == wanted]
    return same[0] if len(same) == 1 else None


def _ask(account: Account, what: str, subject: str, query: Pairs, states: list[StateShape]) -> Flow[int]:
    """Asks for orders, for what belongs to them, and once more with that beside them. Returns how many there were."""
    query = (("display", "full"), ("date", "1"), *query)
    found = rows((yield request(account, "orders", query)), "orders", dict[str, object])
    if found:
        beside = yield from _belongings(account, found, states)
        context = {"beside": msgspec.json.encode(beside).decode()}
        data((yield request(account, "orders", query, what=what, subject=subject, context=context)))
    return len(found)


def _belongings(account: Account, found: list[dict[str, object]], states: list[StateShape]) -> Flow[Beside]:
    refs = _refs(one.get("id") for one in found)
    sendings = yield from _sendings(account, refs)
    to = _refs(one.get("id_address_delivery") for one in found)
    addresses = yield from _list(account, "addresses", "id", to)
    asked = {
        "timezone": account.settings.get("timezone", ""),
        "ended": [one for one in account.settings.get("ended", "").split(",") if one],
        "delivered": account.settings.get("delivered") or 0,
        "states": states,
        "sendings": sendings,
        "details": (yield from _list(account, "order_details", "id_order", refs)),
        "carriers": (yield from _named(account, [one.id_carrier for one in sendings])),
        "customers": (yield from _list(account, "customers", "id", _refs(one.get("id_customer") for one in found))),
        "addresses": addresses,
        "countries": (yield from _list(account, "countries", "id", _refs(one.get("id_country") for one in addresses))),
    }
    return convert(msgspec.to_builtins(asked), Beside)


def _states(account: Account) -> Flow[list[StateShape]]:
    return rows((yield request(account, "order_states", (("display", "full"),))), "order_states", StateShape)


def _sendings(account: Account, orders: list[str]) -> Flow[list[SendingShape]]:
    query = (("display", "full"), ("filter[id_order]", f"[{'|'.join(map(id_of, orders))}]"))
    return rows((yield request(account, "order_carriers", query)), "order_carriers", SendingShape)


def _named(account: Account, refs: list[int]) -> Flow[list[CarrierShape]]:
    found = yield from _list(account, "carriers", "id", _refs(refs))
    return convert(found, list[CarrierShape])


def _list(account: Account, resource: str, field: str, refs: list[str]) -> Flow[list[dict[str, object]]]:
    """Rows of a resource by an id of theirs; nothing is asked where there is none."""
    if not refs:
        return []
    query = (("display", "full"), (f"filter[{field}]", f"[{'|'.join(refs)}]"))
    return rows((yield request(account, resource, query)), resource, dict[str, object])


def _refs(said: Iterable[object]) -> list[str]:
    return list(dict.fromkeys(one for one in map(text, said) if re.fullmatch(r"[1-9][0-9]{0,11}", one)))


def _beside(answer: Answer) -> Beside:
    try:
        return msgspec.json.decode(answer.context.get("beside", ""), type=Beside)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Broken("nothing beside the orders", message=Message(id="stores.garbage")) from error


def _zone(name: str) -> ZoneInfo:
    """The shop's time zone. Raises Refused: its times mean nothing without it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Refused(name, message=Message(id="prestashop.no_timezone", values={"said": name})) from error


CONNECTOR: Store = PrestaShop()
