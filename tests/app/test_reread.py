"""A connector that has learnt a word reads its old answers again: the ledger gets better, and nobody is told twice."""

import asyncio
from dataclasses import replace

import pytest
from django.db import OperationalError, connection

from doorstep.app.loop import in_db
from doorstep.app.merge.tracks import reading_of
from doorstep.app.operate import doctor
from doorstep.app.process import work
from doorstep.app.push import rules
from doorstep.app.reading import reread
from doorstep.core.policy import MailBy, Policy
from doorstep.core.status import Status
from doorstep.db.models import Change, Inbox, Outbox, Parcel, Scans, StorePolicy, Word
from tests.app.ledger import START, USPS, Ledger, ledger, scan, track17, unlearn, woo

pytestmark = pytest.mark.django_db(transaction=True)
MOVING, OUT = scan(4, "InTransit_PickedUp", "Accepted"), scan(5.8, "OutForDelivery_Other", "Out for delivery")


@pytest.fixture
def one() -> Ledger:
    """Two answers about a parcel, as a Doorstep read them that did not know the word for "out for delivery" yet."""
    one = ledger()
    rules.save(one.ws, one.store.id, Policy(mail_by=MailBy.DOORSTEP), "user:1")
    StorePolicy.objects.filter(ws=one.ws).update(since=START)
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),))), one.track(track17(USPS, MOVING)))
    one.hears(one.track(track17(USPS, MOVING, OUT)))
    unlearned(one)
    return one


def unlearned(one: Ledger) -> None:
    """Bring the ledger to where an older reader would have left it."""
    unlearn(one.ws, "OutForDelivery_Other")
    Parcel.objects.filter(ws=one.ws).update(status="picked_up", reason="", headline_key=b"")
    Outbox.objects.filter(ws=one.ws, lane="mail", intent_key__endswith="out_for_delivery").delete()
    Change.objects.filter(ws=one.ws, kind="parcel.status").delete()
    Word.objects.create(
        ws=one.ws, connector="seventeen_track", text_hash=b"x", sample="OutForDelivery_Other",
        first_at=START, last_at=START,
    )  # fmt: skip
    Word.objects.create(
        ws=one.ws, connector="seventeen_track", text_hash=b"y", sample="Teleported", first_at=START, last_at=START
    )


def read_all() -> int:
    done = 0
    while found := reread.stale():
        for each in found:
            reread.again(each)
        done += len(found)
    return done


def state(one: Ledger) -> tuple[str, set[str]]:
    return one.parcels()[0].status, {event.said.status.value for event in one.scans()}


def test_old_answers_are_read_as_new_ones_are(one):
    assert reread.waiting() == 2
    assert "doctor.reread_waiting" in {found.message.id for found in doctor.examine()}
    assert state(one) == ("picked_up", {"picked_up", "unknown"})
    assert read_all() == 2
    assert state(one) == ("out_for_delivery", {"picked_up", "out_for_delivery"})
    assert reread.waiting() == 0 and not reread.stale()
    assert "doctor.reread_waiting" not in {found.message.id for found in doctor.examine()}


def test_a_second_reading_is_its_own_cause_in_the_history(one):
    read_all()
    change = Change.objects.get(ws=one.ws, kind="parcel.status")
    assert (change.old, change.new, change.actor) == ("picked_up", "out_for_delivery", "reread")
    assert change.cause == f"inbox:{one.scans()[1].inbox_id}"


def test_a_second_reading_mails_and_pushes_nothing_now_or_later(one):
    before = set(Outbox.objects.filter(ws=one.ws).values_list("lane", "intent_key", "state"))
    read_all()
    new = set(Outbox.objects.filter(ws=one.ws).values_list("lane", "intent_key", "state")) - before
    assert {(lane, key.partition(":")[2], state) for lane, key, state in new} == {("mail", "out_for_delivery", "done")}
    one.hears(one.track(track17(USPS, MOVING, OUT)))
    again = set(Outbox.objects.filter(ws=one.ws).values_list("lane", "intent_key", "state")) - before
    assert again == new


def test_reading_again_changes_nothing_else(one):
    def kept() -> list[object]:
        return [(event.inbox_id, event.known_at, replace(event.said, status=Status.UNKNOWN)) for event in one.scans()]

    before = kept()
    read_all()
    assert kept() == before
    assert read_all() == 0


def test_it_goes_on_where_it_was_stopped(one):
    first, second = reread.stale()
    assert first.inbox_id < second.inbox_id and reread.stale(1) == [first]
    reread.again(first)
    assert reread.stale() == [second]


def test_a_mapped_word_leaves_the_list_of_unknown_ones(one):
    read_all()
    assert [word.sample for word in Word.objects.all()] == ["Teleported"]


def test_where_the_answer_is_gone_its_scans_own_words_are_read(one):
    Inbox.objects.all().delete()
    read_all()
    assert state(one) == ("out_for_delivery", {"picked_up", "out_for_delivery"})


def test_an_answer_that_cannot_be_read_any_more_is_left_at_its_words(one):
    import zstandard

    Inbox.objects.filter(connection_id=one.carrier.id).update(body_zstd=zstandard.compress(b"<html>Down</html>"))
    read_all()
    assert state(one)[0] == "out_for_delivery"


def test_an_answer_that_breaks_its_reader_holds_up_no_other(one):
    broken = one.scans()[0].inbox_id
    Inbox.objects.filter(id=broken).update(headers={})
    read_all()
    assert state(one)[0] == "out_for_delivery" and not reread.waiting()


def test_a_busy_database_leaves_the_answer_for_later(one):
    def busy(execute, sql, params, many, context):
        if sql.startswith("INSERT") and "doorstep_scans" in sql:
            raise OperationalError("database is locked")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(busy), pytest.raises(OperationalError):
        reread.again(reread.stale()[0])
    assert reread.waiting() == 2


def test_a_connection_of_a_connector_that_is_gone_is_left_alone(one):
    one.carrier.connector = "forgotten"
    one.carrier.save()
    assert reread.waiting() == 0 and not reread.stale()


def test_scans_are_marked_with_their_reader_when_they_come(one):
    read_all()
    one.hears(one.track(track17(USPS, MOVING, OUT, scan(5.9, "Delivered_Other", "Delivered"))))
    assert {event.reader for event in one.scans()} == {reading_of(one.carrier)}
    assert Scans.objects.get().reader_version == reading_of(one.carrier)
    assert 0 < reading_of(one.carrier) < 2**31
    assert reading_of(one.carrier) != reading_of(one.supplier)


async def test_the_background_work_reads_again_and_comes_to_an_end(one):
    stop = asyncio.Event()
    running = asyncio.create_task(work.run(stop))
    for _ in range(200):
        if not await in_db(reread.waiting):
            break
        await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(running, 30)
    assert await in_db(reread.waiting) == 0
