"""Template tags, available in every template: sentences, times, badges, icons."""

import functools
import hashlib
import tomllib
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.template import Context, Library
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from doorstep.app import clock, tongues
from doorstep.app import say as sentences
from doorstep.app.order import journey as journeys
from doorstep.app.order.order_view import Done
from doorstep.app.order.parcel_view import Seen
from doorstep.app.order.progress import STAGES, Stage
from doorstep.app.order.scan_view import Scan
from doorstep.app.shopper import attached, page_view
from doorstep.connectors.contract import Can
from doorstep.core.diagnosis import Cause, Finding, Who
from doorstep.core.message import Message
from doorstep.core.number import carrier, carrier_named
from doorstep.core.status import Status

register = Library()
STATIC: Final = Path(__file__).resolve().parent / "static"

_ICONS: Final = tomllib.loads(Path(__file__).with_name("icons.toml").read_text(encoding="utf-8"))
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
    "payment.state.due": ("wait", "go"),
    "payment.state.synced": ("done", "good"),
    "payment.state.pending": ("wait", "quiet"),
    "payment.state.no_transaction": ("ask", "warn"),
    "payment.state.invalid_number": ("wrong", "bad"),
    "payment.state.unknown_carrier": ("ask", "warn"),
    "payment.state.refused": ("wrong", "bad"),
    "connection.state.active": ("done", "good"),
    "connection.state.paused": ("hold", "quiet"),
    "connection.state.denied": ("wrong", "bad"),
    "webhook.state.active": ("done", "good"),
    "webhook.state.paused": ("hold", "quiet"),
    "webhook.state.off": ("wrong", "bad"),
    "advice.verdict.advised": ("done", "good"),
    "advice.verdict.possible": ("wait", "quiet"),
    "advice.verdict.risky": ("ask", "warn"),
    "import.does.new": ("move", "go"),
    "import.does.known": ("done", "quiet"),
    "import.state.open": ("ask", "warn"),
    "import.state.running": ("wait", "go"),
    "import.state.done": ("done", "good"),
    "import.state.undone": ("back", "quiet"),
    "check.state.right": ("done", "good"),
    "check.state.wrong": ("wrong", "bad"),
    "check.state.open": ("wait", "quiet"),
    "support.way.automatic": ("done", "good"),
    "support.way.mail": ("move", "go"),
    "support.way.hand": ("label", "quiet"),
    "letters.state.sent": ("done", "good"),
    "letters.state.refused": ("wrong", "bad"),
    "letters.state.skipped": ("off", "quiet"),
    "letters.state.held": ("hold", "quiet"),
    "letters.state.due": ("wait", "go"),
    "letters.state.dead": ("wrong", "bad"),
    "preview.kind.push": ("move", "go"),
    "preview.kind.hold": ("hold", "quiet"),
    "preview.kind.refuse": ("off", "warn"),
    "preview.kind.keep": ("done", "quiet"),
    "preview.kind.withdraw": ("back", "warn"),
}


# The more particular mark first: most browsers also claim to be others.
_BROWSERS: Final = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
                    ("Safari/", "Safari"))  # fmt: skip
_SYSTEMS: Final = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
                   ("Mac OS X", "macOS"), ("Linux", "Linux"))  # fmt: skip
_ABILITIES: Final = (*(one for one in Can if one is not Can.HOOKS), Can.HOOKS)  # in the order they are told
_GRAVE: Final = {
    Cause.LOST,
    Cause.RETURNING,
    Cause.RETURNED,
    Cause.EXCEPTION,
    Cause.CANCELLED_UNEXPECTEDLY,
    Cause.DELIVERED_NOT_RECEIVED,
    Cause.RECEIVED_DAMAGED,
}
_FINE: Final = {Cause.ALL_WELL, Cause.ARRIVED}


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
    return sentences.text(entry.key, old=_said(entry.area, entry.old), new=_said(entry.area, entry.new))


@register.filter
def tone(finding: Finding) -> str:
    """How loud a finding is: grave, to be acted on, only to be waited for, or no trouble at all."""
    if finding.cause in _FINE:
        return "tone-good"
    if finding.cause in _GRAVE:
        return "tone-bad"
    return "tone-quiet" if finding.who is Who.NOBODY else "tone-warn"


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


@register.filter
def as_said(facts: Sequence[Mapping[str, Any]]) -> list[str]:
    """The facts that an answer carries, each in words."""
    return attached.said(facts)


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


@register.inclusion_tag("page/steps.html")
def steps(status: str) -> dict[str, object]:
    """The shopper's five steps; '' = no parcel yet. None of what comes to no door any more."""
    return {"names": () if status in page_view.TURNED else page_view.STEPS, "reached": page_view.step(status)}


@register.inclusion_tag("journey.html", takes_context=True)
def journey(context: Context, parcel: Seen) -> dict[str, object]:
    """The way of a parcel on the map; nothing where too little is known of it. The first map of a page brings the
    outline of the land for all of them.
    """
    way = journeys.journey(parcel)
    first = way is not None and not getattr(context["request"], "has_land", False)
    if first:
        context["request"].has_land = True
    return {"way": way, "first": first}


@register.filter
def moment(value: datetime | None) -> str:
    """An instant in the workspace's zone."""
    return sentences.moment(value) if value else ""


@register.filter
def wall(value: datetime | None) -> str:
    """A time as its source said it: never moved into another zone."""
    return sentences.moment(value.replace(tzinfo=None)) if value else ""


@register.filter
def ahead(value: datetime | None) -> bool:
    """Whether an instant is still to come."""
    return value is not None and value > clock.now()


@register.filter
def zoneless(parcel: Seen) -> bool:
    """Whether a scan's zone is not known."""
    return any(not one.zone for one in parcel.scans if one.shown_at)


@register.filter
def carrier_name(said: str) -> str:
    """What a carrier is called, from any way of writing it; an unknown one stays as it was said."""
    code = carrier_named(said)
    return carrier(code).name if code else said


@register.filter
def abilities(can: Collection[Can]) -> str:
    """What a connector is able to do; how soon it hears comes last."""
    return ", ".join(sentences.text(f"can.{one}") for one in sorted(can, key=_ABILITIES.index))


@register.filter
def percent(share: float) -> str:
    """A share as whole per cent."""
    return f"{share:.0%}"


@register.filter
def hundredths(share: float) -> int:
    """A share as a whole number of hundredths, for a drawing's width."""
    return round(share * 100)


@register.filter
def hours(value: float) -> str:
    """A time span: in hours up to two days, else in days."""
    if value <= 48:
        return sentences.text("record.hours", n=round(value))
    return sentences.text("record.days", n=round(value / 24, 1))


@register.filter
def in_words(evidence: str) -> str:
    """Why a dispatch is believed. A supplier's ``fieldName value`` is said in our words, anything else as it is."""
    name, _, value = evidence.partition(" ")
    if not value or not any(letter.isupper() for letter in name[1:]):
        return evidence
    return sentences.text(f"order.evidence.{'time' if value[0].isdigit() else 'state'}")


@register.filter
def device(said: str) -> str:
    """A browser and what it runs on, from what it says of itself; said as it is where that is not understood."""
    browser = next((name for mark, name in _BROWSERS if mark in said), "")
    system = next((name for mark, name in _SYSTEMS if mark in said), "")
    return sentences.text("own.device", browser=browser, system=system) if browser and system else said


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
        '<time datetime="{}">{}</time> <span class="soft nowrap">· {}</span>',
        value.isoformat(),
        sentences.moment(value),
        distance(value),
    )


@register.simple_tag
def zone() -> str:
    """The name of the zone that times are shown in."""
    return timezone.get_current_timezone_name()


@register.simple_tag
def spoken() -> str:
    """The language that the page is in."""
    return sentences.spoken()


@register.simple_tag
def direction() -> str:
    """Which way that language is written."""
    return tongues.direction(sentences.spoken())


@register.simple_tag
def tongues_spoken() -> Mapping[str, str]:
    """The languages that a shopper can choose, with their own names."""
    return tongues.NAMES


@register.filter
def meaning(scan: Scan) -> str:
    """What a scan means, in the spoken language; '' where nobody has mapped the carrier's word."""
    if scan.status == Status.UNKNOWN:
        return ""
    status = sentences.text(f"status.{scan.status}")
    if not scan.reason:
        return status
    return sentences.text("page.meaning", status=status, reason=sentences.text(f"status.reason.{scan.reason}"))


@register.simple_tag
def asset(name: str) -> str:
    """The address of a static file; it changes when the file does."""
    return f"/static/{name}?v={_versions()[name]}"


def _said(area: str, value: str) -> str:
    key = f"{area}.{value}"
    return sentences.text(key) if sentences.known(key) else value


def distance(value: datetime) -> str:
    """``3 h ago``, ``in 2 d``: the largest whole unit."""
    gap = value - clock.now()
    size = abs(gap)
    for unit, span in (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1))):
        if size >= span:
            return sentences.text(f"time.{'in' if gap > timedelta() else 'ago'}.{unit}", count=size // span)
    return sentences.text("time.now")


@functools.cache
def _versions() -> Mapping[str, str]:
    """A hash of every static file."""
    files = (path for path in STATIC.rglob("*") if path.is_file())
    return {path.relative_to(STATIC).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:8] for path in files}
