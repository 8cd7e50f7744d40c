"""4PX: the tracking of its open platform, asked about one parcel at a time.

Source: 4PX's documentation (tr.order.tracking.get 1.0.0, its list of codes). An event has a code, of which those that
are known for certain are in ``four_px_codes.csv``, and an English text. Times are by the clock of the place, without an
offset. One bad event never spoils an answer.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.asking import Asked
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Request
from doorstep.connectors.scans import (
    Reader,
    asked,
    broken,
    code_tables,
    decoded,
    history,
    opened,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent, when
from doorstep.core.number import TrackingNumber

METHOD: Final = "tr.order.tracking.get"
_META: Final = Meta(
    name="four_px",
    label="4PX",
    hosts=frozenset({"open.4px.com"}),
    polls_per_minute=60,
    can=frozenset({Can.TRACK}),
    fields=(
        Field(name="app_key", label="App key", help="Of your application at 4PX's open platform."),
        Field(name="app_secret", label="App secret", secret=True),
    ),
    basis="4PX's documentation (tr.order.tracking.get 1.0.0) and its list of codes",
    docs="https://open.4px.com/",
    carriers=frozenset({"fourpx"}),
    proven="documented only",
    steps=(
        "Register at open.4px.com and create an application of your own (not one of a software provider).",
        "Copy its app key and app secret.",
    ),
    limits=("One number in each question: 4PX's own, or that of the service that delivers.",),
    gaps=(
        "Applications of software providers (access tokens) are not used.",
        "Times are told without an offset: their order is sure, their instants are not.",
    ),
)
_EVENTS: Final = code_tables(Path(__file__).with_name("four_px_codes.csv"))["event"]
_SEEN: Final = frozenset(
    f"FPX_{code}" for code in ("L_RPIF", "C_SPLS", "M_HA", "M_DFOA", "M_ATA", "I_RCUK", "D_SD", "D_FD", "S_OK")
)
_GOOD: Final = "1"
_WHO: Final = re.compile(r"\bsign|app_?key|签名|未授权|unauthori", re.IGNORECASE)  # how it says that the key is wrong


class _Scan(msgspec.Struct, rename="camel"):
    business_link_code: str | None = None
    occur_datetime: str | None = None
    occur_location: str | None = None
    tracking_content: str | None = None


class _Parcel(msgspec.Struct, rename="camel"):
    delivery_order_no: str | None = None
    tracking_list: list[msgspec.Raw] | None = None


class _Error(msgspec.Struct):
    error_code: str | None = None
    error_msg: str | None = None


class _Said(msgspec.Struct):
    result: str | int | None = None
    msg: str | None = None
    errors: list[_Error] | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")


def tracked(answer: Answer) -> Facts:
    """The parcel of an answer. Raises the Trouble that a bad answer is: 4PX says all of it in HTTP 200, and why in
    words only.
    """
    told = opened(answer, _Said)
    errors = (f"{one.error_code or ''} {one.error_msg or ''}" for one in told.errors or ())
    words = " ".join("; ".join((told.msg or "", *errors)).split()).strip("; ")
    status = answer.status
    if status == 200 and told.result is not None and str(told.result) != _GOOD:
        status = 401 if _WHO.search(words) else 400
    if problem := trouble(replace(answer, status=status), words, _META.label):
        raise problem
    data = decoded(answer, _Said, _META.label).data
    if told.result is None:
        raise broken(_META.label, "no result")
    empty = bytes(data) == b"null"
    found = _Parcel() if empty else decoded(replace(answer, body=bytes(data)), _Parcel, _META.label)
    numbers, raws = asked(answer), found.tracking_list or ()
    number, reader = numbers[0] if numbers else found.delivery_order_no or "", Reader("four_px")
    if not number:
        raise broken(_META.label, "no deliveryOrderNo")
    events = reader.scans(number, raws, lambda raw: _event(raw, reader), newest_first=None)
    return reader.facts([history(number, "fourpx", events, len(raws))])


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    found = msgspec.json.decode(raw, type=_Scan, strict=False)
    code, words = found.business_link_code or "", found.tracking_content or ""
    return scan(
        "four_px",
        when(found.occur_datetime or ""),
        reader.meaning(_EVENTS, code, words, language="en"),
        text=words,
        code=code,
        place=place(None, None, found.occur_location),
    )


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    body = msgspec.json.encode({"deliveryOrderNo": numbers[0].text})
    signed = {
        "app_key": account.settings.get("app_key", ""),
        "format": "json",
        "method": METHOD,
        "timestamp": str(int(account.now.timestamp() * 1000)),
        "v": "1.0.0",
    }
    told = "".join(f"{name}{value}" for name, value in sorted(signed.items()))
    written = f"{told}{body.decode()}{account.credentials.get('app_secret', '')}"
    sign = hashlib.md5(written.encode(), usedforsecurity=False).hexdigest()
    return Request(
        method="POST",
        url="https://open.4px.com/router/api/service",
        query=(*signed.items(), ("language", "en"), ("sign", sign)),
        headers={"content-type": "application/json;charset=utf-8"},
        body=body,
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracked,
    sample="4PX0000000000000CN",  # no parcel
    known_by="app_key",
    status=statuses(_EVENTS),
    unseen=frozenset(_EVENTS) - _SEEN,
)
