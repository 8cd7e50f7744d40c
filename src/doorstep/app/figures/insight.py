"""How the ways do: transit times, kept promises, troubles, and how right our own estimates would have been.

**Parcels still under way count for what they are.** The share not there yet after so many days is Kaplan and Meier's
(``core.survival``): a parcel that has been under way for nine days says that it takes longer than nine, and nothing
else. P50 is the first time at which half are there, P85 that at which 85 of 100 are; a share that the curve has not
come down to is not known, and nothing is read beyond the longest time seen. Parcels that turned back or were called off
are left out, with their number. Times are rounded to the hour: the same parcels give the same figures everywhere.

**On time** is measured against the day that the carrier named last. Late is also what has not come though the day has
passed; what is not due yet is not counted. A carrier that moves its day looks better than it is: the page says so.

With fewer than ``ENOUGH`` parcels behind it no figure is given.
"""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, Final

from doorstep.app.figures import insight_rows, supplier_record
from doorstep.app.figures.insight_rows import ASTRAY, Asked, Way
from doorstep.core.advice import ENOUGH, Record
from doorstep.core.backtest import Report, TooFew, backtest
from doorstep.core.lane import Passage, Route
from doorstep.core.status import Status, closed
from doorstep.core.survival import Span, curve
from doorstep.db.models import Connection

AGAIN: Final = timedelta(minutes=10)
KEPT: Final = 200  # answers in memory
SHOWN: Final = 25  # rows of a table on the screen; a file has them all
REHEARSED: Final = 1500  # newest parcels
_HOUR, _DAY = 3600, 86_400  # seconds
_EPOCH: Final = date(1970, 1, 1)
_THURSDAY: Final = 3  # days of 1970's first week that are not of that year
_TINY: Final = 1e-9  # what multiplying shares may be off by
_TROUBLES: Final = frozenset(
    {Status.EXCEPTION, Status.ATTEMPT_FAILED, Status.RETURNING, Status.RETURNED, Status.EXPIRED, Status.CUSTOMS}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of the parcels that were handed over: ``delivered``, ``moving`` and ``astray`` ones. ``p50`` and ``p85`` in days,
    None = not known (yet). ``kept`` of ``due`` came by the day that the carrier named.
    """

    delivered: int
    moving: int
    astray: int
    p50: float | None
    p85: float | None
    due: int
    kept: int

    @property
    def parcels(self) -> int:
        return self.delivered + self.moving + self.astray

    @property
    def enough(self) -> bool:
        """Whether enough were delivered for a time."""
        return self.delivered >= ENOUGH

    @property
    def kept_share(self) -> float | None:
        """None = too few were due."""
        return self.kept / self.due if self.due >= ENOUGH else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table. ``key``: carrier code; carrier, origin and destination; supplier's name; first day of a
    week in ISO 8601. ``half`` and ``most``: the bar, in hundredths of the longest P85 of its table.
    """

    key: tuple[str, ...]
    figures: Figures
    half: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Parcels that stand in a trouble now. ``reason`` '' = the carrier did not say why. ``open``: not closed."""

    status: str
    reason: str
    parcels: int
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How often P85 held. ``late``: still under way, and past it. ``share`` None = too few."""

    came: int
    in_time: int
    late: int

    @property
    def of(self) -> int:
        return self.came + self.late

    @property
    def share(self) -> float | None:
        return self.in_time / self.of if self.of >= ENOUGH else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """Everything of the page, as of ``at``. ``parcels``: all; ``waiting``: those that nobody has yet. ``cut``: there
    are more, and the oldest are left out. ``report`` None = too few parcels to rehearse on.
    """

    at: datetime
    parcels: int
    waiting: int
    cut: bool
    all: Figures
    weeks: tuple[Row, ...]
    carriers: tuple[Row, ...]
    lanes: tuple[Row, ...]
    suppliers: tuple[Row, ...]
    records: tuple[tuple[str, Record], ...]
    troubles: tuple[Trouble, ...]
    report: Report | None
    held: Held | None


@dataclass(slots=True)
class _Sum:
    """Parcels of one group while they are counted; times in whole hours."""

    done: Counter[int] = field(default_factory=Counter)
    still: Counter[int] = field(default_factory=Counter)
    astray: int = 0
    due: int = 0
    kept: int = 0

    def add(self, way: Way, today: int) -> None:
        """Count a parcel. ``today``: in days since 1970."""
        if way.status in ASTRAY:
            self.astray += 1
            return
        assert way.handed is not None
        # Handed over later than it ended: somebody's clock is wrong, and it took no time.
        hours = max(0, (way.ended - way.handed + _HOUR // 2) // _HOUR)
        (self.done if way.delivered else self.still)[hours] += 1
        if way.due is None:
            return
        if way.delivered:
            self.due += 1
            self.kept += way.ended // _DAY <= way.due
        else:
            self.due += way.due < today

    def join(self, other: "_Sum") -> None:
        """Count the parcels of another group too."""
        self.done.update(other.done)
        self.still.update(other.still)
        self.astray += other.astray
        self.due += other.due
        self.kept += other.kept

    def figures(self) -> Figures:
        p50, p85 = self._quantiles()
        return Figures(
            delivered=self.done.total(),
            moving=self.still.total(),
            astray=self.astray,
            p50=p50,
            p85=p85,
            due=self.due,
            kept=self.kept,
        )

    def _quantiles(self) -> tuple[float | None, float | None]:
        if self.done.total() < ENOUGH:
            return None, None
        spans = [Span(hours, True, count) for hours, count in self.done.items()]
        # Whatever is still under way in an hour has outlived those that were delivered in it.
        found = curve([*spans, *(Span(hours + 0.5, False, count) for hours, count in self.still.items())])
        steps = list(zip(found.times, found.left, strict=True))
        half, most = (next((time for time, left in steps if left <= 1 - share + _TINY), None) for share in (0.5, 0.85))
        return _days(half), _days(most)


_kept: OrderedDict[tuple[int, Asked], Insight] = OrderedDict()
_met: OrderedDict[int, tuple[datetime, dict[str, list[str]]]] = OrderedDict()


def choices(ws: int, now: datetime) -> dict[str, list[Any]]:
    """What can be chosen from: stores and suppliers that are connected, carriers and countries that parcels have."""
    known = _met.get(ws)
    if known is None or abs(now - known[0]) >= AGAIN:
        known = _met[ws] = (now, insight_rows.met(ws))
        _met.move_to_end(ws)
        while len(_met) > KEPT:
            _met.popitem(last=False)
    return {**insight_rows.connected(ws), **known[1]}


def insight(ws: int, asked: Asked, now: datetime) -> Insight:
    """The figures of a workspace, made anew when they are older than ``AGAIN``."""
    known = _kept.get((ws, asked))
    if known and abs(now - known.at) < AGAIN:
        return known
    found = _kept[ws, asked] = _made(ws, asked, now)
    _kept.move_to_end((ws, asked))
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return found


def _made(ws: int, asked: Asked, now: datetime) -> Insight:
    ways = insight_rows.ways(ws, asked, now)
    handed = [one for one in ways if one.handed is not None]
    names = dict(Connection.objects.filter(ws=ws, kind="supplier").values_list("id", "label"))
    counted = _counted(handed, names, now)
    report = _rehearsed(handed)
    return Insight(
        at=now,
        parcels=len(ways),
        waiting=len(ways) - len(handed),
        cut=len(ways) == insight_rows.MOST,
        all=counted["all"][()].figures(),
        weeks=tuple(sorted(_rows(counted["weeks"]), key=lambda one: one.key)),
        carriers=_rows(counted["carriers"]),
        lanes=_rows(counted["lanes"]),
        suppliers=_rows(counted["suppliers"]),
        records=_records(ws, asked, names.get(asked.supplier, ""), now),
        troubles=_troubles(ways),
        report=report,
        held=_held(report) if report else None,
    )


def _counted(ways: Iterable[Way], names: dict[int, str], now: datetime) -> dict[str, dict[tuple[str, ...], _Sum]]:
    """Every parcel goes into its group of every table; what is a sum of groups is made from them."""
    weeks, lanes, bought = (
        defaultdict[int, _Sum](_Sum),
        defaultdict[tuple[str, ...], _Sum](_Sum),
        defaultdict[int, _Sum](_Sum),
    )
    today = int(now.timestamp()) // _DAY
    for one in ways:
        assert one.handed is not None
        weeks[(one.handed // _DAY + _THURSDAY) // 7].add(one, today)
        lanes[one.carrier, one.origin, one.destination].add(one, today)
        if one.supplier:
            bought[one.supplier].add(one, today)
    carriers, suppliers, whole = (
        defaultdict[tuple[str, ...], _Sum](_Sum),
        defaultdict[tuple[str, ...], _Sum](_Sum),
        _Sum(),
    )
    for key, some in lanes.items():
        carriers[key[:1]].join(some)
        whole.join(some)
    for supplier, some in bought.items():
        suppliers[names.get(supplier, ""),].join(some)
    mondays: dict[tuple[str, ...], _Sum] = {(_monday(week),): some for week, some in weeks.items()}
    return {"all": {(): whole}, "weeks": mondays, "carriers": carriers, "lanes": lanes, "suppliers": suppliers}


def _monday(week: int) -> str:
    """The first day of a week since 1970, in ISO 8601."""
    return (_EPOCH + timedelta(days=week * 7 - _THURSDAY)).isoformat()


def _rows(sums: dict[tuple[str, ...], _Sum]) -> tuple[Row, ...]:
    """Those with most parcels first."""
    made = sorted(((key, one.figures()) for key, one in sums.items()), key=lambda pair: (-pair[1].parcels, pair[0]))
    longest = max((one.p85 or one.p50 or 0.0 for _, one in made), default=0.0) or 1.0
    return tuple(
        Row(
            key=key, figures=one, half=round(100 * (one.p50 or 0) / longest), most=round(100 * (one.p85 or 0) / longest)
        )
        for key, one in made
    )


def _days(hours: float | None) -> float | None:
    return None if hours is None else round(hours * _HOUR / _DAY, 1)


def _records(ws: int, asked: Asked, only: str, now: datetime) -> tuple[tuple[str, Record], ...]:
    """The suppliers' scorecard (``supplier_record``): by store and supplier; no carrier or country stands behind it."""
    _, each = supplier_record.records(ws, asked.store, now, timedelta(days=asked.days))
    return tuple(one for one in each if not asked.supplier or one[0] == only)


def _troubles(ways: Iterable[Way]) -> tuple[Trouble, ...]:
    """By cause as it stands now, the most frequent first. A delivered parcel has no trouble any more."""
    all_, open_ = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for one in ways:
        if not one.delivered and (one.reason or one.status in _TROUBLES):
            all_[one.status, one.reason] += 1
            open_[one.status, one.reason] += not (closed(Status(one.status)) or one.status == Status.EXPIRED)
    ordered = sorted(all_.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Trouble(status=key[0], reason=key[1], parcels=count, open=open_[key]) for key, count in ordered)


def _rehearsed(ways: Sequence[Way]) -> Report | None:
    """The newest parcels with a carrier: what was known of the earlier ones, tried on the later ones."""
    recent = islice((one for one in ways if one.carrier and one.status not in ASTRAY), REHEARSED)
    try:
        return backtest(map(_passage, recent))
    except TooFew:
        return None


def _passage(way: Way) -> Passage:
    return Passage(
        route=Route(carrier=way.carrier, origin=way.origin, destination=way.destination),
        handed_over=_instant(way.handed),
        delivered=_instant(way.ended) if way.delivered else None,
    )


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _held(report: Report) -> Held:
    """Counts from shares; what is past its P85 without having come was not in time either."""
    tested = report.all.tested
    return Held(came=tested, in_time=round(report.all.inside * tested), late=report.late)
