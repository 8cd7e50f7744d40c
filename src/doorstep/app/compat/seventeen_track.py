"""A number as 17TRACK writes it (API v2.2). There is no machine-readable schema of it: written from its documentation.

What is not known is null, a carrier that has no number of theirs is 0, and a scan that nobody has mapped has no stage.
"""

import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final

from doorstep.app.compat.ends import active, ended
from doorstep.app.records.tracked import Scanned, Tracked
from doorstep.app.say import text
from doorstep.core.number import carrier, key_of
from doorstep.core.status import Reason, Status
from doorstep.core.status_maps import Code, System, to_system

VENDOR: Final = "seventeen_track"
KEPT: Final = ("tag", "remark", "order_no", "lang")
# Their milestones, and which of our statuses reaches each.
MILESTONES: Final = (
    ("InfoReceived", Status.INFO_RECEIVED),
    ("PickedUp", Status.PICKED_UP),
    ("Departure", None),
    ("Arrival", Status.ARRIVED),
    ("AvailableForPickup", Status.AVAILABLE_FOR_PICKUP),
    ("OutForDelivery", Status.OUT_FOR_DELIVERY),
    ("Delivered", Status.DELIVERED),
    ("Returning", Status.RETURNING),
    ("Returned", Status.RETURNED),
)
_STAGES: Final = {status: stage for stage, status in MILESTONES if status}
_NOWHERE: Final = {"country": None, "state": None, "city": None, "street": None, "postal_code": None}
_NO_TIME: Final = {"time_iso": None, "time_utc": None, "time_raw": {"date": None, "time": None, "timezone": None}}


def field(name: str) -> str:
    """Under which name a field of theirs stands beside a number."""
    return f"{VENDOR}.{name}"


def key(code: str) -> int:
    """Their number for one of our carriers, 0 for none."""
    return (key_of(code) or 0) if code else 0


def brief(one: Tracked) -> dict[str, Any]:
    """What names a number in every answer."""
    return {"number": one.number.text, "carrier": carrier_key(one), "tag": one.aside.get(field("tag"))}


def carrier_key(one: Tracked) -> int:
    """The carrier of a number: of the parcel, where the number says nothing."""
    return key(one.number.carrier or one.parcel.carrier)


def listed(one: Tracked) -> dict[str, Any]:
    """A row of the list."""
    said = {name: one.aside.get(field(name)) for name in KEPT}
    return {
        **said,
        **brief(one),
        "order_no": said["order_no"] or (one.order.number if one.order else None),
        "register_time": _utc(one.since),
        "tracking_status": "Tracking" if active(one) else "Stopped",
        "package_status": _code(one).main,
        "track_time": _utc(one.changed),
        "stop_track_reason": "ByRequest" if ended(one) else "Expired" if one.parcel.closed_at else None,
        "stop_track_time": _utc(one.parcel.closed_at),
        "shipping_country": one.parcel.origin or None,
        "recipient_country": one.parcel.destination or None,
        "latest_event_time": _utc(one.parcel.last_event_at),
        "latest_event_info": one.scans[-1].event.raw_text if one.scans else None,
    }


def whole(one: Tracked, now: datetime) -> dict[str, Any]:
    """A number with its ``track_info``."""
    return {**brief(one), "track_info": track_info(one, now)}


def update(one: Tracked, now: datetime) -> dict[str, Any]:
    """The body of a push."""
    return {"event": "TRACKING_UPDATED", "data": whole(one, now)}


def track_info(one: Tracked, now: datetime) -> dict[str, Any]:
    """Everything about the parcel."""
    code, reason = _code(one), one.parcel.reason
    return {
        "shipping_info": {
            "shipper_address": {**_NOWHERE, "country": one.parcel.origin or None},
            "recipient_address": {**_NOWHERE, "country": one.parcel.destination or None},
        },
        "latest_status": {
            "status": code.main,
            "sub_status": code.detail or code.main,
            "sub_status_descr": text(f"status.reason.{reason}") if reason else None,
        },
        "latest_event": _event(one.scans[-1]) if one.scans else None,
        "time_metrics": _metrics(one, now),
        "milestone": [_milestone(stage, status, one.scans) for stage, status in MILESTONES],
        "misc_info": _misc(one),
        "tracking": _tracking(one),
    }


def _code(one: Tracked) -> Code:
    reason = Reason(one.parcel.reason) if one.parcel.reason else None
    return to_system(System.SEVENTEEN_TRACK, Status(one.parcel.status), reason)


def _tracking(one: Tracked) -> dict[str, Any]:
    """By carrier, the first of the way first; each carrier's newest scan first."""
    order = list(dict.fromkeys(scan.carrier for scan in one.scans))
    by_carrier = sorted(one.scans, key=lambda scan: order.index(scan.carrier))
    providers = [
        _provider(code, list(scans), one.changed) for code, scans in groupby(by_carrier, lambda scan: scan.carrier)
    ]
    return {"providers_hash": _hash(one.scans), "providers": providers}


def _provider(code: str, scans: Sequence[Scanned], changed: datetime) -> dict[str, Any]:
    info = carrier(code) if code else None
    about = {
        "key": key(code),
        "name": info.name if info else None,
        "alias": info.name if info else None,
        "tel": None,
        "homepage": (info.site or None) if info else None,
        "country": (info.country or None) if info else None,
    }
    return {
        "provider": about,
        "provider_lang": None,
        "service_type": None,
        "latest_sync_status": "Success",
        "latest_sync_time": _utc(changed),
        "events_hash": _hash(scans),
        "events": [_event(scan) for scan in reversed(scans)],
    }


def _event(scan: Scanned) -> dict[str, Any]:
    said = scan.event
    known = said.status is not Status.UNKNOWN
    code = to_system(System.SEVENTEEN_TRACK, said.status, said.reason) if known else Code()
    return {
        **_times(scan),
        "description": said.raw_text or None,
        "description_translation": {"lang": None, "description": None},
        "location": said.place or None,
        "stage": _STAGES.get(said.status),
        "sub_status": code.detail or code.main or None,
        "address": {**_NOWHERE, "coordinates": {"longitude": None, "latitude": None}},
    }


def _times(scan: Scanned) -> dict[str, Any]:
    """``time_raw`` as the carrier said it, ``time_iso`` with its offset where it said one, ``time_utc`` where known."""
    said = scan.event
    if said.local is None:
        return {**_NO_TIME, "time_iso": _utc(said.instant), "time_utc": _utc(said.instant)}
    sign, minutes = "-" if (said.offset or 0) < 0 else "+", abs(said.offset or 0)
    zone = None if said.offset is None else f"{sign}{minutes // 60:02}:{minutes % 60:02}"
    clock = None if said.day_only else f"{said.local:%H:%M:%S}"
    return {
        "time_iso": f"{said.local.isoformat(timespec='seconds')}{zone}" if zone and clock else None,
        "time_utc": _utc(said.instant),
        "time_raw": {"date": f"{said.local:%Y-%m-%d}", "time": clock, "timezone": zone},
    }


def _milestone(stage: str, status: Status | None, scans: Iterable[Scanned]) -> dict[str, Any]:
    first = next((scan for scan in scans if status and scan.event.status is status), None)
    return {"key_stage": stage, **(_times(first) if first else _NO_TIME)}


def _metrics(one: Tracked, now: datetime) -> dict[str, Any]:
    parcel = one.parcel
    done = parcel.status_since if parcel.status == Status.DELIVERED else None
    transit = _days(parcel.first_scan_at, done or now)
    return {
        "days_after_order": _days(one.order.placed_at if one.order else None, done or now),
        "days_of_transit": transit,
        "days_of_transit_done": transit if done else 0,
        "days_after_last_update": _days(parcel.last_event_at, now),
        "estimated_delivery_date": {
            "source": None,
            "from": f"{parcel.eta_from}T00:00:00" if parcel.eta_from else None,
            "to": f"{parcel.eta_to}T23:59:59" if parcel.eta_to else None,
        },
    }


def _days(since: datetime | None, until: datetime) -> int:
    return max(0, (until - since).days) if since else 0


def _misc(one: Tracked) -> dict[str, Any]:
    local = one.local
    return {
        "risk_factor": 0,
        "service_type": None,
        "weight_raw": None,
        "weight_kg": None,
        "pieces": None,
        "dimensions": None,
        "customer_number": None,
        "reference_number": None,
        "local_number": local.text if local else None,
        "local_provider": carrier(local.carrier).name if local and local.carrier else None,
        "local_key": key(local.carrier) if local else 0,
    }


def _hash(scans: Iterable[Scanned]) -> int:
    """A number that changes with the scans; 32 bits with a sign, as theirs."""
    said = "\n".join(f"{scan.event.local} {scan.event.instant} {scan.event.raw_text}" for scan in scans)
    return zlib.crc32(said.encode("utf-8", "replace")) - (1 << 31)


def _utc(instant: datetime | None) -> str | None:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if instant else None
