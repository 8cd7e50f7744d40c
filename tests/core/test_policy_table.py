"""Every combination of mode, evidence and date, written out by another way than the rules are: one line an answer."""

from datetime import UTC, datetime, timedelta
from itertools import product

from doorstep.core.order import Role
from doorstep.core.parcels import PERSON, HeldNumber
from doorstep.core.policy import Case, Hold, Policy, Push, When, decide

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DATES = {"none": None, "far": NOW + 60 * HOUR, "near": NOW + 6 * HOUR, "past": NOW - 6 * HOUR}
SEEN = {"none": None, "past": NOW - HOUR, "ahead": NOW + HOUR}
SCANNED = {"none": None, "past": NOW - HOUR}
HOLDS = {"none": None, "over": 24, "open": 72}  # the number is known for 48 hours
SAYERS = ("7", PERSON)


def number(by):
    return HeldNumber(number="LX1", role=Role.LOCAL, carrier="", since=NOW - 48 * HOUR, until=None, said_by=(by,))


def goes(when, strict, by, dispatched, scanned, paid, ship_by, hold):
    """What should happen, as one reads it in the docs: "push" or "hold"."""
    if by == PERSON or when is When.BEFORE_DISPATCH:
        return "push"
    if ship_by in {"near", "past"}:
        return "push"
    if when is When.AFTER_PAYMENT:
        return "push" if paid == "past" else "hold"
    if scanned == "past" or (dispatched == "past" and not strict):
        return "push"
    return "push" if hold == "over" else "hold"


def ends(when, paid, ship_by, hold):
    """When a hold ends, earliest first."""
    at = [NOW + 48 * HOUR] if ship_by == "far" else []
    if when is When.AFTER_PAYMENT:
        return min([*at, NOW + 2 * HOUR] if paid == "later" else at, default=None)
    return min([*at, NOW + 24 * HOUR] if hold == "open" else at, default=None)


def test_every_combination_has_the_answer_of_the_docs():
    paid_at = {"none": None, "past": NOW - 10 * HOUR, "later": NOW - 6 * HOUR}
    combinations = list(product(When, (False, True), SAYERS, SEEN, SCANNED, paid_at, DATES, HOLDS))
    for when, strict, by, dispatched, scanned, paid, ship_by, hold in combinations:
        policy = Policy(when=when, first_scan_hold=strict, delay_h=8, max_hold_h=HOLDS[hold])
        case = Case(
            numbers=(number(by),),
            placed_at=NOW - 72 * HOUR,
            paid_at=paid_at[paid],
            ship_by=DATES[ship_by],
            dispatched_at=SEEN[dispatched],
            first_scan_at=SCANNED[scanned],
        )
        decision = decide(policy, case, NOW)
        wanted = goes(when, strict, by, dispatched, scanned, paid, ship_by, hold)
        assert type(decision) is {"push": Push, "hold": Hold}[wanted], (when, case)
        if isinstance(decision, Hold):
            assert decision.until == ends(when, paid, ship_by, hold), (when, case)
    assert len(combinations) == 2592
