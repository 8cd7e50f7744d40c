"""PostNL: the status of a shipment by its barcode (Shippingstatus v2), asked about one parcel at a time.

Source: PostNL's official SDK (shipping status), with its examples. A shipment has a status and the ones before it; the
codes whose meaning is known for certain are in the table, any other is read by its description. Times are by the clock
of the Netherlands, without an offset. One bad status never spoils an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import quote

import msgspec

from doorstep.connectors.asking import Asked
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Request
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    asked,
    broken,
    day,
    decoded,
    european,
    history,
    not_found,
    opened,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent, when
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Status

_META: Final = Meta(
    name="postnl",
    label="PostNL",
    hosts=frozenset({"api.postnl.nl"}),
    polls_per_minute=60,
    can=frozenset({Can.TRACK}),
    fields=(Field(name="api_key", label="API key", secret=True, help="Of production, with the Shippingstatus API."),),
    basis="PostNL's official SDK (shipping status v2), with its examples",
    docs="https://developer.postnl.nl/",
    carriers=frozenset({"post_nl"}),
    proven="vendor sample",
    steps=(
        "Sign in to Mijn PostNL as a business customer and ask for an API key.",
        "Make sure that the key may use the Shippingstatus API, and copy that of production.",
    ),
    limits=("One number in each question: a barcode of your own customer number.",),
    gaps=(
        "Only some of PostNL's status codes are in our table: the rest is read by its description.",
        "Times are told without an offset: their order is sure, their instants are not.",
    ),
)
_STATES: Final[Mapping[str, Meaning]] = {
    "1": Meaning(Status.INFO_RECEIVED),
    "2": Meaning(Status.PICKED_UP),
    "5": Meaning(Status.IN_TRANSIT),  # sorted
    "7": Meaning(Status.OUT_FOR_DELIVERY),
    "11": Meaning(Status.DELIVERED),
}
_NOTHING_FOUND: Final = "2"  # the code of a warning


class _State(msgspec.Struct, rename="pascal"):
    time_stamp: str | None = None
    status_code: str | None = None
    status_description: str | None = None


class _Shipment(msgspec.Struct, rename="pascal"):
    barcode: str | None = None
    delivery_date: str | None = None
    status: msgspec.Raw = msgspec.Raw(b"null")
    old_status: list[msgspec.Raw] | None = None


class _Status(msgspec.Struct, rename="pascal"):
    shipment: _Shipment | None = None


class _Warning(msgspec.Struct, rename="pascal"):
    message: str | None = None
    code: str | None = None


class _Fault(msgspec.Struct):
    faultstring: str | None = None


class _Said(msgspec.Struct):
    complete: _Status | None = msgspec.field(default=None, name="CompleteStatus")
    current: _Status | None = msgspec.field(default=None, name="CurrentStatus")
    warnings: list[_Warning] | None = msgspec.field(default=None, name="Warnings")
    fault: _Fault | None = None
    faultstring: str | None = None


def tracked(answer: Answer) -> Facts:
    """The shipment of an answer. Raises the Trouble that a bad answer is; that PostNL does not know the number is said
    of the number.
    """
    told, numbers = opened(answer, _Said), asked(answer)
    warnings = "; ".join(one.message or "" for one in told.warnings or ())
    words = warnings or told.faultstring or (told.fault.faultstring if told.fault else "") or ""
    if problem := trouble(answer, words, _META.label):
        raise problem
    found = decoded(answer, _Said, _META.label)
    shipment = next((one.shipment for one in (found.complete, found.current) if one and one.shipment), None)
    if shipment is None and _NOTHING_FOUND in {one.code for one in found.warnings or ()}:
        if not numbers and (problem := trouble(replace(answer, status=404), words, _META.label)):
            raise problem
        return Facts(tracks=tuple(not_found(number, words) for number in numbers))
    if shipment is None or not (number := numbers[0] if numbers else shipment.barcode or ""):
        raise broken(_META.label, words or "no shipment")
    raws = [one for one in (*(shipment.old_status or ()), shipment.status) if bytes(one) != b"null"]
    reader, eta = Reader("postnl"), day(european(shipment.delivery_date or ""))
    events = reader.scans(number, _once(raws), lambda raw: _event(raw, reader), newest_first=None)
    return reader.facts([history(number, "post_nl", events, len(_once(raws)), eta=(eta, eta))])


def _once(raws: Sequence[msgspec.Raw]) -> list[bytes]:
    """The status of now may be the last of those before, too."""
    return list(dict.fromkeys(bytes(raw) for raw in raws))


def _event(raw: bytes, reader: Reader) -> TrackingEvent:
    found = msgspec.json.decode(raw, type=_State, strict=False)
    code, words = found.status_code or "", found.status_description or ""
    return scan(
        "postnl",
        when(european(found.time_stamp or "")),
        reader.meaning(_STATES, code.lstrip("0"), words, language="en"),
        text=words,
        code=code,
    )


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    """``detail``: the statuses before this one, too."""
    return Request(
        method="GET",
        url=f"https://api.postnl.nl/shipment/v2/status/barcode/{quote(numbers[0].text, safe='')}",
        query=(("detail", "true"), ("language", "EN")),
        headers={"apikey": account.credentials.get("api_key", ""), "accept": "application/json"},
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracked,
    sample="3SDEVC172649258",  # of PostNL's own documentation
    known_by="api_key",
    status=statuses(_STATES),
)
