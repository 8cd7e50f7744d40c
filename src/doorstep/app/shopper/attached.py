"""Facts that an answer to a shopper carries: where a parcel is, its last scan, when it is expected, what to do. They
are taken when the answer is written and kept as data: what was said stays what it was, and is read in every language.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from doorstep.app.order.parcel_view import Seen
from doorstep.app.say import moment, say, text
from doorstep.app.shopper.page_view import PageView
from doorstep.core.diagnosis import Finding, Who
from doorstep.core.status import Status

Fact = Mapping[str, Any]  # as JSON: ``kind``, ``parcel`` (id), ``number``, and what the kind needs
KINDS: Final = ("status", "scan", "window", "advice")
_OWN: Final = frozenset({Who.SHOPPER, Who.NOBODY})  # whose advice a shopper is given


def offered(page: PageView) -> list[Fact]:
    """What can be said of the order's parcels now, as the shopper's page says it."""
    return [fact for one in page.parcels for fact in _of(one, page.findings.get(one.id, ()))]


def key(fact: Fact) -> str:
    """What tells a fact from the others that are offered with it."""
    return f"{fact['kind']}:{fact['parcel']}"


def chosen(page: PageView, keys: Collection[str]) -> list[Fact]:
    """Those of the facts offered that were ticked."""
    return [one for one in offered(page) if key(one) in keys]


def said(facts: Sequence[Fact]) -> list[str]:
    """Each in a sentence or some, in the spoken language."""
    return [_said(one) for one in facts if one.get("kind") in KINDS]


def _of(parcel: Seen, findings: Sequence[Finding]) -> Iterator[Fact]:
    number = ", ".join(one.text for one in parcel.current)
    about = {"parcel": str(parcel.id), "number": number}
    yield {"kind": "status", **about, "status": parcel.status}
    scan = next((one for one in parcel.scans if not (one.again or one.stranger or one.ahead)), None)
    if scan and scan.shown_at:
        at = scan.shown_at.replace(tzinfo=None).isoformat()
        yield {"kind": "scan", **about, "status": scan.status, "text": scan.text, "place": scan.place, "at": at}
    if parcel.window:
        days = {"start": parcel.window.start.isoformat(), "end": parcel.window.end.isoformat()}
        yield {"kind": "window", **about, **days}
    lines = [line for one in findings for line in (one.message, *(one.advice if one.who in _OWN else ()))]
    if lines:
        yield {"kind": "advice", **about, "said": [asdict(one) for one in lines]}


def _said(fact: Fact) -> str:
    number, kind = fact["number"], fact["kind"]
    if kind == "status":
        return text("page.fact.status", number=number, status=text(f"status.{fact['status']}"))
    if kind == "scan":
        means = fact["text"] if fact["status"] == Status.UNKNOWN else text(f"status.{fact['status']}")
        at = moment(datetime.fromisoformat(fact["at"]))
        where = f"{means}, {fact['place']}" if fact["place"] else means
        return text("page.fact.scan", number=number, at=at, scan=where)
    if kind == "window":
        return text("page.fact.window", number=number, start=fact["start"], end=fact["end"])
    return " ".join(say(one) for one in fact["said"])
