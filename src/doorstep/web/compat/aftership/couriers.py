"""Couriers: those of AfterShip's list that Doorstep knows too."""

from typing import Any

import msgspec

from doorstep.app.compat import aftership
from doorstep.core.message import Message
from doorstep.core.number import CarrierInfo, Hints, carrier, codes_at, recognize
from doorstep.web.compat.aftership import envelope
from doorstep.web.compat.aftership.envelope import Refusal
from doorstep.web.compat.aftership.route import Asked, operation
from doorstep.web.compat.call import read


class Detection(msgspec.Struct, kw_only=True):
    """A number, and the couriers that it may be of."""

    tracking_number: str = ""
    slug: list[str] | None = None


@operation("GET", "/couriers", "parcels:read", takes=("active", "slug"))
def get_couriers(asked: Asked) -> dict[str, Any]:
    """The couriers. All of them are active: Doorstep asks whoever carries a number."""
    chosen = {one.strip() for one in asked.query.get("slug", "").split(",")} - {""}
    return _listed([carrier(code) for code in sorted(codes_at(aftership.VENDOR))], chosen)


@operation("POST", "/couriers/detect", "parcels:read")
def detect_courier(asked: Asked) -> dict[str, Any]:
    """Whose number a text may be by its form, the likeliest first; none where nothing speaks for any."""
    body = read(asked.body, Detection)
    if not body.tracking_number.strip():
        raise Refusal(envelope.NUMBER_NEEDED, Message(id="compat.no_number", values={"field": "tracking_number"}))
    found = recognize(body.tracking_number, Hints()).candidates
    codes = dict.fromkeys(one.carrier for one in found)
    return _listed([carrier(code) for code in codes], set(body.slug or ()))


def _listed(every: list[CarrierInfo], chosen: set[str]) -> dict[str, Any]:
    rows = [_courier(one) for one in every]
    some = [row for row in rows if not chosen or row["slug"] in chosen]
    return {"total": len(some), "couriers": some}


def _courier(one: CarrierInfo) -> dict[str, Any]:
    return {
        "slug": aftership.slug(one.code),
        "name": one.name,
        "phone": None,
        "other_name": one.aliases[0] if one.aliases else None,
        "web_url": one.site or None,
        "required_fields": [],
        "optional_fields": [],
        "default_language": None,
        "support_languages": [],
        "service_from_country_regions": [],
    }
