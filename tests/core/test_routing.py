"""Whom to ask about a number."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.order import TrackAnswer
from doorstep.core.routing import NO_NEWS, UNHEARD_OF, Asker, Heard, moved, route

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALL, MORE = Asker(id=1), Asker(id=2)
UPS, FEDEX = Asker(id=3, carriers=frozenset({"ups"})), Asker(id=4, carriers=frozenset({"fedex", "tnt"}))
UPS_TOO = Asker(id=5, carriers=frozenset({"ups"}))
EVERY = (ALL, MORE, UPS, FEDEX, UPS_TOO)


def asked(carrier: str = "ups", *askers: Asker, likely: tuple[str, ...] = (), **heard: Heard) -> list[int]:
    known = {int(name.removeprefix("by_")): one for name, one in heard.items()}
    return list(route(carrier, likely, askers or EVERY, known, NOW))


def said(answer: TrackAnswer | None = None, *, ago: timedelta = timedelta(), knew: bool = False) -> Heard:
    return Heard(since=NOW - ago, answer=answer, knew=knew)


def test_a_carriers_own_account_goes_before_an_aggregator() -> None:
    assert asked("ups") == [3]
    assert asked("tnt") == [4]
    assert asked("gls") == [1]


def test_nobody_is_asked_about_a_carrier_that_nobody_answers_for() -> None:
    assert asked("gls", UPS, FEDEX) == []
    assert asked("", UPS, FEDEX) == []


def test_the_workspaces_own_order_goes_before_all() -> None:
    ranked = [replace(ALL, rank=1), replace(UPS, rank=2), replace(UPS_TOO, rank=3)]
    assert asked("ups", *ranked) == [1]


def test_a_lent_account_comes_after_the_workspaces_own_of_its_kind() -> None:
    lent = replace(UPS, id=2, lent=True)
    assert asked("ups", lent, UPS_TOO) == [5]
    assert asked("ups", lent, ALL) == [2], "a carrier's own account still goes before an aggregator"


@pytest.mark.parametrize(
    ("answer", "ago", "useless"),
    [
        (None, timedelta(days=90), False),
        (TrackAnswer.EVENTS, timedelta(days=90), False),
        (TrackAnswer.REJECTED, timedelta(), True),
        (TrackAnswer.NOT_FOUND, UNHEARD_OF - timedelta(seconds=1), False),
        (TrackAnswer.NOT_FOUND, UNHEARD_OF, True),
        (TrackAnswer.NOTHING, NO_NEWS - timedelta(seconds=1), False),
        (TrackAnswer.NOTHING, NO_NEWS, True),
    ],
)
def test_the_next_is_asked_when_the_first_does_not_know_it(answer: Any, ago: timedelta, useless: bool) -> None:
    assert asked("ups", by_3=said(answer, ago=ago)) == ([5] if useless else [3])
    assert said(answer, ago=ago).useless(NOW) is useless
    assert not replace(said(answer, ago=ago), knew=True).useless(NOW)


def test_when_nobody_knows_it_the_first_is_asked_on() -> None:
    no = said(TrackAnswer.REJECTED)
    assert asked("ups", by_3=no, by_5=no, by_1=no, by_2=no) == [3]


def test_who_knows_it_is_asked_and_nobody_else() -> None:
    assert asked("ups", by_2=said(TrackAnswer.NOTHING, knew=True)) == [2]


def test_one_that_fails_stays_beside_the_next_one() -> None:
    failing = replace(UPS, failing=True)
    assert asked("ups", failing, UPS_TOO, ALL) == [3, 5]
    assert asked("ups", failing, ALL, by_3=said(knew=True)) == [3, 1]
    assert asked("ups", failing) == [3]


def test_the_two_likeliest_are_asked_until_one_knows_it() -> None:
    likely = ("fedex", "ups", "fedex", "gls")
    assert asked("", likely=likely) == [4, 3]
    assert asked("", likely=likely, by_3=said(TrackAnswer.EVENTS, knew=True)) == [3]
    assert asked("", likely=likely, by_4=said(TrackAnswer.REJECTED)) == [3]
    assert asked("", likely=("gls", "ups")) == [3]
    assert asked("", ALL, UPS, likely=likely, by_3=said(TrackAnswer.REJECTED)) == [1]


def test_an_account_of_both_carriers_is_asked_once() -> None:
    both = Asker(id=9, carriers=frozenset({"ups", "fedex"}))
    assert asked("", both, likely=("ups", "fedex")) == [9]


ASKERS = st.builds(
    Asker,
    id=st.integers(1, 6),
    carriers=st.frozensets(st.sampled_from(["ups", "fedex", "gls"]), max_size=2),
    rank=st.integers(0, 3),
    failing=st.booleans(),
)
HEARD = st.builds(
    Heard,
    since=st.integers(0, 10).map(lambda days: NOW - timedelta(days=days)),
    answer=st.sampled_from([None, *TrackAnswer]),
    knew=st.booleans(),
)


@given(
    st.sampled_from(["", "ups", "gls"]),
    st.lists(st.sampled_from(["ups", "fedex", "gls"]), max_size=3),
    st.lists(ASKERS, max_size=6, unique_by=lambda one: one.id),
    st.dictionaries(st.integers(1, 6), HEARD),
)
def test_somebody_is_asked_whenever_anybody_could_know(
    carrier: str, likely: list[str], askers: list[Asker], heard: dict[int, Heard]
) -> None:
    wanted = {carrier} if carrier else set(likely[:1])
    fit = {one.id for one in askers if not one.carriers or one.carriers & wanted}
    chosen = route(carrier, likely, askers, heard, NOW)
    assert chosen or not fit
    assert len(set(chosen)) == len(chosen)
    answering = [one for one in askers if one.id in chosen and not one.failing]
    assert len(answering) <= 2
    if carrier or any(one.id in heard and heard[one.id].knew for one in answering):
        assert len(answering) <= 1


def test_an_account_is_moved_up_and_down() -> None:
    assert moved([7, 8, 9], 8, up=True) == (8, 7, 9)
    assert moved([7, 8, 9], 8, up=False) == (7, 9, 8)
    assert moved([7, 8], 7, up=True) == moved([7, 8], 8, up=False) == (7, 8)
    with pytest.raises(ValueError, match="not in"):
        moved([7, 8], 9, up=True)
