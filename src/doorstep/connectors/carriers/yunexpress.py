"""YunExpress: the tracking of its open platform, asked about one parcel at a time.

Source: YunExpress's documentation of the platform (token, signature, track-service). Each event has the time of the
place and that of UTC beside it: the offset is their difference. Its list of nodes is not public as a whole: the two
that its examples show are in the table, any other event is read by its text. One bad event never spoils an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import msgspec

from doorstep.connectors import signing, tokens
from doorstep.connectors.answers import bare, place
from doorstep.connectors.asking import LetIn
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Request
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    asked,
    broken,
    decoded,
    history,
    opened,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent, When, when
from doorstep.core.number import TrackingNumber
from doorstep.core.number.value import Role
from doorstep.core.order import SaidNumber, Track
from doorstep.core.status import Status

HOST: Final = "https://openapi.yunexpress.cn"
TRACK: Final = "/v1/track-service/info/get"
_META: Final = Meta(
    name="yunexpress",
    label="YunExpress",
    hosts=frozenset({"openapi.yunexpress.cn"}),
    polls_per_minute=60,
    can=frozenset({Can.TRACK}),
    fields=(
        Field(name="app_id", label="App ID", help="Of your application at YunExpress's open platform."),
        Field(name="app_secret", label="App secret", secret=True),
        Field(name="source_key", label="Source key", secret=True, help="YunExpress gives it to you with the access."),
    ),
    basis="YunExpress's documentation of its open platform (track-service)",
    docs="https://open.yunexpress.com/",
    carriers=frozenset({"yunexpress"}),
    proven="documented only",
    steps=(
        "Ask YunExpress for access to its open platform and create an application.",
        "Copy its app ID and app secret, and the source key.",
    ),
    limits=("One number in each question.",),
    gaps=("YunExpress publishes no list of its nodes: most events are read by their text.",),
)
_NODES: Final[Mapping[str, Meaning]] = {
    "ORDER_CREATION": Meaning(Status.INFO_RECEIVED),
    "DELIVERED": Meaning(Status.DELIVERED),
}
_QUARTER: Final = 15 * 60  # seconds; every offset is a whole number of these
_FARTHEST: Final = 14 * 3600


class _Scan(msgspec.Struct):
    process_time: str | None = None
    process_utc_time: str | None = None
    process_content: str | None = None
    process_country: str | None = None
    process_city: str | None = None
    track_node_code: str | None = None


class _Parcel(msgspec.Struct):
    waybill_number: str | None = None
    tracking_number: str | None = None
    last_mile_name: str | None = None
    track_events: list[msgspec.Raw] | None = None


class _Result(msgspec.Struct):
    track_info: msgspec.Raw = msgspec.Raw(b"null")


class _Said(msgspec.Struct):
    success: bool | None = None
    code: str | int | None = None
    msg: str | None = None
    result: _Result | None = None


class _Token(msgspec.Struct, rename="camel"):
    access_token: str
    expires_in: float | None = None


def tracked(answer: Answer) -> Facts:
    """The parcels of an answer; none is one that YunExpress has nothing to tell of. Raises the Trouble that a bad
    answer is.
    """
    told, words = opened(answer, _Said), said(answer)
    refused = answer.status == 200 and told.success is False
    if problem := trouble(replace(answer, status=400) if refused else answer, words, _META.label):
        raise problem
    result = decoded(answer, _Said, _META.label).result
    if result is None:
        raise broken(_META.label, words or "no result")
    info, reader, numbers = bytes(result.track_info), Reader("yunexpress"), asked(answer)
    parcels = msgspec.json.decode(info, type=list[msgspec.Raw]) if info[:1] == b"[" else [result.track_info]
    tracks = reader.each(
        [one for one in parcels if bytes(one) != b"null"], _Parcel, lambda one: _track(one, numbers, reader)
    )
    silent = [] if tracks or reader.bad else [history(number, "yunexpress", (), 0) for number in numbers]
    return reader.facts([*tracks, *silent])


def said(answer: Answer) -> str:
    """YunExpress's own words in a bad answer."""
    told = opened(answer, _Said)
    return f"{told.code or ''} {told.msg or ''}".strip()


def _track(parcel: _Parcel, numbers: Sequence[str], reader: Reader) -> Track:
    """``waybill_number`` is YunExpress's own, ``tracking_number`` that of whoever delivers. Raises ValueError for a
    parcel that names neither.
    """
    names = [parcel.waybill_number or "", parcel.tracking_number or ""]
    number = numbers[0] if len(numbers) == 1 else next(filter(None, names), "")
    if not number:
        raise ValueError("no number")
    raws = parcel.track_events or ()
    events = reader.scans(number, raws, lambda raw: _event(raw, reader), newest_first=None)
    track = history(number, "yunexpress", events, len(raws))
    if not names[1] or bare(names[1]) in {bare(number), bare(names[0])}:
        return track
    return replace(track, last_mile=SaidNumber(text=names[1], role=Role.LOCAL, carrier=parcel.last_mile_name or ""))


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    found = msgspec.json.decode(raw, type=_Scan, strict=False)
    code, words = found.track_node_code or "", found.process_content or ""
    return scan(
        "yunexpress",
        _when(found),
        reader.meaning(_NODES, code, words, language="en"),
        text=words,
        code=code,
        place=place(found.process_city, found.process_country, None),
    )


def _when(found: _Scan) -> When:
    """Both are written with a Z or without. Where they are the same, or no offset apart, only the instant is known."""
    here, there = (text.removesuffix("Z") for text in (found.process_time or "", found.process_utc_time or ""))
    if not here or not there:
        return when(f"{there}-00:00" if there else here)
    local, universal = when(here).local, when(there).local
    apart = (local - universal) if local and universal else timedelta()
    seconds = round(apart.total_seconds())
    if not seconds or seconds % _QUARTER or abs(seconds) > _FARTHEST:
        return when(f"{there}-00:00")
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return when(f"{here}{'+' if seconds > 0 else '-'}{hours:02}:{minutes:02}")


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    """Signed are the time, the method and the path, not the number."""
    at = str(int(account.now.timestamp() * 1000))
    signed = f"date={at}&method=GET&uri={TRACK}".encode()
    return Request(
        method="GET",
        url=f"{HOST}{TRACK}",
        query=(("order_number", numbers[0].text),),
        headers={
            "token": account.credentials.get("access_token", ""),
            "date": at,
            "sign": signing.hmac_base64(account.credentials.get("app_secret", ""), signed),
            "accept-language": "en-US",
        },
    )


def _login(account: Account) -> Request:
    who = {
        "grantType": "client_credentials",
        "appId": account.settings.get("app_id", ""),
        "appSecret": account.credentials.get("app_secret", ""),
        "sourceKey": account.credentials.get("source_key", ""),
    }
    return Request(
        method="POST",
        url=f"{HOST}/openapi/oauth2/token",
        headers={"content-type": "application/json"},
        body=msgspec.json.encode(who),
    )


def _token(answer: Answer, account: Account) -> Mapping[str, str]:
    found = opened(answer, _Said)
    if found.success is False:
        raise trouble(replace(answer, status=401), said(answer), _META.label) or broken(_META.label, said(answer))
    token = decoded(answer, _Token, _META.label)
    spelled = msgspec.json.encode({"access_token": token.access_token, "expires_in": token.expires_in})
    return tokens.issued(replace(answer, body=spelled), account)


CONNECTOR: Carrier = LetIn(
    meta=_META,
    question=_question,
    tracked=tracked,
    login=_login,
    token=_token,
    said=said,
    sample="YT0000000000000000",  # no parcel
    known_by="app_id",
    status=statuses(_NODES),
)
