"""InPost (Poland): the public tracking of its ShipX API, asked about one parcel at a time, without an account.

Source: InPost's documentation of ShipX, whose list of states is ``inpost_codes.csv``. A state is a word without a text.
Each time states its offset. One bad state never spoils an answer.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.asking import Asked
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Meta, Request
from doorstep.connectors.scans import (
    Reader,
    asked,
    broken,
    code_tables,
    decoded,
    history,
    not_found,
    opened,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent, when
from doorstep.core.number import TrackingNumber

_META: Final = Meta(
    name="inpost",
    label="InPost (Poland)",
    hosts=frozenset({"api-shipx-pl.easypack24.net"}),
    polls_per_minute=60,
    all_per_minute=60,
    can=frozenset({Can.TRACK}),
    basis="InPost's documentation of the ShipX API (tracking, list of states)",
    docs="https://dokumentacja-inpost.atlassian.net/",
    carriers=frozenset({"inpost"}),
    proven="documented only",
    steps=("Nothing is needed: InPost answers everybody.",),
    limits=("One number in each question.",),
    gaps=("InPost of other countries (United Kingdom, Italy, Spain ...) has other interfaces and is not answered.",),
)
_STATES: Final = code_tables(Path(__file__).with_name("inpost_codes.csv"))["event"]
_SEEN: Final = frozenset(
    {"confirmed", "dispatched_by_sender", "taken_by_courier", "adopted_at_source_branch", "out_for_delivery", "avizo"}
    | {"ready_to_pickup", "delivered", "pickup_time_expired", "returned_to_sender"}
)


class _Scan(msgspec.Struct):
    status: str | None = None
    agency: str | None = None
    datetime: str | None = None


class _Said(msgspec.Struct):
    tracking_details: list[msgspec.Raw] | None = None
    tracking_number: str | None = None
    error: str | None = None
    message: str | None = None


def tracked(answer: Answer) -> Facts:
    """The parcel of an answer. Raises the Trouble that a bad answer is; that InPost does not know the number is said of
    the number.
    """
    told, numbers = opened(answer, _Said), asked(answer)
    words = told.message or told.error or ""
    if numbers and answer.status == 404:
        return Facts(tracks=tuple(not_found(number, words) for number in numbers))
    if problem := trouble(answer, words, _META.label):
        raise problem
    found = decoded(answer, _Said, _META.label)
    number = numbers[0] if numbers else found.tracking_number or ""
    if found.tracking_details is None or not number:
        raise broken(_META.label, words or "no tracking_details")
    reader = Reader("inpost")
    events = reader.scans(number, found.tracking_details, lambda raw: _event(raw, reader), newest_first=None)
    return reader.facts([history(number, "inpost", events, len(found.tracking_details))])


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    found = msgspec.json.decode(raw, type=_Scan, strict=False)
    word = found.status or ""
    return scan(
        "inpost",
        when(found.datetime or ""),
        reader.meaning(_STATES, word, word),
        text=word,
        code=word,
        place=place(None, None, found.agency),
    )


def _question(_: Account, numbers: Sequence[TrackingNumber]) -> Request:
    return Request(
        method="GET",
        url=f"https://api-shipx-pl.easypack24.net/v1/tracking/{quote(numbers[0].text, safe='')}",
        headers={"accept": "application/json"},
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracked,
    sample="000000000000000000000000",  # no parcel
    known_by="",
    status=statuses(_STATES),
    unseen=frozenset(_STATES) - _SEEN,
)
