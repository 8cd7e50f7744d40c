"""Why there is no news about an order that somebody describes as JSON: read, asked, told. Needs no database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from doorstep.app.say import say
from doorstep.core.diagnosis import Finding, OrderFacts, ParcelFacts, diagnose, marketplace, marketplaces
from doorstep.core.message import Message

_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_LONGEST: Final = timedelta(days=3650)


class Unreadable(Exception):
    """The description cannot be read; ``message`` says where and why."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.message = Message(id="explain.wrong", values={"path": path, "why": why})


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """An order with its parcels. ``marketplace``: the code of where it was bought, '' = nowhere that protects."""

    order: OrderFacts
    parcels: tuple[ParcelFacts, ...] = ()
    marketplace: str = ""


def read(raw: bytes) -> Described:
    """The order that JSON describes. Raises Unreadable with the path of what is wrong:
    no JSON, a wrong type, an unknown field or marketplace, a time without offset or out of this century.
    """
    try:
        data = msgspec.json.decode(raw)
        described = msgspec.convert(data, Described)
    except msgspec.ValidationError as problem:
        why, _, path = str(problem).partition(" - at ")
        raise Unreadable(path.strip("`") or "$", why) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise Unreadable("$", f"not JSON ({problem})") from None
    for path, why in _faults("$", data, described):
        raise Unreadable(path, why)
    return replace(described, parcels=tuple(_named(one, n) for n, one in enumerate(described.parcels, 1)))


def explain(described: Described, now: datetime) -> list[dict[str, Any]]:
    """The findings as plain data with sentences, the surest first."""
    found = diagnose(described.order, described.parcels, now, marketplace(described.marketplace))
    return [told(one) for one in found]


def told(finding: Finding) -> dict[str, Any]:
    """One finding as plain data. What its dates go by is the last line of its evidence."""
    measure = (finding.measure,) if finding.measure else ()
    return {
        "cause": finding.cause.value,
        "confidence": finding.confidence.value,
        "who": finding.who.value,
        "next_at": finding.next_at.isoformat() if finding.next_at else None,
        "parcel": finding.parcel,
        "text": say(finding.message),
        "evidence": [say(one) for one in (*finding.evidence, *measure)],
        "advice": [say(one) for one in finding.advice],
    }


def _named(parcel: ParcelFacts, place: int) -> ParcelFacts:
    """The parcel with something to call it by."""
    return replace(parcel, ref=parcel.ref or parcel.number or str(place))


def _faults(path: str, said: Any, value: Any) -> Iterator[tuple[str, str]]:
    """What types do not tell: (path, what is wrong)."""
    if is_dataclass(value) and isinstance(said, Mapping):
        known = [field.name for field in fields(value)]
        yield from ((f"{path}.{name}", "no such field") for name in said if name not in known)
        for name in known:
            yield from _faults(f"{path}.{name}", said.get(name), getattr(value, name))
    elif isinstance(value, tuple):
        for n, one in enumerate(value):
            yield from _faults(f"{path}[{n}]", said[n] if said else None, one)
    elif path == "$.marketplace" and value and value not in marketplaces():
        yield path, f"none of {', '.join(marketplaces())}"
    else:
        why = _fault(value)
        if why:
            yield path, why


def _fault(value: object) -> str:
    """Why a single value cannot be, '' if it can."""
    if isinstance(value, datetime):
        return fault_of_time(value)
    if isinstance(value, timedelta) and not timedelta() < value <= _LONGEST:
        return "a length of time above zero and of ten years at most"
    return "not below zero" if isinstance(value, int) and value < 0 else ""


def fault_of_time(value: datetime) -> str:
    """Why a time cannot be used, '' if it can."""
    if value.tzinfo is None:
        return "a time with its offset, for example 2026-03-01T09:00:00Z"
    return "" if _FIRST <= value < _LAST else "a time between 2000 and 2100"
