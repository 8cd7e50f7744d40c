"""The marketplaces of the world and its Shopify shop, behind one port: each is known by the host that is called."""

from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from aiohttp import web

from sandbox import amazon, ebay, etsy
from sandbox.amazon_order import AmazonOrder
from sandbox.callbacks import Callbacks
from sandbox.catalog import BUYERS, SMALL_PRODUCTS
from sandbox.clock import Clock
from sandbox.ebay_order import EBayOrder
from sandbox.etsy_receipt import EtsyReceipt
from sandbox.permits import Permits
from sandbox.shopify_order import CLIENT, CUSTOM_TOKEN, SECRET, SHOP, ShopifyLine, ShopifyOrder

BOUGHT = timedelta(hours=3)  # ago: nobody ships what was bought this very moment


class Marketplaces:
    """eBay, Etsy, Amazon and Shopify. Nothing is sold there by itself: orders are placed through the control door."""

    def __init__(self, *, clock: Clock, random: Random, callbacks: Callbacks) -> None:
        self.ebay = ebay.EBay(clock=clock, random=random)
        self.etsy = etsy.Etsy(clock=clock, random=random)
        self.amazon = amazon.Amazon(clock=clock, random=random)
        from sandbox.shopify import Shopify  # noqa: PLC0415 - GraphQL is slow to load, and wrong arguments are told first

        self.shopify = Shopify(clock=clock, callbacks=callbacks, random=random)
        self._clock = clock
        self._serial = count(1)
        seller = (
            f"{ebay.FULFILL} {ebay.SCOPE}/commerce.identity.readonly {ebay.SCOPE}/commerce.notification.subscription"
        )
        self._permits = {
            "ebay": _agreed(self.ebay.permits, ebay.SELLER, seller),
            "etsy": _agreed(self.etsy.permits, str(etsy.OWNER), f"{etsy.READ} {etsy.WRITE} shops_r"),
            "amazon": _agreed(self.amazon.permits, amazon.SELLER, amazon.ROLE),
        }

    def app(self) -> web.Application:
        """All of them; a call for a host that is none of theirs is answered with 404."""
        app = web.Application()
        for hosts, vendor in ((ebay.HOSTS, self.ebay), (etsy.HOSTS, self.etsy), (amazon.HOSTS, self.amazon)):
            for host in hosts:
                app.add_domain(host, vendor.app())
        app.add_domain(SHOP, self.shopify.app())
        return app

    def place(self, vendor: str) -> dict[str, Any]:
        """A buyer pays for two things. Raises ValueError for a marketplace that does not exist."""
        makers = {"ebay": self._at_ebay, "etsy": self._at_etsy, "amazon": self._at_amazon, "shopify": self._at_shopify}
        if vendor not in makers:
            raise ValueError(f"no marketplace {vendor!r}; there are {', '.join(makers)}")
        at = self._clock.now() - BOUGHT
        return {"vendor": vendor, "order": makers[vendor](next(self._serial), at), "placed_at": at.isoformat()}

    def keys(self) -> dict[str, dict[str, str]]:
        """What a seller holds who agreed on each vendor's page already."""
        shown = {
            "ebay": {"client_id": ebay.CLIENT, "client_secret": ebay.SECRET, "ru_name": ebay.RU_NAME},
            "etsy": {"keystring": etsy.KEYSTRING, "shared_secret": etsy.SHARED_SECRET, "shop_id": str(etsy.SHOP)},
            "amazon": {"client_id": amazon.CLIENT, "client_secret": amazon.SECRET, "seller_id": amazon.SELLER},
        }
        app = {"client_id": CLIENT, "client_secret": SECRET, "access_token": CUSTOM_TOKEN}
        agreed = {name: {**key, "refresh_token": self._permits[name]} for name, key in shown.items()}
        return {**agreed, "shopify": {"base_url": f"https://{SHOP}", **app}}

    def state(self) -> dict[str, Any]:
        """The numbers that each was given, by order."""
        return {
            "ebay": {ref: _said(one.fulfillments, "shipmentTrackingNumber") for ref, one in self.ebay.orders.items()},
            "etsy": {str(ref): _said(one.shipments, "tracking_code") for ref, one in self.etsy.receipts.items()},
            "amazon": {
                ref: _said([*one.packages.values()], "trackingNumber") for ref, one in self.amazon.orders.items()
            },
            "shopify": {
                str(one.id): [
                    number for sent in one.fulfillments for number in sent.numbers if sent.status == "SUCCESS"
                ]
                for one in self.shopify.orders
            },
        }

    def _at_ebay(self, serial: int, at: datetime) -> str:
        lines = tuple((f"{serial}000{place}", one.title, place) for place, one in enumerate(SMALL_PRODUCTS[:2], 1))
        order = EBayOrder(id=f"05-10001-{serial:05d}", placed_at=at, modified_at=at, lines=lines)
        self.ebay.place(order)
        return order.id

    def _at_etsy(self, serial: int, at: datetime) -> str:
        lines = tuple((serial * 10 + place, one.title, place) for place, one in enumerate(SMALL_PRODUCTS[:2], 1))
        receipt = EtsyReceipt(id=3_000_000 + serial, placed_at=at, modified_at=at, lines=lines)
        self.etsy.place(receipt)
        return str(receipt.id)

    def _at_amazon(self, serial: int, at: datetime) -> str:
        items = tuple((f"{serial}000000{place}", one.title, place) for place, one in enumerate(SMALL_PRODUCTS[:2], 1))
        order = AmazonOrder(id=f"302-1234567-{serial:07d}", placed_at=at, modified_at=at, items=items)
        self.amazon.place(order)
        return order.id

    def _at_shopify(self, serial: int, at: datetime) -> str:
        lines = [
            ShopifyLine(sku=one.sku, title=one.title, quantity=place) for place, one in enumerate(SMALL_PRODUCTS[:2], 1)
        ]
        order = ShopifyOrder(name=f"#{1000 + serial}", buyer=BUYERS[0], lines=lines, created_at=at, updated_at=at)
        return str(self.shopify.place(order).id)


def _agreed(permits: Permits, who: str, scopes: str) -> str:
    return permits.refresher(who, frozenset(scopes.split()))


def _said(shipments: list[dict[str, Any]], name: str) -> list[str]:
    return [one[name] for one in shipments]
