"""An order of the shop and how WooCommerce's REST API v3 writes it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from hashlib import md5
from typing import Any

from sandbox.catalog import Buyer, Product

Json = dict[str, Any]
# The shop's own zone is not UTC, so that a reader who mixes up date_created and date_created_gmt is seen at once.
SHOP_ZONE = timezone(timedelta(hours=1))
META_KEY = "_wc_shipment_tracking_items"
PROVIDERS = {
    "yunexpress": ("YunExpress", "https://www.yuntrack.com/parcelTracking?id={}"),
    "china-post": ("China Post", "https://yjcx.ems.com.cn/?mailNo={}"),
    "usps": ("USPS", "https://tools.usps.com/go/TrackConfirmAction?tLabels={}"),
    "royal-mail": ("Royal Mail", "https://www.royalmail.com/track-your-item#/tracking-results/{}"),
    "dhl-paket": ("DHL Paket", "https://www.dhl.de/de/privatkunden/dhl-sendungsverfolgung.html?piececode={}"),
    "dhl": ("DHL", "https://www.dhl.com/en/express/tracking.html?AWB={}"),
    "la-poste": ("La Poste", "https://www.laposte.fr/outils/suivre-vos-envois?code={}"),
    "canada-post": ("Canada Post", "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={}"),
    "australia-post": ("Australia Post", "https://auspost.com.au/mypost/track/details/{}"),
    "postnl": ("PostNL", "https://postnl.nl/tracktrace/?B={}"),
    "correos": (
        "Correos Spain",
        "https://www.correos.es/es/es/herramientas/localizador/envios/detalle?tracking-number={}",
    ),
    "hermes": ("Hermes", "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation#{}"),
    "dpd-de": ("DPD", "https://tracking.dpd.de/status/de_DE/parcel/{}"),
    "ups": ("UPS", "https://www.ups.com/track?tracknum={}"),
    "fedex": ("FedEx", "https://www.fedex.com/fedextrack/?trknbr={}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """A shipment-tracking item. ``provider`` '' = the plugin does not know the carrier that was named."""

    ref: str
    number: str
    provider: str
    link: str
    custom: bool
    shipped_at: datetime

    def as_answer(self) -> Json:
        """As the plugin's API answers."""
        return {
            "tracking_id": self.ref,
            "tracking_provider": self.provider,
            "tracking_link": self.link,
            "tracking_number": self.number,
            "date_shipped": self.shipped_at.date().isoformat(),
        }

    def as_meta(self) -> Json:
        """As the plugin keeps it in the order's meta data."""
        return {
            "tracking_provider": "" if self.custom else self.provider,
            "custom_tracking_provider": self.provider if self.custom else "",
            "custom_tracking_link": self.link if self.custom else "",
            "tracking_number": self.number,
            "date_shipped": str(int(self.shipped_at.timestamp())),
            "tracking_id": self.ref,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLine:
    """One line: the store's id, the product, how many."""

    id: int
    product: Product
    quantity: int

    @property
    def total(self) -> Decimal:
        """Price times quantity."""
        return Decimal(self.product.price) * self.quantity


@dataclass(slots=True, kw_only=True)
class StoreOrder:
    """What the shop knows of an order. Instants are aware UTC. ``ref`` and ``name`` are how another channel than this
    shop calls it; ``capture`` is the payment at PayPal, '' = paid otherwise.
    """

    id: int
    buyer: Buyer
    lines: tuple[StoreLine, ...]
    placed_at: datetime
    modified_at: datetime
    status: str = "processing"
    completed_at: datetime | None = None
    note: str = ""
    ref: str = ""
    name: str = ""
    capture: str = ""
    trackings: list[Tracking] = field(default_factory=list)

    @property
    def number(self) -> str:
        """What buyer and merchant call it."""
        return self.name or str(self.id)

    def __post_init__(self) -> None:
        self.ref = self.ref or str(self.id)

    def set_status(self, status: str, at: datetime) -> None:
        """Changes the status and what depends on it."""
        self.status = status
        self.modified_at = max(at, self.modified_at)
        if status == "completed" and self.completed_at is None:
            self.completed_at = at

    def as_json(self, shop: str) -> Json:
        """The whole order. ``shop`` is the shop's address."""
        total = sum((line.total for line in self.lines), Decimal(0))
        shipping = Decimal("4.90")
        return {
            "id": self.id,
            "parent_id": 0,
            "number": self.number,
            "order_key": f"wc_order_{_hash(self.id)[:13]}",
            "created_via": "checkout",
            "version": "10.9.1",
            "status": self.status,
            "currency": "EUR",
            **_dates("date_created", self.placed_at),
            **_dates("date_modified", self.modified_at),
            "discount_total": "0.00",
            "discount_tax": "0.00",
            "shipping_total": str(shipping),
            "shipping_tax": "0.00",
            "cart_tax": "0.00",
            "total": str(total + shipping),
            "total_tax": "0.00",
            "prices_include_tax": False,
            "customer_id": 0,
            "customer_ip_address": "192.0.2.10",
            "customer_user_agent": "",
            "customer_note": self.note,
            "billing": {**_address(self.buyer), "email": self.buyer.email, "phone": self.buyer.phone},
            "shipping": {**_address(self.buyer), "phone": ""},
            "payment_method": "ppcp-gateway" if self.capture else "cod",
            "payment_method_title": "PayPal" if self.capture else "Card",
            "transaction_id": self.capture or _hash(self.id)[:17],
            **_dates("date_paid", None if self.status == "pending" else self.placed_at),
            **_dates("date_completed", self.completed_at),
            "cart_hash": _hash(-self.id),
            "meta_data": self._meta(),
            "line_items": [_line(line) for line in self.lines],
            "tax_lines": [],
            "shipping_lines": [_shipping_line(self.id, shipping)],
            "fee_lines": [],
            "coupon_lines": [],
            "refunds": [],
            "payment_url": f"{shop}/checkout/order-pay/{self.id}/?pay_for_order=true",
            "is_editable": self.status in {"pending", "on-hold"},
            "needs_payment": self.status == "pending",
            "needs_processing": True,
            "_links": {"self": [{"href": f"{shop}/wp-json/wc/v3/orders/{self.id}"}]},
        }

    def _meta(self) -> list[Json]:
        if not self.trackings:
            return []
        return [{"id": self.id * 10 + 1, "key": META_KEY, "value": [one.as_meta() for one in self.trackings]}]


def moment(at: datetime | None, zone: tzinfo) -> str | None:
    """WooCommerce writes wall time without an offset."""
    return at.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds") if at else None


def tracking_from(body: Json, ref: str, now: datetime) -> Tracking:
    """What a POST asks for. Raises ValueError naming the field that is wrong."""
    number = body.get("tracking_number")
    if not isinstance(number, str) or not number.strip():
        raise ValueError("tracking_number")
    custom = str(body.get("custom_tracking_provider") or "")
    name, link = _provider(str(body.get("tracking_provider") or ""))
    shipped = body.get("date_shipped")
    return Tracking(
        ref=ref,
        number=number.strip(),
        provider=custom or name,
        link=str(body.get("custom_tracking_link") or "") if custom else link.format(number.strip()),
        custom=bool(custom),
        shipped_at=_day(shipped) if isinstance(shipped, str) and shipped else now,
    )


def _provider(said: str) -> tuple[str, str]:
    """By slug or by name; an unknown one becomes empty, and the plugin does not complain."""
    wanted = said.strip().lower()
    for slug, (name, link) in PROVIDERS.items():
        if wanted in {slug, name.lower()}:
            return name, link
    return "", ""


def _day(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise ValueError("date_shipped") from None


def _dates(name: str, at: datetime | None) -> Json:
    return {name: moment(at, SHOP_ZONE), f"{name}_gmt": moment(at, UTC)}


def _hash(seed: int) -> str:
    return md5(str(seed).encode(), usedforsecurity=False).hexdigest()


def _address(buyer: Buyer) -> Json:
    return {
        "first_name": buyer.first,
        "last_name": buyer.last,
        "company": "",
        "address_1": buyer.street,
        "address_2": "",
        "city": buyer.city,
        "state": buyer.state,
        "postcode": buyer.postcode,
        "country": buyer.country,
    }


def _line(line: StoreLine) -> Json:
    return {
        "id": line.id,
        "name": line.product.title,
        "product_id": 100 + sum(line.product.sku.encode()) % 900,
        "variation_id": 0,
        "quantity": line.quantity,
        "tax_class": "",
        "subtotal": str(line.total),
        "subtotal_tax": "0.00",
        "total": str(line.total),
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": [],
        "sku": line.product.sku,
        "global_unique_id": "",
        "price": float(line.product.price),
        "image": {"id": "", "src": ""},
        "parent_name": None,
    }


def _shipping_line(order: int, total: Decimal) -> Json:
    return {
        "id": order * 10 + 9,
        "method_title": "Standard shipping",
        "method_id": "flat_rate",
        "instance_id": "1",
        "total": str(total),
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": [],
    }
