"""The tables of insight as lines of a spreadsheet: all rows, and figures as numbers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from doorstep.app.figures.insight import Figures, Insight, Row
from doorstep.app.say import text
from doorstep.app.spread import Cell
from doorstep.core.advice import Record
from doorstep.core.backtest import Score
from doorstep.core.number import carrier as known_carrier
from doorstep.core.number import carrier_named

Line = Sequence[Cell]
_FIGURES: Final = ("parcels", "delivered", "moving", "astray", "p50", "p85", "due", "kept", "kept_share")
_RECORD: Final = ("bought", "number_h", "numbered", "scan_h", "timed", "numbers", "never", "replaced")
_SCORE: Final = ("tested", "inside", "off")


def table(found: Insight, name: str) -> tuple[list[str], Iterator[Line]]:
    """(titles, lines) of one table; KeyError where there is none of that name."""
    columns, lines = TABLES[name]
    return [text(f"insight.col.{one}") for one in columns], lines(found)


def shown_carrier(code: str) -> str:
    """What a carrier is called; an unknown code as it is, none as a word."""
    if not code:
        return text("insight.no_carrier")
    return known_carrier(code).name if carrier_named(code) else code


def _figures(one: Figures) -> Line:
    share = None if one.kept_share is None else round(one.kept_share, 4)
    return (one.parcels, one.delivered, one.moving, one.astray, one.p50, one.p85, one.due, one.kept, share)


def _by(rows: Callable[[Insight], Sequence[Row]], *, carrier: bool) -> Callable[[Insight], Iterator[Line]]:
    """``carrier``: the key begins with one."""

    def lines(found: Insight) -> Iterator[Line]:
        for row in rows(found):
            first = shown_carrier(row.key[0]) if carrier else row.key[0]
            yield (first, *row.key[1:], *_figures(row.figures))

    return lines


def _records(found: Insight) -> Iterator[Line]:
    for name, one in found.records:
        yield (name, *_record(one))


def _record(one: Record) -> Line:
    return (one.bought, one.number_h, one.numbered, one.scan_h, one.timed, one.parcels, one.never, one.replaced)


def _troubles(found: Insight) -> Iterator[Line]:
    for one in found.troubles:
        reason = text(f"status.reason.{one.reason}") if one.reason else ""
        yield (text(f"status.{one.status}"), reason, one.parcels, one.open)


def _estimates(found: Insight) -> Iterator[Line]:
    for route, score in found.report.lanes if found.report else ():
        yield (shown_carrier(route.carrier), route.origin, route.destination, *_score(score))


def _score(one: Score) -> Line:
    return (one.tested, round(one.inside, 4), round(one.off, 2))


TABLES: Final[Mapping[str, tuple[tuple[str, ...], Callable[[Insight], Iterator[Line]]]]] = {
    "weeks": (("week", *_FIGURES), _by(lambda one: one.weeks, carrier=False)),
    "carriers": (("carrier", *_FIGURES), _by(lambda one: one.carriers, carrier=True)),
    "lanes": (("carrier", "origin", "destination", *_FIGURES), _by(lambda one: one.lanes, carrier=True)),
    "suppliers": (("supplier", *_FIGURES), _by(lambda one: one.suppliers, carrier=False)),
    "numbers": (("supplier", *_RECORD), _records),
    "troubles": (("status", "reason", "parcels", "open"), _troubles),
    "estimates": (("carrier", "origin", "destination", *_SCORE), _estimates),
}
