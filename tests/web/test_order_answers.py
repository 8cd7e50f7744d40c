"""Answers to findings, notes, what the shopper saw at another time."""

from datetime import timedelta

import pytest
from django.test import Client

from doorstep.app import clock
from doorstep.app.order import acks, back_then, notes
from doorstep.app.order.order_view import order_view
from doorstep.app.privacy.erasure import erase
from doorstep.core.diagnosis import Cause, Confidence, Finding, Who
from doorstep.core.message import Message
from doorstep.db.models import Ack, Audit, Change, Note, Order
from tests.app.ledger import Ledger, cj, scan, track17
from tests.web.conftest import NUMBER, SCANS

NOW = clock.now()


def finding(**other: object) -> Finding:
    facts = {"cause": Cause.LOST, "confidence": Confidence.CERTAIN, "who": Who.MERCHANT, "advice": ()}
    facts |= {"evidence": (Message(id="finding.lost"),), "next_at": None}
    return Finding(**(facts | other))  # type: ignore[arg-type]  # facts of a finding


def test_answer_holds_for_its_evidence_only(order: Order) -> None:
    one, now = finding(), NOW
    (before,) = acks.answered(order.ws, order.id, [(0, one)], now)
    acks.answer(order.ws, order.id, before, "fine", "user:1")
    (after,) = acks.answered(order.ws, order.id, [(0, one)], now + timedelta(days=400))
    assert (after.answer, after.by, after.until) == ("fine", "user:1", None)
    more = finding(evidence=(Message(id="finding.lost"), Message(id="finding.returned")))
    (new,) = acks.answered(order.ws, order.id, [(0, more)], now)
    assert new.answer == ""
    (elsewhere,) = acks.answered(order.ws, order.id, [(7, one)], now)
    assert elsewhere.answer == ""
    acks.take_back(order.ws, order.id, after, "user:1")
    acks.take_back(order.ws, order.id, after, "user:1")
    assert not Ack.objects.filter(ws=order.ws).exists()
    assert Audit.objects.filter(ws=order.ws, verb="finding.open").count() == 1


@pytest.mark.parametrize(
    ("said", "ahead", "days"),
    [("told", None, 3), ("later", None, 1), ("told", 5, 5), ("later", 5, 5), ("later", -2, 1)],
)
def test_put_off_finding_comes_back(order: Order, said: str, ahead: int | None, days: int) -> None:
    one = finding(next_at=None if ahead is None else clock.now() + timedelta(days=ahead))
    (open_one,) = acks.answered(order.ws, order.id, [(0, one)], NOW)
    acks.answer(order.ws, order.id, open_one, said, "user:1")
    for after, answer in ((days - 0.1, said), (days + 0.1, "")):
        (found,) = acks.answered(order.ws, order.id, [(0, one)], clock.now() + timedelta(days=after))
        assert found.answer == answer


def test_merchant_answers_a_finding_on_the_order(order: Order, alice: Client, charlie: Client) -> None:
    view = order_view(order.ws, order.id, clock.now())
    assert view is not None
    (one, *_) = acks.answered(order.ws, order.id, view.findings, clock.now())
    said = {"parcel": str(one.parcel_id), "key": one.key, "do": "told"}
    assert charlie.post(f"/orders/{order.id}/ack", said).status_code == 404
    assert alice.post(f"/orders/{order.id}/ack", said | {"back": "today"}).headers["Location"] == "/today"
    screen = alice.get(f"/orders/{order.id}").content.decode()
    assert "The buyer was told, says" in screen
    assert "alice@example.org" in screen
    alice.post(f"/orders/{order.id}/ack", said | {"do": "open"})
    assert not Ack.objects.filter(ws=order.ws).exists()
    assert (
        "changed meanwhile" in alice.post(f"/orders/{order.id}/ack", said | {"key": "x"}, follow=True).content.decode()
    )
    answer = alice.post(f"/orders/{order.id}/ack", said | {"do": "burn"}, follow=True)
    assert "This answer does not exist." in answer.content.decode()


def test_note_is_written_read_by_the_team_and_removed_by_its_writer(order: Order, alice: Client, bob: Client) -> None:
    alice.post(f"/orders/{order.id}/notes", {"text": "  Ines <phoned>\r\ntwice "})
    assert "Ines &lt;phoned&gt;\ntwice" in bob.get(f"/orders/{order.id}").content.decode()
    note = Note.objects.get(ws=order.ws)
    bob.post(f"/orders/{order.id}/notes", {"remove": str(note.id)})
    assert Note.objects.filter(id=note.id).exists()
    alice.post(f"/orders/{order.id}/notes", {"remove": str(note.id)})
    assert not Note.objects.filter(id=note.id).exists()


@pytest.mark.parametrize("text", ["", "  ", "x" * (notes.LONGEST + 1)])
def test_note_of_nothing_or_too_much_is_refused(order: Order, alice: Client, text: str) -> None:
    answer = alice.post(f"/orders/{order.id}/notes", {"text": text}, follow=True)
    assert "1 to 2000 characters" in answer.content.decode()
    assert not Note.objects.filter(ws=order.ws).exists()


@pytest.mark.django_db(transaction=True)
def test_erased_shopper_is_named_in_no_note(order: Order) -> None:
    notes.add(order.ws, order.id, "Wrote to ines@buyer.example today", "user:1")
    erase(order.ws, "ines@buyer.example", "user:1")
    assert Note.objects.get(ws=order.ws).text == "Wrote to … today"


def test_shopper_saw_only_what_was_known_then(shop: Ledger, order: Order) -> None:
    seen = back_then.seen(order.ws, order, clock.now())
    (parcel,) = seen.parcels
    assert (seen.known, parcel.status, len(parcel.scans)) == (True, "out_for_delivery", len(SCANS))
    assert parcel.numbers == ((NUMBER, "China Post"),)
    Change.objects.filter(ws=order.ws, kind="parcel.status").update(known_at=clock.now() + timedelta(days=1))
    (before,) = back_then.seen(order.ws, order, clock.now()).parcels
    assert (before.status, before.since) == ("pending", None)
    (scanless,) = back_then.seen(order.ws, order, shop.at - timedelta(seconds=1)).parcels or (None,)
    assert scanless is None or scanless.scans == ()
    assert not back_then.seen(order.ws, order, order.placed_at - timedelta(days=1)).known


def test_replaced_number_is_not_shown_after_it_was_replaced(shop: Ledger, order: Order) -> None:
    shop.hears(shop.cj(cj(number="LX987654325CN", method="CJPacket Liquid")))
    (parcel,) = back_then.seen(order.ws, order, clock.now()).parcels
    assert [text for text, _ in parcel.numbers] == ["LX987654325CN"]
    replaced = Change.objects.filter(ws=order.ws, kind="parcel.number_replaced")
    replaced.update(known_at=clock.now() + timedelta(days=1))
    (before,) = back_then.seen(order.ws, order, clock.now()).parcels
    assert NUMBER in {text for text, _ in before.numbers}


def test_scan_that_its_source_took_back_was_shown_until_then(shop: Ledger, order: Order) -> None:
    fewer = (*SCANS[:2], scan(5.2, "InTransit_Other", "On its way again"))
    shop.hears(shop.track(track17(NUMBER, *fewer, key=3011)))
    (now,) = back_then.seen(order.ws, order, clock.now()).parcels
    assert "Out for delivery" not in {one.text for one in now.scans}


def test_time_travel_is_shown_for_any_time_that_can_be_read(order: Order, alice: Client, charlie: Client) -> None:
    screen = alice.get(f"/orders/{order.id}/then").content.decode()
    assert NUMBER in screen
    early = alice.get(f"/orders/{order.id}/then", {"at": "2001-01-01T10:00"}).content.decode()
    assert "The order was not known yet" in early
    for wrong in ("Tuesday", "2026-13-01T10:00", "0001-01-01T00:00+14:00"):
        answer = alice.get(f"/orders/{order.id}/then", {"at": wrong})
        assert answer.status_code == 200
    assert "cannot be read" in alice.get(f"/orders/{order.id}/then", {"at": "Tuesday"}).content.decode()
    assert NUMBER in alice.get(f"/orders/{order.id}/then", {"at": "2999-01-01T10:00"}).content.decode()
    assert charlie.get(f"/orders/{order.id}/then").status_code == 404
