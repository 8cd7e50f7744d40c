"""Hermes (Germany): the shipment info of the Hermes Shipping Interface, asked about many parcels at a time.

Sources: Hermes' OpenAPI files (shipment info, authentication) and its list of event codes (``hermes_de_codes.csv``); a
code that is not there is read by its text. Each time states its offset. One bad scan never spoils an answer.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.asking import LetIn
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Request
from doorstep.connectors.scans import (
    Reader,
    broken,
    code_tables,
    day,
    decoded,
    history,
    not_found,
    opened,
    scan,
    statuses,
    trouble,
)
from doorstep.connectors.tokens import bearer
from doorstep.core.event import TrackingEvent, when
from doorstep.core.number import TrackingNumber
from doorstep.core.order import Track

_META: Final = Meta(
    name="hermes_de",
    label="Hermes (Germany)",
    hosts=frozenset({"authme.myhermes.de", "de-api.hermesworld.com"}),
    polls_per_minute=30,
    batch=100,
    can=frozenset({Can.TRACK}),
    fields=(
        Field(name="client_id", label="Client ID", help="Hermes gives it to you with the access to its interface."),
        Field(name="client_secret", label="Client secret", secret=True),
        Field(name="username", label="User name", help="Of your business account at Hermes."),
        Field(name="password", label="Password", secret=True),
    ),
    basis="Hermes' OpenAPI files (shipment info, authentication) and its list of event codes",
    docs="https://www.myhermes.de/geschaeftskunden/",
    carriers=frozenset({"hermes_de"}),
    proven="vendor sample",
    steps=(
        "Ask Hermes Germany, as a business customer, for access to the Hermes Shipping Interface (HSI).",
        "Copy the client ID and secret of production, and the user name and password of the account.",
    ),
    limits=("A hundred numbers in each question.",),
    gaps=("Evri (in the United Kingdom) is another company and is not answered.",),
)
_EVENTS: Final = code_tables(Path(__file__).with_name("hermes_de_codes.csv"))["event"]
_SEEN: Final = frozenset({"0000", "2000", "3000", "3500", "3731", "4630", "9323"})
_NOTHING_KNOWN: Final = "e001"
_WHO: Final = frozenset({"e902", "e903"})  # the token is none, or over; said with 400


class _Unit(msgspec.Struct, rename="camel"):
    city: str | None = None
    country_code: str | None = None


class _Scan(msgspec.Struct, rename="camel"):
    timestamp: str | None = None
    code: str | None = None
    description: str | None = None
    scanning_unit: _Unit | None = None


class _Code(msgspec.Struct):
    code: str | None = None
    message: str | None = None


class _Forecast(msgspec.Struct):
    date: str | None = None


class _Parcel(msgspec.Struct):
    shipment_id: str = msgspec.field(name="shipmentID")
    result: _Code | None = None
    forecast: _Forecast | None = msgspec.field(default=None, name="deliveryForecast")
    status: list[msgspec.Raw] | None = None


class _Said(msgspec.Struct):
    shipmentinfo: list[msgspec.Raw] | None = None
    codes: list[_Code] | None = msgspec.field(default=None, name="listOfResultCodes")
    error_description: str | None = None


def tracked(answer: Answer) -> Facts:
    """The parcels of an answer. Raises the Trouble that a bad answer is; that Hermes does not know a number is said of
    the number.
    """
    told, words = opened(answer, _Said), said(answer)
    known = answer.status != 400 or not _WHO & {one.code for one in told.codes or ()}
    status = answer.status if known else 401
    if problem := trouble(replace(answer, status=status), words, _META.label):
        raise problem
    raws = decoded(answer, _Said, _META.label).shipmentinfo
    if raws is None:
        raise broken(_META.label, words or "no shipmentinfo")
    reader = Reader("hermes_de")
    return reader.facts(reader.each(raws, _Parcel, lambda parcel: _track(parcel, reader)))


def said(answer: Answer) -> str:
    """Hermes' own words in a bad answer."""
    told = opened(answer, _Said)
    return "; ".join(one.message or one.code or "" for one in told.codes or ()) or told.error_description or ""


def _track(parcel: _Parcel, reader: Reader) -> Track:
    """Raises ValueError for a parcel that Hermes could not look up."""
    code, words = ("", "") if parcel.result is None else (parcel.result.code or "", parcel.result.message or "")
    if code == _NOTHING_KNOWN:
        return not_found(parcel.shipment_id, words)
    if code.startswith("e"):
        raise ValueError(f"{parcel.shipment_id}: {code} {words}")
    raws = parcel.status or ()
    events = reader.scans(parcel.shipment_id, raws, lambda raw: _event(raw, reader), newest_first=None)
    eta = day(parcel.forecast.date) if parcel.forecast else None
    return history(parcel.shipment_id, "hermes_de", events, len(raws), eta=(eta, eta))


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    found = msgspec.json.decode(raw, type=_Scan, strict=False)
    code, words, unit = found.code or "", found.description or "", found.scanning_unit or _Unit()
    return scan(
        "hermes_de",
        when(found.timestamp or ""),
        reader.meaning(_EVENTS, code, words, language="en"),
        text=words,
        code=code,
        place=place(unit.city, unit.country_code, None),
    )


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    return Request(
        method="GET",
        url="https://de-api.hermesworld.com/services/hsi/shipmentinfo",
        query=tuple(("shipmentID", number.text) for number in numbers),
        headers={"authorization": bearer(account), "accept": "application/json", "accept-language": "EN"},
    )


def _login(account: Account) -> Request:
    """The password grant (RFC 6749 section 4.3): Hermes offers no other to a program."""
    form = {"grant_type": "password"}
    form |= {name: account.settings.get(name, "") for name in ("client_id", "username")}
    form |= {name: account.credentials.get(name, "") for name in ("client_secret", "password")}
    return Request(
        method="POST",
        url="https://authme.myhermes.de/authorization-facade/oauth2/access_token",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=urlencode(form).encode(),
    )


CONNECTOR: Carrier = LetIn(
    meta=_META,
    question=_question,
    tracked=tracked,
    login=_login,
    said=said,
    sample="T1000987654321040",  # of Hermes' own documentation
    known_by="client_id",
    status=statuses(_EVENTS),
    unseen=frozenset(_EVENTS) - _SEEN,
)
