"""What PayPal made of numbers that it was given: of ``trackers-batch``, number by number.

Sources: PayPal's OpenAPI file of Shipment Tracking 1.6. An answer of 200 may take some numbers and decline others; an
error points at its number by JSON pointer (``/trackers/3/carrier``), or repeats its value. The names of the issues are
not listed there, so they are read by what they are about, and by the field that they point at.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeVar

import msgspec

from doorstep.connectors.answers import SAID_AT_MOST, convert, payload, retry_after
from doorstep.connectors.contract import Answer, Broken, Busy, Denied, Payment, Refused, Synced, Trouble
from doorstep.core.message import Message

T = TypeVar("T")
State = Literal["synced", "pending", "no_transaction", "invalid_number", "unknown_carrier", "refused"]
SCOPE: Final = "https://uri.paypal.com/services/shipping/trackers/readwrite"
_POINTER: Final = re.compile(r"/?trackers[/\[]([0-9]{1,3})")
_BUSY: Final = frozenset({429, 503})
_LATER: Final = ("INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE", "RATE_LIMIT")
# The first that an issue contains says what is wrong.
_ISSUES: Final[tuple[tuple[str, State], ...]] = (
    ("ALREADY", "synced"),
    ("DUPLICATE", "synced"),
    ("TRANSACTION", "no_transaction"),
    ("CAPTURE", "no_transaction"),
    ("CARRIER", "unknown_carrier"),
    ("TRACKING_NUMBER", "invalid_number"),
)
_FIELDS: Final[Mapping[str, State]] = {
    "transaction_id": "no_transaction",
    "tracking_number": "invalid_number",
    "carrier": "unknown_carrier",
    "carrier_name_other": "unknown_carrier",
}


class _Detail(msgspec.Struct):
    field: str | None = None
    value: str | int | None = None
    issue: str | None = None
    description: str | None = None


class _Error(msgspec.Struct):
    name: str | None = None
    message: str | None = None
    details: list[_Detail] | None = None


class _Taken(msgspec.Struct):
    transaction_id: str | None = None
    tracking_number: str | None = None


class Collection(msgspec.Struct):
    """The answer to a batch: what was taken, and what was not."""

    tracker_identifiers: list[_Taken] | None = None
    errors: list[_Error] | None = None


class _Scopes(msgspec.Struct):
    scope: str | None = None


class _Said(_Error):
    error: str | None = None  # of the token endpoint (RFC 6749, 5.2)
    error_description: str | None = None


def collection(answer: Answer) -> Collection:
    """A good answer. Raises the Trouble that a bad one is."""
    if problem := trouble(answer):
        raise problem
    return _fit(answer, Collection)


def synced(found: Collection, payments: Sequence[Payment]) -> dict[str, Synced]:
    """The state of each payment by its key. What PayPal took and what it declined; of what it says nothing, or only
    that it failed itself, the state is pending.
    """
    told: dict[str, Synced] = {}
    for error in found.errors or ():
        for detail in error.details or [_Detail()]:
            for one in _meant(detail, payments):
                told[one.key] = Synced(key=one.key, state=_state(error, detail), said=_words(error, detail))
    taken = {(one.transaction_id, one.tracking_number) for one in found.tracker_identifiers or ()}
    for one in payments:
        if (one.transaction, one.number) in taken:
            told[one.key] = Synced(key=one.key, state="synced")
        told.setdefault(one.key, Synced(key=one.key, state="pending"))
    return told


def declined(answer: Answer, payment: Payment, refused: Refused) -> dict[str, Synced]:
    """The state of the one payment of a call that was declined as a whole."""
    error = _error(answer)
    detail = next(iter(error.details or ()), _Detail())
    state = _state(error, detail)
    return {payment.key: Synced(key=payment.key, state=state, said=_words(error, detail) or refused.said)}


def may_write(answer: Answer) -> None:
    """Raises Denied where a token says what it is for, and tracking is not among it."""
    scopes = (_fit(answer, _Scopes).scope or "").split()
    if scopes and SCOPE not in scopes:
        raise Denied("no scope for tracking", message=Message(id="paypal.no_scope"))


def trouble(answer: Answer) -> Trouble | None:
    """What the HTTP status means, in words for the merchant; None for 2xx."""
    status = answer.status
    if 200 <= status < 300:
        return None
    error = _error(answer)
    detail = next(iter(error.details or ()), _Detail())
    said = f"{status} {error.error_description or error.error or _words(error, detail)}".strip()[:SAID_AT_MOST]
    if status in _BUSY:
        return Busy(said, retry_after=retry_after(answer), message=Message(id="paypal.busy"))
    if status in {401, 403}:
        sentence = "paypal.no_scope" if status == 403 else "paypal.denied"
        return Denied(said, message=Message(id=sentence, values={"said": said}))
    if 400 <= status < 500:
        return Refused(said, message=Message(id="paypal.refused", values={"said": said}))
    return Broken(said, message=Message(id="paypal.broken", values={"said": said}))


def _meant(detail: _Detail, payments: Sequence[Payment]) -> list[Payment]:
    """Whom an error is about: the place it points at, else who has the value that it repeats, else nobody but the one
    that there is.
    """
    pointer = _POINTER.match(detail.field or "")
    if pointer and int(pointer[1]) < len(payments):
        return [payments[int(pointer[1])]]
    value = str(detail.value or "")
    same = [one for one in payments if value and value in {one.transaction, one.number}]
    return same or (list(payments) if len(payments) == 1 else [])


def _state(error: _Error, detail: _Detail) -> State:
    name, issue = (error.name or "").upper(), (detail.issue or "").upper()
    if name.startswith(_LATER):
        return "pending"
    for word, state in _ISSUES:
        if word in issue:
            return state
    field = re.split(r"[/.]", detail.field or "")[-1]
    if field in _FIELDS:
        return _FIELDS[field]
    return "no_transaction" if name == "RESOURCE_NOT_FOUND" else "refused"


def _words(error: _Error, detail: _Detail) -> str:
    """The issue and its description, else the error's name and message."""
    words = (detail.issue, detail.description) if detail.issue else (error.name, error.message)
    return " ".join(word for word in words if word)[:SAID_AT_MOST]


def _error(answer: Answer) -> _Said:
    try:
        return msgspec.convert(payload(answer), _Said, strict=False)
    except (Broken, msgspec.ValidationError):
        return _Said()


def _fit(answer: Answer, shape: type[T]) -> T:
    try:
        return convert(payload(answer), shape)
    except Broken as problem:
        raise Broken(problem.said, message=Message(id="paypal.broken", values={"said": problem.said})) from problem
