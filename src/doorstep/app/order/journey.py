"""The way of a parcel as a drawing: from country to country, on a map of our own.

The outline of the land and the middle of each country's largest part (``journey_places.csv``) are made from Natural
Earth's public-domain data (1:110m and 1:50m), simplified. A scan is placed only where its words name a country; the way
between two countries is not known and drawn straight. Nothing is asked of anybody.
"""

import csv
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from doorstep.app.order.parcel_view import Seen
from doorstep.app.say import ENGLISH, spoken
from doorstep.core.lane import Route
from doorstep.core.status import Status

WORLD: Final = 720  # units around the earth: half a degree each
TOP: Final = 84  # degrees north at the upper edge
HIGH: Final = 290  # units from there to the lower edge
_RATIO: Final = 2.5  # width to height
_LEAST: Final = 180  # units; a map of one street would be a lie
_AROUND: Final = 36
_MOST: Final = 9  # stops; the oldest are left out
# Whoever says one of these of a parcel has it where its buyer lives, whether or not the place is named.
_THERE: Final = frozenset(
    {
        Status.ARRIVED.value,
        Status.OUT_FOR_DELIVERY.value,
        Status.AVAILABLE_FOR_PICKUP.value,
        Status.ATTEMPT_FAILED.value,
        Status.DELIVERED.value,
    }
)
# Countries whose states or provinces are written with two letters too: those of them that also are a country's.
_STATES: Final = frozenset(
    (country, code)
    for country, codes in (
        ("US", "AL AR AZ CA CO DE GA ID IL IN KY LA MA MD ME MN MO MS MT NC NE PA SC SD TN VA PR"),
        ("CA", "NL PE SK NU"),
        ("AU", "SA"),
        ("BR", "AL AM BA ES MA MG MS MT PA PE PR RO RS SC SE TO"),
        ("IN", "AR AS BR CH GA HR LA ML MN MZ NL PY SK TN TR"),
        ("IT", "AG AL AO AR AT BA BG BI BN BO BR BS BZ CA CH CL CN CO CR CZ FI FM FR GE GR IM IS KR LC LI LT LU MC ME"),
        ("IT", "MN MO MS MT NA NO PA PE PG PN PR PT RE RO SA SI SO SR SS SV TN TO TR TV VA VC VE VI"),
    )
    for code in codes.split()
)  # fmt: skip
_DIVIDED: Final = frozenset(country for country, _ in _STATES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A country on the way, in units of the map. ``reached``: the parcel has been there; ``here``: it is there now."""

    country: str
    name: str
    x: float
    y: float
    reached: bool
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """What is drawn: ``box`` is the part of the map (x, y, width, height), ``lands`` where the outline is repeated in
    it, ``went`` and ``ahead`` are lines ('' = none), ``dot`` the size of a stop.
    """

    stops: tuple[Stop, ...]
    box: tuple[int, int, int, int]
    lands: tuple[int, ...]
    went: str
    ahead: str
    dot: float


def journey(parcel: Seen) -> Journey | None:
    """The way as far as it is known; None where fewer than two countries are."""
    been, goal = _countries(parcel)
    stops = tuple(_placed(been[-_MOST:], goal))
    if len(stops) < 2:
        return None
    box = _box(stops)
    reached = [one for one in stops if one.reached]
    return Journey(
        stops=stops,
        box=box,
        lands=tuple(at for at in (-WORLD, 0, WORLD) if box[0] < at + WORLD + 24 and box[0] + box[2] > at),
        went=_line(reached) if len(reached) > 1 else "",
        ahead=_line(stops[len(reached) - 1 :]) if reached and len(reached) < len(stops) else "",
        dot=round(box[2] / 90, 1),
    )


def country_of(place: str, way: Route) -> str:
    """The country that the words of a place name last, '' = none for certain. Two letters are none where they may be a
    state of the country that the parcel comes from or goes to; an end that is not known may be any.
    """
    last = place.rpartition(",")[2].strip()
    if len(last) == 2 and last.isascii() and last.isupper() and last in _middles():
        ends = {way.origin, way.destination}
        divided = _DIVIDED if "" in ends else _DIVIDED & ends
        return "" if any((one, last) in _STATES for one in divided) else last
    return _by_name().get(last.casefold(), "")


def _countries(parcel: Seen) -> tuple[list[str], str]:
    """Those it has been to, each change once, and the one that it goes to, '' = it is there, or nobody knows."""
    way = parcel.way
    named = (
        country_of(one.place, way) for one in reversed(parcel.scans) if not (one.stranger or one.ahead or one.again)
    )
    been: list[str] = []
    for one in (way.origin, *named, way.destination if parcel.status in _THERE else ""):
        if one in _middles() and (not been or been[-1] != one):
            been.append(one)
    open_ = not parcel.closed and way.destination in _middles() and been[-1:] != [way.destination]
    return been, way.destination if open_ and been else ""


def _placed(been: Sequence[str], goal: str) -> Iterator[Stop]:
    """Each next to the one before it, whichever way around the earth is shorter."""
    names, last = _names(spoken()), None
    for at, country in enumerate((*been, *filter(None, [goal]))):
        latitude, longitude = _middles()[country]
        x = (longitude + 180) * WORLD / 360
        if last is not None:
            x += WORLD * round((last - x) / WORLD)
        last = x
        y = min(max((TOP - latitude) * WORLD / 360, 4.0), HIGH - 4.0)
        reached = at < len(been)
        yield Stop(
            country=country,
            name=names.get(country, country),
            x=round(x, 1),
            y=round(y, 1),
            reached=reached,
            here=at == len(been) - 1,
        )


def _box(stops: Sequence[Stop]) -> tuple[int, int, int, int]:
    left, right = min(one.x for one in stops) - _AROUND, max(one.x for one in stops) + _AROUND
    top, bottom = min(one.y for one in stops) - _AROUND, max(one.y for one in stops) + _AROUND
    width = min(max(right - left, (bottom - top) * _RATIO, _LEAST), HIGH * _RATIO)
    height = width / _RATIO
    x = (left + right - width) / 2
    y = min(max((top + bottom - height) / 2, 0), HIGH - height)
    return round(x), round(y), round(width), round(height)


def _line(stops: Sequence[Stop]) -> str:
    """Bent a little upwards, so that a way back does not hide the way there."""
    parts = [f"M{stops[0].x} {stops[0].y}"]
    for one, other in pairwise(stops):
        rise = abs(other.x - one.x) / 8
        parts.append(f"Q{(one.x + other.x) / 2:.1f} {(one.y + other.y) / 2 - rise:.1f} {other.x} {other.y}")
    return "".join(parts)


@functools.cache
def _middles() -> Mapping[str, tuple[float, float]]:
    """(latitude, longitude) by ISO 3166-1 alpha-2 code."""
    with Path(__file__).with_name("journey_places.csv").open(encoding="utf-8", newline="") as file:
        return {row["country"]: (float(row["latitude"]), float(row["longitude"])) for row in csv.DictReader(file)}


@functools.cache
def _names(language: str) -> Mapping[str, str]:
    """What countries are called (CLDR)."""
    from babel import Locale  # noqa: PLC0415 - takes time to load

    return dict(Locale.parse(language, sep="-").territories)


@functools.cache
def _by_name() -> Mapping[str, str]:
    """By the English name, folded: that is how carriers write countries."""
    return {name.casefold(): code for code, name in _names(ENGLISH).items() if code in _middles()}
