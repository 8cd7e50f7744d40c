"""Template tags, available in every template: sentences, times, badges, icons."""

import functools
import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.template import Library
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from doorstep.app import clock
from doorstep.app import say as sentences
from doorstep.app.order_view import Done
from doorstep.app.parcel_view import Seen
from doorstep.app.progress import STAGES, Stage
from doorstep.core.diagnosis import Cause, Finding
from doorstep.core.message import Message
from doorstep.core.status import Status

register = Library()
STATIC: Final = Path(__file__).resolve().parent / "static"

# 16 × 16 outlines; the stroke is the text's colour. Shapes differ, so that no status is told by colour alone.
_ICONS: Final = {
    "wait": '<circle cx="8" cy="8" r="6" stroke-dasharray="2.6 2.1"/>',
    "label": '<circle cx="8" cy="8" r="6"/><circle cx="8" cy="8" r="1.6" fill="currentColor" stroke="none"/>',
    "move": '<circle cx="8" cy="8" r="6"/><path d="M5 8h6M8.6 5.4 11.2 8l-2.6 2.6"/>',
    "near": '<path d="M2.5 7.4 8 2.8l5.5 4.6M4 6.6v6.6h8V6.6"/>',
    "ask": '<path d="M8 2 14.2 13.2H1.8Z"/><path d="M8 6.4v3.2M8 11.4v.1"/>',
    "done": '<circle cx="8" cy="8" r="6" fill="currentColor"/><path d="m5.3 8.2 1.9 1.9 3.6-4" stroke="var(--surface)"/>',
    "wrong": '<path d="M5.4 1.9h5.2l3.5 3.5v5.2l-3.5 3.5H5.4l-3.5-3.5V5.4Z"/><path d="M8 5v3.6M8 10.9v.1"/>',
    "back": '<circle cx="8" cy="8" r="6"/><path d="M11 8H5M7.4 5.4 4.8 8l2.6 2.6"/>',
    "off": '<circle cx="8" cy="8" r="6"/><path d="M4 12 12 4"/>',
    "hold": '<circle cx="8" cy="8" r="6"/><path d="M6.4 5.8v4.4M9.6 5.8v4.4"/>',
    "search": '<circle cx="7" cy="7" r="4.5"/><path d="m10.4 10.4 3.6 3.6"/>',
    "orders": '<path d="M2.5 5 8 2.2 13.5 5v6L8 13.8 2.5 11Z"/><path d="M2.5 5 8 7.8 13.5 5M8 7.8v6"/>',
    "look": '<path d="M2 4h12v8.5H2Z"/><path d="m2 4.5 6 4.5 6-4.5"/>',
    "link": '<path d="M6.5 9.5a2.5 2.5 0 0 0 3.6 0l2.4-2.4A2.5 2.5 0 0 0 9 3.5l-.9.9M9.5 6.5a2.5 2.5 0 0 0-3.6 0L3.5 8.9A2.5 2.5 0 0 0 7 12.5l.9-.9"/>',
    "plug": '<path d="M6 2v3M10 2v3M4 5h8v2.5a4 4 0 0 1-8 0ZM8 11.5V14"/>',
    "out": '<path d="M9 3h4v4M13 3 7.5 8.5M11 9.5V13H3V5h3.5"/>',
    "again": '<path d="M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.8h-2.8"/>',
    "leave": '<path d="M9.5 3H3v10h6.5M6.5 8H14M11.5 5.5 14 8l-2.5 2.5"/>',
}
_STATUS: Final[Mapping[str, tuple[str, str]]] = {  # status -> (icon, tone)
    Status.PENDING: ("wait", "quiet"),
    Status.NOT_FOUND: ("wait", "quiet"),
    Status.INFO_RECEIVED: ("label", "quiet"),
    Status.PICKED_UP: ("move", "go"),
    Status.IN_TRANSIT: ("move", "go"),
    Status.CUSTOMS: ("hold", "go"),
    Status.ARRIVED: ("near", "go"),
    Status.OUT_FOR_DELIVERY: ("near", "go"),
    Status.AVAILABLE_FOR_PICKUP: ("ask", "warn"),
    Status.ATTEMPT_FAILED: ("ask", "warn"),
    Status.DELIVERED: ("done", "good"),
    Status.EXCEPTION: ("wrong", "bad"),
    Status.RETURNING: ("back", "bad"),
    Status.RETURNED: ("back", "bad"),
    Status.CANCELLED: ("off", "quiet"),
    Status.EXPIRED: ("off", "quiet"),
    Status.UNKNOWN: ("wait", "quiet"),
}
_OTHERS: Final[Mapping[str, tuple[str, str]]] = {
    "push.state.held": ("hold", "quiet"),
    "push.state.due": ("wait", "go"),
    "push.state.sending": ("wait", "go"),
    "push.state.unsure": ("ask", "warn"),
    "push.state.accepted": ("done", "good"),
    "push.state.refused": ("wrong", "bad"),
    "push.state.superseded": ("off", "quiet"),
    "push.state.withdrawn": ("back", "quiet"),
    "order.awaiting_payment": ("wait", "quiet"),
    "order.placed": ("label", "quiet"),
    "order.partly_shipped": ("move", "go"),
    "order.shipped": ("move", "go"),
    "order.partly_delivered": ("near", "go"),
    "order.delivered": ("done", "good"),
    "order.cancelled": ("off", "quiet"),
    "connection.state.active": ("done", "good"),
    "connection.state.paused": ("hold", "quiet"),
    "connection.state.denied": ("wrong", "bad"),
}


_CALM: Final = {Cause.FIRST_INFO_PENDING, Cause.NO_CODE_YET, Cause.NUMBER_REPLACED, Cause.SMALL_ITEM_NEVER_TRACKED}
_GRAVE: Final = {Cause.LOST, Cause.RETURNING, Cause.EXCEPTION, Cause.DELIVERED_NOT_RECEIVED, Cause.REFUND_AUTOMATIC}


@register.simple_tag
def say(message: Message | Mapping[str, Any] | None) -> str:
    """The sentence of a message."""
    return sentences.say(message)


@register.simple_tag
def text(*parts: object, **values: Any) -> str:
    """The sentence of the key that the parts make together."""
    return sentences.text("".join(map(str, parts)), **values)


@register.simple_tag
def done(entry: Done) -> str:
    """An entry of an order's history in words; values that are states are said as such."""
    said = {}
    for side, value in (("old", entry.old), ("new", entry.new)):
        key = f"{entry.area}.{value}"
        said[side] = sentences.text(key) if entry.area and sentences.known(key) else value
    return sentences.text(entry.key, **said)


@register.filter
def tone(finding: Finding) -> str:
    """How loud a finding is: it must be acted on, may be, or only be waited for."""
    if finding.cause in _CALM:
        return "tone-quiet"
    return "tone-bad" if finding.cause in _GRAVE else "tone-warn"


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon; decoration, hidden from screen readers."""
    return mark_safe(  # noqa: S308 - only our own drawings
        '<svg class="icon" viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor"'
        f' stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{_ICONS[name]}</svg>'
    )


@register.simple_tag
def badge(status: str, area: str = "status") -> SafeString:
    """A state as shape and words: ``{% badge parcel.status %}``, ``{% badge push.state "push.state" %}``."""
    shape, tone = _STATUS[status] if area == "status" else _OTHERS[f"{area}.{status}"]
    return format_html('<span class="badge tone-{}">{}{}</span>', tone, icon(shape), sentences.text(f"{area}.{status}"))


@register.simple_tag
def progress(stage: Stage) -> SafeString:
    """The five stages as a bar that says its meaning to a screen reader."""
    label = sentences.text(f"stage.{stage.name}")
    tone = "bad" if stage.wrong else "good" if stage.reached == len(STAGES) else "go"
    steps = "".join(f'<i class="{"on" if at < stage.reached else ""}"></i>' for at in range(len(STAGES)))
    return format_html(
        '<span class="progress tone-{}" role="img" aria-label="{}" title="{}">{}</span>',
        tone,
        label,
        label,
        mark_safe(steps),  # noqa: S308 - made above from a number
    )


@register.filter
def moment(value: datetime | None) -> str:
    """An instant in the workspace's zone."""
    return sentences.moment(value) if value else ""


@register.filter
def wall(value: datetime | None) -> str:
    """A time as its source said it: never moved into another zone."""
    return sentences.moment(value.replace(tzinfo=None)) if value else ""


@register.filter
def zoneless(parcel: Seen) -> bool:
    """Whether a scan's zone is not known."""
    return any(not one.zone for one in parcel.scans if one.shown_at)


@register.filter
def at_key(values: Mapping[Any, Any], key: Any) -> Any:
    """What a mapping holds under a key that is itself a variable."""
    return values.get(key)


@register.filter
def day(value: date | None) -> str:
    """A day; an instant's in the workspace's zone."""
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return sentences.day(value) if value else ""


@register.simple_tag
def ago(value: datetime | None) -> SafeString | str:
    """How far away an instant is, with the instant itself to hover and for machines."""
    if value is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', value.isoformat(), sentences.moment(value), distance(value)
    )


@register.simple_tag
def at(value: datetime | None) -> SafeString | str:
    """An instant and how far away it is."""
    if value is None:
        return ""
    return format_html(
        '<time datetime="{}">{}</time> <span class="soft">{}</span>',
        value.isoformat(),
        sentences.moment(value),
        distance(value),
    )


@register.simple_tag
def zone() -> str:
    """The name of the zone that times are shown in."""
    return timezone.get_current_timezone_name()


@register.simple_tag
def asset(name: str) -> str:
    """The address of a static file; it changes when the file does."""
    return f"/static/{name}?v={_version(name)}"


def distance(value: datetime) -> str:
    """``3 h ago``, ``in 2 d``: the largest whole unit."""
    gap = value - clock.now()
    size = abs(gap)
    for unit, span in (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1))):
        if size >= span:
            return sentences.text("time.in" if gap > timedelta() else "time.ago", n=size // span, unit=unit)
    return sentences.text("time.now")


@functools.cache
def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:8]
