"""A tracking as AfterShip writes it (Tracking API 2024-07 and later; the fields of the official SDKs' models).

What is not known is null: a country is left out because theirs have three letters and ours two, and a scan whose
meaning nobody has mapped has no tag.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from doorstep.app.compat.ends import active, ended
from doorstep.app.records.tracked import Scanned, Tracked
from doorstep.app.say import text
from doorstep.core.number import slug_at, tracking_link
from doorstep.core.status import Reason, Status
from doorstep.core.status_maps import System, to_system

VENDOR: Final = "aftership"
KEPT: Final = (
    "title",
    "order_id",
    "order_number",
    "note",
    "custom_fields",
    "language",
    "shipment_tags",
    "shipment_type",
)
# What a program may call the end of a tracking: the status and reason whose tag AfterShip gives it then.
COMPLETED: Final[Mapping[str, tuple[Status, Reason | None]]] = {
    "DELIVERED": (Status.DELIVERED, None),
    "LOST": (Status.EXCEPTION, Reason.LOST),
    "RETURNED_TO_SENDER": (Status.RETURNED, None),
}


def field(name: str) -> str:
    """Under which name a field of theirs stands beside a number."""
    return f"{VENDOR}.{name}"


def slug(code: str) -> str | None:
    """Their word for one of our carriers, None for none."""
    return slug_at(VENDOR, code) if code else None


def tracking(one: Tracked, now: datetime) -> dict[str, Any]:
    """The whole tracking."""
    parcel, status = one.parcel, Status(one.parcel.status)
    said = {name: one.aside.get(field(name)) for name in KEPT}
    return {
        **said,
        "id": str(one.number.id),
        "tracking_number": one.number.text,
        "slug": slug(one.number.carrier or parcel.carrier),
        "title": said["title"] or one.number.text,
        "order_id": said["order_id"] or (one.order.external_id if one.order else None),
        "order_number": said["order_number"] or (one.order.number if one.order else None),
        "order_date": _at(one.order.placed_at if one.order else None),
        "active": active(one),
        **_tags(*_standing(one)),
        "created_at": _at(one.since),
        "updated_at": _at(one.changed),
        "shipment_pickup_date": _at(parcel.first_scan_at),
        "shipment_delivery_date": _at(parcel.status_since) if status is Status.DELIVERED else None,
        "transit_time": _days(one, now),
        "return_to_sender": status in {Status.RETURNING, Status.RETURNED},
        "first_attempted_at": next((_local(scan) for scan in _attempts(one.scans)), None),
        "failed_delivery_attempts": len(_attempts(one.scans)),
        "courier_tracking_link": tracking_link(one.number.carrier, one.number.norm) or None,
        "latest_estimated_delivery": _estimate(one),
        "last_mile": _last_mile(one),
        "checkpoints": [_checkpoint(scan) for scan in one.scans],
    }


def update(one: Tracked, mark: str, at: datetime, now: datetime) -> dict[str, Any]:
    """The body of a webhook. ``mark`` is the same on every repetition."""
    told = tracking(one, now)
    tags = [point["tag"] for point in told["checkpoints"]]
    return {
        "event": "tracking_update",
        "event_id": mark,
        "is_tracking_first_tag": tags.count(told["tag"]) == 1,
        "msg": told,
        "ts": int(at.timestamp()),
    }


def states_tagged(tags: Sequence[str]) -> list[str]:
    """Our statuses and reasons, as ``records.tracked`` asks for them, that have one of these tags."""
    reasons = ("", *Reason)
    pairs = ((status, reason) for status in Status for reason in reasons)
    return [
        f"{status}:{reason}"
        for status, reason in pairs
        if to_system(System.AFTERSHIP, status, Reason(reason) if reason else None).main in tags
    ]


def _standing(one: Tracked) -> tuple[Status, Reason | None]:
    """What the program said of the end, else what the carrier says."""
    reason = Reason(one.parcel.reason) if one.parcel.reason else None
    return COMPLETED.get(ended(one)) or (Status(one.parcel.status), reason)


def _tags(status: Status, reason: Reason | None) -> dict[str, str | None]:
    code = to_system(System.AFTERSHIP, status, reason)
    words = text(f"status.reason.{reason}" if reason else f"status.{status}")
    return {"tag": code.main or None, "subtag": code.detail or None, "subtag_message": words}


def _checkpoint(scan: Scanned) -> dict[str, Any]:
    said = scan.event
    unread = said.status is Status.UNKNOWN
    tags = dict.fromkeys(("tag", "subtag", "subtag_message")) if unread else _tags(said.status, said.reason)
    return {
        "created_at": _at(scan.known_at),
        "checkpoint_time": _local(scan),
        "slug": slug(scan.carrier),
        "location": said.place or None,
        "message": said.raw_text or None,
        **tags,
        "raw_tag": said.raw_code or None,
        "source": "carrier",
    }


def _local(scan: Scanned) -> str | None:
    """The time as the carrier said it: a day, a wall time, or an instant; an offset only where there is one."""
    said = scan.event
    if said.local is None:
        return _at(said.instant)
    if said.day_only:
        return said.local.date().isoformat()
    sign, minutes = "-" if (said.offset or 0) < 0 else "+", abs(said.offset or 0)
    zone = "" if said.offset is None else f"{sign}{minutes // 60:02}:{minutes % 60:02}"
    return f"{said.local.isoformat(timespec='seconds')}{zone}"


def _attempts(scans: Sequence[Scanned]) -> list[Scanned]:
    return [scan for scan in scans if scan.event.status is Status.ATTEMPT_FAILED]


def _days(one: Tracked, now: datetime) -> int | None:
    """Whole days since the carrier has it, until it was delivered or until now."""
    begun = one.parcel.first_scan_at
    done = one.parcel.status_since if one.parcel.status == Status.DELIVERED else None
    return max(0, ((done or now) - begun).days) if begun else None


def _estimate(one: Tracked) -> dict[str, Any] | None:
    first, last = one.parcel.eta_from, one.parcel.eta_to
    if first is None and last is None:
        return None
    exact = first == last or first is None or last is None
    return {
        "type": "specific" if exact else "range",
        "source": None,
        "datetime": str(first or last) if exact else None,
        "datetime_min": None if exact else str(first),
        "datetime_max": None if exact else str(last),
    }


def _last_mile(one: Tracked) -> dict[str, Any] | None:
    if one.local is None:
        return None
    link = tracking_link(one.local.carrier, one.local.norm)
    return {
        "tracking_number": one.local.text,
        "slug": slug(one.local.carrier),
        "courier_tracking_link": link or None,
        "source": "system",
    }


def _at(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat(timespec="seconds") if instant else None
