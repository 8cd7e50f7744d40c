"""Trackings: one for each number that a parcel of this workspace has now, wherever it came from."""

from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from doorstep.app import clock
from doorstep.app.api import asides
from doorstep.app.compat import aftership, ends
from doorstep.app.compat.follow import follow
from doorstep.app.receive import manual
from doorstep.app.records import tracked
from doorstep.app.records.tracked import Tracked, Wanted
from doorstep.app.track import resync
from doorstep.core.message import Message
from doorstep.core.number import carrier_at, carrier_named
from doorstep.web.compat.aftership import envelope
from doorstep.web.compat.aftership.envelope import Refusal
from doorstep.web.compat.aftership.route import Asked, operation
from doorstep.web.compat.call import read

USUAL: Final = 100
LONGEST: Final = 200
LONGEST_NUMBER: Final = 100
_FILTERS: Final = (
    *("cursor", "limit", "keyword", "tracking_numbers", "slug", "tag", "fields"),
    *("created_at_min", "created_at_max", "updated_at_min", "updated_at_max"),
)


class Change(msgspec.Struct, kw_only=True):
    """What may be said of a tracking. Names and addresses of people, and what only AfterShip's own mails and estimates
    use, is taken and not kept.
    """

    slug: str | None = None
    title: str | None = None
    order_id: str | None = None
    order_number: str | None = None
    note: str | None = None
    custom_fields: dict[str, Any] | None = None
    language: str | None = None
    shipment_tags: list[str] | None = None
    shipment_type: str | None = None


class Creation(Change, kw_only=True):
    """And of a new one."""

    tracking_number: str = ""


class Completion(msgspec.Struct, kw_only=True):
    """How a tracking ended."""

    reason: Literal["DELIVERED", "LOST", "RETURNED_TO_SENDER"] | None = None


@operation("POST", "/trackings", "parcels:write", status=201)
def create_tracking(asked: Asked) -> dict[str, Any]:
    """Follow a number. One that is followed already, through a shop too, is refused with 4003 and shown."""
    body = read(asked.body, Creation)
    number = body.tracking_number.strip()
    if not number:
        raise Refusal(envelope.NUMBER_NEEDED, Message(id="compat.no_number", values={"field": "tracking_number"}))
    if len(number) > LONGEST_NUMBER:
        raise Refusal(envelope.NUMBER_INVALID, Message(id="compat.long_number", values={"most": LONGEST_NUMBER}))
    text, _ = manual.from_link(number, "")
    known = tracked.by_text(asked.ws, [text]).get(text)
    if known:
        message = Message(id="compat.exists", values={"number": text})
        raise Refusal(envelope.EXISTS, message, aftership.tracking(known, clock.now()))
    reference, title = body.order_number or body.order_id or "", body.title or ""
    code = _carrier(body.slug)
    made = follow(asked.ws, number, code, asked.holder.actor, reference=reference, title=title)
    return _noted(asked, made, body)


@operation("GET", "/trackings", "parcels:read", takes=_FILTERS)
def get_trackings(asked: Asked) -> dict[str, Any]:
    """Trackings, the newest first. `keyword` finds numbers by how they begin. The total is counted up to 10,000."""
    wanted, limit = _wanted(asked), _limit(asked)
    found, behind = tracked.tracked(asked.ws, wanted, limit, asked.query.get("cursor", ""))
    page = {"total": tracked.count(asked.ws, wanted), "has_next_page": behind is not None, "next_cursor": behind}
    return {"pagination": page, "trackings": [_shown(asked, one) for one in found]}


@operation("GET", "/trackings/{id}", "parcels:read", takes=("fields", "lang"))
def get_tracking_by_id(asked: Asked) -> dict[str, Any]:
    """One tracking. `lang` changes nothing: words are the carrier's."""
    return _shown(asked, _one(asked))


@operation("PUT", "/trackings/{id}", "parcels:write")
def update_tracking_by_id(asked: Asked) -> dict[str, Any]:
    """Change what a program keeps beside a tracking, or its courier."""
    one, body = _one(asked), read(asked.body, Change)
    code = _carrier(body.slug)
    if code and code != one.number.carrier:
        manual.change_carrier(asked.ws, one.number.id, code, asked.holder.actor)
    return _noted(asked, one, body)


@operation("DELETE", "/trackings/{id}", "parcels:write")
def delete_tracking_by_id(asked: Asked) -> dict[str, Any]:
    """Stop following a number. One that is on an order of a connected shop is refused with 403: take it off there."""
    one = _one(asked)
    manual.unfollow_number(asked.ws, one.number.id, asked.holder.actor)
    return {
        "id": str(one.number.id),
        "tracking_number": one.number.text,
        "slug": aftership.slug(one.number.carrier),
    }


@operation("POST", "/trackings/{id}/retrack", "resyncs:write")
def retrack_tracking_by_id(asked: Asked) -> dict[str, Any]:
    """Have the carrier asked now, and tell about a completed tracking again. Once in five minutes, or a day when it is
    over; before that it is refused with 4013.
    """
    one = _one(asked)
    over = ends.ended(one)
    ends.end(asked.ws, one, "", asked.holder.actor)
    done = resync.ask_parcel(asked.ws, one.parcel.id, "api", asked.holder.actor)
    if not done.accepted and not over and done.message:
        raise Refusal(envelope.NO_RETRACK, done.message)
    return _again(asked, one)


@operation("POST", "/trackings/{id}/mark-as-completed", "parcels:write")
def mark_tracking_completed_by_id(asked: Asked) -> dict[str, Any]:
    """Call a tracking finished: it gets that tag and no webhooks. In Doorstep the carrier's word still counts."""
    one, reason = _one(asked), read(asked.body or b"{}", Completion).reason
    if reason is None:
        raise Refusal(envelope.VALUE_NEEDED, Message(id="compat.no_value", values={"field": "reason"}))
    ends.end(asked.ws, one, reason, asked.holder.actor)
    return _again(asked, one)


def _one(asked: Asked) -> Tracked:
    one = tracked.one(asked.ws, asked.id)
    if one is None:
        raise Refusal(envelope.NOT_THERE, Message(id="compat.not_there"))
    return one


def _again(asked: Asked, one: Tracked) -> dict[str, Any]:
    """As it is after what was done."""
    return aftership.tracking(tracked.one(asked.ws, one.number.id) or one, clock.now())


def _noted(asked: Asked, one: Tracked, body: Change) -> dict[str, Any]:
    said = {name: getattr(body, name) for name in aftership.KEPT}
    new = {aftership.field(name): value for name, value in said.items() if value is not None}
    asides.write(asked.ws, one.number.id, new, asked.holder.actor)
    return _again(asked, one)


def _shown(asked: Asked, one: Tracked) -> dict[str, Any]:
    """A tracking, or those of its fields that are wanted."""
    whole, fields = aftership.tracking(one, clock.now()), asked.query.get("fields", "")
    names = {"id", "tracking_number", "slug", *(name.strip() for name in fields.split(","))}
    return {name: value for name, value in whole.items() if name in names} if fields else whole


def _wanted(asked: Asked) -> Wanted:
    said = {name: value for name, value in asked.query.items() if value}
    slugs, tags = _several(said.get("slug", "")), _several(said.get("tag", ""))
    return Wanted(
        texts=_several(said["tracking_numbers"]) if "tracking_numbers" in said else None,
        begins=said.get("keyword", ""),
        carriers=[_carrier(one) for one in slugs] if slugs else None,
        states=aftership.states_tagged(tags) if tags else None,
        since=_instant(said, "created_at_min"),
        until=_instant(said, "created_at_max"),
        changed=_instant(said, "updated_at_min"),
        changed_until=_instant(said, "updated_at_max"),
    )


def _several(said: str) -> list[str]:
    return [one.strip() for one in said.split(",") if one.strip()][:LONGEST]


def _limit(asked: Asked) -> int:
    said = asked.query.get("limit") or str(USUAL)
    if not said.isascii() or not said.isdecimal() or not 1 <= int(said[:9]) <= LONGEST:
        raise _invalid("limit", said)
    return int(said)


def _instant(said: dict[str, str], name: str) -> datetime | None:
    """An instant with its offset. A plus that was not escaped came as a blank."""
    if name not in said:
        return None
    try:
        at = datetime.fromisoformat(said[name].replace(" ", "+"))
    except ValueError:
        raise _invalid(name, said[name]) from None
    if at.tzinfo is None:
        raise _invalid(name, said[name])
    return at


def _carrier(slug: str | None) -> str:
    """Our code of a courier, '' for none or several: then it is found by the number. Raises Refusal."""
    said = (slug or "").strip()
    if not said or "," in said:
        return ""
    code = carrier_at(aftership.VENDOR, said) or carrier_named(said.replace("-", " "))
    if not code:
        raise Refusal(envelope.SLUG_INVALID, Message(id="compat.no_courier", values={"name": said[:60]}))
    return code


def _invalid(name: str, said: str) -> Refusal:
    return Refusal(envelope.VALUE_INVALID, Message(id="compat.bad_value", values={"field": name, "said": said[:60]}))
