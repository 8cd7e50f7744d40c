"""A clock that is watched: how long it has run evenly, and what a jump does to a push that rests."""

import math
from collections.abc import Iterator

import pytest

from doorstep.app import clock, steady


class Hands:
    """Two clocks; somebody may set one of them."""

    machine, monotonic = 1_000_000.0, 50.0

    def run(self, seconds: float) -> None:
        self.machine += seconds
        self.monotonic += seconds


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hands]:
    hands = Hands()
    monkeypatch.setattr(clock, "machine", lambda: hands.machine)
    monkeypatch.setattr(clock, "monotonic", lambda: hands.monotonic)
    monkeypatch.setattr(steady, "_even_since", None)
    monkeypatch.setattr(steady, "_apart", 0.0)
    return hands


def test_where_nobody_watches_the_clock_is_believed(hands: Hands) -> None:
    hands.machine += 3600
    assert steady.for_s() == math.inf


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 2.0])
def test_it_runs_evenly_since_it_was_watched_or_set(hands: Hands, jump: float) -> None:
    steady.watch()
    hands.run(40)
    assert steady.for_s() == pytest.approx(40)
    hands.machine += jump
    assert steady.for_s() == 0
    hands.run(7)
    assert steady.for_s() == pytest.approx(7)


def test_a_clock_that_is_kept_right_bit_by_bit_runs_evenly(hands: Hands) -> None:
    steady.watch()
    hands.run(30)
    hands.machine += 0.4
    assert steady.for_s() == pytest.approx(30)
