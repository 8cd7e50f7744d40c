"""What a shopper says on the page: it is here, it is not, it came damaged; a photo; a message. The merchant sees it."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from doorstep.app import clock, outbox, photos, tongues
from doorstep.app.members import notices
from doorstep.app.privacy import disclosure, erasure
from doorstep.app.shopper import threads
from doorstep.app.shopper.guide import answers, steps
from doorstep.core.status import Status
from doorstep.db.models import Change, Inbox, Number, Order, Outbox, Parcel, Photo, ThreadMessage
from doorstep.web import tags
from doorstep.web.page.kept import KEPT
from tests.app.ledger import Ledger, scan, track17
from tests.app.test_pictures import SECRET, exif, jpeg, segment
from tests.web.conftest import NUMBER, SCANS

PICTURE = jpeg(segment(0xE1, exif()))


@pytest.fixture
def arrived(shop: Ledger) -> Parcel:
    """The parcel of order 1001, delivered if one believes the carrier."""
    shop.hears(shop.track(track17(NUMBER, *SCANS, scan(5.5, "Delivered_Other", "Left in the porch"), key=3011)))
    return Parcel.objects.get(ws=shop.ws)


def read(page: str) -> str:
    return Client().get(page).content.decode()


def say(page: str, parcel: Parcel, word: str, **more: Any) -> str:
    answer = Client(enforce_csrf_checks=True).post(f"{page}/mark", {"parcel": parcel.id, "mark": word})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{page}#parcel-{parcel.id}")
    return read(page)


def send(page: str, parcel: Parcel, body: bytes = PICTURE, name: str = "a.jpg") -> Any:
    file = SimpleUploadedFile(name, body, "image/jpeg")
    return Client().post(f"{page}/photo", {"parcel": parcel.id, "photo": file})


def test_missing_parcel_is_told_to_the_merchant_and_explained_to_the_shopper(
    shop: Ledger, order: Order, page: str, arrived: Parcel, alice: Client
) -> None:
    assert "It says delivered, but you did not get it?" in read(page)
    text = say(page, arrived, "missing")
    arrived.refresh_from_db()
    assert arrived.mark == "missing"
    assert arrived.status == "delivered", "the carrier's word stays"
    for part in ("You told the shop that you did not get it.", "Said to be delivered, but not received"):
        assert part in text
    assert "<details open>" in text and "for the proof of delivery" in text
    screen = alice.get(f"/orders/{order.id}").content.decode()
    assert "The shopper says: it did not come" in screen
    assert Change.objects.get(ws=shop.ws, kind="parcel.mark").actor == "shopper"


def test_answer_can_be_changed_and_taken_back(shop: Ledger, page: str, arrived: Parcel, order: Order) -> None:
    say(page, arrived, "missing")
    assert "You told the shop that it is here." in say(page, arrived, "received")
    assert "Has it arrived?" in say(page, arrived, "")
    assert list(
        Change.objects.filter(ws=shop.ws, kind__contains="mark").values_list("kind", flat=True).order_by("id")
    ) == [
        "parcel.mark",
        "parcel.mark",
        "parcel.unmark",
    ]


def test_answers_are_facts_and_a_replay_says_them_again(shop: Ledger, page: str, arrived: Parcel) -> None:
    say(page, arrived, "damaged")
    say(page, arrived, "received")
    Number.objects.filter(ws=shop.ws).update(mark="", marked_at=None)
    Parcel.objects.filter(ws=shop.ws).update(mark="")
    Inbox.objects.filter(ws=shop.ws).update(state="new")
    shop.hears()
    assert Parcel.objects.get(ws=shop.ws).mark == "received"
    assert Change.objects.filter(ws=shop.ws, kind="parcel.mark").count() <= 4


def test_answer_about_a_number_that_is_not_known_yet_waits_for_it(shop: Ledger) -> None:
    from doorstep.app.receive import manual
    from tests.app.ledger import cj

    manual.say_mark(shop.ws, "LX123459509CN", "received", "shopper")
    other = cj(ref="260620000000000007", number="LX123459509CN", method="CJPacket Liquid", sku_line="502")
    shop.hears(shop.cj(other))
    number = Number.objects.get(ws=shop.ws, norm="LX123459509CN")
    assert number.mark == "received"


@pytest.mark.parametrize("word", ["missing", "lost", "received' OR 1=1"])
def test_only_what_is_offered_is_taken(shop: Ledger, page: str, word: str) -> None:
    parcel = Parcel.objects.get(ws=shop.ws)  # out for delivery: nobody can miss it yet
    say(page, parcel, word)
    parcel.refresh_from_db()
    assert parcel.mark == ""


def test_parcel_of_another_order_cannot_be_marked(shop: Ledger, page: str) -> None:
    stranger = Parcel.objects.create(ws=shop.ws, status="delivered")
    answer = Client().post(f"{page}/mark", {"parcel": stranger.id, "mark": "missing"})
    assert answer.headers["Location"] == page
    assert not Inbox.objects.filter(ws=shop.ws, headers__what="mark").exists()


def test_looking_says_nothing(page: str, arrived: Parcel) -> None:
    for path in ("mark", "photo", "message"):
        assert Client().get(f"{page}/{path}", {"parcel": arrived.id, "mark": "missing"}).status_code == 405
    for path in ("mark", "photo", "message"):
        assert Client().post(f"/t/AAAAAAAAAAAAAAAAAAAAAA/{path}").status_code == 404


def test_what_may_be_said_depends_on_where_the_parcel_is() -> None:
    assert answers(Status.NOT_FOUND, "") == ()
    assert answers(Status.OUT_FOR_DELIVERY, "") == ("received", "damaged")
    assert answers(Status.DELIVERED, "") == ("received", "missing", "damaged")
    assert answers(Status.DELIVERED, "missing") == ("received", "damaged")


def test_steps_have_dates_that_stay() -> None:
    now = clock.now()
    fresh = steps(now - timedelta(hours=2), None, now)
    assert [one.id.rpartition(".")[2] for one in fresh] == [
        *("look", "place", "early", "tell", "carrier", "again", "claim")
    ]
    said = steps(now - timedelta(days=9), now - timedelta(days=3), now)
    assert said == steps(now - timedelta(days=9), now - timedelta(days=3), now + timedelta(hours=5))
    assert [one.values["at"] for one in said if one.values] == [
        (now + timedelta(days=days)).isoformat() for days in (-1, 1, 11)
    ]
    assert len(steps(None, None, now)) == 7


def test_photo_of_a_damage_reaches_the_merchant_without_where_it_was_taken(
    shop: Ledger, order: Order, page: str, arrived: Parcel, alice: Client, charlie: Client
) -> None:
    say(page, arrived, "damaged")
    assert send(page, arrived).status_code == 303
    assert send(page, arrived).status_code == 303, "sent twice, kept once"
    assert "The shop has 1 photo of it." in read(page)
    kept = Photo.objects.get(ws=shop.ws)
    screen = alice.get(f"/orders/{order.id}").content.decode()
    address = f"/orders/{order.id}/photos/{kept.id}"
    assert address in screen
    answer = alice.get(address)
    assert SECRET not in answer.content
    assert (answer.headers["Content-Type"], answer.headers["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert charlie.get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert alice.get(f"/orders/{order.id}/photos/7").status_code == 404


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "Choose a photo first."),
        (b"<svg onload=alert(1)>", "no JPEG, PNG or WebP"),
        (PICTURE[:-9], "no JPEG, PNG or WebP"),
        (b"\xff" * ((photos.MOST_MB << 20) + 1), "larger than 8 MB"),
    ],
)
def test_photo_that_is_none_is_refused_where_it_was_chosen(page: str, arrived: Parcel, body: bytes, why: str) -> None:
    say(page, arrived, "damaged")
    answer = send(page, arrived, body)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not Photo.objects.exists()


def test_photos_are_few_and_only_of_damages(page: str, arrived: Parcel) -> None:
    assert send(page, arrived).status_code == 303
    assert not Photo.objects.exists()
    say(page, arrived, "damaged")
    codes = [send(page, arrived, jpeg(segment(0xEE, b"Adobe" + bytes([one])))).status_code for one in range(4)]
    assert codes == [303, 303, 303, 422]
    assert 'type="file"' not in read(page)


def test_shopper_writes_and_the_merchant_answers(
    shop: Ledger, order: Order, page: str, bob: Client, charlie: Client, settings: Any
) -> None:
    settings.EMAIL_HOST = "mail.shop.example"
    sent = Client(enforce_csrf_checks=True).post(f"{page}/message", {"body": " Where <b>is</b> it?\r\nThanks "})
    assert sent.headers["Location"] == f"{page}#thread"
    text = read(page)
    assert "Where &lt;b&gt;is&lt;/b&gt; it?<br>Thanks" in text
    assert "An answer is usually there by" in text
    leased = outbox.claim({"notice"})
    assert leased is not None
    letter = notices.write_of_message(leased)
    assert letter is not None and letter.to == ("alice@example.org", "bob@example.org")
    assert f"/orders/{order.id}#thread" in letter.body and "Where" not in letter.body
    screen = bob.get(f"/orders/{order.id}").content.decode()
    assert "Where &lt;b&gt;is" in screen
    assert charlie.post(f"/orders/{order.id}/answer", {"body": "I am the shop"}).status_code == 404
    bob.post(f"/orders/{order.id}/answer", {"body": " "})
    bob.post(f"/orders/{order.id}/answer", {"body": "Tomorrow."})
    text = read(page)
    assert "Tomorrow." in text and "Woocommerce</b>" in text
    assert "An answer is usually there by" not in text
    assert notices.write_of_message(leased) is None, "it was answered meanwhile"
    assert threads.waiting(shop.ws) == {}


def test_silence_is_explained(shop: Ledger, order: Order, page: str) -> None:
    threads.ask(shop.ws, order.id, "Hello?")
    past = clock.now() - timedelta(hours=1)
    ThreadMessage.objects.filter(ws=shop.ws).update(answer_due_at=past)
    text = read(page)
    assert "There is no answer yet" in text and "Try another way" in text
    assert threads.waiting(shop.ws) == {order.id: past}


def test_order_needs_attention_while_a_parcel_is_missed_or_somebody_waits(
    shop: Ledger, order: Order, page: str, arrived: Parcel, alice: Client
) -> None:
    def attention() -> bool:
        order.refresh_from_db()
        return order.attention

    assert not attention()
    say(page, arrived, "missing")
    assert attention()
    say(page, arrived, "received")
    assert not attention()
    threads.ask(shop.ws, order.id, "Hello?")
    assert attention()
    alice.post(f"/orders/{order.id}/answer", {"body": "Hello."})
    assert not attention()


def test_empty_and_too_many_messages_are_refused_and_what_was_typed_stays(page: str) -> None:
    empty = Client().post(f"{page}/message", {"body": "  \n "})
    assert empty.status_code == 422 and b"Write something first." in empty.content
    codes = [Client().post(f"{page}/message", {"body": f"Question {one}"}).status_code for one in (1, 1, 2, 3, 4, 5)]
    assert codes == [303] * 6
    last = Client().post(f"{page}/message", {"body": "Question 6"})
    assert last.status_code == 422 and b">Question 6</textarea>" in last.content
    assert ThreadMessage.objects.count() == 5


def test_record_counts_questions_and_not_messages(shop: Ledger, order: Order, page: str) -> None:
    now = clock.now()

    def said(by: str, hours: float, order_id: int) -> None:
        at = now - timedelta(days=9) + timedelta(hours=hours)
        due = at + timedelta(hours=48) if by == threads.SHOPPER else None
        mine = {"ws": shop.ws, "store_id": order.store_id, "order_id": order_id}
        ThreadMessage.objects.create(**mine, by=by, body="…", at=at, answer_due_at=due)

    for one in range(4):
        said("shopper", 0, one)
        said("shopper", 1, one)
        said("user:1", 2 + one, one)
    assert threads.record(shop.ws, order.store_id) is None
    assert "Few have written to this shop" in read(page)
    said("shopper", 0, 9)
    assert threads.record(shop.ws, order.store_id) == threads.Record(n=5, answered=4, hours=4)
    KEPT._pages.clear()
    assert "Of the last 5 messages the shop answered 4; half of these answers came within 4 hours." in read(page)
    ThreadMessage.objects.filter(by="user:1").update(by="shopper")
    ThreadMessage.objects.create(
        ws=shop.ws, store_id=order.store_id, order_id=77, by="user:1", body="Hello", at=now
    )  # nobody asked
    assert threads.record(shop.ws, order.store_id) == threads.Record(n=5, answered=0, hours=0)
    KEPT._pages.clear()
    assert "The shop answered none of the last 5 messages." in read(page)


def test_nothing_is_mailed_where_no_mail_can_be_sent(shop: Ledger, order: Order) -> None:
    threads.ask(shop.ws, order.id, "Hello?")
    assert not Outbox.objects.filter(ws=shop.ws, lane="notice").exists()


def test_erase_takes_messages_and_photos_and_an_export_holds_them(
    shop: Ledger, order: Order, page: str, arrived: Parcel
) -> None:
    say(page, arrived, "damaged")
    send(page, arrived)
    threads.ask(shop.ws, order.id, "I am Ines Aroso")
    with zipfile.ZipFile(io.BytesIO(disclosure.disclose(shop.ws, "ines@buyer.example", "user:1"))) as file:
        assert b"I am Ines Aroso" in file.read("person.json")
        assert any(name.startswith("photos/") and name.endswith(".jpeg") for name in file.namelist())
    erasure.erase(shop.ws, "ines@buyer.example", "user:1")
    assert not Photo.objects.exists()
    assert list(ThreadMessage.objects.values_list("body", flat=True)) == [""]
    assert "I am Ines" not in read(page)


def test_fullest_page_is_smaller_than_30_kb_in_every_language(
    shop: Ledger, order: Order, page: str, arrived: Parcel
) -> None:
    say(page, arrived, "missing")
    threads.ask(shop.ws, order.id, "Hello?")
    ThreadMessage.objects.filter(ws=shop.ws).update(answer_due_at=clock.now() - timedelta(hours=1))
    files = sum((Path(tags.STATIC) / one).stat().st_size for one in ("page.css", "page.js", "mark.svg"))
    sizes = {one: len(Client().get(page, {"lang": one}).content) + files for one in tongues.LANGUAGES}
    assert max(sizes.values()) < 30_000, sizes
    assert min(sizes.values()) > files + 5_000
