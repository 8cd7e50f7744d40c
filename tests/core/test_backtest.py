"""How right estimates would have been, without learning from what came after."""

import statistics
from dataclasses import replace

import pytest

from doorstep.core.backtest import TooFew, backtest
from tests.core.ways import DAY, INLAND, MONDAY, parcel, parcels


def test_an_even_lane_is_estimated_well():
    reports = [backtest([*parcels(200, seed=n), *parcels(200, took=2, route=INLAND, seed=100 + n)]) for n in range(4)]
    assert 0.8 <= statistics.mean(one.all.inside for one in reports) <= 0.9
    for report in reports:
        assert report.all.tested == 120
        assert report.all.off_mean < report.naive.off_mean / 2
        assert [name for name, _ in report.carriers] == ["dhl", "gls"]
        assert sum(score.tested for _, score in report.lanes) == 120


def test_the_order_of_rows_does_not_matter():
    assert backtest(parcels(80)) == backtest(reversed(parcels(80)))


def test_nothing_is_learned_from_what_came_after_the_split():
    report = backtest([*parcels(70, took=60, spread=0), *[parcel(70 + n, 1.0) for n in range(30)]])
    assert report.split == MONDAY + 70 * DAY
    assert report.learned == 70
    assert report.delivered == 11  # handed over on days 0 to 10
    assert report.all.inside == 1.0


def test_what_was_not_delivered_is_counted_and_not_judged():
    made = parcels(100)
    lost = {70, 99}
    report = backtest([replace(one, delivered=None) if n in lost else one for n, one in enumerate(made)])
    assert (report.all.tested, report.open, report.late) == (28, 2, 1)


@pytest.mark.parametrize(
    "some",
    [
        [],
        [parcel(0, 1.0)],
        [parcel(n) for n in range(20)],
        [parcel(n, 50.0) for n in range(20)],
        [parcel(n, 1.0 if n < 14 else None) for n in range(20)],
        [parcel(0, 1.0)] * 20,
    ],
)
def test_too_little_is_said_to_be_too_little(some):
    with pytest.raises(TooFew):
        backtest(some)
