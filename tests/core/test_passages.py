"""Tables of past parcels: what can be read is read, what cannot is named."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.lane import Route
from doorstep.core.passages import Unusable, read_passages
from tests.core.sentences import area, sentence

HEAD = "ordered,handed_over,delivered,origin,destination,carrier,service\n"


def why(row, head=HEAD):
    (skipped,) = read_passages(head + row).skipped
    return skipped.why.id.removeprefix("passages.")


def test_a_row_is_read():
    (one,) = read_passages(
        HEAD + "2026-03-01,2026-03-02T09:00+08:00,2026-03-14T12:30:00Z,cn,DE,Yun Express,Direct Line\n"
    ).passages
    assert one.route == Route(carrier="yun_express", service="direct line", origin="CN", destination="DE")
    assert one.ordered == datetime(2026, 3, 1, tzinfo=UTC)
    assert one.handed_over == datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert one.handed_over.utcoffset() == timedelta(hours=8)
    assert one.delivered == datetime(2026, 3, 14, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "head",
    ["Handed over;Delivered;Courier", "\ufeffshipped_at;delivered_at;carrier", "handed-over\tDelivery date\tcarrier"],
)
def test_columns_may_be_called_and_separated_otherwise(head):
    row = "2026-03-02 2026-03-05 dhl".replace(" ", "\t" if "\t" in head else ";")
    (one,) = read_passages(f"{head}\n{row}\n").passages
    assert (one.delivered - one.handed_over).days == 3
    assert one.route.carrier == "dhl"


@pytest.mark.parametrize(
    "text", ["2026-03-02", "2026-03-02 09:00", "2026-03-02T09:00:00.250+01:00", "20260302", "20260302T0900"]
)
def test_dates_that_mean_one_thing_are_read(text):
    assert read_passages(HEAD + f",{text},\n").passages[0].handed_over.day == 2


@pytest.mark.parametrize(
    "text", ["03/04/2026", "3.4.2026", "2026-13-01", "1970-01-01", "yesterday", "1741000000", "2026-W10-1"]
)
def test_dates_that_could_mean_another_are_refused(text):
    assert why(f",{text},2026-03-05") == "not_a_date"


def test_what_is_not_delivered_is_under_way():
    assert read_passages(HEAD + ",2026-03-02,,CN,DE\n").passages[0].delivered is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-03-01,,2026-03-05", "not_handed_over"),
        ("2026-03-09,2026-03-02,2026-03-15", "ordered_later"),
        (",2026-03-02,2026-02-05", "delivered_earlier"),
        (",2026-03-02,2062-03-05", "too_long"),
        (",2026-03-02\0,2026-03-05", "not_a_date"),
    ],
)
def test_a_row_that_cannot_be_is_skipped_with_its_reason(row, reason):
    table = read_passages(HEAD + "\n,2026-03-02,2026-03-05\n" + row + "\n")
    assert [(one.line, one.why.id) for one in table.skipped] in ([(4, f"passages.{reason}")], [(4, "passages.not_csv")])
    assert len(table.passages) == 1


def test_a_cell_without_an_end_is_no_table():
    assert why('"' + "x" * 200_000) == "not_csv"


def test_a_date_alone_does_not_come_before_a_time_on_it():
    (one,) = read_passages(HEAD + "2026-03-03,2026-03-02T15:00Z,2026-03-02\n").passages
    assert one.delivered == one.handed_over == one.ordered


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("", "no_column"),
        ("ordered,delivered", "no_column"),
        ("handed_over,shipped,delivered", "column_twice"),
        pytest.param("x" * 200_000, "not_csv", id="endless"),
    ],
)
def test_a_table_without_its_columns_is_refused(head, said):
    with pytest.raises(Unusable) as problem:
        read_passages(head)
    assert problem.value.message.id == f"passages.{said}"


def test_every_reason_can_be_said():
    for row in (",x,", "2026-03-01,,", "2026-03-09,2026-03-02,", ",2026-03-02,2026-02-05", ",2026-03-02,2062-03-05"):
        (skipped,) = read_passages(HEAD + row).skipped
        assert sentence(skipped.why).endswith(".")
    assert all(text.endswith(".") for text in area("passages").values())


@given(st.text(max_size=200))
def test_no_text_breaks_it(text):
    table = read_passages(HEAD + text)
    assert all(one.line > 1 for one in table.skipped)
