"""Numbers through the plugins Advanced Shipment Tracking and Shipment Tracking."""

from collections.abc import Mapping
from datetime import UTC
from urllib.parse import quote

from doorstep.connectors.answers import convert, looks_like_html, payload, text
from doorstep.connectors.contract import Account, Broken, Flow, NotFound, Pushed, Refused, Shipment
from doorstep.connectors.stores.woo import ways, wire
from doorstep.connectors.stores.woo.ways import ADVANCED, PLAIN
from doorstep.connectors.stores.woocommerce_orders import OrderShape, TrackingShape, read_tracking
from doorstep.core.message import Message
from doorstep.core.order import StoreShipment

NOT_SHIPPED, WHOLE, PART = 0, 1, 2  # status_shipped: leave the order alone, complete it, mark it partly shipped


def push(account: Account, shipment: Shipment) -> Flow[Pushed]:
    """Adds the number, and completes the order if the store may mail the shopper. Looks first: a repetition adds
    nothing. An edit adds the new number before it deletes the old one, so that the order is never without.
    """
    order = yield from ways.fetch(account, shipment.order)
    shipped = _shipped(shipment, order)
    before = yield from read_back(account, shipment.order)
    if not ways.with_number(before, shipment.number):
        if shipment.replaces and shipment.replaces not in {one.ref for one in before}:
            raise NotFound(message=Message(id="stores.replaced_gone"))
        yield from _add(account, shipment, shipped)
    after = yield from read_back(account, shipment.order)
    ours = ways.with_number(after, shipment.number)
    if not ours:
        raise Broken("the number is not on the order", message=Message(id="stores.not_kept"))
    if shipment.replaces and shipment.replaces != ours.ref:
        yield from withdraw(account, shipment.order, shipment.replaces)
    if ways.of(account) == PLAIN and shipped == WHOLE:
        yield from ways.complete(account, order)
    carrier_lost = Message(id="stores.woocommerce.carrier_lost", values={"carrier": shipment.carrier_name})
    return Pushed(ref=ours.ref, notes=() if ours.carrier else (carrier_lost,))


def read_back(account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
    """As the plugin shows it to the shopper: an unknown provider has an empty ``carrier`` here."""
    answer = yield wire.request(account, "GET", _trackings(account, order))
    return tuple(read_tracking(one) for one in convert(wire.opened(answer), list[TrackingShape]))


def withdraw(account: Account, order: str, ref: str) -> Flow[None]:
    """Deletes a number; one that is gone already is fine. The order keeps its status."""
    answer = yield wire.request(account, "DELETE", f"{_trackings(account, order)}/{quote(ref, safe='')}")
    try:
        wire.opened(answer)
    except NotFound as error:
        if looks_like_html(answer) or wire.code(answer) == "rest_no_route":
            raise error from None


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
    if ways.of(account) == ADVANCED:
        body["status_shipped"] = shipped
    answer = yield wire.request(account, "POST", _trackings(account, shipment.order), body=body)
    if answer.status == 404 and not looks_like_html(answer) and wire.code(answer) != "rest_no_route":
        # The order was read a moment ago: this is how the plugin refuses a number with special characters.
        raise Refused(wire.said(answer), message=Message(id="stores.refused", values={"said": wire.said(answer)}))
    wire.opened(answer)


def _providers(account: Account, order: str) -> Flow[Mapping[str, str]]:
    """Carrier names this shop knows, by their lower case; none where the list cannot be had."""
    answer = yield wire.request(account, "GET", f"{_trackings(account, order)}/providers")
    found = payload(answer) if answer.status == 200 and not looks_like_html(answer) else {}
    groups = found.values() if isinstance(found, dict) else ()
    return {text(name).casefold(): text(name) for group in groups if isinstance(group, dict) for name in group}


def _shipped(shipment: Shipment, order: OrderShape) -> int:
    """Completing an order makes the shop mail the shopper: not done where it may not."""
    if not shipment.notify:
        return NOT_SHIPPED
    return WHOLE if ways.whole(shipment, order) else PART


def _trackings(account: Account, order: str) -> str:
    return f"/{ways.of(account)}/orders/{wire.order_id(order)}/shipment-trackings"
