"""Parcels for tests of what is learned from them."""

import random
from datetime import UTC, datetime, timedelta

from doorstep.core.lane import Passage, Route

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LANE = Route(carrier="dhl", origin="CN", destination="DE")
INLAND = Route(carrier="gls", origin="DE", destination="DE")


def parcel(handed=0.0, took=None, route=LANE, **more):
    """Handed over so many days after MONDAY, delivered so many days later; not yet without."""
    at = MONDAY + handed * DAY
    return Passage(route=route, handed_over=at, delivered=at + took * DAY if took is not None else None, **more)


def parcels(count=60, took=10.0, spread=0.2, route=LANE, seed=1, every=1.0):
    """One handed over each so many days, with what chance makes of the time."""
    dice = random.Random(seed)
    return [parcel(n * every, took * dice.lognormvariate(0, spread), route) for n in range(count)]


def weekdays(count=300, seed=2, closed=frozenset(), days=2, a_day=3):
    """Handed over at five on working days and delivered at noon of the second working day after."""
    dice = random.Random(seed)
    made = []
    for n in range(count):
        begun = MONDAY + timedelta(days=n // a_day, hours=8)
        at = begun
        for _ in range(days):
            at += DAY
            while at.weekday() >= 5 or at.date().isoformat() in closed:
                at += DAY
        if begun.weekday() < 5:
            done = at.replace(hour=12) + dice.uniform(-3, 3) * HOUR
            made.append(Passage(route=INLAND, handed_over=begun, delivered=done))
    return made
