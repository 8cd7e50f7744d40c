"""What a merchant may write to shoppers, and when it may go."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.letter import (
    LONGEST_SUBJECT,
    WORDS,
    Timing,
    fill,
    fill_line,
    hold,
    next_hour,
    problems,
    quiet_until,
)

LISBON, NIGHT = ZoneInfo("Europe/Lisbon"), datetime(2026, 1, 10, 23, 30, tzinfo=UTC)
VALUES = {"store": "Lantern", "order": "#1001", "number": "LX1", "link": "https://x/t/1"}


@pytest.mark.parametrize(
    ("subject", "body", "wrong"),
    [
        ("News of {order}", "Look: {link}", {}),
        ("News", "", {"body": "letters.empty"}),
        ("News\nBcc: all@shop.example", "x", {"subject": "letters.one_line"}),
        ("x" * (LONGEST_SUBJECT + 1), "x", {"subject": "letters.too_long"}),
        ("News", "Dear {buyer}", {"body": "letters.unknown"}),
        ("News", "{order.__class__}", {"body": "letters.unknown"}),
        ("News", "{{order}}", {"body": "letters.brace"}),
        ("{order", "a } b", {"subject": "letters.brace", "body": "letters.brace"}),
        ("News", "{order!r:>9}{}", {"body": "letters.unknown"}),
    ],
)
def test_only_listed_words_can_stand_in_braces(subject: str, body: str, wrong: dict[str, str]) -> None:
    assert {name: one.id for name, one in problems(subject, body).items()} == wrong


def test_a_line_that_needs_what_is_not_known_is_left_out() -> None:
    text = "Hello,\n\n{carrier} has {number}.\n\nExpected: {expected}\n\nOrder {order}\n"
    assert fill(text, VALUES) == "Hello,\n\nOrder #1001"
    assert fill_line("{order} of  {store} by {carrier}", VALUES) == "#1001 of Lantern by"


@given(st.text(alphabet="{}abc order\n", max_size=60), st.sampled_from(WORDS))
def test_what_is_put_in_is_never_read_again(said: str, word: str) -> None:
    """A template that is taken fills to what was put in, whatever that looks like."""
    filled = fill(f"<{{{word}}}>", {word: said.replace("\n", "")})
    assert filled == (f"<{said}>".replace("\n", "") if said.replace("\n", "") else "")
    if not problems("x", said):
        fill(said, VALUES)


@pytest.mark.parametrize(
    ("hours", "until"),
    [
        ((22, 8), datetime(2026, 1, 11, 8, tzinfo=UTC)),
        ((23, 0), datetime(2026, 1, 11, 0, tzinfo=UTC)),
        ((8, 22), None),
        ((0, 0), None),
        ((23, 23), None),
    ],
)
def test_quiet_hours_may_go_over_midnight(hours: tuple[int, int], until: datetime | None) -> None:
    assert quiet_until(NIGHT, LISBON, *hours) == until


def test_quiet_hours_are_those_of_the_readers_day() -> None:
    assert quiet_until(NIGHT, ZoneInfo("America/New_York"), 22, 8) is None
    assert quiet_until(NIGHT, ZoneInfo("Asia/Tokyo"), 6, 9) == datetime(2026, 1, 11, 0, tzinfo=UTC)


def test_an_hour_that_the_clocks_leave_out_still_comes() -> None:
    before = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # clocks go from 1:00 to 2:00 in Lisbon
    assert before < next_hour(before, LISBON, 1) <= before + timedelta(hours=2)


@pytest.mark.parametrize(
    ("timing", "last", "reason"),
    [
        (Timing(), None, ""),
        (Timing(quiet=(22, 7)), None, "letters.held.quiet"),
        (Timing(gap=timedelta(hours=4)), NIGHT - timedelta(hours=1), "letters.held.gap"),
        (Timing(gap=timedelta(hours=4)), NIGHT - timedelta(hours=4), ""),
        (Timing(daily_at=9), None, "letters.held.daily"),
        (Timing(daily_at=23, quiet=(22, 7)), None, ""),
    ],
)
def test_what_a_mail_waits_for(timing: Timing, last: datetime | None, reason: str) -> None:
    found = hold(timing, NIGHT, LISBON, last)
    assert (found.reason.id if found else "") == reason
    assert found is None or NIGHT < found.until <= NIGHT + timedelta(days=1)
