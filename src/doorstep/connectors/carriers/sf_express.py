"""SF Express: the route query of its open platform (Fengqiao), asked about one parcel at a time.

Source: SF's documentation of the platform (common parameters, signature, EXP_RECE_SEARCH_ROUTES). The answer is JSON
with JSON inside. Times are by the clock of China's mainland or of the place, without an offset: SF does not say which.
One bad scan never spoils an answer.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import quote_plus, urlencode

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.asking import Asked
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Request
from doorstep.connectors.scans import Meaning, Reader, asked, broken, decoded, history, opened, scan, statuses, trouble
from doorstep.core.event import TrackingEvent, when
from doorstep.core.number import TrackingNumber
from doorstep.core.order import Track
from doorstep.core.status import Status

SERVICE: Final = "EXP_RECE_SEARCH_ROUTES"
_META: Final = Meta(
    name="sf_express",
    label="SF Express",
    hosts=frozenset({"sfapi.sf-express.com"}),
    polls_per_minute=60,
    can=frozenset({Can.TRACK}),
    fields=(
        Field(
            name="partner_id", label="Customer code", help="The partnerID of your application at SF's open platform."
        ),
        Field(name="check_word", label="Check word", secret=True, help="That of production, not of the sandbox."),
    ),
    basis="SF's documentation of its open platform, with its own example of a signature",
    docs="https://open.sf-express.com/",
    carriers=frozenset({"sf_express"}),
    keys=frozenset({"phone"}),
    proven="documented only",
    steps=(
        "Register at open.sf-express.com as a customer of SF and create an application.",
        "Associate the route query (EXP_RECE_SEARCH_ROUTES) with it and have it set online.",
        "Copy the customer code and the check word of production.",
    ),
    limits=(
        "One number in each question.",
        "Parcels that you did not send yourself are told only with the last four digits of a phone number.",
    ),
    gaps=("SF does not say whose clock its times are of: their instants are not taken.",),
)
_EVENTS: Final[Mapping[str, Meaning]] = {
    "50": Meaning(Status.PICKED_UP),
    "30": Meaning(Status.IN_TRANSIT),
    "31": Meaning(Status.IN_TRANSIT),
    "36": Meaning(Status.IN_TRANSIT),
    "44": Meaning(Status.OUT_FOR_DELIVERY),
    "204": Meaning(Status.OUT_FOR_DELIVERY),
    "33": Meaning(Status.ATTEMPT_FAILED),
    "70": Meaning(Status.ATTEMPT_FAILED),
    "80": Meaning(Status.DELIVERED),
    "99": Meaning(Status.RETURNING),
    "648": Meaning(Status.RETURNING),
}
# What SF answers in HTTP 200, as the HTTP status that it would have elsewhere.
_RESULTS: Final[Mapping[str, int]] = {
    "A1000": 200,
    "A1002": 401,  # a token that is over
    "A1003": 403,  # an address that is not allowed
    "A1004": 403,  # a service that is not associated
    "A1005": 429,
    "A1006": 401,  # a signature that does not fit
    "A1009": 503,
    "A1099": 500,
}


class _Scan(msgspec.Struct, rename="camel"):
    accept_time: str | None = None
    accept_address: str | None = None
    op_code: str | None = None
    remark: str | None = None


class _Route(msgspec.Struct, rename="camel"):
    mail_no: str
    routes: list[msgspec.Raw] | None = None


class _Routes(msgspec.Struct, rename="camel"):
    route_resps: list[msgspec.Raw] | None = None


class _Inner(msgspec.Struct, rename="camel"):
    success: bool | None = None
    error_code: str | None = None
    error_msg: str | None = None
    msg_data: _Routes | None = None


class _Said(msgspec.Struct, rename="camel"):
    api_result_code: str | None = None
    api_error_msg: str | None = None
    api_result_data: str | None = None


def tracked(answer: Answer) -> Facts:
    """The parcels of an answer; one without a single scan is one that SF does not know, or does not tell of. Raises the
    Trouble that a bad answer is.
    """
    told = opened(answer, _Said)
    code, inside = told.api_result_code or "", (told.api_result_data or "").encode()
    inner = opened(replace(answer, body=inside), _Inner)
    words = f"{code} {told.api_error_msg or ''} {inner.error_code or ''} {inner.error_msg or ''}"
    refused = code == "A1000" and inner.success is False
    status = answer.status if answer.status != 200 or not code else 400 if refused else _RESULTS.get(code, 400)
    if problem := trouble(replace(answer, status=status), " ".join(words.split()), _META.label):
        raise problem
    if not code:
        decoded(answer, _Said, _META.label)
        raise broken(_META.label, "no apiResultCode")
    found = decoded(replace(answer, body=inside), _Inner, _META.label).msg_data
    if found is None or found.route_resps is None:
        raise broken(_META.label, "no routeResps")
    reader, numbers = Reader("sf_express"), asked(answer)
    return reader.facts(reader.each(found.route_resps, _Route, lambda route: _track(route, numbers, reader)))


def _track(route: _Route, numbers: Sequence[str], reader: Reader) -> Track:
    number = numbers[0] if len(numbers) == 1 else route.mail_no
    raws = route.routes or ()
    events = reader.scans(number, raws, lambda raw: _event(raw, reader), newest_first=None)
    return history(number, "sf_express", events, len(raws))


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    found = msgspec.json.decode(raw, type=_Scan, strict=False)
    code, words = found.op_code or "", found.remark or ""
    return scan(
        "sf_express",
        when(found.accept_time or ""),
        reader.meaning(_EVENTS, code, words),
        text=words,
        code=code,
        place=place(None, None, found.accept_address),
    )


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    """``language`` 1 is English. The digits of the phone are part of what is signed."""
    phone = "".join(filter(str.isdigit, numbers[0].keys.get("phone", "")))[-4:]
    wish = {"language": "1", "trackingType": "1", "trackingNumber": [numbers[0].text], "methodType": "1"}
    message = msgspec.json.encode({**wish, **({"checkPhoneNo": phone} if phone else {})}).decode()
    at, partner = str(int(account.now.timestamp() * 1000)), account.settings.get("partner_id", "")
    form = {
        "partnerID": partner,
        "requestID": hashlib.sha256(f"{partner};{at};{message}".encode()).hexdigest()[:32],
        "serviceCode": SERVICE,
        "timestamp": at,
        "msgDigest": digest(message, at, account.credentials.get("check_word", "")),
        "msgData": message,
    }
    return Request(
        method="POST",
        url="https://sfapi.sf-express.com/std/service",
        headers={"content-type": "application/x-www-form-urlencoded; charset=UTF-8"},
        body=urlencode(form).encode(),
    )


def digest(message: str, at: str, check_word: str) -> str:
    """MD5 over the message, the time in milliseconds and the check word, written as Java writes a form."""
    written = quote_plus(f"{message}{at}{check_word}", safe="*").replace("~", "%7E")
    return base64.b64encode(hashlib.md5(written.encode(), usedforsecurity=False).digest()).decode()


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracked,
    sample="SF0000000000000",  # no parcel
    known_by="partner_id",
    status=statuses(_EVENTS),
    unseen=frozenset({"36", "70", "99", "204", "648"}),
)
