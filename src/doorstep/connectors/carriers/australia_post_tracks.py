"""What Australia Post says about parcels, as tracks: ``tracking_results`` of its shipping and tracking API.

Sources: Australia Post's published answers and statuses. An event has a text and no code; its time is that of eastern
Australia, with its offset, wherever it happened. One bad event never spoils an answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.contract import Answer, Facts, Refused
from doorstep.connectors.scans import Meaning, Reader, broken, decoded, not_found, of_all, scan, statuses, trouble
from doorstep.core.event import TrackingEvent, when
from doorstep.core.message import Message
from doorstep.core.order import Track, TrackAnswer
from doorstep.core.status import Reason, Status
from doorstep.core.words import read_words

NAME: Final = "Australia Post"
_STATUSES: Final[Mapping[str, Meaning]] = {
    "Created": Meaning(Status.INFO_RECEIVED),
    "Initiated": Meaning(Status.INFO_RECEIVED),
    "In transit": Meaning(Status.IN_TRANSIT),
    "Possible delay": Meaning(Status.IN_TRANSIT, Reason.DELAYED_CARRIER),
    "Held by courier": Meaning(Status.EXCEPTION),
    "On Board for Delivery": Meaning(Status.OUT_FOR_DELIVERY),
    "To be Re-Delivered": Meaning(Status.ATTEMPT_FAILED),
    "Unsuccessful Delivery": Meaning(Status.ATTEMPT_FAILED),
    "Awaiting collection": Meaning(Status.AVAILABLE_FOR_PICKUP),
    "Ready for Pickup": Meaning(Status.AVAILABLE_FOR_PICKUP),
    "Delivered": Meaning(Status.DELIVERED),
    "Delivered in Full": Meaning(Status.DELIVERED),
    "Article damaged": Meaning(Status.EXCEPTION, Reason.DAMAGED),
    "Cannot be delivered": Meaning(Status.EXCEPTION),
    "Cancelled": Meaning(Status.CANCELLED),
}
STATUS: Final = statuses(_STATUSES)
_EVENTS: Final[Mapping[str, Meaning]] = {
    "received by australia post": Meaning(Status.PICKED_UP),
    "with australia post for delivery today": Meaning(Status.OUT_FOR_DELIVERY),
}
_SILENT: Final = frozenset({"", "Unknown"})  # a status that says nothing
_NOWHERE: Final = "Transit Scan"  # written where the place is not known


class _Scan(msgspec.Struct):
    description: str | None = None
    date: str | None = None
    location: str | None = None


class _Error(msgspec.Struct):
    code: str | None = None
    name: str | None = None
    message: str | None = None


class _Item(msgspec.Struct):
    """An article, or a consignment with its articles in ``items``."""

    article_id: str | None = None
    status: str | None = None
    events: list[msgspec.Raw] | None = None
    items: list[msgspec.Raw] | None = None


class _Result(msgspec.Struct):
    tracking_id: str
    errors: list[_Error] | None = None
    trackable_items: list[msgspec.Raw] | None = None


class _Said(msgspec.Struct):
    tracking_results: list[msgspec.Raw] | None = None
    errors: list[_Error] | None = None


def tracked(answer: Answer) -> Facts:
    """The parcels of an answer. Raises the Trouble that a bad answer is; that Australia Post does not know a number is
    said of the number.
    """
    if problem := trouble(answer, said(answer), NAME):
        raise problem
    told, reader = decoded(answer, _Said, NAME), Reader("australia_post")
    if told.tracking_results is None:
        if not told.errors:
            raise broken(NAME, "no tracking results")
        words = said(answer)
        raise Refused(words, message=Message(id="carrier.refused", values={"carrier": NAME, "said": words}))
    return reader.facts(reader.each(told.tracking_results, _Result, lambda result: _track(result, reader)))


def said(answer: Answer) -> str:
    """Australia Post's own words in a bad answer."""
    try:
        return _words(msgspec.json.decode(answer.body, type=_Said, strict=False).errors or ())
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


def _words(errors: Iterable[_Error]) -> str:
    return "; ".join(one.message or one.name or one.code or "" for one in errors)


def _track(result: _Result, reader: Reader) -> Track:
    """A consignment of several articles has the scans of all."""
    number = result.tracking_id
    if result.errors:
        return not_found(number, _words(result.errors))
    before = len(reader.bad)
    articles = [_events(number, one, reader) for one in _articles(number, result.trackable_items or (), reader)]
    events, whole = of_all(articles)
    return Track(
        number=number,
        answer=TrackAnswer.EVENTS if events else TrackAnswer.NOTHING,
        carrier="australia_post",
        events=events,
        complete=whole and bool(events) and len(reader.bad) == before,
    )


def _articles(number: str, raws: Iterable[msgspec.Raw], reader: Reader) -> Iterator[_Item]:
    """The articles; a consignment holds its own one level deeper. One that cannot be read is counted."""
    for place_in_list, raw in enumerate(raws):
        try:
            item = msgspec.json.decode(raw, type=_Item, strict=False)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            reader.bad.append(f"{number}: article {place_in_list}: {error}")
            continue
        if item.items:
            yield from _articles(number, item.items, reader)
        else:
            yield item


def _events(number: str, item: _Item, reader: Reader) -> tuple[TrackingEvent, ...]:
    """The status of an article is that of its newest scan, and speaks where the scan's text does not."""
    status = (item.status or "").strip()
    if status not in _STATUSES and status not in _SILENT:
        reader.strange(status)
    raws = item.events or ()
    tags = [_STATUSES.get(status), *[None] * len(raws)]
    return reader.scans(
        number, list(zip(raws, tags, strict=False)), lambda one: _event(*one, reader), newest_first=True
    )


def _event(raw: msgspec.Raw, tag: Meaning | None, reader: Reader) -> TrackingEvent:
    found = msgspec.json.decode(raw, type=_Scan, strict=False)
    words = " ".join((found.description or "").split())
    where = "" if found.location == _NOWHERE else found.location
    return scan(
        "australia_post",
        when(found.date or ""),
        _meaning(words, tag, reader),
        text=words,
        place=place(None, None, where),
    )


def _meaning(words: str, tag: Meaning | None, reader: Reader) -> Meaning:
    told = _EVENTS.get(words.casefold()) or Meaning(*read_words(words, "en"))
    if told.status is not Status.UNKNOWN:
        return told
    return tag or reader.meaning({}, "", words)
