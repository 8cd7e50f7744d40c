"""Asking for fresh data now: once per five minutes, whoever asks and from wherever, and what came of it."""

from datetime import timedelta

import pytest

from doorstep.app import clock
from doorstep.app.connections import connect
from doorstep.app.inbox import keep
from doorstep.app.receive import manual
from doorstep.app.track import poll, resync
from doorstep.connectors.contract import Broken
from doorstep.core.resync import PARCEL_COOLDOWN
from doorstep.db.models import Cooldown, Parcel, Resync, Schedule, Watch
from tests.app.ledger import START, USPS, Ledger, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db
MOVING = scan(4, "InTransit_PickedUp", "Accepted")
HERE = scan(5, "OutForDelivery_Other", "Out for delivery")


@pytest.fixture
def one() -> Ledger:
    """A parcel on its way that was asked about an hour ago."""
    one = ledger()
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),))))
    one.hears(one.track(track17(USPS, MOVING)))
    return one


def parcel(one: Ledger) -> Parcel:
    (found,) = one.parcels()
    return found


def ask(one: Ledger, place: resync.Place = "console") -> resync.Asked:
    return resync.ask_parcel(one.ws, parcel(one).id, place, "user:1")


def claim() -> poll.Turn:
    turn = poll.claim()
    assert turn is not None
    return turn


def answered(one: Ledger, turn: poll.Turn, *scans: tuple[str, str, str]) -> None:
    """The carrier answers now; the answer is understood."""
    one.at = clock.now()
    one.hears(one.track(track17(USPS, *scans)))
    Watch.objects.update(answered_at=clock.now())
    poll.finish(turn)
    Watch.objects.update(failures=0)


def told(one: Ledger, asked: resync.Asked) -> str:
    message = resync.result(one.ws, asked.resync_id).message
    return message.id if message else ""


def test_once_per_five_minutes_shared_by_console_and_page(one):
    Schedule.objects.update(next_at=clock.now() + timedelta(days=1))
    first, second = ask(one, "console"), ask(one, "page")
    assert first.accepted and not second.accepted
    assert second.next_allowed_at == first.next_allowed_at == resync.next_allowed_at(one.ws, parcel(one).id)
    assert second.message.id == "resync.too_soon"
    assert Schedule.objects.get().next_at <= clock.now()
    assert Resync.objects.count() == 1
    Cooldown.objects.update(next_allowed_at=clock.now())
    assert resync.next_allowed_at(one.ws, parcel(one).id) is None
    third = ask(one, "page")
    assert third.accepted and resync.last(one.ws, parcel(one).id).id == third.resync_id
    assert third.next_allowed_at - clock.now() <= PARCEL_COOLDOWN


def test_new_scans_and_a_changed_status_are_told(one):
    asked = ask(one)
    turn = claim()
    assert told(one, asked) == ""
    answered(one, turn, MOVING, HERE)
    result = resync.result(one.ws, asked.resync_id)
    assert (result.message.id, result.message.values["new_events"]) == ("resync.changed", 1)
    assert result.next_allowed_at == asked.next_allowed_at


def test_new_scans_without_a_new_status_are_told(one):
    asked = ask(one)
    answered(one, claim(), MOVING, scan(4.2, "InTransit_PickedUp", "Accepted at the depot"))
    assert told(one, asked) == "resync.unchanged"


def test_nothing_new_is_told(one):
    asked = ask(one)
    answered(one, claim(), MOVING)
    assert told(one, asked) == "resync.nothing_new"


def test_a_carrier_that_cannot_be_asked_is_not_nothing_new(one):
    Watch.objects.update(failures=3)
    asked = ask(one)
    turn = claim()
    assert told(one, asked) == ""  # it failed before, and is being asked now
    turn.batches[0].failed = Broken("down")
    poll.finish(turn)
    assert told(one, asked) == "resync.failed"


def test_an_answer_not_read_yet_is_waited_for(one):
    asked = ask(one)
    turn = claim()
    Watch.objects.update(answered_at=clock.now())
    poll.finish(turn)
    one.at = clock.now()
    keep([one.track(track17(USPS, MOVING, HERE))])
    assert told(one, asked) == ""


def test_no_answer_for_long_has_failed(one):
    asked = ask(one)
    assert told(one, asked) == ""
    Resync.objects.update(accepted_at=clock.now() - timedelta(hours=1))
    assert told(one, asked) == "resync.failed"


def test_without_an_account_there_is_nobody_to_ask_and_no_cool_down(one):
    connect.pause(one.ws, one.carrier.id, "user:1")
    asked = ask(one)
    assert (asked.accepted, asked.message.id) == (False, "resync.nobody_to_ask")
    assert resync.next_allowed_at(one.ws, parcel(one).id) is None and not Resync.objects.exists()


def test_what_is_done_is_asked_about_once_a_day(one):
    one.hears(one.track(track17(USPS, MOVING, scan(5, "Delivered_Other", "Delivered"))))
    first, second = ask(one), ask(one, "page")
    assert first.accepted and not second.accepted and second.message.id == "resync.too_soon_done"
    assert first.next_allowed_at - clock.now() > timedelta(hours=23)
    assert resync.result(one.ws, first.resync_id).next_allowed_at == first.next_allowed_at
    assert Schedule.objects.get().next_at <= clock.now()
    answered(one, claim(), MOVING, scan(5, "Delivered_Other", "Delivered"))
    assert told(one, first) == "resync.nothing_new"


def test_another_workspace_finds_nothing(one):
    other = ledger(email="bob@example.org")
    asked = ask(one)
    with pytest.raises(Resync.DoesNotExist):
        resync.result(other.ws, asked.resync_id)
    with pytest.raises(Parcel.DoesNotExist):
        resync.ask_parcel(other.ws, parcel(one).id, "page", "shopper")


def test_a_changed_carrier_goes_to_the_vendor_at_once(one):
    Watch.objects.update(remote="registered")
    Schedule.objects.update(next_at=START + timedelta(days=900))
    manual.change_carrier(one.ws, Watch.objects.get().number_id, "royal_mail", "user:1")
    assert Watch.objects.get().remote == "recarrier"
    assert Schedule.objects.get().next_at <= clock.now()
