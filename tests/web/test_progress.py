"""How far an order has come, as merchant and shopper see it."""

from datetime import timedelta

import pytest

from doorstep.app import clock
from doorstep.app.order.progress import stage
from doorstep.app.shopper.page_view import STEPS, step
from doorstep.core.status import Status
from doorstep.web.tags import distance


@pytest.mark.parametrize(
    ("state", "statuses", "pushes", "name", "wrong"),
    [
        ("placed", [], [], "order", False),
        ("shipped", ["pending"], ["held"], "number", False),
        ("shipped", ["not_found"], ["refused"], "number", True),
        ("shipped", ["info_received"], ["accepted"], "pushed", False),
        ("shipped", ["pending", "in_transit"], ["accepted", "unsure"], "moving", True),
        ("delivered", ["delivered"], ["accepted"], "delivered", False),
        ("cancelled", ["in_transit"], ["accepted"], "cancelled", False),
    ],
)
def test_stage_is_the_furthest_reached(
    state: str, statuses: list[str], pushes: list[str], name: str, wrong: bool
) -> None:
    found = stage(state, statuses, pushes)
    assert (found.name, found.wrong) == (name, wrong)


def test_every_status_of_a_parcel_has_a_step() -> None:
    assert {step(status) for status in Status if status is not Status.UNKNOWN} == set(range(1, len(STEPS)))
    assert step("") == 0


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (timedelta(days=-3, hours=-1), "3 d ago"),
        (timedelta(hours=2, minutes=1), "in 2 h"),
        (timedelta(minutes=-5, seconds=-5), "5 min ago"),
        (timedelta(seconds=3), "just now"),
    ],
)
def test_distance_is_the_largest_whole_unit(gap: timedelta, said: str) -> None:
    assert distance(clock.now() + gap) == said
