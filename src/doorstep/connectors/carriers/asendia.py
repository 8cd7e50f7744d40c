"""Asendia: the tracking of its Sync platform, asked about one parcel at a time.

Source: published answers of Asendia Sync. It has no public list of its codes: the three that its sample shows are in
the table, any other scan is read by its text. Each time is told in UTC. One bad scan never spoils an answer.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.asking import LetIn
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Request
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    asked,
    broken,
    decoded,
    history,
    not_found,
    opened,
    scan,
    statuses,
    trouble,
    universal,
)
from doorstep.connectors.tokens import bearer, kept
from doorstep.core.event import TrackingEvent
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Status

HOST: Final = "https://www.asendia-sync.com"
_META: Final = Meta(
    name="asendia",
    label="Asendia",
    hosts=frozenset({"www.asendia-sync.com"}),
    polls_per_minute=60,
    can=frozenset({Can.TRACK}),
    fields=(
        Field(name="username", label="User name", help="Of your account at Asendia Sync."),
        Field(name="password", label="Password", secret=True),
        Field(name="customer_id", label="Customer ID", help="Asendia names it when it opens the account."),
    ),
    basis="published answers of Asendia Sync (tracking)",
    docs="https://www.asendia.com/",
    carriers=frozenset({"asendia"}),
    proven="documented only",
    steps=(
        "Ask your Asendia office for access to the Sync API.",
        "Copy the user name, the password and the customer ID that it gives you.",
    ),
    limits=("One number in each question.",),
    gaps=(
        "Asendia publishes no list of its codes: most scans are read by their text.",
        "Asendia USA is another company with another API and is not answered.",
    ),
)
_EVENTS: Final[Mapping[str, Meaning]] = {
    "PU": Meaning(Status.PICKED_UP),
    "IT": Meaning(Status.IN_TRANSIT),
    "DL": Meaning(Status.DELIVERED),
}


class _Scan(msgspec.Struct, rename="camel"):
    code: str | None = None
    time: str | None = None
    location_name: str | None = None
    location_country: str | None = None
    carrier_event_description: str | None = None


class _Said(msgspec.Struct, rename="camel"):
    tracking_number: str | None = None
    tracking_events: list[msgspec.Raw] | None = None
    title: str | None = None
    detail: str | None = None


class _Login(msgspec.Struct):
    id_token: str


def tracked(answer: Answer) -> Facts:
    """The parcel of an answer. Raises the Trouble that a bad answer is; that Asendia does not know the number is said
    of the number.
    """
    told, numbers = opened(answer, _Said), asked(answer)
    if numbers and answer.status == 404:
        return Facts(tracks=tuple(not_found(number, said(answer)) for number in numbers))
    if problem := trouble(answer, said(answer), _META.label):
        raise problem
    raws = decoded(answer, _Said, _META.label).tracking_events
    number = numbers[0] if numbers else told.tracking_number or ""
    if raws is None or not number:
        raise broken(_META.label, said(answer) or "no trackingEvents")
    reader = Reader("asendia")
    events = reader.scans(number, raws, lambda raw: _event(raw, reader), newest_first=None)
    return reader.facts([history(number, "asendia", events, len(raws))])


def said(answer: Answer) -> str:
    """Asendia's own words in a bad answer."""
    told = opened(answer, _Said)
    return told.detail or told.title or ""


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    found = msgspec.json.decode(raw, type=_Scan, strict=False)
    code, words = found.code or "", found.carrier_event_description or ""
    return scan(
        "asendia",
        universal(found.time),
        reader.meaning(_EVENTS, code, words, language="en"),
        text=words,
        code=code,
        place=place(found.location_name, found.location_country, None),
    )


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    customer, number = (quote(one, safe="") for one in (account.settings.get("customer_id", ""), numbers[0].text))
    return Request(
        method="GET",
        url=f"{HOST}/api/customers/{customer}/tracking/{number}",
        headers={"authorization": bearer(account), "accept": "application/json"},
    )


def _login(account: Account) -> Request:
    name, password = account.settings.get("username", ""), account.credentials.get("password", "")
    return Request(
        method="POST",
        url=f"{HOST}/api/authenticate",
        headers={"content-type": "application/json"},
        body=msgspec.json.encode({"username": name, "password": password}),
    )


def _token(answer: Answer, account: Account) -> Mapping[str, str]:
    return kept(decoded(answer, _Login, _META.label).id_token, account.now)


CONNECTOR: Carrier = LetIn(
    meta=_META,
    question=_question,
    tracked=tracked,
    login=_login,
    token=_token,
    said=said,
    sample="ASENDIA123456789",  # of the published answers: no number of theirs looks so
    known_by="username",
    status=statuses(_EVENTS),
)
