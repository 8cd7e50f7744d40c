"""How well a carrier account answers: counted once a turn, and told."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from doorstep.app import clock
from doorstep.app.order import findings
from doorstep.app.track import poll
from doorstep.app.vendors import budget, health
from doorstep.app.vendors.health import Pulse, note, vitals
from doorstep.connectors.contract import Broken, Denied, Facts, Word
from doorstep.core.order import Track, TrackAnswer
from doorstep.db.models import Budget, Health, Meaning, Schedule, Watch
from tests.app.ledger import USPS, Ledger, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db
MOVING = scan(4, "InTransit_PickedUp", "Accepted")


@pytest.fixture
def one() -> Ledger:
    """A parcel on its way, due to be asked about."""
    one = ledger()
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),))))
    one.hears(one.track(track17(USPS, MOVING)))
    Schedule.objects.update(next_at=clock.now(), lease_until=0.0)
    return one


def pulse(unknown: int = 0, **said: float) -> Pulse:
    made = Pulse(numbers=1, seconds=0.5, words=Counter({"NOBODY_KNOWS": unknown}))
    for name, value in said.items():
        setattr(made, name, value)
    return made


def at(hours: float) -> datetime:
    return clock.now() - timedelta(hours=hours)


def test_turns_of_an_hour_are_one_row_of_sums(one):
    now = clock.now()
    note(one.carrier, [pulse(), pulse(seconds=1.5, failed=1)], now)
    note(one.carrier, [pulse(events=4, unknown=1, unreadable=2)], now)
    row = Health.objects.get()
    assert (row.calls, row.failed, row.numbers, row.events, row.unknown, row.unreadable) == (3, 1, 3, 4, 1, 2)
    assert (row.seconds, row.slowest) == (2.5, 1.5)


def test_the_last_day_is_told_and_nothing_before(one):
    note(one.carrier, [pulse(failed=1)] * 10, at(30))
    note(one.carrier, [pulse(failed=1), pulse(), pulse(), pulse()], at(2))
    told = vitals(one.ws, one.carrier.id)
    assert (told.calls, told.success, told.seconds, told.slowest) == (4, 0.75, 0.5, 0.5)


def test_of_what_was_never_asked_nothing_is_told(one):
    told = vitals(one.ws, one.carrier.id)
    assert (told.calls, told.success, told.seconds, told.unknown, told.failing_since) == (0, None, None, None, None)


def test_a_vendor_that_changes_its_words_is_noticed(one):
    note(one.carrier, [pulse(events=1000, unknown=10)], at(60))
    note(one.carrier, [pulse(events=100, unknown=3)], at(1))
    assert not vitals(one.ws, one.carrier.id).drifting
    note(one.carrier, [pulse(events=100, unknown=30)], at(1))
    told = vitals(one.ws, one.carrier.id)
    assert told.drifting and told.unknown == pytest.approx(0.165)


@pytest.mark.parametrize(("status", "unknown"), [("in_transit", 0), ("unknown", 0), ("", 30)])
def test_a_word_that_somebody_explained_is_not_unknown(one, status, unknown):
    Meaning.objects.create(
        ws=one.ws, connector="seventeen_track", word="NOBODY_KNOWS", status=status, by="user:1", said_at=at(2)
    )
    note(one.carrier, [pulse(events=100, unknown=30)], at(1))
    assert Health.objects.get().unknown == unknown


def test_few_scans_say_nothing_of_drift(one):
    note(one.carrier, [pulse(events=3, unknown=3)], at(1))
    assert vitals(one.ws, one.carrier.id).unknown is None


def test_old_hours_go_with_the_first_turn_of_a_new_one(one):
    note(one.carrier, [pulse()], at(24 * 40))
    note(one.carrier, [pulse()], at(1))
    assert Health.objects.count() == 1


def test_what_an_answer_held_is_counted_and_a_refused_key_is_not_the_services_fault():
    track = Track(number=USPS, answer=TrackAnswer.NOTHING, events=())
    made = Pulse()
    made.heard(Facts(tracks=(track,), words=(Word(text="X"),), bad=("odd", "odd")))
    assert (made.events, made.words, made.unreadable) == (0, {"X": 1}, 2)
    for trouble, failed in ((None, 0), (Denied("key"), 0), (Broken("down"), 1)):
        made.ended(5, 0.1, trouble)
        assert (made.failed, made.numbers) == (failed, 5)


def test_a_turn_is_counted_when_it_ends(one):
    turn = poll.claim()
    assert turn is not None
    turn.batches[0].failed = Broken("down")
    turn.batches[0].pulse.ended(1, 0.2, turn.batches[0].failed)
    poll.finish(turn)
    told = vitals(one.ws, one.carrier.id)
    assert (told.calls, told.success, told.rests) == (1, 0.0, False) and told.failing_since


def test_an_account_whose_turns_all_fail_is_said_to_be_down(one):
    since = at(3)
    Budget.objects.create(ws=one.ws, connection_id=one.carrier.id, failures=budget.TRIP - 1, failing_since=since)
    assert health.down_since(one.ws, one.carrier.id) is None
    Budget.objects.update(failures=budget.TRIP)
    assert health.down_since(one.ws, one.carrier.id) == since
    assert vitals(one.ws, one.carrier.id).rests
    Watch.objects.update(answer="broken", failures=3)
    assert findings._outage(one.ws, one.carrier.id) == since
