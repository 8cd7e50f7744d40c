"""The channels of the world beside its WooCommerce shop: marketplaces, a Shopify shop, a shop of one's own making.

What is bought is given as the shop would have it (``StoreOrder``); each keeps and tells it in its own way.
"""

from collections.abc import Callable
from random import Random

from sandbox import amazon, ebay, etsy, generic
from sandbox.amazon_order import AmazonOrder
from sandbox.callbacks import Callbacks
from sandbox.clock import Clock
from sandbox.ebay_order import EBayOrder
from sandbox.etsy_receipt import EtsyReceipt
from sandbox.generic import OwnOrder, OwnShop
from sandbox.permits import Permits
from sandbox.shopify_order import CLIENT, CUSTOM_TOKEN, SECRET, SHOP, ShopifyLine, ShopifyOrder
from sandbox.store_order import StoreOrder
from sandbox.vendor import Vendor

# How each names its n-th order: (its id, what people call it); '' = as the id.
NAMES: dict[str, tuple[str, str]] = {
    "ebay": ("05-10001-{:05d}", ""),
    "etsy": ("3{:06d}", ""),
    "amazon": ("302-1234567-{:07d}", ""),
    "shopify": ("6{:09d}", "#1{:03d}"),
    "generic": ("L-{:d}", ""),
}
EBAY_SCOPES = f"{ebay.FULFILL} {ebay.SCOPE}/commerce.identity.readonly {ebay.SCOPE}/commerce.notification.subscription"


class Marketplaces:
    """eBay, Etsy, Amazon, Shopify and the own shop, by their connectors' names."""

    def __init__(self, *, clock: Clock, random: Random, callbacks: Callbacks) -> None:
        self.ebay = ebay.EBay(clock=clock, random=random)
        self.etsy = etsy.Etsy(clock=clock, random=random)
        self.amazon = amazon.Amazon(clock=clock, random=random)
        from sandbox.shopify import Shopify  # noqa: PLC0415 - GraphQL is slow to load, and wrong arguments are told first

        self.shopify = Shopify(clock=clock, callbacks=callbacks, random=random)
        self.own = OwnShop(clock=clock, callbacks=callbacks)

    def vendors(self) -> dict[str, Vendor]:
        """Each with its hosts, and what a seller holds who has agreed on the vendor's page already."""
        to_ebay = {"client_id": ebay.CLIENT, "client_secret": ebay.SECRET, "ru_name": ebay.RU_NAME}
        to_etsy = {"keystring": etsy.KEYSTRING, "shared_secret": etsy.SHARED_SECRET}
        to_amazon = {"client_id": amazon.CLIENT, "client_secret": amazon.SECRET, "seller_id": amazon.SELLER}
        to_shopify = {"base_url": f"https://{SHOP}", "client_id": CLIENT, "client_secret": SECRET}
        seller = _agreed(self.ebay.permits, ebay.SELLER, EBAY_SCOPES)
        owner = _agreed(self.etsy.permits, str(etsy.OWNER), f"{etsy.READ} {etsy.WRITE} shops_r")
        role = _agreed(self.amazon.permits, amazon.SELLER, amazon.ROLE)
        amazon_keys = {**to_amazon, "region": "eu", **role()}
        shopify_keys = {**to_shopify, "access_token": CUSTOM_TOKEN}
        return {
            "ebay": Vendor("store", ebay.HOSTS, self.ebay.app, to_ebay, seller),
            "etsy": Vendor("store", etsy.HOSTS, self.etsy.app, to_etsy, owner),
            "amazon": Vendor("store", amazon.HOSTS, self.amazon.app, amazon_keys),
            "shopify": Vendor("store", (SHOP,), self.shopify.app, shopify_keys),
            "generic": Vendor("store", generic.HOSTS, self.own.app, generic.FORM),
        }

    def place(self, channel: str, order: StoreOrder) -> None:
        """A buyer paid there."""
        at, ref, lines = order.placed_at, order.ref, [(one.id, one.product.title, one.quantity) for one in order.lines]
        texts = tuple((str(id_), title, quantity) for id_, title, quantity in lines)
        if channel == "ebay":
            self.ebay.place(EBayOrder(id=ref, placed_at=at, modified_at=at, lines=texts, buyer=order.buyer))
        elif channel == "etsy":
            receipt = EtsyReceipt(id=int(ref), placed_at=at, modified_at=at, lines=tuple(lines), buyer=order.buyer)
            self.etsy.place(receipt)
        elif channel == "amazon":
            self.amazon.place(AmazonOrder(id=ref, placed_at=at, modified_at=at, items=texts))
        elif channel == "shopify":
            self.shopify.place(_at_shopify(order))
        else:
            named = {id_: (title, quantity) for id_, title, quantity in texts}
            email, paid = order.buyer.email, order.capture
            own = OwnOrder(id=ref, placed_at=at, updated_at=at, email=email, transaction=paid, lines=named)
            self.own.place(own)

    def numbers(self) -> dict[str, dict[str, list[str]]]:
        """The numbers that each was given, by the order's id."""
        return {
            "ebay": {
                ref: [sent["shipmentTrackingNumber"] for sent in one.fulfillments]
                for ref, one in self.ebay.orders.items()
            },
            "etsy": {
                str(ref): [sent["tracking_code"] for sent in one.shipments] for ref, one in self.etsy.receipts.items()
            },
            "amazon": {
                ref: [sent["trackingNumber"] for sent in one.packages.values()]
                for ref, one in self.amazon.orders.items()
            },
            "shopify": {
                str(one.id): [
                    number for sent in one.fulfillments for number in sent.numbers if sent.status == "SUCCESS"
                ]
                for one in self.shopify.orders
            },
            "generic": {ref: [sent["number"] for sent in one.shipments] for ref, one in self.own.orders.items()},
        }

    def forget(self, channel: str, order: StoreOrder) -> None:
        """It is too long ago."""
        if channel == "shopify":
            self.shopify.orders[:] = [one for one in self.shopify.orders if str(one.id) != order.ref]
        elif channel == "etsy":
            del self.etsy.receipts[int(order.ref)]
        elif channel == "generic":
            del self.own.orders[order.ref]
        elif channel == "ebay":
            del self.ebay.orders[order.ref]
        else:
            del self.amazon.orders[order.ref]


def _at_shopify(order: StoreOrder) -> ShopifyOrder:
    return ShopifyOrder(
        id=int(order.ref),
        name=order.number,
        buyer=order.buyer,
        lines=[
            ShopifyLine(id=one.id, sku=one.product.sku, title=one.product.title, quantity=one.quantity)
            for one in order.lines
        ],
        created_at=order.placed_at,
        updated_at=order.placed_at,
    )


def _agreed(permits: Permits, who: str, scopes: str) -> Callable[[], dict[str, str]]:
    """Makes refresh tokens, as an app gets one when a person agrees on the vendor's page."""
    return lambda: {"refresh_token": permits.refresher(who, frozenset(scopes.split()))}
