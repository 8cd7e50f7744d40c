"""Figures about ways: honest about what is still under way, and about how little is known."""

import io
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from doorstep.app import clock, spread
from doorstep.app.figures import insight, insight_tables
from doorstep.app.figures.insight import Insight, _Sum
from doorstep.app.figures.insight_rows import Asked
from doorstep.db.models import Connection
from tests.app.insight_parcels import Sent, send
from tests.app.ledger import Ledger, ledger

pytestmark = pytest.mark.django_db


@pytest.fixture
def one() -> Ledger:
    insight._kept.clear()
    insight._met.clear()
    return ledger()


def figures(one: Ledger, *sent: Sent, asked: Asked | None = None) -> Insight:
    now = clock.now()
    send(one.ws, now, sent)
    return insight.insight(one.ws, asked or Asked(), now)


def test_without_parcels_nothing_is_said(one):
    found = figures(one)
    assert (found.parcels, found.all.parcels, found.carriers, found.report, found.held) == (0, 0, (), None, None)


def test_too_few_parcels_give_no_figure(one):
    found = figures(one, *[Sent(ago=20, took=5, due=clock.now().date())] * 9)
    assert (found.all.delivered, found.all.p50, found.all.p85, found.all.kept_share) == (9, None, None, None)
    assert not found.all.enough


def test_what_is_still_under_way_makes_the_way_longer(one):
    done = [Sent(ago=40, took=days) for days in range(1, 21)]
    alone = figures(one, *done).all
    insight._kept.clear()
    with_slow = figures(one, *[Sent(ago=30)] * 20).all
    assert (alone.p50, alone.moving) == (10.0, 0)
    assert with_slow.moving == 20
    assert with_slow.p50 is not None and with_slow.p50 == 20.0
    assert with_slow.p85 is None  # half are not there yet: nobody knows when 85 of 100 are


def test_what_turned_back_is_counted_apart(one):
    found = figures(one, *[Sent(ago=9, took=3)] * 10, Sent(ago=60, status="returned", took=50, reason="refused"))
    assert (found.all.p50, found.all.p85, found.all.astray, found.all.parcels) == (3.0, 3.0, 1, 11)
    assert [(row.status, row.reason, row.parcels, row.open) for row in found.troubles] == [
        ("returned", "refused", 1, 0)
    ]


def test_on_time_counts_what_is_due(one):
    today = clock.now().date()
    late, soon = today - timedelta(days=2), today + timedelta(days=2)
    in_time = [Sent(ago=9, took=3, due=today)] * 6
    too_late = [Sent(ago=9, took=8, due=today - timedelta(days=5))] * 3
    found = figures(one, *in_time, *too_late, Sent(ago=9, due=late), Sent(ago=9, due=soon), Sent(ago=9)).all
    assert (found.kept, found.due, found.kept_share) == (6, 10, 0.6)


def test_tables_are_by_carrier_lane_supplier_and_week(one):
    mine = [Sent(ago=8, took=4, supplier=one.supplier.id)] * 10
    found = figures(one, *mine, *[Sent(ago=8, took=8, carrier="dhl", destination="PT")] * 12, Sent(ago=1, carrier=""))
    assert [(row.key, row.figures.parcels) for row in found.carriers] == [(("dhl",), 12), (("usps",), 10), (("",), 1)]
    assert [row.key for row in found.lanes][:2] == [("dhl", "CN", "PT"), ("usps", "CN", "US")]
    assert [(row.key, row.figures.p50) for row in found.suppliers] == [(("Cjdropshipping",), 4.0)]
    assert [(row.half, row.most) for row in found.carriers] == [(100, 100), (50, 50), (0, 0)]
    assert sum(row.figures.parcels for row in found.weeks) == 23
    assert [name for name, _ in found.records] == []


@pytest.mark.parametrize(
    ("asked", "parcels"),
    [({}, 5), ({"days": 30}, 4), ({"store": 2}, 1), ({"carrier": "dhl"}, 1), ({"country": "PT"}, 1)],
)
def test_filters_choose_the_parcels(one, asked, parcels):
    sent = [Sent(ago=50), Sent(ago=3), Sent(ago=3, store=2), Sent(ago=3, carrier="dhl"), Sent(ago=3, destination="PT")]
    assert figures(one, *sent, asked=Asked(**asked)).parcels == parcels


def test_supplier_is_a_filter_of_its_scorecard_too(one):
    send(one.ws, clock.now(), [Sent(ago=3, supplier=one.supplier.id), Sent(ago=3)])
    assert figures(one, asked=Asked(supplier=one.supplier.id)).parcels == 1
    now = clock.now()
    assert one.supplier in insight.choices(one.ws, now)["suppliers"]
    send(one.ws, now, [Sent(ago=3, destination="PT")])
    assert insight.choices(one.ws, now)["countries"] == ["US"]  # as it was minutes ago
    assert insight.choices(one.ws, now + insight.AGAIN)["countries"] == ["PT", "US"]


def test_parcel_of_two_orders_counts_once(one):
    from doorstep.db.models import ParcelLine

    send(one.ws, clock.now(), [Sent(ago=3), Sent(ago=3)])
    first, second = ParcelLine.objects.filter(ws=one.ws).order_by("id")
    ParcelLine.objects.create(ws=one.ws, parcel_id=first.parcel_id, order_id=second.order_id, qty=1)
    assert figures(one).parcels == 2


def test_estimates_are_tried_on_the_own_past(one):
    found = figures(one, *[Sent(ago=80 - day, took=5 + day % 3) for day in range(60)])
    assert found.report is not None and found.held is not None
    assert found.held.of == found.held.came + found.held.late >= 10
    assert found.held.share is not None and found.held.share > 0.7


def test_figures_are_kept_for_minutes_and_for_few(one, monkeypatch):
    now = clock.now()
    before = insight.insight(one.ws, Asked(), now)
    assert insight.insight(one.ws, Asked(), now + timedelta(minutes=9)) is before
    assert insight.insight(one.ws, Asked(), now + timedelta(minutes=11)) is not before
    monkeypatch.setattr(insight, "KEPT", 1)
    insight.insight(one.ws, Asked(days=30), now)
    insight.choices(one.ws, now)
    insight.choices(one.ws + 1, now)
    assert [asked.days for _, asked in insight._kept] == [30] and list(insight._met) == [one.ws + 1]


def test_every_table_is_a_file_and_runs_nothing(one):
    Connection.objects.filter(id=one.supplier.id).update(label="=HYPERLINK(1)")
    sent = [Sent(ago=80 - day, took=5 + day % 3, supplier=one.supplier.id) for day in range(60)]
    stuck = Sent(ago=5, status="exception", reason="damaged", carrier="own", due=clock.now().date())
    found = figures(one, *sent, stuck, Sent(ago=5, status="customs"))
    for name in insight_tables.TABLES:
        titles, lines = insight_tables.table(found, name)
        lines = list(lines)
        assert (lines and all(len(line) == len(titles) for line in lines)) or name == "numbers"
    titles, lines = insight_tables.table(found, "suppliers")
    text = b"".join(spread.csv(titles, lines)).decode("utf-8-sig")
    assert text.splitlines()[1].startswith("'=HYPERLINK(1),60,60,0,0,")
    titles, lines = insight_tables.table(found, "lanes")
    book = load_workbook(io.BytesIO(spread.xlsx("Lanes", titles, lines)))
    assert [cell.value for cell in book.active[1]][:3] == ["Carrier", "From", "To"]
    assert ["own", "CN", "US"] in [[cell.value for cell in row][:3] for row in book.active.iter_rows(min_row=2)]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # how fast it is depends on the machine
@given(st.lists(st.tuples(st.integers(0, 900), st.booleans()), min_size=1, max_size=30))
def test_quantiles_are_in_order_and_never_beyond_what_was_seen(times):
    sums = _Sum()
    for hours, done in times:
        (sums.done if done else sums.still)[hours] += 1
    found = sums.figures()
    longest = max(hours for hours, _ in times) / 24
    if found.p85 is not None:
        assert found.p50 is not None and found.p50 <= found.p85 <= longest + 0.05
    assert found.enough or found.p50 is None
