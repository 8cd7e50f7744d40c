"""How 17TRACK v2.2 writes what is known of a number: ``track_info``."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.numbers import Carrier
from sandbox.shipment import Scan, Shipment

Json = dict[str, Any]
STAGES = {
    "InfoReceived": "InfoReceived",
    "InTransit_PickedUp": "PickedUp",
    "InTransit_Departure": "Departure",
    "InTransit_Arrival": "Arrival",
    "AvailableForPickup_Other": "AvailableForPickup",
    "OutForDelivery_Other": "OutForDelivery",
    "Delivered_Other": "Delivered",
    "Exception_Returning": "Returning",
    "Exception_Returned": "Returned",
}
EMPTY_ADDRESS: Json = {
    "country": None,
    "state": None,
    "city": None,
    "street": None,
    "postal_code": None,
    "coordinates": {"longitude": None, "latitude": None},
}


def track_info(scans: Sequence[Scan], shipment: Shipment | None, number: str, now: datetime) -> Json:
    """Everything about ``number``; ``scans`` oldest first, empty = not found (``shipment`` is then None)."""
    newest = list(reversed(scans))
    sub = newest[0].sub if newest else "NotFound_Other"
    ends = ("CN", newest[0].country if newest[0].leg else None) if newest else (None, None)
    return {
        "shipping_info": {
            "shipper_address": {**EMPTY_ADDRESS, "country": ends[0]},
            "recipient_address": {**EMPTY_ADDRESS, "country": ends[1]},
        },
        "latest_status": {"status": sub.partition("_")[0], "sub_status": sub, "sub_status_descr": None},
        "latest_event": _event(newest[0]) if newest else None,
        "time_metrics": _metrics(scans, now),
        "milestone": [_milestone(stage, scans) for stage in STAGES.values()],
        "misc_info": _misc(shipment, number, now),
        "tracking": {
            "providers_hash": _hash([scan.words for scan in scans]),
            "providers": _providers(newest, shipment, number, now),
        },
    }


def _times(at: datetime, scan: Scan) -> Json:
    local = at.astimezone(scan.zone)
    offset = local.isoformat()[-6:]
    return {
        "time_iso": local.isoformat(timespec="seconds"),
        "time_utc": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "time_raw": {"date": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M:%S}", "timezone": offset},
    }


def _event(scan: Scan) -> Json:
    return {
        **_times(scan.at, scan),
        "description": scan.words,
        "description_translation": {"lang": None, "description": None},
        "location": scan.place,
        "stage": STAGES.get(scan.sub),
        "sub_status": scan.sub,
        "address": {**EMPTY_ADDRESS, "country": scan.country, "city": scan.city},
    }


def _milestone(stage: str, scans: Sequence[Scan]) -> Json:
    first = next((scan for scan in scans if STAGES.get(scan.sub) == stage), None)
    times = _times(first.at, first) if first else {"time_iso": None, "time_utc": None}
    raw = {"date": None, "time": None, "timezone": None}
    return {"key_stage": stage, "time_raw": raw, **times}


def _metrics(scans: Sequence[Scan], now: datetime) -> Json:
    days = (scans[-1].at - scans[0].at).days if scans else 0
    delivered = bool(scans) and scans[-1].sub.startswith("Delivered")
    return {
        "days_after_order": (now - scans[0].at).days if scans else 0,
        "days_of_transit": days,
        "days_of_transit_done": days if delivered else 0,
        "days_after_last_update": (now - scans[-1].at).days if scans else 0,
        "estimated_delivery_date": {"source": None, "from": None, "to": None},
    }


def _misc(shipment: Shipment | None, number: str, now: datetime) -> Json:
    last_mile = shipment if shipment and shipment.local and number != shipment.local else None
    known = last_mile if last_mile and now >= last_mile.local_at else None
    return {
        "risk_factor": 0,
        "service_type": shipment.method if shipment else None,
        "weight_raw": None,
        "weight_kg": None,
        "pieces": None,
        "dimensions": None,
        "customer_number": None,
        "reference_number": None,
        "local_number": known.local if known else None,
        "local_provider": known.local_carrier.name if known else None,
        "local_key": known.local_carrier.key if known else 0,
    }


def _providers(newest: Sequence[Scan], shipment: Shipment | None, number: str, now: datetime) -> list[Json]:
    """One carrier per leg. A number that knows both legs has the origin carrier first."""
    if shipment is None:
        return []
    if not shipment.local or number == shipment.local:
        return [_provider(shipment.local_carrier if shipment.local else shipment.carrier, newest, now)]
    legs = ((shipment.carrier, 0), (shipment.local_carrier, 1))
    split = [(carrier, [scan for scan in newest if scan.leg == leg]) for carrier, leg in legs]
    return [_provider(carrier, events, now) for carrier, events in split if events]


def _provider(carrier: Carrier, events: Sequence[Scan], now: datetime) -> Json:
    return {
        "provider": {
            "key": carrier.key,
            "name": carrier.name,
            "alias": carrier.name,
            "tel": None,
            "homepage": carrier.homepage,
            "country": carrier.country,
        },
        "service_type": None,
        "latest_sync_status": "Success",
        "latest_sync_time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "events_hash": _hash([event.words for event in events]),
        "events": [_event(event) for event in events],
    }


def _hash(words: list[str]) -> int:
    """A number that changes with the events, like the vendor's."""
    return int.from_bytes(hashlib.sha256(json.dumps(words).encode()).digest()[:4], "big", signed=True)
