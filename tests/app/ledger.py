"""A workspace with its connections, and what vendors would say: bodies in the vendors' own shapes."""

import itertools
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from doorstep.app import vault
from doorstep.app.inbox import Arrival, keep
from doorstep.app.ledger import scans as stored
from doorstep.app.ledger.scans import Event
from doorstep.app.members import workspaces
from doorstep.app.reading.understand import understand
from doorstep.core.status import Status
from doorstep.db.models import Connection, Order, Outbox, Parcel, ParcelNumber, Push, Scans

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=6)
CJP, USPS, OTHER = "CJPKL7160102171YQ", "9261290100130739674442", "LX123456785CN"
_serial = itertools.count(1)


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S")


def woo(
    ref: int = 1001,
    *,
    at: datetime = START,
    status: str = "processing",
    lines: tuple[tuple[int, str, int], ...] = ((501, "LAMP-1", 2),),
    shipped: tuple[tuple[str, str, str], ...] = (),
    modified: datetime | None = None,
) -> dict[str, Any]:
    """An order as WooCommerce tells it. ``shipped``: (tracking id, number, carrier)."""
    items = [
        {"tracking_id": id_, "tracking_number": number, "tracking_provider": carrier, "date_shipped": "1782777600"}
        for id_, number, carrier in shipped
    ]
    return {
        "id": ref,
        "number": str(ref),
        "status": status,
        "date_created_gmt": iso(at),
        "date_modified_gmt": iso(modified or at),
        "date_paid_gmt": iso(at) if status != "pending" else None,
        "billing": {
            "first_name": "Ines",
            "last_name": "Aroso",
            "email": "ines@buyer.example",
            "phone": "+351900000001",
        },
        "shipping": {"city": "Porto", "postcode": "4000-123", "country": "PT"},
        "line_items": [{"id": id_, "name": sku, "sku": sku, "quantity": qty} for id_, sku, qty in lines],
        "needs_payment": False,
        "meta_data": [{"id": 1, "key": "_wc_shipment_tracking_items", "value": items}] if items else [],
    }


def cj(
    ref: str = "260620000000000002",
    order: str = "1001",
    *,
    number: str | None = CJP,
    method: str = "CJPacket Ordinary",
    status: str = "SHIPPED",
    left: datetime | None = START + timedelta(days=3),
    sku_line: str = "501",
) -> dict[str, Any]:
    """A purchase as CJ tells it."""
    data = {
        "orderId": ref,
        "orderNum": order,
        "orderStatus": status,
        "subStatus": "PROCESSING" if status == "UNSHIPPED" else None,
        "logisticName": method,
        "trackNumber": number,
        "createDate": iso(START).replace("T", " "),
        "paymentDate": iso(START + timedelta(minutes=30)).replace("T", " "),
        "outWarehouseTime": iso(left).replace("T", " ") if left else None,
        "productList": [{"vid": "V-1", "quantity": 2, "storeLineItemId": sku_line, "lineItemId": f"L-{ref[-3:]}"}],
    }
    return {"code": 200, "result": True, "message": "Success", "data": data, "success": True}


def scan(days: float, sub: str, text: str) -> tuple[str, str, str]:
    """A scan so many days after START, as 17TRACK tells it, at UTC-4."""
    return f"{iso(START + timedelta(days=days, hours=-4))}-04:00", sub, text


def track17(number: str, *scans: tuple[str, str, str], key: int = 21051, local: str = "") -> dict[str, Any]:
    """What 17TRACK says of one number. ``scans``: (ISO time with offset, sub status, text), the oldest first."""
    events = [
        {"time_iso": at, "time_utc": None, "description": text, "sub_status": sub, "location": "Porto", "address": None}
        for at, sub, text in reversed(scans)
    ]
    latest = scans[-1][1] if scans else "NotFound_Other"
    return {
        "code": 0,
        "data": {
            "accepted": [
                {
                    "number": number,
                    "carrier": key,
                    "track_info": {
                        "latest_status": {"status": latest.partition("_")[0], "sub_status": latest},
                        "misc_info": {"local_number": local or None, "local_provider": "USPS" if local else None},
                        "tracking": {"providers": [{"provider": {"key": key, "name": "x"}, "events": events}]},
                    },
                }
            ],
            "rejected": [],
        },
    }


@dataclass
class Ledger:
    """One workspace and its connections."""

    ws: int
    store: Connection
    supplier: Connection
    carrier: Connection
    mailbox: Connection
    at: datetime = field(default=START + timedelta(days=4))

    def arrival(self, account: Connection, what: str, body: object, **context: str) -> Arrival:
        self.at += timedelta(minutes=1)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Arrival(
            ws=self.ws,
            connection_id=account.id,
            dedup_key=f"test:{next(_serial)}",
            received_at=self.at,
            what=what,
            headers={"content-type": "application/json"},
            context=context,
            body=raw,
        )

    def hears(self, *arrivals: Arrival) -> None:
        """Bring arrivals into the inbox and have them understood."""
        keep(arrivals)
        while understand():
            pass

    def order(self, ref: int = 1001) -> Order:
        return Order.objects.get(ws=self.ws, store_id=self.store.id, external_id=str(ref))

    def parcels(self) -> list[Parcel]:
        return list(Parcel.objects.filter(ws=self.ws).order_by("id"))

    def pushes(self) -> list[Push]:
        return list(Push.objects.filter(ws=self.ws).order_by("id"))

    def outbox(self) -> list[Outbox]:
        return list(Outbox.objects.filter(ws=self.ws).order_by("id"))

    def scans(self) -> list[Event]:
        """All scans that are not archived."""
        return scans_of(self.ws)

    def numbers(self, parcel: Parcel) -> list[ParcelNumber]:
        return list(ParcelNumber.objects.filter(ws=self.ws, parcel_id=parcel.id).order_by("since"))

    def woo(self, body: dict[str, Any]) -> Arrival:
        return self.arrival(self.store, "order", body, way="wc-shipment-tracking/v3")

    def cj(self, body: dict[str, Any]) -> Arrival:
        return self.arrival(self.supplier, "purchase", body)

    def track(self, body: dict[str, Any]) -> Arrival:
        return self.arrival(self.carrier, "track", body)

    def mail(self, text: str, **context: str) -> Arrival:
        return self.arrival(self.mailbox, "mail", text.encode(), **context)


def scans_of(ws: int) -> list[Event]:
    """All scans of a workspace that are not archived, by number."""
    numbers = sorted(set(Scans.objects.filter(ws=ws).values_list("number_id", flat=True)))
    return [event for _, heard in sorted(stored.of(ws, numbers).items()) for event in heard.events()]


def unlearn(ws: int, *codes: str) -> None:
    """Have all scans read by an older Doorstep, which did not know these codes."""
    numbers = set(Scans.objects.filter(ws=ws).values_list("number_id", flat=True))
    for heard in stored.of(ws, numbers).values():
        for event in heard.events():
            known = event.said.raw_code not in codes
            read = event.said if known else replace(event.said, status=Status.UNKNOWN, reason=None)
            heard.hear([read], stored.Hearing(event.known_at, event.inbox_id, 1, complete=False))
        stored.store(ws, [heard])


def connect(ws: int, kind: str, name: str, since: datetime, **values: Any) -> Connection:
    return Connection.objects.create(
        ws=ws,
        kind=kind,
        connector=name,
        external_id=f"{name}-{next(_serial)}",
        label=name.title(),
        connected_at=since,
        credentials_enc=vault.seal(values.pop("credentials", {})),
        **values,
    )


def ledger(since: datetime = START - timedelta(days=1), email: str = "alice@example.org") -> Ledger:
    """A fresh workspace with a shop, a supplier, a carrier account and a mailbox, connected ``since``."""
    ws = workspaces.create("Test shop", email, "correct horse battery").id
    return Ledger(
        ws,
        store=connect(
            ws,
            "store",
            "woocommerce",
            since,
            base_url="http://127.0.0.1:8801",
            settings={"way": "wc-shipment-tracking/v3"},
        ),
        supplier=connect(ws, "supplier", "cjdropshipping", since),
        carrier=connect(ws, "carrier", "seventeen_track", since),
        mailbox=connect(ws, "supplier", "mail", since),
    )
