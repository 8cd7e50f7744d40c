"""What a member says that a word means: it counts for what nothing else can be read of, and can be taken back."""

import asyncio

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from doorstep.app import audit
from doorstep.app.ledger import archive, scans
from doorstep.app.process import work as loops
from doorstep.app.push import rules
from doorstep.app.receive import word_preview, words
from doorstep.app.receive.mailbox import Declined
from doorstep.core.policy import MailBy, Policy
from doorstep.core.status import Status
from doorstep.db.models import Audit, Change, Meaning, Outbox, Parcel, Schedule, StorePolicy, Word
from tests.app.ledger import OTHER, START, USPS, Ledger, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db(transaction=True)
MOVING, BEAMED = scan(4, "InTransit_PickedUp", "Accepted"), scan(5, "Beamed_Up", "Energize")
ME = "user:7"


@pytest.fixture
def one() -> Ledger:
    """A parcel whose newest scan nobody understands, in a store whose shoppers Doorstep mails."""
    one = ledger()
    rules.save(one.ws, one.store.id, Policy(mail_by=MailBy.DOORSTEP), ME)
    StorePolicy.objects.filter(ws=one.ws).update(since=START)
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),))), one.track(track17(USPS, MOVING, BEAMED)))
    return one


def beamed(ws: int) -> int:
    return Word.objects.get(ws=ws, sample="Beamed_Up").pk


def mean(ws: int, status: str, reason: str = "") -> int:
    meaning = words.say(ws, beamed(ws), status, reason, ME)
    look()
    return meaning


def look() -> None:
    while words.step():
        pass


def state(one: Ledger) -> tuple[str, list[str]]:
    return one.parcels()[0].status, [event.said.status.value for event in one.scans()]


def test_what_a_word_means_counts_for_old_scans_and_new_ones(one: Ledger) -> None:
    assert state(one) == ("picked_up", ["picked_up", "unknown"])
    mean(one.ws, "exception", "damaged")
    assert state(one) == ("exception", ["picked_up", "exception"])
    assert one.parcels()[0].reason == "damaged"
    change = Change.objects.get(ws=one.ws, kind="parcel.status", new="exception")
    assert (change.old, change.actor) == ("picked_up", ME)
    (meant,) = words.said(one.ws)
    assert (meant.total, meant.looked, meant.moved, meant.open, meant.known) == (1, 1, 1, False, False)
    assert not words.strange(one.ws)
    one.hears(one.woo(woo(1002, shipped=(("x2", OTHER, "China Post"),))), one.track(track17(OTHER, BEAMED)))
    assert [parcel.status for parcel in one.parcels()] == ["exception", "exception"]


def test_old_scans_mail_nobody_and_new_ones_do(one: Ledger) -> None:
    before = Outbox.objects.filter(ws=one.ws).count()
    mean(one.ws, "out_for_delivery")
    new = Outbox.objects.filter(ws=one.ws).order_by("id")[before:]
    assert {(row.lane, row.state) for row in new} <= {("mail", "done")}
    one.hears(one.woo(woo(1002, shipped=(("x2", OTHER, "China Post"),))), one.track(track17(OTHER, MOVING)))
    one.hears(one.track(track17(OTHER, MOVING, BEAMED)))
    mailed = Outbox.objects.filter(ws=one.ws, lane="mail", intent_key__endswith="out_for_delivery")
    assert mailed.filter(target_id=one.order(1002).id).exclude(state="done").count() == 1


def test_taken_back_everything_is_as_it_was(one: Ledger) -> None:
    before = state(one)
    words.take_back(one.ws, mean(one.ws, "delivered"), ME)
    assert state(one)[1] == before[1] and words.said(one.ws)[0].open
    look()
    assert state(one) == before and not Meaning.objects.exists()
    assert [row.word for row in words.strange(one.ws)] == ["Beamed_Up"]
    assert list(Audit.objects.filter(verb__startswith="word.").order_by("id").values_list("verb", "actor")) == [
        ("word.say", ME),
        ("word.take_back", ME),
    ]
    assert audit.unbroken(one.ws)


def test_another_meaning_takes_the_place_of_the_first(one: Ledger) -> None:
    first = mean(one.ws, "delivered")
    assert mean(one.ws, "customs") == first
    assert state(one)[0] == "customs"


def test_a_word_that_says_nothing_leaves_the_list_and_moves_no_parcel(one: Ledger) -> None:
    meaning = words.say(one.ws, beamed(one.ws), words.NOTHING, "", ME)
    assert not words.step() and not words.strange(one.ws) and state(one)[0] == "picked_up"
    words.take_back(one.ws, meaning, ME)
    assert len(words.strange(one.ws)) == 1 and not Meaning.objects.exists()


def test_a_preview_tells_what_comes_and_keeps_nothing(one: Ledger) -> None:
    found = word_preview.found(one.ws, beamed(one.ws))
    (seen,) = found.examples
    assert (found.scans, len(found.numbers), found.more) == (1, 1, False)
    assert (seen.text, seen.order, seen.before, seen.after) == ("Energize", "1001", "picked_up", "")
    before = [list(table.objects.values()) for table in (Parcel, Change, Outbox, Word, Meaning)]
    would = word_preview.preview(one.ws, beamed(one.ws), found.numbers, "delivered", "", ME)
    assert [list(table.objects.values()) for table in (Parcel, Change, Outbox, Word, Meaning)] == before
    (moved,) = would.moved
    assert (would.parcels, moved.order, moved.before, moved.after) == (1, "1001", "picked_up", "delivered")
    mean(one.ws, "delivered")
    assert state(one)[0] == moved.after


def test_a_word_that_the_connector_knows_is_never_read_differently(one: Ledger) -> None:
    known = Word.objects.create(
        ws=one.ws, connector="seventeen_track", text_hash=b"x", sample="InTransit_PickedUp",
        first_at=START, last_at=START,
    )  # fmt: skip
    with pytest.raises(Declined, match="known"):
        words.say(one.ws, known.pk, "delivered", "", ME)
    Meaning.objects.create(  # said before the connector learnt it
        ws=one.ws, connector="seventeen_track", word="InTransit_PickedUp", status="delivered", by=ME, said_at=START
    )
    assert words.said(one.ws)[0].known and state(one) == ("picked_up", ["picked_up", "unknown"])
    one.hears(one.track(track17(USPS, MOVING, BEAMED, scan(5.5, "InTransit_PickedUp", "Accepted"))))
    assert state(one)[0] == "picked_up"


@pytest.mark.parametrize(
    ("status", "reason"), [("", ""), ("lost", ""), ("pending", ""), ("exception", "teleported"), ("unknown", "lost")]
)
def test_what_no_scan_can_mean_is_declined(one: Ledger, status: str, reason: str) -> None:
    with pytest.raises(Declined, match="what"):
        words.say(one.ws, beamed(one.ws), status, reason, ME)
    assert not Meaning.objects.exists() and not Audit.objects.filter(verb="word.say").exists()


def test_another_workspace_is_not_concerned(one: Ledger) -> None:
    other = ledger()
    other.hears(other.woo(woo(shipped=(("x1", USPS, "USPS"),))), other.track(track17(USPS, MOVING, BEAMED)))
    mean(one.ws, "delivered")
    assert state(other) == ("picked_up", ["picked_up", "unknown"]) and not words.said(other.ws)
    with pytest.raises(Word.DoesNotExist):
        words.say(one.ws, beamed(other.ws), "delivered", "", ME)
    with pytest.raises(Meaning.DoesNotExist):
        words.take_back(other.ws, Meaning.objects.get().id, ME)


def test_it_goes_on_number_by_number(one: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    one.hears(one.woo(woo(1002, shipped=(("x2", OTHER, "China Post"),))), one.track(track17(OTHER, BEAMED)))
    monkeypatch.setattr(words, "STEP", 1)
    words.say(one.ws, beamed(one.ws), "customs", "", ME)
    assert words.step() and words.said(one.ws)[0].looked == 1 and words.said(one.ws)[0].open
    assert min(parcel.status for parcel in one.parcels()) == "customs"
    look()
    assert [parcel.status for parcel in one.parcels()] == ["customs", "customs"]


def test_scans_in_the_archive_mean_it_too(one: Ledger) -> None:
    Parcel.objects.filter(ws=one.ws).update(closed_at=START)
    Schedule.objects.all().delete()
    numbers = {row.number_id for row in one.numbers(one.parcels()[0])}
    assert archive.pack(one.ws, one.at) == 1 and not scans.of(one.ws, numbers)
    mean(one.ws, "customs")
    (heard,) = archive.scans(one.ws, numbers)
    assert [event.said.status for event in heard.said] == [Status.PICKED_UP, Status.CUSTOMS]


def test_where_everything_can_be_read_nothing_is_looked_up() -> None:
    plain = ledger()
    plain.hears(plain.woo(woo(shipped=(("x1", USPS, "USPS"),))))
    with CaptureQueriesContext(connection) as asked:
        plain.hears(plain.track(track17(USPS, MOVING)))
    assert not [query for query in asked if "doorstep_meaning" in query["sql"]]


def test_what_was_said_makes_a_table_for_the_connector(one: Ledger) -> None:
    mean(one.ws, "exception", "damaged")
    assert words.table(one.ws, "seventeen_track") == "code,status,reason\nBeamed_Up,exception,damaged\n"
    assert words.table(one.ws, "ups") == "code,status,reason\n"


def test_the_worker_looks_by_itself(one: Ledger) -> None:
    words.say(one.ws, beamed(one.ws), "customs", "", ME)
    assert asyncio.run(loops._heed_words()) is True
    assert state(one)[0] == "customs"
