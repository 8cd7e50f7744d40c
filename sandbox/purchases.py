"""What the merchant buys at the suppliers of the world: one parcel's truth, kept by whoever ships it."""

from datetime import datetime, timedelta
from random import Random

from sandbox import aliexpress, printful
from sandbox.aliexpress_order import AliOrder
from sandbox.callbacks import Callbacks
from sandbox.clock import Clock
from sandbox.printful_order import Parcel, PrintfulOrder
from sandbox.shipment import Shipment
from sandbox.store_order import StoreOrder
from sandbox.supplier import Supplier
from sandbox.vendor import Vendor

CJ, ALIEXPRESS, PRINTFUL = "cjdropshipping", "aliexpress", "printful"
ID_DIGITS = {CJ: 19, ALIEXPRESS: 16, PRINTFUL: 9}  # of a purchase
PAID = timedelta(hours=2)
PUBLISHED = (timedelta(days=30), timedelta(days=60))  # tokens and permission of an app that is no longer in test


class Purchases:
    """CJdropshipping, AliExpress and Printful. AliExpress never learns for which order of the shop something is."""

    def __init__(self, *, cj: Supplier, clock: Clock, random: Random, callbacks: Callbacks) -> None:
        self.cj = cj
        self.aliexpress = aliexpress.AliExpress(clock=clock, random=random, lives=PUBLISHED)
        self.printful = printful.Printful(clock=clock, random=random, callbacks=callbacks)

    def vendors(self) -> dict[str, Vendor]:
        """Those that are known by their hosts."""
        app = {"app_key": aliexpress.APP_KEY, "app_secret": aliexpress.SECRET}
        return {
            ALIEXPRESS: Vendor("supplier", aliexpress.HOSTS, self.aliexpress.app, app, self.aliexpress.agreed),
            PRINTFUL: Vendor("supplier", printful.HOSTS, self.printful.app, {"token": printful.STORE_TOKEN}),
        }

    def buy(self, supplier: str, order: StoreOrder, shipment: Shipment) -> None:
        """The merchant, or the shop itself, buys what the order holds. Raises ValueError for another supplier."""
        if supplier == CJ:
            self.cj.buy(order, shipment)
        elif supplier == ALIEXPRESS:
            self.aliexpress.place(_at_aliexpress(order, shipment))
        elif supplier == PRINTFUL:
            self.printful.place(_at_printful(order, shipment))
        else:
            raise ValueError(f"no supplier {supplier!r}; there are {', '.join(ID_DIGITS)}")

    def happened(self, supplier: str, shipment: Shipment, moment: datetime) -> None:
        """A moment of the parcel has come."""
        if supplier == CJ:
            bought = self.cj.orders[shipment.purchase]
            self.cj.tell_order(bought)
            if any(scan.at == moment for scan in shipment.scans):
                self.cj.tell_logistics(bought)
        elif supplier == ALIEXPRESS:
            order = self.aliexpress.orders[int(shipment.purchase)]
            order.number = shipment.said(moment)
            order.local = shipment.local if moment >= shipment.local_at else ""
        elif moment == shipment.dispatched_at:
            self._sent(self.printful.orders[int(shipment.purchase)], shipment)

    def forget(self, supplier: str, shipment: Shipment) -> None:
        """It is too long ago."""
        if supplier == CJ:
            del self.cj.orders[shipment.purchase]
        elif supplier:
            orders = self.aliexpress.orders if supplier == ALIEXPRESS else self.printful.orders
            del orders[int(shipment.purchase)]

    def _sent(self, order: PrintfulOrder, shipment: Shipment) -> None:
        """Everything leaves in one parcel."""
        order.send(
            Parcel(
                id=order.id * 10,
                number=shipment.number,
                carrier=shipment.carrier.name,
                sent_at=shipment.dispatched_at,
                contents=tuple((item, quantity) for item, _, _, quantity in order.items),
                scans=tuple((scan.at, scan.words) for scan in shipment.scans),
                delivered_at=shipment.delivered_at(),
            )
        )
        self.printful.tell(order, "shipment_sent")


def _at_aliexpress(order: StoreOrder, shipment: Shipment) -> AliOrder:
    lines = tuple((1005 * 10**12 + line.id, line.product.title, line.quantity) for line in order.lines)
    return AliOrder(
        id=int(shipment.purchase),
        lines=lines,
        placed_at=order.placed_at,
        paid_at=order.placed_at + PAID,
        sent_at=shipment.dispatched_at,
        received_at=shipment.delivered_at(),
    )


def _at_printful(order: StoreOrder, shipment: Shipment) -> PrintfulOrder:
    items = tuple(
        (int(shipment.purchase) * 10 + place, str(line.id), line.product.title, line.quantity)
        for place, line in enumerate(order.lines, start=1)
    )
    ref, at = int(shipment.purchase), order.placed_at
    return PrintfulOrder(id=ref, external_id=order.ref, placed_at=at, items=items)
