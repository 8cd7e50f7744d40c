"""One bucket of calls per account, whoever spends it."""

from dataclasses import replace

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.app.vendors import budget
from doorstep.connectors.registry import connector
from doorstep.db.models import Budget, Connection
from tests.app.ledger import ledger

pytestmark = pytest.mark.django_db(transaction=True)
NOW = 1_795_000_000.0
META = replace(connector("carrier", "seventeen_track").meta, polls_per_minute=120)  # two a second, twenty in the bucket
FULL = 20


@pytest.fixture
def account() -> Connection:
    return ledger().carrier


def take(account: Connection, wanted: int, at: float) -> int:
    with transaction.atomic():
        return budget.take(account, META, wanted, at)


def hear(account: Connection, *, answered: bool) -> None:
    with transaction.atomic():
        budget.hear(account, answered=answered, machine=NOW)


def test_a_full_bucket_is_spent_and_refills_at_the_connectors_pace(account):
    assert take(account, 50, NOW) == FULL
    assert take(account, 50, NOW) == 0
    assert take(account, 50, NOW + 3) == 6
    assert take(account, 50, NOW + 1000) == FULL


def test_what_is_not_wanted_stays_in_the_bucket(account):
    assert [take(account, 5, NOW) for _ in range(5)] == [5, 5, 5, 5, 0]


def test_a_clock_that_was_set_back_fills_nothing(account):
    assert take(account, FULL, NOW) == FULL
    Budget.objects.update(ready_at=0.0)
    assert take(account, FULL, NOW - 3600) == 0


def test_a_rest_from_before_the_clock_was_set_back_is_not_believed(account):
    take(account, 1, NOW)
    for ahead, calls in ((budget.LONGEST_REST_S - 1, 0), (budget.LONGEST_REST_S + 1, 5)):
        Budget.objects.update(ready_at=NOW + ahead)
        assert take(account, 5, NOW) == calls
        Budget.objects.update(ready_at=0.0, spare_at=NOW + ahead)
        assert bool(budget.spare(account, META, 5, NOW)) == bool(calls)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(st.floats(0, 5), st.integers(1, 60)), min_size=1, max_size=30))
def test_the_pace_is_never_exceeded_by_more_than_one_bucket(steps):
    account, at, spent = ledger(email=f"{len(Connection.objects.all())}@shop.example").carrier, NOW, 0
    for wait, wanted in steps:
        at += wait
        spent += take(account, wanted, at)
    assert spent <= FULL + 2 * (at - NOW) + 1e-6


def test_each_failure_in_a_row_lets_it_rest_longer_and_an_answer_ends_that(account):
    take(account, 1, NOW)
    rests = []
    for _ in range(budget.TRIP + 8):
        hear(account, answered=False)
        rests.append(max(0.0, Budget.objects.get().ready_at - NOW))
    shut = rests[budget.TRIP - 1 :]
    assert shut[:3] == [30, 60, 120] and shut[-1] == budget.LONGEST_REST_S
    assert take(account, 9, NOW + 10) == 0
    assert take(account, 9, NOW + budget.LONGEST_REST_S) == 1  # one call, to see whether it is back
    hear(account, answered=True)
    assert take(account, 9, NOW + budget.LONGEST_REST_S + 9) == 9


def test_an_account_that_was_never_asked_has_nothing_to_forget(account):
    hear(account, answered=False)
    assert not Budget.objects.exists()


def test_where_a_vendor_counts_all_who_ask_from_here_one_account_spends_what_another_might(account):
    other, meta = ledger(email="other@shop.example").carrier, replace(META, all_per_minute=60)  # ten in that bucket

    def spent(by: Connection, wanted: int, at: float) -> int:
        with transaction.atomic():
            return budget.take(by, meta, wanted, at)

    assert [spent(account, 8, NOW), spent(other, 8, NOW), spent(account, 1, NOW)] == [8, 2, 0]
    assert spent(other, 9, NOW + 3) == 3
    assert spent(account, 50, NOW + 1000) == 10
