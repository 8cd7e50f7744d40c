"""Sendle: its tracking API, asked about one parcel at a time.

Source: Sendle's published answers. A scan's instant is told in UTC, and its clock beside it only where Sendle knows
the place; one bad scan never spoils an answer.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from doorstep.connectors import signing
from doorstep.connectors.answers import place
from doorstep.connectors.asking import Asked
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Request
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    asked,
    broken,
    day,
    decoded,
    history,
    not_found,
    opened,
    scan,
    statuses,
    trouble,
    universal,
)
from doorstep.core.event import TrackingEvent, when
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Reason, Status

_META: Final = Meta(
    name="sendle",
    label="Sendle",
    hosts=frozenset({"api.sendle.com"}),
    polls_per_minute=60,
    can=frozenset({Can.TRACK}),
    fields=(
        Field(name="sendle_id", label="Sendle ID", help="In Sendle under Settings, Integrations."),
        Field(name="api_key", label="API key", secret=True, help="Shown beside it."),
    ),
    basis="Sendle's published answers (tracking)",
    docs="https://developers.sendle.com/",
    carriers=frozenset({"sendle"}),
    proven="vendor sample",
    steps=(
        "Sign in to Sendle and open Settings, Integrations.",
        "Copy the Sendle ID and the API key (not those of the sandbox).",
    ),
    limits=("One number in each question.",),
    gaps=("News is asked for: Sendle's webhooks are not used.",),
)
_EVENTS: Final[Mapping[str, Meaning]] = {
    "Pickup Attempted": Meaning(Status.EXCEPTION),  # it is still with the sender
    "Pickup": Meaning(Status.PICKED_UP),
    "Drop Off": Meaning(Status.PICKED_UP),
    "Dropped Off": Meaning(Status.PICKED_UP),
    "In Transit": Meaning(Status.IN_TRANSIT),
    "Out for Delivery": Meaning(Status.OUT_FOR_DELIVERY),
    "Delivery Attempted": Meaning(Status.ATTEMPT_FAILED),
    "Card Left": Meaning(Status.ATTEMPT_FAILED),
    "Left with Agent": Meaning(Status.AVAILABLE_FOR_PICKUP),
    "Delivered": Meaning(Status.DELIVERED),
    "Damaged": Meaning(Status.EXCEPTION, Reason.DAMAGED),
    "Unable to Deliver": Meaning(Status.EXCEPTION),
    "Expired": Meaning(Status.EXPIRED),
}
_READ: Final = frozenset({"Info", "Local Delivery"})  # said of many things: the text tells which


class _Scan(msgspec.Struct):
    event_type: str | None = None
    scan_time: str | None = None
    display_time: str | None = None
    description: str | None = None
    location: str | None = None


class _Scheduling(msgspec.Struct):
    estimated_delivery_date_minimum: str | None = None
    estimated_delivery_date_maximum: str | None = None


class _Said(msgspec.Struct):
    tracking_events: list[msgspec.Raw] | None = None
    scheduling: _Scheduling | None = None
    error: str | None = None
    error_description: str | None = None


def tracked(answer: Answer) -> Facts:
    """The parcel of an answer about one number. Raises the Trouble that a bad answer is; that Sendle does not know the
    number is said of the number.
    """
    told, numbers = opened(answer, _Said), asked(answer)
    words = told.error_description or told.error or ""
    if numbers and answer.status == 404:
        return Facts(tracks=tuple(not_found(number, words) for number in numbers))
    if problem := trouble(answer, words, _META.label):
        raise problem
    raws = decoded(answer, _Said, _META.label).tracking_events
    if raws is None:
        raise broken(_META.label, words or "no tracking_events")
    reader, number = Reader("sendle"), numbers[0] if numbers else ""
    events = reader.scans(number, raws, lambda raw: _event(raw, reader), newest_first=False)
    plan = told.scheduling or _Scheduling()
    eta = (day(plan.estimated_delivery_date_minimum), day(plan.estimated_delivery_date_maximum))
    return reader.facts([history(number, "sendle", events, len(raws), eta=eta)])


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    """``display_time`` has an offset where Sendle knows the place, and repeats UTC where it does not."""
    found = msgspec.json.decode(raw, type=_Scan, strict=False)
    code, words = found.event_type or "", found.description or ""
    shown = found.display_time or found.scan_time or ""
    return scan(
        "sendle",
        universal(shown) if shown.endswith("Z") else when(shown),
        reader.meaning(_EVENTS, "" if code in _READ else code, words, language="en"),
        text=words,
        code=code,
        place=place(None, None, found.location),
    )


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    name, key = account.settings.get("sendle_id", ""), account.credentials.get("api_key", "")
    return Request(
        method="GET",
        url=f"https://api.sendle.com/api/tracking/{quote(numbers[0].text, safe='')}",
        headers={"authorization": signing.basic(name, key), "accept": "application/json"},
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracked,
    sample="S3ND73",  # of Sendle's own documentation
    known_by="sendle_id",
    status=statuses(_EVENTS),
    unseen=frozenset({"Drop Off", "Left with Agent", "Unable to Deliver", "Expired"}),
)
